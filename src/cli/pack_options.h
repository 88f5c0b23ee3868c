/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The options of `dfu-ble pack`, parsed, checked and applied to their parts.
 */
#ifndef DFU_CLI_PACK_OPTIONS_H
#define DFU_CLI_PACK_OPTIONS_H

#include <dfu/pack.h>

#include "cli/output.h"

typedef struct {
  char *path; /* of the package */
  gboolean force;
  char *application;
  char *bootloader;
  char *softdevice;
  char *key;
  DfuPackPlan plan; /* refers to the strings above, and owns the init packets */
} DfuPackOptions;

/**
 * dfu_pack_options_parse:
 * @helped: (out): the help was printed; @options is then of no use
 *
 * Errors: %DFU_ERROR_USAGE; %DFU_ERROR_PACKAGE: an init packet cannot be read.
 * @options may be filled in part.
 */
gboolean dfu_pack_options_parse(DfuPackOptions *options, char **argv, DfuOutput *output,
                                gboolean *helped, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Frees what parsing put into @options. */
void dfu_pack_options_clear(DfuPackOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuPackOptions, dfu_pack_options_clear)

#endif
