/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The package as a whole: from a zip file to checked parts. Knows which members
 * make up a part; how they are written is for the files beside this one.
 *
 * Source: nRF5 SDK 4.3 to 6.1 and Nordic's mobile libraries (the fixed names
 * of packages without a manifest).
 */
#include <dfu/package.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"
#include "package/archive.h"
#include "package/intel_hex.h"
#include "package/manifest.h"
#include "package/preflight.h"

#define MANIFEST_NAME "manifest.json"

struct DfuPackage {
  GPtrArray *parts;
  GPtrArray *warnings; /* ends with NULL once the package is complete */
  char *sha256;
  char *version;
};

static void part_free(DfuPart *part)
{
  g_free(part->image_name);
  g_free(part->init_name);
  g_clear_pointer(&part->image, g_bytes_unref);
  g_clear_pointer(&part->init_packet, g_bytes_unref);
  g_free(part);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuPart, part_free)

static gboolean has_hex_name(const char *name)
{
  gsize len = strlen(name);

  return len >= 4 && g_ascii_strcasecmp(name + len - 4, ".hex") == 0;
}

/** Reads an image, from Intel HEX where its name says so: targets take bytes only. */
static GBytes *read_image(DfuArchive *archive, const char *name, GError **error)
{
  if (!has_hex_name(name))
    return dfu_archive_read(archive, name, DFU_PACKAGE_MAX_IMAGE_BYTES, error);

  g_autoptr(GBytes) text = dfu_archive_read(archive, name, DFU_PACKAGE_MAX_FILE_BYTES, error);

  if (text == NULL)
    return NULL;

  GBytes *image = dfu_intel_hex_decode(text, DFU_PACKAGE_MAX_IMAGE_BYTES, error);
  g_autofree char *shown = dfu_printable(name, -1);

  if (image == NULL)
    g_prefix_error(error, "%s: ", shown);
  return image;
}

/** Reads the init packet of @part, checks the part and hands it over to @package. */
static gboolean add_part(DfuPackage *package, DfuArchive *archive, DfuPart *unchecked,
                         const char *init_member, const DfuManifestImage *noted, GError **error)
{
  g_autoptr(DfuPart) part = unchecked;

  part->init_name = dfu_printable(init_member, -1);
  part->init_packet = dfu_archive_read(archive, init_member, DFU_PACKAGE_MAX_INIT_BYTES, error);
  if (part->init_packet == NULL)
    return FALSE;
  if (!dfu_init_packet_decode(part->init_packet, &part->init, error)) {
    g_prefix_error(error, "%s: ", part->init_name);
    return FALSE;
  }
  if (!dfu_preflight_check(part, error))
    return FALSE;
  dfu_preflight_warn(part, noted, package->warnings);
  g_ptr_array_add(package->parts, g_steal_pointer(&part));
  return TRUE;
}

static void set_sizes(DfuPart *part, const DfuManifestImage *noted)
{
  guint32 len = (guint32)g_bytes_get_size(part->image);

  switch (part->type) {
  case DFU_IMAGE_SOFTDEVICE:
    part->softdevice_bytes = len;
    break;
  case DFU_IMAGE_BOOTLOADER:
    part->bootloader_bytes = len;
    break;
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER:
    part->softdevice_bytes = noted->softdevice_bytes;
    part->bootloader_bytes = noted->bootloader_bytes;
    break;
  case DFU_IMAGE_APPLICATION:
    part->application_bytes = len;
    break;
  }
}

static gboolean read_noted_image(DfuPackage *package, DfuArchive *archive,
                                 const DfuManifestImage *noted, GError **error)
{
  g_autoptr(DfuPart) part = g_new0(DfuPart, 1);

  part->type = noted->type;
  part->image_name = dfu_printable(noted->image_name, -1);
  part->image = read_image(archive, noted->image_name, error);
  if (part->image == NULL)
    return FALSE;
  set_sizes(part, noted);
  return add_part(package, archive, g_steal_pointer(&part), noted->init_name, noted, error);
}

