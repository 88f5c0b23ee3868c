/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first version of the protocol, as the bootloaders of the nRF51 SDK 4.3 to 6.0
 * speak it. Source: nRF51 SDK 5, dfu_transport_ble.c and dfu_dual_bank.c.
 */
#include <stdio.h>
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

enum { SECOND_US = 1000000 };

#define SIZE "28000000"
#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

typedef enum { IDLE, READY, INIT, DATA, DATA_FULL, CRC_FAILED, VALIDATED, SURPLUS, N_STAGES } Stage;

static const char *const stage_names[N_STAGES] = {
  "idle", "ready", "init", "data", "data", "CRC failed", "validated", "surplus",
};

static void send_init(TargetDriver *driver, const char *init)
{
  driver_control(driver, "02");
  driver_packet(driver, init);
}

static void bring_to(TargetDriver *driver, Stage stage)
{
  driver_init(driver, "sdk5");
  driver_connect(driver);
  driver_subscribe(driver, true);
  if (stage >= READY) {
    driver_control(driver, "01");
    driver_packet(driver, SIZE);
  }
  if (stage >= INIT)
    send_init(driver, stage == CRC_FAILED ? "0000" : DRIVER_INIT_CRC);
  driver_wait(driver, SECOND_US);
  driver_control(driver, "03");
  if (stage >= DATA)
    driver_packet(driver, DRIVER_PACKET_1);
  if (stage >= DATA_FULL)
    driver_packet(driver, DRIVER_PACKET_2);
  if (stage == CRC_FAILED || stage == VALIDATED)
    driver_control(driver, "04");
  if (stage == SURPLUS)
    driver_packet_of(driver, 20);
  driver_said(driver);
}

static void update_says_what_the_first_protocol_says(void **state)
{
  uint8_t mode;
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk5");
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_control(&driver, "01");
  driver_packet(&driver, SIZE);
  assert_string_equal(driver_said(&driver), "10 01 01"); /* at once: the bank is erased */
  send_init(&driver, DRIVER_INIT_CRC);
  assert_string_equal(driver_said(&driver), "10 02 01");
  driver_control(&driver, "08 01 00");
  driver_control(&driver, "03");
  driver_wait(&driver, SECOND_US);
  driver_packet(&driver, DRIVER_PACKET_1);
  assert_string_equal(driver_said(&driver), "11 14 00 00 00");
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 03 01"); /* written when it is handled */
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 04 01");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
  assert_int_equal(mode, DFU_MODE_APPLICATION);
  assert_int_equal(driver.flash[39], 0x27);
}

/* A reply, then "> stage" where it changes. */
typedef struct {
  const char *name, *control, *packet;
  const char *cells[N_STAGES];
} Operation;

#define ALL_STAGES(reply) { reply, reply, reply, reply, reply, reply, reply, reply }
#define START_BUSY "10 01 02"
#define INIT_BUSY "10 02 02"
#define DATA_BUSY "10 03 02"
#define VALIDATE_BUSY "10 04 02"

