/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The commands of dfu-ble. Each parses its own arguments, calls a layer below,
 * and reports through the output; none of them exits.
 */
#ifndef DFU_CLI_COMMANDS_H
#define DFU_CLI_COMMANDS_H

#include "cli/output.h"

/**
 * DfuCommandFunc:
 * @argv: all arguments of the program: its name, the command's name, the rest
 * @error: why it failed; its code becomes the exit status
 */
typedef gboolean (*DfuCommandFunc)(char **argv, DfuOutput *output, GError **error);

gboolean dfu_cmd_update(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_enter(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_reset(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_scan(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_status(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_info(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_pack(char **argv, DfuOutput *output, GError **error);
gboolean dfu_cmd_doctor(char **argv, DfuOutput *output, GError **error);

#endif
