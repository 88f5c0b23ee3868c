/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The image: the wire trace of a whole transfer, receipts, receive buffers, flash,
 * Validate. Source: nRF5 SDK 11.0.0, executed on a host.
 */
#include <stdio.h>
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

#define TRACE_SIZES "00000000 00000000 00010000"
#define TRACE_INIT "ffff ffff ffff ffff 0100 feff bd3f" /* CRC-16 3fbd of the bytes 00 to ff */

/* Packet @index, from 0, of the image 00 01 … ff 00 01 …: 20 bytes, or @len. */
static void send_packet_of_len(TargetDriver *driver, unsigned index, unsigned len)
{
  char hex[2 * 20 + 1];

  for (unsigned i = 0; i < len; i++)
    snprintf(hex + 2 * (size_t)i, 3, "%02x", (index * 20 + i) & 0xff);
  driver_packet(driver, hex);
}

static void send_packets(TargetDriver *driver, unsigned first, unsigned end)
{
  for (unsigned i = first; i < end; i++)
    send_packet_of_len(driver, i, 20);
}

/* In the data stage of an image of @sizes, nothing received. */
static void begin_data(TargetDriver *driver, const char *personality, const char *sizes,
                       const char *init)
{
  driver_init(driver, personality);
  driver_connect(driver);
  driver_subscribe(driver, true);
  driver_control(driver, "01 04");
  driver_packet(driver, sizes);
  driver_settle(driver);
  driver_control(driver, "02 00");
  driver_packet(driver, init);
  driver_control(driver, "02 01");
  driver_control(driver, "03");
  assert_string_equal(driver_said(driver), "10 01 01 | 10 02 01");
}

static void check_trace(const char *personality)
{
  TargetDriver driver;
  uint8_t mode;

  begin_data(&driver, personality, TRACE_SIZES, TRACE_INIT);
  driver_control(&driver, "08 08 00");
  driver_control(&driver, "03");
  assert_string_equal(driver_said(&driver), "");
  send_packets(&driver, 0, 7);
  assert_string_equal(driver_said(&driver), "");
  send_packets(&driver, 7, 8);
  assert_string_equal(driver_said(&driver), "11 a0 00 00 00");
  driver_settle(&driver);
  send_packets(&driver, 8, 12);
  send_packet_of_len(&driver, 12, 16);
  assert_string_equal(driver_said(&driver), "");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 01");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(dfu_target_image(&driver.target, &mode), 256);
  assert_int_equal(mode, 4);
  for (size_t i = 0; i < 256; i++)
    assert_int_equal(driver.flash[i], i);
}

static void whole_transfer_says_what_the_sdk_says(void **state)
{
  (void)state;
  check_trace("sdk11-dual");
  check_trace("sdk11-single");
}

static void receipt_comes_every_n_packets_with_the_sum(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00100000", TRACE_INIT);
  driver_control(&driver, "08 02 00");
  send_packets(&driver, 0, 5);
  assert_string_equal(driver_said(&driver), "11 28 00 00 00 | 11 50 00 00 00");
}

static void receipt_is_not_sent_for_the_last_packet(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, DRIVER_INIT);
  driver_control(&driver, "08 01 00");
  send_packets(&driver, 0, 2);
  assert_string_equal(driver_said(&driver), "11 14 00 00 00");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

static void receipt_request_restarts_the_countdown_and_zero_ends_it(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00100000", TRACE_INIT);
  driver_control(&driver, "08 03 00");
  send_packets(&driver, 0, 2);
  driver_control(&driver, "08 03 00");
  send_packets(&driver, 2, 4);
  assert_string_equal(driver_said(&driver), "");
  driver_control(&driver, "08 00 00");
  send_packets(&driver, 4, 7);
  assert_string_equal(driver_said(&driver), "");
}

static void receipt_count_has_sixteen_bits(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA);
  driver_control(&driver, "08 34 12");
  assert_int_equal(driver.target.receipt_interval, 0x1234);
}

static void receipt_countdown_is_kept_over_a_disconnect(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00100000", TRACE_INIT);
  driver_control(&driver, "08 03 00");
  send_packets(&driver, 0, 2);
  driver_reconnect(&driver);
  send_packets(&driver, 2, 3);
  assert_string_equal(driver_said(&driver), "11 3c 00 00 00");
  send_packets(&driver, 3, 4);
  driver_reconnect(&driver);
  driver_control(&driver, "08 03 00");
  send_packets(&driver, 4, 6);
  assert_string_equal(driver_said(&driver), "");
}

static void receipt_countdown_passes_over_refused_packets(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00100000", TRACE_INIT);
  driver_control(&driver, "08 02 00");
  send_packets(&driver, 0, 1);
  driver_packet_of(&driver, 19);
  assert_string_equal(driver_said(&driver), "10 03 03");
  send_packets(&driver, 1, 2);
  assert_string_equal(driver_said(&driver), "11 28 00 00 00");
}