/* clang-format off */
static const Operation operations[] = {
  { "Start and 4 bytes", "01", SIZE,
    { "10 01 01 > ready", START_BUSY, START_BUSY, START_BUSY, START_BUSY, START_BUSY, START_BUSY,
      START_BUSY } },
  { "Start with a mode", "01 04", SIZE,
    { "10 01 01 > ready", START_BUSY, START_BUSY, START_BUSY, START_BUSY, START_BUSY, START_BUSY,
      START_BUSY } },
  { "Start and the 12 bytes of v2", "01 04", DRIVER_SIZES, ALL_STAGES("10 01 03") },
  { "Start and 3 bytes", "01", "280000", ALL_STAGES("10 01 03") },
  { "Start, size not in words", "01", "2a000000", ALL_STAGES("10 01 03") },
  { "Start, larger than the bank", "01", "04300000", ALL_STAGES("10 01 04") },
  { "Init", "02", DRIVER_INIT_CRC,
    { INIT_BUSY, "10 02 01 > init", "10 02 01", INIT_BUSY, INIT_BUSY, INIT_BUSY, INIT_BUSY,
      INIT_BUSY } },
  { "Init as in v2", "02 00", DRIVER_INIT_CRC,
    { INIT_BUSY, "10 02 01 > init", "10 02 01", INIT_BUSY, INIT_BUSY, INIT_BUSY, INIT_BUSY,
      INIT_BUSY } },
  { "Init complete of v2", "02 01", NULL, ALL_STAGES("") },
  { "Receive", "03", NULL, ALL_STAGES("") },
  { "image packet of 18 bytes", "03", "00010203 04050607 08090a0b 0c0d0e0f 1011",
    ALL_STAGES("10 03 03") },
  { "image packet of 20 bytes", "03", DRIVER_PACKET_1,
    { DATA_BUSY, " > data", " > data", "10 03 01", "10 03 04 > surplus", DATA_BUSY, DATA_BUSY,
      "10 03 04" } },
  { "Validate", "04", NULL,
    { VALIDATE_BUSY, VALIDATE_BUSY, VALIDATE_BUSY, "10 04 02 > CRC failed",
      "10 04 01 > validated", VALIDATE_BUSY, VALIDATE_BUSY, "10 04 02 > CRC failed" } },
  { "Activate", "05", NULL,
    { "reset", "reset", "reset", "reset", "reset", "reset", "activate", "reset" } },
  { "System Reset", "06", NULL, ALL_STAGES("reset") },
  { "Report Received Image Size", "07", NULL,
    { "10 07 01 00 00 00 00", "10 07 01 00 00 00 00", "10 07 01 00 00 00 00",
      "10 07 01 14 00 00 00", "10 07 01 28 00 00 00", "10 07 01 28 00 00 00",
      "10 07 01 28 00 00 00", "10 07 01 28 00 00 00" } },
  { "receipts", "08 08 00", NULL, ALL_STAGES("") },
  { "receipts, 2 bytes", "08 08", NULL, ALL_STAGES("10 08 03") },
  { "unknown operation 09", "09", NULL, ALL_STAGES("10 09 03") },
};
/* clang-format on */

static const char *describe(TargetDriver *driver, const char *stage_before)
{
  static char text[128];
  const char *stage = dfu_target_stage_name(driver->target.stage);

  if (driver->boot != DFU_TARGET_STAYS)
    return driver->activated ? "activate" : "reset";
  snprintf(text, sizeof text, "%s%s%s", driver_said(driver),
           strcmp(stage, stage_before) != 0 ? " > " : "",
           strcmp(stage, stage_before) != 0 ? stage : "");
  return text;
}

static void check_cell(const Operation *operation, Stage stage, bool reconnect)
{
  TargetDriver driver;

  bring_to(&driver, stage);
  if (reconnect)
    driver_reconnect(&driver);
  assert_string_equal(dfu_target_stage_name(driver.target.stage), stage_names[stage]);
  driver_control(&driver, operation->control);
  if (operation->packet != NULL)
    driver_packet(&driver, operation->packet);

  const char *seen = describe(&driver, stage_names[stage]);

  if (strcmp(seen, operation->cells[stage]) != 0)
    fail_msg("%s in column %d: \"%s\", not \"%s\"", operation->name, (int)stage, seen,
             operation->cells[stage]);
  if (driver.boot != DFU_TARGET_STAYS)
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void each_operation_in_each_stage(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(operations); i++)
    for (Stage stage = 0; stage < N_STAGES; stage++) {
      check_cell(&operations[i], stage, false);
      check_cell(&operations[i], stage, true);
    }
}

