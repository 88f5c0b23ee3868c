/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "lib/cmocka_all.h"

#include "package/crc16.h"

/* The check value of CRC-16/CCITT-FALSE in every catalogue of CRCs. */
static void crc_of_check_string_is_29b1(void **state)
{
  (void)state;
  assert_int_equal(dfu_crc16((const uint8_t *)"123456789", 9), 0x29b1);
}

static void crc_of_nothing_is_start_value(void **state)
{
  (void)state;
  assert_int_equal(dfu_crc16((const uint8_t *)"", 0), 0xffff);
}

/* Python: binascii.crc_hqx(bytes(range(256)), 0xffff). */
static void crc_of_all_byte_values_is_3fbd(void **state)
{
  uint8_t image[256];

  (void)state;
  for (int i = 0; i < 256; i++)
    image[i] = (uint8_t)i;
  assert_int_equal(dfu_crc16(image, sizeof image), 0x3fbd);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(crc_of_check_string_is_29b1),
    cmocka_unit_test(crc_of_nothing_is_start_value),
    cmocka_unit_test(crc_of_all_byte_values_is_3fbd),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
