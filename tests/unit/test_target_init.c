/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The init packet: how it is collected, and what is accepted. Source: nRF5 SDK
 * 11.0.0, dfu_init_template.c, executed on a host.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* For a device of type 1234, revision 5678, SoftDevice 0080; "any" is ffff on the device's side. */
static const struct {
  const char *init;
  const char *for_device;
  const char *for_any;
} inits[] = {
  { "3412 7856 ffffffff 0100 8000 7604", "10 02 01", "10 02 01" },
  { "3412 7856 ffffffff 0100 feff 7604", "10 02 01", "10 02 01" },
  { "3412 7856 00000000 0200 6400 8000 7604", "10 02 01", "10 02 01" },
  { "3412 7856 00000000 0300 0100 0200 feff 7604", "10 02 01", "10 02 01" },
  { "ffff 7856 ffffffff 0100 8000 7604", "10 02 06", "10 02 01" },
  { "3412 ffff ffffffff 0100 8000 7604", "10 02 06", "10 02 01" },
  { "3512 7856 ffffffff 0100 8000 7604", "10 02 06", "10 02 01" },
  { "3412 7956 ffffffff 0100 8000 7604", "10 02 06", "10 02 01" },
  { "3412 7856 ffffffff 0100 6400 7604", "10 02 06", "10 02 06" },
  { "3412 7856 ffffffff 0200 6400 6500 7604", "10 02 06", "10 02 06" },
  { "3412 7856 ffffffff 0100 6400 feff", "10 02 06", "10 02 06" },  /* behind the list */
  { "3412 7856 ffffffff 0000 7604", "10 02 06", "10 02 06" },      /* no entry can match */
  { "3412 7856 ffffffff 0000 7604 0000", "10 02 06", "10 02 06" },
  { "7604", "10 02 06", "10 02 06" },
  { "3412 7856 ffffffff 0100 8000", "10 02 06", "10 02 06" },      /* nothing after the list */
  { "3412 7856 ffffffff 0100 8000 76", "10 02 01", "10 02 01" },   /* padding counts: 13 pass */
  { "3412 7856 ffffffff 0200 8000", "10 02 06", "10 02 06" },      /* list longer than the packet */
  { "3412 7856 ffffffff 0300 8000 6400", "10 02 06", "10 02 06" },
  { "3412 7856 ffffffff ffff 8000 7604", "10 02 06", "10 02 06" },
};

static void init_packet_is_compared_with_the_device(void **state)
{
  (void)state;
  for (size_t i = 0; i < 2 * N_ELEMENTS(inits); i++) {
    bool any = i % 2 == 1;
    TargetDriver driver;

    driver_init(&driver, "sdk11-dual");
    driver.config.device_type = any ? 0xffff : 0x1234;
    driver.config.device_revision = any ? 0xffff : 0x5678;
    driver_restart(&driver);
    driver_bring_to(&driver, DRIVER_READY);
    driver_send_init(&driver, inits[i / 2].init);

    const char *said = driver_said(&driver);
    const char *wanted = any ? inits[i / 2].for_any : inits[i / 2].for_device;

    if (strcmp(said, wanted) != 0)
      fail_msg("%s: %s, not %s", inits[i / 2].init, said, wanted);
  }
}

static void init_packet_refused_may_be_corrected_in_the_same_stage(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_send_init(&driver, "ffff ffff ffffffff 0100 6400 7604");
  assert_int_equal(driver.target.stage, DFU_TARGET_INIT);
  driver_send_init(&driver, DRIVER_INIT);
  assert_string_equal(driver_said(&driver), "10 02 06 | 10 02 01");
  assert_int_equal(driver.target.image_crc, 0x0476);
}

static void init_padding_is_zero_over_what_was_refused(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_send_init(&driver, "ffff ffff ffffffff ffff ffff ffff ffff");
  driver_send_init(&driver, DRIVER_INIT);
  assert_string_equal(driver_said(&driver), "10 02 06 | 10 02 01");
  assert_int_equal(driver.target.init[14], 0);
  assert_int_equal(driver.target.init[15], 0);
}

static void init_packet_in_pieces_of_words_is_put_together(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, "ffff ffff");
  driver_packet(&driver, "ffffffff 0100 feff");
  driver_packet(&driver, "7604");
  driver_control(&driver, "02 01");
  assert_string_equal(driver_said(&driver), "10 02 01");
  assert_int_equal(driver.target.image_crc, 0x0476);
}

static void init_packet_split_within_a_word_is_padded_in_the_middle(void **state)
{
  static const uint8_t wanted[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
                                      0xff, 0x01, 0x00, 0xfe, 0xff, 0x76, 0x04, 0x00 };
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, "ffff ffff ffffff");
  driver_packet(&driver, "ff 0100 feff 7604");
  assert_int_equal(driver.target.init_bytes, 16);
  assert_memory_equal(driver.target.init, wanted, 16);
  driver_control(&driver, "02 01");
  assert_string_equal(driver_said(&driver), "10 02 06");
}

