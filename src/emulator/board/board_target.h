/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The target role of a board with what it needs around it: the clock, flash
 * memory, faults, and files for what it installs. It knows of a connection only
 * what the role does, and nothing of attributes.
 */
#ifndef DFU_EMULATOR_BOARD_BOARD_TARGET_H
#define DFU_EMULATOR_BOARD_BOARD_TARGET_H

#include "emulator/board/board.h"

typedef struct DfuBoardTarget DfuBoardTarget;

/** What came of an event, in this order. @breakdown: what breaks because of it. */
typedef struct {
  /** How a write was taken. */
  void (*answers)(const DfuTargetEvent *event, guint8 att_error, const DfuBreakdown *breakdown,
                  gpointer user_data);
  /** What is to be done; the function may give the target another event. */
  void (*stepped)(const DfuTargetUpdate *update, const DfuBreakdown *breakdown,
                  gpointer user_data);
} DfuBoardTargetFuncs;

/** @faults: counted down there. What is passed outlives it. */
DfuBoardTarget *dfu_board_target_new(const DfuBoardConfig *config, DfuFaults *faults,
                                     DfuBoardLog *log, const DfuBoardTargetFuncs *funcs,
                                     gpointer user_data);
void dfu_board_target_free(DfuBoardTarget *target);

/** Gives the role an event; `now_us` is filled in. */
void dfu_board_target_step(DfuBoardTarget *target, DfuTargetEvent event);

/** It gets no time until the next event. */
void dfu_board_target_hold(DfuBoardTarget *target);

/** As the role sees it: after a restart it is not. */
gboolean dfu_board_target_is_connected(const DfuBoardTarget *target);

/** Whether the control point's CCCD is on. */
gboolean dfu_board_target_notifies(const DfuBoardTarget *target);

#endif
