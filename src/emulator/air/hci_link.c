/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the times: nRF5 SDK 11.0.0, dfu_transport_ble.c.
 */
#include "emulator/air/hci_link.h"

#include <bluetooth/bluetooth.h>

#include "base/deadline.h"
#include "emulator/air/att_server.h"
#include "emulator/air/l2cap.h"
#include "emulator/air/l2cap_signalling.h"

enum {
  UPDATE_REQUEST_MS = 100,      /* FIRST_CONN_PARAMS_UPDATE_DELAY */
  CLOSING_US = 500000,          /* for what is still to be sent */
  REMOTE_USER_TERMINATED = 0x13,
};

struct DfuHciLink {
  DfuHciLinkConfig config;
  guint16 handle;
  DfuHciAcl *acl;
  DfuL2capReceiver receiver;
  DfuAttServer *att;
  guint update_id;
  gboolean closing;
  GSource *closing_overdue;
  gboolean disconnected; /* the controller was told to disconnect */
};

static void disconnect(DfuHciLink *link)
{
  guint8 parameters[3];

  if (link->disconnected) {
    return;
  }
  link->disconnected = TRUE;
  dfu_deadline_set(link->closing_overdue, G_MAXINT64);
  bt_put_le16(link->handle, parameters);
  parameters[2] = REMOTE_USER_TERMINATED;
  dfu_hci_channel_command(link->config.channel, DFU_HCI_DISCONNECT, parameters, sizeof parameters,
                          NULL, NULL);
}

static void on_closing_overdue(gpointer user_data)
{
  disconnect(user_data);
}

void dfu_hci_link_close(DfuHciLink *link)
{
  link->closing = TRUE;
  g_clear_handle_id(&link->update_id, g_source_remove);
  if (dfu_hci_acl_is_idle(link->acl)) {
    disconnect(link);
  } else {
    dfu_deadline_set(link->closing_overdue, g_get_monotonic_time() + CLOSING_US);
  }
}

static void send_frame(DfuHciLink *link, guint16 channel, const guint8 *payload, gsize len)
{
  if (!link->closing && !dfu_hci_acl_send(link->acl, channel, payload, len)) {
    dfu_board_log_line(link->config.log, "drops the connection: the other side takes nothing");
    dfu_hci_link_close(link);
  }
}

static void on_att_pdu(const guint8 *pdu, gsize len, gpointer user_data)
{
  send_frame(user_data, DFU_L2CAP_ATT, pdu, len);
}

static void on_acl_packet(const guint8 *packet, gsize len, gpointer user_data)
{
  DfuHciLink *link = user_data;

  dfu_hci_channel_send_data(link->config.channel, packet, len);
}

static gboolean on_update_due(gpointer user_data)
{
  DfuHciLink *link = user_data;
  guint8 pdu[DFU_SIGNALLING_MAX_BYTES];

  link->update_id = 0;
  send_frame(link, DFU_L2CAP_SIGNALLING, pdu, dfu_signalling_put_update_request(pdu));
  return G_SOURCE_REMOVE;
}

static void receive_signalling(DfuHciLink *link, const DfuL2capFrame *frame)
{
  guint8 pdu[DFU_SIGNALLING_MAX_BYTES];
  DfuUpdateAnswer update;
  gsize len = dfu_signalling_receive(frame->payload, frame->len, pdu, &update);

  if (len > 0) {
    send_frame(link, DFU_L2CAP_SIGNALLING, pdu, len);
  }
  if (update != DFU_UPDATE_NOT_ANSWERED) {
    dfu_board_log_line(link->config.log, "connection interval of 15 to 30 ms %s",
                       update == DFU_UPDATE_ACCEPTED ? "granted" : "refused");
  }
}

static void receive_smp(DfuHciLink *link, const DfuL2capFrame *frame)
{
  guint8 pdu[DFU_SMP_MAX_BYTES];
  gsize len = dfu_smp_receive(frame->payload, frame->len, pdu);

  if (len > 0) {
    send_frame(link, DFU_L2CAP_SMP, pdu, len);
  }
}

static void receive_frame(DfuHciLink *link, const DfuL2capFrame *frame)
{
  switch (frame->channel) {
  case DFU_L2CAP_ATT:
    dfu_att_server_receive(link->att, frame->payload, frame->len);
    break;
  case DFU_L2CAP_SIGNALLING:
    receive_signalling(link, frame);
    break;
  case DFU_L2CAP_SMP:
    receive_smp(link, frame);
    break;
  default: /* a channel that does not exist */
    break;
  }
}

void dfu_hci_link_receive(DfuHciLink *link, gboolean first, const guint8 *bytes, gsize len)
{
  DfuL2capFrame frame;

  if (dfu_l2cap_receive(&link->receiver, first, bytes, len, &frame) && !link->closing
      && !dfu_board_is_stalled(link->config.board)) {
    receive_frame(link, &frame);
  }
}

void dfu_hci_link_completed(DfuHciLink *link, guint16 buffers)
{
  dfu_hci_acl_completed(link->acl, buffers);
  if (link->closing && dfu_hci_acl_is_idle(link->acl)) {
    disconnect(link);
  }
}

void dfu_hci_link_answered(DfuHciLink *link, guint8 att_error)
{
  dfu_att_server_answered(link->att, att_error);
}

void dfu_hci_link_notified(DfuHciLink *link, guint16 handle, const guint8 *bytes, gsize len)
{
  dfu_att_server_notified(link->att, handle, bytes, len);
}

guint16 dfu_hci_link_get_handle(const DfuHciLink *link)
{
  return link->handle;
}

DfuHciLink *dfu_hci_link_new(const DfuHciLinkConfig *config, guint16 handle)
{
  DfuHciLink *link = g_new0(DfuHciLink, 1);

  link->config = *config;
  link->handle = handle;
  link->acl = dfu_hci_acl_new(handle, config->buffers, on_acl_packet, link);
  link->att = dfu_att_server_new(config->board, on_att_pdu, link);
  link->closing_overdue = dfu_deadline_new(on_closing_overdue, link);
  if (config->asks_for_update) {
    link->update_id = g_timeout_add(UPDATE_REQUEST_MS, on_update_due, link);
  }
  return link;
}

void dfu_hci_link_free(DfuHciLink *link)
{
  g_clear_handle_id(&link->update_id, g_source_remove);
  dfu_deadline_free(link->closing_overdue);
  dfu_att_server_free(link->att);
  dfu_hci_acl_free(link->acl);
  g_free(link);
}
