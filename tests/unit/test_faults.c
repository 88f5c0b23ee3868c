/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What faults do to a transfer.
 */
#include <stdio.h>
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"
#include "target/faults.h"

/* A driver whose target has faults around it. */
typedef struct {
  TargetDriver driver;
  DfuFaults faults;
  DfuTargetUpdate update;
  DfuBreakdown breakdown;
  char said[128];
} Rig;

static void add_fault(Rig *rig, const char *text)
{
  char message[DFU_FAULTS_MESSAGE_BYTES];

  if (!dfu_faults_parse(&rig->faults, text, message))
    fail_msg("%s: %s", text, message);
}

static void rig_init(Rig *rig, const char *fault, DriverStage stage)
{
  memset(&rig->faults, 0, sizeof rig->faults);
  driver_init(&rig->driver, "sdk11-dual");
  driver_bring_to(&rig->driver, stage);
  add_fault(rig, fault);
}

static void note_notifications(Rig *rig)
{
  size_t len = 0;

  rig->said[0] = '\0';
  for (size_t i = 0; i < rig->update.n_notifications; i++) {
    len += (size_t)snprintf(rig->said + len, sizeof rig->said - len, i > 0 ? " |" : "");
    for (size_t b = 0; b < rig->update.notifications[i].len; b++)
      len += (size_t)snprintf(rig->said + len, sizeof rig->said - len, "%s%02x",
                              b > 0 || i > 0 ? " " : "", rig->update.notifications[i].bytes[b]);
    assert_true(len < sizeof rig->said - 8);
  }
}

static void step(Rig *rig, DfuTargetEventType type, const char *hex)
{
  uint8_t bytes[32];
  size_t len = driver_hex(hex, bytes, sizeof bytes);
  DfuTargetEvent event = {
    .type = type,
    .now_us = rig->driver.now_us,
    .mtu = 23,
    .notify = true,
    .bytes = bytes,
    .len = len,
  };

  dfu_faults_step(&rig->faults, &rig->driver.target, &event, &rig->update, &rig->breakdown);
  note_notifications(rig);
}

static const char *control(Rig *rig, const char *hex)
{
  step(rig, DFU_TARGET_EVENT_CONTROL, hex);
  return rig->said;
}

static const char *packet(Rig *rig, const char *hex)
{
  step(rig, DFU_TARGET_EVENT_PACKET, hex);
  return rig->said;
}

static const char *wait_for_flash(Rig *rig)
{
  rig->driver.now_us = rig->update.wake_us;
  step(rig, DFU_TARGET_EVENT_TICK, "");
  return rig->said;
}

static void without_faults_the_update_is_the_targets_own(void **state)
{
  Rig rig;

  (void)state;
  memset(&rig, 0, sizeof rig);
  driver_init(&rig.driver, "sdk11-dual");
  driver_bring_to(&rig.driver, DRIVER_DATA);
  assert_string_equal(control(&rig, "08 08 00"), "");
  assert_string_equal(control(&rig, "03"), "");
  assert_string_equal(packet(&rig, DRIVER_PACKET_2), "");
  assert_string_equal(wait_for_flash(&rig), "10 03 01");
  assert_string_equal(control(&rig, "04"), "10 04 01");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  assert_int_equal(rig.update.att_error, 0);
}

static void answer_to_start_leaves_the_target_idle_for_another(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=start:4", DRIVER_IDLE);
  assert_string_equal(control(&rig, "01 04"), "");
  assert_string_equal(packet(&rig, DRIVER_SIZES), "10 01 04");
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_IDLE);
  assert_string_equal(packet(&rig, DRIVER_SIZES), "");
  assert_string_equal(wait_for_flash(&rig), "10 01 01");
}

static void answer_to_init_empties_what_was_collected(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=init:6", DRIVER_READY);
  control(&rig, "02 00");
  packet(&rig, DRIVER_INIT);
  assert_string_equal(control(&rig, "02 01"), "10 02 06");
  control(&rig, "02 00");
  packet(&rig, DRIVER_INIT);
  assert_int_equal(rig.driver.target.init_bytes, 16);
  assert_string_equal(control(&rig, "02 01"), "10 02 01");
}

