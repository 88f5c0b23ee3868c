/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whole packages: those that code makes, and real ones as their makers
 * published them, where they are at hand ($DFU_TEST_PACKAGES).
 */
#include "lib/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dfu/package.h>
#include <glib/gstdio.h>

#include "lib/expect_error.h"
#include "lib/real_packages.h"
#include "lib/zip_builder.h"

/* A manifest, and the init packet, for the image 00 01 … ff as app.bin and app.dat. */
#define APP_FILES "\"bin_file\":\"app.bin\",\"dat_file\":\"app.dat\""
#define APP_MANIFEST "{\"manifest\":{\"application\":{" APP_FILES "}}}"
#define COMMON "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\xfe\xff"
#define CRC_INIT COMMON "\xbd\x3f"
#define IMAGE_SHA256 "\x40\xaf\xf2\xe9\xd2\xd8\x92\x2e\x47\xaf\xd4\x64\x8e\x69\x67\x49" \
                     "\x71\x58\x78\x5f\xbd\x1d\xa8\x70\xe7\x11\x02\x66\xbf\x94\x48\x80"

static guint8 all_bytes[256];

static int fill_all_bytes(void **state)
{
  (void)state;
  for (gsize i = 0; i < sizeof all_bytes; i++)
    all_bytes[i] = (guint8)i;
  return 0;
}

static DfuTestMember text(const char *name, const char *data)
{
  return (DfuTestMember){name, data, strlen(data), FALSE};
}

static DfuTestMember binary(const char *name, const void *data, gsize len)
{
  return (DfuTestMember){name, data, len, FALSE};
}

static DfuPackage *read_members(const DfuTestMember *members, gsize n)
{
  g_autoptr(GBytes) zip = dfu_test_zip(members, n);
  g_autoptr(GError) error = NULL;
  DfuPackage *package = dfu_package_read_bytes(zip, "test.zip", &error);

  if (package == NULL)
    fail_msg("%s", error->message);
  return package;
}

static void read_bytes_fails(GBytes *zip, const char *message)
{
  GError *error = NULL;

  assert_null(dfu_package_read_bytes(zip, "test.zip", &error));
  assert_true(g_str_has_prefix(error->message, "test.zip: "));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
}

static void read_members_fails(const DfuTestMember *members, gsize n, const char *message)
{
  g_autoptr(GBytes) zip = dfu_test_zip(members, n);

  read_bytes_fails(zip, message);
}

/** A package of the image 00 01 … ff with @manifest and the @len bytes of @init. */
static DfuPackage *read_app(const char *manifest, const void *init, gsize len)
{
  const DfuTestMember members[] = {
    text("manifest.json", manifest),
    binary("app.bin", all_bytes, sizeof all_bytes),
    binary("app.dat", init, len),
  };

  return read_members(members, G_N_ELEMENTS(members));
}

static gboolean has_warning(const DfuPackage *package, const char *part)
{
  const char *const *warning = dfu_package_get_warnings(package);

  while (*warning != NULL && strstr(*warning, part) == NULL)
    warning++;
  return *warning != NULL;
}

static guint n_warnings(const DfuPackage *package)
{
  return g_strv_length((char **)dfu_package_get_warnings(package));
}

static void read_made_package_of_each_type(void **state)
{
  static const struct {
    DfuImageType type;
    guint32 sizes[3];
    guint n_warnings; /* a SoftDevice without application is worth one */
  } cases[] = {
    {DFU_IMAGE_APPLICATION, {0, 0, 4096}, 0},
    {DFU_IMAGE_BOOTLOADER, {0, 4096, 0}, 0},
    {DFU_IMAGE_SOFTDEVICE, {4096, 0, 0}, 1},
    {DFU_IMAGE_SOFTDEVICE_BOOTLOADER, {3072, 1024, 0}, 1},
  };

  (void)state;
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
    const DfuTestPart made = {.type = cases[i / 2].type, .bytes = 4096, .seed = 9,
                              .deflate = i % 2 == 1, .layout = DFU_INIT_CRC};
    g_autoptr(GBytes) zip = dfu_test_package(&made, 1);
    g_autoptr(GBytes) image = dfu_test_image(4096, 9);
    g_autoptr(GBytes) init = dfu_test_init_packet(&made, image);
    g_autoptr(DfuPackage) package = dfu_package_read_bytes(zip, "a", NULL);
    const DfuPart *part = dfu_package_get_part(package, 0);

    assert_int_equal(dfu_package_get_n_parts(package), 1);
    assert_int_equal(part->type, made.type);
    assert_string_equal(part->image_name, dfu_test_image_name(made.type));
    assert_string_equal(part->init_name, dfu_test_init_name(made.type));
    assert_true(g_bytes_equal(part->image, image));
    assert_true(g_bytes_equal(part->init_packet, init));
    assert_int_equal(part->softdevice_bytes, cases[i / 2].sizes[0]);
    assert_int_equal(part->bootloader_bytes, cases[i / 2].sizes[1]);
    assert_int_equal(part->application_bytes, cases[i / 2].sizes[2]);
    assert_int_equal(part->crc16, part->init.crc16);
    assert_int_equal(n_warnings(package), cases[i / 2].n_warnings);
  }
}

