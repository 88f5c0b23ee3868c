/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the events: Bluetooth Core, Vol 4, Part E, 7.7.
 */
#include "emulator/air/hci_target.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <string.h>

#include "base/deadline.h"
#include "dfu/error.h"
#include "emulator/air/att_pdu.h"
#include "emulator/air/hci_air.h"
#include "emulator/air/hci_link.h"

struct DfuHciTarget {
  const DfuHciController *controller;
  DfuBoard *board;
  DfuBoardLog *log;
  DfuHciConfig config;
  DfuHciFailedFunc failed;
  gpointer user_data;
  gboolean has_failed;
  DfuHciChannel *channel;
  DfuHciAir *air;
  DfuHciLink *link; /* NULL: nobody is connected */
};

enum {
  CONNECTION_HANDLE_MASK = 0x0fff,
  PERIPHERAL = 0x01,
  ADVERTISING_TIMEOUT = 0x3c, /* status: nobody answered directed advertising */
  LAST_DISCONNECT_US = 1000000,
};

static void on_failed(const char *what, gpointer user_data)
{
  DfuHciTarget *target = user_data;
  g_autoptr(GError) error = g_error_new(DFU_ERROR, DFU_ERROR_BLUETOOTH, "%s does no more: %s.",
                                        target->controller->name, what);

  if (!target->has_failed) {
    target->has_failed = TRUE;
    target->failed(error, target->user_data);
  }
}

static gboolean is_linked(const DfuHciTarget *target, const guint8 *handle)
{
  return target->link != NULL
         && (bt_get_le16(handle) & CONNECTION_HANDLE_MASK) == dfu_hci_link_get_handle(target->link);
}

/* Status, handle, role, address type and address of the peer, interval, latency, ... */
static void on_connection_complete(DfuHciTarget *target, const guint8 *bytes)
{
  DfuHciLinkConfig config = {
    .board = target->board,
    .log = target->log,
    .channel = target->channel,
    .buffers = target->controller->buffers,
    .asks_for_update = target->config.asks_for_update,
  };

  DfuHciPeer peer = {.address_type = bytes[4]};

  if (bytes[0] == ADVERTISING_TIMEOUT) {
    dfu_hci_air_timed_out(target->air);
    return;
  }
  if (bytes[0] != 0 || bytes[3] != PERIPHERAL || target->link != NULL) {
    return;
  }
  memcpy(peer.address, bytes + 5, sizeof peer.address);
  target->link = dfu_hci_link_new(&config, bt_get_le16(bytes + 1) & CONNECTION_HANDLE_MASK);
  dfu_hci_air_connected(target->air, &peer);
  dfu_board_connect(target->board, ATT_DEFAULT_MTU);
  if (!dfu_board_is_connected(target->board)) { /* it has just left the air, or drops it */
    dfu_hci_link_close(target->link);
  }
}

/* Status, handle, reason. */
static void on_disconnection_complete(DfuHciTarget *target, const guint8 *bytes)
{
  if (bytes[0] != 0 || !is_linked(target, bytes + 1)) {
    return;
  }
  g_clear_pointer(&target->link, dfu_hci_link_free);
  dfu_board_disconnect(target->board);
  dfu_hci_air_disconnected(target->air);
}

/* Status, handle, interval in 1.25 ms, latency, supervision timeout in 10 ms. */
static void on_connection_updated(DfuHciTarget *target, const guint8 *bytes)
{
  if (bytes[0] == 0 && is_linked(target, bytes + 1)) {
    dfu_board_log_line(target->log, "connection interval %.2f ms, latency %u, timeout %u ms",
                       bt_get_le16(bytes + 3) * 1.25, bt_get_le16(bytes + 5),
                       bt_get_le16(bytes + 7) * 10u);
  }
}

/* Handle, ...: the peer wants to encrypt with a key that nobody has. */
static void on_key_wanted(DfuHciTarget *target, const guint8 *bytes)
{
  dfu_hci_channel_command(target->channel, DFU_HCI_LE_LONG_TERM_KEY_NEGATIVE_REPLY, bytes, 2, NULL,
                          NULL);
}

/* A number of connections; then for each of them its handle and a number of packets. */
static void on_packets_completed(DfuHciTarget *target, const guint8 *bytes, gsize len)
{
  enum { ENTRY_BYTES = 4 };

  for (gsize i = 0; i < bytes[0] && 1 + (i + 1) * ENTRY_BYTES <= len; i++) {
    const guint8 *entry = bytes + 1 + i * ENTRY_BYTES;

    if (is_linked(target, entry)) {
      dfu_hci_link_completed(target->link, bt_get_le16(entry + 2));
    }
  }
}

