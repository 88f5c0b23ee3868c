/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/fake_bluez.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "wire/uuids.h"

#define ADAPTER_PATH "/org/bluez/hci0"
#define ADAPTER "org.bluez.Adapter1"
#define DEVICE "org.bluez.Device1"
#define INFO_SERVICE "service0030"
#define INFO_CHARACTERISTIC "char003"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"

typedef struct {
  char *name;
  char *message;
} Failure;

/* Points into @buffer. */
static const char *format_path(char buffer[64], const char *address)
{
  g_snprintf(buffer, 64, ADAPTER_PATH "/dev_%s", address);
  return g_strdelimit(buffer, ":", '_');
}

#define DEVICE_PATH(fake) format_path((char[64]){ 0 }, (fake)->address)

static void free_failure(gpointer data)
{
  Failure *failure = data;

  g_free(failure->name);
  g_free(failure->message);
  g_free(failure);
}

static void free_failures(gpointer queue)
{
  g_queue_free_full(queue, free_failure);
}

static GVariant *adapter_properties(FakeBluez *fake)
{
  return g_variant_new_parsed("{'Powered': <%b>, 'Discovering': <%b>}", fake->is_powered,
                              fake->is_discovering);
}

static GVariant *device_properties(FakeBluez *fake, const char *address)
{
  GVariantDict properties;

  g_variant_dict_init(&properties, NULL);
  g_variant_dict_insert(&properties, "Address", "s", address);
  g_variant_dict_insert(&properties, "AddressType", "s", fake->address_type);
  g_variant_dict_insert(&properties, "Name", "s", "DfuTarg");
  g_variant_dict_insert(&properties, "Paired", "b", fake->is_paired);
  g_variant_dict_insert(&properties, "Connected", "b", fake->is_connected);
  g_variant_dict_insert(&properties, "ServicesResolved", "b", fake->is_connected);
  g_variant_dict_insert_value(&properties, "UUIDs",
                              g_variant_new_parsed("[%s]", fake->service != NULL
                                                               ? fake->service
                                                               : DFU_UUID_SERVICE));
  g_variant_dict_insert(&properties, "Adapter", "o", ADAPTER_PATH);
  if (fake->is_discovering)
    g_variant_dict_insert(&properties, "RSSI", "n", -50);
  return g_variant_dict_end(&properties);
}

typedef void (*ObjectFunc)(FakeBluez *fake, const char *path, const char *interface,
                           GVariant *properties, gpointer user_data);

static void visit_characteristic(FakeBluez *fake, const char *service, const char *name,
                                 const char *uuid, const char *flags, ObjectFunc func,
                                 gpointer user_data)
{
  g_autofree char *path = g_strdup_printf("%s/%s/%s", DEVICE_PATH(fake), service, name);
  g_auto(GStrv) list = g_strsplit(flags, " ", -1);

  func(fake, path, CHARACTERISTIC,
       g_variant_new_parsed("{'UUID': <%s>, 'MTU': <uint16 23>, 'Flags': <%^as>}", uuid, list),
       user_data);
}

static const char *const info_uuids[] = { DFU_UUID_MANUFACTURER_NAME, DFU_UUID_MODEL_NUMBER,
                                          DFU_UUID_FIRMWARE_REVISION };

static void visit_info(FakeBluez *fake, ObjectFunc func, gpointer user_data)
{
  g_autofree char *path = g_strdup_printf("%s/" INFO_SERVICE, DEVICE_PATH(fake));

  func(fake, path, "org.bluez.GattService1",
       g_variant_new_parsed("{'UUID': <%s>}", DFU_UUID_DEVICE_INFORMATION), user_data);
  for (guint i = 0; i < G_N_ELEMENTS(info_uuids); i++) {
    g_autofree char *name = g_strdup_printf(INFO_CHARACTERISTIC "%u", i);

    if (fake->info[i] != NULL)
      visit_characteristic(fake, INFO_SERVICE, name, info_uuids[i], "read", func, user_data);
  }
}

