/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The package as a whole: from a zip file, or from an image and its init
 * packet, to checked parts. Knows which members make up a part; how they are
 * written is for the files beside this one.
 *
 * Source: nRF5 SDK 4.3 to 6.1 and Nordic's mobile libraries (the fixed names
 * of packages without a manifest).
 */
#include <dfu/package.h>

#include "base/printable.h"
#include "package/archive.h"
#include "package/file.h"
#include "package/image.h"
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

static DfuPackage *package_new(void)
{
  DfuPackage *package = g_new0(DfuPackage, 1);

  package->parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
  package->warnings = g_ptr_array_new_with_free_func(g_free);
  return package;
}

/** Reads an image, from Intel HEX where its name says so: targets take bytes only. */
static GBytes *read_image(DfuArchive *archive, const char *name, GError **error)
{
  g_autoptr(GBytes) contents =
    dfu_archive_read(archive, name, dfu_image_max_file_bytes(name), error);

  return contents != NULL ? dfu_image_convert(contents, name, error) : NULL;
}

/** Checks @unchecked, which has all but the init packet's fields, and hands it to @package. */
static gboolean add_part(DfuPackage *package, DfuPart *unchecked, const DfuManifestImage *noted,
                         GError **error)
{
  g_autoptr(DfuPart) part = unchecked;

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

/** Reads the init packet of @unchecked and hands the part to @package. */
static gboolean add_member(DfuPackage *package, DfuArchive *archive, DfuPart *unchecked,
                           const char *init_member, const DfuManifestImage *noted, GError **error)
{
  g_autoptr(DfuPart) part = unchecked;

  part->init_name = dfu_printable(init_member, -1);
  part->init_packet = dfu_archive_read(archive, init_member, DFU_PACKAGE_MAX_INIT_BYTES, error);
  return part->init_packet != NULL && add_part(package, g_steal_pointer(&part), noted, error);
}

/** For a part that is one image; sizes of SoftDevice and bootloader in one come from elsewhere. */
static void set_size(DfuPart *part)
{
  guint32 len = (guint32)g_bytes_get_size(part->image);

  switch (part->type) {
  case DFU_IMAGE_SOFTDEVICE: part->softdevice_bytes = len; break;
  case DFU_IMAGE_BOOTLOADER: part->bootloader_bytes = len; break;
  case DFU_IMAGE_APPLICATION: part->application_bytes = len; break;
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: break;
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
  part->softdevice_bytes = noted->softdevice_bytes;
  part->bootloader_bytes = noted->bootloader_bytes;
  set_size(part);
  return add_member(package, archive, g_steal_pointer(&part), noted->init_name, noted, error);
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
    part->image = dfu_image_join(softdevice, bootloader);
  } else {
    part->image_name = g_strdup(softdevice_name != NULL ? softdevice_name : bootloader_name);
    part->image = g_bytes_ref(softdevice != NULL ? softdevice : bootloader);
  }
  return add_member(package, archive, g_steal_pointer(&part), "system.dat", NULL, error);
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
  set_size(part);
  return add_member(package, archive, g_steal_pointer(&part), "application.dat", NULL, error);
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

static void complete(DfuPackage *package)
{
  warn_of_missing_application(package);
  g_ptr_array_add(package->warnings, NULL);
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
  g_autoptr(DfuPackage) package = package_new();

  package->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
  if (!read_parts(package, bytes, error)) {
    g_prefix_error(error, "%s: ", shown);
    return NULL;
  }
  complete(package);
  return g_steal_pointer(&package);
}

DfuPackage *dfu_package_read_file(const char *path, GError **error)
{
  g_autofree char *base = g_path_get_basename(path);
  g_autoptr(GBytes) bytes = dfu_file_read(path, DFU_PACKAGE_MAX_FILE_BYTES, error);

  return bytes != NULL ? dfu_package_read_bytes(bytes, base, error) : NULL;
}

/** What the SHA-256 of the zip file is for a package: the same for the same update. */
static char *identify(const DfuPart *part)
{
  const guint32 header[2] = {GUINT32_TO_LE((guint32)part->type),
                             GUINT32_TO_LE((guint32)g_bytes_get_size(part->image))};
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

  g_checksum_update(sum, (const guchar *)header, sizeof header);
  g_checksum_update(sum, g_bytes_get_data(part->image, NULL),
                    (gssize)g_bytes_get_size(part->image));
  g_checksum_update(sum, g_bytes_get_data(part->init_packet, NULL),
                    (gssize)g_bytes_get_size(part->init_packet));
  return g_strdup(g_checksum_get_string(sum));
}

DfuPackage *dfu_package_read_image(const char *path, const char *init_path, DfuImageType type,
                                   GError **error)
{
  g_autoptr(DfuPart) part = g_new0(DfuPart, 1);
  g_autoptr(DfuPackage) package = package_new();

  part->type = type;
  part->image_name = dfu_file_shown_name(path);
  part->init_name = dfu_file_shown_name(init_path);
  if (type == DFU_IMAGE_SOFTDEVICE_BOOTLOADER) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s: a SoftDevice and a bootloader in one image take a package, which says where "
                "the one ends and the other begins; make it of the two", part->image_name);
    return NULL;
  }
  if ((part->image = dfu_image_read_file(path, error)) == NULL ||
      (part->init_packet = dfu_file_read(init_path, DFU_PACKAGE_MAX_INIT_BYTES, error)) == NULL)
    return NULL;
  set_size(part);
  package->version = g_strdup("none");
  package->sha256 = identify(part);
  if (!add_part(package, g_steal_pointer(&part), NULL, error))
    return NULL;
  complete(package);
  return g_steal_pointer(&package);
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
