/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/leaving.h"

/* Twice what bluetoothd was seen to take. */
#define TIME_LIMIT_MS 5000

struct DfuBluezLeaving {
  DfuBluezBus *bus;
  char *device;
  DfuBluezLeftFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  gboolean is_answered;
  guint timer_id;
};

static gboolean on_time_over(gpointer user_data)
{
  DfuBluezLeaving *leaving = user_data;

  leaving->timer_id = 0;
  leaving->func(leaving->user_data);
  return G_SOURCE_REMOVE;
}

/* Tells by a timer, so that @func may do anything. */
static void check_end(DfuBluezLeaving *leaving)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(leaving->bus);

  if (!leaving->is_answered && dfu_bluez_bus_is_open(leaving->bus))
    return;
  if (dfu_bluez_objects_get_flag(objects, leaving->device, DFU_BLUEZ_DEVICE, "Connected"))
    return;
  g_clear_handle_id(&leaving->timer_id, g_source_remove);
  leaving->timer_id = g_timeout_add(0, on_time_over, leaving);
}

static void on_disconnected(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezLeaving *leaving = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  /* An error means that there was nothing to end, or nobody to end it. */
  leaving->is_answered = TRUE;
  check_end(leaving);
}

DfuBluezLeaving *dfu_bluez_leaving_new(DfuBluezBus *bus, const char *device,
                                       DfuBluezLeftFunc func, gpointer user_data)
{
  DfuBluezLeaving *leaving = g_new0(DfuBluezLeaving, 1);

  leaving->bus = bus;
  leaving->device = g_strdup(device);
  leaving->func = func;
  leaving->user_data = user_data;
  leaving->cancellable = g_cancellable_new();
  leaving->timer_id = g_timeout_add(TIME_LIMIT_MS, on_time_over, leaving);
  if (dfu_bluez_bus_is_open(bus))
    dfu_bluez_bus_call(bus, device, DFU_BLUEZ_DEVICE, "Disconnect", NULL, TIME_LIMIT_MS,
                       leaving->cancellable, on_disconnected, leaving);
  else
    check_end(leaving);
  return leaving;
}

void dfu_bluez_leaving_on_change(DfuBluezLeaving *leaving)
{
  check_end(leaving);
}

void dfu_bluez_leaving_free(DfuBluezLeaving *leaving)
{
  if (leaving == NULL)
    return;
  g_cancellable_cancel(leaving->cancellable);
  g_object_unref(leaving->cancellable);
  g_clear_handle_id(&leaving->timer_id, g_source_remove);
  g_free(leaving->device);
  g_free(leaving);
}
