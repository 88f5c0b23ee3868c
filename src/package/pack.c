/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From images to a package. Decides what the members are called and what the
 * manifest says; how each is written is for the files beside this one.
 */
#include <dfu/pack.h>
#include <string.h>

#include "base/printable.h"
#include "package/archive_writer.h"
#include "package/file.h"
#include "package/image.h"
#include "package/manifest_writer.h"
#include "package/signing.h"

#define WORD_BYTES 4u
#define BOTH_NAME "sd_bl.bin"
#define MANIFEST_NAME "manifest.json"
#define MAX_PARTS 2
#define MEMBERS_IN_PART 2

/** A part on its way into the package. */
typedef struct {
  DfuImageType type;
  char *image_name;
  char *init_name;
  GBytes *image;
  GBytes *init_packet;
  DfuInitPacket init;
  guint32 softdevice_bytes;
  guint32 bootloader_bytes;
} Part;

typedef struct {
  Part parts[MAX_PARTS];
  guint n_parts;
} Package;

static void package_clear(Package *package)
{
  for (guint i = 0; i < package->n_parts; i++) {
    Part *part = &package->parts[i];

    g_free(part->image_name);
    g_free(part->init_name);
    g_clear_pointer(&part->image, g_bytes_unref);
    g_clear_pointer(&part->init_packet, g_bytes_unref);
  }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Package, package_clear)

/* --- images --- */

static GBytes *pad_to_words(GBytes *image)
{
  static const guint8 padding[WORD_BYTES] = {0xff, 0xff, 0xff, 0xff};
  gsize len;
  const guint8 *data = g_bytes_get_data(image, &len);
  GByteArray *padded = g_byte_array_new();

  g_byte_array_append(padded, data, (guint)len);
  g_byte_array_append(padded, padding, (WORD_BYTES - len % WORD_BYTES) % WORD_BYTES);
  return g_byte_array_free_to_bytes(padded);
}

static GBytes *read_image(const char *path, GError **error)
{
  g_autofree char *shown = dfu_file_shown_name(path);
  g_autoptr(GBytes) image = NULL;

  if (!dfu_package_is_image_name(path)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s: the name of an image must end with .bin (bytes) or .hex (Intel HEX), so that "
                "it is known which it is; rename the file", shown);
    return NULL;
  }
  if ((image = dfu_image_read_file(path, error)) == NULL)
    return NULL;
  if (g_bytes_get_size(image) == 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE, "%s: the file is empty; build it again",
                shown);
    return NULL;
  }
  return pad_to_words(image);
}

/* --- names --- */

/** @name with @ending in place of its last four characters, which are .bin or .hex. */
static char *replace_ending(const char *name, const char *ending)
{
  return g_strdup_printf("%.*s%s", (int)(strlen(name) - strlen(".bin")), name, ending);
}

static gboolean set_names(Part *part, const char *path, GError **error)
{
  g_autofree char *base = g_path_get_basename(path);
  g_autofree char *shown = dfu_printable(base, -1);

  if (!g_utf8_validate(base, -1, NULL)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s: the name of the file is no UTF-8, but it becomes a name in the manifest; "
                "rename the file", shown);
    return FALSE;
  }
  part->image_name =
    dfu_image_has_hex_name(base) ? replace_ending(base, ".bin") : g_strdup(base);
  part->init_name = replace_ending(base, ".dat");
  return TRUE;
}

static gboolean check_names(const Package *package, GError **error)
{
  const Part *parts = package->parts;
  g_autofree char *shown = NULL;

  if (package->n_parts < 2 || (strcmp(parts[0].image_name, parts[1].image_name) != 0 &&
                               strcmp(parts[0].init_name, parts[1].init_name) != 0))
    return TRUE;
  shown = dfu_printable(parts[1].image_name, -1);
  g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
              "both parts of the package would be called %s; rename one of the files", shown);
  return FALSE;
}

/* --- init packets --- */

