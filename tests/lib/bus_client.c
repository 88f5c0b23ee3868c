/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/bus_client.h"

#include <gio/gunixfdlist.h>
#include <string.h>

#include "lib/cmocka_all.h"

enum { PATIENCE_US = 5 * G_USEC_PER_SEC, CALL_TIMEOUT_MS = 60000 };

struct BusClient {
  GDBusConnection *connection;
  guint filter;
  GMutex lock; /* guards what the filter's thread writes */
  GString *trace;
  GHashTable *methods; /* serial -> method of a call under way */
  char *device;        /* dev_XX_... */
  char *text;          /* the last outcome */
  char *shown;         /* the last trace */
  GVariant *result;
};

/* --- the trace --- */

static char *shorten(const BusClient *client, const char *path)
{
  const char *rest = g_str_has_prefix(path, "/org/bluez/") ? path + strlen("/org/bluez/") : path;
  const char *device = strstr(rest, client->device);

  return device != NULL ? g_strconcat("dev", device + strlen(client->device), NULL)
                        : g_strdup(rest);
}

/* As g_variant_print(), but bytes as hex. (transfer full) */
static char *show_value(GVariant *value)
{
  const guint8 *bytes;
  gsize len;
  g_autoptr(GString) hex = NULL;

  if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BYTESTRING)) {
    return g_variant_print(value, FALSE);
  }
  hex = g_string_new(NULL);
  bytes = g_variant_get_fixed_array(value, &len, 1);
  for (gsize i = 0; i < len; i++) {
    g_string_append_printf(hex, "%02x", bytes[i]);
  }
  return g_strdup(hex->str);
}

static void trace_changes(GString *line, GVariant *changed, const char **invalidated)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init(&iter, changed);
  while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
    if (strcmp(name, "UUIDs") == 0) {
      g_string_append_printf(line, " UUIDs[%zu]", g_variant_n_children(value));
    } else if (strcmp(name, "RSSI") != 0) {
      g_autofree char *text = show_value(value);

      g_string_append_printf(line, " %s=%s", name, text);
    }
    g_variant_unref(value);
  }
  for (gsize i = 0; invalidated[i] != NULL; i++) {
    g_string_append_printf(line, " -%s", invalidated[i]);
  }
}

static void trace_properties(BusClient *client, GDBusMessage *message)
{
  g_autofree char *path = shorten(client, g_dbus_message_get_path(message));
  g_autoptr(GString) line = g_string_new(NULL);
  g_autoptr(GVariant) changed = NULL;
  g_autofree const char **invalidated = NULL;

  g_variant_get(g_dbus_message_get_body(message), "(&s@a{sv}^a&s)", NULL, &changed, &invalidated);
  trace_changes(line, changed, invalidated);
  if (line->len > 0) {
    g_string_append_printf(client->trace, "%s%s\n", path, line->str);
  }
}

static void trace_signal(BusClient *client, GDBusMessage *message)
{
  const char *member = g_dbus_message_get_member(message);
  GVariant *body = g_dbus_message_get_body(message);

  if (strcmp(member, "PropertiesChanged") == 0) {
    trace_properties(client, message);
  } else if (g_str_has_prefix(member, "Interfaces")) {
    g_autoptr(GVariant) object = g_variant_get_child_value(body, 0);
    g_autofree char *path = shorten(client, g_variant_get_string(object, NULL));

    g_string_append_printf(client->trace, "%s %s\n",
                           strcmp(member, "InterfacesAdded") == 0 ? "added" : "removed", path);
  } else if (strcmp(member, "NameOwnerChanged") == 0) {
    const char *name;
    const char *owner;

    g_variant_get(body, "(&s&s&s)", &name, NULL, &owner);
    if (strcmp(name, "org.bluez") == 0) {
      g_string_append_printf(client->trace, "name org.bluez %s\n",
                             *owner == '\0' ? "gone" : "here");
    }
  }
}

