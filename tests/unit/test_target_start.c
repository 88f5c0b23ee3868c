/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Start: the order of its checks, what a refusal leaves behind, and which request a
 * packet belongs to. Source: nRF5 SDK 11.0.0, executed on a host.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void start(TargetDriver *driver, const char *request, const char *sizes)
{
  driver_control(driver, request);
  driver_packet(driver, sizes);
}

static void start_answers_when_the_whole_second_bank_is_erased(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  memset(driver.flash, 0, sizeof driver.flash);
  driver_bring_to(&driver, DRIVER_PREPARING);
  assert_int_equal(driver.wake_us - driver.now_us, 3 * DRIVER_ERASE_PAGE_US);
  driver_wait(&driver, 3 * DRIVER_ERASE_PAGE_US - 1);
  assert_string_equal(driver_said(&driver), "");
  driver_wait(&driver, 1);
  assert_string_equal(driver_said(&driver), "10 01 01");
  assert_int_equal(driver.target.stage, DFU_TARGET_READY);
  for (size_t i = 0; i < sizeof driver.flash; i++)
    assert_int_equal(driver.flash[i], 0xff);
}

static void start_answers_when_the_image_area_is_erased(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-single");
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  start(&driver, "01 04", "00000000 00000000 04100000"); /* one word more than a page */
  assert_int_equal(driver.wake_us - driver.now_us, 2 * DRIVER_ERASE_PAGE_US);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 01 01");
}

static void start_without_erase_time_answers_in_the_next_step(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver.config.erase_page_us = 0;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_PREPARING);
  assert_int_equal(driver.wake_us, driver.now_us);
  driver_wait(&driver, 0);
  assert_string_equal(driver_said(&driver), "10 01 01");
}

/* Flash of 0x3000 bytes, a bootloader of 0x2000 at most. "" is accepted. */
static const struct {
  const char *request;
  const char *sizes;
  const char *idle;
  const char *busy;
} starts[] = {
  { "01 04", DRIVER_SIZES, "", "10 01 02" },
  { "01 01", "00100000 00000000 00000000", "", "10 01 02" },
  { "01 02", "00000000 00100000 00000000", "", "10 01 02" },
  { "01 02", "00000000 00200000 00000000", "", "10 01 02" },
  { "01 03", "00100000 00100000 00000000", "", "10 01 02" },
  /* taken as "application", and the sizes added up whatever the mode */
  { "01 00", DRIVER_SIZES, "", "10 01 02" },
  { "01 08", DRIVER_SIZES, "", "10 01 02" },
  { "01 04", "04000000 04000000 04000000", "", "10 01 02" },
  { "01 04", "00000000 00000000 00000000", "", "10 01 02" },
  { "01 04", "00000000 00000000 00300000", "", "10 01 02" },
  /* the application together with something else */
  { "01 05", DRIVER_SIZES, "10 01 03", "10 01 03" },
  { "01 06", DRIVER_SIZES, "10 01 03", "10 01 03" },
  { "01 07", DRIVER_SIZES, "10 01 03", "10 01 03" },
  { "01 0d", DRIVER_SIZES, "10 01 03", "10 01 03" },
  /* a size that is not a multiple of 4 */
  { "01 04", "00000000 00000000 29000000", "10 01 03", "10 01 03" },
  { "01 01", "02000000 00000000 00000000", "10 01 03", "10 01 03" },
  { "01 02", "00000000 03000000 00000000", "10 01 03", "10 01 03" },
  { "01 03", "02000000 02000000 00000000", "10 01 03", "10 01 03" },
  /* limits: the bootloader, then the image */
  { "01 02", "00000000 04200000 00000000", "10 01 04", "10 01 04" },
  { "01 04", "00000000 00000000 04300000", "10 01 04", "10 01 04" },
  { "01 03", "00200000 04100000 00000000", "10 01 04", "10 01 04" },
  { "01 04", "00000000 00000000 fcffffff", "10 01 04", "10 01 04" },
  /* the earlier check wins: mode, words, limit */
  { "01 05", "00000000 00000000 ffffffff", "10 01 03", "10 01 03" },
  { "01 04", "00000000 00000000 ffffffff", "10 01 03", "10 01 03" },
};

static void start_is_checked_for_mode_words_limits_and_stage_in_this_order(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(starts); i++)
    for (DriverStage stage = 0; stage < DRIVER_N_STAGES; stage++) {
      TargetDriver driver;

      driver_init(&driver, "sdk11-dual");
      driver_bring_to(&driver, stage);
      start(&driver, starts[i].request, starts[i].sizes);
      assert_string_equal(driver_said(&driver),
                          stage == DRIVER_IDLE ? starts[i].idle : starts[i].busy);
    }
}

static void start_refused_in_idle_may_be_corrected_on_the_same_link(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-single");
  driver_bring_to(&driver, DRIVER_IDLE);
  start(&driver, "01 04", "28000000");
  start(&driver, "01 05", DRIVER_SIZES);
  start(&driver, "01 04", "00000000 00000000 00500000");
  assert_string_equal(driver_said(&driver), "10 01 03 | 10 01 03 | 10 01 04");
  assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
  start(&driver, "01 04", DRIVER_SIZES);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 01 01");
}

