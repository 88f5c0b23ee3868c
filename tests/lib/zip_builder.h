/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fixtures made by code: zip files of any members, and whole legacy DFU
 * packages around synthetic firmware. The same input gives the same bytes.
 *
 *   static const DfuTestPart part = {.type = DFU_IMAGE_APPLICATION, .bytes = 4096};
 *   g_autoptr(GBytes) zip = dfu_test_package(&part, 1);
 */
#ifndef DFU_TESTS_LIB_ZIP_BUILDER_H
#define DFU_TESTS_LIB_ZIP_BUILDER_H

#include <dfu/package.h>

/** A member of a zip file. */
typedef struct {
  const char *name;
  const void *data;
  gsize len;
  gboolean deflate; /* stored otherwise */
} DfuTestMember;

/** A zip file of @n members, in this order. */
GBytes *dfu_test_zip(const DfuTestMember *members, gsize n);

/** A part of a package: an image with a right init packet and manifest entry. */
typedef struct {
  DfuImageType type;
  gsize bytes;            /* of the image; SoftDevice and bootloader: 3/4 and 1/4 of it, in words */
  guint32 seed;           /* other seeds give other images */
  gboolean deflate;       /* the image is deflated, not stored */
  DfuInitLayout layout;   /* any but DFU_INIT_CUSTOM; 0 is DFU_INIT_CRC_ONLY */
  guint16 device_type;    /* 0 here and below: the packing tools' defaults, */
  guint16 device_revision;
  guint16 softdevice;     /* that is 0xffff, 0xffff and 0xfffe */
  gboolean is_mcuboot;    /* the image begins as MCUboot's do, not with a vector table */
} DfuTestPart;

/** A package of @n parts as nrfutil makes it: manifest.json, and a .bin and .dat for each. */
GBytes *dfu_test_package(const DfuTestPart *parts, gsize n);

/** A synthetic image of @bytes bytes: a plausible vector table, then noise. */
GBytes *dfu_test_image(gsize bytes, guint32 seed);

/** The image of @part. */
GBytes *dfu_test_part_image(const DfuTestPart *part);

/** The init packet of @part for @image. */
GBytes *dfu_test_init_packet(const DfuTestPart *part, GBytes *image);

/** "app.bin" and so on: what dfu_test_package() calls the image and the init packet. */
const char *dfu_test_image_name(DfuImageType type);
const char *dfu_test_init_name(DfuImageType type);

/** manifest.json for @n parts; @images are theirs. */
char *dfu_test_manifest(const DfuTestPart *parts, GBytes *const *images, gsize n);

/** A Secure DFU package (nRF5 SDK 12 and later) around a synthetic image. */
GBytes *dfu_test_secure_package(gsize bytes, guint32 seed);

/** An MCUboot (mcumgr) package around a synthetic image. */
GBytes *dfu_test_mcuboot_package(gsize bytes, guint32 seed);

/**
 * dfu_test_patch_header:
 * @zip: a zip file of dfu_test_zip()
 * @member: index of the member
 * @field: offset in its central header, of which the local header has a copy
 *   two bytes nearer to its start: 8 flags, 10 method, 16 CRC-32, 20 size
 *   packed, 24 size unpacked
 * @width: bytes of the field, 2 or 4
 * @value: what to write there
 *
 * Returns: (transfer full): a copy of @zip whose headers lie
 */
GBytes *dfu_test_patch_header(GBytes *zip, guint member, guint field, guint width, guint32 value);

#endif
