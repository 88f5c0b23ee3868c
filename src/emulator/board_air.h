/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which program a board runs, and how it is seen on the air: name, address,
 * services; not at all while it restarts or is out of reach.
 */
#ifndef DFU_EMULATOR_BOARD_AIR_H
#define DFU_EMULATOR_BOARD_AIR_H

#include "emulator/board.h"

typedef enum {
  DFU_PROGRAM_BOOTLOADER,
  DFU_PROGRAM_APPLICATION,
  DFU_PROGRAM_NONE, /* for ever silent */
} DfuProgram;

typedef struct DfuBoardAir DfuBoardAir;

/** Runs the bootloader. @changed: it left the air or came back. What is passed outlives it. */
DfuBoardAir *dfu_board_air_new(const DfuBoardConfig *config, DfuBoardLog *log,
                               void (*changed)(gpointer user_data), gpointer user_data);
void dfu_board_air_free(DfuBoardAir *air);

DfuProgram dfu_board_air_get_program(const DfuBoardAir *air);

/** What it advertises when nobody is connected; NULL while nothing is to be heard of it. */
const DfuAdvertisement *dfu_board_air_get_advertisement(const DfuBoardAir *air);

/** The name that it advertises, or would. */
const char *dfu_board_air_get_name(const DfuBoardAir *air);

/** Out of reach for @away_us, G_MAXINT64 for ever; the program, or its restart, goes on. */
void dfu_board_air_go_away(DfuBoardAir *air, gint64 away_us);

/** Silent for the time of a restart, then what @update boots runs, or what the config has instead. */
void dfu_board_air_restart(DfuBoardAir *air, const DfuTargetUpdate *update);

#endif