static GBytes *sign(GBytes *to_sign, const char *key_path, GError **error)
{
  g_autofree char *shown = dfu_file_shown_name(key_path);
  g_autoptr(GBytes) pem = dfu_file_read(key_path, DFU_SIGNING_MAX_KEY_BYTES, error);
  guint8 signature[DFU_SIGNATURE_BYTES];
  g_autoptr(GBytes) tail = NULL;

  if (pem == NULL)
    return NULL;
  if (!dfu_signing_sign(pem, to_sign, signature, error)) {
    g_prefix_error(error, "%s: ", shown);
    return NULL;
  }
  tail = g_bytes_new(signature, sizeof signature);
  return dfu_image_join(to_sign, tail);
}

static gboolean set_init_packet(Part *part, const DfuPackPart *wanted, const char *key_path,
                                GError **error)
{
  g_autoptr(GBytes) encoded = NULL;

  part->init = wanted->init;
  dfu_init_packet_measure(&part->init, part->image);
  if (wanted->init_packet != NULL) {
    part->init_packet = g_bytes_ref(wanted->init_packet);
    return TRUE;
  }
  encoded = dfu_init_packet_encode(&part->init);
  if (part->init.layout == DFU_INIT_SIGNED)
    part->init_packet = sign(encoded, key_path, error);
  else
    part->init_packet = g_steal_pointer(&encoded);
  return part->init_packet != NULL;
}

/* --- the parts --- */

static gboolean add_system(Package *package, const DfuPackPlan *plan, GError **error)
{
  Part *part = &package->parts[package->n_parts++];
  g_autoptr(GBytes) softdevice = NULL;
  g_autoptr(GBytes) bootloader = NULL;
  const char *path = plan->softdevice != NULL ? plan->softdevice : plan->bootloader;

  if (plan->softdevice != NULL) {
    if ((softdevice = read_image(plan->softdevice, error)) == NULL)
      return FALSE;
    part->type |= DFU_IMAGE_SOFTDEVICE;
    part->softdevice_bytes = (guint32)g_bytes_get_size(softdevice);
  }
  if (plan->bootloader != NULL) {
    if ((bootloader = read_image(plan->bootloader, error)) == NULL)
      return FALSE;
    part->type |= DFU_IMAGE_BOOTLOADER;
    part->bootloader_bytes = (guint32)g_bytes_get_size(bootloader);
  }
  if (part->type == DFU_IMAGE_SOFTDEVICE_BOOTLOADER) {
    part->image = dfu_image_join(softdevice, bootloader);
    path = BOTH_NAME;
  } else {
    part->image = g_bytes_ref(softdevice != NULL ? softdevice : bootloader);
  }
  return set_names(part, path, error) &&
         set_init_packet(part, &plan->system_part, plan->key, error);
}

static gboolean add_application(Package *package, const DfuPackPlan *plan, GError **error)
{
  Part *part = &package->parts[package->n_parts++];

  part->type = DFU_IMAGE_APPLICATION;
  part->image = read_image(plan->application, error);
  return part->image != NULL && set_names(part, plan->application, error) &&
         set_init_packet(part, &plan->application_part, plan->key, error);
}

/* --- the manifest --- */

static void note_extended(const Part *part, DfuManifestImage *image)
{
  switch (part->init.layout) {
  case DFU_INIT_CRC_EXTENDED:
    image->fields |= DFU_MANIFEST_EXTENDED_ID | DFU_MANIFEST_CRC16;
    image->extended_id = 0;
    break;
  case DFU_INIT_HASH:
  case DFU_INIT_SIGNED:
    image->fields |= DFU_MANIFEST_EXTENDED_ID | DFU_MANIFEST_IMAGE_BYTES | DFU_MANIFEST_SHA256;
    image->extended_id = part->init.layout == DFU_INIT_SIGNED ? 2 : 1;
    break;
  case DFU_INIT_CRC_ONLY:
  case DFU_INIT_CRC:
    image->fields |= DFU_MANIFEST_CRC16;
    break;
  case DFU_INIT_CUSTOM: break;
  }
}

