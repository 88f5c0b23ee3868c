/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A package in words and in JSON.
 */
#ifndef DFU_CLI_PACKAGE_REPORT_H
#define DFU_CLI_PACKAGE_REPORT_H

#include <dfu/package.h>

#include "cli/output.h"

/** The `package` event. @path is where the package was read from. */
void dfu_package_report_event(DfuOutput *output, const DfuPackage *package, const char *path);

/** Everything about @package, in lines of the result. */
void dfu_package_report_text(DfuOutput *output, const DfuPackage *package, const char *path);

/** "system" or "app": what `--only` calls @part. */
const char *dfu_package_report_word(const DfuPart *part);

/** "application", "softdevice", "bootloader", "softdevice_bootloader": stable words. */
const char *dfu_package_report_type(DfuImageType type);

#endif
