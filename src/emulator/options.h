/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line of dfu-ble-target.
 */
#ifndef DFU_EMULATOR_OPTIONS_H
#define DFU_EMULATOR_OPTIONS_H

#include "emulator/board/board.h"
#include "emulator/bus/bus_bluez.h"
#include "emulator/air/hci_target.h"

typedef struct {
  DfuBoardConfig board;
  DfuBusConfig bus;
  const char *bus_address; /* NULL: a private bus */
  gboolean on_air;         /* on a controller instead of a bus */
  guint16 hci_index;       /* which: the N of hciN */
  DfuHciConfig hci;
  const char *log_path;    /* NULL: no log */
  char **command;          /* of --run; NULL: none; points into argv */
  gboolean exit_now;       /* --help or --version was answered */
  GPtrArray *strings;      /* what the fields above point to */
} DfuOptions;

/**
 * dfu_options_parse:
 * @options: zeroed; cleared by the caller, also if this fails
 * @argv: of main(), NULL-terminated
 *
 * Errors: %DFU_ERROR_USAGE
 */
gboolean dfu_options_parse(DfuOptions *options, char **argv, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
void dfu_options_clear(DfuOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuOptions, dfu_options_clear)

#endif