static void answer_to_receive_refuses_one_image_packet(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=receive:6", DRIVER_DATA);
  assert_string_equal(packet(&rig, DRIVER_PACKET_2), "10 03 06");
  assert_int_equal(rig.driver.target.received_bytes, 20);
  assert_string_equal(packet(&rig, DRIVER_PACKET_2), "");
  assert_string_equal(wait_for_flash(&rig), "10 03 01");
}

static void answer_to_receive_may_name_the_packet(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=receive:4:3", DRIVER_DATA);
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_string_equal(packet(&rig, "00000000"), "10 03 04");
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_int_equal(rig.driver.target.received_bytes, 32);
}

static void answer_to_validate_leaves_the_image_to_be_validated(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=validate:5", DRIVER_DATA_FULL);
  assert_string_equal(control(&rig, "04"), "10 04 05");
  assert_string_equal(control(&rig, "04"), "10 04 01");
}

static void answer_to_report_size_carries_no_count(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=report-size:1", DRIVER_DATA);
  assert_string_equal(control(&rig, "07"), "10 07 01");
  assert_string_equal(control(&rig, "07"), "10 07 01 14 00 00 00");
}

static void answer_waits_for_notifications(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=validate:5", DRIVER_DATA_FULL);
  driver_subscribe(&rig.driver, false);
  assert_string_equal(control(&rig, "04"), "");
  assert_int_equal(rig.update.att_error, 0xfd);
  driver_subscribe(&rig.driver, true);
  assert_string_equal(control(&rig, "04"), "10 04 05");
}

static void answers_of_one_operation_come_one_after_the_other(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=validate:2", DRIVER_DATA_FULL);
  add_fault(&rig, "answer=validate:3");
  assert_string_equal(control(&rig, "04"), "10 04 02");
  assert_string_equal(control(&rig, "04"), "10 04 03");
  assert_string_equal(control(&rig, "04"), "10 04 01");
}

static void notify_replaces_the_next_answer_once(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "notify=validate:ff00112233445566778899aabbccddeeff001122", DRIVER_DATA_FULL);
  assert_string_equal(control(&rig, "04"),
                      "ff 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 11 22");
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_VALIDATED);
  assert_string_equal(control(&rig, "04"), "10 04 02");
}

static void notify_of_the_erase_replaces_it_when_it_is_done(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "notify=start:10", DRIVER_IDLE);
  control(&rig, "01 04");
  assert_string_equal(packet(&rig, DRIVER_SIZES), "");
  assert_string_equal(wait_for_flash(&rig), "10");
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_READY);
}

static void notify_may_be_of_no_bytes(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "notify=7:", DRIVER_DATA);
  control(&rig, "07");
  assert_int_equal(rig.update.n_notifications, 1);
  assert_int_equal(rig.update.notifications[0].len, 0);
}

static void mute_never_sends_the_answer(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "mute=validate", DRIVER_DATA_FULL);
  assert_string_equal(control(&rig, "04"), "");
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_VALIDATED);
  assert_string_equal(control(&rig, "04"), "");
  assert_string_equal(control(&rig, "07"), "10 07 01 28 00 00 00");
}

static void mute_of_receive_leaves_the_receipts(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "mute=receive", DRIVER_DATA);
  control(&rig, "08 01 00");
  assert_string_equal(packet(&rig, "00000000"), "11 18 00 00 00");
  assert_string_equal(packet(&rig, "00000000 00000000 00000000 00000000"), "");
  assert_string_equal(wait_for_flash(&rig), "");
  assert_string_equal(wait_for_flash(&rig), "");
  assert_int_equal(rig.driver.target.written_bytes, 40);
}

static void att_refuses_the_write_as_often_as_told(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "att=validate:0x0e:2", DRIVER_DATA_FULL);
  for (int i = 0; i < 2; i++) {
    assert_string_equal(control(&rig, "04"), "");
    assert_int_equal(rig.update.att_error, 0x0e);
    assert_int_equal(rig.driver.target.stage, DFU_TARGET_DATA);
  }
  assert_string_equal(control(&rig, "04"), "10 04 01");
  assert_int_equal(rig.update.att_error, 0);
}

static void att_refuses_requests_without_an_answer(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "att=activate:14", DRIVER_VALIDATED);
  control(&rig, "05");
  assert_int_equal(rig.update.att_error, 14);
  assert_int_equal(rig.update.boot, DFU_TARGET_STAYS);
  control(&rig, "05");
  assert_true(rig.update.activated);
}

