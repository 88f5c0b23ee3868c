/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bluetoothd's side of the facts. The calls block: nothing else goes on
 * meanwhile, and each has a limit.
 */
#include "bluez/host.h"

#include <stdio.h>

#include "base/printable.h"
#include "bluez/bluez_error.h"

#define BLUEZ_NAME "org.bluez"
#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* Starting bluetoothd through systemd takes some seconds on a small board. */
#define CALL_TIMEOUT_MS 25000

/* bluetoothd has its name before it has its adapters, and those before they are on. */
#define SETTLE_TRIES 15
#define SETTLE_PAUSE_US (200 * 1000)

static void fail(DfuBluezHost *host, DfuHostReach reach, const GError *cause)
{
  g_autoptr(GError) plain = g_error_copy(cause);

  host->reach = dfu_bluez_error_classify(cause).denied ? DFU_HOST_DENIED : reach;
  g_dbus_error_strip_remote_error(plain);
  host->reason = dfu_printable(plain->message, -1);
}

static GDBusConnection *join_bus(GError **error)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, error);

  if (address == NULL)
    return NULL;
  return g_dbus_connection_new_for_address_sync(
      address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, error);
}

static GVariant *call_bus(GDBusConnection *connection, const char *method, GVariant *args,
                          const char *type, GError **error)
{
  return g_dbus_connection_call_sync(connection, DBUS_NAME, DBUS_PATH, DBUS_NAME, method, args,
                                     G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS,
                                     NULL, error);
}

/* Whether somebody is org.bluez, started where need be. */
static gboolean have_bluetoothd(DfuBluezHost *host, GDBusConnection *connection, GError **error)
{
  g_autoptr(GVariant) owned =
      call_bus(connection, "NameHasOwner", g_variant_new("(s)", BLUEZ_NAME), "(b)", error);
  g_autoptr(GVariant) started = NULL;
  gboolean has_owner;

  if (owned == NULL)
    return FALSE;
  g_variant_get(owned, "(b)", &has_owner);
  if (has_owner)
    return TRUE;
  started = call_bus(connection, "StartServiceByName", g_variant_new("(su)", BLUEZ_NAME, 0),
                     "(u)", error);
  host->was_started = started != NULL;
  return started != NULL;
}

static DfuBluezObjects *ask_objects(GDBusConnection *connection, GError **error)
{
  g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
      connection, BLUEZ_NAME, "/", OBJECT_MANAGER, "GetManagedObjects", NULL,
      G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL,
      error);
  g_autoptr(GVariant) managed = NULL;
  DfuBluezObjects *objects;

  if (answer == NULL)
    return NULL;
  managed = g_variant_get_child_value(answer, 0);
  objects = dfu_bluez_objects_new();
  dfu_bluez_objects_load(objects, managed);
  return objects;
}

static gboolean has_powered_adapter(DfuBluezObjects *objects)
{
  g_autoptr(GPtrArray) paths = dfu_bluez_objects_list(objects, DFU_BLUEZ_ADAPTER, NULL);

  for (guint i = 0; i < paths->len; i++) {
    if (dfu_bluez_objects_get_flag(objects, paths->pdata[i], DFU_BLUEZ_ADAPTER, "Powered"))
      return TRUE;
  }
  return FALSE;
}

/* A bluetoothd that was started just now is asked until an adapter is on, or could be by now. */
static DfuBluezObjects *ask_settled_objects(GDBusConnection *connection, gboolean was_started,
                                            GError **error)
{
  DfuBluezObjects *objects = ask_objects(connection, error);

  for (guint i = 0; was_started && i < SETTLE_TRIES; i++) {
    if (objects == NULL || has_powered_adapter(objects))
      break;
    dfu_bluez_objects_free(objects);
    g_usleep(SETTLE_PAUSE_US);
    objects = ask_objects(connection, error);
  }
  return objects;
}

/*
 * bluetoothd calls itself by its version there, "usb:v1D6Bp0246d0542" for 5.66,
 * unless main.conf says DeviceID; no other place on the bus tells it.
 */
static DfuBluezVersion parse_version(const char *modalias)
{
  DfuBluezVersion version = { 0, 0 };
  int end = 0;

  if (modalias != NULL &&
      sscanf(modalias, "usb:v1D6Bp0246d%2x%2x%n", &version.major, &version.minor, &end) == 2 &&
      modalias[end] == '\0')
    return version;
  return (DfuBluezVersion){ 0, 0 };
}

static void take_roles(DfuHostAdapter *adapter, DfuBluezObjects *objects, const char *path)
{
  GVariant *roles = dfu_bluez_objects_get(objects, path, DFU_BLUEZ_ADAPTER, "Roles",
                                          G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **names = roles != NULL ? g_variant_get_strv(roles, NULL) : NULL;

  adapter->has_roles = roles != NULL;
  adapter->is_central = names != NULL && g_strv_contains(names, "central");
}

static DfuHostAdapter read_adapter(DfuBluezObjects *objects, const char *path)
{
  DfuHostAdapter adapter = {
    .is_powered = dfu_bluez_objects_get_flag(objects, path, DFU_BLUEZ_ADAPTER, "Powered"),
    .is_discovering = dfu_bluez_objects_get_flag(objects, path, DFU_BLUEZ_ADAPTER, "Discovering"),
  };
  g_autofree char *name = g_path_get_basename(path);

  adapter.name = dfu_printable(name, -1);
  adapter.address = dfu_printable(
      dfu_bluez_objects_get_text(objects, path, DFU_BLUEZ_ADAPTER, "Address"), -1);
  take_roles(&adapter, objects, path);
  return adapter;
}

void dfu_bluez_host_take_objects(DfuBluezHost *host, DfuBluezObjects *objects)
{
  g_autoptr(GPtrArray) paths = dfu_bluez_objects_list(objects, DFU_BLUEZ_ADAPTER, NULL);

  host->reach = DFU_HOST_REACHED;
  host->adapters = g_new0(DfuHostAdapter, paths->len);
  host->n_adapters = paths->len;
  for (guint i = 0; i < paths->len; i++)
    host->adapters[i] = read_adapter(objects, paths->pdata[i]);
  if (paths->len > 0)
    host->version = parse_version(
        dfu_bluez_objects_get_text(objects, paths->pdata[0], DFU_BLUEZ_ADAPTER, "Modalias"));
}

void dfu_bluez_host_ask(DfuBluezHost *host)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) connection = join_bus(&error);
  g_autoptr(DfuBluezObjects) objects = NULL;

  if (connection == NULL) {
    fail(host, DFU_HOST_NO_BUS, error);
    return;
  }
  if (!have_bluetoothd(host, connection, &error))
    fail(host, DFU_HOST_NOT_RUNNING, error);
  else if ((objects = ask_settled_objects(connection, host->was_started, &error)) == NULL)
    fail(host, DFU_HOST_NO_ANSWER, error);
  else
    dfu_bluez_host_take_objects(host, objects);
  g_dbus_connection_close_sync(connection, NULL, NULL);
}
