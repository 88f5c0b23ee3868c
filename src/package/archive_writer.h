/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A zip file in memory, made of members. Knows nothing of firmware.
 */
#ifndef DFU_PACKAGE_ARCHIVE_WRITER_H
#define DFU_PACKAGE_ARCHIVE_WRITER_H

#include <dfu/error.h>
#include <glib.h>

typedef struct {
  const char *name; /* UTF-8 */
  GBytes *contents;
} DfuArchiveMember;

/**
 * dfu_archive_write:
 * @members: with names that differ from each other
 * @n: how many
 * @error: return location for a #GError
 *
 * The members are stored, not deflated: there are readers that take nothing
 * else, and firmware is small. They bear a fixed date: the same members make
 * the same file.
 *
 * Errors: %DFU_ERROR_INTERNAL: libzip failed.
 * Returns: (transfer full) (nullable): the zip file
 */
GBytes *dfu_archive_write(const DfuArchiveMember *members, gsize n, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
