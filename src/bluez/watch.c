/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/watch.h"

#include "bluez/adapter.h"
#include "wire/uuids.h"

#define HOST_PAUSE_MS 1000

typedef enum { STEP_OPEN, STEP_REMOVE, STEP_LISTEN, STEP_PAUSE, STEP_OVER } Step;

struct DfuBluezWatch {
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  DfuBluezRemoval *removal;
  DfuBluezWatchOptions options;
  DfuBluezSeenFunc func;
  gpointer user_data;
  Step step;
  guint step_id;
  guint deadline_id;
  char *adapter; /* object path */
  DfuBluezPlaces places;
  gboolean is_stale[DFU_BLUEZ_N_PLACES]; /* its UUIDs may be those of an earlier connection */
};

static void begin(DfuBluezWatch *watch);

static gboolean on_pause_over(gpointer user_data)
{
  DfuBluezWatch *watch = user_data;

  watch->step_id = 0;
  begin(watch);
  return G_SOURCE_REMOVE;
}

static void wait_for_host(DfuBluezWatch *watch)
{
  watch->step = STEP_PAUSE;
  dfu_bluez_removal_await(watch->removal, NULL, NULL);
  g_clear_handle_id(&watch->step_id, g_source_remove);
  watch->step_id = g_timeout_add(HOST_PAUSE_MS, on_pause_over, watch);
}

static void on_discovery_started(const GError *error, gpointer user_data)
{
  if (error != NULL)
    wait_for_host(user_data);
}

static void listen(gpointer user_data)
{
  DfuBluezWatch *watch = user_data;

  watch->step = STEP_LISTEN;
  dfu_bluez_discovery_start(watch->discovery, watch->adapter, on_discovery_started, watch);
}

/* Where that fails, the object is still there and stays marked as stale. */
static void remove_object(DfuBluezWatch *watch, guint place)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(watch->bus);
  g_autofree char *device =
      dfu_bluez_objects_find_device(objects, watch->adapter, watch->places.addresses[place]);

  watch->is_stale[place] = device != NULL;
  if (device != NULL &&
      !dfu_bluez_objects_get_flag(objects, device, DFU_BLUEZ_DEVICE, "Connected"))
    dfu_bluez_removal_begin(watch->removal, device);
}

static void on_opened(const GError *error, gpointer user_data)
{
  DfuBluezWatch *watch = user_data;

  g_clear_pointer(&watch->adapter, g_free);
  if (error == NULL)
    watch->adapter = dfu_bluez_adapter_choose(dfu_bluez_bus_objects(watch->bus),
                                              watch->options.adapter, NULL);
  if (watch->adapter == NULL) {
    wait_for_host(watch);
    return;
  }
  watch->step = STEP_REMOVE;
  for (guint place = 0; place < DFU_BLUEZ_N_PLACES; place++) {
    if (watch->places.addresses[place] != NULL)
      remove_object(watch, place);
  }
  dfu_bluez_removal_await(watch->removal, listen, watch);
}

static void begin(DfuBluezWatch *watch)
{
  watch->step = STEP_OPEN;
  dfu_bluez_bus_open(watch->bus, on_opened, watch);
}

/* Ends all that is under way, but not the watch. */
static void end_steps(DfuBluezWatch *watch)
{
  g_clear_handle_id(&watch->step_id, g_source_remove);
  dfu_bluez_removal_await(watch->removal, NULL, NULL);
  dfu_bluez_bus_cancel_open(watch->bus);
  dfu_bluez_discovery_stop(watch->discovery, NULL, NULL);
}

static gboolean on_deadline(gpointer user_data)
{
  DfuBluezWatch *watch = user_data;

  watch->deadline_id = 0;
  watch->step = STEP_OVER;
  end_steps(watch);
  return G_SOURCE_REMOVE;
}

static gboolean has_property(const DfuBluezChange *change, const char *name)
{
  g_autoptr(GVariant) value = g_variant_lookup_value(change->properties, name, NULL);

  return value != NULL;
}

static void tell(DfuBluezWatch *watch, int place, const char *device)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(watch->bus);
  gboolean is_dfu = dfu_bluez_objects_device_has_uuid(objects, device, DFU_UUID_SERVICE);

  if (is_dfu && watch->is_stale[place])
    return;
  /* Only a new bootloader moves up. */
  if (!is_dfu && place == DFU_BLUEZ_ABOVE)
    return;
  watch->func(is_dfu ? DFU_LINK_SEEN_DFU : DFU_LINK_SEEN_APPLICATION,
              watch->places.addresses[place], watch->user_data);
}

void dfu_bluez_watch_on_change(DfuBluezWatch *watch, const DfuBluezChange *change)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(watch->bus);
  int place;

  if (change->type == DFU_BLUEZ_GONE && watch->step != STEP_OVER && watch->step != STEP_OPEN)
    wait_for_host(watch);
  if (watch->step == STEP_LISTEN && dfu_bluez_adapter_went_off(objects, watch->adapter, change)) {
    dfu_bluez_discovery_forget(watch->discovery); /* it went with the power */
    wait_for_host(watch);
  }
  if (watch->step != STEP_LISTEN || change->type == DFU_BLUEZ_REMOVED ||
      g_strcmp0(change->interface, DFU_BLUEZ_DEVICE) != 0 ||
      !g_str_has_prefix(change->path, watch->adapter))
    return;
  place = dfu_bluez_places_find(&watch->places, objects, change->path);
  if (place < 0)
    return;
  if (dfu_bluez_objects_get_flag(objects, change->path, DFU_BLUEZ_DEVICE, "Connected"))
    watch->is_stale[place] = TRUE;
  else if (change->type == DFU_BLUEZ_ADDED)
    watch->is_stale[place] = FALSE;
  if (change->type == DFU_BLUEZ_ADDED || has_property(change, "RSSI"))
    tell(watch, place, change->path);
}

DfuBluezWatch *dfu_bluez_watch_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                   DfuBluezRemoval *removal,
                                   const DfuBluezWatchOptions *options, DfuBluezSeenFunc func,
                                   gpointer user_data)
{
  DfuBluezWatch *watch = g_new0(DfuBluezWatch, 1);

  watch->bus = bus;
  watch->discovery = discovery;
  watch->removal = removal;
  watch->options = *options;
  watch->func = func;
  watch->user_data = user_data;
  dfu_bluez_places_init(&watch->places, options->address, options->find);
  watch->deadline_id = g_timeout_add(options->timeout_ms, on_deadline, watch);
  begin(watch);
  return watch;
}

void dfu_bluez_watch_free(DfuBluezWatch *watch)
{
  if (watch == NULL)
    return;
  if (watch->step != STEP_OVER)
    end_steps(watch);
  g_clear_handle_id(&watch->deadline_id, g_source_remove);
  g_free(watch->adapter);
  dfu_bluez_places_clear(&watch->places);
  g_free(watch);
}
