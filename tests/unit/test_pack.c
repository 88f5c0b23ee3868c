/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packages made from images: names, padding, parts, signatures, and what is
 * refused.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include <dfu/pack.h>
#include <glib/gstdio.h>

#ifdef DFU_HAVE_GNUTLS
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#endif

#include "lib/expect_error.h"
#include "lib/zip_builder.h"

/* The key of RFC 6979, A.2.5. */
#define PRIVATE_KEY \
  "-----BEGIN EC PRIVATE KEY-----\n" \
  "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n" \
  "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n" \
  "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n" \
  "-----END EC PRIVATE KEY-----\n"
#define PUBLIC_KEY \
  "-----BEGIN PUBLIC KEY-----\n" \
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n" \
  "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n" \
  "-----END PUBLIC KEY-----\n"

/* A folder with images, and a plan that takes none of them yet. */
typedef struct {
  char *folder;
  GPtrArray *paths;
  DfuPackPlan plan;
} Fixture;

static int setup(void **state)
{
  Fixture *fixture = g_new0(Fixture, 1);

  fixture->folder = g_dir_make_tmp("dfu-ble-pack-XXXXXX", NULL);
  fixture->paths = g_ptr_array_new_with_free_func(g_free);
  fixture->plan.application_part.init = dfu_init_packet_default;
  fixture->plan.system_part.init = dfu_init_packet_default;
  *state = fixture;
  return 0;
}

static int teardown(void **state)
{
  Fixture *fixture = *state;

  for (guint i = fixture->paths->len; i > 0; i--)
    g_remove(g_ptr_array_index(fixture->paths, i - 1));
  g_rmdir(fixture->folder);
  g_ptr_array_unref(fixture->paths);
  g_free(fixture->folder);
  g_free(fixture);
  return 0;
}

static const char *put(Fixture *fixture, const char *name, const void *data, gsize len)
{
  char *path = g_build_filename(fixture->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname(path);

  if (g_mkdir_with_parents(folder, 0700) == 0 && strcmp(folder, fixture->folder) != 0)
    g_ptr_array_add(fixture->paths, g_steal_pointer(&folder));
  assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
  g_ptr_array_add(fixture->paths, path);
  return path;
}

static const char *put_image(Fixture *fixture, const char *name, gsize len, guint32 seed)
{
  g_autoptr(GBytes) image = dfu_test_image(len, seed);

  return put(fixture, name, g_bytes_get_data(image, NULL), len);
}

static DfuPackage *make(const DfuPackPlan *plan)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) zip = dfu_pack_make(plan, &error);

  if (zip == NULL)
    fail_msg("%s", error->message);
  return dfu_package_read_bytes(zip, "made", NULL);
}

