/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What board.c (programs, connections) and board_attributes.c (reads and writes)
 * share of a board.
 */
#ifndef DFU_EMULATOR_BOARD_BOARD_PRIVATE_H
#define DFU_EMULATOR_BOARD_BOARD_PRIVATE_H

#include "emulator/board/board_air.h"
#include "emulator/board/board_target.h"
#include "target/buttonless.h"

struct DfuBoard {
  DfuBoardConfig config;
  DfuBoardLog *log;
  const DfuBoardListener *listener;
  gpointer listener_data;
  DfuBoardAir *air;
  DfuBoardTarget *target;
  DfuButtonless buttonless;
  DfuGattTable target_table;
  DfuGattTable application_table;
  guint16 mtu;
  gboolean connected;
  gboolean requested; /* a Write Request waits for its answer */
  gboolean stalled;   /* until the central disconnects */
  gboolean silent;    /* until the supervision timeout: the link is up, and nothing gets through */
  GSource *silence_end;
};

/** Whether the program that runs has the target role. */
gboolean dfu_board_runs_target(const DfuBoard *board);

/** The connection is over for the board, without the central's doing. */
void dfu_board_drop_connection(DfuBoard *board);

/** The link breaks, and the board is out of reach for @away_us; the target goes on running. */
void dfu_board_lose_link(DfuBoard *board, gint64 away_us);

/** Answers the Write Request that waits. */
void dfu_board_answer(DfuBoard *board, guint8 att_error);

/** The control point says something. @heard: it gets to the central. */
void dfu_board_notify(DfuBoard *board, const guint8 *bytes, gsize len, gboolean heard);

#endif
