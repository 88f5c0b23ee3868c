/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a lost link keeps and what it costs, above all notifications that cannot be
 * sent. Source: nRF5 SDK 11.0.0, executed on a host.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *const both[] = { "sdk11-dual", "sdk11-single" };

static DfuTargetBoot without_application(const char *personality)
{
  return strcmp(personality, "sdk11-dual") == 0 ? DFU_TARGET_BOOTS_APPLICATION
                                                : DFU_TARGET_BOOTS_BOOTLOADER;
}

static void begin(TargetDriver *driver, const char *personality, DriverStage stage)
{
  driver_init(driver, personality);
  driver_bring_to(driver, stage);
}

static void disconnect_keeps_packet_type_count_and_offset(void **state)
{
  static const uint8_t start_of_packet_2[] = { 0x14, 0x15, 0x16, 0x17 };
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_reconnect(&driver);
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 07 01 14 00 00 00");
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_settle(&driver);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 04 01");
  assert_memory_equal(driver.flash + 20, start_of_packet_2, sizeof start_of_packet_2);
}

static void disconnect_keeps_what_was_collected_of_the_init_packet(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_INIT_STAGE);
  driver_reconnect(&driver);
  driver_control(&driver, "02 01");
  assert_string_equal(driver_said(&driver), "10 02 01");
}

static void disconnect_lets_writes_of_earlier_packets_finish_silently(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, DRIVER_INIT);
  driver_control(&driver, "02 01");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_disconnect(&driver);
  driver_settle(&driver);
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  assert_int_equal(driver.target.written_bytes, 20);
}

static void disconnect_loses_the_cccd(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_control(&driver, "07");
  assert_int_equal(driver.att_error, 0xfd);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
}

static void control_write_without_notifications_does_nothing_else(void **state)
{
  static const char *const requests[] = {
    "01 04", "02 01", "03", "04", "05", "06", "07", "08 01 00", "01", "55",
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(requests); i++) {
    TargetDriver driver;

    begin(&driver, "sdk11-dual", DRIVER_VALIDATED);

    DfuTarget before = driver.target;

    driver_subscribe(&driver, false); /* switched off, or to indications */
    driver_control(&driver, requests[i]);
    assert_int_equal(driver.att_error, 0xfd);
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
    assert_string_equal(driver_said(&driver), "");
    before.notify = false;
    assert_memory_equal(&driver.target, &before, sizeof before);
  }
}

static void control_write_longer_than_the_mtu_is_a_refused_long_write(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_IDLE);
  driver_control(&driver, "07 0000000000 0000000000 0000000000 00000000");
  assert_int_equal(driver.att_error, 0);
  driver_control(&driver, "07 0000000000 0000000000 0000000000 0000000000");
  assert_int_equal(driver.att_error, 0x82);
  assert_string_equal(driver_said(&driver), "10 07 01 00 00 00 00");
}

static void mtu_is_lost_with_the_connection(void **state)
{
  TargetDriver driver;
  DfuTargetEvent event = { .type = DFU_TARGET_EVENT_CONNECTED, .mtu = 247 };
  DfuTargetUpdate update;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  dfu_target_step(&driver.target, &event, &update);
  assert_int_equal(driver.target.mtu, 247);
  driver_reconnect(&driver);
  driver_control(&driver, "07 0000000000 0000000000 0000000000 0000000000");
  assert_int_equal(driver.att_error, 0x82);
}

static void control_write_longer_than_the_value_is_refused(void **state)
{
  TargetDriver driver;
  DfuTargetEvent event = { .type = DFU_TARGET_EVENT_CONNECTED, .mtu = 247 };
  DfuTargetUpdate update;
  uint8_t bytes[24] = { 0x07 };

  (void)state;
  driver_init(&driver, "sdk11-dual");
  dfu_target_step(&driver.target, &event, &update);
  event = (DfuTargetEvent){ .type = DFU_TARGET_EVENT_CONTROL, .bytes = bytes, .len = sizeof bytes };
  dfu_target_step(&driver.target, &event, &update);
  assert_int_equal(update.att_error, 0x0d);
  event.len = 23;
  dfu_target_step(&driver.target, &event, &update);
  assert_int_equal(update.att_error, 0xfd);
}

