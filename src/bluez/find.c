/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/find.h"

#include <string.h>

struct DfuBluezFind {
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  char *adapter;
  DfuBluezWanted wanted;
  DfuBluezFoundFunc func;
  gpointer user_data;
  char *device; /* once found, while the discovery is being stopped */
  gint16 rssi;
};

/* RSSI is there only while some discovery hears the device; a connected one does not advertise. */
static gboolean is_present(DfuBluezObjects *objects, const char *device)
{
  return dfu_bluez_objects_get(objects, device, DFU_BLUEZ_DEVICE, "RSSI", G_VARIANT_TYPE_INT16) !=
             NULL ||
         dfu_bluez_objects_get_flag(objects, device, DFU_BLUEZ_DEVICE, "Connected");
}

static char *find_by_name(DfuBluezObjects *objects, const char *adapter, const char *wanted)
{
  g_autoptr(GPtrArray) devices = dfu_bluez_objects_list(objects, DFU_BLUEZ_DEVICE, adapter);

  for (guint i = 0; i < devices->len; i++) {
    const char *name =
        dfu_bluez_objects_get_text(objects, devices->pdata[i], DFU_BLUEZ_DEVICE, "Name");

    if (name != NULL && strcmp(name, wanted) == 0 && is_present(objects, devices->pdata[i]))
      return g_strdup(devices->pdata[i]);
  }
  return NULL;
}

char *dfu_bluez_find_known(DfuBluezObjects *objects, const char *adapter,
                           const DfuBluezWanted *wanted)
{
  g_autofree char *device = NULL;

  if (wanted->address == NULL)
    return find_by_name(objects, adapter, wanted->name);
  device = dfu_bluez_objects_find_device(objects, adapter, wanted->address);
  if (device == NULL || (wanted->must_be_heard && !is_present(objects, device)))
    return NULL;
  return g_steal_pointer(&device);
}

static void on_stopped(G_GNUC_UNUSED const GError *error, gpointer user_data)
{
  DfuBluezFind *find = user_data;

  find->func(find->device, find->rssi, NULL, find->user_data);
}

static void look(DfuBluezFind *find)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(find->bus);

  if (find->device != NULL)
    return;
  find->device = dfu_bluez_find_known(objects, find->adapter, &find->wanted);
  if (find->device == NULL)
    return;
  find->rssi = dfu_bluez_objects_get_rssi(objects, find->device);
  /* Connecting while a discovery runs waits for the next advertisement that is reported. */
  dfu_bluez_discovery_stop(find->discovery, on_stopped, find);
}

static void on_started(const GError *error, gpointer user_data)
{
  DfuBluezFind *find = user_data;

  if (error != NULL)
    find->func(NULL, 0, error, find->user_data);
  else
    look(find);
}

DfuBluezFind *dfu_bluez_find_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                 const char *adapter, const DfuBluezWanted *wanted,
                                 DfuBluezFoundFunc func, gpointer user_data)
{
  DfuBluezFind *find = g_new0(DfuBluezFind, 1);

  find->bus = bus;
  find->discovery = discovery;
  find->adapter = g_strdup(adapter);
  find->wanted = *wanted;
  find->func = func;
  find->user_data = user_data;
  dfu_bluez_discovery_start(discovery, adapter, on_started, find);
  return find;
}

void dfu_bluez_find_on_change(DfuBluezFind *find, const DfuBluezChange *change)
{
  if (change->type == DFU_BLUEZ_ADDED || change->type == DFU_BLUEZ_CHANGED)
    look(find);
}

void dfu_bluez_find_free(DfuBluezFind *find)
{
  if (find == NULL)
    return;
  dfu_bluez_discovery_stop(find->discovery, NULL, NULL);
  g_free(find->adapter);
  g_free(find->device);
  g_free(find);
}
