/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core, Vol 3, Part F, 3.3 and 3.4; for the refusal of long
 * writes, nRF5 SDK 11.0.0, dfu_transport_ble.c, which lends the SoftDevice no
 * memory for them.
 */
#include "emulator/air/att_server.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

#include "emulator/air/att_attributes.h"
#include "emulator/air/att_reading.h"

struct DfuAttServer {
  DfuBoard *board;
  DfuAttSendFunc send;
  gpointer user_data;
  guint16 mtu;
  guint16 written_handle; /* of the Write Request that the board has; 0: none */
};

typedef guint8 (*RequestFunc)(const DfuBoard *board, const guint8 *pdu, gsize len,
                              DfuAttReply *reply);

static void send_error(DfuAttServer *server, guint8 request, guint16 handle, guint8 error)
{
  guint8 pdu[5] = {ATT_ERROR_RESPONSE, request};

  bt_put_le16(handle, pdu + 2);
  pdu[4] = error;
  server->send(pdu, sizeof pdu, server->user_data);
}

static void exchange_mtu(DfuAttServer *server, const guint8 *pdu)
{
  guint8 response[3] = {ATT_EXCHANGE_MTU + 1};
  guint16 offered = bt_get_le16(pdu + 1);
  guint16 own = dfu_board_exchange_mtu(server->board, offered);

  bt_put_le16(own, response + 1);
  server->send(response, sizeof response, server->user_data);
  server->mtu = CLAMP(offered, ATT_DEFAULT_MTU, own);
}

static void write_attribute(DfuAttServer *server, const guint8 *pdu, gsize len)
{
  guint16 handle = bt_get_le16(pdu + 1);
  DfuAttAttribute attribute;

  if (!dfu_att_attribute_at(dfu_board_get_table(server->board), handle, &attribute)) {
    send_error(server, ATT_WRITE, handle, ATT_INVALID_HANDLE);
  } else if (attribute.is_declaration) {
    send_error(server, ATT_WRITE, handle, ATT_WRITE_NOT_PERMITTED);
  } else {
    server->written_handle = handle;
    dfu_board_write(server->board, handle, pdu + 3, len - 3);
  }
}

void dfu_att_server_answered(DfuAttServer *server, guint8 att_error)
{
  static const guint8 response[] = {ATT_WRITE + 1};
  guint16 handle = server->written_handle;

  server->written_handle = 0;
  if (att_error == 0) {
    server->send(response, sizeof response, server->user_data);
  } else {
    send_error(server, ATT_WRITE, handle, att_error);
  }
}

static guint8 prepare_write(const DfuBoard *board, const guint8 *pdu, gsize len G_GNUC_UNUSED,
                            DfuAttReply *reply)
{
  DfuAttAttribute attribute;

  reply->error_handle = bt_get_le16(pdu + 1);
  if (!dfu_att_attribute_at(dfu_board_get_table(board), reply->error_handle, &attribute)) {
    return ATT_INVALID_HANDLE;
  }
  if (attribute.is_declaration
      || (attribute.row->kind == DFU_GATT_CHARACTERISTIC
          && (attribute.row->properties & DFU_GATT_WRITE) == 0)) {
    return ATT_WRITE_NOT_PERMITTED;
  }
  return ATT_LONG_WRITE_REFUSED;
}

/* Nothing is ever prepared, so that there is nothing to do, and nothing to refuse. */
static guint8 execute_write(const DfuBoard *board G_GNUC_UNUSED, const guint8 *pdu,
                            gsize len G_GNUC_UNUSED, DfuAttReply *reply G_GNUC_UNUSED)
{
  return pdu[1] > 1 ? ATT_INVALID_PDU : 0;
}