static void make_fails(const DfuPackPlan *plan, const char *message)
{
  GError *error = NULL;

  assert_null(dfu_pack_make(plan, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
}

static void make_names_members_as_the_packers(void **state)
{
  static const struct {
    const char *file;
    const char *image;
    const char *init;
  } cases[] = {
    {"app.bin", "app.bin", "app.dat"},
    {"in.a.folder/s132_pca10040.bin", "s132_pca10040.bin", "s132_pca10040.dat"},
    {"APP.BIN", "APP.BIN", "APP.dat"},
    {"f\xc3\xbcr.bin", "f\xc3\xbcr.bin", "f\xc3\xbcr.dat"},
  };
  Fixture *fixture = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    fixture->plan.application = put_image(fixture, cases[i].file, 64, 1);

    g_autoptr(DfuPackage) package = make(&fixture->plan);
    const DfuPart *part = dfu_package_get_part(package, 0);

    assert_string_equal(part->image_name, cases[i].image);
    assert_string_equal(part->init_name, cases[i].init);
    assert_int_equal(part->type, DFU_IMAGE_APPLICATION);
  }
}

/* 2 bytes at 0x1c000, which become a word of an image called a.bin. */
static void make_converts_hex(void **state)
{
  static const char text[] = ":020000040001F9\n:02C00000AABBD9\n:00000001FF\n";
  Fixture *fixture = *state;

  fixture->plan.application = put(fixture, "a.Hex", text, strlen(text));

  g_autoptr(DfuPackage) package = make(&fixture->plan);
  const DfuPart *part = dfu_package_get_part(package, 0);

  assert_string_equal(part->image_name, "a.bin");
  assert_string_equal(part->init_name, "a.dat");
  assert_int_equal(g_bytes_get_size(part->image), 4);
  assert_memory_equal(g_bytes_get_data(part->image, NULL), "\xaa\xbb\xff\xff", 4);
}

static void make_pads_images_to_words(void **state)
{
  Fixture *fixture = *state;

  fixture->plan.softdevice = put_image(fixture, "s.bin", 65, 1);
  fixture->plan.bootloader = put_image(fixture, "b.bin", 67, 2);

  g_autoptr(DfuPackage) package = make(&fixture->plan);
  const DfuPart *part = dfu_package_get_part(package, 0);
  g_autoptr(GBytes) softdevice = dfu_test_image(65, 1);
  g_autoptr(GBytes) bootloader = dfu_test_image(67, 2);
  const guint8 *image = g_bytes_get_data(part->image, NULL);

  assert_string_equal(part->image_name, "sd_bl.bin");
  assert_string_equal(part->init_name, "sd_bl.dat");
  assert_int_equal(part->type, DFU_IMAGE_SOFTDEVICE_BOOTLOADER);
  assert_int_equal(part->softdevice_bytes, 68);
  assert_int_equal(part->bootloader_bytes, 68);
  assert_int_equal(g_bytes_get_size(part->image), 136);
  assert_memory_equal(image, g_bytes_get_data(softdevice, NULL), 65);
  assert_memory_equal(image + 65, "\xff\xff\xff", 3);
  assert_memory_equal(image + 68, g_bytes_get_data(bootloader, NULL), 67);
  assert_memory_equal(image + 135, "\xff", 1);
}

/* The parts of nrf51422_sdk_11_all_in_one differ in their SoftDevices, those of 6.1 in layout. */
static void make_gives_each_part_its_init_packet(void **state)
{
  Fixture *fixture = *state;
  DfuPackPlan *plan = &fixture->plan;

  plan->bootloader = put_image(fixture, "b.bin", 64, 1);
  plan->application = put_image(fixture, "a.bin", 64, 2);
  plan->system_part.init.device_type = 0x52;
  plan->application_part.init.layout = DFU_INIT_CRC_ONLY;

  g_autoptr(DfuPackage) package = make(plan);
  const DfuPart *system = dfu_package_get_part(package, 0);
  const DfuPart *application = dfu_package_get_part(package, 1);

  assert_int_equal(system->type, DFU_IMAGE_BOOTLOADER);
  assert_int_equal(system->init.layout, DFU_INIT_CRC);
  assert_int_equal(system->init.device_type, 0x52);
  assert_int_equal(application->init.layout, DFU_INIT_CRC_ONLY);
  assert_int_equal(g_bytes_get_size(application->init_packet), 2);
  assert_string_equal(dfu_package_get_version(package), "0.5");
}

static void make_takes_the_highest_version(void **state)
{
  static const struct {
    DfuInitLayout system;
    DfuInitLayout application;
    const char *version;
  } cases[] = {
    {DFU_INIT_CRC, DFU_INIT_CRC, "0.5"},
    {DFU_INIT_CRC_EXTENDED, DFU_INIT_CRC_ONLY, "0.6"},
    {DFU_INIT_CRC_EXTENDED, DFU_INIT_HASH, "0.7"},
    {DFU_INIT_HASH, DFU_INIT_CRC, "0.7"},
  };
  Fixture *fixture = *state;
  DfuPackPlan *plan = &fixture->plan;

  plan->softdevice = put_image(fixture, "s.bin", 64, 1);
  plan->application = put_image(fixture, "a.bin", 64, 2);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    plan->system_part.init.layout = cases[i].system;
    plan->application_part.init.layout = cases[i].application;

    g_autoptr(DfuPackage) package = make(plan);

    assert_string_equal(dfu_package_get_version(package), cases[i].version);
    assert_int_equal(dfu_package_get_part(package, 0)->init.layout, cases[i].system);
    assert_int_equal(dfu_package_get_part(package, 1)->init.layout, cases[i].application);
  }
}

/* The manifest says what the plan does, the init packet is what was given. */
static void make_takes_an_init_packet_as_it_is(void **state)
{
  Fixture *fixture = *state;
  DfuPackPlan *plan = &fixture->plan;
  g_autoptr(GBytes) image = dfu_test_image(64, 1);
  const DfuTestPart wanted = {.layout = DFU_INIT_CRC, .softdevice = 0x80};

  plan->application = put_image(fixture, "a.bin", 64, 1);
  plan->application_part.init_packet = dfu_test_init_packet(&wanted, image);

  g_autoptr(DfuPackage) package = make(plan);

  assert_int_equal(dfu_package_get_part(package, 0)->init.softdevices[0], 0x80);
  assert_non_null(strstr(dfu_package_get_warnings(package)[0], "SoftDevice 0xfffe (any), but the "
                                                               "init packet a.dat says 0x0080"));
  g_bytes_unref(plan->application_part.init_packet);
}

static void make_with_an_init_packet_of_another_image_fails(void **state)
{
  Fixture *fixture = *state;
  g_autoptr(GBytes) other = dfu_test_image(64, 2);
  const DfuTestPart wanted = {.layout = DFU_INIT_CRC};
  g_autoptr(GBytes) init = dfu_test_init_packet(&wanted, other);

  fixture->plan.application = put_image(fixture, "a.bin", 64, 1);
  fixture->plan.application_part.init_packet = init;
  make_fails(&fixture->plan, "the CRC-16 of a.bin is 0x");
}

static void make_twice_gives_the_same_bytes(void **state)
{
  Fixture *fixture = *state;

  fixture->plan.application = put_image(fixture, "a.bin", 64, 1);

  g_autoptr(GBytes) one = dfu_pack_make(&fixture->plan, NULL);
  g_autoptr(GBytes) other = dfu_pack_make(&fixture->plan, NULL);

  assert_true(g_bytes_equal(one, other));
}

