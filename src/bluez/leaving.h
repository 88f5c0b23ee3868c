/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Ending a connection, or a connecting that is under way. Device1.Disconnect
 * does both; its answer takes 2 s, and Connected turns false up to 100 ms after
 * it. Only then may the device be connected again.
 */
#ifndef DFU_BLUEZ_LEAVING_H
#define DFU_BLUEZ_LEAVING_H

#include "bluez/bus.h"

typedef struct DfuBluezLeaving DfuBluezLeaving;

typedef void (*DfuBluezLeftFunc)(gpointer user_data);

/**
 * dfu_bluez_leaving_new:
 * @func: called once, when the device is not connected any more or a time limit
 *   is over; never from within; it may free the leaving
 */
DfuBluezLeaving *dfu_bluez_leaving_new(DfuBluezBus *bus, const char *device,
                                       DfuBluezLeftFunc func, gpointer user_data);

/** Something changed on the bus. */
void dfu_bluez_leaving_on_change(DfuBluezLeaving *leaving);

/** The Disconnect that was sent is not taken back. */
void dfu_bluez_leaving_free(DfuBluezLeaving *leaving);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezLeaving, dfu_bluez_leaving_free)

#endif
