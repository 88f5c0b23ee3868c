/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of known targets: their facts, and that each fits in the model.
 */
#include "lib/cmocka_all.h"
#include "target/target.h"

static void personalities_are_found_by_name(void **state)
{
  size_t n;
  const DfuPersonality *all = dfu_personalities(&n);

  (void)state;
  assert_string_equal(all[0].name, "sdk11-dual");
  for (size_t i = 0; i < n; i++) {
    assert_ptr_equal(dfu_personality_find(all[i].name), &all[i]);
    assert_true(all[i].receive_buffers <= DFU_TARGET_MAX_QUEUED);
    assert_true(all[i].init_max_bytes <= DFU_TARGET_MAX_INIT_BYTES);
  }
  assert_null(dfu_personality_find("sdk11"));
}

/* nRF5 SDK 11.0.0; the page is that of an nRF52. */
static void personalities_of_sdk_11_have_its_values(void **state)
{
  static const struct {
    const char *name;
    bool dual_bank;
    uint16_t init_max_bytes;
  } rows[] = { { "sdk11-dual", true, 128 }, { "sdk11-single", false, 64 } };

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    const DfuPersonality *row = dfu_personality_find(rows[i].name);

    assert_int_equal(row->dual_bank, rows[i].dual_bank);
    assert_int_equal(row->init_max_bytes, rows[i].init_max_bytes);
    assert_string_equal(row->device_name, "DfuTarg");
    assert_int_equal(row->revision, 0x0008);
    assert_int_equal(row->max_mtu, 23);
    assert_int_equal(row->packet_max_bytes, 20);
    assert_int_equal(row->receive_buffers, 8);
    assert_int_equal(row->page_bytes, 4096);
    assert_int_equal(row->timer_us, 120000000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(personalities_are_found_by_name),
    cmocka_unit_test(personalities_of_sdk_11_have_its_values),
  };

  return cmocka_run_group_tests_name("personality", tests, NULL, NULL);
}
