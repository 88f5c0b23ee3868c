/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Signalling and Security Manager, byte by byte: Bluetooth Core, Vol 3, Part A, 4
 * and Part H, 3.5.
 */
#include "emulator/air/l2cap_signalling.h"

#include "lib/cmocka_all.h"
#include "lib/hex.h"
#include "lib/target_driver.h"

typedef gsize (*ReceiveFunc)(const guint8 *pdu, gsize len, guint8 *out);

static DfuUpdateAnswer update;

static gsize receive_signalling(const guint8 *pdu, gsize len, guint8 *out)
{
  return dfu_signalling_receive(pdu, len, out, &update);
}

static void expect(ReceiveFunc func, const char *hex, const char *expected)
{
  guint8 bytes[64];
  guint8 out[DFU_SIGNALLING_MAX_BYTES];
  gsize len = driver_hex(hex, bytes, sizeof bytes);
  g_autofree guint8 *pdu = g_memdup2(bytes, len);
  g_autoptr(GString) text = g_string_new(NULL);

  hex_append(text, out, func(pdu, len, out));
  assert_string_equal(text->str, expected);
}

static void update_request_asks_for_what_the_sdk_asks_for(void **state)
{
  guint8 out[DFU_SIGNALLING_MAX_BYTES];
  g_autoptr(GString) text = g_string_new(NULL);

  (void)state;
  hex_append(text, out, dfu_signalling_put_update_request(out));
  assert_string_equal(text->str, "12 01 08 00 0c 00 18 00 00 00 90 01");
}

static void update_response_is_understood(void **state)
{
  (void)state;
  expect(receive_signalling, "13 01 02 00 00 00", "");
  assert_int_equal(update, DFU_UPDATE_ACCEPTED);
  expect(receive_signalling, "13 01 02 00 01 00", "");
  assert_int_equal(update, DFU_UPDATE_REJECTED);
}

static void update_response_to_something_else_is_none(void **state)
{
  static const char *const pdus[] = {"13 02 02 00 00 00", "13 01 02 00 00", "13 01 02 00 00 00 00",
                                     "15 01 02 00 00 00"};

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(pdus); i++) {
    expect(receive_signalling, pdus[i], "");
    assert_int_equal(update, DFU_UPDATE_NOT_ANSWERED);
  }
}

static void requests_are_rejected(void **state)
{
  (void)state;
  expect(receive_signalling, "12 07 08 00 0c 00 18 00 00 00 90 01", "01 07 02 00 00 00");
  expect(receive_signalling, "14 02 0a 00 80 00 40 00 40 00 40 00 01 00", "01 02 02 00 00 00");
  expect(receive_signalling, "0a ff 00 00", "01 ff 02 00 00 00");
}

static void request_longer_than_the_mtu_is_rejected_with_it(void **state)
{
  (void)state;
  expect(receive_signalling,
         "0a 03 14 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
         "01 03 04 00 01 00 17 00");
}

static void responses_and_fragments_are_ignored(void **state)
{
  static const char *const pdus[] = {"", "12", "12 01 08", "01 01 02 00 00 00", "0b 01 00 00",
                                     "12 00 08 00 0c 00 18 00 00 00 90 01"};

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(pdus); i++) {
    expect(receive_signalling, pdus[i], "");
  }
}

static void pairing_is_not_supported(void **state)
{
  (void)state;
  expect(dfu_smp_receive, "01 04 00 01 10 07 07", "05 05");
  expect(dfu_smp_receive, "01", "05 05");
  expect(dfu_smp_receive, "03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "05 07");
}

static void end_of_pairing_is_not_answered(void **state)
{
  (void)state;
  expect(dfu_smp_receive, "", "");
  expect(dfu_smp_receive, "05 08", "");
  expect(dfu_smp_receive, "0e 00", "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(update_request_asks_for_what_the_sdk_asks_for),
    cmocka_unit_test(update_response_is_understood),
    cmocka_unit_test(update_response_to_something_else_is_none),
    cmocka_unit_test(requests_are_rejected),
    cmocka_unit_test(request_longer_than_the_mtu_is_rejected_with_it),
    cmocka_unit_test(responses_and_fragments_are_ignored),
    cmocka_unit_test(pairing_is_not_supported),
    cmocka_unit_test(end_of_pairing_is_not_answered),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
