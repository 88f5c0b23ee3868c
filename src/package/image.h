/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two forms in which an image comes, told apart by the name: bytes (.bin)
 * and Intel HEX (.hex), to the bytes that go to a target.
 */
#ifndef DFU_PACKAGE_IMAGE_H
#define DFU_PACKAGE_IMAGE_H

#include <dfu/error.h>
#include <glib.h>

/** Whether @name ends with .hex, in either case. */
gboolean dfu_image_has_hex_name(const char *name);

/** The most that a file called @name may hold: the text of a HEX file is longer than its image. */
gsize dfu_image_max_file_bytes(const char *name);

/**
 * dfu_image_convert:
 * @contents: of a file called @name, within dfu_image_max_file_bytes()
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE, beginning with the base name of @name: what
 * dfu_intel_hex_decode() finds.
 * Returns: (transfer full) (nullable): the image
 */
GBytes *dfu_image_convert(GBytes *contents, const char *name, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_image_read_file:
 *
 * Reads and converts the file at @path.
 *
 * Errors: %DFU_ERROR_PACKAGE, beginning with the file's name.
 * Returns: (transfer full) (nullable): the image
 */
GBytes *dfu_image_read_file(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** (transfer full): the bytes of @first and then those of @second. */
GBytes *dfu_image_join(GBytes *first, GBytes *second);

#endif
