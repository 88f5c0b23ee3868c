/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/preflight.h"

#include <string.h>

#include "package/crc16.h"

#define WORD_BYTES 4u
#define MCUBOOT_MAGIC 0x96f3b83du
#define SOFTDEVICE_MAGIC 0x51b1e5dbu
#define SOFTDEVICE_MAGIC_OFFSET 0x2004u /* in an image without MBR: 0x3004 in flash */
#define SHA256_HEX_BYTES (2 * DFU_SHA256_BYTES + 1)

static gboolean check_sizes(const DfuPart *part, GError **error)
{
  gsize len = g_bytes_get_size(part->image);
  guint64 announced =
    (guint64)part->softdevice_bytes + part->bootloader_bytes + part->application_bytes;

  if (len == 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE, "%s is empty; build and pack it again",
                part->image_name);
    return FALSE;
  }
  if (len > DFU_PACKAGE_MAX_IMAGE_BYTES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s has %" G_GSIZE_FORMAT " bytes, but at most %u are allowed", part->image_name,
                len, DFU_PACKAGE_MAX_IMAGE_BYTES);
    return FALSE;
  }
  if (announced != len) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s has %" G_GSIZE_FORMAT " bytes, but manifest.json says %u (SoftDevice) + %u "
                "(bootloader); the package is damaged or was packed wrongly: pack it again",
                part->image_name, len, part->softdevice_bytes, part->bootloader_bytes);
    return FALSE;
  }
  if (part->softdevice_bytes % WORD_BYTES != 0 || part->bootloader_bytes % WORD_BYTES != 0 ||
      part->application_bytes % WORD_BYTES != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s has %" G_GSIZE_FORMAT " bytes, but targets only take images of a multiple of "
                "%u; pad it with 0xFF and pack it again", part->image_name, len,
                WORD_BYTES);
    return FALSE;
  }
  return TRUE;
}

static void format_sha256(const guint8 *sha256, char *hex)
{
  for (gsize i = 0; i < DFU_SHA256_BYTES; i++)
    g_snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
}

static gboolean check_crc(const DfuPart *part, GError **error)
{
  if (part->crc16 == part->init.crc16)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
              "the CRC-16 of %s is 0x%04x, but its init packet %s says 0x%04x; the two do not "
              "belong together, or one is damaged: pack them again", part->image_name, part->crc16,
              part->init_name, part->init.crc16);
  return FALSE;
}

static gboolean check_hash(const DfuPart *part, GError **error)
{
  gsize len = g_bytes_get_size(part->image);
  char wanted[SHA256_HEX_BYTES];
  g_autofree char *seen = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, part->image);

  if (part->init.image_bytes != len) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s has %" G_GSIZE_FORMAT " bytes, but its init packet %s says %u; the two do "
                "not belong together, or one is damaged: pack them again", part->image_name, len,
                part->init_name, part->init.image_bytes);
    return FALSE;
  }
  format_sha256(part->init.sha256, wanted);
  if (strcmp(seen, wanted) != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the SHA-256 of %s is %s, but its init packet %s says %s; the two do not belong "
                "together, or one is damaged: pack them again", part->image_name, seen,
                part->init_name, wanted);
    return FALSE;
  }
  return TRUE;
}

gboolean dfu_preflight_check(DfuPart *part, GError **error)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(part->image, &len);

  if (!check_sizes(part, error))
    return FALSE;
  part->crc16 = dfu_crc16(data, len);

  switch (part->init.layout) {
  case DFU_INIT_CRC_ONLY:
  case DFU_INIT_CRC:
  case DFU_INIT_CRC_EXTENDED:
    return check_crc(part, error);
  case DFU_INIT_HASH:
  case DFU_INIT_SIGNED:
    return check_hash(part, error);
  case DFU_INIT_CUSTOM:
    break;
  }
  return TRUE;
}

static void G_GNUC_PRINTF(2, 3) warn(GPtrArray *warnings, const char *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  g_ptr_array_add(warnings, g_strdup_vprintf(format, arguments));
  va_end(arguments);
}

