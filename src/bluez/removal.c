/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/removal.h"

#define CALL_TIMEOUT_MS 10000

struct DfuBluezRemoval {
  DfuBluezBus *bus;
  GCancellable *cancellable;
  guint n_calls; /* not yet answered */
  DfuBluezRemovedFunc func;
  gpointer user_data;
};

/* The last thing done, as @func may free the removal. */
static void answer_if_done(DfuBluezRemoval *removal)
{
  DfuBluezRemovedFunc func = removal->func;

  if (removal->n_calls > 0 || func == NULL)
    return;
  removal->func = NULL;
  func(removal->user_data);
}

static void on_removed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezRemoval *removal = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  /* An error means that there was nothing to remove, or nobody to do it. */
  removal->n_calls--;
  answer_if_done(removal);
}

DfuBluezRemoval *dfu_bluez_removal_new(DfuBluezBus *bus)
{
  DfuBluezRemoval *removal = g_new0(DfuBluezRemoval, 1);

  removal->bus = bus;
  removal->cancellable = g_cancellable_new();
  return removal;
}

void dfu_bluez_removal_begin(DfuBluezRemoval *removal, const char *device)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(removal->bus);
  const char *adapter = dfu_bluez_objects_get_text(objects, device, DFU_BLUEZ_DEVICE, "Adapter");

  if (adapter == NULL || dfu_bluez_objects_get_flag(objects, device, DFU_BLUEZ_DEVICE, "Paired"))
    return;
  removal->n_calls++;
  dfu_bluez_bus_call(removal->bus, adapter, DFU_BLUEZ_ADAPTER, "RemoveDevice",
                     g_variant_new("(o)", device), CALL_TIMEOUT_MS, removal->cancellable,
                     on_removed, removal);
}

void dfu_bluez_removal_await(DfuBluezRemoval *removal, DfuBluezRemovedFunc func,
                             gpointer user_data)
{
  removal->func = func;
  removal->user_data = user_data;
  answer_if_done(removal);
}

void dfu_bluez_removal_free(DfuBluezRemoval *removal)
{
  if (removal == NULL)
    return;
  g_cancellable_cancel(removal->cancellable);
  g_object_unref(removal->cancellable);
  g_free(removal);
}
