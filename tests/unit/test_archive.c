/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Zip files, sound ones and hostile ones. Offsets of header fields are those
 * of the central directory in PKWARE's APPNOTE.TXT, 4.3.12.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include <dfu/package.h>

#include "lib/expect_error.h"
#include "lib/zip_builder.h"
#include "package/archive.h"

#define IMAGE_BYTES 4096u
#define MEBIBYTE (1024u * 1024)

enum { FIELD_FLAGS = 8, FIELD_METHOD = 10, FIELD_CRC = 16, FIELD_PACKED = 20, FIELD_SIZE = 24 };

static GBytes *zip_one(const char *name, const void *data, gsize len, gboolean deflate)
{
  const DfuTestMember member = {name, data, len, deflate};

  return dfu_test_zip(&member, 1);
}

/** A zip file with one member, a.bin, of IMAGE_BYTES. */
static GBytes *zip_image(gboolean deflate)
{
  g_autoptr(GBytes) image = dfu_test_image(IMAGE_BYTES, 7);

  return zip_one("a.bin", g_bytes_get_data(image, NULL), IMAGE_BYTES, deflate);
}

static DfuArchive *open_archive(GBytes *zip)
{
  g_autoptr(GError) error = NULL;
  DfuArchive *archive = dfu_archive_open(zip, &error);

  if (archive == NULL)
    fail_msg("%s", error->message);
  return archive;
}

