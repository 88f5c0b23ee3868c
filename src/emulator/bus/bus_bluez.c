/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_bluez.h"

#include <string.h>

#include "dfu/error.h"
#include "emulator/bus/bus_adapter.h"
#include "emulator/bus/bus_device.h"
#include "emulator/bus/bus_reply.h"

#define BUS_NAME "org.bluez"

enum { RSSI = -53 }; /* dBm; a board on the same desk */

struct DfuBusBluez {
  DfuBusHost host;
  DfuBoard *board;
  DfuBusAdapter *adapter; /* NULL: none */
  GList *devices;         /* DfuBusDevice */
};

static DfuBusDevice *find_device(DfuBusBluez *bluez, const char *address)
{
  for (GList *l = bluez->devices; l != NULL; l = l->next) {
    if (strcmp(dfu_bus_device_get_address(l->data), address) == 0) {
      return l->data;
    }
  }
  return NULL;
}

static DfuBusDevice *connected_device(DfuBusBluez *bluez)
{
  for (GList *l = bluez->devices; l != NULL; l = l->next) {
    if (dfu_bus_device_is_connected(l->data)) {
      return l->data;
    }
  }
  return NULL;
}

static void for_each_device(DfuBusBluez *bluez, void (*func)(DfuBusDevice *))
{
  GList *l = bluez->devices;

  while (l != NULL) {
    GList *next = l->next; /* the device may expire */

    func(l->data);
    l = next;
  }
}

static void on_device_expired(DfuBusDevice *device, gpointer user_data)
{
  DfuBusBluez *bluez = user_data;

  bluez->devices = g_list_remove(bluez->devices, device);
  dfu_bus_device_free(device);
}

static gboolean is_powered(gpointer user_data)
{
  DfuBusBluez *bluez = user_data;

  return dfu_bus_adapter_is_powered(bluez->adapter);
}

static gboolean is_discovering(gpointer user_data)
{
  DfuBusBluez *bluez = user_data;

  return dfu_discovery_is_running(dfu_bus_adapter_get_discovery(bluez->adapter));
}

static void on_advertised(gpointer user_data)
{
  DfuBusBluez *bluez = user_data;
  const DfuDiscovery *discovery = dfu_bus_adapter_get_discovery(bluez->adapter);
  const DfuAdvertisement *advertisement = dfu_board_get_advertisement(bluez->board);
  DfuBusDevice *device;

  /* Whoever scans does it under another address than the one it was connected with. */
  if (advertisement == NULL || advertisement->directed
      || !dfu_discovery_matches(discovery, advertisement, RSSI)) {
    return;
  }
  device = find_device(bluez, advertisement->address);
  if (device != NULL) {
    dfu_bus_device_heard(device, advertisement, RSSI, dfu_discovery_is_filtered(discovery));
  } else {
    bluez->devices =
      g_list_append(bluez->devices, dfu_bus_device_new(&bluez->host, advertisement, RSSI));
  }
}

static void on_discovery_ended(gpointer user_data)
{
  for_each_device(user_data, dfu_bus_device_discovery_ended);
}

static void on_power_lost(gpointer user_data)
{
  for_each_device(user_data, dfu_bus_device_power_lost);
}

static void on_remove_device(const char *path, GDBusMethodInvocation *invocation,
                             gpointer user_data)
{
  DfuBusBluez *bluez = user_data;

  for (GList *l = bluez->devices; l != NULL; l = l->next) {
    if (strcmp(dfu_bus_device_get_path(l->data), path) == 0) {
      dfu_bus_device_forget(l->data, invocation);
      return;
    }
  }
  dfu_bus_fail_does_not_exist(invocation);
}

static const DfuBusAdapterFuncs adapter_funcs = {on_advertised, on_discovery_ended, on_power_lost,
                                                 on_remove_device};

static void on_advertising_changed(gpointer user_data)
{
  for_each_device(user_data, dfu_bus_device_try_connect);
}

static void on_answered(guint8 att_error, gpointer user_data)
{
  dfu_bus_device_answered(connected_device(user_data), att_error);
}

static void on_notified(guint16 handle, const guint8 *bytes, gsize len, gpointer user_data)
{
  dfu_bus_device_notified(connected_device(user_data), handle, bytes, len);
}

static void on_disconnected(gpointer user_data)
{
  dfu_bus_device_link_lost(connected_device(user_data));
}

static const DfuBoardListener listener = {on_advertising_changed, on_answered, on_notified,
                                          on_disconnected};

/* RequestName of the D-Bus specification: DO_NOT_QUEUE is 4, PRIMARY_OWNER 1. */
static gboolean take_name(GDBusConnection *connection, GError **error)
{
  g_autoptr(GError) cause = NULL;
  g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
    connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
    "RequestName", g_variant_new("(su)", BUS_NAME, 4), G_VARIANT_TYPE("(u)"),
    G_DBUS_CALL_FLAGS_NONE, -1, NULL, &cause);
  guint32 result = 0;

  if (reply == NULL) {
    g_dbus_error_strip_remote_error(cause);
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "The bus does not let this program be " BUS_NAME ": %s. Use a bus of its own "
                "(without --bus-address).",
                cause->message);
    return FALSE;
  }
  g_variant_get(reply, "(u)", &result);
  if (result != 1) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "Somebody else is " BUS_NAME " on this bus already. Use a bus of its own (without "
                "--bus-address).");
    return FALSE;
  }
  return TRUE;
}

DfuBusBluez *dfu_bus_bluez_new(GDBusConnection *connection, DfuBoard *board,
                               const DfuBusConfig *config, GError **error)
{
  g_autoptr(DfuBusBluez) bluez = g_new0(DfuBusBluez, 1);

  bluez->board = board;
  bluez->host = (DfuBusHost){
    .board = board,
    .disconnect_delay_ms = config->disconnect_delay_ms,
    .air_us = config->air_us,
    .is_powered = is_powered,
    .is_discovering = is_discovering,
    .expired = on_device_expired,
    .user_data = bluez,
  };
  bluez->host.objects = dfu_bus_objects_new(connection, error);
  if (bluez->host.objects == NULL) {
    return NULL;
  }
  if (config->has_adapter) {
    bluez->adapter =
      dfu_bus_adapter_new(bluez->host.objects, config->powered, &adapter_funcs, bluez);
  }
  dfu_board_set_listener(board, &listener, bluez);
  if (!take_name(connection, error)) {
    return NULL;
  }
  return g_steal_pointer(&bluez);
}

static void free_device(gpointer device)
{
  dfu_bus_device_free(device);
}

void dfu_bus_bluez_free(DfuBusBluez *bluez)
{
  dfu_board_set_listener(bluez->board, NULL, NULL);
  g_list_free_full(bluez->devices, free_device);
  g_clear_pointer(&bluez->adapter, dfu_bus_adapter_free);
  g_clear_pointer(&bluez->host.objects, dfu_bus_objects_free);
  g_free(bluez);
}
