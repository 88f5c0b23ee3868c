/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * InfiniTime's DFU: what it says, what it is silent about, and its timers. Source:
 * InfiniTime 1.14.0 and 1.16, DfuService.cpp, executed on a host.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

enum { SECOND_US = 1000000 };

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

typedef enum { IDLE, STARTED, READY, INIT, DATA, RECEIVED, VALIDATED, N_STAGES } Stage;

static const char *const stage_names[N_STAGES] = {
  "idle", "started", "ready", "init", "data", "received", "validated",
};

static const char *const both[] = { "infinitime-1.14", "infinitime" };

static void send_init(TargetDriver *driver, const char *init)
{
  driver_control(driver, "02 00");
  driver_packet(driver, init);
  driver_control(driver, "02 01");
  driver_wait(driver, SECOND_US);
}

/* From where @driver is, with notifications on. */
static void walk_to(TargetDriver *driver, Stage stage)
{
  if (stage >= STARTED)
    driver_control(driver, "01 04");
  if (stage >= READY) {
    driver_packet(driver, DRIVER_SIZES);
    driver_settle(driver);
  }
  if (stage >= INIT)
    send_init(driver, DRIVER_INIT);
  if (stage >= DATA) {
    driver_control(driver, "03");
    driver_packet(driver, DRIVER_PACKET_1);
  }
  if (stage >= RECEIVED)
    driver_packet(driver, DRIVER_PACKET_2);
  if (stage >= VALIDATED) {
    driver_control(driver, "04");
    driver_wait(driver, SECOND_US);
  }
}

static void connect(TargetDriver *driver, const char *personality)
{
  driver_init(driver, personality);
  driver_connect(driver);
  driver_subscribe(driver, true);
}

static void begin(TargetDriver *driver, const char *personality, Stage stage)
{
  connect(driver, personality);
  walk_to(driver, stage);
  driver_said(driver);
}

static void update_is_taken_while_it_runs(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(both); i++) {
    uint8_t mode;
    TargetDriver driver;

    connect(&driver, both[i]);
    walk_to(&driver, VALIDATED);
    assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01 | 10 04 01");
    driver_control(&driver, "05");
    assert_true(driver.activated);
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
    assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
    assert_int_equal(mode, DFU_MODE_APPLICATION);
    assert_int_equal(driver.flash[39], 0x27);
  }
}

/* Everything that is not named here is answered by nothing, and changes nothing. */
typedef struct {
  const char *control, *packet;
  const char *said[N_STAGES];  /* NULL: nothing */
  const char *stage[N_STAGES]; /* NULL: the same */
} Operation;

static const Operation operations[] = {
  { "01 04", NULL, { NULL }, { [IDLE] = "started" } },
  { "01 01", NULL, { NULL }, { NULL } },
  { "01 03", NULL, { NULL }, { NULL } },
  { "01", NULL, { NULL }, { NULL } },
  { "02 00", NULL, { NULL }, { NULL } },
  { "02 01", NULL, { [READY] = "10 02 01", [INIT] = "10 02 01" }, { NULL } },
  { "03", NULL, { NULL }, { [READY] = "data", [INIT] = "data" } },
  { "04", NULL, { [RECEIVED] = "10 04 01" }, { [RECEIVED] = "validated" } },
  { "05", NULL, { NULL }, { [VALIDATED] = "idle" } },
  { "06", NULL, { NULL }, { NULL } },
  { "07", NULL, { NULL }, { NULL } },
  { "08 08 00", NULL, { NULL }, { NULL } },
  { "08", NULL, { NULL }, { NULL } },
  { "09", NULL, { NULL }, { NULL } },
  { "10 01 01", NULL, { NULL }, { NULL } },
  { "ff", NULL, { NULL }, { NULL } },
  { NULL, "ffffffff ffffffff 0100feff 76040000 00000000",
    { [STARTED] = "10 01 01", [DATA] = "10 03 01" },
    { [STARTED] = "ready", [READY] = "init", [DATA] = "received" } },
};

