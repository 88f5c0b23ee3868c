/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the Adafruit bootloaders do otherwise than those of the SDK: init packets, packet
 * lengths, and where they leave a board without application. Source: Adafruit nRF52
 * bootloader 0.9.2 and 0.10.0, executed on a host; where their restarts end, read.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

enum { SECOND_US = 1000000 };

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define INIT_TAKEN "10 02 01"
#define INIT_REFUSED "10 02 06"

static const char *const all[] = { "adafruit-0.7", "adafruit-0.9", "adafruit-0.10" };

static void begin(TargetDriver *driver, const char *personality, DriverStage stage)
{
  driver_init(driver, personality);
  driver_bring_to(driver, stage);
}

static void init_packets_name_adafruits_device(void **state)
{
  static const struct {
    const char *start, *sizes, *init, *reply;
  } rows[] = {
    { "01 04", DRIVER_SIZES, "5200 ffff ffffffff 0100 feff 7604", INIT_TAKEN },
    { "01 04", DRIVER_SIZES, "5200 0000 ffffffff 0100 feff 7604", INIT_TAKEN },
    { "01 04", DRIVER_SIZES, "ffff ffff ffffffff 0100 feff 7604", INIT_REFUSED },
    { "01 04", DRIVER_SIZES, "5300 ffff ffffffff 0100 feff 7604", INIT_REFUSED },
    { "01 04", DRIVER_SIZES, "5200 ffff ffffffff 0100 8000 7604", INIT_TAKEN },
    { "01 04", DRIVER_SIZES, "5200 ffff ffffffff 0100 8100 7604", INIT_REFUSED },
    { "01 04", DRIVER_SIZES, "5200 ffff ffffffff 0000 7604 0000", INIT_REFUSED },
    { "01 01", "28000000 00000000 00000000", "5200 68ce ffffffff 0100 feff 7604", INIT_TAKEN },
    { "01 02", "00000000 28000000 00000000", "5200 68ce ffffffff 0100 feff 7604", INIT_TAKEN },
    { "01 03", "14000000 14000000 00000000", "5200 68ce ffffffff 0100 feff 7604", INIT_TAKEN },
    { "01 03", "14000000 14000000 00000000", "5200 ffff ffffffff 0100 feff 7604", INIT_REFUSED },
    { "01 02", "00000000 28000000 00000000", "5200 61ce ffffffff 0100 feff 7604", INIT_REFUSED },
    { "01 01", "28000000 00000000 00000000", "ffff 68ce ffffffff 0100 feff 7604", INIT_REFUSED },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    driver_init(&driver, "adafruit-0.9");
    driver_connect(&driver);
    driver_subscribe(&driver, true);
    driver_control(&driver, rows[i].start);
    driver_packet(&driver, rows[i].sizes);
    driver_settle(&driver);
    driver_said(&driver);
    driver_send_init(&driver, rows[i].init);
    assert_string_equal(driver_said(&driver), rows[i].reply);
  }
}

static void init_is_checked_for_the_board_that_the_config_names(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "adafruit-0.9");
  driver.config.device_type = 0x0123;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_READY);
  driver_send_init(&driver, "5200 ffff ffffffff 0100 feff 7604");
  driver_send_init(&driver, "2301 ffff ffffffff 0100 feff 7604");
  assert_string_equal(driver_said(&driver), INIT_REFUSED " | " INIT_TAKEN);
}

/* A refused Start has replaced the mode by which the init packet is checked. */
static void init_is_checked_by_the_mode_last_stored(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "adafruit-0.9", DRIVER_READY);
  driver_control(&driver, "01 02");
  driver_packet(&driver, "00000000 28000000 00000000");
  driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
  driver_control(&driver, "01 04"); /* a mode alone is not stored yet */
  driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
  driver_control(&driver, "01 04");
  driver_packet(&driver, DRIVER_SIZES);
  driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
  assert_string_equal(driver_said(&driver),
                      "10 01 02 | 10 02 06 | 10 02 06 | 10 01 02 | 10 02 01");
}

