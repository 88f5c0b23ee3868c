/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/notifier.h"

#include "bluez/acquired_fd.h"
#include "bluez/bluez_error.h"

/*
 * AcquireNotify is never answered where the device refuses the subscription
 * (BlueZ 5.66), and after 30 s where the device does not answer it.
 */
#define START_TIMEOUT_MS 10000

struct DfuBluezNotifier {
  DfuBluezBus *bus;
  char *path;
  const DfuBluezNotifierFuncs *funcs;
  gpointer user_data;
  GCancellable *cancellable;
  gboolean is_waiting;
  DfuAcquiredFd *acquired;
  gboolean is_by_signal; /* StartNotify: values come as PropertiesChanged */
};

static void on_message(const guint8 *bytes, gsize len, gpointer user_data)
{
  DfuBluezNotifier *notifier = user_data;

  notifier->funcs->notified(bytes, len, notifier->user_data);
}

static void on_hung_up(gpointer user_data)
{
  DfuBluezNotifier *notifier = user_data;

  notifier->funcs->hung_up(notifier->user_data);
}

static const DfuAcquiredFdFuncs fd_funcs = { .message = on_message, .hung_up = on_hung_up };

static void on_notify_started(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezNotifier *notifier = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  notifier->funcs->started(error, notifier->user_data);
}

static void start_by_signal(DfuBluezNotifier *notifier)
{
  /* A value may be signalled before the answer to this call is there. */
  notifier->is_by_signal = TRUE;
  dfu_bluez_bus_call(notifier->bus, notifier->path, DFU_BLUEZ_CHARACTERISTIC, "StartNotify", NULL,
                     START_TIMEOUT_MS, notifier->cancellable, on_notify_started, notifier);
}

/*
 * Whether StartNotify may do what AcquireNotify could not. Without an answer the
 * daemon is still at it, and the reasons of a lost link or object hold for both;
 * where another program has the descriptor, StartNotify is refused as well.
 */
static gboolean is_refusal(const GError *error)
{
  DfuBluezFault fault = dfu_bluez_error_classify(error);

  return !fault.link_lost && !fault.repeatable && fault.code != DFU_ERROR_BLUETOOTH &&
         !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void on_acquired(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  int fd = -1;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, &fd, &error);
  DfuBluezNotifier *notifier = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  notifier->is_waiting = FALSE;
  if (error == NULL) {
    notifier->acquired = dfu_acquired_fd_new(fd, &fd_funcs, notifier);
    notifier->funcs->started(NULL, notifier->user_data);
  } else if (is_refusal(error)) {
    start_by_signal(notifier);
  } else {
    notifier->funcs->started(error, notifier->user_data);
  }
}

DfuBluezNotifier *dfu_bluez_notifier_new(DfuBluezBus *bus, const char *path,
                                         const DfuBluezNotifierFuncs *funcs, gpointer user_data)
{
  DfuBluezNotifier *notifier = g_new0(DfuBluezNotifier, 1);

  notifier->bus = bus;
  notifier->path = g_strdup(path);
  notifier->funcs = funcs;
  notifier->user_data = user_data;
  notifier->cancellable = g_cancellable_new();
  notifier->is_waiting = TRUE;
  dfu_bluez_bus_call(bus, path, DFU_BLUEZ_CHARACTERISTIC, "AcquireNotify",
                     g_variant_new("(a{sv})", NULL), START_TIMEOUT_MS, notifier->cancellable,
                     on_acquired, notifier);
  return notifier;
}

void dfu_bluez_notifier_on_change(DfuBluezNotifier *notifier, const DfuBluezChange *change)
{
  g_autoptr(GVariant) value = NULL;
  gsize len;
  const guint8 *bytes;

  if (!notifier->is_by_signal || change->type != DFU_BLUEZ_CHANGED ||
      g_strcmp0(change->path, notifier->path) != 0)
    return;
  value = g_variant_lookup_value(change->properties, "Value", G_VARIANT_TYPE_BYTESTRING);
  if (value == NULL)
    return;
  bytes = g_variant_get_fixed_array(value, &len, 1);
  notifier->funcs->notified(bytes, len, notifier->user_data);
}

void dfu_bluez_notifier_drain(DfuBluezNotifier *notifier)
{
  if (notifier->acquired != NULL)
    dfu_acquired_fd_drain(notifier->acquired);
}

gboolean dfu_bluez_notifier_is_waiting(const DfuBluezNotifier *notifier)
{
  return notifier->is_waiting;
}

void dfu_bluez_notifier_cancel(DfuBluezNotifier *notifier)
{
  if (notifier->is_waiting)
    dfu_bluez_bus_call(notifier->bus, notifier->path, DFU_BLUEZ_CHARACTERISTIC, "StopNotify", NULL,
                       START_TIMEOUT_MS, NULL, NULL, NULL);
  notifier->is_waiting = FALSE;
}

void dfu_bluez_notifier_free(DfuBluezNotifier *notifier)
{
  if (notifier == NULL)
    return;
  g_cancellable_cancel(notifier->cancellable);
  g_object_unref(notifier->cancellable);
  dfu_acquired_fd_free(notifier->acquired);
  g_free(notifier->path);
  g_free(notifier);
}
