/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core, Vol 3, Part A, 4 (signalling) and Part H, 3.5 (Security
 * Manager); nRF5 SDK 11.0.0, dfu_transport_ble.c, for the parameters.
 */
#include "emulator/air/l2cap_signalling.h"

#include <bluetooth/bluetooth.h>

enum {
  COMMAND_REJECT = 0x01,
  UPDATE_REQUEST = 0x12,
  UPDATE_RESPONSE = 0x13,
};

enum { NOT_UNDERSTOOD = 0x0000, MTU_EXCEEDED = 0x0001 };

enum {
  SMP_PAIRING_REQUEST = 0x01,
  SMP_PAIRING_FAILED = 0x05,
  SMP_KEYPRESS = 0x0e,
  PAIRING_NOT_SUPPORTED = 0x05,
  COMMAND_NOT_SUPPORTED = 0x07,
};

enum { HEADER_BYTES = 4, UPDATE_IDENTIFIER = 1 };

/* In units of 1.25 ms, of connection events, and of 10 ms. */
enum { INTERVAL_MIN = 12, INTERVAL_MAX = 24, LATENCY = 0, SUPERVISION_TIMEOUT = 400 };

static gsize put_header(guint8 *out, guint8 code, guint8 identifier, gsize data_bytes)
{
  out[0] = code;
  out[1] = identifier;
  bt_put_le16((guint16)data_bytes, out + 2);
  return HEADER_BYTES + data_bytes;
}

static gsize put_reject(guint8 *out, guint8 identifier, guint16 reason)
{
  bt_put_le16(reason, out + HEADER_BYTES);
  if (reason == MTU_EXCEEDED) {
    bt_put_le16(DFU_SIGNALLING_MAX_BYTES, out + HEADER_BYTES + 2);
    return put_header(out, COMMAND_REJECT, identifier, 4);
  }
  return put_header(out, COMMAND_REJECT, identifier, 2);
}

static DfuUpdateAnswer read_answer(const guint8 *pdu, gsize len)
{
  if (pdu[0] != UPDATE_RESPONSE || pdu[1] != UPDATE_IDENTIFIER || len != HEADER_BYTES + 2) {
    return DFU_UPDATE_NOT_ANSWERED;
  }
  return bt_get_le16(pdu + HEADER_BYTES) == 0 ? DFU_UPDATE_ACCEPTED : DFU_UPDATE_REJECTED;
}

gsize dfu_signalling_receive(const guint8 *pdu, gsize len, guint8 *out, DfuUpdateAnswer *update)
{
  *update = DFU_UPDATE_NOT_ANSWERED;
  if (len < HEADER_BYTES || pdu[1] == 0) { /* identifier 0 is never valid */
    return 0;
  }
  if (pdu[0] % 2 == 1) { /* odd codes are responses; one is never rejected */
    *update = read_answer(pdu, len);
    return 0;
  }
  return put_reject(out, pdu[1], len > DFU_SIGNALLING_MAX_BYTES ? MTU_EXCEEDED : NOT_UNDERSTOOD);
}

gsize dfu_signalling_put_update_request(guint8 *out)
{
  bt_put_le16(INTERVAL_MIN, out + HEADER_BYTES);
  bt_put_le16(INTERVAL_MAX, out + HEADER_BYTES + 2);
  bt_put_le16(LATENCY, out + HEADER_BYTES + 4);
  bt_put_le16(SUPERVISION_TIMEOUT, out + HEADER_BYTES + 6);
  return put_header(out, UPDATE_REQUEST, UPDATE_IDENTIFIER, 8);
}

gsize dfu_smp_receive(const guint8 *pdu, gsize len, guint8 *out)
{
  if (len == 0 || pdu[0] == SMP_PAIRING_FAILED || pdu[0] == SMP_KEYPRESS) {
    return 0;
  }
  out[0] = SMP_PAIRING_FAILED;
  out[1] = pdu[0] == SMP_PAIRING_REQUEST ? PAIRING_NOT_SUPPORTED : COMMAND_NOT_SUPPORTED;
  return DFU_SMP_MAX_BYTES;
}
