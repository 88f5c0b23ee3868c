/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host's end of the connection to the board: what is written waits for its
 * turn on the air, without bound and in the order of its coming; one ATT request
 * at a time is unanswered, within the time limit of the specification. It knows
 * no D-Bus.
 */
#ifndef DFU_EMULATOR_BUS_BUS_LINK_H
#define DFU_EMULATOR_BUS_BUS_LINK_H

#include "emulator/board/board.h"

typedef struct DfuBusLink DfuBusLink;

/** Beside 0 and the ATT errors: the link was gone before the request was on the air. */
enum { DFU_BUS_LINK_NOT_SENT = 0x100 };

/** @result: 0, an ATT error, or DFU_BUS_LINK_NOT_SENT. */
typedef void (*DfuBusLinkFunc)(guint result, gpointer user_data);

/**
 * @air_us: how long one write takes on the air
 * @on_timeout: an answer did not come in time; the link has closed itself
 */
DfuBusLink *dfu_bus_link_new(DfuBoard *board, gint64 air_us, void (*on_timeout)(gpointer),
                             gpointer user_data);
void dfu_bus_link_free(DfuBusLink *link);

/** Connects to the board. Returns: FALSE if it does not advertise. */
gboolean dfu_bus_link_open(DfuBusLink *link);

/**
 * Nothing goes out any more. The request that is unanswered ends with ATT error
 * 0x0e, as bluetoothd has it; those that wait, with DFU_BUS_LINK_NOT_SENT.
 */
void dfu_bus_link_close(DfuBusLink *link);

gboolean dfu_bus_link_is_open(const DfuBusLink *link);

/** Nothing waits for the air, or for an answer. */
gboolean dfu_bus_link_is_idle(const DfuBusLink *link);

/** ATT MTU of the connection, or of the last one. */
guint16 dfu_bus_link_get_mtu(const DfuBusLink *link);

/** Write Request, long where it does not fit; calls @func once, maybe before returning. */
void dfu_bus_link_write(DfuBusLink *link, guint16 handle, const guint8 *bytes, gsize len,
                        DfuBusLinkFunc func, gpointer user_data);

/** Write Command. Returns: FALSE, and nothing is queued, if it is longer than the MTU allows. */
gboolean dfu_bus_link_command(DfuBusLink *link, guint16 handle, const guint8 *bytes, gsize len);

/** Read Request; as dfu_board_read(). */
guint8 dfu_bus_link_read(DfuBusLink *link, guint16 handle, guint8 *out, gsize *len);

/** The board answered the Write Request under way. */
void dfu_bus_link_answered(DfuBusLink *link, guint8 att_error);

#endif