static void ninth_unfinished_packet_is_lost_and_later_ones_move_up(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00010000", TRACE_INIT);
  driver_control(&driver, "08 09 00");
  send_packets(&driver, 0, 8);
  send_packets(&driver, 8, 10);
  assert_string_equal(driver_said(&driver), "10 03 06 | 10 03 06");
  driver_wait(&driver, DRIVER_WRITE_PACKET_US); /* one is in flash */
  send_packets(&driver, 10, 12);
  assert_string_equal(driver_said(&driver), "11 b4 00 00 00 | 10 03 06");
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 07 01 b4 00 00 00");
  for (unsigned i = 0; i < 160; i++)
    assert_int_equal(driver.flash[i], i);
  for (unsigned i = 160; i < 180; i++)
    assert_int_equal(driver.flash[i], 200 + i - 160);
}

static void full_buffers_are_seen_before_the_stage_but_after_the_length(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 a0000000", TRACE_INIT);
  send_packets(&driver, 0, 8);
  driver_packet_of(&driver, 6);
  driver_packet_of(&driver, 20); /* would be surplus */
  assert_string_equal(driver_said(&driver), "10 03 03 | 10 03 06");
  assert_int_equal(driver.target.stage, DFU_TARGET_DATA);
}

static void packets_are_written_one_after_the_other(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 a0000000", TRACE_INIT);
  send_packets(&driver, 0, 8);
  assert_int_equal(driver.wake_us - driver.now_us, DRIVER_WRITE_PACKET_US);
  driver_wait(&driver, 8 * DRIVER_WRITE_PACKET_US - 1);
  assert_string_equal(driver_said(&driver), "");
  driver_wait(&driver, 1);
  assert_string_equal(driver_said(&driver), "10 03 01");
  assert_int_equal(driver.target.written_bytes, 160);
}

static void packets_without_write_time_are_done_in_the_next_step(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver.config.write_packet_us = 0;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_DATA);
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.wake_us, driver.now_us);
  driver_wait(&driver, 0);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

static void validate_before_the_last_write_fails_and_loses_the_reply(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, DRIVER_INIT);
  send_packets(&driver, 0, 2);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 05");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "");
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 02");
}

/* Nobody gives a buffer back after Validate: then they run out, also for what gets 2 otherwise. */
static void validate_before_the_last_write_keeps_the_buffers(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 a0000000", TRACE_INIT);
  send_packets(&driver, 0, 8);
  driver_wait(&driver, DRIVER_WRITE_PACKET_US);
  driver_control(&driver, "04");
  driver_settle(&driver);
  driver_said(&driver);
  driver_packet_of(&driver, 20); /* 7 of 8 buffers are gone */
  assert_string_equal(driver_said(&driver), "10 03 02");

  begin_data(&driver, "sdk11-dual", "00000000 00000000 a0000000", TRACE_INIT);
  send_packets(&driver, 0, 8);
  driver_control(&driver, "04");
  driver_settle(&driver);
  driver_said(&driver);
  driver_packet_of(&driver, 20);
  assert_string_equal(driver_said(&driver), "10 03 06");
}

/* CRC-16 6a3f: the bytes 00 to 13, then twenty of ff, whatever is on its way there. */
static void validate_reads_flash_that_is_not_written_as_erased(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, "ffff ffff ffffffff 0100 feff 3f6a");
  send_packets(&driver, 0, 1);
  driver_settle(&driver);
  driver_packet(&driver, "00ffffff ffffffff ffffffff ffffffff ffffffff");
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 01");
}

static void validate_checks_the_bytes_in_flash(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, DRIVER_INIT);
  send_packets(&driver, 0, 1);
  driver_packet_of(&driver, 20);
  driver_settle(&driver);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 04 05");
  driver_control(&driver, "05");
  assert_false(driver.activated);
}

/* A packet of packing version 0.6: the zero id stands where the CRC is read. */
static void validate_reads_the_id_of_an_extended_init_packet_as_crc(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, "ffff ffff ffffffff 0100 feff 00000000 7604");
  send_packets(&driver, 0, 2);
  driver_settle(&driver);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 04 05");
}

static void image_of_no_bytes_validates_against_the_crc_of_nothing(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-single", "00000000 00000000 00000000",
             "ffff ffff ffffffff 0100 feff ffff");
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 01");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void surplus_packet_gets_4_once_then_6_or_4_by_its_length(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 10000000", DRIVER_INIT);
  send_packets(&driver, 0, 1); /* 20 bytes where 16 were announced */
  send_packet_of_len(&driver, 0, 4);
  send_packet_of_len(&driver, 0, 16);
  send_packet_of_len(&driver, 0, 20);
  assert_string_equal(driver_said(&driver), "10 03 04 | 10 03 06 | 10 03 06 | 10 03 04");
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 07 01 00 00 00 00");
}

static void surplus_packet_after_a_complete_image_is_terminal(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, DRIVER_INIT);
  send_packets(&driver, 0, 3);
  assert_string_equal(driver_said(&driver), "10 03 04");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01"); /* the last write was under way */
  driver_control(&driver, "04");
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 04 02 | 10 07 01 28 00 00 00");
}

