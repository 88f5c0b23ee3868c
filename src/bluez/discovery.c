/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/discovery.h"

#include "bluez/bluez_error.h"

#define CALL_TIMEOUT_MS 10000

typedef enum { OFF, STARTING, ON, STOPPING } State;

struct DfuBluezDiscovery {
  DfuBluezBus *bus;
  GCancellable *cancellable;
  State state;
  char *adapter; /* where ours is on, or is being switched */
  char *wanted;  /* where it shall be on; NULL for off */
  DfuBluezDiscoveryFunc func; /* of the last start or stop, until it was told */
  gpointer user_data;
};

static void advance(DfuBluezDiscovery *discovery);

/* May end in the discovery being freed: nothing of it is touched afterwards. */
static void answer(DfuBluezDiscovery *discovery, const GError *error)
{
  DfuBluezDiscoveryFunc func = discovery->func;

  discovery->func = NULL;
  if (func != NULL)
    func(error, discovery->user_data);
}

/* A filter that is left behind without a discovery makes bluetoothd end everybody else's when we
 * leave the bus (5.66, src/adapter.c, discovery_disconnect). */
static void drop_filter(DfuBluezDiscovery *discovery)
{
  dfu_bluez_bus_call(discovery->bus, discovery->adapter, DFU_BLUEZ_ADAPTER, "SetDiscoveryFilter",
                     g_variant_new("(a{sv})", NULL), CALL_TIMEOUT_MS, NULL, NULL, NULL);
}

static void become_off(DfuBluezDiscovery *discovery)
{
  discovery->state = OFF;
  drop_filter(discovery);
}

/* bluetoothd does not answer a StartDiscovery that another client's overtakes, and says "in
 * progress" to each later one, which is the truth (5.66, src/adapter.c, start_discovery). */
static gboolean is_on(DfuBluezDiscovery *discovery, const GError *error)
{
  return error == NULL ||
         (dfu_bluez_error_classify(error).in_progress &&
          dfu_bluez_objects_get_flag(dfu_bluez_bus_objects(discovery->bus), discovery->adapter,
                                     DFU_BLUEZ_ADAPTER, "Discovering"));
}

static void on_started(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezDiscovery *discovery = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (is_on(discovery, error))
    discovery->state = ON;
  else
    become_off(discovery);
  if (discovery->state == ON || discovery->wanted == NULL) {
    advance(discovery);
    return;
  }
  g_clear_pointer(&discovery->wanted, g_free);
  answer(discovery, error);
}

static void on_filter_set(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezDiscovery *discovery = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error == NULL && discovery->wanted != NULL) {
    dfu_bluez_bus_call(discovery->bus, discovery->adapter, DFU_BLUEZ_ADAPTER, "StartDiscovery",
                       NULL, CALL_TIMEOUT_MS, discovery->cancellable, on_started, discovery);
    return;
  }
  become_off(discovery);
  if (discovery->wanted == NULL) {
    advance(discovery);
    return;
  }
  g_clear_pointer(&discovery->wanted, g_free);
  answer(discovery, error);
}

static void on_stopped(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezDiscovery *discovery = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  /* An error can only mean that there was none any more. */
  become_off(discovery);
  advance(discovery);
}

static void start(DfuBluezDiscovery *discovery)
{
  GVariantBuilder filter;

  /* LE: or BlueZ connects a dual-mode device over BR/EDR. Duplicates: or it tells nothing of a
   * device that it knows already. */
  g_variant_builder_init(&filter, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&filter, "{sv}", "Transport", g_variant_new_string("le"));
  g_variant_builder_add(&filter, "{sv}", "DuplicateData", g_variant_new_boolean(TRUE));
  discovery->state = STARTING;
  g_free(discovery->adapter);
  discovery->adapter = g_strdup(discovery->wanted);
  dfu_bluez_bus_call(discovery->bus, discovery->adapter, DFU_BLUEZ_ADAPTER, "SetDiscoveryFilter",
                     g_variant_new("(a{sv})", &filter), CALL_TIMEOUT_MS, discovery->cancellable,
                     on_filter_set, discovery);
}

static void stop(DfuBluezDiscovery *discovery)
{
  discovery->state = STOPPING;
  dfu_bluez_bus_call(discovery->bus, discovery->adapter, DFU_BLUEZ_ADAPTER, "StopDiscovery", NULL,
                     CALL_TIMEOUT_MS, discovery->cancellable, on_stopped, discovery);
}

static void advance(DfuBluezDiscovery *discovery)
{
  switch (discovery->state) {
  case OFF:
    if (discovery->wanted != NULL)
      start(discovery);
    else
      answer(discovery, NULL);
    break;
  case ON:
    if (discovery->wanted != NULL)
      answer(discovery, NULL);
    else
      stop(discovery);
    break;
  case STARTING:
  case STOPPING:
    break;
  }
}

DfuBluezDiscovery *dfu_bluez_discovery_new(DfuBluezBus *bus)
{
  DfuBluezDiscovery *discovery = g_new0(DfuBluezDiscovery, 1);

  discovery->bus = bus;
  discovery->cancellable = g_cancellable_new();
  return discovery;
}

void dfu_bluez_discovery_free(DfuBluezDiscovery *discovery)
{
  if (discovery == NULL)
    return;
  g_cancellable_cancel(discovery->cancellable);
  g_object_unref(discovery->cancellable);
  /* bluetoothd answers in the order of the calls: this follows a start that is under way. */
  if (discovery->state == STARTING || discovery->state == ON)
    dfu_bluez_bus_call(discovery->bus, discovery->adapter, DFU_BLUEZ_ADAPTER, "StopDiscovery",
                       NULL, CALL_TIMEOUT_MS, NULL, NULL, NULL);
  if (discovery->state != OFF)
    drop_filter(discovery);
  g_free(discovery->adapter);
  g_free(discovery->wanted);
  g_free(discovery);
}

void dfu_bluez_discovery_start(DfuBluezDiscovery *discovery, const char *adapter,
                               DfuBluezDiscoveryFunc func, gpointer user_data)
{
  g_free(discovery->wanted);
  discovery->wanted = g_strdup(adapter);
  discovery->func = func;
  discovery->user_data = user_data;
  advance(discovery);
}

void dfu_bluez_discovery_stop(DfuBluezDiscovery *discovery, DfuBluezDiscoveryFunc func,
                              gpointer user_data)
{
  g_clear_pointer(&discovery->wanted, g_free);
  discovery->func = func;
  discovery->user_data = user_data;
  advance(discovery);
}

void dfu_bluez_discovery_forget(DfuBluezDiscovery *discovery)
{
  g_cancellable_cancel(discovery->cancellable);
  g_object_unref(discovery->cancellable);
  discovery->cancellable = g_cancellable_new();
  discovery->state = OFF;
  g_clear_pointer(&discovery->wanted, g_free);
  discovery->func = NULL;
}
