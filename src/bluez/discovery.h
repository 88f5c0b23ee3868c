/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Our own share in an adapter's discovery: LE only, every advertisement told.
 * bluetoothd takes one start or stop of a client at a time, so the two are put
 * in a row here; what was wanted last is what comes true.
 */
#ifndef DFU_BLUEZ_DISCOVERY_H
#define DFU_BLUEZ_DISCOVERY_H

#include "bluez/bus.h"

typedef struct DfuBluezDiscovery DfuBluezDiscovery;

/** @error: (nullable): as GDBus returned it. */
typedef void (*DfuBluezDiscoveryFunc)(const GError *error, gpointer user_data);

DfuBluezDiscovery *dfu_bluez_discovery_new(DfuBluezBus *bus);

/** Leaves no discovery of ours behind. */
void dfu_bluez_discovery_free(DfuBluezDiscovery *discovery);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezDiscovery, dfu_bluez_discovery_free)

/**
 * Discovery on. @func hears when it is, or why not, unless it is stopped before;
 * from within this call where it is on already.
 */
void dfu_bluez_discovery_start(DfuBluezDiscovery *discovery, const char *adapter,
                               DfuBluezDiscoveryFunc func, gpointer user_data);

/**
 * Discovery off. @func, if not NULL, hears when it is, with no error ever; from
 * within this call where it is off already.
 */
void dfu_bluez_discovery_stop(DfuBluezDiscovery *discovery, DfuBluezDiscoveryFunc func,
                              gpointer user_data);

/** bluetoothd went away, and our discovery with it. */
void dfu_bluez_discovery_forget(DfuBluezDiscovery *discovery);

#endif
