/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which adapter of this host to use, and what to do where none is usable.
 *
 * Source: BlueZ, doc/org.bluez.Adapter1.rst; Linux, Documentation/driver-api/rfkill.rst.
 */
#ifndef DFU_BLUEZ_ADAPTER_H
#define DFU_BLUEZ_ADAPTER_H

#include "bluez/bus.h"

/** Whether @name is of the form "hci0". */
gboolean dfu_bluez_adapter_is_name(const char *name);

/**
 * dfu_bluez_adapter_choose:
 * @wanted: (nullable): "hci0", or NULL for the first powered one
 *
 * Errors: DFU_ERROR_BLUETOOTH: there is none, it is powered off, or blocked;
 * with what to do about it.
 * Returns: (transfer full) (nullable): the adapter's object path
 */
char *dfu_bluez_adapter_choose(DfuBluezObjects *objects, const char *wanted, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** Whether @change is that of @adapter, an object path, which is off or gone now. */
gboolean dfu_bluez_adapter_went_off(DfuBluezObjects *objects, const char *adapter,
                                    const DfuBluezChange *change);

typedef enum { DFU_RFKILL_FREE, DFU_RFKILL_SOFT, DFU_RFKILL_HARD } DfuRfkill;

/** Whether the kernel blocks a Bluetooth radio; @directory is /sys/class/rfkill. */
DfuRfkill dfu_bluez_adapter_rfkill(const char *directory);

#endif
