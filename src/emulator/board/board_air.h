/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which program a board runs, and how it is seen on the air: name, address,
 * services; not at all while it restarts or is out of reach.
 */
#ifndef DFU_EMULATOR_BOARD_BOARD_AIR_H
#define DFU_EMULATOR_BOARD_BOARD_AIR_H

#include "emulator/board/board.h"

typedef enum {
  DFU_PROGRAM_TARGET,      /* what has the target role: a bootloader, or an application with it */
  DFU_PROGRAM_APPLICATION, /* one without */
  DFU_PROGRAM_NONE,        /* for ever silent */
} DfuProgram;

typedef struct {
  /** It left the air or came back. */
  void (*changed)(gpointer user_data);
  /** Whom it advertised to has not come in time. */
  void (*timed_out)(gpointer user_data);
} DfuBoardAirFuncs;

typedef struct DfuBoardAir DfuBoardAir;

/** Runs the target, or the application if @config says so. What is passed outlives it. */
DfuBoardAir *dfu_board_air_new(const DfuBoardConfig *config, DfuBoardLog *log,
                               const DfuBoardAirFuncs *funcs, gpointer user_data);
void dfu_board_air_free(DfuBoardAir *air);

DfuProgram dfu_board_air_get_program(const DfuBoardAir *air);

/** What it advertises when nobody is connected; NULL while nothing is to be heard of it. */
const DfuAdvertisement *dfu_board_air_get_advertisement(const DfuBoardAir *air);

/** The name of the device. */
const char *dfu_board_air_get_name(const DfuBoardAir *air);

/** Somebody connected, or is so no more. */
void dfu_board_air_set_connected(DfuBoardAir *air, gboolean connected);

/** Out of reach for @away_us, G_MAXINT64 for ever; the program, or its restart, goes on. */
void dfu_board_air_go_away(DfuBoardAir *air, gint64 away_us);

/** Silent for the time of a restart, then what @update boots runs, or what the config has instead. */
void dfu_board_air_restart(DfuBoardAir *air, const DfuTargetUpdate *update);

/** From the application into the bootloader, by the way of a restart. */
void dfu_board_air_jump(DfuBoardAir *air);

/** The application starts again. */
void dfu_board_air_restart_application(DfuBoardAir *air);

#endif