static void empty_packet_jams_the_flash_behind_good_looking_receipts(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", DRIVER_SIZES, DRIVER_INIT);
  driver_control(&driver, "08 01 00");
  driver_packet_of(&driver, 0);
  assert_string_equal(driver_said(&driver), "11 00 00 00 00");
  send_packets(&driver, 0, 2);
  assert_string_equal(driver_said(&driver), "11 14 00 00 00");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "");
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 05");
}

static void empty_packet_while_a_write_is_pending_restarts(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-single", DRIVER_SIZES, DRIVER_INIT);
  send_packets(&driver, 0, 1);
  driver_packet_of(&driver, 0);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void empty_packet_out_of_the_data_stage_is_refused_as_any(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_READY);
  driver_control(&driver, "03");
  driver_packet_of(&driver, 0);
  assert_string_equal(driver_said(&driver), "10 03 02");
}

static void packet_longer_than_the_characteristic_vanishes(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00100000", TRACE_INIT);
  driver_packet_of(&driver, 24);
  driver_packet_of(&driver, 21);
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 07 01 00 00 00 00");
}

static void check_longest(uint16_t mtu, uint16_t packet_max_bytes, size_t longest)
{
  TargetDriver driver;
  DfuPersonality personality = *dfu_personality_find("sdk11-dual");
  DfuTargetEvent event = { .type = DFU_TARGET_EVENT_CONNECTED, .mtu = mtu };
  DfuTargetUpdate update;

  personality.packet_max_bytes = packet_max_bytes;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00100000", TRACE_INIT);
  driver.target.config.personality = &personality;
  driver_disconnect(&driver);
  event.now_us = driver.now_us;
  dfu_target_step(&driver.target, &event, &update);
  driver_packet_of(&driver, longest + 4);
  assert_int_equal(driver.target.received_bytes, 0);
  driver_packet_of(&driver, longest);
  assert_int_equal(driver.target.received_bytes, longest);
}

static void packet_may_be_as_long_as_both_mtu_and_characteristic_bear(void **state)
{
  (void)state;
  check_longest(247, 20, 20); /* a target that grants more than its characteristic takes */
  check_longest(23, 244, 20);
  check_longest(247, 244, 244);
  check_longest(103, 244, 100);
}

static void packets_beyond_the_flash_are_refused(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_data(&driver, "sdk11-dual", "00000000 00000000 00300000", TRACE_INIT);
  driver_control(&driver, "01 04");
  driver_packet(&driver, "00000000 00000000 00600000");
  assert_string_equal(driver_said(&driver), "10 01 04");
  driver_control(&driver, "03");
  for (unsigned i = 0; i < DRIVER_FLASH_BYTES / 20; i++) {
    send_packets(&driver, i, i + 1);
    driver_settle(&driver);
  }
  driver_packet_of(&driver, DRIVER_FLASH_BYTES % 20);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.target.received_bytes, DRIVER_FLASH_BYTES);
  driver_packet_of(&driver, 4);
  assert_string_equal(driver_said(&driver), "10 03 06");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(whole_transfer_says_what_the_sdk_says),
    cmocka_unit_test(receipt_comes_every_n_packets_with_the_sum),
    cmocka_unit_test(receipt_is_not_sent_for_the_last_packet),
    cmocka_unit_test(receipt_request_restarts_the_countdown_and_zero_ends_it),
    cmocka_unit_test(receipt_count_has_sixteen_bits),
    cmocka_unit_test(receipt_countdown_is_kept_over_a_disconnect),
    cmocka_unit_test(receipt_countdown_passes_over_refused_packets),
    cmocka_unit_test(ninth_unfinished_packet_is_lost_and_later_ones_move_up),
    cmocka_unit_test(full_buffers_are_seen_before_the_stage_but_after_the_length),
    cmocka_unit_test(packets_are_written_one_after_the_other),
    cmocka_unit_test(packets_without_write_time_are_done_in_the_next_step),
    cmocka_unit_test(validate_before_the_last_write_fails_and_loses_the_reply),
    cmocka_unit_test(validate_before_the_last_write_keeps_the_buffers),
    cmocka_unit_test(validate_reads_flash_that_is_not_written_as_erased),
    cmocka_unit_test(validate_checks_the_bytes_in_flash),
    cmocka_unit_test(validate_reads_the_id_of_an_extended_init_packet_as_crc),
    cmocka_unit_test(image_of_no_bytes_validates_against_the_crc_of_nothing),
    cmocka_unit_test(surplus_packet_gets_4_once_then_6_or_4_by_its_length),
    cmocka_unit_test(surplus_packet_after_a_complete_image_is_terminal),
    cmocka_unit_test(empty_packet_jams_the_flash_behind_good_looking_receipts),
    cmocka_unit_test(empty_packet_while_a_write_is_pending_restarts),
    cmocka_unit_test(empty_packet_out_of_the_data_stage_is_refused_as_any),
    cmocka_unit_test(packet_longer_than_the_characteristic_vanishes),
    cmocka_unit_test(packet_may_be_as_long_as_both_mtu_and_characteristic_bear),
    cmocka_unit_test(packets_beyond_the_flash_are_refused),
  };

  return cmocka_run_group_tests_name("target_image", tests, NULL, NULL);
}
