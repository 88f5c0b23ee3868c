/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One connection over a controller, from its beginning to its end: the fixed
 * channels of L2CAP and what answers on each.
 */
#ifndef DFU_EMULATOR_AIR_HCI_LINK_H
#define DFU_EMULATOR_AIR_HCI_LINK_H

#include "emulator/board/board.h"
#include "emulator/air/hci_acl.h"
#include "emulator/air/hci_channel.h"

typedef struct DfuHciLink DfuHciLink;

typedef struct {
  DfuBoard *board;
  DfuBoardLog *log;
  DfuHciChannel *channel;
  DfuHciBuffers buffers;
  gboolean asks_for_update; /* of the connection's parameters, soon after it begins */
} DfuHciLinkConfig;

/**
 * Somebody connected, with @handle for it; but the board is connected by the
 * caller, afterwards. @config: copied; what it names outlives the link.
 */
DfuHciLink *dfu_hci_link_new(const DfuHciLinkConfig *config, guint16 handle);

/** The connection is over. */
void dfu_hci_link_free(DfuHciLink *link);

guint16 dfu_hci_link_get_handle(const DfuHciLink *link);

/** A fragment came in. */
void dfu_hci_link_receive(DfuHciLink *link, gboolean first, const guint8 *bytes, gsize len);

/** The controller is through with @buffers of its buffers. */
void dfu_hci_link_completed(DfuHciLink *link, guint16 buffers);

/**
 * Ends the connection, when what was sent is on the other side or has had the
 * time for it. Nothing that comes in counts any more.
 */
void dfu_hci_link_close(DfuHciLink *link);

/* From the board. */
void dfu_hci_link_answered(DfuHciLink *link, guint8 att_error);
void dfu_hci_link_notified(DfuHciLink *link, guint16 handle, const guint8 *bytes, gsize len);

#endif
