/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/zip_builder.h"

#include <string.h>
#include <zip.h>

#include "package/crc16.h"

/** 1 January 2016, midnight: any fixed date keeps the output the same. */
#define DOS_DATE ((2016 - 1980) << 9 | 1 << 5 | 1)

static const guint8 local_signature[4] = {'P', 'K', 3, 4};
static const guint8 central_signature[4] = {'P', 'K', 1, 2};

static void add_member(zip_t *zip, const DfuTestMember *member)
{
  zip_source_t *source = zip_source_buffer(zip, member->data, member->len, 0);
  zip_int64_t index = zip_file_add(zip, member->name, source, ZIP_FL_ENC_UTF_8);

  g_assert(index >= 0);
  zip_set_file_compression(zip, (zip_uint64_t)index,
                           member->deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  zip_file_set_dostime(zip, (zip_uint64_t)index, 0, DOS_DATE, 0);
}

static GBytes *read_source(zip_source_t *source)
{
  zip_stat_t stat;

  g_assert(zip_source_stat(source, &stat) == 0);
  g_assert(zip_source_open(source) == 0);

  guint8 *data = g_malloc(stat.size);

  g_assert(zip_source_read(source, data, stat.size) == (zip_int64_t)stat.size);
  zip_source_close(source);
  return g_bytes_new_take(data, stat.size);
}

GBytes *dfu_test_zip(const DfuTestMember *members, gsize n)
{
  zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, NULL);

  zip_source_keep(target);

  zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, NULL);

  g_assert(zip != NULL);
  for (gsize i = 0; i < n; i++)
    add_member(zip, &members[i]);
  g_assert(zip_close(zip) == 0);

  GBytes *bytes = read_source(target);

  zip_source_free(target);
  return bytes;
}

static void append_u16(GByteArray *out, guint16 value)
{
  const guint8 bytes[2] = {(guint8)value, (guint8)(value >> 8)};

  g_byte_array_append(out, bytes, sizeof bytes);
}

static void append_u32(GByteArray *out, guint32 value)
{
  append_u16(out, (guint16)value);
  append_u16(out, (guint16)(value >> 16));
}

GBytes *dfu_test_image(gsize bytes, guint32 seed)
{
  GByteArray *image = g_byte_array_new();
  guint32 noise = seed * 2654435761u + 1;

  append_u32(image, 0x20004000); /* initial stack pointer */
  append_u32(image, 0x0001c0c1); /* reset handler, a Thumb address */
  while (image->len < bytes) {
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    /* Half of it repeats, so that it deflates as firmware does. */
    append_u32(image, image->len % 64 < 32 ? noise : 0xf000f8d0);
  }
  g_byte_array_set_size(image, (guint)bytes);
  return g_byte_array_free_to_bytes(image);
}

GBytes *dfu_test_part_image(const DfuTestPart *part)
{
  static const guint8 magic[] = {0x3d, 0xb8, 0xf3, 0x96}; /* MCUboot, image.h: IMAGE_MAGIC */
  g_autoptr(GBytes) image = dfu_test_image(part->bytes, part->seed);
  gsize len;
  guint8 *bytes;

  if (!part->is_mcuboot)
    return g_steal_pointer(&image);
  bytes = g_bytes_unref_to_data(g_steal_pointer(&image), &len);
  memcpy(bytes, magic, sizeof magic);
  return g_bytes_new_take(bytes, len);
}

static guint16 or_default(guint16 value, guint16 fallback)
{
  return value != 0 ? value : fallback;
}

static guint32 softdevice_share(const DfuTestPart *part)
{
  return (guint32)(part->bytes / 16 * 12);
}

static void append_hash(GByteArray *out, GBytes *image)
{
  guint8 digest[DFU_SHA256_BYTES];
  gsize len = sizeof digest;
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

  g_checksum_update(sum, g_bytes_get_data(image, NULL), (gssize)g_bytes_get_size(image));
  g_checksum_get_digest(sum, digest, &len);
  append_u32(out, (guint32)g_bytes_get_size(image));
  g_byte_array_append(out, digest, sizeof digest);
}

static guint16 crc_of(GBytes *image)
{
  return dfu_crc16(g_bytes_get_data(image, NULL), g_bytes_get_size(image));
}

