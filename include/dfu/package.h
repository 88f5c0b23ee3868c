/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DFU packages: reading and checking the zip files that carry firmware to a
 * target of the legacy DFU profile; and init packets.
 *
 * Source of the format: pc-nrfutil 0.5.1 and adafruit-nrfutil (manifest, init
 * packet versions 0.5 to 0.8); nRF5 SDK 11.0.0, dfu_init_template.c (what a
 * target reads of an init packet).
 */
#ifndef DFU_PACKAGE_H
#define DFU_PACKAGE_H

#include <dfu/error.h>
#include <glib.h>

G_BEGIN_DECLS

/** Limits that a package must keep; checked before memory is taken. */
#define DFU_PACKAGE_MAX_FILE_BYTES (16u * 1024 * 1024)
#define DFU_PACKAGE_MAX_IMAGE_BYTES (8u * 1024 * 1024)
#define DFU_PACKAGE_MAX_INIT_BYTES 512u
#define DFU_PACKAGE_MAX_MANIFEST_BYTES (64u * 1024)
#define DFU_PACKAGE_MAX_MEMBERS 64u

/**
 * DfuImageType:
 *
 * What an image is. The values are the mode bits of the Start request.
 */
typedef enum {
  DFU_IMAGE_SOFTDEVICE = 1,
  DFU_IMAGE_BOOTLOADER = 2,
  DFU_IMAGE_SOFTDEVICE_BOOTLOADER = 3,
  DFU_IMAGE_APPLICATION = 4,
} DfuImageType;

/**
 * DfuInitLayout:
 * @DFU_INIT_CRC_ONLY: 2 bytes, a CRC-16 and nothing else (SDK 6.1 and before)
 * @DFU_INIT_CRC: common part and CRC-16 (packing version 0.5)
 * @DFU_INIT_CRC_EXTENDED: common part, id 0, CRC-16 (0.6)
 * @DFU_INIT_HASH: common part, id 1, length, SHA-256 (0.7)
 * @DFU_INIT_SIGNED: common part, id 2, length, SHA-256, ECDSA P-256 (0.8)
 * @DFU_INIT_CUSTOM: none of these; passed to the target as it is
 */
typedef enum {
  DFU_INIT_CRC_ONLY,
  DFU_INIT_CRC,
  DFU_INIT_CRC_EXTENDED,
  DFU_INIT_HASH,
  DFU_INIT_SIGNED,
  DFU_INIT_CUSTOM,
} DfuInitLayout;

#define DFU_INIT_MAX_SOFTDEVICES 64u
#define DFU_SOFTDEVICE_ANY 0xfffeu
#define DFU_SHA256_BYTES 32u
#define DFU_SIGNATURE_BYTES 64u /* r and s, big-endian; the end of the init packet */

/**
 * DfuInitPacket:
 *
 * An init packet, decoded. Which fields hold something follows from @layout:
 * @has_common for the first five, CRC layouts for @crc16, hash layouts for
 * @image_bytes and @sha256.
 */
typedef struct {
  DfuInitLayout layout;
  gboolean has_common;
  guint16 device_type;
  guint16 device_revision;
  guint32 application_version;
  guint n_softdevices;
  guint16 softdevices[DFU_INIT_MAX_SOFTDEVICES];
  guint16 crc16;
  guint32 image_bytes;
  guint8 sha256[DFU_SHA256_BYTES];
} DfuInitPacket;

/**
 * DfuPart:
 *
 * What one pass of the protocol sends: an image with its init packet. The
 * names are those of the zip members, made printable.
 */
typedef struct {
  DfuImageType type;
  char *image_name;
  char *init_name;
  GBytes *image;
  GBytes *init_packet;
  guint32 softdevice_bytes; /* sizes as Start announces them: 0 where the part has none */
  guint32 bootloader_bytes;
  guint32 application_bytes;
  guint16 crc16; /* of the image, computed */
  DfuInitPacket init;
} DfuPart;

typedef struct DfuPackage DfuPackage;

/**
 * dfu_package_read_file:
 * @path: a zip file
 * @error: return location for a #GError
 *
 * Reads a package and checks it as dfu_package_read_bytes() does.
 *
 * Errors: %DFU_ERROR_PACKAGE, also where the file cannot be opened or read.
 * Returns: (transfer full) (nullable): the package
 */
