/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packages of one part, made from an image and its init packet as loose files.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include <dfu/package.h>
#include <glib/gstdio.h>

#include "lib/expect_error.h"
#include "lib/zip_builder.h"

/* The init packet for the image 00 01 … ff, packed by pc-nrfutil 0.5.1. */
#define CRC_INIT "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\xfe\xff\xbd\x3f"

static guint8 all_bytes[256];

static int fill_all_bytes(void **state)
{
  (void)state;
  for (gsize i = 0; i < sizeof all_bytes; i++)
    all_bytes[i] = (guint8)i;
  return 0;
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

/** Two files in a folder of their own: an image of @name and its init packet. */
typedef struct {
  char *folder;
  char *image;
  char *init;
} Loose;

static Loose loose_new(const char *name, const void *image, gsize image_len, const void *init,
                       gsize init_len)
{
  Loose loose = {.folder = g_dir_make_tmp("dfu-ble-loose-XXXXXX", NULL)};

  loose.image = g_build_filename(loose.folder, name, NULL);
  loose.init = g_build_filename(loose.folder, "init.dat", NULL);
  assert_true(g_file_set_contents(loose.image, image, (gssize)image_len, NULL));
  assert_true(g_file_set_contents(loose.init, init, (gssize)init_len, NULL));
  return loose;
}

static void loose_clear(Loose *loose)
{
  g_remove(loose->image);
  g_remove(loose->init);
  g_rmdir(loose->folder);
  g_free(loose->image);
  g_free(loose->init);
  g_free(loose->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loose, loose_clear)

static void read_image_of_each_type(void **state)
{
  static const struct {
    DfuImageType type;
    guint32 sizes[3];
    guint n_warnings; /* 00 01 … is no vector table; a SoftDevice alone is worth one more */
  } cases[] = {
    {DFU_IMAGE_APPLICATION, {0, 0, 256}, 1},
    {DFU_IMAGE_BOOTLOADER, {0, 256, 0}, 1},
    {DFU_IMAGE_SOFTDEVICE, {256, 0, 0}, 2},
  };
  g_auto(Loose) loose = loose_new("app.bin", all_bytes, sizeof all_bytes, CRC_INIT, 14);

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(DfuPackage) package =
      dfu_package_read_image(loose.image, loose.init, cases[i].type, NULL);
    const DfuPart *part = dfu_package_get_part(package, 0);

    assert_int_equal(dfu_package_get_n_parts(package), 1);
    assert_string_equal(dfu_package_get_version(package), "none");
    assert_int_equal(part->type, cases[i].type);
    assert_string_equal(part->image_name, "app.bin");
    assert_string_equal(part->init_name, "init.dat");
    assert_memory_equal(g_bytes_get_data(part->image, NULL), all_bytes, sizeof all_bytes);
    assert_int_equal(part->softdevice_bytes, cases[i].sizes[0]);
    assert_int_equal(part->bootloader_bytes, cases[i].sizes[1]);
    assert_int_equal(part->application_bytes, cases[i].sizes[2]);
    assert_int_equal(part->crc16, 0x3fbd);
    assert_int_equal(part->init.layout, DFU_INIT_CRC);
    assert_int_equal(n_warnings(package), cases[i].n_warnings);
  }
}

/* The SHA-256 of 04 00 00 00, 00 01 00 00, the image and the init packet, by sha256sum. */
static void read_image_sha256_tells_image_init_packet_and_type(void **state)
{
  static const char hex[] = ":10100000000102030405060708090A0B0C0D0E0F68\n" ":00000001FF\n";
  g_auto(Loose) loose = loose_new("app.bin", all_bytes, sizeof all_bytes, CRC_INIT, 14);
  g_auto(Loose) old = loose_new("app.bin", all_bytes, sizeof all_bytes, "\xbd\x3f", 2);
  g_auto(Loose) text_file = loose_new("a.HEX", hex, strlen(hex), "\x37\x3b", 2);
  g_auto(Loose) binary_file = loose_new("a.BIN", all_bytes, 16, "\x37\x3b", 2);
  g_autoptr(DfuPackage) package =
    dfu_package_read_image(loose.image, loose.init, DFU_IMAGE_APPLICATION, NULL);
  g_autoptr(DfuPackage) as_bootloader =
    dfu_package_read_image(loose.image, loose.init, DFU_IMAGE_BOOTLOADER, NULL);
  g_autoptr(DfuPackage) with_other_init =
    dfu_package_read_image(old.image, old.init, DFU_IMAGE_APPLICATION, NULL);
  g_autoptr(DfuPackage) from_text =
    dfu_package_read_image(text_file.image, text_file.init, DFU_IMAGE_APPLICATION, NULL);
  g_autoptr(DfuPackage) from_bytes =
    dfu_package_read_image(binary_file.image, binary_file.init, DFU_IMAGE_APPLICATION, NULL);
  const char *sha256 = dfu_package_get_sha256(package);

  (void)state;
  assert_string_equal(sha256, "fac58b9cb66b25d440b5d9a2b1a8b7cd087c449054cd55d232d895ae4c1a2881");
  assert_string_not_equal(sha256, dfu_package_get_sha256(as_bootloader));
  assert_string_not_equal(sha256, dfu_package_get_sha256(with_other_init));
  assert_string_equal(dfu_package_get_sha256(from_text), dfu_package_get_sha256(from_bytes));
}

static void read_image_that_is_wrong_is_refused(void **state)
{
  static const struct {
    const char *name;
    gsize image_len;
    const char *init;
    gsize init_len;
    const char *message;
  } cases[] = {
    {"app.bin", 0, CRC_INIT, 14, "app.bin is empty"},
    {"app.bin", 254, CRC_INIT, 14, "app.bin has 254 bytes, but targets only take"},
    {"app.bin", 252, CRC_INIT, 14, "its init packet init.dat says 0x3fbd; the two do not belong"},
    {"app.bin", 256, CRC_INIT, 9, "init.dat: the init packet has 9 bytes"},
    {"app.bin", 256, CRC_INIT, 0, "init.dat: the init packet has 0 bytes"},
    {"app.hex", 256, CRC_INIT, 14, "app.hex: line 1: an Intel HEX record begins with a colon"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Loose) loose = loose_new(cases[i].name, all_bytes, cases[i].image_len, cases[i].init,
                                    cases[i].init_len);
    GError *error = NULL;

    assert_null(dfu_package_read_image(loose.image, loose.init, DFU_IMAGE_APPLICATION, &error));
    dfu_expect_error(&error, DFU_ERROR_PACKAGE, cases[i].message);
  }
}

static void read_image_of_two_in_one_is_refused(void **state)
{
  g_auto(Loose) loose = loose_new("sd_bl.bin", all_bytes, sizeof all_bytes, CRC_INIT, 14);
  GError *error = NULL;

  (void)state;
  assert_null(
    dfu_package_read_image(loose.image, loose.init, DFU_IMAGE_SOFTDEVICE_BOOTLOADER, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "which says where the one ends");
}

static void read_image_without_files_is_refused(void **state)
{
  g_auto(Loose) loose = loose_new("app.bin", all_bytes, sizeof all_bytes, CRC_INIT, 14);
  GError *error = NULL;

  (void)state;
  assert_null(dfu_package_read_image("/nonexistent/a.bin", loose.init, DFU_IMAGE_APPLICATION,
                                     &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "a.bin: the file cannot be read: No such file");
  assert_null(dfu_package_read_image(loose.image, "/nonexistent/a.dat", DFU_IMAGE_APPLICATION,
                                     &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "a.dat: the file cannot be read: No such file");
  assert_null(dfu_package_read_image("/dev/zero", loose.init, DFU_IMAGE_APPLICATION, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "zero: the file has more than 8388608 bytes");
  assert_null(dfu_package_read_image(loose.image, "/dev/zero", DFU_IMAGE_APPLICATION, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "zero: the file has more than 512 bytes");
}

static void image_names_end_with_bin_or_hex(void **state)
{
  static const char *const images[] = {"a.bin", "/b/a.HEX", "a.b.Bin"};
  static const char *const others[] = {"a.zip", "abin", ".bin", "a.bin.zip", "", "hex"};

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(images); i++)
    assert_true(dfu_package_is_image_name(images[i]));
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
    assert_false(dfu_package_is_image_name(others[i]));
}

/* A HEX file merged for a programmer, given as the application. */
static void read_application_that_begins_with_a_softdevice_is_warned_of(void **state)
{
  static const guint8 magic[4] = {0xdb, 0xe5, 0xb1, 0x51}; /* at 0x3004 in flash */
  g_autoptr(GBytes) made = dfu_test_image(0x3000, 1);
  g_autofree guint8 *image = g_memdup2(g_bytes_get_data(made, NULL), 0x3000);

  (void)state;
  memcpy(image + 0x2004, magic, sizeof magic);

  g_autoptr(GBytes) merged = g_bytes_new(image, 0x3000);
  const DfuTestPart wanted = {.layout = DFU_INIT_CRC};
  g_autoptr(GBytes) init = dfu_test_init_packet(&wanted, merged);
  g_auto(Loose) loose = loose_new("all.bin", image, 0x3000, g_bytes_get_data(init, NULL),
                                  g_bytes_get_size(init));
  g_autoptr(DfuPackage) app =
    dfu_package_read_image(loose.image, loose.init, DFU_IMAGE_APPLICATION, NULL);
  g_autoptr(DfuPackage) softdevice =
    dfu_package_read_image(loose.image, loose.init, DFU_IMAGE_SOFTDEVICE, NULL);

  assert_true(has_warning(app, "goes as application, but begins with a SoftDevice"));
  assert_false(has_warning(softdevice, "begins with a SoftDevice"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(read_image_of_each_type),
    cmocka_unit_test(read_image_sha256_tells_image_init_packet_and_type),
    cmocka_unit_test(read_image_that_is_wrong_is_refused),
    cmocka_unit_test(read_image_of_two_in_one_is_refused),
    cmocka_unit_test(read_image_without_files_is_refused),
    cmocka_unit_test(image_names_end_with_bin_or_hex),
    cmocka_unit_test(read_application_that_begins_with_a_softdevice_is_warned_of),
  };

  return cmocka_run_group_tests(tests, fill_all_bytes, NULL);
}
