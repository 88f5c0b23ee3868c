/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Notifications of one characteristic: through the descriptor of AcquireNotify,
 * which loses none in a burst, or by StartNotify and PropertiesChanged where
 * that is refused.
 */
#ifndef DFU_BLUEZ_NOTIFIER_H
#define DFU_BLUEZ_NOTIFIER_H

#include "bluez/bus.h"

typedef struct DfuBluezNotifier DfuBluezNotifier;

/** Never called from within a call; each may free the notifier. */
typedef struct {
  /** @error: (nullable): as GDBus returned it. */
  void (*started)(const GError *error, gpointer user_data);
  void (*notified)(const guint8 *bytes, gsize len, gpointer user_data);
  /** The descriptor ended: the link is lost, or the object was replaced. */
  void (*hung_up)(gpointer user_data);
} DfuBluezNotifierFuncs;

/** Asks for the notifications of the characteristic @path. */
DfuBluezNotifier *dfu_bluez_notifier_new(DfuBluezBus *bus, const char *path,
                                         const DfuBluezNotifierFuncs *funcs, gpointer user_data);

void dfu_bluez_notifier_on_change(DfuBluezNotifier *notifier, const DfuBluezChange *change);

/** Hands over what came in before a lost link was noticed. */
void dfu_bluez_notifier_drain(DfuBluezNotifier *notifier);

/**
 * Whether bluetoothd owes an answer. Up to 5.83 it never gives one where the link is lost
 * meanwhile, and takes the characteristic for acquired from then on, for as long as its object
 * lives (src/gatt-client.c, register_notify_io_cb).
 */
gboolean dfu_bluez_notifier_is_waiting(const DfuBluezNotifier *notifier);

/** Takes a call that is not answered yet back, while the link is up. */
void dfu_bluez_notifier_cancel(DfuBluezNotifier *notifier);

void dfu_bluez_notifier_free(DfuBluezNotifier *notifier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezNotifier, dfu_bluez_notifier_free)

#endif
