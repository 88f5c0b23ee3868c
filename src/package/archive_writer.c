/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/archive_writer.h"

#include <zip.h>

/** 1 January 1980, midnight: where time begins for zip files. */
#define FIRST_DOS_DATE (1 << 5 | 1)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_t, zip_discard)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_source_t, zip_source_free)

static void set_error(zip_error_t *zip_error, GError **error)
{
  g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "the zip file cannot be made: %s",
              zip_error_strerror(zip_error));
}

static gboolean add_member(zip_t *zip, const DfuArchiveMember *member)
{
  gsize len;
  const void *data = g_bytes_get_data(member->contents, &len);
  zip_source_t *source = zip_source_buffer(zip, data, len, 0);
  zip_int64_t index;

  if (source == NULL)
    return FALSE;
  index = zip_file_add(zip, member->name, source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return FALSE;
  }
  return zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
         zip_file_set_dostime(zip, (zip_uint64_t)index, 0, FIRST_DOS_DATE, 0) == 0;
}

static GBytes *read_back(zip_source_t *source, GError **error)
{
  g_autofree guint8 *data = NULL;
  zip_stat_t stat;

  if (zip_source_stat(source, &stat) == 0 && zip_source_open(source) == 0) {
    data = g_malloc(stat.size);
    if (zip_source_read(source, data, stat.size) == (zip_int64_t)stat.size) {
      zip_source_close(source);
      return g_bytes_new_take(g_steal_pointer(&data), stat.size);
    }
    zip_source_close(source);
  }
  set_error(zip_source_error(source), error);
  return NULL;
}

GBytes *dfu_archive_write(const DfuArchiveMember *members, gsize n, GError **error)
{
  zip_error_t zip_error;
  g_autoptr(zip_source_t) target = NULL;
  g_autoptr(zip_t) zip = NULL;

  zip_error_init(&zip_error);
  target = zip_source_buffer_create(NULL, 0, 0, &zip_error);
  if (target != NULL)
    zip = zip_open_from_source(target, ZIP_TRUNCATE, &zip_error);
  if (zip == NULL) {
    set_error(&zip_error, error);
    zip_error_fini(&zip_error);
    return NULL;
  }
  zip_source_keep(target); /* the archive holds the first reference now */
  for (gsize i = 0; i < n; i++) {
    if (!add_member(zip, &members[i])) {
      set_error(zip_get_error(zip), error);
      return NULL;
    }
  }
  if (zip_close(zip) != 0) {
    set_error(zip_get_error(zip), error);
    return NULL;
  }
  zip = NULL; /* gone with zip_close() */
  return read_back(target, error);
}