static void read_two_parts_gives_system_first(void **state)
{
  static const DfuTestPart made[] = {
    {.type = DFU_IMAGE_APPLICATION, .bytes = 2048, .seed = 1, .layout = DFU_INIT_CRC},
    {.type = DFU_IMAGE_SOFTDEVICE_BOOTLOADER, .bytes = 4096, .seed = 2, .layout = DFU_INIT_CRC},
  };
  g_autoptr(GBytes) zip = dfu_test_package(made, 2);
  g_autoptr(DfuPackage) package = dfu_package_read_bytes(zip, "a", NULL);

  (void)state;
  assert_int_equal(dfu_package_get_n_parts(package), 2);
  assert_int_equal(dfu_package_get_part(package, 0)->type, DFU_IMAGE_SOFTDEVICE_BOOTLOADER);
  assert_int_equal(dfu_package_get_part(package, 1)->type, DFU_IMAGE_APPLICATION);
  assert_int_equal(n_warnings(package), 0);
}

static void read_gives_sha256_and_version(void **state)
{
  const DfuTestPart made = {.type = DFU_IMAGE_APPLICATION, .bytes = 64, .layout = DFU_INIT_HASH};
  g_autoptr(GBytes) zip = dfu_test_package(&made, 1);
  g_autoptr(DfuPackage) package = dfu_package_read_bytes(zip, "a", NULL);
  g_autofree char *sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, zip);

  (void)state;
  assert_string_equal(dfu_package_get_sha256(package), sha256);
  assert_string_equal(dfu_package_get_version(package), "0.7");
}

