/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * manifest.json as text, key by key and space by space as the usual packers
 * write it.
 *
 * Source: pc-nrfutil 0.5.1, nordicsemi/dfu/manifest.py: JSON with sorted keys,
 * an indent of 4, no line end at the end.
 */
#ifndef DFU_PACKAGE_MANIFEST_WRITER_H
#define DFU_PACKAGE_MANIFEST_WRITER_H

#include "package/manifest.h"

/**
 * dfu_manifest_write:
 * @manifest: @version a number; of each image the fields that are named in @fields
 *
 * Returns: (transfer full): the text
 */
char *dfu_manifest_write(const DfuManifest *manifest) G_GNUC_WARN_UNUSED_RESULT;

#endif