static void visit_services(FakeBluez *fake, ObjectFunc func, gpointer user_data)
{
  g_autofree char *path = g_strdup_printf("%s/%s", DEVICE_PATH(fake), fake->path);

  if (fake->service == NULL)
    return;
  func(fake, path, "org.bluez.GattService1",
       g_variant_new_parsed("{'UUID': <%s>, 'Primary': <false>}", fake->service), user_data);
  if (strcmp(fake->service, DFU_UUID_SERVICE) != 0)
    return;
  visit_characteristic(fake, fake->path, "char000d", DFU_UUID_PACKET, fake->packet_flags, func,
                       user_data);
  visit_characteristic(fake, fake->path, "char000f", DFU_UUID_CONTROL_POINT, "write notify", func,
                       user_data);
  visit_characteristic(fake, fake->path, "char0012", DFU_UUID_REVISION, "read", func, user_data);
  if (fake->info[0] != NULL)
    visit_info(fake, func, user_data);
}

static void add_to_builder(G_GNUC_UNUSED FakeBluez *fake, const char *path, const char *interface,
                           GVariant *properties, gpointer builder)
{
  g_variant_builder_open(builder, G_VARIANT_TYPE("{oa{sa{sv}}}"));
  g_variant_builder_add(builder, "o", path);
  g_variant_builder_open(builder, G_VARIANT_TYPE("a{sa{sv}}"));
  g_variant_builder_add(builder, "{s@a{sv}}", interface, properties);
  g_variant_builder_close(builder);
  g_variant_builder_close(builder);
}

static GVariant *managed_objects(FakeBluez *fake)
{
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
  add_to_builder(fake, ADAPTER_PATH, ADAPTER, adapter_properties(fake), &builder);
  if (fake->left_behind != NULL)
    add_to_builder(fake, format_path((char[64]){ 0 }, fake->left_behind), DEVICE,
                   device_properties(fake, fake->left_behind), &builder);
  if (fake->is_known)
    add_to_builder(fake, DEVICE_PATH(fake), DEVICE, device_properties(fake, fake->address),
                   &builder);
  if (fake->is_known && (fake->is_connected || fake->has_cache))
    visit_services(fake, add_to_builder, &builder);
  return g_variant_new("(a{oa{sa{sv}}})", &builder);
}

static void emit(FakeBluez *fake, const char *path, const char *interface, const char *signal,
                 GVariant *args)
{
  g_dbus_connection_emit_signal(fake->connection, NULL, path, interface, signal, args, NULL);
}

static void emit_added(FakeBluez *fake, const char *path, const char *interface,
                       GVariant *properties, G_GNUC_UNUSED gpointer user_data)
{
  GVariantBuilder interfaces;

  g_variant_builder_init(&interfaces, G_VARIANT_TYPE("a{sa{sv}}"));
  g_variant_builder_add(&interfaces, "{s@a{sv}}", interface, properties);
  emit(fake, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
       g_variant_new("(oa{sa{sv}})", path, &interfaces));
}

static void emit_removed(FakeBluez *fake, const char *path, const char *interface,
                         GVariant *properties, G_GNUC_UNUSED gpointer user_data)
{
  const char *interfaces[] = { interface, NULL };

  g_variant_unref(g_variant_ref_sink(properties));
  emit(fake, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
       g_variant_new("(o^as)", path, interfaces));
}

static void emit_changed(FakeBluez *fake, const char *path, const char *interface,
                         GVariant *changed)
{
  emit(fake, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
       g_variant_new("(s@a{sv}@as)", interface, changed, g_variant_new_strv(NULL, 0)));
}

/* RSSI is there as long as the discovery. */
static void set_discovering(FakeBluez *fake, gboolean is_discovering)
{
  fake->is_discovering = is_discovering;
  if (!is_discovering && fake->is_known)
    emit(fake, DEVICE_PATH(fake), "org.freedesktop.DBus.Properties", "PropertiesChanged",
         g_variant_new_parsed("(%s, @a{sv} {}, ['RSSI'])", DEVICE));
}