DfuPackage *dfu_package_read_file(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_package_read_bytes:
 * @bytes: a zip file in memory
 * @name: what messages call it
 * @error: return location for a #GError
 *
 * Reads a package: `manifest.json` and the members that it names, or, without
 * a manifest, the fixed names of before (application.bin or .hex with
 * application.dat; softdevice, bootloader with system.dat). An image whose name
 * ends with .hex is converted from Intel HEX. Every image must have its init
 * packet: without one nothing, here or on the target, would notice a damaged
 * image. Nothing is written to disk.
 *
 * Checked, each with its own message: the zip's integrity and the limits
 * above; the manifest's form; images not empty and of a multiple of 4 bytes;
 * SoftDevice and bootloader sizes against the image; CRC-16, length and
 * SHA-256 of the image against its init packet. A Secure DFU or MCUboot
 * package is refused in those words. What is suspicious but no fault becomes a
 * warning: manifest and init packet differ; an init packet that Nordic's own
 * bootloaders do not take, or of a custom layout; an image that does not begin
 * like firmware; a SoftDevice without an application.
 *
 * Messages begin with the base name of the file, or with @name.
 *
 * Errors: %DFU_ERROR_PACKAGE.
 * Returns: (transfer full) (nullable): the package
 */
DfuPackage *dfu_package_read_bytes(GBytes *bytes, const char *name, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_package_is_image_name:
 *
 * Returns: whether @path ends with .bin or .hex, in either case: a loose image
 */
gboolean dfu_package_is_image_name(const char *path);

/**
 * dfu_package_read_image:
 * @path: an image; one whose name ends with .hex is converted from Intel HEX
 * @init_path: its init packet
 * @type: what the image is; not %DFU_IMAGE_SOFTDEVICE_BOOTLOADER, because
 *   nothing would say where in the image the bootloader begins
 * @error: return location for a #GError
 *
 * Makes a package of one part from two files, with the checks, warnings and
 * limits of dfu_package_read_bytes(). Its version is "none", and its SHA-256
 * is that of @type (4 bytes, little-endian), the image's length (likewise),
 * the image as it goes to the target, and the init packet.
 *
 * Errors: %DFU_ERROR_PACKAGE.
 * Returns: (transfer full) (nullable): the package
 */
DfuPackage *dfu_package_read_image(const char *path, const char *init_path, DfuImageType type,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

void dfu_package_free(DfuPackage *package);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuPackage, dfu_package_free)

/** The number of parts: 1, or 2 with the system part (SoftDevice, bootloader) first. */
guint dfu_package_get_n_parts(const DfuPackage *package);

/** Part @index, counted from 0; owned by the package. */
const DfuPart *dfu_package_get_part(const DfuPackage *package, guint index);

/** SHA-256 of the zip file, or of loose files as above, in lower-case hex; owned by the package. */
const char *dfu_package_get_sha256(const DfuPackage *package);

/** `dfu_version` of the manifest ("0.5" where it says nothing), or "none" without one. */
const char *dfu_package_get_version(const DfuPackage *package);

/** NULL-terminated warnings, each a sentence fit to be shown; owned by the package. */
const char *const *dfu_package_get_warnings(const DfuPackage *package);

/**
 * dfu_init_packet_decode:
 * @bytes: the contents of a `.dat` member
 * @out: (out caller-allocates): the fields
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE: empty, larger than DFU_PACKAGE_MAX_INIT_BYTES,
 * a SoftDevice list that runs past the end or has more than
 * DFU_INIT_MAX_SOFTDEVICES entries, or a Secure DFU init packet (protobuf).
 * Returns: whether @out was filled
 */
gboolean dfu_init_packet_decode(GBytes *bytes, DfuInitPacket *out, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_init_packet_read_file:
 * @path: an init packet as a file of its own
 * @out: (out caller-allocates): the fields
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE, beginning with the file's name: it cannot be
 * read, or what dfu_init_packet_decode() finds.
 * Returns: (transfer full) (nullable): the bytes
 */
GBytes *dfu_init_packet_read_file(const char *path, DfuInitPacket *out, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** What packers write where nothing is asked for: version 0.5, nothing set, any SoftDevice. */
extern const DfuInitPacket dfu_init_packet_default;

/** Sets @packet->crc16, @image_bytes and @sha256 to those of @image. */
void dfu_init_packet_measure(DfuInitPacket *packet, GBytes *image);

/**
 * dfu_init_packet_encode:
 * @packet: of any layout but %DFU_INIT_CUSTOM
 *
 * The reverse of dfu_init_packet_decode(). With %DFU_INIT_SIGNED the signature
 * is left out: the bytes are what is to be signed, and it goes behind them.
 *
 * Returns: (transfer full): the contents of a `.dat` member
 */
GBytes *dfu_init_packet_encode(const DfuInitPacket *packet) G_GNUC_WARN_UNUSED_RESULT;

/** "application", "SoftDevice", "bootloader" or "SoftDevice and bootloader". */
const char *dfu_image_type_to_string(DfuImageType type);

/** "CRC-16 only", "CRC-16", … as `dfu-ble info` prints it. */
const char *dfu_init_layout_to_string(DfuInitLayout layout);

G_END_DECLS

#endif
