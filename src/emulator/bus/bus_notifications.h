/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who gets the notifications of one characteristic: whoever called StartNotify,
 * over connections, or the one that holds the descriptor of AcquireNotify, for
 * one connection. Writes the CCCD accordingly.
 */
#ifndef DFU_EMULATOR_BUS_BUS_NOTIFICATIONS_H
#define DFU_EMULATOR_BUS_BUS_NOTIFICATIONS_H

#include "emulator/bus/bus_link.h"
#include "emulator/bus/bus_objects.h"

typedef struct DfuBusNotifications DfuBusNotifications;

/** @object: that of the characteristic, not yet published; @cccd_handle 0: it has none. */
DfuBusNotifications *dfu_bus_notifications_new(DfuBusObject *object, DfuBusLink *link,
                                               const DfuGattRow *row, guint16 cccd_handle);
void dfu_bus_notifications_free(DfuBusNotifications *notifications);

/* The methods; each answers @invocation, now or later. */
void dfu_bus_notifications_acquire(DfuBusNotifications *notifications,
                                   GDBusMethodInvocation *invocation);
void dfu_bus_notifications_start(DfuBusNotifications *notifications,
                                 GDBusMethodInvocation *invocation);
void dfu_bus_notifications_stop(DfuBusNotifications *notifications,
                                GDBusMethodInvocation *invocation);

/** A connection is up again: writes the CCCD for those whose StartNotify is still in force. */
void dfu_bus_notifications_resubscribe(DfuBusNotifications *notifications);

/** The connection is gone: the descriptor of AcquireNotify ends. */
void dfu_bus_notifications_drop(DfuBusNotifications *notifications);

/** A notification came. */
void dfu_bus_notifications_deliver(DfuBusNotifications *notifications, const guint8 *bytes,
                                   gsize len);

#endif
