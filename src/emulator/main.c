/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble-target: an emulated DFU target, as BlueZ would show it on D-Bus, or on the air.
 * Options, and the order in which things start and end.
 */
#include <gio/gio.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dfu/error.h"
#include "emulator/board/board.h"
#include "emulator/bus/bus_daemon.h"
#include "emulator/air/hci_target.h"
#include "emulator/options.h"
#include "emulator/private_bus.h"
#include "emulator/run_command.h"
#include "emulator/signals.h"

enum { EXIT_TROUBLE = 1, EXIT_USAGE = 2, EXIT_NO_COMMAND = 127 };

typedef struct {
  GMainLoop *loop;
  DfuRunCommand *command; /* NULL: no --run */
  DfuBusDaemon *daemon;   /* NULL: on the air */
  int status;
} Program;

static void on_signal(int signal, gboolean from_terminal, gpointer user_data)
{
  Program *program = user_data;

  if (signal == SIGUSR1 || signal == SIGUSR2) {
    if (program->daemon != NULL) {
      dfu_bus_daemon_set_running(program->daemon, signal == SIGUSR2);
    }
  } else if (program->command == NULL) {
    g_main_loop_quit(program->loop);
  } else if (!from_terminal) { /* otherwise the command has it already */
    dfu_run_command_signal(program->command, signal);
  }
}

static void on_command_ended(int status, gpointer user_data)
{
  Program *program = user_data;

  program->status = status;
  g_main_loop_quit(program->loop);
}

static void on_failed(const GError *error, gpointer user_data)
{
  Program *program = user_data;

  g_printerr("dfu-ble-target: %s\n", error->message);
  program->status = EXIT_TROUBLE;
  g_main_loop_quit(program->loop);
}

/* Starts the command, or tells whoever started us where the bus is, or on the air the device. */
static gboolean announce(Program *program, const DfuOptions *options, const char *bus_address)
{
  g_autoptr(GError) error = NULL;

  if (options->command == NULL) {
    printf("%s\n", bus_address != NULL ? bus_address : options->board.address);
    fflush(stdout);
    return TRUE;
  }
  program->command =
    dfu_run_command_new(options->command, bus_address, on_command_ended, program, &error);
  if (program->command == NULL) {
    g_printerr("dfu-ble-target: cannot run %s: %s.\n", options->command[0], error->message);
    program->status = EXIT_NO_COMMAND;
    return FALSE;
  }
  return TRUE;
}

static void run(Program *program, const DfuOptions *options, const char *bus_address)
{
  if (announce(program, options, bus_address)) {
    g_main_loop_run(program->loop);
  }
  g_clear_pointer(&program->command, dfu_run_command_free);
}

static gboolean serve_on_bus(Program *program, const DfuOptions *options, DfuBoardLog *log,
                             GError **error)
{
  g_autoptr(DfuBoard) board = NULL;
  g_autoptr(DfuPrivateBus) bus = NULL;
  g_autoptr(DfuBusDaemon) daemon = NULL;
  const char *address = options->bus_address;

  if (address == NULL) {
    bus = dfu_private_bus_new(error);
    if (bus == NULL) {
      return FALSE;
    }
    address = dfu_private_bus_get_address(bus);
  }
  board = dfu_board_new(&options->board, log);
  daemon = dfu_bus_daemon_new(address, board, &options->bus, on_failed, program, error);
  if (daemon == NULL) {
    return FALSE;
  }
  program->daemon = daemon;
  run(program, options, address);
  program->daemon = NULL;
  return TRUE;
}

static gboolean serve_on_air(Program *program, const DfuOptions *options, DfuBoardLog *log,
                             GError **error)
{
  g_auto(DfuHciController) controller = {.fd = -1};
  g_autoptr(DfuBoard) board = NULL;
  g_autoptr(DfuHciTarget) target = NULL;

  if (!dfu_hci_controller_open(options->hci_index, &controller, error)) {
    return FALSE;
  }
  board = dfu_board_new(&options->board, log);
  target = dfu_hci_target_new(&controller, board, log, &options->hci, on_failed, program);
  run(program, options, NULL);
  return TRUE;
}

static gboolean serve(Program *program, const DfuOptions *options, GError **error)
{
  g_autoptr(DfuBoardLog) log = dfu_board_log_new(options->log_path, error);

  if (log == NULL) {
    return FALSE;
  }
  return options->on_air ? serve_on_air(program, options, log, error)
                         : serve_on_bus(program, options, log, error);
}

int main(int argc G_GNUC_UNUSED, char **argv)
{
  g_autoptr(GMainLoop) loop = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(DfuOptions) options = {0};
  Program program = {0};

  setlocale(LC_ALL, "");
  if (!dfu_options_parse(&options, argv, &error)) {
    g_printerr("dfu-ble-target: %s\nTry 'dfu-ble-target --help'.\n", error->message);
    return EXIT_USAGE;
  }
  if (options.exit_now) {
    return EXIT_SUCCESS;
  }
  loop = g_main_loop_new(NULL, FALSE);
  program.loop = loop;
  dfu_signals_watch(on_signal, &program);
  if (!serve(&program, &options, &error)) {
    g_printerr("dfu-ble-target: %s\n", error->message);
    return g_error_matches(error, DFU_ERROR, DFU_ERROR_USAGE) ? EXIT_USAGE : EXIT_TROUBLE;
  }
  return program.status;
}
