/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"

char *dfu_file_shown_name(const char *path)
{
  g_autofree char *base = g_path_get_basename(path);

  return dfu_printable(base, -1);
}

/** Appends what @fd gives until its end, but no more than one byte beyond @max_bytes. */
static gboolean read_all(int fd, gsize max_bytes, GByteArray *out)
{
  guint8 buffer[64 * 1024];

  while (out->len <= max_bytes) {
    ssize_t n = read(fd, buffer, MIN(sizeof buffer, max_bytes + 1 - out->len));

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0;
    g_byte_array_append(out, buffer, (guint)n);
  }
  return TRUE;
}

GBytes *dfu_file_read(const char *path, gsize max_bytes, GError **error)
{
  g_autofree char *shown = dfu_file_shown_name(path);
  g_autoptr(GByteArray) contents = g_byte_array_new();
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  gboolean ok = fd >= 0 && read_all(fd, max_bytes, contents);
  int code = errno;

  if (fd >= 0)
    close(fd);
  if (!ok) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE, "%s: the file cannot be read: %s", shown,
                g_strerror(code));
    return NULL;
  }
  if (contents->len > max_bytes) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s: the file has more than %" G_GSIZE_FORMAT " bytes, too many for what it should "
                "be; is it the right one?", shown, max_bytes);
    return NULL;
  }
  return g_byte_array_free_to_bytes(g_steal_pointer(&contents));
}

/** Whether @path is free to be written, as far as can be told beforehand. */
static gboolean check_place(const char *path, gboolean replace, GError **error)
{
  g_autofree char *shown = dfu_printable(path, -1);
  struct stat status;

  if (lstat(path, &status) < 0)
    return TRUE; /* whatever else is wrong shows as the file is written */
  if (!replace) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "%s is there already and was left as it is; choose another name, or replace it "
                "with --force", shown);
    return FALSE;
  }
  if (!S_ISREG(status.st_mode)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "%s is no regular file, and only such a file is replaced; choose another name",
                shown);
    return FALSE;
  }
  return TRUE;
}

static gboolean write_all(int fd, GBytes *bytes)
{
  gsize left;
  const guint8 *data = g_bytes_get_data(bytes, &left);

  while (left > 0) {
    ssize_t n = write(fd, data, left);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    data += n;
    left -= (gsize)n;
  }
  return fsync(fd) == 0;
}

/** Moves @from to @to; without @replace only where there is nothing yet. */
static gboolean move_file(const char *from, const char *to, gboolean replace)
{
  if (replace)
    return rename(from, to) == 0;
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  /* A file system that cannot tell: the place was looked at a moment ago. */
  return (errno == EINVAL || errno == ENOSYS) && rename(from, to) == 0;
}

gboolean dfu_file_write(GBytes *bytes, const char *path, gboolean replace, GError **error)
{
  g_autofree char *temporary = g_strdup_printf("%s.%d.part", path, (int)getpid());
  g_autofree char *shown = dfu_printable(path, -1);
  gboolean ok;
  int code;
  int fd;

  if (!check_place(path, replace, error))
    return FALSE;
  fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  ok = fd >= 0 && write_all(fd, bytes);
  code = errno;
  if (fd >= 0 && close(fd) < 0 && ok) {
    ok = FALSE;
    code = errno;
  }
  if (ok && !move_file(temporary, path, replace)) {
    ok = FALSE;
    code = errno;
  }
  if (ok)
    return TRUE;
  if (fd >= 0)
    unlink(temporary);
  g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "%s cannot be written: %s", shown,
              g_strerror(code));
  return FALSE;
}
