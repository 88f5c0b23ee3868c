/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What to read firmware from: a package, or a loose image with the options
 * that say what a package would say.
 */
#ifndef DFU_CLI_PACKAGE_INPUT_H
#define DFU_CLI_PACKAGE_INPUT_H

#include <dfu/package.h>

typedef struct {
  char *path;
  char *dat;  /* (nullable): --dat, the init packet of a loose image */
  char *type; /* (nullable): --type, what it is */
} DfuPackageInput;

/** The options of @input, for the table of a command. */
#define DFU_PACKAGE_INPUT_OPTIONS(input) \
  { "dat", 0, 0, G_OPTION_ARG_FILENAME, &(input)->dat, \
    "Init packet, where PACKAGE is an image (.bin, .hex)", "FILE" }, \
  { "type", 0, 0, G_OPTION_ARG_STRING, &(input)->type, \
    "What it is: application, bootloader or softdevice", "TYPE" }

/**
 * dfu_package_input_check:
 *
 * Errors: %DFU_ERROR_USAGE: a loose image without --dat and --type, these with
 * anything else, or no such type.
 */
gboolean dfu_package_input_check(const DfuPackageInput *input, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_package_input_read:
 * @input: checked
 *
 * Errors: %DFU_ERROR_PACKAGE.
 * Returns: (transfer full) (nullable): the package
 */
DfuPackage *dfu_package_input_read(const DfuPackageInput *input, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Frees what @input holds. */
void dfu_package_input_clear(DfuPackageInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuPackageInput, dfu_package_input_clear)

#endif
