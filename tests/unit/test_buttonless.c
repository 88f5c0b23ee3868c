/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The DFU service of an application: replies as nRF5 SDK 11's ble_dfu.c and
 * dfu_app_handler.c gave them, executed on a host.
 */
#include "target/buttonless.h"

#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/hex.h"
#include "lib/target_driver.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static DfuButtonlessUpdate control(bool notify, const char *hex)
{
  const DfuButtonless buttonless = { .notify = notify };
  DfuButtonlessUpdate update;
  uint8_t bytes[64];
  size_t len = driver_hex(hex, bytes, sizeof bytes);

  dfu_buttonless_control(&buttonless, 23, bytes, len, &update);
  return update;
}

static void assert_said(const DfuButtonlessUpdate *update, const char *hex)
{
  uint8_t bytes[8];
  size_t len = driver_hex(hex, bytes, sizeof bytes);

  assert_int_equal(update->len, len);
  assert_memory_equal(update->notification, bytes, len);
}

static void start_with_any_mode_jumps_without_a_reply(void **state)
{
  static const char *const starts[] = { "01 04", "01 03", "01 00", "01 ff", "01 04 00 00" };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(starts); i++) {
    DfuButtonlessUpdate update = control(true, starts[i]);

    assert_int_equal(update.att_error, 0);
    assert_int_equal(update.next, DFU_BUTTONLESS_JUMPS);
    assert_said(&update, "");
  }
}

static void everything_else_is_answered_as_a_start_that_is_not_supported(void **state)
{
  static const char *const others[] = { "02 00", "02 01", "03", "04", "05", "06", "07", "08 08 00" };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(others); i++) {
    DfuButtonlessUpdate update = control(true, others[i]);

    assert_int_equal(update.att_error, 0);
    assert_int_equal(update.next, DFU_BUTTONLESS_STAYS);
    assert_said(&update, "10 01 03");
  }
}

static void malformed_requests_are_answered_as_a_bootloader_would(void **state)
{
  static const struct {
    const char *request, *reply;
  } expected[] = {
    { "01", "10 01 06" },    { "02", "10 02 06" }, { "08", "10 08 03" },
    { "08 08", "10 08 03" }, { "09", "10 09 03" }, { "00", "10 00 03" },
    { "10 01", "10 10 03" }, { "11", "10 11 03" }, { "ff", "10 ff 03" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(expected); i++) {
    DfuButtonlessUpdate update = control(true, expected[i].request);

    assert_int_equal(update.next, DFU_BUTTONLESS_STAYS);
    assert_said(&update, expected[i].reply);
  }
}

static void empty_request_is_nothing(void **state)
{
  DfuButtonlessUpdate update = control(true, "");

  (void)state;
  assert_int_equal(update.att_error, 0);
  assert_int_equal(update.next, DFU_BUTTONLESS_STAYS);
  assert_said(&update, "");
}

static void request_without_the_cccd_is_fd(void **state)
{
  static const char *const requests[] = { "01 04", "01", "07", "" };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(requests); i++) {
    DfuButtonlessUpdate update = control(false, requests[i]);

    assert_int_equal(update.att_error, 0xfd);
    assert_int_equal(update.next, DFU_BUTTONLESS_STAYS);
    assert_said(&update, "");
  }
}

static void request_that_is_too_long_is_refused(void **state)
{
  const DfuButtonless buttonless = { .notify = true };
  const uint8_t bytes[24] = { 1, 4 };
  DfuButtonlessUpdate update;

  (void)state;
  dfu_buttonless_control(&buttonless, 23, bytes, 21, &update); /* a long write */
  assert_int_equal(update.att_error, 0x82);
  assert_int_equal(update.next, DFU_BUTTONLESS_STAYS);
  dfu_buttonless_control(&buttonless, 247, bytes, 24, &update);
  assert_int_equal(update.att_error, 0x0d);
  dfu_buttonless_control(&buttonless, 247, bytes, 23, &update);
  assert_int_equal(update.next, DFU_BUTTONLESS_JUMPS);
}

static void packet_is_answered_or_crashes_the_application(void **state)
{
  DfuButtonlessUpdate update;

  (void)state;
  dfu_buttonless_packet(&(DfuButtonless){ .notify = true }, &update);
  assert_int_equal(update.next, DFU_BUTTONLESS_STAYS);
  assert_said(&update, "10 01 03");
  dfu_buttonless_packet(&(DfuButtonless){ .notify = false }, &update);
  assert_int_equal(update.next, DFU_BUTTONLESS_CRASHES);
  assert_said(&update, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(start_with_any_mode_jumps_without_a_reply),
    cmocka_unit_test(everything_else_is_answered_as_a_start_that_is_not_supported),
    cmocka_unit_test(malformed_requests_are_answered_as_a_bootloader_would),
    cmocka_unit_test(empty_request_is_nothing),
    cmocka_unit_test(request_without_the_cccd_is_fd),
    cmocka_unit_test(request_that_is_too_long_is_refused),
    cmocka_unit_test(packet_is_answered_or_crashes_the_application),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
