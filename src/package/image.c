/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/image.h"

#include <dfu/package.h>
#include <string.h>

#include "package/file.h"
#include "package/intel_hex.h"

static gboolean ends_with(const char *name, const char *ending)
{
  gsize len = strlen(name);
  gsize ending_len = strlen(ending);

  return len > ending_len && g_ascii_strcasecmp(name + len - ending_len, ending) == 0;
}

gboolean dfu_image_has_hex_name(const char *name)
{
  return ends_with(name, ".hex");
}

gboolean dfu_package_is_image_name(const char *path)
{
  g_autofree char *name = g_path_get_basename(path);

  return ends_with(name, ".bin") || ends_with(name, ".hex");
}

gsize dfu_image_max_file_bytes(const char *name)
{
  return dfu_image_has_hex_name(name) ? DFU_PACKAGE_MAX_FILE_BYTES : DFU_PACKAGE_MAX_IMAGE_BYTES;
}

GBytes *dfu_image_convert(GBytes *contents, const char *name, GError **error)
{
  if (!dfu_image_has_hex_name(name))
    return g_bytes_ref(contents);

  GBytes *image = dfu_intel_hex_decode(contents, DFU_PACKAGE_MAX_IMAGE_BYTES, error);
  g_autofree char *shown = dfu_file_shown_name(name);

  if (image == NULL)
    g_prefix_error(error, "%s: ", shown);
  return image;
}

GBytes *dfu_image_read_file(const char *path, GError **error)
{
  g_autoptr(GBytes) contents = dfu_file_read(path, dfu_image_max_file_bytes(path), error);

  return contents != NULL ? dfu_image_convert(contents, path, error) : NULL;
}

GBytes *dfu_image_join(GBytes *first, GBytes *second)
{
  GByteArray *joined = g_byte_array_new();

  g_byte_array_append(joined, g_bytes_get_data(first, NULL), (guint)g_bytes_get_size(first));
  g_byte_array_append(joined, g_bytes_get_data(second, NULL), (guint)g_bytes_get_size(second));
  return g_byte_array_free_to_bytes(joined);
}
