/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The options of `dfu-ble update`, parsed and checked.
 */
#ifndef DFU_CLI_UPDATE_OPTIONS_H
#define DFU_CLI_UPDATE_OPTIONS_H

#include <dfu/session.h>

#include "cli/output.h"
#include "cli/package_input.h"

typedef struct {
  DfuPackageInput package;
  char *address; /* exactly one of address and name is set */
  char *name;
  char *bootloader_name; /* (nullable) */
  char *adapter; /* (nullable) */
  char *only;    /* (nullable): "app" or "system" */
  gboolean dry_run;
  gboolean has_expected_type;
  guint16 expected_type; /* device type that the init packets have to name */
  char *expected_model;  /* (nullable): what `session` points to */
  gboolean no_resume; /* the journal is not looked at */
  DfuSessionOptions session;
} DfuUpdateOptions;

/**
 * dfu_update_options_parse:
 * @helped: (out): the help was printed; @options is then of no use
 *
 * Errors: %DFU_ERROR_USAGE; @options may be filled in part.
 */
gboolean dfu_update_options_parse(DfuUpdateOptions *options, char **argv, DfuOutput *output,
                                  gboolean *helped, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Frees what parsing put into @options. */
void dfu_update_options_clear(DfuUpdateOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuUpdateOptions, dfu_update_options_clear)

#endif