static void close_fd(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static void connect_device(FakeBluez *fake)
{
  fake->is_connected = TRUE;
  if (fake->is_silent)
    return;
  emit_changed(fake, DEVICE_PATH(fake), DEVICE, g_variant_new_parsed("{'Connected': <true>}"));
}

static void resolve_services(FakeBluez *fake)
{
  if (!fake->has_cache)
    visit_services(fake, emit_added, NULL);
  emit_changed(fake, DEVICE_PATH(fake), DEVICE,
               g_variant_new_parsed("{'ServicesResolved': <true>}"));
}

void fake_bluez_remove_device(FakeBluez *fake)
{
  if (fake->has_cache)
    visit_services(fake, emit_removed, NULL);
  emit_removed(fake, DEVICE_PATH(fake), DEVICE, g_variant_new_parsed("@a{sv} {}"), NULL);
  fake->is_known = FALSE;
  fake->has_cache = FALSE;
}

/* An answer with one end of a socket, and its MTU. */
static void answer_with_fd(GDBusMessage *answer, int *our_end)
{
  g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
  int ends[2];

  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
  close_fd(our_end);
  *our_end = ends[0];
  g_unix_fd_list_append(fds, ends[1], NULL);
  close(ends[1]);
  g_dbus_message_set_unix_fd_list(answer, fds);
  g_dbus_message_set_body(answer, g_variant_new("(hq)", 0, 23));
}

static void trace_call(FakeBluez *fake, GDBusMessage *call)
{
  const char *method = g_dbus_message_get_member(call);
  g_autoptr(GVariant) value = NULL;
  const guint8 *bytes;
  gsize len;

  if (strcmp(method, "WriteValue") != 0) {
    g_string_append_printf(fake->calls, "%s;", method);
    return;
  }
  value = g_variant_get_child_value(g_dbus_message_get_body(call), 0);
  bytes = g_variant_get_fixed_array(value, &len, 1);
  g_string_append(fake->calls, "Write");
  for (gsize i = 0; i < len; i++)
    g_string_append_printf(fake->calls, " %02x", bytes[i]);
  g_string_append(fake->calls, ";");
}

static GVariant *read_value(FakeBluez *fake, const char *path)
{
  const char *name = strstr(path, INFO_CHARACTERISTIC);
  guint which = name != NULL ? (guint)g_ascii_digit_value(name[strlen(INFO_CHARACTERISTIC)]) : 0;

  if (name == NULL)
    return g_variant_new_parsed("([byte 0x08, 0x00],)");
  return g_variant_new("(@ay)",
                       g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, fake->info[which],
                                                 strlen(fake->info[which]), 1));
}

/* What follows the answer, in bluetoothd's order; and what goes into it. */
static void carry_out(FakeBluez *fake, GDBusMessage *call, const char *method,
                      GDBusMessage *answer)
{
  if (strcmp(method, "GetManagedObjects") == 0)
    g_dbus_message_set_body(answer, managed_objects(fake));
  else if (strcmp(method, "AcquireNotify") == 0)
    answer_with_fd(answer, &fake->notify_fd);
  else if (strcmp(method, "AcquireWrite") == 0)
    answer_with_fd(answer, &fake->write_fd);
  else if (strcmp(method, "ReadValue") == 0)
    g_dbus_message_set_body(answer, read_value(fake, g_dbus_message_get_path(call)));
  else if (strcmp(method, "Connect") == 0)
    connect_device(fake);
  else if (strcmp(method, "StartDiscovery") == 0 || strcmp(method, "StopDiscovery") == 0)
    set_discovering(fake, method[2] == 'a');
  else if (strcmp(method, "RemoveDevice") == 0)
    fake_bluez_remove_device(fake);
}

static void follow_up(FakeBluez *fake, const char *method)
{
  if (strcmp(method, "StartDiscovery") == 0 && !fake->is_off)
    fake_bluez_advertise(fake);
  else if (strcmp(method, "Connect") == 0)
    resolve_services(fake);
  else if (strcmp(method, "Disconnect") == 0 && fake->is_connected)
    fake_bluez_drop_link(fake);
}

/* A device that is not known, or a service that was replaced. */
static gboolean is_gone(FakeBluez *fake, const char *path)
{
  const char *service = strstr(path, "/service");

  return g_str_has_prefix(path, DEVICE_PATH(fake)) &&
         (!fake->is_known ||
          (service != NULL && !g_str_has_prefix(service + 1, fake->path) &&
           !g_str_has_prefix(service + 1, INFO_SERVICE)));
}

