/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/watch.h"

#include "bluez/adapter.h"
#include "bluez/address.h"
#include "wire/uuids.h"

#define CALL_TIMEOUT_MS 10000
#define HOST_PAUSE_MS 1000

enum { BELOW, SAME, ABOVE, N_PLACES };

typedef enum { STEP_OPEN, STEP_REMOVE, STEP_LISTEN, STEP_PAUSE, STEP_OVER } Step;

struct DfuBluezWatch {
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  DfuBluezWatchOptions options;
  DfuBluezSeenFunc func;
  gpointer user_data;
  Step step;
  guint step_id;
  guint deadline_id;
  GCancellable *cancellable;
  guint n_removals; /* under way */
  char *adapter;    /* object path */
  char *places[N_PLACES]; /* addresses; NULL for one not to watch */
  gboolean is_stale[N_PLACES]; /* its UUIDs may be those of an earlier connection */
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
  /* Answers that are still to come belong to what is given up here. */
  g_cancellable_cancel(watch->cancellable);
  g_object_unref(watch->cancellable);
  watch->cancellable = g_cancellable_new();
  g_clear_handle_id(&watch->step_id, g_source_remove);
  watch->step_id = g_timeout_add(HOST_PAUSE_MS, on_pause_over, watch);
}

static void on_discovery_started(const GError *error, gpointer user_data)
{
  if (error != NULL)
    wait_for_host(user_data);
}

static void listen_if_clean(DfuBluezWatch *watch)
{
  if (watch->n_removals > 0)
    return;
  watch->step = STEP_LISTEN;
  dfu_bluez_discovery_start(watch->discovery, watch->adapter, on_discovery_started, watch);
}

static void on_removed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezWatch *watch = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  /* Where it failed, the object is still there and stays marked as stale. */
  watch->n_removals--;
  listen_if_clean(watch);
}

static void remove_object(DfuBluezWatch *watch, guint place)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(watch->bus);
  g_autofree char *device =
      dfu_bluez_objects_find_device(objects, watch->adapter, watch->places[place]);

  watch->is_stale[place] = device != NULL;
  if (device == NULL ||
      dfu_bluez_objects_get_flag(objects, device, DFU_BLUEZ_DEVICE, "Paired") ||
      dfu_bluez_objects_get_flag(objects, device, DFU_BLUEZ_DEVICE, "Connected"))
    return;
  watch->n_removals++;
  dfu_bluez_bus_call(watch->bus, watch->adapter, DFU_BLUEZ_ADAPTER, "RemoveDevice",
                     g_variant_new("(o)", device), CALL_TIMEOUT_MS, watch->cancellable, on_removed,
                     watch);
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
  watch->n_removals = 0;
  for (guint place = 0; place < N_PLACES; place++) {
    if (watch->places[place] != NULL)
      remove_object(watch, place);
  }
  listen_if_clean(watch);
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
  g_cancellable_cancel(watch->cancellable);
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

static int find_place(DfuBluezWatch *watch, const char *device)
{
  const char *address = dfu_bluez_objects_get_text(dfu_bluez_bus_objects(watch->bus), device,
                                                   DFU_BLUEZ_DEVICE, "Address");

  for (int place = 0; place < N_PLACES; place++) {
    if (address != NULL && watch->places[place] != NULL &&
        g_ascii_strcasecmp(address, watch->places[place]) == 0)
      return place;
  }
  return -1;
}

static void tell(DfuBluezWatch *watch, int place, const char *device)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(watch->bus);
  gboolean is_dfu = dfu_bluez_objects_device_has_uuid(objects, device, DFU_UUID_SERVICE);

  if (is_dfu && watch->is_stale[place])
    return;
  /* Only a new bootloader moves up. */
  if (!is_dfu && place == ABOVE)
    return;
  watch->func(is_dfu ? DFU_LINK_SEEN_DFU : DFU_LINK_SEEN_APPLICATION, watch->places[place],
              watch->user_data);
}

void dfu_bluez_watch_on_change(DfuBluezWatch *watch, const DfuBluezChange *change)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(watch->bus);
  int place;

  if (change->type == DFU_BLUEZ_GONE && watch->step != STEP_OVER && watch->step != STEP_OPEN)
    wait_for_host(watch);
  if (watch->step != STEP_LISTEN || change->type == DFU_BLUEZ_REMOVED ||
      g_strcmp0(change->interface, DFU_BLUEZ_DEVICE) != 0 ||
      !g_str_has_prefix(change->path, watch->adapter))
    return;
  place = find_place(watch, change->path);
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
                                   const DfuBluezWatchOptions *options, DfuBluezSeenFunc func,
                                   gpointer user_data)
{
  DfuBluezWatch *watch = g_new0(DfuBluezWatch, 1);

  watch->bus = bus;
  watch->discovery = discovery;
  watch->options = *options;
  watch->func = func;
  watch->user_data = user_data;
  watch->cancellable = g_cancellable_new();
  watch->places[SAME] = dfu_bluez_address_step(options->address, 0);
  if (options->has_neighbours) {
    watch->places[BELOW] = dfu_bluez_address_step(options->address, -1);
    watch->places[ABOVE] = dfu_bluez_address_step(options->address, 1);
  }
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
  g_object_unref(watch->cancellable);
  g_free(watch->adapter);
  for (guint place = 0; place < N_PLACES; place++)
    g_free(watch->places[place]);
  g_free(watch);
}
