/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What goes out over one connection: L2CAP frames in the order of their coming,
 * cut to the size of the controller's buffers, never more of them than are free.
 */
#ifndef DFU_EMULATOR_AIR_HCI_ACL_H
#define DFU_EMULATOR_AIR_HCI_ACL_H

#include <glib.h>

typedef struct DfuHciAcl DfuHciAcl;

/** The controller's buffers for data to send, as it has told. */
typedef struct {
  guint16 bytes;   /* in one of them, without the HCI header; at least 23 */
  guint16 buffers; /* at least 1 */
} DfuHciBuffers;

enum {
  DFU_HCI_ACL_MAX_BYTES = 1024, /* of a buffer that is made use of */
  DFU_HCI_ACL_MAX_FRAMES = 512, /* that wait; a peer that lets more pile up does not listen */
};

/** @packet: handle and flags, length, data: what follows the packet type of HCI. */
typedef void (*DfuHciAclSendFunc)(const guint8 *packet, gsize len, gpointer user_data);

/** For the connection @handle, which no packet has been sent over. */
DfuHciAcl *dfu_hci_acl_new(guint16 handle, DfuHciBuffers buffers, DfuHciAclSendFunc send,
                           gpointer user_data);
void dfu_hci_acl_free(DfuHciAcl *acl);

/**
 * Sends a frame now or when a buffer is free. Returns: FALSE, and the frame is
 * dropped, if too many wait.
 */
gboolean dfu_hci_acl_send(DfuHciAcl *acl, guint16 channel, const guint8 *payload, gsize len);

/** The controller is through with @buffers of its buffers. */
void dfu_hci_acl_completed(DfuHciAcl *acl, guint16 buffers);

/** TRUE if all that was to be sent is on the other side. */
gboolean dfu_hci_acl_is_idle(const DfuHciAcl *acl);

#endif
