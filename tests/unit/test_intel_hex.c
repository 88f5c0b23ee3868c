/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Intel HEX files of nRF5 firmware, written out with their checksums.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include "lib/expect_error.h"
#include "package/intel_hex.h"

#define MAX_BYTES (64u * 1024)
#define END ":00000001FF\r\n"

static GBytes *decode(const char *text)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  g_autoptr(GError) error = NULL;
  GBytes *image = dfu_intel_hex_decode(bytes, MAX_BYTES, &error);

  if (image == NULL)
    fail_msg("%s: %s", text, error->message);
  return image;
}

static void decode_gives(const char *text, const guint8 *wanted, gsize len)
{
  g_autoptr(GBytes) image = decode(text);

  assert_int_equal(g_bytes_get_size(image), len);
  assert_memory_equal(g_bytes_get_data(image, NULL), wanted, len);
}

static void decode_fails(const char *text, const char *message)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  GError *error = NULL;

  assert_null(dfu_intel_hex_decode(bytes, MAX_BYTES, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
}

/** Appends a data record of @len bytes at @offset. */
static void append_record(GString *text, guint16 offset, const guint8 *data, guint8 len)
{
  guint8 sum = (guint8)(len + (offset >> 8) + offset);

  g_string_append_printf(text, ":%02X%04X00", len, offset);
  for (guint8 i = 0; i < len; i++) {
    g_string_append_printf(text, "%02X", data[i]);
    sum = (guint8)(sum + data[i]);
  }
  g_string_append_printf(text, "%02X\n", (guint8)-sum);
}

static void append_word(GString *text, guint16 offset, guint32 word)
{
  const guint8 bytes[4] = {(guint8)word, (guint8)(word >> 8), (guint8)(word >> 16),
                           (guint8)(word >> 24)};

  append_record(text, offset, bytes, sizeof bytes);
}

static void decode_linear_application(void **state)
{
  static const guint8 wanted[] = {0x00, 0x40, 0x00, 0x20, 0xc1, 0xc0, 0x01, 0x00};

  (void)state;
  decode_gives(":020000040001F9\r\n"
               ":08C0000000400020C1C0010056\r\n"
               ":040000050001C0C175\r\n" END,
               wanted, sizeof wanted);
}

/* 0x1c00 * 16 + 0x0010 = 0x1c010, and 0x1c01 * 16 + 2 = 0x1c012. */
static void decode_segment_base(void **state)
{
  static const guint8 wanted[] = {0xaa, 0xbb, 0xcc, 0xdd};

  (void)state;
  decode_gives(":020000021C00E0\n"
               ":02001000AABB89\n"
               ":020000021C01DF\n"
               ":02000200CCDD53\n"
               ":0400000300003800C1\n" END,
               wanted, sizeof wanted);
}

static void decode_fills_gaps_and_pads_with_ff(void **state)
{
  static const guint8 wanted[] = {0x11, 0xff, 0xff, 0xff, 0xff, 0x22, 0x33, 0xff};

  (void)state;
  decode_gives(":02200500223384\n" /* out of order */
               ":0120000011CE\n" END,
               wanted, sizeof wanted);
}

static void decode_linear_data_runs_into_the_next_64k(void **state)
{
  static const guint8 wanted[] = {0xa1, 0xa2, 0xa3, 0xa4};

  (void)state;
  decode_gives(":020000040001F9\n"
               ":04FFFE00A1A2A3A475\n" END,
               wanted, sizeof wanted);
}

static void decode_same_bytes_twice_are_taken(void **state)
{
  static const guint8 wanted[] = {0x11, 0x22, 0x33, 0x44};

  (void)state;
  decode_gives(":042000001122334432\n"
               ":02200200334465\n" END,
               wanted, sizeof wanted);
}

static void decode_line_ends_and_case_do_not_matter(void **state)
{
  static const guint8 wanted[] = {0xaa, 0xbb, 0xcc, 0xdd};

  (void)state;
  decode_gives("\n:04200000aabbccddce \t\r\n\r\n:00000001ff", wanted, sizeof wanted);
}

static void decode_leaves_out_mbr_and_uicr(void **state)
{
  static const guint8 wanted[] = {0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xff, 0xff};

  (void)state;
  decode_gives(":04000000DEADBEEFC4\n"         /* MBR */
               ":080FFE000102030405060708C7\n" /* its last two bytes, and the SoftDevice */
               ":020000041000EA\n"
               ":0410140000C0030015\n" END, /* UICR, the bootloader's address */
               wanted, sizeof wanted);
}

static void decode_early_s132_leaves_out_3000(void **state)
{
  static const guint16 mark_addresses[] = {0x4004, 0x5004, 0x6004, 0x7004};

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(mark_addresses); i++) {
    g_autoptr(GString) text = g_string_new(NULL);

    append_word(text, 0x1000, 0x11111111);
    append_word(text, 0x2ffc, 0x22222222);
    append_word(text, 0x3008, 0x33333333);
    append_word(text, mark_addresses[i], 0x51b1e5db);
    g_string_append(text, END);

    g_autoptr(GBytes) image = decode(text->str);

    assert_int_equal(g_bytes_get_size(image), mark_addresses[i] + 4 - 0x3008);
    assert_memory_equal(g_bytes_get_data(image, NULL), "\x33\x33\x33\x33\xff", 5);
  }
}