static void open_fails(GBytes *zip, const char *message)
{
  GError *error = NULL;

  assert_null(dfu_archive_open(zip, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
}

static void read_fails(GBytes *zip, const char *name, gsize max_bytes, const char *message)
{
  g_autoptr(DfuArchive) archive = open_archive(zip);
  GError *error = NULL;

  assert_null(dfu_archive_read(archive, name, max_bytes, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
}

static void read_stored_and_deflated_gives_contents(void **state)
{
  g_autoptr(GBytes) image = dfu_test_image(IMAGE_BYTES, 7);

  (void)state;
  for (int deflate = 0; deflate <= 1; deflate++) {
    g_autoptr(GBytes) zip = zip_image(deflate);
    g_autoptr(DfuArchive) archive = open_archive(zip);
    g_autoptr(GBytes) contents = dfu_archive_read(archive, "a.bin", IMAGE_BYTES, NULL);

    assert_true(deflate == (g_bytes_get_size(zip) < IMAGE_BYTES));
    assert_non_null(contents);
    assert_true(g_bytes_equal(contents, image));
  }
}

static void read_contents_outlive_the_archive(void **state)
{
  g_autoptr(GBytes) contents = NULL;

  (void)state;
  {
    g_autoptr(GBytes) zip = zip_image(TRUE);
    g_autoptr(DfuArchive) archive = open_archive(zip);

    contents = dfu_archive_read(archive, "a.bin", IMAGE_BYTES, NULL);
  }
  assert_int_equal(((const guint8 *)g_bytes_get_data(contents, NULL))[3], 0x20);
}

static void read_empty_member_is_empty(void **state)
{
  g_autoptr(GBytes) zip = zip_one("a", "", 0, FALSE);
  g_autoptr(DfuArchive) archive = open_archive(zip);
  g_autoptr(GBytes) contents = dfu_archive_read(archive, "a", 0, NULL);

  (void)state;
  assert_non_null(contents);
  assert_int_equal(g_bytes_get_size(contents), 0);
}

static void names_are_compared_as_they_stand(void **state)
{
  const DfuTestMember members[] = {{"out/a.bin", "1", 1, FALSE}, {"ä.bin", "2", 1, FALSE}};
  g_autoptr(GBytes) zip = dfu_test_zip(members, 2);
  g_autoptr(DfuArchive) archive = open_archive(zip);

  (void)state;
  assert_true(dfu_archive_has(archive, "out/a.bin"));
  assert_true(dfu_archive_has(archive, "ä.bin"));
  assert_false(dfu_archive_has(archive, "a.bin"));
  assert_false(dfu_archive_has(archive, "out/A.bin"));
  assert_false(dfu_archive_has(archive, "../out/a.bin"));
}

static void find_in_folder_gives_whole_name(void **state)
{
  const DfuTestMember member = {"x/y\n/a.bin", "1", 1, FALSE};
  g_autoptr(GBytes) zip = dfu_test_zip(&member, 1);
  g_autoptr(DfuArchive) archive = open_archive(zip);
  g_autofree char *found = dfu_archive_find_in_folder(archive, "a.bin");

  (void)state;
  assert_string_equal(found, "x/y\xef\xbf\xbd/a.bin");
  assert_null(dfu_archive_find_in_folder(archive, "b.bin"));
}

static void read_absent_member_is_rejected(void **state)
{
  g_autoptr(GBytes) zip = zip_image(FALSE);

  (void)state;
  read_fails(zip, "b.bin", IMAGE_BYTES, "no member b.bin");
  read_fails(zip, "b\033[2J", IMAGE_BYTES, "no member b\xef\xbf\xbd[2J");
}

static void read_beyond_limit_is_rejected(void **state)
{
  (void)state;
  for (int deflate = 0; deflate <= 1; deflate++) {
    g_autoptr(GBytes) zip = zip_image(deflate);

    read_fails(zip, "a.bin", IMAGE_BYTES - 1, "a.bin has 4096 bytes, but at most 4095");
  }
}

/* What the headers say must be what the data are, whichever way they lie. */
static void read_lying_header_is_rejected(void **state)
{
  static const struct {
    guint field;
    guint width;
    guint32 value;
    const char *message;
  } cases[] = {
    {FIELD_CRC, 4, 0x12345678, "its CRC-32 is wrong"},
    {FIELD_SIZE, 4, IMAGE_BYTES + 1, "longer or shorter than the zip file declares"},
    {FIELD_SIZE, 4, IMAGE_BYTES - 1, "longer or shorter than the zip file declares"},
    {FIELD_SIZE, 4, 0, "longer or shorter than the zip file declares"},
    {FIELD_SIZE, 4, 0x7ffffff0, "a.bin has 2147483632 bytes, but at most 8192"},
    {FIELD_FLAGS, 2, 1, "a.bin is encrypted"},
    {FIELD_METHOD, 2, 12, "compressed by method 12"},
    {FIELD_METHOD, 2, 14, "compressed by method 14"},
    {FIELD_METHOD, 2, 93, "compressed by method 93"},
  };

  (void)state;
  for (int deflate = 0; deflate <= 1; deflate++) {
    g_autoptr(GBytes) zip = zip_image(deflate);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
      g_autoptr(GBytes) lying =
        dfu_test_patch_header(zip, 0, cases[i].field, cases[i].width, cases[i].value);

      read_fails(lying, "a.bin", 2 * IMAGE_BYTES, cases[i].message);
    }
  }
}

static void read_cut_member_is_rejected(void **state)
{
  (void)state;
  for (int deflate = 0; deflate <= 1; deflate++) {
    g_autoptr(GBytes) zip = zip_image(deflate);
    g_autoptr(GBytes) cut = dfu_test_patch_header(zip, 0, FIELD_PACKED, 4, 1000);

    read_fails(cut, "a.bin", IMAGE_BYTES, "a.bin is damaged");
  }
}

/* Stored data called deflated, and the other way round. */
static void read_wrong_method_is_rejected(void **state)
{
  (void)state;
  for (int deflate = 0; deflate <= 1; deflate++) {
    g_autoptr(GBytes) zip = zip_image(deflate);
    g_autoptr(GBytes) wrong = dfu_test_patch_header(zip, 0, FIELD_METHOD, 2, deflate ? 0 : 8);

    read_fails(wrong, "a.bin", IMAGE_BYTES, "a.bin is damaged");
  }
}

/* 20 MB of zeros in 20 kB: refused by the size that it declares, or by what it unpacks to. */
static void read_zip_bomb_is_rejected(void **state)
{
  g_autofree guint8 *zeros = g_malloc0(20 * MEBIBYTE);
  g_autoptr(GBytes) zip = zip_one("a.bin", zeros, 20 * MEBIBYTE, TRUE);
  g_autoptr(GBytes) lying = dfu_test_patch_header(zip, 0, FIELD_SIZE, 4, 1000);

  (void)state;
  assert_true(g_bytes_get_size(zip) < 64 * 1024);
  read_fails(zip, "a.bin", DFU_PACKAGE_MAX_IMAGE_BYTES, "at most 8388608 are allowed");
  read_fails(lying, "a.bin", DFU_PACKAGE_MAX_IMAGE_BYTES, "longer or shorter");
}

static void open_no_zip_is_rejected(void **state)
{
  static const char text[] = ":020000040000FA\r\n:00000001FF\r\n";
  g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
  g_autoptr(GBytes) hex = g_bytes_new_static(text, sizeof text - 1);

  (void)state;
  open_fails(empty, "the file is empty");
  open_fails(hex, "this is not a zip file");
}

static void open_huge_file_is_rejected(void **state)
{
  g_autofree guint8 *zeros = g_malloc0(16 * MEBIBYTE + 1);
  g_autoptr(GBytes) huge = g_bytes_new_static(zeros, 16 * MEBIBYTE + 1);

  (void)state;
  open_fails(huge, "more than 16777216 bytes");
}

/** A zip file of @n empty members. */
static GBytes *zip_members(guint n)
{
  DfuTestMember members[100];
  char names[100][8];

  for (guint i = 0; i < n; i++) {
    g_snprintf(names[i], sizeof names[i], "m%u", i);
    members[i] = (DfuTestMember){names[i], "", 0, FALSE};
  }
  return dfu_test_zip(members, n);
}

static void open_too_many_members_is_rejected(void **state)
{
  g_autoptr(GBytes) most = zip_members(64);
  g_autoptr(GBytes) too_many = zip_members(65);
  g_autoptr(DfuArchive) archive = open_archive(most);

  (void)state;
  assert_true(dfu_archive_has(archive, "m63"));
  open_fails(too_many, "more than 64 members");
}

static void open_long_name_is_rejected(void **state)
{
  g_autofree char *longest = g_strnfill(255, 'a');
  g_autofree char *too_long = g_strnfill(256, 'a');
  g_autoptr(GBytes) good = zip_one(longest, "", 0, FALSE);
  g_autoptr(GBytes) bad = zip_one(too_long, "", 0, FALSE);
  g_autoptr(DfuArchive) archive = open_archive(good);

  (void)state;
  assert_true(dfu_archive_has(archive, longest));
  open_fails(bad, "longer than 255 bytes");
}

static GBytes *replace(GBytes *bytes, const char *from, const char *to)
{
  gsize len = g_bytes_get_size(bytes);
  guint8 *copy = g_memdup2(g_bytes_get_data(bytes, NULL), len);
  guint8 *at = copy;

  while ((at = memmem(at, (gsize)(copy + len - at), from, strlen(from))) != NULL)
    memcpy(at, to, strlen(to));
  return g_bytes_new_take(copy, len);
}

static void open_duplicate_names_is_rejected(void **state)
{
  const DfuTestMember members[] = {{"app.bin", "1", 1, FALSE}, {"apq.bin", "2", 1, FALSE}};
  g_autoptr(GBytes) zip = dfu_test_zip(members, 2);
  g_autoptr(GBytes) twins = replace(zip, "apq.bin", "app.bin");

  (void)state;
  open_fails(twins, "two members called app.bin");
}

/* The end record declares 100 million members, as only ZIP64 can; there are three headers. */
static void open_lying_zip64_count_is_rejected(void **state)
{
  static const guint8 local[30] = {'P', 'K', 3, 4};
  static const guint8 central[46] = {'P', 'K', 1, 2};
  static const guint8 end64[56] = {
    'P', 'K', 6, 6, 44, 0, 0, 0, 0, 0, 0, 0, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x00, 0xe1, 0xf5, 0x05, 0, 0, 0, 0, 0x00, 0xe1, 0xf5, 0x05, 0, 0, 0, 0,
    3 * 46, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0,
  };
  static const guint8 locator[20] = {'P', 'K', 6, 7, 0, 0, 0, 0, 30 + 3 * 46, 0, 0, 0,
                                     0,   0,   0, 0, 1, 0, 0, 0};
  static const guint8 end[22] = {'P',  'K',  5,    6,    0,    0,    0,    0,    0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,    0};
  g_autoptr(GByteArray) zip = g_byte_array_new();

  (void)state;
  g_byte_array_append(zip, local, sizeof local);
  for (int i = 0; i < 3; i++)
    g_byte_array_append(zip, central, sizeof central);
  g_byte_array_append(zip, end64, sizeof end64);
  g_byte_array_append(zip, locator, sizeof locator);
  g_byte_array_append(zip, end, sizeof end);

  g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&zip));

  open_fails(bytes, "damaged or cut short");
}

static void open_truncated_at_every_length_is_rejected(void **state)
{
  g_autoptr(GBytes) zip = zip_one("a.bin", "firmware", 8, FALSE);
  gsize len = g_bytes_get_size(zip);

  (void)state;
  for (gsize i = 1; i < len; i++) {
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(zip, 0, i);

    open_fails(cut, i < 2 ? "not a zip file" : "damaged or cut short");
  }
}

/* Whatever byte changes: the contents come out whole, or not at all. */
static void read_with_any_byte_flipped_is_whole_or_rejected(void **state)
{
  (void)state;
  for (int deflate = 0; deflate <= 1; deflate++) {
    g_autoptr(GBytes) image = dfu_test_image(128, 3);
    g_autoptr(GBytes) zip = zip_one("a.bin", g_bytes_get_data(image, NULL), 128, deflate);
    gsize len = g_bytes_get_size(zip);

    for (gsize i = 0; i < 8 * len; i++) {
      guint8 *copy = g_memdup2(g_bytes_get_data(zip, NULL), len);

      copy[i / 8] ^= (guint8)(1u << (i % 8));

      g_autoptr(GBytes) flipped = g_bytes_new_take(copy, len);
      g_autoptr(GError) error = NULL;
      g_autoptr(DfuArchive) archive = dfu_archive_open(flipped, &error);
      g_autoptr(GBytes) contents =
        archive != NULL ? dfu_archive_read(archive, "a.bin", 1024, &error) : NULL;

      assert_true((contents == NULL) == (error != NULL));
      assert_true(contents == NULL || g_bytes_equal(contents, image));
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(read_stored_and_deflated_gives_contents),
    cmocka_unit_test(read_contents_outlive_the_archive),
    cmocka_unit_test(read_empty_member_is_empty),
    cmocka_unit_test(names_are_compared_as_they_stand),
    cmocka_unit_test(find_in_folder_gives_whole_name),
    cmocka_unit_test(read_absent_member_is_rejected),
    cmocka_unit_test(read_beyond_limit_is_rejected),
    cmocka_unit_test(read_lying_header_is_rejected),
    cmocka_unit_test(read_cut_member_is_rejected),
    cmocka_unit_test(read_wrong_method_is_rejected),
    cmocka_unit_test(read_zip_bomb_is_rejected),
    cmocka_unit_test(open_no_zip_is_rejected),
    cmocka_unit_test(open_huge_file_is_rejected),
    cmocka_unit_test(open_too_many_members_is_rejected),
    cmocka_unit_test(open_long_name_is_rejected),
    cmocka_unit_test(open_duplicate_names_is_rejected),
    cmocka_unit_test(open_lying_zip64_count_is_rejected),
    cmocka_unit_test(open_truncated_at_every_length_is_rejected),
    cmocka_unit_test(read_with_any_byte_flipped_is_whole_or_rejected),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
