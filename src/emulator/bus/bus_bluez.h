/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The board behind org.bluez on a D-Bus bus: the daemon, one adapter (hci0)
 * and whatever devices it has heard. As BlueZ 5.66 behaves, observed.
 */
#ifndef DFU_EMULATOR_BUS_BUS_BLUEZ_H
#define DFU_EMULATOR_BUS_BUS_BLUEZ_H

#include <gio/gio.h>

#include "emulator/board/board.h"

typedef struct DfuBusBluez DfuBusBluez;

typedef struct {
  gboolean has_adapter;
  gboolean powered;
  guint disconnect_delay_ms; /* how long Disconnect takes; bluetoothd: 2000 */
  gint64 air_us;             /* how long a write takes on the air; 0: no time */
} DfuBusConfig;

/**
 * dfu_bus_bluez_new:
 * @connection: to the bus; it takes the name org.bluez there
 *
 * Listens to @board, which outlives it.
 *
 * Errors: %DFU_ERROR_BLUETOOTH: the name is taken or not allowed.
 * Returns: (transfer full) (nullable): the daemon
 */
DfuBusBluez *dfu_bus_bluez_new(GDBusConnection *connection, DfuBoard *board,
                               const DfuBusConfig *config, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
void dfu_bus_bluez_free(DfuBusBluez *bluez);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBusBluez, dfu_bus_bluez_free)

#endif
