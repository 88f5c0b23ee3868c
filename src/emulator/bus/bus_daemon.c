/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_daemon.h"

#include "dfu/error.h"

struct DfuBusDaemon {
  const char *address;
  DfuBoard *board;
  const DfuBusConfig *config;
  DfuBusDaemonFunc failed;
  gpointer user_data;
  GDBusConnection *connection; /* NULL: it is not running */
  DfuBusBluez *bluez;
  gulong closed_id;
};

static void on_closed(GDBusConnection *connection G_GNUC_UNUSED,
                      gboolean we_closed_it G_GNUC_UNUSED, GError *error, gpointer user_data)
{
  DfuBusDaemon *daemon = user_data;
  g_autoptr(GError) gone = g_error_new(
    DFU_ERROR, DFU_ERROR_BLUETOOTH, "the bus is gone: %s.",
    error != NULL ? error->message : "its daemon closed the connection");

  daemon->failed(gone, daemon->user_data);
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

static gboolean start(DfuBusDaemon *daemon, GError **error)
{
  g_autoptr(GDBusConnection) connection = connect_to_bus(daemon->address, error);

  if (connection == NULL) {
    return FALSE;
  }
  daemon->bluez = dfu_bus_bluez_new(connection, daemon->board, daemon->config, error);
  if (daemon->bluez == NULL) {
    return FALSE;
  }
  daemon->connection = g_steal_pointer(&connection);
  daemon->closed_id =
    g_signal_connect(daemon->connection, "closed", G_CALLBACK(on_closed), daemon);
  return TRUE;
}

/* The connection goes first: a process that dies takes nothing off the bus by itself. */
static void stop(DfuBusDaemon *daemon)
{
  g_signal_handler_disconnect(daemon->connection, daemon->closed_id);
  g_dbus_connection_close_sync(daemon->connection, NULL, NULL);
  g_clear_pointer(&daemon->bluez, dfu_bus_bluez_free);
  g_clear_object(&daemon->connection);
  dfu_board_disconnect(daemon->board);
}

DfuBusDaemon *dfu_bus_daemon_new(const char *address, DfuBoard *board, const DfuBusConfig *config,
                                 DfuBusDaemonFunc failed, gpointer user_data, GError **error)
{
  g_autoptr(DfuBusDaemon) daemon = g_new0(DfuBusDaemon, 1);

  daemon->address = address;
  daemon->board = board;
  daemon->config = config;
  daemon->failed = failed;
  daemon->user_data = user_data;
  return start(daemon, error) ? g_steal_pointer(&daemon) : NULL;
}

void dfu_bus_daemon_set_running(DfuBusDaemon *daemon, gboolean running)
{
  g_autoptr(GError) error = NULL;

  if (running == (daemon->connection != NULL)) {
    return;
  }
  if (!running) {
    stop(daemon);
  } else if (!start(daemon, &error)) {
    daemon->failed(error, daemon->user_data);
  }
}

void dfu_bus_daemon_free(DfuBusDaemon *daemon)
{
  if (daemon->connection != NULL) {
    stop(daemon);
  }
  g_free(daemon);
}
