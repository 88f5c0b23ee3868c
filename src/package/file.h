/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files of the disk: read within bounds, and written whole or not at all.
 * Knows nothing of what is in them.
 */
#ifndef DFU_PACKAGE_FILE_H
#define DFU_PACKAGE_FILE_H

#include <dfu/error.h>
#include <glib.h>

/** The name of the file at @path without its folder, printable. */
char *dfu_file_shown_name(const char *path);

/**
 * dfu_file_read:
 * @path: a file, or anything else that can be read
 * @max_bytes: the most that it may hold
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE, beginning with the file's name: it cannot be
 * read, or holds more.
 * Returns: (transfer full) (nullable): the contents
 */
GBytes *dfu_file_read(const char *path, gsize max_bytes, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_file_write:
 * @bytes: the contents
 * @path: where they go
 * @replace: a regular file there is replaced
 * @error: return location for a #GError
 *
 * Writes to a file beside @path, which then takes its place in one step: at no
 * moment is there a part of it.
 *
 * Errors: %DFU_ERROR_USAGE: there is a file already, or with @replace something
 * that is no regular file; %DFU_ERROR_INTERNAL: it cannot be written. What was
 * at @path is then unchanged.
 * Returns: whether the file was written
 */
gboolean dfu_file_write(GBytes *bytes, const char *path, gboolean replace, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
