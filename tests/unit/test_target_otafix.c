/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OTAFIX 2.1: the collecting of small packets, the erase page by page, and where its
 * restarts end. Source: oltaco/Adafruit_nRF52_Bootloader_OTAFIX 2.1, executed on a host.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

enum { PAGE_BYTES = 4096 };

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define SIZES_1000 "00000000 00000000 e8030000"

/* Ready for an image of 1000 bytes whose CRC nobody will ask for. */
static void begin_1000(TargetDriver *driver, const char *receipts)
{
  driver_init(driver, "otafix-2.1");
  driver_connect_with_mtu(driver, 247);
  driver_subscribe(driver, true);
  driver_control(driver, "01 04");
  driver_packet(driver, SIZES_1000);
  driver_settle(driver);
  driver_send_init(driver, DRIVER_INIT_ADAFRUIT);
  driver_control(driver, receipts);
  driver_control(driver, "03");
  driver_said(driver);
}

static void send_packets(TargetDriver *driver, unsigned n, size_t len)
{
  for (unsigned i = 0; i < n; i++)
    driver_packet_of(driver, len);
}

static const char *ask_size(TargetDriver *driver)
{
  driver_said(driver);
  driver_control(driver, "07");
  return driver_said(driver);
}

static void small_packets_are_counted_in_blocks_of_240(void **state)
{
  static const struct {
    unsigned n_packets;
    size_t len;
    const char *count;
  } rows[] = {
    { 1, 20, "10 07 01 00 00 00 00" },  { 11, 20, "10 07 01 00 00 00 00" },
    { 12, 20, "10 07 01 f0 00 00 00" }, { 23, 20, "10 07 01 f0 00 00 00" },
    { 24, 20, "10 07 01 e0 01 00 00" }, { 3, 64, "10 07 01 00 00 00 00" },
    { 4, 64, "10 07 01 f0 00 00 00" },  { 1, 68, "10 07 01 44 00 00 00" },
    { 1, 244, "10 07 01 f4 00 00 00" }, { 3, 244, "10 07 01 dc 02 00 00" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin_1000(&driver, "08 00 00");
    send_packets(&driver, rows[i].n_packets, rows[i].len);
    assert_string_equal(ask_size(&driver), rows[i].count);
  }
}

static void receipt_flushes_and_counts_packets(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_1000(&driver, "08 08 00");
  send_packets(&driver, 7, 20);
  assert_string_equal(driver_said(&driver), "");
  send_packets(&driver, 1, 20);
  assert_string_equal(driver_said(&driver), "11 a0 00 00 00");
  send_packets(&driver, 8, 20);
  assert_string_equal(driver_said(&driver), "11 40 01 00 00");
}

static void last_packet_flushes_and_may_have_a_receipt(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_1000(&driver, "08 0a 00");
  send_packets(&driver, 49, 20);
  driver_settle(&driver);
  driver_said(&driver);
  send_packets(&driver, 1, 20);
  assert_string_equal(driver_said(&driver), "11 e8 03 00 00");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");

  begin_1000(&driver, "08 00 00");
  send_packets(&driver, 50, 20);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

static void update_with_small_packets_is_complete(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "otafix-2.1");
  driver_bring_to(&driver, DRIVER_VALIDATED);
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(driver.flash[20], 0x14);
  assert_int_equal(driver.flash[39], 0x27);
}

static void kind_of_the_first_packet_stays(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_1000(&driver, "08 00 00");
  send_packets(&driver, 1, 64);
  send_packets(&driver, 1, 128); /* collected too */
  assert_string_equal(ask_size(&driver), "10 07 01 00 00 00 00");
  driver_reconnect(&driver);
  driver_connect_with_mtu(&driver, 247);
  send_packets(&driver, 1, 48);
  assert_string_equal(ask_size(&driver), "10 07 01 f0 00 00 00");

  begin_1000(&driver, "08 00 00");
  send_packets(&driver, 1, 68);
  send_packets(&driver, 1, 20); /* counted at once */
  assert_string_equal(ask_size(&driver), "10 07 01 58 00 00 00");
}

static void link_loss_keeps_what_was_collected(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_1000(&driver, "08 00 00");
  send_packets(&driver, 15, 20);
  driver_reconnect(&driver);
  assert_string_equal(ask_size(&driver), "10 07 01 f0 00 00 00");
  driver_control(&driver, "08 01 00");
  driver_control(&driver, "03");
  driver_packet(&driver, "");
  assert_string_equal(driver_said(&driver), "11 2c 01 00 00");
  assert_string_equal(ask_size(&driver), "10 07 01 2c 01 00 00");
  driver_settle(&driver);
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
}

static void empty_packet_asks_for_the_count_in_each_stage(void **state)
{
  static const char *const counts[DRIVER_N_STAGES] = {
    [DRIVER_IDLE] = "11 00 00 00 00",       [DRIVER_PREPARING] = "11 00 00 00 00",
    [DRIVER_READY] = "11 00 00 00 00",      [DRIVER_INIT_STAGE] = "11 00 00 00 00",
    [DRIVER_DATA] = "11 14 00 00 00",       [DRIVER_DATA_FULL] = "11 28 00 00 00",
    [DRIVER_CRC_FAILED] = "11 28 00 00 00", [DRIVER_VALIDATED] = "11 28 00 00 00",
  };

  (void)state;
  for (DriverStage stage = 0; stage < DRIVER_SURPLUS; stage++) {
    TargetDriver driver;

    driver_init(&driver, "otafix-2.1");
    driver_bring_to(&driver, stage);
    driver_reconnect(&driver);

    DfuTargetStage before = driver.target.stage;

    driver_control(&driver, "08 01 00");
    driver_control(&driver, "03");
    driver_packet(&driver, "");
    assert_string_equal(driver_said(&driver), counts[stage]);
    assert_int_equal(driver.target.stage, before);
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  }
}

static void small_packet_is_never_checked_when_it_arrives(void **state)
{
  (void)state;
  for (DriverStage stage = 0; stage < DRIVER_SURPLUS; stage++) {
    TargetDriver driver;

    driver_init(&driver, "otafix-2.1");
    driver_bring_to(&driver, stage);
    driver_control(&driver, "03");
    driver_packet_of(&driver, 3);
    assert_string_equal(driver_said(&driver), "");
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  }
}

static void flush_at_the_wrong_time_tells_what_a_packet_would(void **state)
{
  static const struct {
    DriverStage stage;
    const char *said;
  } rows[] = {
    { DRIVER_IDLE, "10 03 02" },
    { DRIVER_DATA_FULL, "10 03 04" },
    { DRIVER_CRC_FAILED, "10 03 02" },
    { DRIVER_VALIDATED, "10 03 02" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    driver_init(&driver, "otafix-2.1");
    driver_bring_to(&driver, rows[i].stage);
    driver_control(&driver, "03");
    send_packets(&driver, 12, 20);
    assert_string_equal(driver_said(&driver), rows[i].said);
  }
}

static void data_sent_too_early_stays_in_front_of_the_image(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "otafix-2.1");
  driver_bring_to(&driver, DRIVER_IDLE);
  driver_control(&driver, "03");
  driver_packet_of(&driver, 20);
  driver_control(&driver, "01 04");
  driver_packet(&driver, DRIVER_SIZES);
  driver_settle(&driver);
  driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1); /* full already */
  driver_settle(&driver);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01 | 10 04 05");
  assert_int_equal(driver.flash[0], 0xee);
}