static void lose_drops_the_link_at_the_byte_with_what_was_due(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose=28", DRIVER_DATA);
  control(&rig, "08 01 00");
  assert_string_equal(packet(&rig, "00000000"), "11 18 00 00 00");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.breakdown.time_us, 1000000);
  assert_int_equal(rig.driver.target.received_bytes, 28);
  step(&rig, DFU_TARGET_EVENT_DISCONNECTED, "");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
}

static void lose_again_takes_the_next_packet(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose=24:0", DRIVER_DATA);
  add_fault(&rig, "lose=24:forever");
  packet(&rig, "00000000");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.breakdown.time_us, 0);
  step(&rig, DFU_TARGET_EVENT_DISCONNECTED, "");
  step(&rig, DFU_TARGET_EVENT_CONNECTED, "");
  step(&rig, DFU_TARGET_EVENT_SUBSCRIBED, "");
  assert_string_equal(control(&rig, "07"), "10 07 01 18 00 00 00");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  packet(&rig, "00000000");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.breakdown.time_us, INT64_MAX);
  packet(&rig, "00000000");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
}

static void repeat_sends_the_next_answer_twice(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "repeat=report-size", DRIVER_DATA);
  control(&rig, "08 01 00");
  assert_string_equal(packet(&rig, "00000000"), "11 18 00 00 00");
  assert_string_equal(control(&rig, "07"), "10 07 01 18 00 00 00 | 10 07 01 18 00 00 00");
  assert_string_equal(control(&rig, "07"), "10 07 01 18 00 00 00");
}

static void repeat_of_two_answers_at_once_fits(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "repeat=receive", DRIVER_DATA);
  add_fault(&rig, "repeat=report-size");
  packet(&rig, DRIVER_PACKET_2);
  rig.driver.now_us = rig.update.wake_us;
  assert_string_equal(control(&rig, "07"), "10 03 01 | 10 03 01 | "
                                           "10 07 01 28 00 00 00 | 10 07 01 28 00 00 00");
}

static void repeated_receipt_is_the_only_one(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "repeat-receipt=2", DRIVER_DATA);
  control(&rig, "08 01 00");
  assert_string_equal(packet(&rig, "00000000"), "11 18 00 00 00");
  assert_string_equal(packet(&rig, "00000000"), "11 1c 00 00 00 | 11 1c 00 00 00");
  assert_string_equal(packet(&rig, "00000000"), "11 20 00 00 00");
}

static void breakdowns_come_at_a_byte(void **state)
{
  static const struct {
    const char *fault;
    DfuBreakdownType type;
  } rows[] = {
    { "lose=28", DFU_BREAKDOWN_LOSS },
    { "silence=28", DFU_BREAKDOWN_SILENCE },
    { "restart=28", DFU_BREAKDOWN_RESTART },
    { "stall=28", DFU_BREAKDOWN_STALL },
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    Rig rig;

    rig_init(&rig, rows[i].fault, DRIVER_DATA);
    control(&rig, "08 01 00");
    assert_string_equal(packet(&rig, "00000000"), "11 18 00 00 00");
    assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
    assert_string_equal(packet(&rig, "00000000"), "");
    assert_int_equal(rig.breakdown.type, rows[i].type);
    assert_string_equal(packet(&rig, "00000000"), "11 20 00 00 00");
    assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  }
}

static void lose_at_an_operation_carries_it_out_unheard(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose-at=validate:3", DRIVER_DATA_FULL);
  assert_string_equal(control(&rig, "04"), "");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.breakdown.time_us, 3000000);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_VALIDATED);
  assert_string_equal(control(&rig, "04"), "10 04 02");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
}

static void lose_before_an_operation_keeps_it_from_the_target(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose-before=validate", DRIVER_DATA_FULL);
  assert_string_equal(control(&rig, "04"), "");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_DATA);
  assert_string_equal(control(&rig, "04"), "10 04 01");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
}

static void lose_at_activate_still_installs(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose-at=activate", DRIVER_VALIDATED);
  control(&rig, "05");
  assert_true(rig.update.activated);
  assert_int_equal(rig.update.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);

  rig_init(&rig, "lose-before=activate", DRIVER_VALIDATED);
  control(&rig, "05");
  assert_int_equal(rig.update.boot, DFU_TARGET_STAYS);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
}