static void start_with_sizes_appended_is_silent_and_the_sizes_still_to_come(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_IDLE);
  driver_control(&driver, "01 04 " DRIVER_SIZES);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
  driver_packet(&driver, DRIVER_SIZES);
  assert_int_equal(driver.target.stage, DFU_TARGET_PREPARING);
}

static void start_of_one_byte_does_not_select_the_packet_type(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA);
  driver_control(&driver, "01");
  driver_control(&driver, "02");
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 01 06 | 10 02 06 | 10 03 01");
}

static void start_refused_for_its_packet_length_replaces_nothing(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_VALIDATED);
  start(&driver, "01 02", "14000000");
  driver_control(&driver, "05");
  assert_true(driver.activated);

  uint8_t mode;

  assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
  assert_int_equal(mode, 4);
}

/* Validate goes by the total, Activate by the sizes: the truncated image is installed. */
static void start_refused_for_its_mode_replaces_the_sizes_but_not_the_total(void **state)
{
  TargetDriver driver;
  uint8_t mode;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA_FULL);
  start(&driver, "01 05", "00000000 00000000 14000000");
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 01 03 | 10 04 01");
  driver_control(&driver, "05");
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(dfu_target_image(&driver.target, &mode), 20);
  assert_int_equal(mode, 4);
}

static void start_refused_for_its_mode_can_make_all_of_the_flash_the_image(void **state)
{
  TargetDriver driver;
  uint8_t mode;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_VALIDATED);
  start(&driver, "01 05", "00000000 00000000 fcffffff");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(dfu_target_image(&driver.target, &mode), DRIVER_FLASH_BYTES);
}

static void start_refused_for_a_limit_replaces_the_total_too(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA_FULL);
  start(&driver, "01 02", "00000000 00400000 00000000");
  driver_control(&driver, "04"); /* 40 of 16384 bytes */
  assert_string_equal(driver_said(&driver), "10 01 04 | 10 04 02");
  assert_int_equal(driver.target.activation_mode, 4);
}

static void start_refused_for_the_stage_replaces_the_activation_too(void **state)
{
  TargetDriver driver;
  uint8_t mode;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_VALIDATED);
  start(&driver, "01 02", "00000000 28000000 00000000");
  assert_string_equal(driver_said(&driver), "10 01 02");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
  assert_int_equal(mode, 2);
}

static void start_refused_with_less_than_received_makes_the_next_packet_surplus(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA);
  start(&driver, "01 04", "00000000 00000000 10000000");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 01 02 | 10 03 04");
  assert_int_equal(driver.target.stage, DFU_TARGET_SURPLUS);
}

static void start_refused_is_repaired_by_another_with_the_right_values(void **state)
{
  TargetDriver driver;
  uint8_t mode;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA);
  start(&driver, "01 02", "00000000 10000000 00000000");
  start(&driver, "01 04", DRIVER_SIZES);
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_settle(&driver);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 01 02 | 10 01 02 | 10 03 01 | 10 04 01");
  driver_control(&driver, "05");
  assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
  assert_int_equal(mode, 4);
}

static void packet_before_any_request_is_ignored(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_IDLE);
  driver_packet(&driver, DRIVER_SIZES);
  driver_packet_of(&driver, 20);
  driver_packet_of(&driver, 0);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
}

static void packet_belongs_to_the_last_request_even_a_refused_one(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA);
  driver_control(&driver, "02 01");
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 02 02 | 10 02 02");
  driver_control(&driver, "01 04");
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 01 03");
  driver_control(&driver, "02 77"); /* no step of Init: selects, and that is all */
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 02 02");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

static void packet_type_is_kept_by_the_other_requests(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver_bring_to(&driver, DRIVER_DATA);
  driver_control(&driver, "04");
  driver_control(&driver, "07");
  driver_control(&driver, "08 00 00");
  driver_control(&driver, "55");
  driver_said(&driver);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(start_answers_when_the_whole_second_bank_is_erased),
    cmocka_unit_test(start_answers_when_the_image_area_is_erased),
    cmocka_unit_test(start_without_erase_time_answers_in_the_next_step),
    cmocka_unit_test(start_is_checked_for_mode_words_limits_and_stage_in_this_order),
    cmocka_unit_test(start_refused_in_idle_may_be_corrected_on_the_same_link),
    cmocka_unit_test(start_with_sizes_appended_is_silent_and_the_sizes_still_to_come),
    cmocka_unit_test(start_of_one_byte_does_not_select_the_packet_type),
    cmocka_unit_test(start_refused_for_its_packet_length_replaces_nothing),
    cmocka_unit_test(start_refused_for_its_mode_replaces_the_sizes_but_not_the_total),
    cmocka_unit_test(start_refused_for_its_mode_can_make_all_of_the_flash_the_image),
    cmocka_unit_test(start_refused_for_a_limit_replaces_the_total_too),
    cmocka_unit_test(start_refused_for_the_stage_replaces_the_activation_too),
    cmocka_unit_test(start_refused_with_less_than_received_makes_the_next_packet_surplus),
    cmocka_unit_test(start_refused_is_repaired_by_another_with_the_right_values),
    cmocka_unit_test(packet_before_any_request_is_ignored),
    cmocka_unit_test(packet_belongs_to_the_last_request_even_a_refused_one),
    cmocka_unit_test(packet_type_is_kept_by_the_other_requests),
  };

  return cmocka_run_group_tests_name("target_start", tests, NULL, NULL);
}
