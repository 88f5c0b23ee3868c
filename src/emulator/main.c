/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble-target: an emulated DFU target, as BlueZ would show it on D-Bus.
 * Options, and the order in which things start and end.
 */
#include <gio/gio.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "dfu/error.h"
#include "emulator/board.h"
#include "emulator/bus_bluez.h"
#include "emulator/options.h"
#include "emulator/private_bus.h"
#include "emulator/run_command.h"
#include "emulator/signals.h"

enum { EXIT_TROUBLE = 1, EXIT_USAGE = 2, EXIT_NO_COMMAND = 127 };

typedef struct {
  GMainLoop *loop;
  DfuRunCommand *command; /* NULL: no --run */
  int status;
} Program;

static void on_signal(int signal, gboolean from_terminal, gpointer user_data)
{
  Program *program = user_data;

  if (program->command == NULL) {
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

static void on_bus_closed(GDBusConnection *connection G_GNUC_UNUSED,
                          gboolean we_closed_it G_GNUC_UNUSED, GError *error, gpointer user_data)
{
  Program *program = user_data;

  g_printerr("dfu-ble-target: the bus is gone: %s.\n",
             error != NULL ? error->message : "its daemon closed the connection");
  program->status = EXIT_TROUBLE;
  g_main_loop_quit(program->loop);
}

static GDBusConnection *connect_to_bus(const char *address, GError **error)
{
  g_autoptr(GError) cause = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync(
    address,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
    NULL, NULL, &cause);

  if (connection == NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH, "Cannot connect to the bus %s: %s.", address,
                cause->message);
  }
  return connection;
}

/* Starts the command, or tells whoever started us where the bus is. */
static gboolean announce(Program *program, const DfuOptions *options, const char *address)
{
  g_autoptr(GError) error = NULL;

  if (options->command == NULL) {
    printf("%s\n", address);
    fflush(stdout);
    return TRUE;
  }
  program->command =
    dfu_run_command_new(options->command, address, on_command_ended, program, &error);
  if (program->command == NULL) {
    g_printerr("dfu-ble-target: cannot run %s: %s.\n", options->command[0], error->message);
    program->status = EXIT_NO_COMMAND;
    return FALSE;
  }
  return TRUE;
}

static gboolean serve(Program *program, const DfuOptions *options, GError **error)
{
  g_autoptr(DfuBoardLog) log = NULL;
  g_autoptr(DfuBoard) board = NULL;
  g_autoptr(DfuPrivateBus) bus = NULL;
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(DfuBusBluez) bluez = NULL;
  const char *address = options->bus_address;
  gulong closed_id;

  log = dfu_board_log_new(options->log_path, error);
  if (log == NULL) {
    return FALSE;
  }
  if (address == NULL) {
    bus = dfu_private_bus_new(error);
    if (bus == NULL) {
      return FALSE;
    }
    address = dfu_private_bus_get_address(bus);
  }
  connection = connect_to_bus(address, error);
  if (connection == NULL) {
    return FALSE;
  }
  board = dfu_board_new(&options->board, log);
  bluez = dfu_bus_bluez_new(connection, board, &options->bus, error);
  if (bluez == NULL) {
    return FALSE;
  }
  closed_id = g_signal_connect(connection, "closed", G_CALLBACK(on_bus_closed), program);
  if (announce(program, options, address)) {
    g_main_loop_run(program->loop);
  }
  g_signal_handler_disconnect(connection, closed_id);
  g_clear_pointer(&program->command, dfu_run_command_free);
  return TRUE;
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
