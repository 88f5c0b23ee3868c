/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What to do next after a run that failed: the command that goes on, and what
 * it means for the device.
 */
#ifndef DFU_CLI_ADVICE_H
#define DFU_CLI_ADVICE_H

#include <dfu/session.h>

#include "cli/output.h"

/** What a System Reset in mid-transfer does to a device of that family; a sentence. */
const char *dfu_advice_reset_effect(const DfuFamily *family);

/** What becomes of a transfer that was cut, in a device of that family. (transfer full) */
char *dfu_advice_keeping(const DfuFamily *family);

/** Sets the last words of a run that ended as @result. @argv: of the program. */
void dfu_advise(const DfuSessionResult *result, char **argv, DfuOutput *output);

#endif