static void odd_length_is_padded_inside_the_image(void **state)
{
  static const uint8_t begin[] = { 0xee, 0xee, 0, 0, 0xee, 0xee, 0xee, 0 };
  TargetDriver driver;

  (void)state;
  begin_1000(&driver, "08 02 00");
  driver_packet_of(&driver, 2);
  driver_packet_of(&driver, 3);
  assert_string_equal(driver_said(&driver), "11 08 00 00 00");
  assert_memory_equal(driver.flash, begin, sizeof begin);
}

static void large_packet_not_of_whole_words_is_refused(void **state)
{
  TargetDriver driver;

  (void)state;
  begin_1000(&driver, "08 00 00");
  driver_packet_of(&driver, 182);
  assert_string_equal(driver_said(&driver), "10 03 03");
}

static void start_erases_one_page(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "otafix-2.1");
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_control(&driver, "01 04");
  driver_packet(&driver, "00000000 00000000 00300000"); /* three of them */
  driver_wait(&driver, DRIVER_ERASE_PAGE_US - 1);
  assert_string_equal(driver_said(&driver), "");
  driver_wait(&driver, 1);
  assert_string_equal(driver_said(&driver), "10 01 01");
}

static void each_further_page_costs_its_erase_when_it_is_reached(void **state)
{
  int64_t before_us;
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "otafix-2.1");
  driver_connect_with_mtu(&driver, 247);
  driver_subscribe(&driver, true);
  driver_control(&driver, "01 04");
  driver_packet(&driver, "00000000 00000000 00300000");
  driver_settle(&driver);
  driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
  driver_control(&driver, "03");
  for (unsigned at = 0; at < 3 * PAGE_BYTES; at += 128) {
    bool reaches_page = at > 0 && at % PAGE_BYTES == 0;

    before_us = driver.now_us;
    driver_packet_of(&driver, 128);
    driver_settle(&driver);
    assert_int_equal(driver.now_us - before_us,
                     DRIVER_WRITE_PACKET_US + (reaches_page ? DRIVER_ERASE_PAGE_US : 0));
  }
}

