/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/bus.h"

#include "bluez/bluez_error.h"

#include <gio/gunixfdlist.h>

#define BLUEZ_NAME "org.bluez"
#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* Starting bluetoothd through systemd takes some seconds on a small board. */
#define OPEN_TIMEOUT_MS 25000

/* bluetoothd has its name before it has its adapters, and those before they are on. */
#define SETTLE_TRIES 15
#define SETTLE_PAUSE_MS 200

/* Counted, because whoever hears of a change may free the bus before the next one is told. */
struct DfuBluezBus {
  DfuBluezChangeFunc func; /* NULL once freed */
  gpointer user_data;
  GDBusConnection *connection;
  gulong closed_id;
  guint subscription_ids[4];
  gboolean is_open;
  DfuBluezObjects *objects;

  GCancellable *opening; /* of the open that is under way */
  guint settle_tries;    /* left for a bluetoothd that was started for it */
  guint settle_id;
  DfuBluezOpenFunc opened;
  gpointer opened_data;
};

gboolean dfu_bluez_is_cancelled(const GError *error)
{
  return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void tell(DfuBluezBus *bus, DfuBluezChangeType type, const char *path,
                 const char *interface, GVariant *properties)
{
  DfuBluezChange change = { type, path, interface, properties };

  if (bus->func != NULL)
    bus->func(&change, bus->user_data);
}

typedef DfuBluezBus BusRef;

static void release(gpointer user_data)
{
  DfuBluezBus *bus = user_data;

  dfu_bluez_objects_free(bus->objects);
}

static void unref_bus(DfuBluezBus *bus)
{
  g_rc_box_release_full(bus, release);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BusRef, unref_bus)

static void lose_bluez(DfuBluezBus *bus)
{
  if (!bus->is_open)
    return;
  bus->is_open = FALSE;
  dfu_bluez_objects_clear(bus->objects);
  tell(bus, DFU_BLUEZ_GONE, NULL, NULL, NULL);
}

static void on_interfaces_added(G_GNUC_UNUSED GDBusConnection *connection,
                                G_GNUC_UNUSED const char *sender, G_GNUC_UNUSED const char *object,
                                G_GNUC_UNUSED const char *interface,
                                G_GNUC_UNUSED const char *signal, GVariant *args,
                                gpointer user_data)
{
  g_autoptr(BusRef) bus = g_rc_box_acquire(user_data);
  g_autoptr(GVariant) interfaces = NULL;
  GVariantIter iter;
  const char *path;
  const char *name;
  GVariant *properties;

  if (!bus->is_open || !g_variant_is_of_type(args, G_VARIANT_TYPE("(oa{sa{sv}})")))
    return;
  g_variant_get(args, "(&o@a{sa{sv}})", &path, &interfaces);
  dfu_bluez_objects_add(bus->objects, path, interfaces);
  g_variant_iter_init(&iter, interfaces);
  while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &name, &properties))
    tell(bus, DFU_BLUEZ_ADDED, path, name, properties);
}

static void on_interfaces_removed(G_GNUC_UNUSED GDBusConnection *connection,
                                  G_GNUC_UNUSED const char *sender,
                                  G_GNUC_UNUSED const char *object,
                                  G_GNUC_UNUSED const char *interface,
                                  G_GNUC_UNUSED const char *signal, GVariant *args,
                                  gpointer user_data)
{
  g_autoptr(BusRef) bus = g_rc_box_acquire(user_data);
  g_autoptr(GVariantIter) names = NULL;
  const char *path;
  const char *name;

  if (!bus->is_open || !g_variant_is_of_type(args, G_VARIANT_TYPE("(oas)")))
    return;
  g_variant_get(args, "(&oas)", &path, &names);
  while (g_variant_iter_next(names, "&s", &name)) {
    dfu_bluez_objects_remove(bus->objects, path, name);
    tell(bus, DFU_BLUEZ_REMOVED, path, name, NULL);
  }
}

static void on_properties_changed(G_GNUC_UNUSED GDBusConnection *connection,
                                  G_GNUC_UNUSED const char *sender, const char *path,
                                  G_GNUC_UNUSED const char *interface,
                                  G_GNUC_UNUSED const char *signal, GVariant *args,
                                  gpointer user_data)
{
  DfuBluezBus *bus = user_data;
  g_autoptr(GVariant) changed = NULL;
  g_autoptr(GVariant) invalidated = NULL;
  const char *name;

  if (!bus->is_open || !g_variant_is_of_type(args, G_VARIANT_TYPE("(sa{sv}as)")))
    return;
  g_variant_get(args, "(&s@a{sv}@as)", &name, &changed, &invalidated);
  dfu_bluez_objects_update(bus->objects, path, name, changed, invalidated);
  tell(bus, DFU_BLUEZ_CHANGED, path, name, changed);
}