static void append_extended(GByteArray *out, DfuInitLayout layout, GBytes *image)
{
  static const guint8 signature[64] = {0x5a};

  switch (layout) {
  case DFU_INIT_CRC_EXTENDED:
    append_u32(out, 0);
    append_u16(out, crc_of(image));
    break;
  case DFU_INIT_HASH:
    append_u32(out, 1);
    append_hash(out, image);
    break;
  case DFU_INIT_SIGNED:
    append_u32(out, 2);
    append_hash(out, image);
    g_byte_array_append(out, signature, sizeof signature);
    break;
  default:
    append_u16(out, crc_of(image));
    break;
  }
}

GBytes *dfu_test_init_packet(const DfuTestPart *part, GBytes *image)
{
  GByteArray *out = g_byte_array_new();

  if (part->layout != DFU_INIT_CRC_ONLY) {
    append_u16(out, or_default(part->device_type, 0xffff));
    append_u16(out, or_default(part->device_revision, 0xffff));
    append_u32(out, 0xffffffff);
    append_u16(out, 1);
    append_u16(out, or_default(part->softdevice, DFU_SOFTDEVICE_ANY));
  }
  append_extended(out, part->layout, image);
  return g_byte_array_free_to_bytes(out);
}

const char *dfu_test_image_name(DfuImageType type)
{
  switch (type) {
  case DFU_IMAGE_SOFTDEVICE: return "sd.bin";
  case DFU_IMAGE_BOOTLOADER: return "bl.bin";
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: return "sd_bl.bin";
  default: return "app.bin";
  }
}

const char *dfu_test_init_name(DfuImageType type)
{
  switch (type) {
  case DFU_IMAGE_SOFTDEVICE: return "sd.dat";
  case DFU_IMAGE_BOOTLOADER: return "bl.dat";
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: return "sd_bl.dat";
  default: return "app.dat";
  }
}

static const char *manifest_key(DfuImageType type)
{
  switch (type) {
  case DFU_IMAGE_SOFTDEVICE: return "softdevice";
  case DFU_IMAGE_BOOTLOADER: return "bootloader";
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: return "softdevice_bootloader";
  default: return "application";
  }
}

static const char *manifest_version(DfuInitLayout layout)
{
  switch (layout) {
  case DFU_INIT_CRC_EXTENDED: return "0.6";
  case DFU_INIT_HASH: return "0.7";
  case DFU_INIT_SIGNED: return "0.8";
  default: return "0.5";
  }
}

static void append_extended_copy(GString *out, DfuInitLayout layout, GBytes *image)
{
  g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, image);

  if (layout == DFU_INIT_HASH || layout == DFU_INIT_SIGNED)
    g_string_append_printf(out,
                           "                \"ext_packet_id\": %d,\n"
                           "                \"firmware_hash\": \"%s\",\n"
                           "                \"firmware_length\": %" G_GSIZE_FORMAT ",\n",
                           layout == DFU_INIT_HASH ? 1 : 2, hash, g_bytes_get_size(image));
  else
    g_string_append_printf(out, "                \"firmware_crc16\": %u,\n", crc_of(image));
}

static void append_manifest_image(GString *out, const DfuTestPart *part, GBytes *image)
{
  g_string_append_printf(out, "        \"%s\": {\n            \"bin_file\": \"%s\",\n",
                         manifest_key(part->type), dfu_test_image_name(part->type));
  if (part->type == DFU_IMAGE_SOFTDEVICE_BOOTLOADER)
    g_string_append_printf(out, "            \"sd_size\": %u,\n            \"bl_size\": %u,\n",
                           softdevice_share(part), (guint32)part->bytes - softdevice_share(part));
  g_string_append_printf(out,
                         "            \"dat_file\": \"%s\",\n"
                         "            \"init_packet_data\": {\n"
                         "                \"application_version\": 4294967295,\n"
                         "                \"device_revision\": %u,\n"
                         "                \"device_type\": %u,\n",
                         dfu_test_init_name(part->type), or_default(part->device_revision, 0xffff),
                         or_default(part->device_type, 0xffff));
  append_extended_copy(out, part->layout, image);
  g_string_append_printf(out,
                         "                \"softdevice_req\": [\n                    %u\n"
                         "                ]\n            }\n        },\n",
                         or_default(part->softdevice, DFU_SOFTDEVICE_ANY));
}