static void check_cell(const char *personality, const Operation *operation, Stage stage)
{
  TargetDriver driver;
  const char *said = operation->said[stage] != NULL ? operation->said[stage] : "";
  const char *after = operation->stage[stage] != NULL ? operation->stage[stage]
                                                      : stage_names[stage];

  begin(&driver, personality, stage);
  assert_string_equal(dfu_target_stage_name(driver.target.stage), stage_names[stage]);
  if (operation->control != NULL)
    driver_control(&driver, operation->control);
  if (operation->packet != NULL)
    driver_packet(&driver, operation->packet);
  driver_settle(&driver);
  driver_wait(&driver, SECOND_US);
  assert_string_equal(driver_said(&driver), said);
  assert_string_equal(dfu_target_stage_name(driver.target.stage), after);
  assert_int_equal(driver.att_error, 0);
  assert_int_equal(driver.boot, driver.activated ? DFU_TARGET_BOOTS_APPLICATION
                                                 : DFU_TARGET_STAYS);
  assert_int_equal(driver.activated, stage == VALIDATED && strcmp(after, "idle") == 0);
}

static void each_operation_in_each_stage(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(operations); i++)
    for (Stage stage = 0; stage < N_STAGES; stage++)
      for (size_t p = 0; p < N_ELEMENTS(both); p++)
        check_cell(both[p], &operations[i], stage);
}

static void init_and_validate_are_answered_after_a_second(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, DRIVER_INIT);
  driver_control(&driver, "02 01");
  driver_wait(&driver, SECOND_US - 1);
  assert_string_equal(driver_said(&driver), "");
  driver_wait(&driver, 1);
  assert_string_equal(driver_said(&driver), "10 02 01");
}

static void second_delayed_reply_within_the_second_never_comes(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", READY);
  driver_control(&driver, "02 00");
  driver_packet(&driver, DRIVER_INIT);
  driver_control(&driver, "02 01");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_control(&driver, "04");
  driver_wait(&driver, 5 * SECOND_US);
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 02 01");
  assert_int_equal(driver.target.stage, DFU_TARGET_VALIDATED);
}

static void crc_error_is_silent_and_ends_the_session(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", READY);
  send_init(&driver, "ffff ffff ffffffff 0100 feff 0000");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_said(&driver);
  driver_control(&driver, "04");
  driver_wait(&driver, 5 * SECOND_US);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
  walk_to(&driver, VALIDATED); /* and the next succeeds, without a restart */
  assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01 | 10 04 01");
}

static void session_ends_after_10_seconds_without_access(void **state)
{
  (void)state;
  for (Stage stage = READY; stage < N_STAGES; stage++) {
    TargetDriver driver;

    begin(&driver, "infinitime", stage);
    driver_control(&driver, "07"); /* an access like any other */
    driver_disconnect(&driver);
    driver_wait(&driver, 10 * SECOND_US - 1);
    assert_int_not_equal(driver.target.stage, DFU_TARGET_IDLE);
    driver_wait(&driver, 1);
    assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  }
}

static void start_without_sizes_waits_for_ever(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", STARTED);
  driver_disconnect(&driver);
  driver_wait(&driver, 3600 * INT64_C(1000000));
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  assert_int_equal(driver.target.stage, DFU_TARGET_STARTED);
  driver_control(&driver, "01 04"); /* ignored, and harmless */
  driver_packet(&driver, DRIVER_SIZES);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 01 01");
}

static void link_loss_keeps_the_session(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", DATA);
  driver_disconnect(&driver);
  driver_wait(&driver, 9 * SECOND_US);
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 03 01");
}

static void notification_that_nobody_hears_is_lost_without_harm(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", STARTED);
  driver_packet(&driver, DRIVER_SIZES);
  driver_disconnect(&driver);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  assert_int_equal(driver.target.stage, DFU_TARGET_READY);
}

static void control_write_needs_no_notifications(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "infinitime");
  driver_connect(&driver);
  driver_control(&driver, "01 04");
  assert_int_equal(driver.att_error, 0);
  assert_int_equal(driver.target.stage, DFU_TARGET_STARTED);
}

static void erase_takes_the_whole_slot(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", STARTED);
  driver_packet(&driver, DRIVER_SIZES);
  driver_wait(&driver, DRIVER_FLASH_BYTES / 4096 * DRIVER_ERASE_PAGE_US - 1);
  assert_string_equal(driver_said(&driver), "");
  driver_wait(&driver, 1);
  assert_string_equal(driver_said(&driver), "10 01 01");
  assert_int_equal(dfu_personality_find("infinitime")->slot_bytes, 475136);
}