static gboolean read_by_manifest(DfuPackage *package, DfuArchive *archive, GError **error)
{
  g_autoptr(GBytes) text =
    dfu_archive_read(archive, MANIFEST_NAME, DFU_PACKAGE_MAX_MANIFEST_BYTES, error);

  if (text == NULL)
    return FALSE;

  g_autoptr(DfuManifest) manifest = dfu_manifest_parse(text, error);

  if (manifest == NULL) {
    g_prefix_error(error, "%s: ", MANIFEST_NAME);
    return FALSE;
  }
  package->version = g_strdup(manifest->version);
  for (guint i = 0; i < manifest->n_images; i++) {
    if (!read_noted_image(package, archive, &manifest->images[i], error))
      return FALSE;
  }
  return TRUE;
}

/** Sets @out to "@stem.bin" or "@stem.hex", whichever is there, or to NULL. */
static gboolean find_fixed_name(DfuArchive *archive, const char *stem, char **out, GError **error)
{
  g_autofree char *bin = g_strconcat(stem, ".bin", NULL);
  g_autofree char *hex = g_strconcat(stem, ".hex", NULL);
  gboolean has_bin = dfu_archive_has(archive, bin);
  gboolean has_hex = dfu_archive_has(archive, hex);

  if (has_bin && has_hex) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "there are both %s and %s, and no manifest to say which counts; take one out", bin,
                hex);
    return FALSE;
  }
  *out = has_bin ? g_steal_pointer(&bin) : has_hex ? g_steal_pointer(&hex) : NULL;
  return TRUE;
}

static GBytes *join(GBytes *first, GBytes *second)
{
  GByteArray *joined = g_byte_array_new();

  g_byte_array_append(joined, g_bytes_get_data(first, NULL), (guint)g_bytes_get_size(first));
  g_byte_array_append(joined, g_bytes_get_data(second, NULL), (guint)g_bytes_get_size(second));
  return g_byte_array_free_to_bytes(joined);
}

/** SoftDevice and bootloader go to the target as one image, in this order. */
static gboolean add_system(DfuPackage *package, DfuArchive *archive, const char *softdevice_name,
                           const char *bootloader_name, GError **error)
{
  g_autoptr(DfuPart) part = g_new0(DfuPart, 1);
  g_autoptr(GBytes) softdevice = NULL;
  g_autoptr(GBytes) bootloader = NULL;

  if (softdevice_name != NULL) {
    softdevice = read_image(archive, softdevice_name, error);
    if (softdevice == NULL)
      return FALSE;
    part->type |= DFU_IMAGE_SOFTDEVICE;
    part->softdevice_bytes = (guint32)g_bytes_get_size(softdevice);
  }
  if (bootloader_name != NULL) {
    bootloader = read_image(archive, bootloader_name, error);
    if (bootloader == NULL)
      return FALSE;
    part->type |= DFU_IMAGE_BOOTLOADER;
    part->bootloader_bytes = (guint32)g_bytes_get_size(bootloader);
  }
  if (part->type == DFU_IMAGE_SOFTDEVICE_BOOTLOADER) {
    part->image_name = g_strdup_printf("%s + %s", softdevice_name, bootloader_name);
    part->image = join(softdevice, bootloader);
  } else {
    part->image_name = g_strdup(softdevice_name != NULL ? softdevice_name : bootloader_name);
    part->image = g_bytes_ref(softdevice != NULL ? softdevice : bootloader);
  }
  return add_part(package, archive, g_steal_pointer(&part), "system.dat", NULL, error);
}

static gboolean add_application(DfuPackage *package, DfuArchive *archive, const char *name,
                                GError **error)
{
  g_autoptr(DfuPart) part = g_new0(DfuPart, 1);

  part->type = DFU_IMAGE_APPLICATION;
  part->image_name = g_strdup(name);
  part->image = read_image(archive, name, error);
  if (part->image == NULL)
    return FALSE;
  part->application_bytes = (guint32)g_bytes_get_size(part->image);
  return add_part(package, archive, g_steal_pointer(&part), "application.dat", NULL, error);
}

static void set_nothing_found(DfuArchive *archive, GError **error)
{
  g_autofree char *elsewhere = dfu_archive_find_in_folder(archive, MANIFEST_NAME);

  if (elsewhere != NULL)
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the manifest is in a folder (%s), but must be on the top level; zip the files "
                "without their folder", elsewhere);
  else
    g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                        "this zip file is not a DFU package: it holds no manifest.json, and no "
                        "application, bootloader or softdevice of the fixed names of old");
}