static const char *strip_prefix(const char *name)
{
  const char *prefix = "org.bluez.Error.";

  return g_str_has_prefix(name, prefix) ? name + strlen(prefix) : name;
}

static void trace_reply(BusClient *client, GDBusMessage *message)
{
  gpointer serial = GUINT_TO_POINTER(g_dbus_message_get_reply_serial(message));
  const char *method = g_hash_table_lookup(client->methods, serial);
  const char *error = g_dbus_message_get_error_name(message);

  if (method == NULL) {
    return;
  }
  if (error == NULL) {
    g_string_append_printf(client->trace, "ok %s\n", method);
  } else {
    g_string_append_printf(client->trace, "%s: %s\n", strip_prefix(error),
                           g_dbus_message_get_arg0(message));
  }
  g_hash_table_remove(client->methods, serial);
}

/* Sees each message in the order of the wire, in GDBus's own thread. */
static GDBusMessage *on_message(GDBusConnection *connection G_GNUC_UNUSED, GDBusMessage *message,
                                gboolean incoming, gpointer user_data)
{
  BusClient *client = user_data;
  GDBusMessageType type = g_dbus_message_get_message_type(message);
  const char *interface = g_dbus_message_get_interface(message);

  g_mutex_lock(&client->lock);
  if (!incoming && type == G_DBUS_MESSAGE_TYPE_METHOD_CALL && interface != NULL
      && g_str_has_prefix(interface, "org.bluez.")) {
    g_hash_table_insert(client->methods, GUINT_TO_POINTER(g_dbus_message_get_serial(message)),
                        g_strdup(g_dbus_message_get_member(message)));
  } else if (incoming && type == G_DBUS_MESSAGE_TYPE_SIGNAL) {
    trace_signal(client, message);
  } else if (incoming && type != G_DBUS_MESSAGE_TYPE_METHOD_CALL) {
    trace_reply(client, message);
  }
  g_mutex_unlock(&client->lock);
  return message;
}

const char *bus_client_trace(BusClient *client)
{
  g_free(client->shown);
  g_mutex_lock(&client->lock);
  client->shown = g_strdup(client->trace->str);
  g_mutex_unlock(&client->lock);
  return client->shown;
}

void bus_client_forget(BusClient *client)
{
  g_mutex_lock(&client->lock);
  g_string_truncate(client->trace, 0);
  g_mutex_unlock(&client->lock);
}

static gboolean has_line(BusClient *client, const char *line)
{
  g_autofree char *text = g_strconcat("\n", bus_client_trace(client), NULL);
  g_autofree char *wanted = g_strconcat("\n", line, "\n", NULL);

  return strstr(text, wanted) != NULL;
}

void bus_client_wait(BusClient *client, const char *line)
{
  gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

  while (!has_line(client, line)) {
    if (g_get_monotonic_time() > end_us) {
      fail_msg("\"%s\" did not come; the trace is:\n%s", line, bus_client_trace(client));
    }
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_usleep(1000);
  }
}

/* --- life --- */

static void on_signal(GDBusConnection *connection G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                      const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                      const char *signal G_GNUC_UNUSED, GVariant *arguments G_GNUC_UNUSED,
                      gpointer user_data G_GNUC_UNUSED)
{
}

static void free_client(gpointer user_data)
{
  BusClient *client = user_data;

  g_string_free(client->trace, TRUE);
  g_hash_table_unref(client->methods);
  g_mutex_clear(&client->lock);
  g_free(client->device);
  g_free(client->text);
  g_free(client->shown);
  g_clear_pointer(&client->result, g_variant_unref);
  g_free(client);
}

