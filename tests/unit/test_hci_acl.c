/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Frames out to the controller. Source of the form: Bluetooth Core, Vol 4, Part E, 5.4.2.
 */
#include "emulator/air/hci_acl.h"

#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/hex.h"

static const guint8 payload[] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8};

static void on_packet(const guint8 *packet, gsize len, gpointer user_data)
{
  hex_append(user_data, packet, len);
}

static void expect(GString *sent, const char *expected)
{
  assert_string_equal(sent->str, expected);
  g_string_truncate(sent, 0);
}

static void frame_that_fits_is_one_packet(void **state)
{
  g_autoptr(GString) sent = g_string_new(NULL);
  DfuHciAcl *acl = dfu_hci_acl_new(0x0e42, (DfuHciBuffers){27, 1}, on_packet, sent);

  (void)state;
  assert_true(dfu_hci_acl_is_idle(acl));
  assert_true(dfu_hci_acl_send(acl, 4, payload, 3));
  expect(sent, "42 0e 07 00 03 00 04 00 a0 a1 a2");
  assert_false(dfu_hci_acl_is_idle(acl));
  dfu_hci_acl_completed(acl, 1);
  assert_true(dfu_hci_acl_is_idle(acl));
  dfu_hci_acl_free(acl);
}

static void frame_that_does_not_fit_is_cut(void **state)
{
  g_autoptr(GString) sent = g_string_new(NULL);
  DfuHciAcl *acl = dfu_hci_acl_new(0x0040, (DfuHciBuffers){6, 8}, on_packet, sent);

  (void)state;
  assert_true(dfu_hci_acl_send(acl, 4, payload, 9));
  expect(sent, "40 00 06 00 09 00 04 00 a0 a1 | 40 10 06 00 a2 a3 a4 a5 a6 a7 | 40 10 01 00 a8");
  dfu_hci_acl_free(acl);
}

static void packets_wait_for_a_free_buffer_in_their_order(void **state)
{
  g_autoptr(GString) sent = g_string_new(NULL);
  DfuHciAcl *acl = dfu_hci_acl_new(0x0040, (DfuHciBuffers){6, 2}, on_packet, sent);

  (void)state;
  assert_true(dfu_hci_acl_send(acl, 4, payload, 9));
  assert_true(dfu_hci_acl_send(acl, 5, payload, 1));
  expect(sent, "40 00 06 00 09 00 04 00 a0 a1 | 40 10 06 00 a2 a3 a4 a5 a6 a7");
  dfu_hci_acl_completed(acl, 1);
  expect(sent, "40 10 01 00 a8");
  dfu_hci_acl_completed(acl, 2);
  expect(sent, "40 00 05 00 01 00 05 00 a0");
  dfu_hci_acl_free(acl);
}

static void more_completed_than_sent_counts_as_all(void **state)
{
  g_autoptr(GString) sent = g_string_new(NULL);
  DfuHciAcl *acl = dfu_hci_acl_new(0x0040, (DfuHciBuffers){27, 1}, on_packet, sent);

  (void)state;
  dfu_hci_acl_completed(acl, 5);
  assert_true(dfu_hci_acl_send(acl, 4, payload, 1));
  dfu_hci_acl_completed(acl, 65535);
  assert_true(dfu_hci_acl_send(acl, 4, payload, 1));
  assert_true(dfu_hci_acl_send(acl, 4, payload, 1));
  expect(sent, "40 00 05 00 01 00 04 00 a0 | 40 00 05 00 01 00 04 00 a0");
  dfu_hci_acl_free(acl);
}

static void frames_that_wait_are_limited(void **state)
{
  g_autoptr(GString) sent = g_string_new(NULL);
  DfuHciAcl *acl = dfu_hci_acl_new(0x0040, (DfuHciBuffers){27, 1}, on_packet, sent);

  (void)state;
  for (int i = 0; i < 1 + DFU_HCI_ACL_MAX_FRAMES; i++) { /* one of them is on its way */
    assert_true(dfu_hci_acl_send(acl, 4, payload, 1));
  }
  assert_false(dfu_hci_acl_send(acl, 4, payload, 1));
  dfu_hci_acl_completed(acl, 1);
  assert_true(dfu_hci_acl_send(acl, 4, payload, 1));
  dfu_hci_acl_free(acl);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(frame_that_fits_is_one_packet),
    cmocka_unit_test(frame_that_does_not_fit_is_cut),
    cmocka_unit_test(packets_wait_for_a_free_buffer_in_their_order),
    cmocka_unit_test(more_completed_than_sent_counts_as_all),
    cmocka_unit_test(frames_that_wait_are_limited),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
