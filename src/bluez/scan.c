/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The scan of <dfu/bluez.h>: listens for a while and reports what it hears.
 *
 * The kind of a device is told by Device1.UUIDs. Of a device that was connected
 * within the last 30 s, or is bonded, these hold the services that it had then.
 */
#include "base/printable.h"
#include "bluez/adapter.h"
#include "bluez/bluez_error.h"
#include "bluez/discovery.h"
#include "wire/uuids.h"

#include <dfu/bluez.h>
#include <string.h>

/* Counted, because whoever hears of a device may free the scan before the next one is told. */
struct DfuBluezScan {
  char *adapter_name;
  guint seconds;
  DfuBluezScanFunc func; /* NULL once freed */
  gpointer user_data;
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  char *adapter;        /* object path, once listening */
  GHashTable *reported; /* device path -> what was reported of it, as text */
  guint timer_id;
};

typedef DfuBluezScan ScanRef;

static void release_scan(gpointer user_data)
{
  DfuBluezScan *scan = user_data;

  g_free(scan->adapter_name);
  g_free(scan->adapter);
  g_hash_table_unref(scan->reported);
}

static void unref_scan(DfuBluezScan *scan)
{
  g_rc_box_release_full(scan, release_scan);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScanRef, unref_scan)

/* The end: the last thing done, as @func may free the scan. */
static void finish(DfuBluezScan *scan, const GError *error)
{
  g_clear_pointer(&scan->adapter, g_free);
  g_clear_handle_id(&scan->timer_id, g_source_remove);
  dfu_bluez_discovery_stop(scan->discovery, NULL, NULL);
  scan->func(NULL, error, scan->user_data);
}

static DfuDeviceKind get_kind(DfuBluezObjects *objects, const char *path)
{
  if (dfu_bluez_objects_device_has_uuid(objects, path, DFU_UUID_SERVICE))
    return DFU_DEVICE_DFU;
  if (dfu_bluez_objects_device_has_uuid(objects, path, DFU_UUID_SECURE_SERVICE))
    return DFU_DEVICE_SECURE_DFU;
  return DFU_DEVICE_OTHER;
}

/* Whether the device was not reported like this before. */
static gboolean is_news(DfuBluezScan *scan, const char *path, const DfuDevice *device)
{
  g_autofree char *state =
      g_strdup_printf("%d %d %s", device->kind, device->connected, device->name);
  const char *before = g_hash_table_lookup(scan->reported, path);

  if (g_strcmp0(before, state) == 0)
    return FALSE;
  g_hash_table_replace(scan->reported, g_strdup(path), g_steal_pointer(&state));
  return TRUE;
}

/* May end in the scan being freed. */
static void report(DfuBluezScan *scan, const char *path)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(scan->bus);
  const char *address = dfu_bluez_objects_get_text(objects, path, DFU_BLUEZ_DEVICE, "Address");
  const char *type = dfu_bluez_objects_get_text(objects, path, DFU_BLUEZ_DEVICE, "AddressType");
  g_autofree char *name =
      dfu_printable(dfu_bluez_objects_get_text(objects, path, DFU_BLUEZ_DEVICE, "Name"), -1);
  DfuDevice device = {
    .address = address,
    .address_type = g_strcmp0(type, "public") == 0 ? "public" : "random",
    .name = name,
    .rssi = dfu_bluez_objects_get_rssi(objects, path),
    .connected = dfu_bluez_objects_get_flag(objects, path, DFU_BLUEZ_DEVICE, "Connected"),
    .kind = get_kind(objects, path),
  };

  if (dfu_bluez_is_address(address) && is_news(scan, path, &device))
    scan->func(&device, NULL, scan->user_data);
}

/*
 * An object alone is no sign of life, and neither is a property that BlueZ keeps.
 * A device with a class is of BR/EDR: it does not belong here unless it advertises.
 */
static gboolean is_there(DfuBluezScan *scan, const char *path)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(scan->bus);

  if (dfu_bluez_objects_get(objects, path, DFU_BLUEZ_DEVICE, "RSSI", G_VARIANT_TYPE_INT16) != NULL)
    return TRUE;
  return dfu_bluez_objects_get_flag(objects, path, DFU_BLUEZ_DEVICE, "Connected") &&
         dfu_bluez_objects_get(objects, path, DFU_BLUEZ_DEVICE, "Class", G_VARIANT_TYPE_UINT32) ==
             NULL;
}