static void image_too_soon_after_start_is_refused_and_lost(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk5");
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_control(&driver, "01");
  driver_packet(&driver, SIZE);
  driver_control(&driver, "03");
  driver_said(&driver);
  driver_wait(&driver, 600000);
  driver_packet(&driver, DRIVER_PACKET_1);
  assert_string_equal(driver_said(&driver), "10 03 06");
  driver_wait(&driver, 400000);
  driver_packet(&driver, DRIVER_PACKET_2); /* taken, where the first should have been */
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 07 01 14 00 00 00");
  assert_int_equal(driver.flash[0], 0x14);
}

static void image_without_init_packet_is_not_checked(void **state)
{
  TargetDriver driver;

  (void)state;
  bring_to(&driver, READY);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 04 01");
}

static void image_with_another_crc_fails_until_a_restart(void **state)
{
  TargetDriver driver;

  (void)state;
  bring_to(&driver, INIT);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_control(&driver, "04");
  driver_control(&driver, "04");
  driver_control(&driver, "01");
  driver_packet(&driver, SIZE);
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 04 05 | 10 04 02 | 10 01 02");
}

static void validate_before_the_last_byte_ends_the_session(void **state)
{
  TargetDriver driver;

  (void)state;
  bring_to(&driver, DATA);
  driver_control(&driver, "04");
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 04 02 | 10 03 02");
}

static void counts_above_65535_wrap(void **state)
{
  static uint8_t flash[70000];
  uint8_t packet[20] = { 0 };
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk5");
  driver.config.flash = flash;
  driver.config.flash_bytes = sizeof flash;
  driver_restart(&driver);
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_control(&driver, "01");
  driver_packet(&driver, "70110100"); /* 70000 */
  driver_wait(&driver, SECOND_US);
  driver_control(&driver, "03");
  driver_said(&driver);
  for (unsigned i = 0; i < 3276; i++)
    driver_packet_bytes(&driver, packet, sizeof packet);
  driver_control(&driver, "08 01 00");
  driver_packet_bytes(&driver, packet, sizeof packet); /* 65540 */
  assert_string_equal(driver_said(&driver), "11 04 00 00 00");
  driver_control(&driver, "07");
  assert_string_equal(driver_said(&driver), "10 07 01 04 00 00 00");
}

static void timer_fires_after_60_seconds(void **state)
{
  TargetDriver driver;

  (void)state;
  bring_to(&driver, DATA);
  driver_disconnect(&driver);
  driver_wait(&driver, 60 * SECOND_US - 1);
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  driver_wait(&driver, 1);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void last_packet_without_notifications_restarts_into_the_application(void **state)
{
  TargetDriver driver;

  (void)state;
  bring_to(&driver, DATA);
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void init_packets_have_room_for_64_bytes(void **state)
{
  TargetDriver driver;

  (void)state;
  bring_to(&driver, READY);
  driver_control(&driver, "02");
  for (unsigned i = 0; i < 4; i++)
    driver_packet_of(&driver, i < 3 ? 20 : 4);
  driver_packet_of(&driver, 4);
  assert_string_equal(driver_said(&driver),
                      "10 02 01 | 10 02 01 | 10 02 01 | 10 02 01 | 10 02 06");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(update_says_what_the_first_protocol_says),
    cmocka_unit_test(each_operation_in_each_stage),
    cmocka_unit_test(image_too_soon_after_start_is_refused_and_lost),
    cmocka_unit_test(image_without_init_packet_is_not_checked),
    cmocka_unit_test(image_with_another_crc_fails_until_a_restart),
    cmocka_unit_test(validate_before_the_last_byte_ends_the_session),
    cmocka_unit_test(counts_above_65535_wrap),
    cmocka_unit_test(timer_fires_after_60_seconds),
    cmocka_unit_test(last_packet_without_notifications_restarts_into_the_application),
    cmocka_unit_test(init_packets_have_room_for_64_bytes),
  };

  return cmocka_run_group_tests_name("target_v1", tests, NULL, NULL);
}
