/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/run_command.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "emulator/child_process.h"

struct DfuRunCommand {
  GPid pid; /* 0: ended */
  guint watch_id;
  DfuRunCommandFunc func;
  gpointer user_data;
};

static void on_ended(GPid pid, gint wait_status, gpointer user_data)
{
  DfuRunCommand *command = user_data;

  g_spawn_close_pid(pid);
  command->pid = 0;
  command->watch_id = 0;
  command->func(WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status),
                command->user_data);
}

DfuRunCommand *dfu_run_command_new(char **argv, const char *bus_address,
                                   DfuRunCommandFunc func, gpointer user_data, GError **error)
{
  g_auto(GStrv) environment = g_get_environ();
  DfuRunCommand *command;
  GPid pid;

  if (bus_address != NULL) {
    environment = g_environ_setenv(environment, "DBUS_SYSTEM_BUS_ADDRESS", bus_address, TRUE);
  }
  if (!g_spawn_async(NULL, argv, environment,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN,
                     dfu_child_unblock_signals, NULL, &pid, error)) {
    return NULL;
  }
  command = g_new0(DfuRunCommand, 1);
  command->pid = pid;
  command->func = func;
  command->user_data = user_data;
  command->watch_id = g_child_watch_add(pid, on_ended, command);
  return command;
}

void dfu_run_command_free(DfuRunCommand *command)
{
  g_clear_handle_id(&command->watch_id, g_source_remove);
  dfu_run_command_signal(command, SIGTERM);
  g_free(command);
}

void dfu_run_command_signal(DfuRunCommand *command, int signal)
{
  if (command->pid != 0) {
    kill(command->pid, signal);
  }
}
