/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command of --run: a child that gets our signals and whose exit status
 * becomes ours.
 */
#ifndef DFU_EMULATOR_RUN_COMMAND_H
#define DFU_EMULATOR_RUN_COMMAND_H

#include <glib.h>

typedef struct DfuRunCommand DfuRunCommand;

/** The command ended; @status as a shell has it: its exit status, or 128 + signal. */
typedef void (*DfuRunCommandFunc)(int status, gpointer user_data);

/**
 * dfu_run_command_new:
 * @argv: NULL-terminated, not empty; looked up in PATH
 * @bus_address: (nullable): its DBUS_SYSTEM_BUS_ADDRESS; NULL leaves it as ours is
 *
 * Starts it, with our standard input, output and error.
 *
 * Errors: those of G_SPAWN_ERROR.
 * Returns: (transfer full) (nullable): the running command
 */
DfuRunCommand *dfu_run_command_new(char **argv, const char *bus_address,
                                   DfuRunCommandFunc func, gpointer user_data, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Ends it with SIGTERM if it still runs, and does not wait. */
void dfu_run_command_free(DfuRunCommand *command);

void dfu_run_command_signal(DfuRunCommand *command, int signal);

#endif
