/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A session on the command line: the locks of the device, the signals that stop
 * it, its report, and what to do next where it failed.
 */
#ifndef DFU_CLI_DEVICE_RUN_H
#define DFU_CLI_DEVICE_RUN_H

#include <dfu/session.h>

#include "cli/output.h"

/** What to run; everything in it is the caller's. */
typedef struct {
  const char *adapter; /* (nullable) */
  const char *address; /* exactly one of address and name is set */
  const char *name;
  const char *bootloader_name; /* (nullable): by which it is found, wherever it is */
  const DfuSessionOptions *session;
  const DfuPart *const *parts; /* none where the goal is no update */
  guint n_parts;
  const DfuPackage *package; /* (nullable): whose parts they are; it is what the journal names */
  const char *package_path;  /* with it */
  gboolean no_resume;        /* the journal is not looked at */
} DfuDeviceRun;

/**
 * dfu_device_run:
 * @argv: of the program, to build the command that goes on
 *
 * Runs until the session has finished. Its result goes into the output.
 *
 * Errors: what the session, the lock (%DFU_ERROR_BUSY) or the link say.
 */
gboolean dfu_device_run(const DfuDeviceRun *plan, char **argv, DfuOutput *output, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