static void on_le_event(DfuHciTarget *target, const guint8 *bytes, gsize len)
{
  static const struct {
    guint8 code;
    gsize min_bytes; /* of its parameters */
    void (*func)(DfuHciTarget *target, const guint8 *bytes);
  } events[] = {
    {EVT_LE_CONN_COMPLETE, EVT_LE_CONN_COMPLETE_SIZE, on_connection_complete},
    {EVT_LE_CONN_UPDATE_COMPLETE, EVT_LE_CONN_UPDATE_COMPLETE_SIZE, on_connection_updated},
    {EVT_LE_LTK_REQUEST, EVT_LE_LTK_REQUEST_SIZE, on_key_wanted},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
    if (bytes[0] == events[i].code && len > events[i].min_bytes) {
      events[i].func(target, bytes + 1);
    }
  }
}

static void on_event(guint8 code, const guint8 *bytes, gsize len, gpointer user_data)
{
  DfuHciTarget *target = user_data;

  if (code == EVT_DISCONN_COMPLETE && len >= EVT_DISCONN_COMPLETE_SIZE) {
    on_disconnection_complete(target, bytes);
  } else if (code == EVT_NUM_COMP_PKTS && len >= EVT_NUM_COMP_PKTS_SIZE) {
    on_packets_completed(target, bytes, len);
  } else if (code == EVT_LE_META_EVENT && len >= EVT_LE_META_EVENT_SIZE) {
    on_le_event(target, bytes, len);
  }
}

static void on_data(guint16 handle, gboolean first, const guint8 *bytes, gsize len,
                    gpointer user_data)
{
  DfuHciTarget *target = user_data;

  if (target->link != NULL && handle == dfu_hci_link_get_handle(target->link)) {
    dfu_hci_link_receive(target->link, first, bytes, len);
  }
}

static void on_advertising_changed(gpointer user_data)
{
  DfuHciTarget *target = user_data;

  dfu_hci_air_update(target->air);
}

static void on_answered(guint8 att_error, gpointer user_data)
{
  DfuHciTarget *target = user_data;

  dfu_hci_link_answered(target->link, att_error);
}

static void on_notified(guint16 handle, const guint8 *bytes, gsize len, gpointer user_data)
{
  DfuHciTarget *target = user_data;

  dfu_hci_link_notified(target->link, handle, bytes, len);
}

static void on_board_disconnected(gpointer user_data)
{
  DfuHciTarget *target = user_data;

  dfu_hci_link_close(target->link);
}

DfuHciTarget *dfu_hci_target_new(const DfuHciController *controller, DfuBoard *board,
                                 DfuBoardLog *log, const DfuHciConfig *config,
                                 DfuHciFailedFunc failed, gpointer user_data)
{
  static const DfuHciChannelFuncs channel_funcs = {on_event, on_data, on_failed};
  static const DfuBoardListener listener = {on_advertising_changed, on_answered, on_notified,
                                            on_board_disconnected};
  DfuHciTarget *target = g_new0(DfuHciTarget, 1);

  target->controller = controller;
  target->board = board;
  target->log = log;
  target->config = *config;
  target->failed = failed;
  target->user_data = user_data;
  target->channel = dfu_hci_channel_new(controller->fd, &channel_funcs, target);
  target->air = dfu_hci_air_new(board, target->channel, config->renew_ms, on_failed, target);
  dfu_board_set_listener(board, &listener, target);
  dfu_hci_air_update(target->air);
  return target;
}

static void on_patience_ended(gpointer user_data)
{
  gboolean *ended = user_data;

  *ended = TRUE;
}

/*
 * A controller that is reset leaves the peer without a word. A real one then has
 * its supervision timeout; an emulated one would stay connected for ever.
 */
static void end_connection(DfuHciTarget *target)
{
  gboolean ended = FALSE;
  GSource *patience = dfu_deadline_new(on_patience_ended, &ended);

  dfu_deadline_set(patience, g_get_monotonic_time() + LAST_DISCONNECT_US);
  dfu_hci_link_close(target->link);
  while (target->link != NULL && !ended && !target->has_failed) {
    g_main_context_iteration(NULL, TRUE);
  }
  dfu_deadline_free(patience);
}

void dfu_hci_target_free(DfuHciTarget *target)
{
  if (target->link != NULL && !target->has_failed) {
    end_connection(target);
  }
  dfu_board_set_listener(target->board, NULL, NULL);
  g_clear_pointer(&target->link, dfu_hci_link_free);
  dfu_hci_air_free(target->air);
  dfu_hci_channel_free(target->channel);
  g_free(target);
}
