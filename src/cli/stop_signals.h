/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The signals by which a user stops a command that is on its way.
 */
#ifndef DFU_CLI_STOP_SIGNALS_H
#define DFU_CLI_STOP_SIGNALS_H

#include <glib.h>

#define DFU_N_STOP_SIGNALS 3

typedef struct {
  guint ids[DFU_N_STOP_SIGNALS]; /* of their sources; 0: not taken */
} DfuStopSignals;

/** From here on each SIGINT, SIGTERM and SIGHUP calls @func, which returns G_SOURCE_CONTINUE. */
void dfu_stop_signals_take(DfuStopSignals *signals, GSourceFunc func, gpointer user_data);

/** From here on they end the program, as before. */
void dfu_stop_signals_give_back(DfuStopSignals *signals);

#endif
