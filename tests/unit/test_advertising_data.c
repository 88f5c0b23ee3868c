/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Advertising data, byte by byte: Bluetooth Core Specification Supplement, Part A, 1.
 */
#include "emulator/air/advertising_data.h"

#include "lib/cmocka_all.h"
#include "lib/hex.h"
#include "wire/uuids.h"

#define FLAGS_AND_SERVICE "02 01 06 11 06 23 d1 bc ea 5f 78 23 15 de ef 12 12 30 15 00 00"

static const char *const dfu[] = {DFU_UUID_SERVICE, NULL};
static const char *const heart_rate[] = {"0000180d-0000-1000-8000-00805f9b34fb", NULL};

static void expect(const char *name, const char *const *uuids, const char *data_hex,
                   const char *response_hex)
{
  DfuAdvertisement advertisement = {.address = "C4:12:AB:00:11:22", .name = name, .uuids = uuids};
  DfuAdvertisingData data, response;
  g_autoptr(GString) data_text = g_string_new(NULL);
  g_autoptr(GString) response_text = g_string_new(NULL);

  dfu_advertising_data_make(&advertisement, &data, &response);
  hex_append(data_text, data.bytes, data.len);
  hex_append(response_text, response.bytes, response.len);
  assert_string_equal(data_text->str, data_hex);
  assert_string_equal(response_text->str, response_hex);
}

static void name_that_fits_is_advertised(void **state)
{
  (void)state;
  expect("DfuTarg", dfu, FLAGS_AND_SERVICE " 08 09 44 66 75 54 61 72 67", "");
  expect("DfuTarg8", dfu, FLAGS_AND_SERVICE " 09 09 44 66 75 54 61 72 67 38", "");
}

static void name_that_does_not_fit_is_in_the_response(void **state)
{
  (void)state;
  expect("DfuTarg89", dfu, FLAGS_AND_SERVICE, "0a 09 44 66 75 54 61 72 67 38 39");
}

static void longest_name_fills_the_response(void **state)
{
  (void)state;
  expect("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", dfu, FLAGS_AND_SERVICE,
         "1e 09 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61"
         " 61 61");
}

static void empty_name_is_left_out(void **state)
{
  (void)state;
  expect("", dfu, FLAGS_AND_SERVICE, "");
}

static void short_uuid_is_short(void **state)
{
  (void)state;
  expect("Hi", heart_rate, "02 01 06 03 02 0d 18 03 09 48 69", "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(name_that_fits_is_advertised),
    cmocka_unit_test(name_that_does_not_fit_is_in_the_response),
    cmocka_unit_test(longest_name_fills_the_response),
    cmocka_unit_test(empty_name_is_left_out),
    cmocka_unit_test(short_uuid_is_short),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