char *dfu_test_manifest(const DfuTestPart *parts, GBytes *const *images, gsize n)
{
  GString *out = g_string_new("{\n    \"manifest\": {\n");

  for (gsize i = 0; i < n; i++)
    append_manifest_image(out, &parts[i], images[i]);
  g_string_append_printf(out, "        \"dfu_version\": %s\n    }\n}",
                         manifest_version(parts[0].layout));
  return g_string_free(out, FALSE);
}

static DfuTestMember member_of(const char *name, GBytes *bytes, gboolean deflate)
{
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);

  return (DfuTestMember){.name = name, .data = data, .len = len, .deflate = deflate};
}

GBytes *dfu_test_package(const DfuTestPart *parts, gsize n)
{
  GBytes *images[2], *inits[2];
  DfuTestMember members[5];
  gsize used = 0;

  g_assert(n >= 1 && n <= G_N_ELEMENTS(images));
  for (gsize i = 0; i < n; i++) {
    images[i] = dfu_test_part_image(&parts[i]);
    inits[i] = dfu_test_init_packet(&parts[i], images[i]);
    members[used++] =
      member_of(dfu_test_image_name(parts[i].type), images[i], parts[i].deflate);
    members[used++] = member_of(dfu_test_init_name(parts[i].type), inits[i], FALSE);
  }

  g_autofree char *manifest = dfu_test_manifest(parts, images, n);

  members[used++] =
    (DfuTestMember){.name = "manifest.json", .data = manifest, .len = strlen(manifest)};

  GBytes *zip = dfu_test_zip(members, used);

  for (gsize i = 0; i < n; i++) {
    g_bytes_unref(images[i]);
    g_bytes_unref(inits[i]);
  }
  return zip;
}

/** As nrfutil makes it: no dfu_version, no init_packet_data, and a signed command in protobuf. */
GBytes *dfu_test_secure_package(gsize bytes, guint32 seed)
{
  static const char manifest[] = "{\n    \"manifest\": {\n        \"application\": {\n"
                                 "            \"bin_file\": \"app.bin\",\n"
                                 "            \"dat_file\": \"app.dat\"\n        }\n    }\n}";
  /* The start of a real one, with its lengths: 138 bytes, of them 68 of command. */
  static const guint8 init[141] = {0x12, 0x8a, 0x01, 0x0a, 0x44, 0x08, 0x01, 0x12, 0x40};
  g_autoptr(GBytes) image = dfu_test_image(bytes, seed);
  const DfuTestMember members[] = {
    member_of("app.bin", image, FALSE),
    {.name = "app.dat", .data = init, .len = sizeof init},
    {.name = "manifest.json", .data = manifest, .len = sizeof manifest - 1},
  };

  return dfu_test_zip(members, G_N_ELEMENTS(members));
}

GBytes *dfu_test_mcuboot_package(gsize bytes, guint32 seed)
{
  static const char manifest[] = "{\n  \"format-version\": 0,\n  \"time\": 1451606400,\n"
                                 "  \"files\": [\n    {\n      \"type\": \"application\",\n"
                                 "      \"file\": \"app_update.bin\"\n    }\n  ]\n}";
  g_autoptr(GBytes) image = dfu_test_image(bytes, seed);
  const DfuTestMember members[] = {
    member_of("app_update.bin", image, FALSE),
    {.name = "manifest.json", .data = manifest, .len = sizeof manifest - 1},
  };

  return dfu_test_zip(members, G_N_ELEMENTS(members));
}

/** The header that begins with @signature and is number @index of its kind. */
static guint8 *find_header(guint8 *data, gsize len, const guint8 *signature, guint index)
{
  guint8 *end = data + len;
  guint8 *at = memmem(data, len, signature, 4);

  for (; index > 0 && at != NULL; index--)
    at = memmem(at + 4, (gsize)(end - at - 4), signature, 4);
  g_assert(at != NULL);
  return at;
}

GBytes *dfu_test_patch_header(GBytes *zip, guint member, guint field, guint width, guint32 value)
{
  gsize len = g_bytes_get_size(zip);
  guint8 *copy = g_memdup2(g_bytes_get_data(zip, NULL), len);
  guint8 *central = find_header(copy, len, central_signature, member) + field;
  guint8 *local = find_header(copy, len, local_signature, member) + field - 2;

  for (guint i = 0; i < width; i++)
    central[i] = local[i] = (guint8)(value >> (8 * i));
  return g_bytes_new_take(copy, len);
}
