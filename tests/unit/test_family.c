/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a family is told from what a connection shows, each sign with the target
 * that shows it, and that every row is fit to be gone by.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include "dfu/family.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* A bootloader has DFU Packet; its MTU and Revision are these where nothing else is said. */
#define BOOTLOADER(...) { .mtu = 23, .has_packet = true, __VA_ARGS__ }
#define REVISION(value) .has_revision = true, .revision = (value)

typedef struct {
  DfuLinkFacts facts;
  const char *family;
  const char *why;
} Row;

static const char by_firmware[] = "firmware revision";
static const char by_name[] = "name";
static const char by_watch[] = "a watch's services, name or model";
static const char by_profile[] = "DFU Revision, MTU 23, no Device Information";
static const char by_nothing[] = "nothing known fits";

static void check(const Row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const char *why = NULL;
    const DfuFamily *family = dfu_family_recognise(&rows[i].facts, &why);

    if (strcmp(family->name, rows[i].family) != 0)
      fail_msg("row %zu is taken for %s, by: %s", i, family->name, why);
    assert_string_equal(why, rows[i].why);
    assert_ptr_equal(dfu_family_recognise(&rows[i].facts, NULL), family);
  }
}

static void bootloaders_of_the_sdk_are_told_by_revision_and_bareness(void **state)
{
  static const Row rows[] = {
    /* nRF5 SDK 10 and 11, ble_dfu: DFU_REVISION 0x0008; dfu_transport_ble.c: "DfuTarg". */
    { BOOTLOADER(REVISION(0x0008), .name = "DfuTarg"), "sdk", by_profile },
    /* nRF51 SDK 8: 0x0006; SDK 7: 0x0005; a fork of SDK 8: 0x0004. */
    { BOOTLOADER(REVISION(0x0006), .name = "DfuTarg"), "sdk", by_profile },
    { BOOTLOADER(REVISION(0x0005), .name = "DfuTarg"), "sdk", by_profile },
    { BOOTLOADER(REVISION(0x0004), .name = "DfuTarg"), "sdk", by_profile },
    /* Whatever its vendor calls it, and where its name was not heard. */
    { BOOTLOADER(REVISION(0x0008), .name = "Gate 7"), "sdk", by_profile },
    { BOOTLOADER(REVISION(0x0008)), "sdk", by_profile },
    { BOOTLOADER(REVISION(0x0008), .name = "", .firmware = "", .model = ""), "sdk", by_profile },
    /* nRF51 SDK 6.1 and before have no DFU Revision. */
    { BOOTLOADER(.name = "DfuTarg"), "sdk6", "no DFU Revision" },
  };

  (void)state;
  check(rows, N_ELEMENTS(rows));
}

static void adafruit_is_told_by_its_firmware_revision(void **state)
{
  static const Row rows[] = {
    /* Adafruit_nRF52_Bootloader, dis: "<version> <SoftDevice> <version>"; RAK's line is 0.4. */
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.3.2 s132 6.1.1"), "adafruit-0.7", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.4.2 s140 6.1.1"), "adafruit-0.7", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.7.0 s140 6.1.1"), "adafruit-0.7", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.8.0 s140 6.1.1"), "adafruit-0.9", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.9.2 s140 6.1.1"), "adafruit-0.9", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.9.2-dirty s140 7.3.0"), "adafruit-0.9",
      by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.10.0 s140 6.1.1"), "adafruit-0.10", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.11.0 s140 6.1.1"), "adafruit-0.10", by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "1.0.0 S140 7.3.0"), "adafruit-0.10", by_firmware },
    /* The firmware counts more than MTU and name. */
    { { .mtu = 247, .has_packet = true, REVISION(0x0008), .name = "AdaDFU",
        .firmware = "0.9.2 s140 6.1.1" },
      "adafruit-0.9", by_firmware },
    /* OTAFIX 2.1 and 2.4 say so in theirs, behind the version of what they were made of. */
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.9.2-OTAFIX2.1 s140 6.1.1"), "otafix",
      by_firmware },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.9.2-OTAFIX2.4 s140 6.1.1"), "otafix",
      by_firmware },
  };

  (void)state;
  check(rows, N_ELEMENTS(rows));
}