static void on_change(const DfuBluezChange *change, gpointer user_data)
{
  DfuBluezScan *scan = user_data;
  g_autoptr(GError) error = NULL;

  if (scan->adapter == NULL)
    return;
  if (change->type == DFU_BLUEZ_GONE) {
    dfu_bluez_discovery_forget(scan->discovery);
    error = g_error_new(DFU_ERROR, DFU_ERROR_BLUETOOTH,
                        "bluetoothd went away during the scan; see `systemctl status bluetooth`");
    finish(scan, error);
  } else if (strcmp(change->path, scan->adapter) == 0) {
    g_autofree char *adapter = dfu_bluez_adapter_choose(dfu_bluez_bus_objects(scan->bus),
                                                        strrchr(scan->adapter, '/') + 1, &error);

    if (adapter == NULL)
      finish(scan, error);
  } else if (change->type != DFU_BLUEZ_REMOVED &&
             strcmp(change->interface, DFU_BLUEZ_DEVICE) == 0 &&
             g_str_has_prefix(change->path, scan->adapter) && is_there(scan, change->path)) {
    report(scan, change->path);
  }
}

static gboolean on_time_over(gpointer user_data)
{
  DfuBluezScan *scan = user_data;

  scan->timer_id = 0;
  finish(scan, NULL);
  return G_SOURCE_REMOVE;
}

static void on_discovery_started(const GError *dbus_error, gpointer user_data)
{
  DfuBluezScan *scan = user_data;
  g_autoptr(GError) error = NULL;

  if (dbus_error == NULL) {
    scan->timer_id = g_timeout_add_seconds(scan->seconds, on_time_over, scan);
    return;
  }
  error = dfu_bluez_error_new(dbus_error, NULL, "starting the scan");
  error->code = DFU_ERROR_BLUETOOTH;
  finish(scan, error);
}

static void report_those_present(DfuBluezScan *user_data)
{
  g_autoptr(ScanRef) scan = g_rc_box_acquire(user_data);
  g_autoptr(GPtrArray) devices = dfu_bluez_objects_list(dfu_bluez_bus_objects(scan->bus),
                                                        DFU_BLUEZ_DEVICE, scan->adapter);

  for (guint i = 0; i < devices->len && scan->func != NULL; i++) {
    if (is_there(scan, devices->pdata[i]))
      report(scan, devices->pdata[i]);
  }
}

static void on_opened(const GError *open_error, gpointer user_data)
{
  DfuBluezScan *scan = user_data;
  g_autoptr(GError) error = open_error != NULL ? g_error_copy(open_error) : NULL;

  if (error == NULL)
    scan->adapter = dfu_bluez_adapter_choose(dfu_bluez_bus_objects(scan->bus), scan->adapter_name,
                                             &error);
  if (error != NULL) {
    finish(scan, error);
    return;
  }
  dfu_bluez_discovery_start(scan->discovery, scan->adapter, on_discovery_started, scan);
  report_those_present(scan);
}

DfuBluezScan *dfu_bluez_scan_new(const char *adapter, guint seconds, DfuBluezScanFunc func,
                                 gpointer user_data)
{
  DfuBluezScan *scan = g_rc_box_new0(DfuBluezScan);

  scan->adapter_name = g_strdup(adapter);
  scan->seconds = seconds;
  scan->func = func;
  scan->user_data = user_data;
  scan->reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  scan->bus = dfu_bluez_bus_new(on_change, scan);
  scan->discovery = dfu_bluez_discovery_new(scan->bus);
  dfu_bluez_bus_open(scan->bus, on_opened, scan);
  return scan;
}

void dfu_bluez_scan_free(DfuBluezScan *scan)
{
  if (scan == NULL)
    return;
  scan->func = NULL;
  g_clear_handle_id(&scan->timer_id, g_source_remove);
  g_clear_pointer(&scan->discovery, dfu_bluez_discovery_free);
  g_clear_pointer(&scan->bus, dfu_bluez_bus_free);
  unref_scan(scan);
}
