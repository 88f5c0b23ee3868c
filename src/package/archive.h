/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The members of a zip file in memory, read by name and within bounds. Knows
 * nothing of firmware; never writes a file.
 *
 * Names are UTF-8 and are compared as they stand, folders included. Messages
 * do not name the zip file: the caller puts it in front.
 */
#ifndef DFU_PACKAGE_ARCHIVE_H
#define DFU_PACKAGE_ARCHIVE_H

#include <dfu/error.h>
#include <glib.h>

#define DFU_ARCHIVE_MAX_NAME_BYTES 255u

typedef struct DfuArchive DfuArchive;

/**
 * dfu_archive_open:
 * @bytes: a zip file
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE: no zip file, or damaged; larger than
 * DFU_PACKAGE_MAX_FILE_BYTES; more than DFU_PACKAGE_MAX_MEMBERS members; two
 * members of one name; a name longer than DFU_ARCHIVE_MAX_NAME_BYTES.
 * Returns: (transfer full) (nullable): the archive
 */
DfuArchive *dfu_archive_open(GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void dfu_archive_free(DfuArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuArchive, dfu_archive_free)

/** Whether there is a member called @name. */
gboolean dfu_archive_has(DfuArchive *archive, const char *name);

/**
 * dfu_archive_find_in_folder:
 * @name: a file name without folder
 *
 * Returns: (transfer full) (nullable): the whole name of a member that is
 * called @name in whatever folder, printable; NULL if there is none
 */
char *dfu_archive_find_in_folder(DfuArchive *archive, const char *name);

/**
 * dfu_archive_read:
 * @name: a member
 * @max_bytes: the most that it may hold, unpacked
 * @error: return location for a #GError
 *
 * Unpacks a stored or deflated member. What it takes of memory is bounded by
 * @max_bytes, whatever the zip file says of itself.
 *
 * Errors: %DFU_ERROR_PACKAGE: no such member; larger than @max_bytes;
 * encrypted; compressed in another way; damaged (CRC-32, broken or cut data,
 * other length than declared).
 * Returns: (transfer full) (nullable): the contents
 */
GBytes *dfu_archive_read(DfuArchive *archive, const char *name, gsize max_bytes, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