static GDBusMessage *make_answer(FakeBluez *fake, GDBusMessage *call, const char *method)
{
  GQueue *failures = g_hash_table_lookup(fake->failures, method);
  Failure *failure = failures != NULL ? g_queue_pop_head(failures) : NULL;
  GDBusMessage *answer;

  if (failure != NULL) {
    answer = g_dbus_message_new_method_error_literal(call, failure->name, failure->message);
    free_failure(failure);
    return answer;
  }
  if (is_gone(fake, g_dbus_message_get_path(call)))
    return g_dbus_message_new_method_error(call, "org.freedesktop.DBus.Error.UnknownObject",
                                           "Method \"%s\" doesn't exist", method);
  answer = g_dbus_message_new_method_reply(call);
  carry_out(fake, call, method, answer);
  return answer;
}

static gboolean is_left_behind(FakeBluez *fake, const char *path)
{
  return fake->left_behind != NULL &&
         strcmp(path, format_path((char[64]){ 0 }, fake->left_behind)) == 0;
}

static gboolean is_mute(FakeBluez *fake, GDBusMessage *call, const char *method)
{
  if (fake->n_reads > 0 && fake_bluez_count(fake, "ReadValue") > fake->n_reads)
    return TRUE;
  return g_hash_table_contains(fake->mute, method) ||
         (strcmp(method, "Connect") == 0 && is_left_behind(fake, g_dbus_message_get_path(call)));
}

typedef struct {
  FakeBluez *fake;
  GDBusMessage *call;
} Call;

