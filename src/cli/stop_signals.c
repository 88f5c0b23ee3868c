/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/stop_signals.h"

#include <glib-unix.h>
#include <signal.h>

static const int numbers[DFU_N_STOP_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };

/*
 * nohup ignores SIGHUP, and its user means it. That a shell ignores SIGINT for each job in its
 * background nobody means: whoever stops the script wants its jobs to stop well.
 */
static gboolean is_unwanted(int number)
{
  struct sigaction before;

  return number == SIGHUP && sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

void dfu_stop_signals_take(DfuStopSignals *signals, GSourceFunc func, gpointer user_data)
{
  for (guint i = 0; i < DFU_N_STOP_SIGNALS; i++)
    signals->ids[i] = is_unwanted(numbers[i]) ? 0 : g_unix_signal_add(numbers[i], func, user_data);
}

void dfu_stop_signals_give_back(DfuStopSignals *signals)
{
  for (guint i = 0; i < DFU_N_STOP_SIGNALS; i++)
    g_clear_handle_id(&signals->ids[i], g_source_remove);
}