static void init_packet_sent_twice_is_appended_and_accepted(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_INIT_STAGE);
  driver_send_init(&driver, DRIVER_INIT);
  assert_string_equal(driver_said(&driver), "10 02 01");
  assert_int_equal(driver.target.init_bytes, 32);
}

static void init_complete_alone_empties_what_was_cut(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, "ffff ffff ffffffff");
  driver_reconnect(&driver);
  driver_control(&driver, "02 01");
  driver_send_init(&driver, DRIVER_INIT);
  assert_string_equal(driver_said(&driver), "10 02 06 | 10 02 01");
}

static void init_piece_without_bytes_begins_the_stage(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet_of(&driver, 0);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.target.stage, DFU_TARGET_INIT);
}

/* 128 bytes with two banks, 64 with one: a piece beyond is refused at once, the others stay. */
static void check_capacity(const char *personality, size_t pieces_of_20, size_t rest)
{
  TargetDriver driver;

  driver_init(&driver, personality);
  driver_bring_to(&driver, DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, "ffff ffff ffffffff 0100 feff 7604 0000 00000000");
  for (size_t i = 1; i < pieces_of_20; i++)
    driver_packet_of(&driver, 20);
  assert_string_equal(driver_said(&driver), "");
  driver_packet_of(&driver, rest + 1);
  assert_string_equal(driver_said(&driver), "10 02 06");
  driver_packet_of(&driver, rest);
  driver_control(&driver, "02 01");
  assert_string_equal(driver_said(&driver), "10 02 01");
}

static void init_packet_beyond_the_capacity_is_refused_by_piece(void **state)
{
  (void)state;
  check_capacity("sdk11-dual", 6, 8);
  check_capacity("sdk11-single", 3, 4);
}

/* SDK 6.1: two bytes, and whatever follows them is not read. */
static void init_packet_of_sdk_6_1_is_a_crc(void **state)
{
  static const struct {
    const char *init, *said;
  } rows[] = {
    { "7604", "10 02 01 | 10 03 01 | 10 04 01" },
    { "7604 0000", "10 02 01 | 10 03 01 | 10 04 01" },
    { "7704", "10 02 01 | 10 03 01 | 10 04 05" },
    { DRIVER_INIT, "10 02 01 | 10 03 01 | 10 04 05" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    driver_init(&driver, "sdk6.1");
    driver_bring_to(&driver, DRIVER_READY);
    driver_send_init(&driver, rows[i].init);
    driver_control(&driver, "03");
    driver_packet(&driver, DRIVER_PACKET_1);
    driver_packet(&driver, DRIVER_PACKET_2);
    driver_settle(&driver);
    driver_control(&driver, "04");
    assert_string_equal(driver_said(&driver), rows[i].said);
  }
}

static void init_packet_of_no_bytes_is_no_crc(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk6.1");
  driver_bring_to(&driver, DRIVER_READY);
  driver_send_init(&driver, "");
  assert_string_equal(driver_said(&driver), "10 02 06");
}

static void init_packets_before_sdk_10_have_room_for_64_bytes(void **state)
{
  static const char *const names[] = { "sdk6.1", "sdk7", "sdk8", "sdk11-single" };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(names); i++) {
    TargetDriver driver;

    driver_init(&driver, names[i]);
    driver_bring_to(&driver, DRIVER_READY);
    driver_control(&driver, "02 00");
    for (unsigned n = 0; n < 4; n++)
      driver_packet_of(&driver, n < 3 ? 20 : 4);
    assert_string_equal(driver_said(&driver), "");
    driver_packet_of(&driver, 4);
    assert_string_equal(driver_said(&driver), "10 02 06");
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(init_packet_is_compared_with_the_device),
    cmocka_unit_test(init_packet_refused_may_be_corrected_in_the_same_stage),
    cmocka_unit_test(init_padding_is_zero_over_what_was_refused),
    cmocka_unit_test(init_packet_in_pieces_of_words_is_put_together),
    cmocka_unit_test(init_packet_split_within_a_word_is_padded_in_the_middle),
    cmocka_unit_test(init_packet_sent_twice_is_appended_and_accepted),
    cmocka_unit_test(init_complete_alone_empties_what_was_cut),
    cmocka_unit_test(init_piece_without_bytes_begins_the_stage),
    cmocka_unit_test(init_packet_beyond_the_capacity_is_refused_by_piece),
    cmocka_unit_test(init_packet_of_sdk_6_1_is_a_crc),
    cmocka_unit_test(init_packet_of_no_bytes_is_no_crc),
    cmocka_unit_test(init_packets_before_sdk_10_have_room_for_64_bytes),
  };

  return cmocka_run_group_tests_name("target_init", tests, NULL, NULL);
}