/** Requests that are answered at once, and how long they may be. */
static const struct {
  guint8 opcode;
  gsize min_bytes;
  gsize max_bytes;
  RequestFunc func;
} requests[] = {
  {ATT_FIND_INFORMATION, 5, 5, dfu_att_find_information},
  {ATT_FIND_BY_TYPE_VALUE, 7, ATT_MAX_MTU, dfu_att_find_by_type_value},
  {ATT_READ_BY_TYPE, 7, 21, dfu_att_read_by_type},
  {ATT_READ, 3, 3, dfu_att_read},
  {ATT_READ_BLOB, 5, 5, dfu_att_read_blob},
  {ATT_READ_BY_GROUP_TYPE, 7, 21, dfu_att_read_by_group_type},
  {ATT_PREPARE_WRITE, 5, ATT_MAX_MTU, prepare_write},
  {ATT_EXECUTE_WRITE, 2, 2, execute_write},
};

static void answer(DfuAttServer *server, gsize i, const guint8 *pdu, gsize len)
{
  DfuAttReply reply = {.bytes = {pdu[0] + 1}, .len = 1, .max_bytes = server->mtu};
  guint8 error = ATT_INVALID_PDU;

  if (len >= requests[i].min_bytes && len <= requests[i].max_bytes) {
    error = requests[i].func(server->board, pdu, len, &reply);
  }
  if (error != 0) {
    send_error(server, pdu[0], reply.error_handle, error);
  } else {
    server->send(reply.bytes, reply.len, server->user_data);
  }
}

static void handle_request(DfuAttServer *server, const guint8 *pdu, gsize len)
{
  if (len > server->mtu) {
    send_error(server, pdu[0], 0, ATT_INVALID_PDU);
    return;
  }
  if (pdu[0] == ATT_EXCHANGE_MTU && len == 3) {
    exchange_mtu(server, pdu);
    return;
  }
  if (pdu[0] == ATT_WRITE && len >= 3) {
    write_attribute(server, pdu, len);
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
    if (requests[i].opcode == pdu[0]) {
      answer(server, i, pdu, len);
      return;
    }
  }
  send_error(server, pdu[0], 0,
             pdu[0] == ATT_EXCHANGE_MTU || pdu[0] == ATT_WRITE ? ATT_INVALID_PDU
                                                               : ATT_REQUEST_NOT_SUPPORTED);
}

/* Commands; responses, notifications and confirmations, which a client has no reason to send. */
static gboolean has_no_response(guint8 opcode)
{
  return (opcode & ATT_COMMAND_FLAG) != 0 || opcode % 2 == 1 || opcode == ATT_CONFIRMATION;
}

void dfu_att_server_receive(DfuAttServer *server, const guint8 *pdu, gsize len)
{
  /* A second request before the first is answered breaks the protocol: it gets no answer. */
  if (len == 0 || server->written_handle != 0 || dfu_board_is_stalled(server->board)) {
    return;
  }
  if (!has_no_response(pdu[0])) {
    handle_request(server, pdu, len);
  } else if (pdu[0] == ATT_WRITE_COMMAND && len >= 3 && len <= server->mtu) {
    dfu_board_command(server->board, bt_get_le16(pdu + 1), pdu + 3, len - 3);
  }
}

void dfu_att_server_notified(DfuAttServer *server, guint16 handle, const guint8 *bytes, gsize len)
{
  const DfuGattRow *row = dfu_gatt_table_find(dfu_board_get_table(server->board), handle);
  gboolean indicates = row != NULL && (row->properties & DFU_GATT_INDICATE) != 0;
  guint8 pdu[ATT_MAX_MTU] = {indicates ? ATT_INDICATION : ATT_NOTIFICATION};

  len = MIN(len, server->mtu - 3u);
  bt_put_le16(handle, pdu + 1);
  memcpy(pdu + 3, bytes, len);
  server->send(pdu, 3 + len, server->user_data);
}

DfuAttServer *dfu_att_server_new(DfuBoard *board, DfuAttSendFunc send, gpointer user_data)
{
  DfuAttServer *server = g_new0(DfuAttServer, 1);

  server->board = board;
  server->send = send;
  server->user_data = user_data;
  server->mtu = ATT_DEFAULT_MTU;
  return server;
}

void dfu_att_server_free(DfuAttServer *server)
{
  g_free(server);
}