static guint32 get_u32(const guint8 *in)
{
  return (guint32)in[0] | (guint32)in[1] << 8 | (guint32)in[2] << 16 | (guint32)in[3] << 24;
}

/**
 * Firmware of an nRF5 begins with a Cortex-M vector table, initial stack
 * pointer and reset handler, or with the header of an MCUboot image.
 */
static void warn_of_contents(const DfuPart *part, GPtrArray *warnings)
{
  const guint32 ram_start = 0x20000000, ram_end = 0x20100000, flash_end = 0x00200000;
  gsize len;
  const guint8 *data = g_bytes_get_data(part->image, &len);
  guint32 stack = get_u32(data);
  guint32 reset = len >= 8 ? get_u32(data + 4) : 0;

  if (stack == MCUBOOT_MAGIC)
    return;
  if (stack <= ram_start || stack > ram_end || reset % 2 == 0 || reset >= flash_end)
    warn(warnings, "%s does not begin like firmware (stack pointer 0x%08x, reset handler 0x%08x): "
         "make sure that it was made of the right file.", part->image_name, stack, reset);
}

/** A HEX file merged for a programmer begins with the SoftDevice, and is no application. */
static void warn_of_softdevice(const DfuPart *part, GPtrArray *warnings)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(part->image, &len);

  if (part->softdevice_bytes == 0 && len >= SOFTDEVICE_MAGIC_OFFSET + WORD_BYTES &&
      get_u32(data + SOFTDEVICE_MAGIC_OFFSET) == SOFTDEVICE_MAGIC)
    warn(warnings, "%s goes as %s, but begins with a SoftDevice: such merged files are for a "
         "programmer. Take the file that holds nothing but the %s.", part->image_name,
         dfu_image_type_to_string(part->type), dfu_image_type_to_string(part->type));
}

/** What the targets of the field are known to do with a layout other than their own. */
static void warn_of_layout(const DfuPart *part, GPtrArray *warnings)
{
  switch (part->init.layout) {
  case DFU_INIT_CUSTOM:
    warn(warnings, "The init packet %s has no layout that is known, so %s was not checked against "
         "it; it goes to the target as it is.", part->init_name, part->image_name);
    break;
  case DFU_INIT_CRC_EXTENDED:
    warn(warnings, "The init packet %s was packed as version 0.6: only bootloaders made for it "
         "take it, others find a wrong CRC after the transfer. For Nordic's own, pack it as "
         "version 0.5.", part->init_name);
    break;
  case DFU_INIT_HASH:
  case DFU_INIT_SIGNED:
    warn(warnings, "The init packet %s holds a SHA-256 (version 0.7 or 0.8): only bootloaders made "
         "for it take it, and it can crash others. For Nordic's own, pack it as version 0.5.",
         part->init_name);
    break;
  case DFU_INIT_CRC_ONLY:
  case DFU_INIT_CRC:
    break;
  }
  if (part->init.has_common && part->init.n_softdevices == 0)
    warn(warnings, "The init packet %s lists no SoftDevice: Nordic's bootloaders refuse it with "
         "status 6. Pack it for a SoftDevice, or for any (0xFFFE).", part->init_name);
}

static void compare(const DfuPart *part, const DfuManifestImage *noted, DfuManifestFields field,
                    const char *what, guint32 in_manifest, guint32 in_init, GPtrArray *warnings)
{
  if ((noted->fields & field) && in_manifest != in_init)
    warn(warnings, "manifest.json gives %s 0x%04x, but the init packet %s says 0x%04x, and the "
         "init packet is what counts.", what, in_manifest, part->init_name, in_init);
}