/* The init packets of test_init_packet.c, each against its image. */
static void read_every_layout_is_checked_against_image(void **state)
{
  static const guint8 signed_tail[64];
  static const char extended_crc[] = COMMON "\x00\x00\x00\x00\xbd\x3f";
  static const char hash[] = COMMON "\x01\x00\x00\x00\x00\x01\x00\x00" IMAGE_SHA256;
  static const char signed_hash[] = COMMON "\x02\x00\x00\x00\x00\x01\x00\x00" IMAGE_SHA256;
  const struct {
    DfuInitLayout layout;
    const void *init;
    gsize len;
    gsize checked[2]; /* offsets of bytes that must be the image's */
    const char *warning;
  } cases[] = {
    {DFU_INIT_CRC_ONLY, "\xbd\x3f", 2, {0, 1}, NULL},
    {DFU_INIT_CRC, CRC_INIT, 14, {12, 13}, NULL},
    {DFU_INIT_CRC_EXTENDED, extended_crc, 18, {16, 17}, "version 0.6"},
    {DFU_INIT_HASH, hash, 52, {17, 51}, "SHA-256"},
    {DFU_INIT_SIGNED, signed_hash, 116, {16, 20}, "SHA-256"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    guint8 init[116] = {0};

    memcpy(init, cases[i].init, cases[i].len == 116 ? 52 : cases[i].len);
    memcpy(init + 52, signed_tail, sizeof signed_tail);

    g_autoptr(DfuPackage) package = read_app(APP_MANIFEST, init, cases[i].len);

    assert_int_equal(dfu_package_get_part(package, 0)->init.layout, cases[i].layout);
    assert_int_equal(dfu_package_get_part(package, 0)->crc16, 0x3fbd);
    assert_true(has_warning(package, "does not begin like firmware"));
    assert_int_equal(n_warnings(package), cases[i].warning != NULL ? 2 : 1);
    assert_true(cases[i].warning == NULL || has_warning(package, cases[i].warning));

    for (int k = 0; k < 2; k++) {
      init[cases[i].checked[k]] ^= 0x10;

      const DfuTestMember members[] = {
        text("manifest.json", APP_MANIFEST),
        binary("app.bin", all_bytes, sizeof all_bytes),
        binary("app.dat", init, cases[i].len),
      };

      read_members_fails(members, 3, "its init packet app.dat says");
      init[cases[i].checked[k]] ^= 0x10;
    }
  }
}

static void read_wrong_crc_says_both_values(void **state)
{
  const DfuTestMember members[] = {
    text("manifest.json", APP_MANIFEST),
    binary("app.bin", all_bytes, 252),
    binary("app.dat", CRC_INIT, 14),
  };

  (void)state;
  read_members_fails(members, 3, "the CRC-16 of app.bin is 0xb184, but its init packet app.dat "
                                 "says 0x3fbd; the two do not belong together, or one is "
                                 "damaged: pack them again");
}

static void read_custom_init_packet_is_a_warning(void **state)
{
  g_autoptr(DfuPackage) package = read_app(APP_MANIFEST, CRC_INIT "\x00\x00", 16);

  (void)state;
  assert_int_equal(dfu_package_get_part(package, 0)->init.layout, DFU_INIT_CUSTOM);
  assert_true(has_warning(package, "app.dat has no layout that is known"));
}

static void read_no_softdevice_listed_is_a_warning(void **state)
{
  g_autoptr(DfuPackage) package =
    read_app(APP_MANIFEST, "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\xbd\x3f", 12);

  (void)state;
  assert_true(has_warning(package, "lists no SoftDevice"));
}

static void read_mcuboot_image_in_legacy_package_is_fine(void **state)
{
  /* InfiniTime's: magic 0x96f3b83d, then the rest of the header. */
  const DfuTestMember members[] = {
    text("manifest.json", APP_MANIFEST),
    binary("app.bin", "\x3d\xb8\xf3\x96\x00\x00\x00\x00", 8),
    binary("app.dat", "\x0c\xf4", 2),
  };
  g_autoptr(DfuPackage) package = read_members(members, 3);

  (void)state;
  assert_int_equal(n_warnings(package), 0);
}

static void read_manifest_that_differs_is_a_warning(void **state)
{
  static const struct {
    const char *copy;
    const char *warning; /* NULL where nothing differs */
  } cases[] = {
    {"\"device_type\":65535,\"device_revision\":65535,\"application_version\":4294967295,"
     "\"softdevice_req\":[65534],\"firmware_crc16\":16317", NULL},
    {"\"device_type\":82", "gives device type 0x0052, but the init packet app.dat says 0xffff"},
    {"\"device_revision\":52840", "device revision 0xce68"},
    {"\"application_version\":1", "application version 0x0001"},
    {"\"softdevice_req\":[128]",
     "SoftDevice 0x0080, but the init packet app.dat says 0xfffe (any)"},
    {"\"softdevice_req\":[65534,1]", "SoftDevice 0xfffe (any), 0x0001, but"},
    {"\"softdevice_req\":[]", "SoftDevice none, but"},
    {"\"firmware_crc16\":1", "CRC-16 0x0001, but the init packet app.dat says 0x3fbd"},
    {"\"firmware_hash\":\"40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880\"",
     "gives a SHA-256, but the init packet app.dat holds none"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *manifest = g_strdup_printf(
      "{\"manifest\":{\"application\":{" APP_FILES ",\"init_packet_data\":{%s}}}}", cases[i].copy);
    g_autoptr(DfuPackage) package = read_app(manifest, CRC_INIT, 14);

    assert_int_equal(n_warnings(package), cases[i].warning != NULL ? 2 : 1);
    if (cases[i].warning != NULL && !has_warning(package, cases[i].warning))
      fail_msg("no warning has \"%s\"", cases[i].warning);
  }
}

static void read_manifest_that_differs_from_hash_is_a_warning(void **state)
{
  static const char init[] = COMMON "\x01\x00\x00\x00\x00\x01\x00\x00" IMAGE_SHA256;
  static const char *const cases[][2] = {
    {"\"ext_packet_id\":2", "extended packet id 0x0002, but the init packet app.dat says 0x0001"},
    {"\"firmware_length\":255", "firmware length 0x00ff, but the init packet app.dat says 0x0100"},
    {"\"firmware_hash\":\"00aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880\"",
     "another SHA-256"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *manifest = g_strdup_printf(
      "{\"manifest\":{\"application\":{" APP_FILES ",\"init_packet_data\":{%s}}}}", cases[i][0]);
    g_autoptr(DfuPackage) package = read_app(manifest, init, 52);

    assert_true(has_warning(package, cases[i][1]));
  }
}

/* SDK 6 packages describe a full init packet while the .dat is 2 bytes. */
static void read_crc_only_warns_where_manifest_asks_for_more(void **state)
{
  static const struct {
    const char *copy;
    gboolean warns;
  } cases[] = {
    {"\"device_type\":65535,\"device_revision\":65535,\"application_version\":4294967295,"
     "\"softdevice_req\":[65534]", FALSE},
    {"\"device_type\":1", TRUE},
    {"\"device_revision\":1", TRUE},
    {"\"softdevice_req\":[128]", TRUE},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *manifest = g_strdup_printf(
      "{\"manifest\":{\"application\":{" APP_FILES ",\"init_packet_data\":{%s}}}}", cases[i].copy);
    g_autoptr(DfuPackage) package = read_app(manifest, "\xbd\x3f", 2);

    assert_int_equal(has_warning(package, "CRC-16 alone"), cases[i].warns);
  }
}

static void read_sizes_that_do_not_add_up_are_rejected(void **state)
{
  static const struct {
    const char *sizes;
    const char *message;
  } cases[] = {
    {"\"sd_size\":128,\"bl_size\":124", "has 256 bytes, but manifest.json says 128 (SoftDevice) + "
                                        "124 (bootloader)"},
    {"\"sd_size\":256,\"bl_size\":4", "manifest.json says 256 (SoftDevice) + 4"},
    {"\"sd_size\":130,\"bl_size\":126", "only take images of a multiple of 4"},
    {"\"sd_size\":8388608,\"bl_size\":8388608", "manifest.json says 8388608 (SoftDevice)"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *manifest = g_strdup_printf(
      "{\"manifest\":{\"softdevice_bootloader\":{" APP_FILES ",%s}}}", cases[i].sizes);
    const DfuTestMember members[] = {
      text("manifest.json", manifest),
      binary("app.bin", all_bytes, sizeof all_bytes),
      binary("app.dat", CRC_INIT, 14),
    };

    read_members_fails(members, 3, cases[i].message);
  }
}

static void read_bad_image_is_rejected(void **state)
{
  static const struct {
    gsize len;
    const char *message;
  } cases[] = {
    {0, "app.bin is empty"},
    {1, "app.bin has 1 bytes, but targets only take images of a multiple of 4"},
    {254, "app.bin has 254 bytes, but targets only take images of a multiple of 4"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    const DfuTestMember members[] = {
      text("manifest.json", APP_MANIFEST),
      binary("app.bin", all_bytes, cases[i].len),
      binary("app.dat", CRC_INIT, 14),
    };

    read_members_fails(members, 3, cases[i].message);
  }
}

static void read_image_size_is_bounded(void **state)
{
  g_autofree guint8 *zeros = g_malloc0(DFU_PACKAGE_MAX_IMAGE_BYTES + 4);
  const DfuTestMember by_manifest[] = {
    text("manifest.json", APP_MANIFEST),
    {"app.bin", zeros, DFU_PACKAGE_MAX_IMAGE_BYTES + 4, TRUE},
    binary("app.dat", CRC_INIT, 14),
  };
  const DfuTestMember joined[] = {
    {"softdevice.bin", zeros, DFU_PACKAGE_MAX_IMAGE_BYTES, TRUE},
    binary("bootloader.bin", zeros, 4),
    binary("system.dat", CRC_INIT, 14),
  };

  (void)state;
  read_members_fails(by_manifest, 3, "app.bin has 8388612 bytes, but at most 8388608");
  read_members_fails(joined, 3, "bootloader.bin has 8388612 bytes, but at most 8388608");
}

static void read_missing_or_bad_member_is_rejected(void **state)
{
  g_autofree char *long_init = g_strnfill(513, 'x');
  const DfuTestMember manifest = text("manifest.json", APP_MANIFEST);
  const DfuTestMember image = binary("app.bin", all_bytes, sizeof all_bytes);
  const struct {
    DfuTestMember members[3];
    gsize n;
    const char *message;
  } cases[] = {
    {{manifest, text("app.dat", "xx")}, 2, "there is no member app.bin"},
    {{manifest, image}, 2, "there is no member app.dat"},
    {{manifest, image, text("app.dat", "")}, 3, "app.dat: the init packet has 0 bytes"},
    {{manifest, image, text("app.dat", long_init)}, 3, "app.dat has 513 bytes, but at most 512"},
    {{text("manifest.json", "{"), image}, 2, "manifest.json: it is not valid JSON"},
    {{image, text("app.dat", "xx")}, 2, "this zip file is not a DFU package"},
    {{text("out/manifest.json", APP_MANIFEST)}, 1, "in a folder (out/manifest.json)"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    read_members_fails(cases[i].members, cases[i].n, cases[i].message);
}

static void read_manifest_size_is_bounded(void **state)
{
  g_autofree char *spaces = g_strnfill(DFU_PACKAGE_MAX_MANIFEST_BYTES, ' ');
  g_autofree char *manifest = g_strconcat(APP_MANIFEST, spaces, NULL);
  const DfuTestMember member = text("manifest.json", manifest);

  (void)state;
  read_members_fails(&member, 1, "manifest.json has 65608 bytes, but at most 65536");
}

static void read_other_protocols_are_refused_by_name(void **state)
{
  g_autoptr(GBytes) secure = dfu_test_secure_package(256, 1);
  g_autoptr(GBytes) mcuboot = dfu_test_mcuboot_package(256, 1);

  (void)state;
  read_bytes_fails(secure, "Secure DFU");
  read_bytes_fails(mcuboot, "MCUboot");
}

static void read_members_in_folders_and_unused_ones(void **state)
{
  const DfuTestMember members[] = {
    text("readme.txt", "not firmware"),
    text("manifest.json", "{\"manifest\":{\"application\":{\"bin_file\":\"out/a\\u202e.bin\","
                          "\"dat_file\":\"out/a.dat\"}}}"),
    binary("out/a\xe2\x80\xae.bin", all_bytes, sizeof all_bytes),
    binary("out/a.dat", "\xbd\x3f", 2),
  };
  g_autoptr(DfuPackage) package = read_members(members, G_N_ELEMENTS(members));

  (void)state;
  assert_string_equal(dfu_package_get_part(package, 0)->image_name, "out/a\xef\xbf\xbd.bin");
}

/* 8 bytes at 0x2000: 00 01 … 07. */
#define HEX_IMAGE ":082000000001020304050607BC\n:00000001FF\n"

static void read_intel_hex_named_by_manifest_is_converted(void **state)
{
  const DfuTestMember members[] = {
    text("manifest.json", "{\"manifest\":{\"application\":{\"bin_file\":\"app.HEX\","
                          "\"dat_file\":\"app.dat\"}}}"),
    text("app.HEX", HEX_IMAGE),
    binary("app.dat", "\x8d\x17", 2),
  };
  g_autoptr(DfuPackage) package = read_members(members, G_N_ELEMENTS(members));
  const DfuPart *part = dfu_package_get_part(package, 0);

  (void)state;
  assert_int_equal(part->application_bytes, 8);
  assert_memory_equal(g_bytes_get_data(part->image, NULL), all_bytes, 8);
}

/* SoftDevice, then bootloader; the CRC of system.dat is that of both. */
static void read_fixed_names_system_and_application(void **state)
{
  const DfuTestMember members[] = {
    text("softdevice.hex", HEX_IMAGE),
    binary("bootloader.bin", all_bytes + 8, 248),
    binary("system.dat", CRC_INIT, 14),
    binary("application.bin", all_bytes, sizeof all_bytes),
    binary("application.dat", "\xbd\x3f", 2),
  };
  g_autoptr(DfuPackage) package = read_members(members, G_N_ELEMENTS(members));
  const DfuPart *system = dfu_package_get_part(package, 0);
  const DfuPart *application = dfu_package_get_part(package, 1);

  (void)state;
  assert_string_equal(dfu_package_get_version(package), "none");
  assert_int_equal(dfu_package_get_n_parts(package), 2);
  assert_int_equal(system->type, DFU_IMAGE_SOFTDEVICE_BOOTLOADER);
  assert_string_equal(system->image_name, "softdevice.hex + bootloader.bin");
  assert_string_equal(system->init_name, "system.dat");
  assert_int_equal(system->softdevice_bytes, 8);
  assert_int_equal(system->bootloader_bytes, 248);
  assert_memory_equal(g_bytes_get_data(system->image, NULL), all_bytes, 256);
  assert_int_equal(application->type, DFU_IMAGE_APPLICATION);
  assert_string_equal(application->image_name, "application.bin");
}

static void read_fixed_names_one_image(void **state)
{
  static const struct {
    const char *image;
    const char *init;
    DfuImageType type;
  } cases[] = {
    {"softdevice.bin", "system.dat", DFU_IMAGE_SOFTDEVICE},
    {"bootloader.bin", "system.dat", DFU_IMAGE_BOOTLOADER},
    {"application.bin", "application.dat", DFU_IMAGE_APPLICATION},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    const DfuTestMember members[] = {
      binary(cases[i].image, all_bytes, sizeof all_bytes),
      binary(cases[i].init, "\xbd\x3f", 2),
    };
    g_autoptr(DfuPackage) package = read_members(members, 2);
    const DfuPart *part = dfu_package_get_part(package, 0);

    assert_int_equal(dfu_package_get_n_parts(package), 1);
    assert_int_equal(part->type, cases[i].type);
    assert_string_equal(part->image_name, cases[i].image);
    assert_int_equal(part->softdevice_bytes, i == 0 ? 256 : 0);
    assert_int_equal(part->bootloader_bytes, i == 1 ? 256 : 0);
    assert_int_equal(part->application_bytes, i == 2 ? 256 : 0);
  }
}

static void read_fixed_names_incomplete_or_ambiguous_is_rejected(void **state)
{
  const DfuTestMember bin = binary("application.bin", all_bytes, sizeof all_bytes);
  const struct {
    DfuTestMember members[3];
    gsize n;
    const char *message;
  } cases[] = {
    {{bin}, 1, "there is no member application.dat"},
    {{bin, text("application.hex", HEX_IMAGE), text("application.dat", "xx")}, 3,
     "both application.bin and application.hex"},
    {{text("application.hex", "hello"), text("application.dat", "xx")}, 2,
     "application.hex: line 1: an Intel HEX record begins with a colon"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    read_members_fails(cases[i].members, cases[i].n, cases[i].message);
}

static char *write_temporary(GBytes *bytes)
{
  char *path = NULL;
  int fd = g_file_open_tmp("dfu-test-XXXXXX.zip", &path, NULL);

  assert_true(fd >= 0);
  close(fd);
  assert_true(g_file_set_contents(path, g_bytes_get_data(bytes, NULL),
                                  (gssize)g_bytes_get_size(bytes), NULL));
  return path;
}

static void read_file_gives_the_same_package(void **state)
{
  const DfuTestPart made = {.type = DFU_IMAGE_APPLICATION, .bytes = 200000, .layout = DFU_INIT_CRC};
  g_autoptr(GBytes) zip = dfu_test_package(&made, 1);
  g_autofree char *path = write_temporary(zip);
  g_autofree char *sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, zip);
  g_autoptr(DfuPackage) package = dfu_package_read_file(path, NULL);

  (void)state;
  g_unlink(path);
  assert_non_null(package);
  assert_string_equal(dfu_package_get_sha256(package), sha256);
}

static void read_file_that_cannot_be_read_is_rejected(void **state)
{
  static const char *const cases[][2] = {
    {"/nonexistent/pkg.zip", "pkg.zip: the file cannot be read: No such file or directory"},
    {"/tmp", "tmp: the file cannot be read: Is a directory"},
    {"/dev/null", "null: the file is empty"},
    {"/dev/zero", "zero: the file has more than 16777216 bytes"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    GError *error = NULL;

    assert_null(dfu_package_read_file(cases[i][0], &error));
    dfu_expect_error(&error, DFU_ERROR_PACKAGE, cases[i][1]);
  }
}

static void read_name_is_made_printable_in_messages(void **state)
{
  g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
  GError *error = NULL;

  (void)state;
  assert_null(dfu_package_read_bytes(empty, "a\033[2J.zip", &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "a\xef\xbf\xbd[2J.zip: the file is empty");
}

/** A part of a real package: image type, sizes, CRC-16 of the image, init packet in hex. */
typedef struct {
  DfuImageType type;
  guint32 softdevice_bytes, bootloader_bytes, application_bytes;
  guint16 crc16;
  const char *init_packet;
} RealPart;

/* Decoded with unzip and Python (json, binascii.crc_hqx), not by this program. */
static const struct {
  const char *file;
  guint n_parts;
  RealPart parts[2];
  guint n_warnings;
} real_packages[] = {
  {"sdk11_dfu_test_app_hrm_s130.zip", 1,
   {{DFU_IMAGE_APPLICATION, 0, 0, 19252, 0x244c, "ffffffffffffffff0100feff4c24"}}, 0},
  {"sdk11_dfu_test_app_hrm_s130_w_dfu.zip", 1,
   {{DFU_IMAGE_APPLICATION, 0, 0, 22072, 0x256d, "ffffffffffffffff0100feff6d25"}}, 0},
  {"sdk11_dfu_test_app_hrm_s132.zip", 1,
   {{DFU_IMAGE_APPLICATION, 0, 0, 20576, 0x6bbd, "ffffffffffffffff0100feffbd6b"}}, 0},
  {"sdk11_dfu_test_app_hrm_s132_w_dfu.zip", 1,
   {{DFU_IMAGE_APPLICATION, 0, 0, 23492, 0x6422, "ffffffffffffffff0100feff2264"}}, 0},
  {"sdk11_dfu_test_bootloader_b_s130.zip", 1,
   {{DFU_IMAGE_BOOTLOADER, 0, 13236, 0, 0x3bee, "ffffffffffffffff0100feffee3b"}}, 0},
  {"sdk11_dfu_test_bootloader_b_s132.zip", 1,
   {{DFU_IMAGE_BOOTLOADER, 0, 14900, 0, 0xfbf8, "ffffffffffffffff0100fefff8fb"}}, 0},
  {"sdk11_dfu_test_softdevice_b_s130.zip", 1,
   {{DFU_IMAGE_SOFTDEVICE, 106484, 0, 0, 0x73c6, "ffffffffffffffff0100feffc673"}}, 1},
  {"sdk11_dfu_test_softdevice_b_s132.zip", 1,
   {{DFU_IMAGE_SOFTDEVICE, 108212, 0, 0, 0x957b, "ffffffffffffffff0100feff7b95"}}, 1},
  {"sdk11_dfu_test_softdevice_w_bootloader_b_s130.zip", 1,
   {{DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 106484, 13236, 0, 0x0566,
     "ffffffffffffffff0100feff6605"}}, 1},
  {"sdk11_dfu_test_softdevice_w_bootloader_b_s132.zip", 1,
   {{DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 108212, 14900, 0, 0x9ed9,
     "ffffffffffffffff0100feffd99e"}}, 1},
  /* One warning: the manifest asks for any SoftDevice, app.dat for 0x0080. */
  {"sdk11_nrf51_sd_bl_then_app.zip", 2,
   {{DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 106484, 13328, 0, 0xb1dd, "ffffffffffffffff0100feffddb1"},
    {DFU_IMAGE_APPLICATION, 0, 0, 22076, 0x3e5c, "ffffffffffffffff010080005c3e"}}, 1},
  {"sdk6.0_nrf51_sd_bl_then_app.zip", 2,
   {{DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 82444, 12944, 0, 0x98a0, "a098"},
    {DFU_IMAGE_APPLICATION, 0, 0, 22140, 0x7c91, "917c"}}, 0},
  {"adafruit_feather_nrf52840_sd_bl.zip", 1,
   {{DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 151016, 39000, 0, 0x56d8,
     "520068ceffffffff0100feffd856"}}, 1},
};

static char *to_hex(GBytes *bytes)
{
  GString *hex = g_string_new(NULL);
  gsize len;
  const guint8 *data = g_bytes_get_data(bytes, &len);

  for (gsize i = 0; i < len; i++)
    g_string_append_printf(hex, "%02x", data[i]);
  return g_string_free(hex, FALSE);
}

static void check_real_part(const DfuPart *part, const RealPart *wanted)
{
  g_autofree char *init = to_hex(part->init_packet);

  assert_int_equal(part->type, wanted->type);
  assert_int_equal(part->softdevice_bytes, wanted->softdevice_bytes);
  assert_int_equal(part->bootloader_bytes, wanted->bootloader_bytes);
  assert_int_equal(part->application_bytes, wanted->application_bytes);
  assert_int_equal(g_bytes_get_size(part->image), wanted->softdevice_bytes +
                                                    wanted->bootloader_bytes +
                                                    wanted->application_bytes);
  assert_int_equal(part->crc16, wanted->crc16);
  assert_int_equal(part->init.crc16, wanted->crc16);
  assert_string_equal(init, wanted->init_packet);
}

static void read_real_packages(void **state)
{
  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(real_packages); i++) {
    const char *path = dfu_test_real_package(real_packages[i].file);
    g_autoptr(GError) error = NULL;
    g_autoptr(DfuPackage) package = dfu_package_read_file(path, &error);

    if (package == NULL)
      fail_msg("%s", error->message);
    assert_string_equal(dfu_package_get_version(package), "0.5");
    assert_int_equal(dfu_package_get_n_parts(package), real_packages[i].n_parts);
    for (guint part = 0; part < real_packages[i].n_parts; part++)
      check_real_part(dfu_package_get_part(package, part), &real_packages[i].parts[part]);
    assert_int_equal(n_warnings(package), real_packages[i].n_warnings);
  }
}

static void read_real_secure_package_is_refused_by_name(void **state)
{
  const char *path = dfu_test_real_package("secure_sdk15.3_nrf52_app.zip");
  GError *error = NULL;

  (void)state;
  assert_null(dfu_package_read_file(path, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "Secure DFU");
}

static void names_of_types_and_layouts(void **state)
{
  (void)state;
  assert_string_equal(dfu_image_type_to_string(DFU_IMAGE_APPLICATION), "application");
  assert_string_equal(dfu_image_type_to_string(DFU_IMAGE_SOFTDEVICE), "SoftDevice");
  assert_string_equal(dfu_image_type_to_string(DFU_IMAGE_BOOTLOADER), "bootloader");
  assert_string_equal(dfu_image_type_to_string(DFU_IMAGE_SOFTDEVICE_BOOTLOADER),
                      "SoftDevice and bootloader");
  assert_string_equal(dfu_init_layout_to_string(DFU_INIT_CRC_ONLY), "CRC-16 only");
  assert_string_equal(dfu_init_layout_to_string(DFU_INIT_CRC), "CRC-16");
  assert_string_equal(dfu_init_layout_to_string(DFU_INIT_CRC_EXTENDED), "extended, CRC-16");
  assert_string_equal(dfu_init_layout_to_string(DFU_INIT_HASH), "extended, SHA-256");
  assert_string_equal(dfu_init_layout_to_string(DFU_INIT_SIGNED), "extended, SHA-256, signed");
  assert_string_equal(dfu_init_layout_to_string(DFU_INIT_CUSTOM), "custom");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(read_made_package_of_each_type),
    cmocka_unit_test(read_two_parts_gives_system_first),
    cmocka_unit_test(read_gives_sha256_and_version),
    cmocka_unit_test(read_every_layout_is_checked_against_image),
    cmocka_unit_test(read_wrong_crc_says_both_values),
    cmocka_unit_test(read_custom_init_packet_is_a_warning),
    cmocka_unit_test(read_no_softdevice_listed_is_a_warning),
    cmocka_unit_test(read_mcuboot_image_in_legacy_package_is_fine),
    cmocka_unit_test(read_manifest_that_differs_is_a_warning),
    cmocka_unit_test(read_manifest_that_differs_from_hash_is_a_warning),
    cmocka_unit_test(read_crc_only_warns_where_manifest_asks_for_more),
    cmocka_unit_test(read_sizes_that_do_not_add_up_are_rejected),
    cmocka_unit_test(read_bad_image_is_rejected),
    cmocka_unit_test(read_image_size_is_bounded),
    cmocka_unit_test(read_missing_or_bad_member_is_rejected),
    cmocka_unit_test(read_manifest_size_is_bounded),
    cmocka_unit_test(read_other_protocols_are_refused_by_name),
    cmocka_unit_test(read_members_in_folders_and_unused_ones),
    cmocka_unit_test(read_intel_hex_named_by_manifest_is_converted),
    cmocka_unit_test(read_fixed_names_system_and_application),
    cmocka_unit_test(read_fixed_names_one_image),
    cmocka_unit_test(read_fixed_names_incomplete_or_ambiguous_is_rejected),
    cmocka_unit_test(read_file_gives_the_same_package),
    cmocka_unit_test(read_file_that_cannot_be_read_is_rejected),
    cmocka_unit_test(read_name_is_made_printable_in_messages),
    cmocka_unit_test(read_real_packages),
    cmocka_unit_test(read_real_secure_package_is_refused_by_name),
    cmocka_unit_test(names_of_types_and_layouts),
  };

  return cmocka_run_group_tests(tests, fill_all_bytes, NULL);
}
