/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core, Vol 4, Part E, 4.1.1 and 5.4.2.
 */
#include "emulator/air/hci_acl.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

#include "emulator/air/l2cap.h"

enum {
  HEADER_BYTES = 4,
  FIRST_FRAGMENT = 0x0000, /* not flushable: LE knows no other */
  NEXT_FRAGMENT = 0x1000,
};

struct DfuHciAcl {
  guint16 handle;
  DfuHciBuffers buffers;
  guint16 in_use; /* buffers */
  GQueue frames;  /* GBytes */
  gsize sent;     /* bytes of the first of them */
  DfuHciAclSendFunc send;
  gpointer user_data;
};

static void send_fragment(DfuHciAcl *acl, GBytes *frame)
{
  guint8 packet[HEADER_BYTES + DFU_HCI_ACL_MAX_BYTES];
  gsize len;
  const guint8 *bytes = g_bytes_get_data(frame, &len);
  gsize n = MIN(len - acl->sent, acl->buffers.bytes);

  bt_put_le16(acl->handle | (acl->sent == 0 ? FIRST_FRAGMENT : NEXT_FRAGMENT), packet);
  bt_put_le16((guint16)n, packet + 2);
  memcpy(packet + HEADER_BYTES, bytes + acl->sent, n);
  acl->sent += n;
  acl->in_use++;
  acl->send(packet, HEADER_BYTES + n, acl->user_data);
}

static void send_fragments(DfuHciAcl *acl)
{
  while (acl->in_use < acl->buffers.buffers && !g_queue_is_empty(&acl->frames)) {
    GBytes *frame = g_queue_peek_head(&acl->frames);

    send_fragment(acl, frame);
    if (acl->sent == g_bytes_get_size(frame)) {
      g_bytes_unref(g_queue_pop_head(&acl->frames));
      acl->sent = 0;
    }
  }
}

gboolean dfu_hci_acl_send(DfuHciAcl *acl, guint16 channel, const guint8 *payload, gsize len)
{
  guint8 *frame;

  if (g_queue_get_length(&acl->frames) >= DFU_HCI_ACL_MAX_FRAMES) {
    return FALSE;
  }
  frame = g_malloc(DFU_L2CAP_HEADER_BYTES + len);
  dfu_l2cap_put_header(frame, channel, len);
  memcpy(frame + DFU_L2CAP_HEADER_BYTES, payload, len);
  g_queue_push_tail(&acl->frames, g_bytes_new_take(frame, DFU_L2CAP_HEADER_BYTES + len));
  send_fragments(acl);
  return TRUE;
}

void dfu_hci_acl_completed(DfuHciAcl *acl, guint16 buffers)
{
  acl->in_use -= MIN(buffers, acl->in_use);
  send_fragments(acl);
}

gboolean dfu_hci_acl_is_idle(const DfuHciAcl *acl)
{
  return acl->in_use == 0 && acl->frames.length == 0;
}

static void free_frame(gpointer frame)
{
  g_bytes_unref(frame);
}

DfuHciAcl *dfu_hci_acl_new(guint16 handle, DfuHciBuffers buffers, DfuHciAclSendFunc send,
                           gpointer user_data)
{
  DfuHciAcl *acl = g_new0(DfuHciAcl, 1);

  acl->handle = handle;
  acl->buffers = buffers;
  acl->buffers.bytes = MIN(buffers.bytes, DFU_HCI_ACL_MAX_BYTES);
  g_queue_init(&acl->frames);
  acl->send = send;
  acl->user_data = user_data;
  return acl;
}

void dfu_hci_acl_free(DfuHciAcl *acl)
{
  g_queue_clear_full(&acl->frames, free_frame);
  g_free(acl);
}