static char *list_softdevices(const guint16 *ids, guint n)
{
  GString *text = g_string_new(n == 0 ? "none" : NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf(text, "%s0x%04x%s", i == 0 ? "" : ", ", ids[i],
                           ids[i] == DFU_SOFTDEVICE_ANY ? " (any)" : "");
  return g_string_free(text, FALSE);
}

static void compare_softdevices(const DfuPart *part, const DfuManifestImage *noted,
                                GPtrArray *warnings)
{
  const DfuInitPacket *init = &part->init;

  if (!(noted->fields & DFU_MANIFEST_SOFTDEVICES) ||
      (noted->n_softdevices == init->n_softdevices &&
       memcmp(noted->softdevices, init->softdevices,
              init->n_softdevices * sizeof *init->softdevices) == 0))
    return;

  g_autofree char *in_manifest = list_softdevices(noted->softdevices, noted->n_softdevices);
  g_autofree char *in_init = list_softdevices(init->softdevices, init->n_softdevices);

  warn(warnings, "manifest.json gives SoftDevice %s, but the init packet %s says %s, and the init "
       "packet is what counts.", in_manifest, part->init_name, in_init);
}

static void compare_common(const DfuPart *part, const DfuManifestImage *noted,
                           GPtrArray *warnings)
{
  const DfuInitPacket *init = &part->init;

  compare(part, noted, DFU_MANIFEST_DEVICE_TYPE, "device type", noted->device_type,
          init->device_type, warnings);
  compare(part, noted, DFU_MANIFEST_DEVICE_REVISION, "device revision", noted->device_revision,
          init->device_revision, warnings);
  compare(part, noted, DFU_MANIFEST_APPLICATION_VERSION, "application version",
          noted->application_version, init->application_version, warnings);
  compare_softdevices(part, noted, warnings);
}

/** Whether the manifest asks for something that an init packet of a CRC-16 alone cannot ask. */
static gboolean restricts(const DfuManifestImage *noted)
{
  gboolean any_softdevice = !(noted->fields & DFU_MANIFEST_SOFTDEVICES);

  for (guint i = 0; i < noted->n_softdevices; i++)
    any_softdevice = any_softdevice || noted->softdevices[i] == DFU_SOFTDEVICE_ANY;
  return ((noted->fields & DFU_MANIFEST_DEVICE_TYPE) && noted->device_type != 0xffff) ||
         ((noted->fields & DFU_MANIFEST_DEVICE_REVISION) && noted->device_revision != 0xffff) ||
         !any_softdevice;
}

static void compare_extended(const DfuPart *part, const DfuManifestImage *noted,
                             GPtrArray *warnings)
{
  const DfuInitPacket *init = &part->init;
  gboolean has_hash = init->layout == DFU_INIT_HASH || init->layout == DFU_INIT_SIGNED;

  if (!has_hash)
    compare(part, noted, DFU_MANIFEST_CRC16, "CRC-16", noted->crc16, init->crc16, warnings);
  if ((noted->fields & DFU_MANIFEST_SHA256) && !has_hash)
    warn(warnings, "manifest.json gives a SHA-256, but the init packet %s holds none, and the init "
         "packet is what counts.", part->init_name);
  if (!has_hash)
    return;
  compare(part, noted, DFU_MANIFEST_IMAGE_BYTES, "firmware length", noted->image_bytes,
          init->image_bytes, warnings);
  compare(part, noted, DFU_MANIFEST_EXTENDED_ID, "extended packet id", noted->extended_id,
          init->layout == DFU_INIT_SIGNED ? 2 : 1, warnings);
  if ((noted->fields & DFU_MANIFEST_SHA256) &&
      memcmp(noted->sha256, init->sha256, DFU_SHA256_BYTES) != 0)
    warn(warnings, "manifest.json gives another SHA-256 than the init packet %s, and the init "
         "packet is what counts.", part->init_name);
}

void dfu_preflight_warn(const DfuPart *part, const DfuManifestImage *noted, GPtrArray *warnings)
{
  warn_of_contents(part, warnings);
  warn_of_softdevice(part, warnings);
  warn_of_layout(part, warnings);
  if (noted == NULL)
    return;
  if (part->init.has_common)
    compare_common(part, noted, warnings);
  else if (restricts(noted))
    warn(warnings, "manifest.json asks for a device or SoftDevice, but the init packet %s is a "
         "CRC-16 alone: the target will not check it.", part->init_name);
  if (part->init.layout != DFU_INIT_CUSTOM)
    compare_extended(part, noted, warnings);
}