static void silence_at_start_comes_with_the_sizes(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "silence-at=start", DRIVER_IDLE);
  control(&rig, "01 04");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  packet(&rig, DRIVER_SIZES);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_SILENCE);
  assert_int_equal(rig.breakdown.time_us, 4000000);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_PREPARING);
  /* What it says later is the caller's to keep from the controller. */
  assert_string_equal(wait_for_flash(&rig), "10 01 01");
}

static void stall_at_init_comes_at_its_end(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "stall-before=init", DRIVER_READY);
  control(&rig, "02 00");
  packet(&rig, DRIVER_INIT);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  control(&rig, "02 01");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_STALL);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_INIT);
}

static void lose_at_receive_is_any_image_packet(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose-at=receive", DRIVER_DATA);
  add_fault(&rig, "lose-before=receive");
  packet(&rig, "00000000"); /* the one that keeps a packet from the target comes first */
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.driver.target.received_bytes, 20);
  packet(&rig, "00000000");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.driver.target.received_bytes, 24);
  packet(&rig, "00000000");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
}

static void operation_that_was_refused_is_not_the_one_that_breaks(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "lose-at=validate", DRIVER_DATA_FULL);
  add_fault(&rig, "att=validate:0x0e");
  control(&rig, "04");
  assert_int_equal(rig.update.att_error, 0x0e);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  control(&rig, "04");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
}

static void power_lost_while_it_says_what_is_due(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "restart-before=report-size", DRIVER_DATA);
  packet(&rig, DRIVER_PACKET_2);
  rig.driver.now_us = rig.update.wake_us;
  assert_string_equal(control(&rig, "07"), ""); /* 10 03 01 is not heard any more */
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_RESTART);
  step(&rig, DFU_TARGET_EVENT_POWER_LOST, "");
  assert_int_equal(rig.update.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(rig.driver.target.received_bytes, 0);
}

static void dropped_packet_is_missed_by_the_next_receipt(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "drop-packet=2", DRIVER_DATA);
  control(&rig, "08 02 00");
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_string_equal(packet(&rig, "00000000 00000000"), "");
  assert_string_equal(packet(&rig, "00000000"), "11 1c 00 00 00");
}

static void dropped_receipt_is_the_only_one(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "drop-receipt=2", DRIVER_DATA);
  control(&rig, "08 01 00");
  assert_string_equal(packet(&rig, "00000000"), "11 18 00 00 00");
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_string_equal(packet(&rig, "00000000"), "11 20 00 00 00");
}

static void faults_work_whatever_stands_before_them(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "mute=9", DRIVER_DATA);
  add_fault(&rig, "drop-receipt=9");
  add_fault(&rig, "mute=report-size");
  add_fault(&rig, "drop-receipt=1");
  add_fault(&rig, "lose=28");
  control(&rig, "08 01 00");
  assert_string_equal(packet(&rig, "00000000"), "");
  assert_string_equal(control(&rig, "07"), "");
  packet(&rig, "00000000");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
}

static void one_notification_of_two_is_muted(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "mute=receive", DRIVER_DATA);
  packet(&rig, DRIVER_PACKET_2);
  rig.driver.now_us = rig.update.wake_us;
  assert_string_equal(control(&rig, "07"), "10 07 01 28 00 00 00");

  rig_init(&rig, "mute=report-size", DRIVER_DATA);
  packet(&rig, DRIVER_PACKET_2);
  rig.driver.now_us = rig.update.wake_us;
  assert_string_equal(control(&rig, "07"), "10 03 01");
}

static void packet_that_begins_like_a_request_is_none(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "att=validate:1", DRIVER_DATA);
  packet(&rig, "04000000");
  assert_int_equal(rig.update.att_error, 0);
  assert_int_equal(rig.driver.target.received_bytes, 24);
  control(&rig, "07");
  assert_int_equal(rig.update.att_error, 0);
}

static void init_of_one_byte_is_the_targets_to_refuse(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "answer=init:4", DRIVER_INIT_STAGE);
  assert_string_equal(control(&rig, "02"), "10 02 06");
  assert_string_equal(control(&rig, "02 01"), "10 02 04");
}

static void packets_of_other_kinds_are_not_counted(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "drop-packet=1", DRIVER_IDLE);
  control(&rig, "01 04");
  packet(&rig, DRIVER_SIZES);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_PREPARING);
  assert_string_equal(wait_for_flash(&rig), "10 01 01");
  control(&rig, "02 00");
  packet(&rig, DRIVER_INIT);
  assert_string_equal(control(&rig, "02 01"), "10 02 01");
  control(&rig, "03");
  packet(&rig, DRIVER_PACKET_1);
  assert_int_equal(rig.driver.target.received_bytes, 0);
}

