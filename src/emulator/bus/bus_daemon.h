/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bluetoothd as a process: it comes to the bus, and may die there without a
 * word and be started again, while the board goes on living.
 */
#ifndef DFU_EMULATOR_BUS_BUS_DAEMON_H
#define DFU_EMULATOR_BUS_BUS_DAEMON_H

#include "emulator/bus/bus_bluez.h"

typedef struct DfuBusDaemon DfuBusDaemon;

/** The bus is gone, or the daemon could not be started again: nothing more can be served. */
typedef void (*DfuBusDaemonFunc)(const GError *error, gpointer user_data);

/**
 * dfu_bus_daemon_new:
 * @address: of the bus; outlives the daemon, as @board and @config do
 *
 * Starts it.
 *
 * Errors: %DFU_ERROR_BLUETOOTH: no connection to the bus, or the name is taken.
 * Returns: (transfer full) (nullable): the daemon
 */
DfuBusDaemon *dfu_bus_daemon_new(const char *address, DfuBoard *board, const DfuBusConfig *config,
                                 DfuBusDaemonFunc failed, gpointer user_data, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
void dfu_bus_daemon_free(DfuBusDaemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBusDaemon, dfu_bus_daemon_free)

/**
 * Kills it, or starts it again with nothing remembered. What hung on it when it
 * is killed is closed without a signal, and the board loses its link.
 */
void dfu_bus_daemon_set_running(DfuBusDaemon *daemon, gboolean running);

#endif
