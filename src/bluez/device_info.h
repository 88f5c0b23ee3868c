/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The texts of a connected device's Device Information service. They are good to
 * know and never needed: one that is not there, is refused, or comes too late is
 * empty.
 *
 * Source: Bluetooth SIG, Device Information Service 1.1, section 3.
 */
#ifndef DFU_BLUEZ_DEVICE_INFO_H
#define DFU_BLUEZ_DEVICE_INFO_H

#include "bluez/bus.h"
#include "bluez/gatt.h"

typedef struct DfuBluezDeviceInfo DfuBluezDeviceInfo;

/** All that can be had was read; never called from within new. */
typedef void (*DfuBluezDeviceInfoFunc)(gpointer user_data);

/** Reads what @gatt has of it. */
DfuBluezDeviceInfo *dfu_bluez_device_info_new(DfuBluezBus *bus, const DfuBluezGatt *gatt,
                                              DfuBluezDeviceInfoFunc func, gpointer user_data);

/** Printable, perhaps empty; lives as long as @info. */
const char *dfu_bluez_device_info_get(const DfuBluezDeviceInfo *info, DfuBluezInfo which);

void dfu_bluez_device_info_free(DfuBluezDeviceInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezDeviceInfo, dfu_bluez_device_info_free)

#endif
