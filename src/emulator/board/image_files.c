/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/board/image_files.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "dfu/error.h"
#include "wire/wire.h"

const char *dfu_image_files_name(guint8 mode)
{
  switch (mode) {
  case DFU_MODE_SOFTDEVICE:
    return "softdevice";
  case DFU_MODE_BOOTLOADER:
    return "bootloader";
  case DFU_MODE_SOFTDEVICE | DFU_MODE_BOOTLOADER:
    return "softdevice_bootloader";
  default: /* the target takes 0 and 8 for an application too */
    return "application";
  }
}

static gboolean write_file(const char *directory, const char *name, const char *suffix,
                           const guint8 *bytes, gsize len, GError **error)
{
  g_autoptr(GError) cause = NULL;
  g_autofree char *base = g_strconcat(name, suffix, NULL);
  g_autofree char *path = g_build_filename(directory, base, NULL);

  if (!g_file_set_contents(path, (const char *)bytes, (gssize)len, &cause)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "Cannot write what was installed: %s.",
                cause->message);
    return FALSE;
  }
  return TRUE;
}

gboolean dfu_image_files_write(const char *directory, guint8 mode, const guint8 *image,
                               gsize image_bytes, const guint8 *init, gsize init_bytes,
                               GError **error)
{
  const char *name = dfu_image_files_name(mode);

  if (g_mkdir_with_parents(directory, 0777) != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "Cannot make the directory %s: %s.",
                directory, g_strerror(errno));
    return FALSE;
  }
  return write_file(directory, name, ".dat", init, init_bytes, error)
         && write_file(directory, name, ".bin", image, image_bytes, error);
}
