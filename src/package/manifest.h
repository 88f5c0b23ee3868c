/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * manifest.json: which members of a package are firmware, of what kind, and
 * what the packing tool noted about them. Does not see the members.
 *
 * Source: pc-nrfutil 0.5.1, nordicsemi/dfu/manifest.py and package.py, and
 * adafruit-nrfutil, which kept them; Zephyr, scripts for dfu_application.zip
 * (how to tell an MCUboot package); pc-nrfutil 6 (a Secure DFU package).
 */
#ifndef DFU_PACKAGE_MANIFEST_H
#define DFU_PACKAGE_MANIFEST_H

#include <dfu/package.h>

/** Limits on the shape of the JSON text, checked before it is parsed. */
#define DFU_MANIFEST_MAX_DEPTH 16u
#define DFU_MANIFEST_MAX_ITEMS 1024u

/** Fields of `init_packet_data` that an image has. */
typedef enum {
  DFU_MANIFEST_DEVICE_TYPE = 1 << 0,
  DFU_MANIFEST_DEVICE_REVISION = 1 << 1,
  DFU_MANIFEST_APPLICATION_VERSION = 1 << 2,
  DFU_MANIFEST_SOFTDEVICES = 1 << 3,
  DFU_MANIFEST_CRC16 = 1 << 4,
  DFU_MANIFEST_EXTENDED_ID = 1 << 5,
  DFU_MANIFEST_IMAGE_BYTES = 1 << 6,
  DFU_MANIFEST_SHA256 = 1 << 7,
  DFU_MANIFEST_SIGNATURE = 1 << 8,
} DfuManifestFields;

/**
 * DfuManifestImage:
 *
 * One image. The fields from @fields on are a copy for people of what the init
 * packet is meant to hold; the init packet itself is what counts.
 */
typedef struct {
  DfuImageType type;
  char *image_name; /* `bin_file` and `dat_file`, as they stand */
  char *init_name;
  guint32 softdevice_bytes; /* `sd_size` and `bl_size`, of SoftDevice and bootloader in one */
  guint32 bootloader_bytes;
  guint fields; /* DfuManifestFields: which of the following are there */
  guint32 device_type;
  guint32 device_revision;
  guint32 application_version;
  guint n_softdevices;
  guint16 softdevices[DFU_INIT_MAX_SOFTDEVICES];
  guint32 crc16;
  guint32 extended_id;
  guint32 image_bytes;
  guint8 sha256[DFU_SHA256_BYTES];
  guint8 signature[DFU_SIGNATURE_BYTES]; /* written only: of no use to a reader */
} DfuManifestImage;

/** A manifest has at most one image for the system and one application. */
#define DFU_MANIFEST_MAX_IMAGES 2u

typedef struct {
  char *version; /* `dfu_version`; "0.5" where it is absent */
  guint n_images;
  DfuManifestImage images[DFU_MANIFEST_MAX_IMAGES]; /* the system's first */
} DfuManifest;

/**
 * dfu_manifest_parse:
 * @bytes: contents of manifest.json, within DFU_PACKAGE_MAX_MANIFEST_BYTES
 * @error: return location for a #GError
 *
 * Unknown keys are ignored, also those of unknown kinds of image.
 *
 * Errors: %DFU_ERROR_PACKAGE: no UTF-8 text (a byte order mark is allowed), no
 * JSON, nested or branching beyond the limits, a key twice in one object, no
 * image or two for the system, a field that is missing, of a wrong type or out
 * of range; the manifest of a Secure DFU or MCUboot package.
 * Returns: (transfer full) (nullable): the manifest
 */
DfuManifest *dfu_manifest_parse(GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void dfu_manifest_free(DfuManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuManifest, dfu_manifest_free)

#endif