static void write_beyond_the_tenth_unfinished_is_refused(void **state)
{
  static const struct {
    const char *receipts;
    size_t len;
    unsigned n_taken;
  } rows[] = {
    { "08 00 00", 240, 10 }, /* unfinished packets */
    { "08 0a 00", 20, 109 }, /* in writes of ten */
    { "08 00 00", 20, 131 }, /* in writes of twelve */
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    driver_init(&driver, "otafix-2.1");
    driver_connect_with_mtu(&driver, 247);
    driver_subscribe(&driver, true);
    driver_control(&driver, "01 04");
    driver_packet(&driver, "00000000 00000000 00300000");
    driver_settle(&driver);
    driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
    driver_control(&driver, rows[i].receipts);
    driver_control(&driver, "03");
    send_packets(&driver, rows[i].n_taken, rows[i].len);
    assert_null(strstr(driver_said(&driver), "10 03 06"));
    send_packets(&driver, 1, rows[i].len);
    assert_string_equal(driver_said(&driver), "10 03 06");
  }
}

static void restart_without_application_ends_in_dfu(void **state)
{
  (void)state;
  for (DriverStage stage = DRIVER_READY; stage < DRIVER_SURPLUS; stage++) {
    TargetDriver driver;

    driver_init(&driver, "otafix-2.1");
    driver_bring_to(&driver, stage);
    driver_control(&driver, "06");
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
    driver_init(&driver, "otafix-2.1");
    driver_bring_to(&driver, stage);
    driver_cut_power(&driver);
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
  }
}

/* Everything but data is as in other Adafruit bootloaders. */
static void other_operations_answer_as_ever(void **state)
{
  static const struct {
    DriverStage stage;
    const char *control, *packet, *said;
  } rows[] = {
    { DRIVER_READY, "01 04", DRIVER_SIZES, "10 01 02" },
    { DRIVER_DATA, "01 04", DRIVER_SIZES, "10 01 02" },
    { DRIVER_IDLE, "01 05", DRIVER_SIZES, "10 01 03" },
    { DRIVER_IDLE, "01 04", "28000000", "10 01 03" },
    { DRIVER_DATA, "02 00", DRIVER_INIT, "10 02 02" },
    { DRIVER_INIT_STAGE, "02 01", NULL, "10 02 01" },
    { DRIVER_DATA, "04", NULL, "10 04 02" },
    { DRIVER_DATA_FULL, "04", NULL, "10 04 01" },
    { DRIVER_VALIDATED, "04", NULL, "10 04 02" },
    { DRIVER_DATA_FULL, "07", NULL, "10 07 01 28 00 00 00" },
    { DRIVER_IDLE, "08 01", NULL, "10 08 03" },
    { DRIVER_IDLE, "55", NULL, "10 55 03" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    driver_init(&driver, "otafix-2.1");
    driver_bring_to(&driver, rows[i].stage);
    driver_control(&driver, rows[i].control);
    if (rows[i].packet != NULL)
      driver_packet(&driver, rows[i].packet);
    assert_string_equal(driver_said(&driver), rows[i].said);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(small_packets_are_counted_in_blocks_of_240),
    cmocka_unit_test(receipt_flushes_and_counts_packets),
    cmocka_unit_test(last_packet_flushes_and_may_have_a_receipt),
    cmocka_unit_test(update_with_small_packets_is_complete),
    cmocka_unit_test(kind_of_the_first_packet_stays),
    cmocka_unit_test(link_loss_keeps_what_was_collected),
    cmocka_unit_test(empty_packet_asks_for_the_count_in_each_stage),
    cmocka_unit_test(small_packet_is_never_checked_when_it_arrives),
    cmocka_unit_test(flush_at_the_wrong_time_tells_what_a_packet_would),
    cmocka_unit_test(data_sent_too_early_stays_in_front_of_the_image),
    cmocka_unit_test(odd_length_is_padded_inside_the_image),
    cmocka_unit_test(large_packet_not_of_whole_words_is_refused),
    cmocka_unit_test(start_erases_one_page),
    cmocka_unit_test(each_further_page_costs_its_erase_when_it_is_reached),
    cmocka_unit_test(write_beyond_the_tenth_unfinished_is_refused),
    cmocka_unit_test(restart_without_application_ends_in_dfu),
    cmocka_unit_test(other_operations_answer_as_ever),
  };

  return cmocka_run_group_tests_name("target_otafix", tests, NULL, NULL);
}
