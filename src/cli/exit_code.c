/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/exit_code.h"

const DfuExitCode dfu_exit_codes[] = {
  { 0, "done" },
  { DFU_ERROR_INTERNAL, "unexpected error inside the program" },
  { DFU_ERROR_USAGE, "wrong usage" },
  { DFU_ERROR_PACKAGE, "the package is unreadable, damaged, or not for this protocol" },
  { DFU_ERROR_BLUETOOTH, "Bluetooth is not usable on this host" },
  { DFU_ERROR_NOT_FOUND, "the device was not found" },
  { DFU_ERROR_LINK_LOST, "the link was lost and could not be had back" },
  { DFU_ERROR_REFUSED, "the target refused, or broke the protocol" },
  { DFU_ERROR_VALIDATION, "validation failed: the target holds not what was sent" },
  { DFU_ERROR_NOT_BACK, "activated, but the device came back in DFU mode or not at all" },
  { DFU_ERROR_BUSY, "another run is working on this device" },
  { DFU_ERROR_INTERRUPTED, "interrupted" },
  { 0, NULL },
};

int dfu_exit_code(const GError *error)
{
  if (error == NULL)
    return 0;
  if (error->domain != DFU_ERROR)
    return DFU_ERROR_INTERNAL;
  for (const DfuExitCode *row = dfu_exit_codes + 1; row->meaning != NULL; row++) {
    if (row->code == error->code)
      return row->code;
  }
  return DFU_ERROR_INTERNAL;
}