/* A SoftDevice of the usual kind bears the mark at 0x3004; what stands later is chance. */
static void decode_mark_at_3004_keeps_what_is_below_3000(void **state)
{
  g_autoptr(GString) text = g_string_new(NULL);

  (void)state;
  append_word(text, 0x1000, 0x11111111);
  append_word(text, 0x3004, 0x51b1e5db);
  append_word(text, 0x4004, 0x51b1e5db);
  g_string_append(text, END);

  g_autoptr(GBytes) image = decode(text->str);

  assert_int_equal(g_bytes_get_size(image), 0x4008 - 0x1000);
}

static void decode_longest_record_is_taken(void **state)
{
  g_autoptr(GString) text = g_string_new(NULL);
  guint8 data[255];

  (void)state;
  memset(data, 0x5a, sizeof data);
  append_record(text, 0x2000, data, 255);
  g_string_append(text, END);

  g_autoptr(GBytes) image = decode(text->str);

  assert_int_equal(g_bytes_get_size(image), 256);
  assert_memory_equal(g_bytes_get_data(image, NULL), data, 255);
}

static void decode_size_is_bounded(void **state)
{
  g_autoptr(GBytes) largest = decode(":0120000011CE\n"
                                     ":020000040001F9\n"
                                     ":011FFF0022BF\n" END);

  (void)state;
  assert_int_equal(g_bytes_get_size(largest), MAX_BYTES);
  decode_fails(":0120000011CE\n"
               ":020000040001F9\n"
               ":0120000022BD\n" END,
               "between 0x2000 and 0x12001");
}

static void decode_malformed_is_rejected_with_line(void **state)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    {"", "ends after line 0 without an end record"},
    {":0120000011CE\n", "ends after line 1 without an end record"},
    {"\n\nhello\n", "line 3: an Intel HEX record begins with a colon"},
    {" :00000001FF\n", "line 1: an Intel HEX record begins with a colon"},
    {":\n", "line 1: this is not an Intel HEX record"},
    {":00000001\n", "line 1: this is not an Intel HEX record"},
    {":00000001F\n", "line 1: this is not an Intel HEX record"},
    {":0000000!FF\n", "line 1: this is not an Intel HEX record"},
    {":00 00 00 01 FF\n", "line 1: this is not an Intel HEX record"},
    {":0120000011CD\n", "line 1: the checksum"},
    {":022000001122\n", "line 1: the record is longer or shorter"},
    {":012000001122AC\n", "line 1: the record is longer or shorter"},
    {":00000006FA\n", "line 1: the type of the record is unknown"},
    {":0100000100FE\n", "line 1: an end record holds no data"},
    {":0100000400FB\n", "line 1: an address record holds two bytes"},
    {":03000002000000FB\n", "line 1: an address record holds two bytes"},
    {":020000050000F9\n", "line 1: a start record holds four bytes"},
    {END ":0120000011CE\n", "line 2: there is a record after the end record"},
    {END END, "line 2: there is a record after the end record"},
    {":020000021000EC\n:04FFFE00A1A2A3A475\n" END, "line 2: the data runs past the end"},
    {":02000004FFFFFC\n:04FFFE00A1A2A3A475\n" END, "line 2: the data runs past the end"},
    {":042000001122334432\n:012003004597\n" END, "line 2: the file holds two different bytes"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    decode_fails(cases[i].text, cases[i].message);
}

static void decode_without_data_is_rejected(void **state)
{
  static const char *const cases[] = {
    END,
    ":04000000DEADBEEFC4\n" END,                  /* MBR only */
    ":020000041000EA\n:0410140000C0030015\n" END, /* UICR only */
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    decode_fails(cases[i], "nothing to send");
}

static void decode_nul_is_no_hex_digit(void **state)
{
  static const char text[] = ":0000\0" "0001FF\n";
  g_autoptr(GBytes) bytes = g_bytes_new_static(text, sizeof text - 1);
  GError *error = NULL;

  (void)state;
  assert_null(dfu_intel_hex_decode(bytes, MAX_BYTES, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "line 1: this is not an Intel HEX record");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(decode_linear_application),
    cmocka_unit_test(decode_segment_base),
    cmocka_unit_test(decode_fills_gaps_and_pads_with_ff),
    cmocka_unit_test(decode_linear_data_runs_into_the_next_64k),
    cmocka_unit_test(decode_same_bytes_twice_are_taken),
    cmocka_unit_test(decode_line_ends_and_case_do_not_matter),
    cmocka_unit_test(decode_leaves_out_mbr_and_uicr),
    cmocka_unit_test(decode_early_s132_leaves_out_3000),
    cmocka_unit_test(decode_mark_at_3004_keeps_what_is_below_3000),
    cmocka_unit_test(decode_longest_record_is_taken),
    cmocka_unit_test(decode_size_is_bounded),
    cmocka_unit_test(decode_malformed_is_rejected_with_line),
    cmocka_unit_test(decode_without_data_is_rejected),
    cmocka_unit_test(decode_nul_is_no_hex_digit),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