static gboolean on_call_in_main_context(gpointer user_data)
{
  Call *call = user_data;
  FakeBluez *fake = call->fake;
  const char *method = g_dbus_message_get_member(call->call);

  trace_call(fake, call->call);
  if (!is_mute(fake, call->call, method)) {
    g_autoptr(GDBusMessage) answer = make_answer(fake, call->call, method);

    if ((g_dbus_message_get_flags(call->call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0)
      g_dbus_connection_send_message(fake->connection, answer, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                     NULL, NULL);
    if (g_dbus_message_get_message_type(answer) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
      follow_up(fake, method);
  }
  g_object_unref(call->call);
  g_free(call);
  return G_SOURCE_REMOVE;
}

/* Runs in the connection's own thread. */
static GDBusMessage *on_message(G_GNUC_UNUSED GDBusConnection *connection, GDBusMessage *message,
                                gboolean incoming, gpointer user_data)
{
  Call *call;

  if (!incoming || g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  call = g_new0(Call, 1);
  call->fake = user_data;
  call->call = message;
  g_idle_add_full(G_PRIORITY_DEFAULT, on_call_in_main_context, call, NULL);
  return NULL;
}

/* The daemon that the bus starts does nothing: this process takes the name. */
static char *make_service_folder(void)
{
  static const char service[] = "[D-BUS Service]\nName=org.bluez\nExec=/bin/sleep 5\n";
  char *folder = g_dir_make_tmp("fake-bluez-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, "org.bluez.service", NULL);

  assert_true(g_file_set_contents(path, service, -1, NULL));
  return folder;
}

static void remove_service_folder(FakeBluez *fake)
{
  g_autofree char *path = NULL;

  if (fake->service_folder == NULL)
    return;
  path = g_build_filename(fake->service_folder, "org.bluez.service", NULL);
  g_unlink(path);
  g_rmdir(fake->service_folder);
  g_free(fake->service_folder);
}

/* @service_folder is taken. */
static FakeBluez *make(char *service_folder)
{
  FakeBluez *fake = g_new0(FakeBluez, 1);

  fake->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
  fake->service_folder = service_folder;
  if (service_folder != NULL)
    g_test_dbus_add_service_dir(fake->bus, service_folder);
  g_test_dbus_up(fake->bus);
  g_setenv("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address(fake->bus), TRUE);
  fake->failures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_failures);
  fake->mute = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  fake->calls = g_string_new(NULL);
  fake->is_powered = TRUE;
  fake->address = FAKE_ADDRESS;
  fake->address_type = "random";
  fake->service = DFU_UUID_SERVICE;
  fake->path = "service000c";
  fake->packet_flags = "write-without-response";
  fake->notify_fd = -1;
  fake->write_fd = -1;
  fake_bluez_start(fake);
  return fake;
}

FakeBluez *fake_bluez_new(void)
{
  return make(NULL);
}

FakeBluez *fake_bluez_new_activatable(void)
{
  return make(make_service_folder());
}

void fake_bluez_free(FakeBluez *fake)
{
  if (fake->connection != NULL)
    fake_bluez_stop(fake);
  g_test_dbus_stop(fake->bus);
  g_object_unref(fake->bus);
  remove_service_folder(fake);
  g_hash_table_unref(fake->failures);
  g_hash_table_unref(fake->mute);
  g_string_free(fake->calls, TRUE);
  g_free(fake);
}

void fake_bluez_start(FakeBluez *fake)
{
  g_autoptr(GVariant) answer = NULL;

  fake->connection = g_dbus_connection_new_for_address_sync(
      g_test_dbus_get_bus_address(fake->bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
  assert_non_null(fake->connection);
  fake->filter_id = g_dbus_connection_add_filter(fake->connection, on_message, fake, NULL);
  answer = g_dbus_connection_call_sync(fake->connection, "org.freedesktop.DBus", "/",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new("(su)", "org.bluez", 4), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  assert_non_null(answer);
}

void fake_bluez_stop(FakeBluez *fake)
{
  g_dbus_connection_remove_filter(fake->connection, fake->filter_id);
  g_dbus_connection_close_sync(fake->connection, NULL, NULL);
  g_clear_object(&fake->connection);
  fake->is_connected = FALSE;
  fake->is_discovering = FALSE;
  fake->is_known = FALSE;
  fake->has_cache = FALSE;
  close_fd(&fake->notify_fd);
  close_fd(&fake->write_fd);
}

void fake_bluez_fail(FakeBluez *fake, const char *method, guint times, const char *name,
                     const char *message)
{
  GQueue *queue = g_hash_table_lookup(fake->failures, method);

  if (queue == NULL) {
    queue = g_queue_new();
    g_hash_table_insert(fake->failures, g_strdup(method), queue);
  }
  while (times-- > 0) {
    Failure *failure = g_new0(Failure, 1);

    failure->name = g_strdup(name);
    failure->message = g_strdup(message);
    g_queue_push_tail(queue, failure);
  }
}

void fake_bluez_mute(FakeBluez *fake, const char *method)
{
  g_hash_table_add(fake->mute, g_strdup(method));
}

void fake_bluez_set_powered(FakeBluez *fake, gboolean powered)
{
  fake->is_powered = powered;
  fake->is_discovering &= powered;
  emit_changed(fake, ADAPTER_PATH, ADAPTER, g_variant_new_parsed("{'Powered': <%b>}", powered));
}

void fake_bluez_advertise(FakeBluez *fake)
{
  if (fake->is_known) {
    emit_changed(fake, DEVICE_PATH(fake), DEVICE, g_variant_new_parsed("{'RSSI': <int16 -51>}"));
    return;
  }
  fake->is_known = TRUE;
  emit_added(fake, DEVICE_PATH(fake), DEVICE, device_properties(fake, fake->address), NULL);
}

void fake_bluez_drop_link(FakeBluez *fake)
{
  fake->is_connected = FALSE;
  fake->has_cache = TRUE;
  emit_changed(fake, DEVICE_PATH(fake), DEVICE,
               g_variant_new_parsed("{'ServicesResolved': <false>, 'Connected': <false>}"));
  close_fd(&fake->notify_fd);
  close_fd(&fake->write_fd);
}

void fake_bluez_replace_services(FakeBluez *fake, const char *path)
{
  visit_services(fake, emit_removed, NULL);
  close_fd(&fake->notify_fd);
  close_fd(&fake->write_fd);
  fake->path = path;
  visit_services(fake, emit_added, NULL);
}

void fake_bluez_notify(FakeBluez *fake, const guint8 *bytes, gsize len)
{
  g_autofree char *path = g_strdup_printf("%s/%s/char000f", DEVICE_PATH(fake), fake->path);
  GVariantBuilder changed;

  if (fake->notify_fd >= 0) {
    assert_int_equal(send(fake->notify_fd, bytes, len, MSG_NOSIGNAL), len);
    return;
  }
  g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&changed, "{sv}", "Value",
                        g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, len, 1));
  emit_changed(fake, path, CHARACTERISTIC, g_variant_builder_end(&changed));
}

guint fake_bluez_count(FakeBluez *fake, const char *call)
{
  g_auto(GStrv) calls = g_strsplit(fake->calls->str, ";", -1);
  guint count = 0;

  for (guint i = 0; calls[i] != NULL; i++)
    count += strcmp(calls[i], call) == 0;
  return count;
}
