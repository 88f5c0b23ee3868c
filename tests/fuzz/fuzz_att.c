/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a central may send to a board on the air. The first byte chooses the ATT
 * MTU of the board; then each message is a kind, a length n, and n bytes:
 *
 *   0 an ATT PDU              2 a fragment that begins an L2CAP frame
 *   1 a signalling PDU        3 a fragment that continues one
 *                             4 a Security Manager PDU
 */
#include <assert.h>
#include <string.h>

#include "emulator/air/att_server.h"
#include "emulator/air/l2cap.h"
#include "emulator/air/l2cap_signalling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef struct {
  DfuBoard *board;
  DfuAttServer *server;
  DfuL2capReceiver receiver;
  guint8 request;     /* opcode of the PDU that is being handled */
  guint n_responses;  /* to it */
  gboolean connected;
} Central;

enum { ERROR_RESPONSE = 0x01, NOTIFICATION = 0x1b, MAX_PDU = 517, COMMAND_FLAG = 0x40 };

static void on_sent(const guint8 *pdu, gsize len, gpointer user_data)
{
  Central *central = user_data;

  assert(len >= 1 && len <= MAX_PDU);
  if (pdu[0] == NOTIFICATION) {
    assert(len >= 3);
    return;
  }
  assert(central->n_responses++ == 0);
  assert((central->request & COMMAND_FLAG) == 0 && central->request % 2 == 0);
  if (pdu[0] == ERROR_RESPONSE) {
    assert(len == 5 && pdu[1] == central->request && pdu[4] != 0);
  } else {
    assert(pdu[0] == central->request + 1);
  }
}

static void on_advertising_changed(gpointer user_data)
{
  (void)user_data;
}

static void on_answered(guint8 att_error, gpointer user_data)
{
  Central *central = user_data;

  dfu_att_server_answered(central->server, att_error);
}

static void on_notified(guint16 handle, const guint8 *bytes, gsize len, gpointer user_data)
{
  Central *central = user_data;

  dfu_att_server_notified(central->server, handle, bytes, len);
}

static void on_disconnected(gpointer user_data)
{
  Central *central = user_data;

  central->connected = FALSE;
}

static void send_att(Central *central, const guint8 *pdu, gsize len)
{
  central->request = len > 0 ? pdu[0] : 0xff;
  central->n_responses = 0;
  dfu_att_server_receive(central->server, pdu, len);
}

static void send_signalling(const guint8 *pdu, gsize len)
{
  guint8 out[DFU_SIGNALLING_MAX_BYTES];
  DfuUpdateAnswer update;

  assert(dfu_signalling_receive(pdu, len, out, &update) <= sizeof out);
}

static void send_smp(const guint8 *pdu, gsize len)
{
  guint8 out[DFU_SMP_MAX_BYTES];

  assert(dfu_smp_receive(pdu, len, out) <= sizeof out);
}

static void send_fragment(Central *central, gboolean first, const guint8 *bytes, gsize len)
{
  DfuL2capFrame frame;

  if (!dfu_l2cap_receive(&central->receiver, first, bytes, len, &frame)) {
    return;
  }
  assert(frame.len <= DFU_L2CAP_MAX_PAYLOAD_BYTES);
  if (frame.channel == DFU_L2CAP_ATT) {
    send_att(central, frame.payload, frame.len);
  }
}

static void send_message(Central *central, guint8 kind, const guint8 *bytes, gsize len)
{
  switch (kind % 5) {
  case 0:
    send_att(central, bytes, len);
    break;
  case 1:
    send_signalling(bytes, len);
    break;
  case 2:
  case 3:
    send_fragment(central, kind % 5 == 2, bytes, len);
    break;
  default:
    send_smp(bytes, len);
  }
}

static void send_messages(Central *central, const uint8_t *data, size_t len)
{
  while (len >= 2 && central->connected) {
    gsize n = MIN(data[1], len - 2);
    g_autofree guint8 *message = g_memdup2(data + 2, n); /* so that a step too far is seen */

    send_message(central, data[0], message, n);
    data += 2 + n;
    len -= 2 + n;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  static const DfuBoardListener listener = {on_advertising_changed, on_answered, on_notified,
                                            on_disconnected};
  DfuBoardConfig config = {
    .personality = dfu_personality_find("sdk11-dual"),
    .address = "C4:12:AB:00:11:22",
    .mtu = (guint16)(23 + (len > 0 ? data[0] : 0)),
    .device_type = 0xffff,
    .device_revision = 0xffff,
    .softdevice_id = 0x0080,
  };
  Central central = {.connected = TRUE};

  if (len == 0) {
    return 0;
  }

  g_autoptr(DfuBoardLog) log = dfu_board_log_new(NULL, NULL);
  g_autoptr(DfuBoard) board = dfu_board_new(&config, log);

  central.board = board;
  central.server = dfu_att_server_new(board, on_sent, &central);
  dfu_board_set_listener(board, &listener, &central);
  dfu_board_connect(board, 23);
  send_messages(&central, data + 1, len - 1);
  dfu_att_server_free(central.server);
  return 0;
}
