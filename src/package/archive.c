/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/archive.h"

#include <dfu/package.h>
#include <string.h>
#include <zip.h>

#include "base/printable.h"

struct DfuArchive {
  GBytes *bytes; /* libzip reads from it until the end */
  zip_t *zip;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_file_t, zip_fclose)

/**
 * libzip takes memory for every member as it opens a file. Each has a header
 * with this signature in the central directory, so their number, counted
 * wherever they stand, bounds the members before libzip sees the file.
 */
static gboolean has_too_many_members(const guint8 *data, gsize len)
{
  static const guint8 signature[4] = {'P', 'K', 1, 2};
  const guint8 *end = data + len;
  guint members = 0;

  while ((data = memmem(data, (gsize)(end - data), signature, sizeof signature)) != NULL) {
    if (++members > DFU_PACKAGE_MAX_MEMBERS)
      return TRUE;
    data += sizeof signature;
  }
  return FALSE;
}

static gboolean check_outside(GBytes *bytes, GError **error)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(bytes, &len);

  if (len == 0) {
    g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE, "the file is empty; fetch it again");
    return FALSE;
  }
  if (len > DFU_PACKAGE_MAX_FILE_BYTES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the file has more than %u bytes, too many for a DFU package",
                DFU_PACKAGE_MAX_FILE_BYTES);
    return FALSE;
  }
  if (has_too_many_members(data, len)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the zip file has more than %u members, too many for a DFU package",
                DFU_PACKAGE_MAX_MEMBERS);
    return FALSE;
  }
  return TRUE;
}

static void set_open_error(GBytes *bytes, zip_error_t *zip_error, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);

  if (len >= 2 && memcmp(data, "PK", 2) == 0)
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the zip file is damaged or cut short (%s); fetch or pack it again",
                zip_error_strerror(zip_error));
  else
    g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                        "this is not a zip file; a DFU package is the zip file that nrfutil or "
                        "adafruit-nrfutil makes of a firmware image");
}

static zip_t *open_zip(GBytes *bytes, GError **error)
{
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  zip_error_t zip_error;
  zip_error_init(&zip_error);
  zip_source_t *source = zip_source_buffer_create(data, len, 0, &zip_error);
  zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &zip_error) : NULL;

  if (zip == NULL) {
    set_open_error(bytes, &zip_error, error);
    zip_source_free(source);
  }
  zip_error_fini(&zip_error);
  return zip;
}

static gboolean check_names(zip_t *zip, GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  zip_int64_t n = zip_get_num_entries(zip, 0);

  for (zip_int64_t i = 0; i < n; i++) {
    const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
    g_autofree char *shown = dfu_printable(name, -1);

    if (name == NULL || strlen(name) > DFU_ARCHIVE_MAX_NAME_BYTES) {
      g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                  "the zip file has a member whose name is unreadable or longer than %u bytes: %s",
                  DFU_ARCHIVE_MAX_NAME_BYTES, shown);
      return FALSE;
    }
    if (!g_hash_table_add(seen, (gpointer)name)) {
      g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                  "the zip file has two members called %s, and which one counts is anyone's "
                  "guess; pack it again", shown);
      return FALSE;
    }
  }
  return TRUE;
}

DfuArchive *dfu_archive_open(GBytes *bytes, GError **error)
{
  if (!check_outside(bytes, error))
    return NULL;

  zip_t *zip = open_zip(bytes, error);

  if (zip == NULL)
    return NULL;

  g_autoptr(DfuArchive) archive = g_new0(DfuArchive, 1);

  archive->bytes = g_bytes_ref(bytes);
  archive->zip = zip;
  if (!check_names(zip, error))
    return NULL;
  return g_steal_pointer(&archive);
}

void dfu_archive_free(DfuArchive *archive)
{
  if (archive == NULL)
    return;
  zip_discard(archive->zip);
  g_bytes_unref(archive->bytes);
  g_free(archive);
}

gboolean dfu_archive_has(DfuArchive *archive, const char *name)
{
  return zip_name_locate(archive->zip, name, 0) >= 0;
}

char *dfu_archive_find_in_folder(DfuArchive *archive, const char *name)
{
  zip_int64_t index = zip_name_locate(archive->zip, name, ZIP_FL_NODIR);

  if (index < 0)
    return NULL;
  return dfu_printable(zip_get_name(archive->zip, (zip_uint64_t)index, 0), -1);
}

static gboolean check_member(const zip_stat_t *stat, const char *shown, gsize max_bytes,
                             GError **error)
{
  if (stat->encryption_method != ZIP_EM_NONE) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s is encrypted; pack the package again without a password", shown);
    return FALSE;
  }
  if (stat->comp_method != ZIP_CM_STORE && stat->comp_method != ZIP_CM_DEFLATE) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s is compressed by method %u, but only stored (0) and deflated (8) members can "
                "be read; pack the package again", shown, stat->comp_method);
    return FALSE;
  }
  if (stat->size > max_bytes) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s has %" G_GUINT64_FORMAT " bytes, but at most %" G_GSIZE_FORMAT
                " are allowed", shown, (guint64)stat->size, max_bytes);
    return FALSE;
  }
  return TRUE;
}

/** Reads until the member ends or @room is full; -1 on error, which includes a wrong CRC-32. */
static zip_int64_t read_until_end(zip_file_t *file, guint8 *out, zip_uint64_t room)
{
  zip_uint64_t got = 0;

  while (got < room) {
    zip_int64_t n = zip_fread(file, out + got, room - got);

    if (n < 0)
      return -1;
    if (n == 0)
      break;
    got += (zip_uint64_t)n;
  }
  return (zip_int64_t)got;
}

static const char *describe_damage(zip_file_t *file, zip_int64_t got)
{
  int code = got < 0 ? zip_error_code_zip(zip_file_get_error(file)) : ZIP_ER_INCONS;

  switch (code) {
  case ZIP_ER_CRC: return "its CRC-32 is wrong";
  case ZIP_ER_EOF:
  case ZIP_ER_INCONS: return "its data are longer or shorter than the zip file declares";
  default: return zip_file_strerror(file);
  }
}

static GBytes *unpack(zip_t *zip, const zip_stat_t *stat, const char *shown, GError **error)
{
  g_autoptr(zip_file_t) file = zip_fopen_index(zip, stat->index, 0);

  if (file == NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s cannot be unpacked (%s); fetch or pack the package again", shown,
                zip_strerror(zip));
    return NULL;
  }

  /* One byte more than declared: only the end of the data proves that it ends there. */
  g_autofree guint8 *data = g_malloc(stat->size + 1);
  zip_int64_t got = read_until_end(file, data, stat->size + 1);

  if (got < 0 || (zip_uint64_t)got != stat->size) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s is damaged (%s); fetch or pack the package again", shown,
                describe_damage(file, got));
    return NULL;
  }
  return g_bytes_new_take(g_steal_pointer(&data), stat->size);
}

GBytes *dfu_archive_read(DfuArchive *archive, const char *name, gsize max_bytes, GError **error)
{
  g_autofree char *shown = dfu_printable(name, -1);
  zip_stat_t stat;

  if (zip_stat(archive->zip, name, 0, &stat) < 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "there is no member %s in the package; pack it again", shown);
    return NULL;
  }
  if (!check_member(&stat, shown, max_bytes, error))
    return NULL;
  return unpack(archive->zip, &stat, shown, error);
}
