/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line as one line of text that a shell takes back.
 */
#ifndef DFU_CLI_COMMAND_LINE_H
#define DFU_CLI_COMMAND_LINE_H

#include <glib.h>

/**
 * dfu_command_line_with:
 * @argv: all arguments of the program
 * @option: (nullable): an option to stand behind the command's name, unless it is there already
 * @value: (nullable): its value
 *
 * Returns: (transfer full): the line, quoted where a shell needs it
 */
char *dfu_command_line_with(char **argv, const char *option, const char *value);

/**
 * dfu_command_line_by_address:
 * @argv: all arguments of the program
 * @address: what is to stand in the place of `--name NAME`, with `--addr`
 *
 * Returns: (transfer full): the arguments, the same where they have no `--name`
 */
char **dfu_command_line_by_address(char **argv, const char *address);

/**
 * dfu_command_line_without:
 * @argv: all arguments of the program
 * @flags: options without a value, NULL-terminated
 *
 * Returns: (transfer full): the arguments, those options left out
 */
char **dfu_command_line_without(char **argv, const char *const *flags);

#endif