static void erase_longer_than_the_timer_leaves_a_session_of_no_bytes(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "infinitime");
  driver.config.erase_page_us = 4 * SECOND_US; /* 12 s in all */
  driver_restart(&driver);
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  walk_to(&driver, INIT);
  assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  assert_string_equal(driver_said(&driver), "10 03 01"); /* after the first packet */
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_control(&driver, "04");
  driver_wait(&driver, 5 * SECOND_US);
  assert_string_equal(driver_said(&driver), "");
  assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
}

static void sizes_are_not_checked(void **state)
{
  static const char *const sizes[] = { "28", "", "00000000 00000000 00000010",
                                       "00000000 00000000 2a000000",
                                       "00000000 00000000 28000000 ffffffff" };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
    TargetDriver driver;

    begin(&driver, "infinitime", STARTED);
    driver_packet(&driver, sizes[i]);
    driver_settle(&driver);
    assert_string_equal(driver_said(&driver), "10 01 01");
  }
}

static void image_without_init_packet_needs_the_crc_0(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", READY);
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "10 03 01");
  assert_int_equal(driver.target.image_crc, 0);
  driver_control(&driver, "04");
  driver_wait(&driver, 5 * SECOND_US);
  assert_string_equal(driver_said(&driver), "");
}

static void each_init_write_is_a_whole_packet(void **state)
{
  static const struct {
    const char *packet;
    uint16_t crc;
  } rows[] = {
    { "ffff ffff ffffffff 0100 feff 7604", 0x0476 },
    { "0000 0000 00000000 0000 7604", 0x0476 },
    { "5200 ffff ffffffff 0200 b600 2301 7604", 0x0476 },
    { "7604", 0 }, /* a list of none, and nothing where its CRC should be */
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin(&driver, "infinitime", READY);
    driver_packet(&driver, "ffff ffff ffffffff 0100 feff 3412");
    driver_packet(&driver, rows[i].packet);
    assert_int_equal(driver.target.image_crc, rows[i].crc);
  }
}

static void second_init_piece_may_crash_the_watch(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", INIT);
  driver_packet_of(&driver, 20); /* its third word says a list of eeee */
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_false(driver.activated);
}

/* Takes 1000 bytes, for whose CRC no init packet came. */
static void begin_1000(TargetDriver *driver, const char *personality)
{
  begin(driver, personality, STARTED);
  driver_packet(driver, "00000000 00000000 e8030000");
  driver_settle(driver);
  driver_control(driver, "03");
  driver_said(driver);
}

static void staging_buffer_bears_only_what_divides_200(void **state)
{
  static const struct {
    size_t len;
    bool survives;
  } rows[] = { { 20, true }, { 40, true }, { 100, true }, { 200, true },
               { 16, false }, { 24, false }, { 128, false }, { 204, false } };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin_1000(&driver, "infinitime");
    driver_connect_with_mtu(&driver, 256);
    for (size_t sent = 0; sent < 1000 && driver.boot == DFU_TARGET_STAYS; sent += rows[i].len)
      driver_packet_of(&driver, rows[i].len);
    assert_int_equal(driver.boot == DFU_TARGET_STAYS, rows[i].survives);
    assert_string_equal(driver_said(&driver), rows[i].survives ? "10 03 01" : "");
  }
}