static void withheld_event_still_lets_time_pass(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "att=validate:1", DRIVER_DATA);
  packet(&rig, DRIVER_PACKET_2);
  rig.driver.now_us += DRIVER_WRITE_PACKET_US;
  assert_string_equal(control(&rig, "04"), "10 03 01");
  assert_int_equal(rig.update.att_error, 1);
}

static void att_of_the_end_of_init_leaves_its_begin(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "att=init-end:0xfe", DRIVER_READY);
  control(&rig, "02 00");
  assert_int_equal(rig.update.att_error, 0);
  packet(&rig, DRIVER_INIT);
  assert_string_equal(control(&rig, "02 01"), "");
  assert_int_equal(rig.update.att_error, 0xfe);
  assert_string_equal(control(&rig, "02 01"), "10 02 01");
  assert_int_equal(rig.update.att_error, 0);
}

static void failing_erase_is_told_before_the_restart(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "flash-error-at=start", DRIVER_IDLE);
  control(&rig, "01 04");
  assert_string_equal(packet(&rig, DRIVER_SIZES), "10 01 06");
  assert_int_equal(rig.update.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
}

static void failing_flash_write_restarts_without_a_word(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "flash-error=40", DRIVER_DATA); /* 20 are there */
  assert_string_equal(packet(&rig, DRIVER_PACKET_2), "");
  assert_int_equal(rig.update.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_IDLE);
}

static void flash_without_work_cannot_fail(void **state)
{
  Rig rig;

  (void)state;
  rig_init(&rig, "flash-error-at=report-size", DRIVER_READY);
  assert_string_equal(control(&rig, "07"), "10 07 01 00 00 00 00");
  assert_int_equal(rig.update.boot, DFU_TARGET_STAYS);
}

static void att_errors_reach_an_application_too(void **state)
{
  static const uint8_t jump[] = { 1, 4 };
  static const uint8_t init_begin[] = { 2, 0 };
  Rig rig;

  (void)state;
  rig_init(&rig, "att=start:0xfe:2", DRIVER_IDLE);
  add_fault(&rig, "att=init-end:1");
  assert_int_equal(dfu_faults_att_error(&rig.faults, init_begin, 2), 0);
  assert_int_equal(dfu_faults_att_error(&rig.faults, jump, 2), 0xfe);
  assert_int_equal(dfu_faults_att_error(&rig.faults, jump, 2), 0xfe);
  assert_int_equal(dfu_faults_att_error(&rig.faults, jump, 2), 0);
}

static void init_of_the_first_protocol_is_its_packet(void **state)
{
  Rig rig;

  (void)state;
  memset(&rig.faults, 0, sizeof rig.faults);
  driver_init(&rig.driver, "sdk5");
  driver_connect(&rig.driver);
  driver_subscribe(&rig.driver, true);
  add_fault(&rig, "answer=init:6");
  add_fault(&rig, "lose-at=init");
  control(&rig, "01");
  assert_string_equal(packet(&rig, "28000000"), "10 01 01");
  assert_string_equal(control(&rig, "02"), "");
  assert_string_equal(packet(&rig, DRIVER_INIT_CRC), "10 02 06");
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_READY);
  assert_string_equal(packet(&rig, DRIVER_INIT_CRC), "");
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
  assert_int_equal(rig.driver.target.stage, DFU_TARGET_INIT);
}

static void bytes_that_are_collected_are_not_received_yet(void **state)
{
  Rig rig;

  (void)state;
  memset(&rig.faults, 0, sizeof rig.faults);
  driver_init(&rig.driver, "otafix-2.1");
  driver_bring_to(&rig.driver, DRIVER_READY);
  driver_send_init(&rig.driver, DRIVER_INIT_ADAFRUIT);
  add_fault(&rig, "lose=20");
  control(&rig, "03");
  packet(&rig, DRIVER_PACKET_1);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_NONE);
  packet(&rig, DRIVER_PACKET_2);
  assert_int_equal(rig.breakdown.type, DFU_BREAKDOWN_LOSS);
}