static void on_owner_changed(G_GNUC_UNUSED GDBusConnection *connection,
                             G_GNUC_UNUSED const char *sender, G_GNUC_UNUSED const char *object,
                             G_GNUC_UNUSED const char *interface,
                             G_GNUC_UNUSED const char *signal, GVariant *args, gpointer user_data)
{
  const char *old_owner;

  g_variant_get(args, "(&s&s&s)", NULL, &old_owner, NULL);
  /* A new owner without a gap has none of the old one's objects either. */
  if (old_owner[0] != '\0')
    lose_bluez(user_data);
}

static void on_closed(G_GNUC_UNUSED GDBusConnection *connection,
                      G_GNUC_UNUSED gboolean remote_peer_vanished, G_GNUC_UNUSED GError *error,
                      gpointer user_data)
{
  lose_bluez(user_data);
}

static guint listen_to(DfuBluezBus *bus, const char *interface, const char *member,
                       GDBusSignalCallback callback)
{
  return g_dbus_connection_signal_subscribe(bus->connection, BLUEZ_NAME, interface, member, NULL,
                                            NULL, G_DBUS_SIGNAL_FLAGS_NONE, callback, bus, NULL);
}

static void take_connection(DfuBluezBus *bus, GDBusConnection *connection)
{
  bus->connection = connection;
  bus->closed_id = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), bus);
  bus->subscription_ids[0] =
      listen_to(bus, OBJECT_MANAGER, "InterfacesAdded", on_interfaces_added);
  bus->subscription_ids[1] =
      listen_to(bus, OBJECT_MANAGER, "InterfacesRemoved", on_interfaces_removed);
  bus->subscription_ids[2] =
      listen_to(bus, PROPERTIES, "PropertiesChanged", on_properties_changed);
  bus->subscription_ids[3] = g_dbus_connection_signal_subscribe(
      connection, DBUS_NAME, DBUS_NAME, "NameOwnerChanged", DBUS_PATH, BLUEZ_NAME,
      G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, bus, NULL);
}

static void end_open(DfuBluezBus *bus, const GError *error)
{
  DfuBluezOpenFunc opened = bus->opened;

  g_clear_object(&bus->opening);
  bus->opened = NULL;
  opened(error, bus->opened_data);
}

static void end_open_badly(DfuBluezBus *bus, const GError *dbus_error, const char *operation)
{
  g_autoptr(GError) error = dfu_bluez_error_new(dbus_error, NULL, "%s", operation);

  /* Whatever it was, this host cannot be used now. */
  error->code = DFU_ERROR_BLUETOOTH;
  end_open(bus, error);
}

static void read_objects(DfuBluezBus *bus);

static gboolean on_settle_pause_over(gpointer user_data)
{
  DfuBluezBus *bus = user_data;

  bus->settle_id = 0;
  read_objects(bus);
  return G_SOURCE_REMOVE;
}

static gboolean has_adapter_that_is_on(DfuBluezBus *bus)
{
  g_autoptr(GPtrArray) adapters = dfu_bluez_objects_list(bus->objects, DFU_BLUEZ_ADAPTER, NULL);

  for (guint i = 0; i < adapters->len; i++) {
    if (dfu_bluez_objects_get_flag(bus->objects, adapters->pdata[i], DFU_BLUEZ_ADAPTER, "Powered"))
      return TRUE;
  }
  return FALSE;
}

static void on_objects_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  g_autoptr(GVariant) managed = NULL;
  DfuBluezBus *bus = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error != NULL) {
    end_open_badly(bus, error, "asking bluetoothd for its objects");
    return;
  }
  managed = g_variant_get_child_value(answer, 0);
  dfu_bluez_objects_load(bus->objects, managed);
  if (bus->settle_tries > 0 && !has_adapter_that_is_on(bus)) {
    bus->settle_tries--;
    bus->settle_id = g_timeout_add(SETTLE_PAUSE_MS, on_settle_pause_over, bus);
    return;
  }
  bus->is_open = TRUE;
  end_open(bus, NULL);
}

static void read_objects(DfuBluezBus *bus)
{
  g_dbus_connection_call(bus->connection, BLUEZ_NAME, "/", OBJECT_MANAGER, "GetManagedObjects",
                         NULL, G_VARIANT_TYPE("(a{oa{sa{sv}}})"),
                         G_DBUS_CALL_FLAGS_NO_AUTO_START, OPEN_TIMEOUT_MS, bus->opening,
                         on_objects_read, bus);
}

static void call_dbus(DfuBluezBus *bus, const char *method, GVariant *args, const char *type,
                      GAsyncReadyCallback func)
{
  g_dbus_connection_call(bus->connection, DBUS_NAME, DBUS_PATH, DBUS_NAME, method, args,
                         G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE, OPEN_TIMEOUT_MS,
                         bus->opening, func, bus);
}

static void on_bluez_started(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezBus *bus = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error != NULL) {
    end_open_badly(bus, error, "starting bluetoothd");
    return;
  }
  bus->settle_tries = SETTLE_TRIES;
  read_objects(bus);
}

static void on_name_looked_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezBus *bus = user_data;
  gboolean has_owner;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error != NULL) {
    end_open_badly(bus, error, "looking for bluetoothd");
    return;
  }
  g_variant_get(answer, "(b)", &has_owner);
  if (has_owner)
    read_objects(bus);
  else
    call_dbus(bus, "StartServiceByName", g_variant_new("(su)", BLUEZ_NAME, 0), "(u)",
              on_bluez_started);
}