static void make_of_files_that_are_no_images_fails(void **state)
{
  static const struct {
    const char *name;
    const char *message;
  } cases[] = {
    {"a.img", "a.img: the name of an image must end with .bin (bytes) or .hex"},
    {"empty.bin", "empty.bin: the file is empty"},
    {"empty.hex", "empty.hex: the file ends after line 0"},
    {"b\xfc.bin", "the name of the file is no UTF-8"},
  };
  Fixture *fixture = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    fixture->plan.application = put(fixture, cases[i].name, "four", i < 3 ? 0 : 4);
    make_fails(&fixture->plan, cases[i].message);
  }
  fixture->plan.application = "/nonexistent/a.bin";
  make_fails(&fixture->plan, "a.bin: the file cannot be read: No such file or directory");
}

static void make_with_one_name_for_two_members_fails(void **state)
{
  static const struct {
    const char *bootloader;
    const char *application;
  } cases[] = {
    {"one/fw.bin", "two/fw.bin"},
    {"fw.hex", "fw.bin"},
    {"x.BIN", "x.bin"}, /* one x.dat */
  };
  static const char text[] = ":02200000AABB79\n:00000001FF\n";
  Fixture *fixture = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    fixture->plan.bootloader = put(fixture, cases[i].bootloader, text, strlen(text));
    fixture->plan.application = put(fixture, cases[i].application, text, strlen(text));
    make_fails(&fixture->plan, "both parts of the package would be called");
  }
}

#ifdef DFU_HAVE_GNUTLS

static void verify(const DfuPart *part, gsize signed_bytes)
{
  const guint8 *data = g_bytes_get_data(part->init_packet, NULL);
  const gnutls_datum_t text = {(unsigned char *)data, (unsigned int)signed_bytes};
  const gnutls_datum_t r = {(unsigned char *)data + signed_bytes, 32};
  const gnutls_datum_t s = {(unsigned char *)data + signed_bytes + 32, 32};
  const gnutls_datum_t pem = {(unsigned char *)PUBLIC_KEY, strlen(PUBLIC_KEY)};
  gnutls_datum_t envelope;
  gnutls_pubkey_t key;

  assert_int_equal(g_bytes_get_size(part->init_packet), signed_bytes + 64);
  assert_int_equal(gnutls_pubkey_init(&key), 0);
  assert_int_equal(gnutls_pubkey_import(key, &pem, GNUTLS_X509_FMT_PEM), 0);
  assert_int_equal(gnutls_encode_rs_value(&envelope, &r, &s), 0);
  assert_int_equal(gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &text, &envelope),
                   0);
  gnutls_free(envelope.data);
  gnutls_pubkey_deinit(key);
}

/* The signature covers the init packet up to and including the hash: 52 bytes with one SoftDevice
 * id, 54 with two. */
static void make_signs_each_init_packet(void **state)
{
  Fixture *fixture = *state;
  DfuPackPlan *plan = &fixture->plan;

  plan->bootloader = put_image(fixture, "b.bin", 64, 1);
  plan->application = put_image(fixture, "a.bin", 128, 2);
  plan->key = put(fixture, "key.pem", PRIVATE_KEY, strlen(PRIVATE_KEY));
  plan->system_part.init.layout = DFU_INIT_SIGNED;
  plan->application_part.init.layout = DFU_INIT_SIGNED;
  plan->application_part.init.n_softdevices = 2;

  g_autoptr(DfuPackage) package = make(plan);

  assert_string_equal(dfu_package_get_version(package), "0.8");
  verify(dfu_package_get_part(package, 0), 52);
  verify(dfu_package_get_part(package, 1), 54);
  for (const char *const *warning = dfu_package_get_warnings(package); *warning != NULL; warning++)
    assert_null(strstr(*warning, "what counts")); /* the manifest's copy is the same */
}

static void make_with_a_key_that_is_none_fails(void **state)
{
  Fixture *fixture = *state;
  DfuPackPlan *plan = &fixture->plan;

  plan->application = put_image(fixture, "a.bin", 64, 1);
  plan->application_part.init.layout = DFU_INIT_SIGNED;
  plan->key = put(fixture, "key.pem", PUBLIC_KEY, strlen(PUBLIC_KEY));
  make_fails(plan, "key.pem: this is no private key of the curve P-256 in PEM");
  plan->key = "/nonexistent/key.pem";
  make_fails(plan, "key.pem: the file cannot be read");
}

#endif

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(make_names_members_as_the_packers),
    TEST(make_converts_hex),
    TEST(make_pads_images_to_words),
    TEST(make_gives_each_part_its_init_packet),
    TEST(make_takes_the_highest_version),
    TEST(make_takes_an_init_packet_as_it_is),
    TEST(make_with_an_init_packet_of_another_image_fails),
    TEST(make_twice_gives_the_same_bytes),
    TEST(make_of_files_that_are_no_images_fails),
    TEST(make_with_one_name_for_two_members_fails),
#ifdef DFU_HAVE_GNUTLS
    TEST(make_signs_each_init_packet),
    TEST(make_with_a_key_that_is_none_fails),
#endif
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
