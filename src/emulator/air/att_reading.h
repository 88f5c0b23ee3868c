/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The requests of the Attribute Protocol that find and read attributes of a
 * board: parameters in, the response's parameters or an error out.
 */
#ifndef DFU_EMULATOR_AIR_ATT_READING_H
#define DFU_EMULATOR_AIR_ATT_READING_H

#include "emulator/air/att_pdu.h"
#include "emulator/board/board.h"

/** A response on its way: @bytes hold its opcode, then what a function puts there. */
typedef struct {
  guint8 bytes[ATT_MAX_MTU];
  gsize len;
  gsize max_bytes;      /* the MTU of the connection */
  guint16 error_handle; /* what an error is about; 0 at first */
} DfuAttReply;

/*
 * @pdu: a request, opcode included, at least as long as its fixed parameters are.
 * Returns: 0, or an ATT error.
 */
guint8 dfu_att_find_information(const DfuBoard *board, const guint8 *pdu, gsize len,
                                DfuAttReply *reply);
guint8 dfu_att_find_by_type_value(const DfuBoard *board, const guint8 *pdu, gsize len,
                                  DfuAttReply *reply);
guint8 dfu_att_read_by_type(const DfuBoard *board, const guint8 *pdu, gsize len,
                            DfuAttReply *reply);
guint8 dfu_att_read_by_group_type(const DfuBoard *board, const guint8 *pdu, gsize len,
                                  DfuAttReply *reply);
guint8 dfu_att_read(const DfuBoard *board, const guint8 *pdu, gsize len, DfuAttReply *reply);
guint8 dfu_att_read_blob(const DfuBoard *board, const guint8 *pdu, gsize len, DfuAttReply *reply);

#endif
