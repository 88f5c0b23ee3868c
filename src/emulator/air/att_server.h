/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Attribute Protocol's server for one connection to a board: PDU in, PDU
 * out. It knows nothing of what carries them.
 */
#ifndef DFU_EMULATOR_AIR_ATT_SERVER_H
#define DFU_EMULATOR_AIR_ATT_SERVER_H

#include "emulator/board/board.h"

typedef struct DfuAttServer DfuAttServer;

/** @pdu: to be sent to the client, in the order of the calls. */
typedef void (*DfuAttSendFunc)(const guint8 *pdu, gsize len, gpointer user_data);

/** @board: somebody is connected to it; it outlives the server. */
DfuAttServer *dfu_att_server_new(DfuBoard *board, DfuAttSendFunc send, gpointer user_data);
void dfu_att_server_free(DfuAttServer *server);

/** A PDU came from the client: any bytes. Calls dfu_board_write() and its like. */
void dfu_att_server_receive(DfuAttServer *server, const guint8 *pdu, gsize len);

/* What the board's listener hears, for the client. */
void dfu_att_server_answered(DfuAttServer *server, guint8 att_error);
void dfu_att_server_notified(DfuAttServer *server, guint16 handle, const guint8 *bytes, gsize len);

#endif