static void control_write_without_bytes_is_ignored(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_IDLE);
  driver_control(&driver, "");
  assert_int_equal(driver.att_error, 0);
  assert_string_equal(driver_said(&driver), "");
}

static void last_write_without_link_restarts(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(both); i++) {
    TargetDriver driver;

    begin(&driver, both[i], DRIVER_DATA);
    driver_packet(&driver, DRIVER_PACKET_2);
    driver_disconnect(&driver);
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
    driver_settle(&driver);
    assert_int_equal(driver.boot, without_application(both[i]));
    assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
    assert_int_equal(driver.target.received_bytes, 0);
  }
}

static void last_write_on_a_new_link_without_cccd_restarts(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_settle(&driver);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void last_write_on_a_new_link_with_cccd_is_reported_there(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_reconnect(&driver);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

static void erase_that_ends_without_link_restarts(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(both); i++) {
    TargetDriver driver;

    begin(&driver, both[i], DRIVER_PREPARING);
    driver_disconnect(&driver);
    driver_settle(&driver);
    assert_int_equal(driver.boot, without_application(both[i]));
  }
}

static void erase_that_ends_without_cccd_restarts(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_PREPARING);
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_settle(&driver);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void erase_that_ends_on_a_new_link_is_reported_there(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_PREPARING);
  driver_reconnect(&driver);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 01 01");
}

static void packet_without_cccd_is_stored_until_a_receipt_is_due(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, DRIVER_INIT);
  driver_control(&driver, "02 01");
  driver_control(&driver, "08 02 00");
  driver_control(&driver, "03");
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_packet_of(&driver, 12);
  assert_int_equal(driver.target.received_bytes, 12);
  driver_packet_of(&driver, 12);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void error_reply_without_cccd_restarts(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_DATA);
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_packet_of(&driver, 3);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

/* The stack had taken them before the disconnect; the bootloader handles them after it. */
static void packets_handled_after_a_disconnect_count_until_a_receipt_is_due(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, DRIVER_INIT);
  driver_control(&driver, "02 01");
  driver_control(&driver, "08 02 00");
  driver_control(&driver, "03");
  driver_disconnect(&driver);
  driver_packet_of(&driver, 12);
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  assert_int_equal(driver.target.received_bytes, 12);
  driver_packet_of(&driver, 12);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void control_write_handled_after_a_disconnect_restarts(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_disconnect(&driver);
  driver_control(&driver, "08 08 00");
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(disconnect_keeps_packet_type_count_and_offset),
    cmocka_unit_test(disconnect_keeps_what_was_collected_of_the_init_packet),
    cmocka_unit_test(disconnect_lets_writes_of_earlier_packets_finish_silently),
    cmocka_unit_test(disconnect_loses_the_cccd),
    cmocka_unit_test(control_write_without_notifications_does_nothing_else),
    cmocka_unit_test(control_write_longer_than_the_mtu_is_a_refused_long_write),
    cmocka_unit_test(mtu_is_lost_with_the_connection),
    cmocka_unit_test(control_write_longer_than_the_value_is_refused),
    cmocka_unit_test(control_write_without_bytes_is_ignored),
    cmocka_unit_test(last_write_without_link_restarts),
    cmocka_unit_test(last_write_on_a_new_link_without_cccd_restarts),
    cmocka_unit_test(last_write_on_a_new_link_with_cccd_is_reported_there),
    cmocka_unit_test(erase_that_ends_without_link_restarts),
    cmocka_unit_test(erase_that_ends_without_cccd_restarts),
    cmocka_unit_test(erase_that_ends_on_a_new_link_is_reported_there),
    cmocka_unit_test(packet_without_cccd_is_stored_until_a_receipt_is_due),
    cmocka_unit_test(error_reply_without_cccd_restarts),
    cmocka_unit_test(packets_handled_after_a_disconnect_count_until_a_receipt_is_due),
    cmocka_unit_test(control_write_handled_after_a_disconnect_restarts),
  };

  return cmocka_run_group_tests_name("target_link", tests, NULL, NULL);
}
