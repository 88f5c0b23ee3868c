/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Taking away what BlueZ remembers of a device: its object, and with that the
 * services that it had on earlier connections. A bond is not ours to destroy: a
 * bonded device is left as it is.
 */
#ifndef DFU_BLUEZ_REMOVAL_H
#define DFU_BLUEZ_REMOVAL_H

#include "bluez/bus.h"

typedef struct DfuBluezRemoval DfuBluezRemoval;

/** It may free the removal. */
typedef void (*DfuBluezRemovedFunc)(gpointer user_data);

DfuBluezRemoval *dfu_bluez_removal_new(DfuBluezBus *bus);

/** Begins to take @device away, an object path, where there is such an object. */
void dfu_bluez_removal_begin(DfuBluezRemoval *removal, const char *device);

/**
 * Calls @func once, perhaps from within, when all that was begun has been answered;
 * NULL takes an earlier call of this back.
 */
void dfu_bluez_removal_await(DfuBluezRemoval *removal, DfuBluezRemovedFunc func,
                             gpointer user_data);

/** What was begun goes on. */
void dfu_bluez_removal_free(DfuBluezRemoval *removal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezRemoval, dfu_bluez_removal_free)

#endif