/* BlueZ does not always get to read Device Information. */
static void adafruit_is_told_by_its_name_where_the_firmware_is_not_told(void **state)
{
  static const Row rows[] = {
    { { .mtu = 247, .has_packet = true, REVISION(0x0008), .name = "AdaDFU" }, "adafruit-0.7",
      by_name },
    { BOOTLOADER(REVISION(0x0008), .name = "AdaDFU"), "adafruit-0.9", by_name },
    { { .mtu = 247, .has_packet = true, .packet_has_write = true, REVISION(0x0008),
        .name = "AdaDFU" },
      "adafruit-0.10", by_name },
    { { .mtu = 247, .has_packet = true, REVISION(0x0008), .name = "4631_DFU" }, "otafix", by_name },
    /* OTAFIX grants 247; with the smallest MTU it may as well be one of the SDK of that name. */
    { BOOTLOADER(REVISION(0x0008), .name = "XIAO_DFU"), "sdk", by_profile },
    /* 0.10 under the name of a board: its DFU Packet alone has the Write property. */
    { { .mtu = 247, .has_packet = true, .packet_has_write = true, REVISION(0x0008),
        .name = "RAK4631" },
      "adafruit-0.10", "DFU Packet has the Write property" },
  };

  (void)state;
  check(rows, N_ELEMENTS(rows));
}

/* InfiniTime 1.14, DfuService.cpp: revision 0x0008 beside the services of the watch. */
static void infinitime_is_told_by_any_of_its_signs(void **state)
{
  static const Row rows[] = {
    { { .mtu = 256, .has_packet = true, REVISION(0x0008), .name = "InfiniTime" }, "infinitime",
      by_watch },
    { { .mtu = 23, .has_packet = true, REVISION(0x0008), .model = "PineTime", .name = "My watch",
        .firmware = "1.14.0" },
      "infinitime", by_watch },
    { { .mtu = 256, .has_packet = true, REVISION(0x0008), .has_other_services = true },
      "infinitime", by_watch },
  };

  (void)state;
  check(rows, N_ELEMENTS(rows));
}

static void what_fits_nothing_gets_the_safe_row(void **state)
{
  static const Row rows[] = {
    { { .mtu = 247, .has_packet = true, REVISION(0x0008), .name = "DfuTarg" }, "unknown",
      by_nothing },
    { BOOTLOADER(REVISION(0x0009)), "unknown", by_nothing },
    { BOOTLOADER(REVISION(0x0100)), "unknown", by_nothing },
    { BOOTLOADER(REVISION(0x0008), .model = "Gate 7"), "unknown", by_nothing },
    /* Not quite Adafruit's: no SoftDevice, no version, numbers without an end. */
    { BOOTLOADER(REVISION(0x0008), .firmware = "0.9.2"), "unknown", by_nothing },
    { BOOTLOADER(REVISION(0x0008), .firmware = "v0.9.2 s140 6.1.1"), "unknown", by_nothing },
    { BOOTLOADER(REVISION(0x0008), .firmware = ".9.2 s140 6.1.1"), "unknown", by_nothing },
    { BOOTLOADER(REVISION(0x0008), .firmware = "0. s140"), "unknown", by_nothing },
    { BOOTLOADER(REVISION(0x0008), .firmware = "99999999999.9.2 s140 6.1.1"), "unknown",
      by_nothing },
    { BOOTLOADER(REVISION(0x0008), .firmware = "\x1b[31m"), "unknown", by_nothing },
  };

  (void)state;
  check(rows, N_ELEMENTS(rows));
}

/* --- the rows --- */

static void every_row_is_found_by_its_name_alone(void **state)
{
  size_t n;
  const DfuFamily *families = dfu_families(&n);

  (void)state;
  for (size_t i = 0; i < n; i++) {
    assert_ptr_equal(dfu_family_find(families[i].name), &families[i]);
    assert_int_equal(strspn(families[i].name, "abcdefghijklmnopqrstuvwxyz0123456789.-"),
                     strlen(families[i].name));
    assert_true(strlen(families[i].title) > 0);
  }
  assert_null(dfu_family_find(""));
  assert_null(dfu_family_find("sdk1"));
  assert_string_equal(dfu_family_of_v1()->name, "sdk4");
  assert_true(dfu_family_of_v1()->has_v1_start);
}

