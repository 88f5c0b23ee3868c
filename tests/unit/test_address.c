/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dfu/bluez.h>

#include "base/address.h"
#include "lib/cmocka_all.h"

static void is_address_takes_six_bytes_in_either_case(void **state)
{
  (void)state;
  assert_true(dfu_bluez_is_address("C4:12:AB:00:11:22"));
  assert_true(dfu_bluez_is_address("c4:12:ab:00:11:22"));
  assert_true(dfu_bluez_is_address("fF:Ff:00:99:aA:Aa"));
}

static void is_address_refuses_anything_else(void **state)
{
  static const char *const rows[] = {
    "", "C4", "C4:12:AB:00:11", "C4:12:AB:00:11:2", "C4:12:AB:00:11:22:33", "C4:12:AB:00:11:22 ",
    " C4:12:AB:00:11:22", "C4-12-AB-00-11-22", "C412AB001122", "C4:12:AB:00:11:2G",
    "C4:12:AB:00:1122:", ":C4:12:AB:00:11:2", "C4:12:AB:00:11:+2", "C4:12:AB:00:11:\xb2\xb2",
  };

  (void)state;
  assert_false(dfu_bluez_is_address(NULL));
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    if (dfu_bluez_is_address(rows[i]))
      fail_msg("\"%s\" was taken for an address", rows[i]);
  }
}

/* nRF5 SDK 11, dfu_transport_ble.c: addr.addr[0] += 1, a uint8_t. */
static void address_step_changes_the_last_byte_without_a_carry(void **state)
{
  static const struct {
    const char *address;
    int step;
    const char *wanted;
  } rows[] = {
    { "C4:12:AB:00:11:22", 1, "C4:12:AB:00:11:23" },
    { "C4:12:AB:00:11:22", -1, "C4:12:AB:00:11:21" },
    { "c4:12:ab:00:11:af", 0, "C4:12:AB:00:11:AF" },
    { "c4:12:ab:00:11:09", 1, "C4:12:AB:00:11:0A" },
    { "C4:12:AB:00:11:FF", 1, "C4:12:AB:00:11:00" },
    { "C4:12:AB:00:11:00", -1, "C4:12:AB:00:11:FF" },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *stepped = dfu_address_step(rows[i].address, rows[i].step);

    assert_string_equal(stepped, rows[i].wanted);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(is_address_takes_six_bytes_in_either_case),
    cmocka_unit_test(is_address_refuses_anything_else),
    cmocka_unit_test(address_step_changes_the_last_byte_without_a_carry),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