static void signed_init_packet_passes_where_it_fits_and_fails_at_validate(void **state)
{
  static const struct {
    const char *name, *said;
  } rows[] = {
    { "adafruit-0.9", "10 02 06 | 10 02 06 | 10 02 06 | 10 02 01" },
    { "adafruit-0.10", "10 02 01 | 10 03 01 | 10 04 05" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin(&driver, rows[i].name, DRIVER_READY);
    driver_control(&driver, "02 00");
    driver_packet(&driver, "5200 ffff ffffffff 0100 feff 02000000 28000000");
    for (unsigned n = 0; n < 5; n++) /* a hash and a signature: 116 bytes in all */
      driver_packet_of(&driver, n < 4 ? 20 : 16);
    driver_control(&driver, "02 01");
    if (i == 1) {
      driver_control(&driver, "03");
      driver_packet(&driver, DRIVER_PACKET_1);
      driver_packet(&driver, DRIVER_PACKET_2);
      driver_settle(&driver);
      driver_control(&driver, "04");
    }
    assert_string_equal(driver_said(&driver), rows[i].said);
  }
}

static void packets_of_more_than_20_bytes_vanish_before_0_10(void **state)
{
  static const struct {
    const char *name;
    size_t len;
    const char *said;
  } rows[] = {
    { "adafruit-0.7", 24, "10 07 01 14 00 00 00" },
    { "adafruit-0.7", 20, "10 07 01 28 00 00 00" },
    { "adafruit-0.9", 24, "10 07 01 14 00 00 00" },
    { "adafruit-0.10", 244, "10 03 04 | 10 07 01 14 00 00 00" },
    { "adafruit-0.10", 245, "10 07 01 14 00 00 00" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin(&driver, rows[i].name, DRIVER_DATA);
    driver_connect_with_mtu(&driver, 247);
    driver_packet_of(&driver, rows[i].len);
    driver_control(&driver, "07");
    assert_string_equal(driver_said(&driver), rows[i].said);
  }
}

static void packets_beyond_the_receive_buffers_are_refused(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(all); i++) {
    unsigned room = i < 2 ? 8 : 16;
    TargetDriver driver;

    driver_init(&driver, all[i]);
    driver_connect(&driver);
    driver_subscribe(&driver, true);
    driver_control(&driver, "01 04");
    driver_packet(&driver, "00000000 00000000 00100000");
    driver_settle(&driver);
    driver_send_init(&driver, DRIVER_INIT_ADAFRUIT);
    driver_control(&driver, "03");
    driver_said(&driver);
    for (unsigned n = 0; n < room; n++)
      driver_packet_of(&driver, 20);
    assert_string_equal(driver_said(&driver), "");
    driver_packet_of(&driver, 20);
    assert_string_equal(driver_said(&driver), "10 03 06");
  }
}

static void only_0_10_waits_for_a_notification_buffer(void **state)
{
  (void)state;
  for (size_t i = 1; i < N_ELEMENTS(all); i++) {
    TargetDriver driver;

    driver_init(&driver, all[i]);
    driver.config.notification_buffers = 1;
    driver.config.notify_us = SECOND_US;
    driver_restart(&driver);
    driver_connect(&driver);
    driver_subscribe(&driver, true);
    driver_control(&driver, "07");
    driver_control(&driver, "07");
    assert_int_equal(driver.boot != DFU_TARGET_STAYS, i == 1);
  }
}

static void erase_takes_the_application_and_the_radio_with_it(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(all); i++) {
    TargetDriver driver;

    begin(&driver, all[i], DRIVER_READY);
    driver_cut_power(&driver);
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_CABLE);
    begin(&driver, all[i], DRIVER_IDLE);
    driver_cut_power(&driver);
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  }
}

/* Each ends in a notification that cannot be sent, in a write that fails, or in a command
 * that is handled too late. */
static void lose_the_erase(TargetDriver *driver)
{
  driver_bring_to(driver, DRIVER_PREPARING);
  driver_disconnect(driver);
  driver_settle(driver);
}

static void lose_the_last_packet(TargetDriver *driver)
{
  driver_bring_to(driver, DRIVER_DATA);
  driver_packet(driver, DRIVER_PACKET_2);
  driver_disconnect(driver);
  driver_settle(driver);
}

static void forget_the_cccd(TargetDriver *driver)
{
  driver_bring_to(driver, DRIVER_DATA);
  driver_disconnect(driver);
  driver_connect(driver);
  driver_packet_of(driver, 18);
}

static void break_the_flash(TargetDriver *driver)
{
  driver_bring_to(driver, DRIVER_DATA);
  driver_packet(driver, DRIVER_PACKET_2);
  driver_fail_flash(driver);
}

static void leave_with_a_request_in_the_air(TargetDriver *driver)
{
  driver_bring_to(driver, DRIVER_DATA);
  driver_disconnect(driver);
  driver_control(driver, "07");
}

static void failures_of_its_own_end_at_the_cable(void **state)
{
  static void (*const failures[])(TargetDriver *driver) = {
    lose_the_erase, lose_the_last_packet, forget_the_cccd, break_the_flash,
    leave_with_a_request_in_the_air,
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(all); i++)
    for (size_t f = 0; f < N_ELEMENTS(failures); f++) {
      TargetDriver driver;

      driver_init(&driver, all[i]);
      failures[f](&driver);
      assert_int_equal(driver.boot, DFU_TARGET_BOOTS_CABLE);
    }
}