static void receipts_use_a_byte_and_count_from_start(void **state)
{
  static const struct {
    const char *first;
    unsigned n_before;
    const char *request, *said;
  } rows[] = {
    { "08 02 00", 0, "07", "11 28 00 00 00 | 11 50 00 00 00" },
    { "08 02 00", 1, "08 03 00", "11 3c 00 00 00" }, /* third of all, not third from here */
    { "08 02 00", 0, "08 00 00", "" },
    { "08 02 00", 0, "08 00 01", "" }, /* 256 */
    { "08 00 00", 0, "08 02 01", "11 28 00 00 00 | 11 50 00 00 00" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin_1000(&driver, "infinitime");
    driver_control(&driver, rows[i].first);
    for (unsigned n = 0; n < rows[i].n_before; n++)
      driver_packet_of(&driver, 20);
    driver_control(&driver, rows[i].request);
    for (unsigned n = rows[i].n_before; n < 4; n++)
      driver_packet_of(&driver, 20);
    assert_string_equal(driver_said(&driver), rows[i].said);
  }
}

static void last_packet_has_no_receipt_and_surplus_is_ignored(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime", INIT);
  driver_control(&driver, "08 01 00");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_packet(&driver, DRIVER_PACKET_2);
  assert_string_equal(driver_said(&driver), "11 14 00 00 00 | 10 03 01");
}

/* Starts over after @sent bytes of 1000; returns after how many more all were "received". */
static size_t retry_after(const char *personality, size_t sent)
{
  size_t more = 0;
  TargetDriver driver;

  begin_1000(&driver, personality);
  for (size_t at = 0; at < sent; at += 20)
    driver_packet_of(&driver, 20);
  driver_wait(&driver, 11 * SECOND_US);
  driver_said(&driver);
  driver_control(&driver, "01 04");
  driver_packet(&driver, "00000000 00000000 e8030000");
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 01 01");
  driver_control(&driver, "03");
  while (driver.target.stage == DFU_TARGET_DATA) {
    driver_packet_of(&driver, 20);
    more += 20;
  }
  assert_string_equal(driver_said(&driver), "10 03 01");
  driver_control(&driver, "04");
  driver_wait(&driver, 5 * SECOND_US);
  assert_string_equal(driver_said(&driver), "");
  return more;
}

static void counters_outlive_an_interrupted_session_up_to_1_14(void **state)
{
  (void)state;
  assert_int_equal(retry_after("infinitime-1.14", 300), 700);
  assert_int_equal(retry_after("infinitime-1.14", 1000), 20); /* Validate was never sent */
  assert_int_equal(retry_after("infinitime", 300), 1000);
  assert_int_equal(retry_after("infinitime", 1000), 1000);
}

static void retry_after_a_crc_error_says_received_at_once_up_to_1_14(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "infinitime-1.14", READY);
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_control(&driver, "04");
  driver_said(&driver);
  walk_to(&driver, DATA);
  assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01");
  driver_control(&driver, "04");
  driver_wait(&driver, 5 * SECOND_US);
  assert_string_equal(driver_said(&driver), "");

  driver_cut_power(&driver); /* which is what helps */
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  walk_to(&driver, VALIDATED);
  assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01 | 10 04 01");
}

static void restart_is_the_application_whatever_happened(void **state)
{
  (void)state;
  for (Stage stage = IDLE; stage < N_STAGES; stage++) {
    TargetDriver driver;

    begin(&driver, "infinitime", stage);
    driver_fail_flash(&driver);
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
    driver_cut_power(&driver);
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
    assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(update_is_taken_while_it_runs),
    cmocka_unit_test(each_operation_in_each_stage),
    cmocka_unit_test(init_and_validate_are_answered_after_a_second),
    cmocka_unit_test(second_delayed_reply_within_the_second_never_comes),
    cmocka_unit_test(crc_error_is_silent_and_ends_the_session),
    cmocka_unit_test(session_ends_after_10_seconds_without_access),
    cmocka_unit_test(start_without_sizes_waits_for_ever),
    cmocka_unit_test(link_loss_keeps_the_session),
    cmocka_unit_test(notification_that_nobody_hears_is_lost_without_harm),
    cmocka_unit_test(control_write_needs_no_notifications),
    cmocka_unit_test(erase_takes_the_whole_slot),
    cmocka_unit_test(erase_longer_than_the_timer_leaves_a_session_of_no_bytes),
    cmocka_unit_test(sizes_are_not_checked),
    cmocka_unit_test(image_without_init_packet_needs_the_crc_0),
    cmocka_unit_test(each_init_write_is_a_whole_packet),
    cmocka_unit_test(second_init_piece_may_crash_the_watch),
    cmocka_unit_test(staging_buffer_bears_only_what_divides_200),
    cmocka_unit_test(receipts_use_a_byte_and_count_from_start),
    cmocka_unit_test(last_packet_has_no_receipt_and_surplus_is_ignored),
    cmocka_unit_test(counters_outlive_an_interrupted_session_up_to_1_14),
    cmocka_unit_test(retry_after_a_crc_error_says_received_at_once_up_to_1_14),
    cmocka_unit_test(restart_is_the_application_whatever_happened),
  };

  return cmocka_run_group_tests_name("target_infinitime", tests, NULL, NULL);
}