BusClient *bus_client_new(const char *address)
{
  BusClient *client = g_new0(BusClient, 1);
  g_autoptr(GError) error = NULL;

  g_mutex_init(&client->lock);
  client->trace = g_string_new(NULL);
  client->methods = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  bus_client_set_device(client, "C4:12:AB:00:11:22");
  client->connection = g_dbus_connection_new_for_address_sync(
    address,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
    NULL, NULL, &error);
  if (client->connection == NULL) {
    fail_msg("no connection to %s: %s", address, error->message);
  }
  g_dbus_connection_signal_subscribe(client->connection, NULL, NULL, NULL, NULL, NULL,
                                     G_DBUS_SIGNAL_FLAGS_NONE, on_signal, NULL, NULL);
  client->filter =
    g_dbus_connection_add_filter(client->connection, on_message, client, free_client);
  return client;
}

void bus_client_free(BusClient *client)
{
  GDBusConnection *connection = client->connection;

  g_dbus_connection_close_sync(connection, NULL, NULL);
  g_dbus_connection_remove_filter(connection, client->filter);
  g_object_unref(connection);
}

void bus_client_set_device(BusClient *client, const char *address)
{
  g_mutex_lock(&client->lock);
  g_free(client->device);
  client->device = g_strdelimit(g_strconcat("dev_", address, NULL), ":", '_');
  g_mutex_unlock(&client->lock);
}

/* --- calls --- */

static char *expand(const BusClient *client, const char *path)
{
  if (g_str_has_prefix(path, "dev")) {
    return g_strconcat("/org/bluez/hci0/", client->device, path + strlen("dev"), NULL);
  }
  return g_strconcat("/org/bluez/", path, NULL);
}

static const char *interface_of(const char *path)
{
  if (strstr(path, "/desc") != NULL) {
    return "org.bluez.GattDescriptor1";
  }
  if (strstr(path, "/char") != NULL) {
    return "org.bluez.GattCharacteristic1";
  }
  if (strstr(path, "/service") != NULL) {
    return "org.bluez.GattService1";
  }
  return g_str_has_prefix(path, "dev") ? "org.bluez.Device1" : "org.bluez.Adapter1";
}

static const char *set_outcome(BusClient *client, const char *method, GVariant *result,
                               GError *error)
{
  g_clear_pointer(&client->result, g_variant_unref);
  g_free(client->text);
  if (error != NULL) {
    g_autofree char *name = g_dbus_error_get_remote_error(error);

    g_dbus_error_strip_remote_error(error);
    client->text =
      g_strdup_printf("%s: %s", name != NULL ? strip_prefix(name) : "", error->message);
    g_error_free(error);
  } else {
    client->text = g_strconcat("ok ", method, NULL);
    client->result = result;
  }
  return client->text;
}

const char *bus_client_call(BusClient *client, const char *path, const char *method,
                            GVariant *arguments)
{
  g_autofree char *full_path = expand(client, path);
  GError *error = NULL;
  GVariant *result = g_dbus_connection_call_sync(
    client->connection, "org.bluez", full_path, interface_of(path), method, arguments, NULL,
    G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, NULL, &error);

  return set_outcome(client, method, result, error);
}

/* A call without a callback would ask for no reply. */
static void on_replied(GObject *connection, GAsyncResult *result, gpointer user_data G_GNUC_UNUSED)
{
  g_autoptr(GVariant) reply =
    g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);
}

void bus_client_send(BusClient *client, const char *path, const char *method, GVariant *arguments)
{
  g_autofree char *full_path = expand(client, path);

  g_dbus_connection_call(client->connection, "org.bluez", full_path, interface_of(path), method,
                         arguments, NULL, G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, NULL, on_replied,
                         NULL);
}

GVariant *bus_client_result(BusClient *client)
{
  return client->result;
}

static GVariant *no_options(void)
{
  return g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0);
}

