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
    assert_non_null(all[i].role);
    assert_non_null(all[i].summary);
    assert_true(all[i].page_bytes > 0);
    assert_true(all[i].packet_max_bytes <= all[i].max_mtu - 3);
    assert_true((all[i].manufacturer == NULL) == (all[i].firmware == NULL));
    assert_true((all[i].manufacturer == NULL) == (all[i].model == NULL));
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

/* What a controller sees of each, and what it does with an application. */
static void personalities_of_the_other_families_have_their_values(void **state)
{
  static const struct {
    const char *name, *device_name;
    bool has_revision;
    uint16_t revision, max_mtu, packet_max_bytes, init_max_bytes;
    bool packet_has_write, dual_bank, is_application;
    int64_t timer_s;
    const char *firmware;
  } rows[] = {
    { "sdk5", "DfuTarg", false, 0, 23, 20, 64, false, true, false, 60, NULL },
    { "sdk6.1", "DfuTarg", false, 0, 23, 20, 64, false, true, false, 120, NULL },
    { "sdk7", "DfuTarg", true, 5, 23, 20, 64, false, true, false, 120, NULL },
    { "sdk8", "DfuTarg", true, 6, 23, 20, 64, false, true, false, 120, NULL },
    { "adafruit-0.7", "AdaDFU", true, 8, 247, 20, 64, false, false, false, 0, "0.7.0 s140 6.1.1" },
    { "adafruit-0.9", "AdaDFU", true, 8, 23, 20, 64, false, false, false, 0, "0.9.2 s140 6.1.1" },
    { "adafruit-0.10", "AdaDFU", true, 8, 247, 244, 128, true, false, false, 360,
      "0.10.0 s140 6.1.1" },
    { "otafix-2.1", "4631_DFU", true, 8, 247, 244, 64, false, false, false, 0,
      "0.9.2-OTAFIX2.1 s140 6.1.1" },
    { "infinitime-1.14", "InfiniTime", true, 8, 256, 253, 0, false, true, true, 0, "1.14.0" },
    { "infinitime", "InfiniTime", true, 8, 256, 253, 0, false, true, true, 0, "1.16.0" },
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const DfuPersonality *row = dfu_personality_find(rows[i].name);

    assert_non_null(row);
    assert_string_equal(row->device_name, rows[i].device_name);
    assert_int_equal(row->has_revision, rows[i].has_revision);
    assert_int_equal(row->revision, rows[i].revision);
    assert_int_equal(row->max_mtu, rows[i].max_mtu);
    assert_int_equal(row->packet_max_bytes, rows[i].packet_max_bytes);
    assert_int_equal(row->init_max_bytes, rows[i].init_max_bytes);
    assert_int_equal(row->packet_has_write, rows[i].packet_has_write);
    assert_int_equal(row->dual_bank, rows[i].dual_bank);
    assert_int_equal(row->is_application, rows[i].is_application);
    assert_int_equal(row->timer_us, rows[i].timer_s * 1000000);
    assert_true((row->firmware == NULL) == (rows[i].firmware == NULL));
    if (row->firmware != NULL)
      assert_string_equal(row->firmware, rows[i].firmware);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(personalities_are_found_by_name),
    cmocka_unit_test(personalities_of_sdk_11_have_its_values),
    cmocka_unit_test(personalities_of_the_other_families_have_their_values),
  };

  return cmocka_run_group_tests_name("personality", tests, NULL, NULL);
}