static void look_for_bluez(DfuBluezBus *bus)
{
  call_dbus(bus, "NameHasOwner", g_variant_new("(s)", BLUEZ_NAME), "(b)", on_name_looked_up);
}

static void end_without_bus(DfuBluezBus *bus, const GError *cause)
{
  g_autoptr(GError) error =
      g_error_new(DFU_ERROR, DFU_ERROR_BLUETOOTH,
                  "no D-Bus system bus: %s. Start it (`systemctl start dbus`); in a container, "
                  "hand in the host's with `-v /run/dbus:/run/dbus:ro`",
                  cause->message);

  end_open(bus, error);
}

static void on_connected(G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);
  DfuBluezBus *bus = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error != NULL) {
    end_without_bus(bus, error);
    return;
  }
  take_connection(bus, connection);
  look_for_bluez(bus);
}

static void leave_bus(DfuBluezBus *bus)
{
  if (bus->connection == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(bus->subscription_ids); i++)
    g_dbus_connection_signal_unsubscribe(bus->connection, bus->subscription_ids[i]);
  g_signal_handler_disconnect(bus->connection, bus->closed_id);
  g_dbus_connection_close(bus->connection, NULL, NULL, NULL);
  g_clear_object(&bus->connection);
}

DfuBluezBus *dfu_bluez_bus_new(DfuBluezChangeFunc func, gpointer user_data)
{
  DfuBluezBus *bus = g_rc_box_new0(DfuBluezBus);

  bus->func = func;
  bus->user_data = user_data;
  bus->objects = dfu_bluez_objects_new();
  return bus;
}

void dfu_bluez_bus_free(DfuBluezBus *bus)
{
  if (bus == NULL)
    return;
  dfu_bluez_bus_cancel_open(bus);
  /* The process may end next: what was sent last, a Disconnect, has to be on its way first. */
  if (bus->connection != NULL)
    g_dbus_connection_flush_sync(bus->connection, NULL, NULL);
  leave_bus(bus);
  bus->func = NULL;
  bus->is_open = FALSE;
  unref_bus(bus);
}

void dfu_bluez_bus_open(DfuBluezBus *bus, DfuBluezOpenFunc func, gpointer user_data)
{
  g_autofree char *address = NULL;

  dfu_bluez_bus_cancel_open(bus);
  bus->settle_tries = 0;
  bus->opening = g_cancellable_new();
  bus->opened = func;
  bus->opened_data = user_data;
  if (bus->connection != NULL && g_dbus_connection_is_closed(bus->connection)) {
    leave_bus(bus);
    bus->is_open = FALSE;
  }
  if (bus->connection != NULL) {
    look_for_bluez(bus);
    return;
  }
  /* Only reads DBUS_SYSTEM_BUS_ADDRESS: the name says _sync for the session bus's sake. */
  address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
  g_dbus_connection_new_for_address(address != NULL ? address : "",
                                    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                    NULL, bus->opening, on_connected, bus);
}

void dfu_bluez_bus_cancel_open(DfuBluezBus *bus)
{
  if (bus->opening != NULL)
    g_cancellable_cancel(bus->opening);
  g_clear_object(&bus->opening);
  g_clear_handle_id(&bus->settle_id, g_source_remove);
}

gboolean dfu_bluez_bus_is_open(const DfuBluezBus *bus)
{
  return bus->is_open;
}

DfuBluezObjects *dfu_bluez_bus_objects(DfuBluezBus *bus)
{
  return bus->objects;
}

void dfu_bluez_bus_call(DfuBluezBus *bus, const char *path, const char *interface,
                        const char *method, GVariant *args, int timeout_ms,
                        GCancellable *cancellable, GAsyncReadyCallback func, gpointer user_data)
{
  g_dbus_connection_call_with_unix_fd_list(bus->connection, BLUEZ_NAME, path, interface, method,
                                           args, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout_ms,
                                           NULL, func != NULL ? cancellable : NULL, func,
                                           user_data);
}

/* The descriptor that an answer of AcquireWrite or AcquireNotify, (hq), begins with. */
static int take_fd(GVariant *answer, GUnixFDList *fds, GError **error)
{
  int index;

  if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(hq)")) || fds == NULL) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                "the answer %s holds no descriptor and MTU", g_variant_get_type_string(answer));
    return -1;
  }
  g_variant_get(answer, "(hq)", &index, NULL);
  return g_unix_fd_list_get(fds, index, error);
}

GVariant *dfu_bluez_bus_finish(GObject *source, GAsyncResult *result, int *fd, GError **error)
{
  g_autoptr(GUnixFDList) fds = NULL;
  g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish(
      G_DBUS_CONNECTION(source), &fds, result, error);

  if (answer == NULL || fd == NULL)
    return g_steal_pointer(&answer);
  *fd = take_fd(answer, fds, error);
  return *fd >= 0 ? g_steal_pointer(&answer) : NULL;
}