static gboolean read_by_fixed_names(DfuPackage *package, DfuArchive *archive, GError **error)
{
  g_autofree char *softdevice = NULL;
  g_autofree char *bootloader = NULL;
  g_autofree char *application = NULL;

  if (!find_fixed_name(archive, "softdevice", &softdevice, error) ||
      !find_fixed_name(archive, "bootloader", &bootloader, error) ||
      !find_fixed_name(archive, "application", &application, error))
    return FALSE;
  if (softdevice == NULL && bootloader == NULL && application == NULL) {
    set_nothing_found(archive, error);
    return FALSE;
  }
  package->version = g_strdup("none");
  if ((softdevice != NULL || bootloader != NULL) &&
      !add_system(package, archive, softdevice, bootloader, error))
    return FALSE;
  return application == NULL || add_application(package, archive, application, error);
}

/** A SoftDevice takes the application's place: what remains is a device in DFU mode. */
static void warn_of_missing_application(DfuPackage *package)
{
  const DfuPart *part = dfu_package_get_part(package, 0);

  if (package->parts->len == 1 && part->softdevice_bytes > 0)
    g_ptr_array_add(package->warnings,
                    g_strdup("The package holds a SoftDevice but no application: it replaces the "
                             "application, and the device stays in DFU mode until another update "
                             "brings one."));
}

static gboolean read_parts(DfuPackage *package, GBytes *bytes, GError **error)
{
  g_autoptr(DfuArchive) archive = dfu_archive_open(bytes, error);

  if (archive == NULL)
    return FALSE;
  if (dfu_archive_has(archive, MANIFEST_NAME))
    return read_by_manifest(package, archive, error);
  return read_by_fixed_names(package, archive, error);
}

DfuPackage *dfu_package_read_bytes(GBytes *bytes, const char *name, GError **error)
{
  g_autofree char *shown = dfu_printable(name, -1);
  g_autoptr(DfuPackage) package = g_new0(DfuPackage, 1);

  package->parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
  package->warnings = g_ptr_array_new_with_free_func(g_free);
  package->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
  if (!read_parts(package, bytes, error)) {
    g_prefix_error(error, "%s: ", shown);
    return NULL;
  }
  warn_of_missing_application(package);
  g_ptr_array_add(package->warnings, NULL);
  return g_steal_pointer(&package);
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

DfuPackage *dfu_package_read_file(const char *path, GError **error)
{
  g_autofree char *base = g_path_get_basename(path);
  g_autofree char *shown = dfu_printable(base, -1);
  g_autoptr(GByteArray) contents = g_byte_array_new();
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  gboolean ok = fd >= 0 && read_all(fd, DFU_PACKAGE_MAX_FILE_BYTES, contents);
  int code = errno;

  if (fd >= 0)
    close(fd);
  if (!ok) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE, "%s: the file cannot be read: %s", shown,
                g_strerror(code));
    return NULL;
  }

  g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&contents));

  return dfu_package_read_bytes(bytes, base, error);
}

void dfu_package_free(DfuPackage *package)
{
  if (package == NULL)
    return;
  g_ptr_array_unref(package->parts);
  g_ptr_array_unref(package->warnings);
  g_free(package->sha256);
  g_free(package->version);
  g_free(package);
}

guint dfu_package_get_n_parts(const DfuPackage *package)
{
  return package->parts->len;
}

const DfuPart *dfu_package_get_part(const DfuPackage *package, guint index)
{
  g_return_val_if_fail(index < package->parts->len, NULL);
  return g_ptr_array_index(package->parts, index);
}

const char *dfu_package_get_sha256(const DfuPackage *package)
{
  return package->sha256;
}

const char *dfu_package_get_version(const DfuPackage *package)
{
  return package->version;
}

const char *const *dfu_package_get_warnings(const DfuPackage *package)
{
  return (const char *const *)package->warnings->pdata;
}

const char *dfu_image_type_to_string(DfuImageType type)
{
  switch (type) {
  case DFU_IMAGE_SOFTDEVICE: return "SoftDevice";
  case DFU_IMAGE_BOOTLOADER: return "bootloader";
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: return "SoftDevice and bootloader";
  case DFU_IMAGE_APPLICATION: return "application";
  }
  return "unknown";
}
