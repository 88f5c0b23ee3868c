/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What can be checked of a part before any radio is switched on: the image
 * against its init packet, and both against what targets are known to take.
 *
 * Source: nRF5 SDK 11.0.0, components/libraries/bootloader_dfu; pc-nrfutil
 * 0.5.1 (what a manifest copies from the init packet).
 */
#ifndef DFU_PACKAGE_PREFLIGHT_H
#define DFU_PACKAGE_PREFLIGHT_H

#include "package/manifest.h"

/**
 * dfu_preflight_check:
 * @part: complete but for @part->crc16, which is filled in
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE: an image that is empty or not of whole words;
 * SoftDevice and bootloader sizes that are not the image's; a CRC-16, length
 * or SHA-256 other than the init packet's.
 */
gboolean dfu_preflight_check(DfuPart *part, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_preflight_warn:
 * @part: a part that passed dfu_preflight_check()
 * @noted: (nullable): what the manifest says of it
 * @warnings: (element-type utf8): takes what is suspicious but no fault
 */
void dfu_preflight_warn(const DfuPart *part, const DfuManifestImage *noted, GPtrArray *warnings);

#endif