static void before_0_10_nothing_ends_a_session_but_power_or_a_request(void **state)
{
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    TargetDriver driver;

    begin(&driver, all[i], DRIVER_DATA);
    driver_disconnect(&driver);
    driver_wait(&driver, INT64_C(1000000) * SECOND_US);
    driver_connect(&driver);
    driver_subscribe(&driver, true);
    driver_control(&driver, "07");
    assert_string_equal(driver_said(&driver), "10 07 01 14 00 00 00");
  }
}

static void timer_of_0_10_fires_after_360_seconds(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "adafruit-0.10", DRIVER_PREPARING);

  int64_t fires_us = driver.now_us + 360 * INT64_C(1000000);

  driver_settle(&driver);
  driver_wait(&driver, fires_us - 1 - driver.now_us);
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  driver_wait(&driver, 1);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void timer_of_0_10_without_any_central_ends_at_the_cable(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "adafruit-0.10");
  driver.config.has_application = false;
  driver_restart(&driver);
  driver_wait(&driver, 0);
  driver_wait(&driver, 360 * INT64_C(1000000));
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_CABLE);
}

/* As it is built with two banks. */
static void reset_of_0_10_in_mid_transfer_stays_in_dfu_despite_an_application(void **state)
{
  static const struct {
    DriverStage stage;
    DfuTargetBoot boot;
  } rows[] = {
    { DRIVER_READY, DFU_TARGET_BOOTS_APPLICATION },
    { DRIVER_INIT_STAGE, DFU_TARGET_BOOTS_APPLICATION },
    { DRIVER_DATA, DFU_TARGET_BOOTS_BOOTLOADER },
    { DRIVER_DATA_FULL, DFU_TARGET_BOOTS_APPLICATION },
    { DRIVER_CRC_FAILED, DFU_TARGET_BOOTS_APPLICATION },
    { DRIVER_SURPLUS, DFU_TARGET_BOOTS_BOOTLOADER },
  };
  DfuPersonality dual = *dfu_personality_find("adafruit-0.10");

  (void)state;
  dual.dual_bank = true;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    driver_init(&driver, "adafruit-0.10");
    driver.config.personality = &dual;
    driver_restart(&driver);
    driver_bring_to(&driver, rows[i].stage);
    driver_control(&driver, "06");
    assert_int_equal(driver.boot, rows[i].boot);
    assert_true(driver.target.config.has_application);
  }
}

static void softdevice_or_bootloader_leaves_no_application_and_no_radio(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(all); i++) {
    TargetDriver driver;

    driver_init(&driver, all[i]);
    driver_connect(&driver);
    driver_subscribe(&driver, true);
    driver_control(&driver, "01 02");
    driver_packet(&driver, "00000000 28000000 00000000");
    driver_settle(&driver);
    driver_send_init(&driver, "5200 68ce ffffffff 0100 feff 7604");
    driver_control(&driver, "03");
    driver_packet(&driver, DRIVER_PACKET_1);
    driver_packet(&driver, DRIVER_PACKET_2);
    driver_settle(&driver);
    driver_control(&driver, "04");
    driver_control(&driver, "05");
    assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01 | 10 04 01");
    assert_true(driver.activated);
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_CABLE);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(init_packets_name_adafruits_device),
    cmocka_unit_test(init_is_checked_for_the_board_that_the_config_names),
    cmocka_unit_test(init_is_checked_by_the_mode_last_stored),
    cmocka_unit_test(signed_init_packet_passes_where_it_fits_and_fails_at_validate),
    cmocka_unit_test(packets_of_more_than_20_bytes_vanish_before_0_10),
    cmocka_unit_test(packets_beyond_the_receive_buffers_are_refused),
    cmocka_unit_test(only_0_10_waits_for_a_notification_buffer),
    cmocka_unit_test(erase_takes_the_application_and_the_radio_with_it),
    cmocka_unit_test(failures_of_its_own_end_at_the_cable),
    cmocka_unit_test(before_0_10_nothing_ends_a_session_but_power_or_a_request),
    cmocka_unit_test(timer_of_0_10_fires_after_360_seconds),
    cmocka_unit_test(timer_of_0_10_without_any_central_ends_at_the_cable),
    cmocka_unit_test(reset_of_0_10_in_mid_transfer_stays_in_dfu_despite_an_application),
    cmocka_unit_test(softdevice_or_bootloader_leaves_no_application_and_no_radio),
  };

  return cmocka_run_group_tests_name("target_adafruit", tests, NULL, NULL);
}