int bus_client_acquire(BusClient *client, const char *path, const char *method, guint16 *mtu)
{
  g_autofree char *full_path = expand(client, path);
  g_autoptr(GUnixFDList) list = NULL;
  GError *error = NULL;
  gint32 index;
  guint16 got_mtu;
  GVariant *result = g_dbus_connection_call_with_unix_fd_list_sync(
    client->connection, "org.bluez", full_path, interface_of(path), method,
    g_variant_new("(@a{sv})", no_options()), G_VARIANT_TYPE("(hq)"), G_DBUS_CALL_FLAGS_NONE,
    CALL_TIMEOUT_MS, NULL, &list, NULL, &error);

  set_outcome(client, method, result, error);
  if (result == NULL) {
    return -1;
  }
  g_variant_get(result, "(hq)", &index, &got_mtu);
  if (mtu != NULL) {
    *mtu = got_mtu;
  }
  return g_unix_fd_list_get(list, index, NULL);
}

const char *bus_client_write(BusClient *client, const char *path, const char *type,
                             const guint8 *bytes, gsize len)
{
  GVariantBuilder options;

  g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
  if (type != NULL) {
    g_variant_builder_add(&options, "{sv}", "type", g_variant_new_string(type));
  }
  return bus_client_call(
    client, path, "WriteValue",
    g_variant_new("(@aya{sv})", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, len, 1),
                  &options));
}

static const char *call_properties(BusClient *client, const char *path, const char *method,
                                   GVariant *arguments)
{
  g_autofree char *full_path = expand(client, path);
  GError *error = NULL;
  GVariant *result = g_dbus_connection_call_sync(
    client->connection, "org.bluez", full_path, "org.freedesktop.DBus.Properties", method,
    arguments, NULL, G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, NULL, &error);

  return set_outcome(client, method, result, error);
}

const char *bus_client_get(BusClient *client, const char *path, const char *property)
{
  g_autoptr(GVariant) value = NULL;

  call_properties(client, path, "Get", g_variant_new("(ss)", interface_of(path), property));
  if (client->result == NULL) {
    return client->text;
  }
  g_variant_get(client->result, "(v)", &value);
  g_free(client->text);
  client->text = show_value(value);
  return client->text;
}

const char *bus_client_set_powered(BusClient *client, gboolean powered)
{
  return call_properties(client, "hci0", "Set",
                         g_variant_new("(ssv)", "org.bluez.Adapter1", "Powered",
                                       g_variant_new_boolean(powered)));
}

const char *bus_client_objects(BusClient *client)
{
  g_autoptr(GVariant) objects = NULL;
  g_autoptr(GString) paths = g_string_new(NULL);
  GError *error = NULL;
  GVariantIter iter;
  const char *path;
  GVariant *result = g_dbus_connection_call_sync(
    client->connection, "org.bluez", "/", "org.freedesktop.DBus.ObjectManager",
    "GetManagedObjects", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, NULL, &error);

  set_outcome(client, "GetManagedObjects", result, error);
  if (result == NULL) {
    return client->text;
  }
  objects = g_variant_get_child_value(result, 0);
  g_variant_iter_init(&iter, objects);
  while (g_variant_iter_next(&iter, "{&o@*}", &path, NULL)) {
    g_autofree char *short_path = shorten(client, path);

    g_string_append_printf(paths, "%s\n", short_path);
  }
  g_free(client->text);
  client->text = g_strdup(paths->str);
  return client->text;
}

void bus_client_wait_resolved(BusClient *client)
{
  gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

  while (strstr(bus_client_trace(client), " ServicesResolved=true\n") == NULL) {
    if (g_get_monotonic_time() > end_us) {
      fail_msg("the services were not resolved; the trace is:\n%s", bus_client_trace(client));
    }
    g_usleep(1000);
  }
}

void bus_client_connect_device(BusClient *client)
{
  bus_client_forget(client);
  assert_string_equal(bus_client_call(client, "hci0", "StartDiscovery", NULL), "ok StartDiscovery");
  bus_client_wait(client, "added dev");
  assert_string_equal(bus_client_call(client, "hci0", "StopDiscovery", NULL), "ok StopDiscovery");
  assert_string_equal(bus_client_call(client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait_resolved(client);
}