static void faults_know_what_a_watch_expects(void **state)
{
  Rig rig;

  (void)state;
  memset(&rig.faults, 0, sizeof rig.faults);
  driver_init(&rig.driver, "infinitime");
  driver_connect(&rig.driver);
  driver_subscribe(&rig.driver, true);
  add_fault(&rig, "answer=start:6");
  add_fault(&rig, "drop-packet=1");
  control(&rig, "01 04");
  assert_string_equal(packet(&rig, DRIVER_SIZES), "10 01 06");
  packet(&rig, DRIVER_SIZES);
  assert_string_equal(wait_for_flash(&rig), "10 01 01");
  packet(&rig, DRIVER_INIT); /* no image packet */
  control(&rig, "03");
  packet(&rig, DRIVER_PACKET_1);
  assert_int_equal(rig.driver.target.received_bytes, 0);
  packet(&rig, DRIVER_PACKET_2);
  assert_int_equal(rig.driver.target.received_bytes, 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_faults_the_update_is_the_targets_own),
    cmocka_unit_test(answer_to_start_leaves_the_target_idle_for_another),
    cmocka_unit_test(answer_to_init_empties_what_was_collected),
    cmocka_unit_test(answer_to_receive_refuses_one_image_packet),
    cmocka_unit_test(answer_to_receive_may_name_the_packet),
    cmocka_unit_test(answer_to_validate_leaves_the_image_to_be_validated),
    cmocka_unit_test(answer_to_report_size_carries_no_count),
    cmocka_unit_test(answer_waits_for_notifications),
    cmocka_unit_test(answers_of_one_operation_come_one_after_the_other),
    cmocka_unit_test(notify_replaces_the_next_answer_once),
    cmocka_unit_test(notify_of_the_erase_replaces_it_when_it_is_done),
    cmocka_unit_test(notify_may_be_of_no_bytes),
    cmocka_unit_test(mute_never_sends_the_answer),
    cmocka_unit_test(mute_of_receive_leaves_the_receipts),
    cmocka_unit_test(att_refuses_the_write_as_often_as_told),
    cmocka_unit_test(att_refuses_requests_without_an_answer),
    cmocka_unit_test(lose_drops_the_link_at_the_byte_with_what_was_due),
    cmocka_unit_test(lose_again_takes_the_next_packet),
    cmocka_unit_test(repeat_sends_the_next_answer_twice),
    cmocka_unit_test(repeat_of_two_answers_at_once_fits),
    cmocka_unit_test(repeated_receipt_is_the_only_one),
    cmocka_unit_test(breakdowns_come_at_a_byte),
    cmocka_unit_test(lose_at_an_operation_carries_it_out_unheard),
    cmocka_unit_test(lose_before_an_operation_keeps_it_from_the_target),
    cmocka_unit_test(lose_at_activate_still_installs),
    cmocka_unit_test(silence_at_start_comes_with_the_sizes),
    cmocka_unit_test(stall_at_init_comes_at_its_end),
    cmocka_unit_test(lose_at_receive_is_any_image_packet),
    cmocka_unit_test(operation_that_was_refused_is_not_the_one_that_breaks),
    cmocka_unit_test(power_lost_while_it_says_what_is_due),
    cmocka_unit_test(dropped_packet_is_missed_by_the_next_receipt),
    cmocka_unit_test(dropped_receipt_is_the_only_one),
    cmocka_unit_test(faults_work_whatever_stands_before_them),
    cmocka_unit_test(one_notification_of_two_is_muted),
    cmocka_unit_test(packet_that_begins_like_a_request_is_none),
    cmocka_unit_test(init_of_one_byte_is_the_targets_to_refuse),
    cmocka_unit_test(packets_of_other_kinds_are_not_counted),
    cmocka_unit_test(withheld_event_still_lets_time_pass),
    cmocka_unit_test(att_of_the_end_of_init_leaves_its_begin),
    cmocka_unit_test(failing_erase_is_told_before_the_restart),
    cmocka_unit_test(failing_flash_write_restarts_without_a_word),
    cmocka_unit_test(flash_without_work_cannot_fail),
    cmocka_unit_test(att_errors_reach_an_application_too),
    cmocka_unit_test(init_of_the_first_protocol_is_its_packet),
    cmocka_unit_test(bytes_that_are_collected_are_not_received_yet),
    cmocka_unit_test(faults_know_what_a_watch_expects),
  };

  return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