static void note_signature(const Part *part, DfuManifestImage *image)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(part->init_packet, &len);

  if (part->init.layout != DFU_INIT_SIGNED || len < DFU_SIGNATURE_BYTES)
    return;
  image->fields |= DFU_MANIFEST_SIGNATURE;
  memcpy(image->signature, data + len - DFU_SIGNATURE_BYTES, DFU_SIGNATURE_BYTES);
}

/** The packers note device and SoftDevices even where the init packet is a CRC-16 alone. */
static void note_part(const Part *part, DfuManifestImage *image)
{
  const DfuInitPacket *init = &part->init;

  image->type = part->type;
  image->image_name = part->image_name;
  image->init_name = part->init_name;
  image->softdevice_bytes = part->softdevice_bytes;
  image->bootloader_bytes = part->bootloader_bytes;
  image->fields = DFU_MANIFEST_DEVICE_TYPE | DFU_MANIFEST_DEVICE_REVISION |
                  DFU_MANIFEST_APPLICATION_VERSION | DFU_MANIFEST_SOFTDEVICES;
  image->device_type = init->device_type;
  image->device_revision = init->device_revision;
  image->application_version = init->application_version;
  image->n_softdevices = init->n_softdevices;
  memcpy(image->softdevices, init->softdevices, sizeof image->softdevices);
  image->crc16 = init->crc16;
  image->image_bytes = init->image_bytes;
  memcpy(image->sha256, init->sha256, sizeof image->sha256);
  note_extended(part, image);
  note_signature(part, image);
}

static const char *version_of(DfuInitLayout layout)
{
  switch (layout) {
  case DFU_INIT_CRC_EXTENDED: return "0.6";
  case DFU_INIT_HASH: return "0.7";
  case DFU_INIT_SIGNED: return "0.8";
  case DFU_INIT_CRC_ONLY:
  case DFU_INIT_CRC:
  case DFU_INIT_CUSTOM: break;
  }
  return "0.5";
}

static char *make_manifest(const Package *package)
{
  const char *version = "0.5";
  DfuManifest manifest = {.n_images = package->n_parts};

  for (guint i = 0; i < package->n_parts; i++) {
    const char *taken = version_of(package->parts[i].init.layout);

    note_part(&package->parts[i], &manifest.images[i]);
    version = strcmp(taken, version) > 0 ? taken : version;
  }
  manifest.version = (char *)version;
  return dfu_manifest_write(&manifest);
}

/* --- the package --- */

static GBytes *write_package(const Package *package, GError **error)
{
  DfuArchiveMember members[1 + MAX_PARTS * MEMBERS_IN_PART];
  g_autofree char *manifest = make_manifest(package);
  g_autoptr(GBytes) text = g_bytes_new(manifest, strlen(manifest));
  gsize n = 0;

  members[n++] = (DfuArchiveMember){MANIFEST_NAME, text};
  for (guint i = 0; i < package->n_parts; i++) {
    const Part *part = &package->parts[i];

    members[n++] = (DfuArchiveMember){part->init_name, part->init_packet};
    members[n++] = (DfuArchiveMember){part->image_name, part->image};
  }
  return dfu_archive_write(members, n, error);
}

GBytes *dfu_pack_make(const DfuPackPlan *plan, GError **error)
{
  g_auto(Package) package = {.n_parts = 0};
  gboolean has_system = plan->softdevice != NULL || plan->bootloader != NULL;
  g_autoptr(GBytes) zip = NULL;
  g_autoptr(DfuPackage) proof = NULL;

  g_return_val_if_fail(has_system || plan->application != NULL, NULL);
  if ((has_system && !add_system(&package, plan, error)) ||
      (plan->application != NULL && !add_application(&package, plan, error)) ||
      !check_names(&package, error))
    return NULL;
  if ((zip = write_package(&package, error)) == NULL)
    return NULL;
  if ((proof = dfu_package_read_bytes(zip, "the new package", error)) == NULL)
    return NULL;
  return g_steal_pointer(&zip);
}

gboolean dfu_pack_write(GBytes *zip, const char *path, gboolean replace, GError **error)
{
  return dfu_file_write(zip, path, replace, error);
}

gboolean dfu_pack_can_sign(void)
{
  return dfu_signing_is_built_in();
}
