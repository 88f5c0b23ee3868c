/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/find.h"

#include "wire/uuids.h"

#include <string.h>

/* A device that is there is heard within 1 or 2; the rest is for one that restarts. */
#define UNHEARD_AFTER_MS 4000

struct DfuBluezFind {
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  char *adapter;
  DfuBluezWanted wanted;
  DfuBluezPlaces places; /* empty where the name is what counts */
  DfuBluezFoundFunc func;
  gpointer user_data;
  guint timer_id;
  char *device; /* once found, while the discovery is being stopped */
  gboolean was_heard;
  gint16 rssi;
};

/* The last thing done, as @func may free the search. */
static void tell(DfuBluezFind *find)
{
  DfuBluezFound found = {
    .device = find->device,
    .was_heard = find->was_heard,
    .rssi = find->rssi,
  };

  find->func(&found, NULL, find->user_data);
}

static gboolean is_connected(DfuBluezFind *find, const char *device)
{
  return dfu_bluez_objects_get_flag(dfu_bluez_bus_objects(find->bus), device, DFU_BLUEZ_DEVICE,
                                    "Connected");
}

/* RSSI is there only while some discovery hears the device; a connected one does not advertise. */
static gboolean is_present(DfuBluezFind *find, const char *device)
{
  return dfu_bluez_objects_get(dfu_bluez_bus_objects(find->bus), device, DFU_BLUEZ_DEVICE, "RSSI",
                               G_VARIANT_TYPE_INT16) != NULL ||
         is_connected(find, device);
}

static gboolean has_name(DfuBluezFind *find, const char *device, const char *name)
{
  return g_strcmp0(dfu_bluez_objects_get_text(dfu_bluez_bus_objects(find->bus), device,
                                              DFU_BLUEZ_DEVICE, "Name"), name) == 0;
}

/* What else advertises the service may be another device: its name has to be told. */
static gboolean is_named_target(DfuBluezFind *find, const char *device)
{
  return find->wanted.find != DFU_LINK_FIND_DEVICE && find->wanted.target_name != NULL &&
         has_name(find, device, find->wanted.target_name) &&
         dfu_bluez_objects_device_has_uuid(dfu_bluez_bus_objects(find->bus), device,
                                           DFU_UUID_SERVICE);
}

static gboolean is_wanted(DfuBluezFind *find, const char *device)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(find->bus);

  if (find->wanted.address == NULL)
    return has_name(find, device, find->wanted.name);
  switch (dfu_bluez_places_find(&find->places, objects, device)) {
  case DFU_BLUEZ_SAME:
  case DFU_BLUEZ_BELOW:
    return TRUE;
  case DFU_BLUEZ_ABOVE:
    return dfu_bluez_objects_device_has_uuid(objects, device, DFU_UUID_SERVICE);
  default:
    return is_named_target(find, device);
  }
}

static void on_stopped(G_GNUC_UNUSED const GError *error, gpointer user_data)
{
  tell(user_data);
}

static void take(DfuBluezFind *find, const char *device, gboolean was_heard)
{
  g_clear_handle_id(&find->timer_id, g_source_remove);
  find->device = g_strdup(device);
  find->was_heard = was_heard;
  find->rssi = dfu_bluez_objects_get_rssi(dfu_bluez_bus_objects(find->bus), device);
}

/* Connecting while a discovery runs waits for the next advertisement that is reported. */
static void take_and_stop(DfuBluezFind *find, const char *device, gboolean was_heard)
{
  take(find, device, was_heard);
  dfu_bluez_discovery_stop(find->discovery, on_stopped, find);
}

/* (nullable) */
static char *find_remembered(DfuBluezFind *find)
{
  const char *address = find->wanted.address;

  if (address == NULL)
    return NULL;
  if (find->wanted.find != DFU_LINK_FIND_DEVICE && find->wanted.last != NULL)
    address = find->wanted.last;
  return dfu_bluez_objects_find_device(dfu_bluez_bus_objects(find->bus), find->adapter, address);
}

static gboolean on_unheard(gpointer user_data)
{
  DfuBluezFind *find = user_data;
  g_autofree char *device = find_remembered(find);

  find->timer_id = 0;
  if (device != NULL)
    take_and_stop(find, device, FALSE);
  return G_SOURCE_REMOVE;
}

static void on_started(const GError *error, gpointer user_data)
{
  DfuBluezFind *find = user_data;

  if (error != NULL)
    find->func(NULL, error, find->user_data);
}

static gboolean on_known(gpointer user_data)
{
  DfuBluezFind *find = user_data;

  find->timer_id = 0;
  tell(find);
  return G_SOURCE_REMOVE;
}

/* A device that is connected, or that another's discovery hears. */
static char *find_present(DfuBluezFind *find)
{
  g_autoptr(GPtrArray) devices =
      dfu_bluez_objects_list(dfu_bluez_bus_objects(find->bus), DFU_BLUEZ_DEVICE, find->adapter);

  for (guint i = 0; i < devices->len; i++) {
    const char *device = devices->pdata[i];

    if (is_wanted(find, device) && is_present(find, device) &&
        (is_connected(find, device) || !find->wanted.must_be_heard))
      return g_strdup(device);
  }
  return NULL;
}

/* Whether the device is known well enough to be connected to without listening first. */
static gboolean take_known(DfuBluezFind *find)
{
  g_autofree char *present = find_present(find);
  g_autofree char *remembered = NULL;

  if (present != NULL) {
    take(find, present, TRUE);
    return TRUE;
  }
  if (find->wanted.must_be_heard || find->wanted.find != DFU_LINK_FIND_DEVICE)
    return FALSE;
  remembered = find_remembered(find);
  if (remembered != NULL)
    take(find, remembered, FALSE);
  return remembered != NULL;
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
  if (wanted->address != NULL)
    dfu_bluez_places_init(&find->places, wanted->address, wanted->find);
  if (take_known(find)) {
    find->timer_id = g_idle_add_full(G_PRIORITY_DEFAULT, on_known, find, NULL);
    return find;
  }
  find->timer_id = g_timeout_add(UNHEARD_AFTER_MS, on_unheard, find);
  dfu_bluez_discovery_start(discovery, adapter, on_started, find);
  return find;
}

void dfu_bluez_find_on_change(DfuBluezFind *find, const DfuBluezChange *change)
{
  if (find->device != NULL || change->type == DFU_BLUEZ_REMOVED ||
      g_strcmp0(change->interface, DFU_BLUEZ_DEVICE) != 0 ||
      !g_str_has_prefix(change->path, find->adapter))
    return;
  if (is_wanted(find, change->path) && is_present(find, change->path))
    take_and_stop(find, change->path, TRUE);
}

void dfu_bluez_find_free(DfuBluezFind *find)
{
  if (find == NULL)
    return;
  dfu_bluez_discovery_stop(find->discovery, NULL, NULL);
  g_clear_handle_id(&find->timer_id, g_source_remove);
  dfu_bluez_places_clear(&find->places);
  g_free(find->adapter);
  g_free(find->device);
  g_free(find);
}
