/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The exit status of the program, and what each value means.
 */
#ifndef DFU_CLI_EXIT_CODE_H
#define DFU_CLI_EXIT_CODE_H

#include <dfu/error.h>

/** One row of the table that `dfu-ble --help` and the man page show. */
typedef struct {
  int code;
  const char *meaning;
} DfuExitCode;

/** All values, in rising order; the last row has no meaning (NULL). */
extern const DfuExitCode dfu_exit_codes[];

/** The exit status for @error: 0 for NULL, 1 for what no layer is meant to let through. */
int dfu_exit_code(const GError *error);

#endif