/*
 * The window is what the target's buffers bear: 8 packets (nRF5 SDK 7 to 11,
 * hci_mem_pool_internal.h), 16 at Adafruit 0.10, 12 to a flush at OTAFIX.
 */
static void every_row_keeps_within_the_buffers(void **state)
{
  size_t n;
  const DfuFamily *families = dfu_families(&n);

  (void)state;
  for (size_t i = 0; i < n; i++) {
    const DfuFamily *row = &families[i];

    assert_in_range(row->receipt_packets, 1, row->window_packets);
    if (row->hides_packets)
      assert_int_equal(row->receipt_packets % 12, 0); /* or its flash writes are short */
    else if (!row->is_application)
      assert_in_range(row->window_packets, 1, 8);
    if (row->is_application)
      assert_int_equal(200 % (row->receipt_packets * 20), 0); /* its buffer fills exactly */
  }
}

static void longer_packets_come_with_a_window_of_their_own(void **state)
{
  size_t n;
  const DfuFamily *families = dfu_families(&n);

  (void)state;
  for (size_t i = 0; i < n; i++) {
    const DfuFamily *row = &families[i];

    assert_in_range(row->large_packet_bytes, 20, 244);
    assert_int_equal(row->large_packet_bytes % 4, 0);
    if (row->large_packet_bytes > 20) {
      assert_in_range(row->large_receipt_packets, 1, row->large_window_packets);
      assert_in_range(row->large_window_packets, 1, 8);
    }
  }
}

/* What nobody knows is taken for the worst: no reset, no long packet, the smallest window. */
static void unknown_row_harms_nothing(void **state)
{
  const DfuFamily *unknown = dfu_family_find("unknown");
  size_t n;
  const DfuFamily *families = dfu_families(&n);

  (void)state;
  assert_int_equal(unknown->reset_to, DFU_RESET_TO_UNKNOWN);
  assert_int_equal(unknown->application, DFU_APPLICATION_LOST);
  assert_int_equal(unknown->large_packet_bytes, 20);
  assert_true(unknown->forgets_us < 0);
  for (size_t i = 0; i < n; i++)
    assert_true(unknown->window_packets <= families[i].window_packets);
}

/* Where a reset in mid-transfer means a cable, a ruined transfer does too. */
static void boards_that_a_reset_leaves_to_a_cable_get_the_smallest_window(void **state)
{
  static const char *const names[] = { "adafruit-0.7", "adafruit-0.9" };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(names); i++) {
    const DfuFamily *row = dfu_family_find(names[i]);

    assert_int_equal(row->reset_to, DFU_RESET_TO_CABLE);
    assert_int_equal(row->window_packets, 4);
    assert_int_equal(row->large_packet_bytes, 20);
    assert_int_equal(row->forgets_us, 0);
    assert_true(row->system_to_cable);
  }
}

static void reset_names_are_stable_words(void **state)
{
  (void)state;
  assert_string_equal(dfu_reset_to_name(DFU_RESET_TO_UNKNOWN), "unknown");
  assert_string_equal(dfu_reset_to_name(DFU_RESET_TO_APPLICATION), "application");
  assert_string_equal(dfu_reset_to_name(DFU_RESET_TO_BOOTLOADER), "bootloader");
  assert_string_equal(dfu_reset_to_name(DFU_RESET_TO_EITHER), "either");
  assert_string_equal(dfu_reset_to_name(DFU_RESET_TO_CABLE), "cable");
  assert_string_equal(dfu_reset_to_name(DFU_RESET_IGNORED), "ignored");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bootloaders_of_the_sdk_are_told_by_revision_and_bareness),
    cmocka_unit_test(adafruit_is_told_by_its_firmware_revision),
    cmocka_unit_test(adafruit_is_told_by_its_name_where_the_firmware_is_not_told),
    cmocka_unit_test(infinitime_is_told_by_any_of_its_signs),
    cmocka_unit_test(what_fits_nothing_gets_the_safe_row),
    cmocka_unit_test(every_row_is_found_by_its_name_alone),
    cmocka_unit_test(every_row_keeps_within_the_buffers),
    cmocka_unit_test(longer_packets_come_with_a_window_of_their_own),
    cmocka_unit_test(unknown_row_harms_nothing),
    cmocka_unit_test(boards_that_a_reset_leaves_to_a_cable_get_the_smallest_window),
    cmocka_unit_test(reset_names_are_stable_words),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
