/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core, Vol 3, Part A, 3.1 and 7.2.
 */
#include "emulator/air/l2cap.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

/* Of the frame under way, header included; only the header while that is incomplete. */
static gsize expected_bytes(const DfuL2capReceiver *receiver)
{
  return receiver->len < DFU_L2CAP_HEADER_BYTES
           ? DFU_L2CAP_HEADER_BYTES
           : DFU_L2CAP_HEADER_BYTES + (gsize)bt_get_le16(receiver->bytes);
}

/* Takes as much of the fragment as belongs to what is expected. Returns: what it took. */
static gsize take(DfuL2capReceiver *receiver, const guint8 *bytes, gsize len)
{
  gsize n = MIN(len, expected_bytes(receiver) - receiver->len);

  if (n > 0) { /* an empty fragment may have no bytes to point to */
    memcpy(receiver->bytes + receiver->len, bytes, n);
  }
  receiver->len += n;
  return n;
}

gboolean dfu_l2cap_receive(DfuL2capReceiver *receiver, gboolean first, const guint8 *bytes,
                           gsize len, DfuL2capFrame *frame)
{
  if (first) {
    receiver->len = 0;
    receiver->under_way = TRUE;
  }
  if (!receiver->under_way) {
    return FALSE;
  }
  if (receiver->len < DFU_L2CAP_HEADER_BYTES) {
    gsize n = take(receiver, bytes, len);

    bytes += n;
    len -= n;
    if (receiver->len < DFU_L2CAP_HEADER_BYTES) { /* a fragment may end within the header */
      return FALSE;
    }
  }
  if (expected_bytes(receiver) > sizeof receiver->bytes
      || len > expected_bytes(receiver) - receiver->len) {
    receiver->under_way = FALSE;
    return FALSE;
  }
  take(receiver, bytes, len);
  if (receiver->len < expected_bytes(receiver)) {
    return FALSE;
  }
  receiver->under_way = FALSE;
  *frame = (DfuL2capFrame){bt_get_le16(receiver->bytes + 2),
                           receiver->bytes + DFU_L2CAP_HEADER_BYTES,
                           receiver->len - DFU_L2CAP_HEADER_BYTES};
  return TRUE;
}

void dfu_l2cap_put_header(guint8 *out, guint16 channel, gsize len)
{
  bt_put_le16((guint16)len, out);
  bt_put_le16(channel, out + 2);
}
