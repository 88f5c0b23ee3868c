/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A D-Bus bus of our own: a dbus-daemon that everybody of this user may use,
 * in a private directory, gone when the program is gone.
 */
#ifndef DFU_EMULATOR_PRIVATE_BUS_H
#define DFU_EMULATOR_PRIVATE_BUS_H

#include <glib.h>

typedef struct DfuPrivateBus DfuPrivateBus;

/**
 * dfu_private_bus_new:
 * @error: return location for a #GError
 *
 * Starts the daemon and waits for its address. It ends with this process, even
 * if that is killed.
 *
 * Errors: %DFU_ERROR_BLUETOOTH: dbus-daemon is missing or did not start;
 * %DFU_ERROR_INTERNAL: no place for its socket.
 * Returns: (transfer full) (nullable): the bus
 */
DfuPrivateBus *dfu_private_bus_new(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Ends the daemon, waits for that, and removes its directory. */
void dfu_private_bus_free(DfuPrivateBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuPrivateBus, dfu_private_bus_free)

/** The address, fit for DBUS_SYSTEM_BUS_ADDRESS; owned by the bus. */
const char *dfu_private_bus_get_address(const DfuPrivateBus *bus);

#endif
