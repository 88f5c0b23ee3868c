/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The controller against the target: runs without faults, and every way in
 * which a target can answer wrongly, late, twice or not at all.
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#include <string.h>

#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

/* --- what a test tells the virtual air to do ----------------------------------- */

static struct {
  guint8 prefix[3]; /* of the notification that is meant */
  gsize prefix_len;
  guint8 bytes[8]; /* what arrives instead; nothing for len 0 */
  gsize len;
  guint times;
} change;

static gboolean change_notification(Sim *sim G_GNUC_UNUSED, guint8 *bytes, gsize *len)
{
  if (change.times == 0 || *len < change.prefix_len ||
      memcmp(bytes, change.prefix, change.prefix_len) != 0)
    return TRUE;
  change.times--;
  memcpy(bytes, change.bytes, change.len);
  *len = change.len;
  return change.len > 0;
}

/** Replaces the first notification that begins with 10 @opcode, or is a receipt for opcode 11. */
static void replace_answer(Sim *sim, guint8 opcode, const guint8 *bytes, gsize len)
{
  memset(&change, 0, sizeof(change));
  if (opcode == DFU_OP_RECEIPT) {
    change.prefix[0] = opcode;
    change.prefix_len = 1;
  } else {
    change.prefix[0] = DFU_OP_RESPONSE;
    change.prefix[1] = opcode;
    change.prefix_len = 2;
  }
  if (len > 0)
    memcpy(change.bytes, bytes, len);
  change.len = len;
  change.times = 1;
  sim->on_notification = change_notification;
}

static void assert_done(const Sim *sim)
{
  assert_true(sim->ended);
  assert_int_equal(sim->n_terminal, 1);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_true(sim->application_is_new);
  assert_int_equal(sim->n_restarts, 0);
}

static const DfuFailure *assert_failed(const Sim *sim, DfuFailReason reason)
{
  assert_true(sim->ended);
  assert_int_equal(sim->n_terminal, 1);
  assert_int_equal(sim->terminal.type, DFU_ACTION_FAILED);
  assert_int_equal(sim->terminal.failure.reason, reason);
  return &sim->terminal.failure;
}

/* --- runs without faults -------------------------------------------------------- */

/* The bytes are those that the bootloader of SDK 11 took and gave, executed on a host. */
static void update_of_256_bytes_goes_as_written(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

  sim->trace = g_string_new(NULL);
  sim_run(sim, HOUR_US);
  assert_string_equal(sim->trace->str,
                      "  0.000 > connect\n"
                      "  0.010 > subscribe\n"
                      "  0.030 > 07\n"
                      "  0.050 < 10 07 01 00 00 00 00\n"
                      "  0.050 > 01 04\n"
                      "  0.070 > packets [0, 12)\n"
                      "  0.410 < 10 01 01\n"
                      "  0.410 > 02 00\n"
                      "  0.430 > packets [0, 14)\n"
                      "  0.430 > 02 01\n"
                      "  0.450 < 10 02 01\n"
                      "  0.450 > 08 04 00\n"
                      "  0.470 > 03\n"
                      "  0.490 > packets [0, 160)\n"
                      "  0.510 < 11 50 00 00 00\n"
                      "  0.510 > packets [160, 240)\n"
                      "  0.510 < 11 a0 00 00 00\n"
                      "  0.510 > packets [240, 256)\n"
                      "  0.530 < 11 f0 00 00 00\n"
                      "  0.532 < 10 03 01\n"
                      "  0.532 > 04\n"
                      "  0.552 < 10 04 01\n"
                      "  0.552 > 05\n"
                      "  0.562 -- target starts its application, image installed\n"
                      "  0.562 -- link lost\n"
                      "  0.573 > watch\n"
                      "  1.073 done, seen application\n");
  assert_done(sim);
}

static void window_equal_to_receipts_is_stop_and_wait(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-single", 256);

  sim->config.receipt_packets = 8;
  sim->trace = g_string_new(NULL);
  sim_run(sim, HOUR_US);
  assert_non_null(strstr(sim->trace->str, "> 08 08 00\n"));
  assert_non_null(strstr(sim->trace->str, "> packets [0, 160)\n"
                                          "  0.210 < 11 a0 00 00 00\n"
                                          "  0.210 > packets [160, 256)\n"
                                          "  0.233 < 10 03 01\n"));
  assert_done(sim);
}

static guint32 most_in_flight;

static gboolean watch_flight(Sim *sim, const SimMessage *message)
{
  const DfuTransfer *transfer = &sim->controller.transfer;

  if (message->kind == SIM_TO_TARGET_PACKET)
    most_in_flight = MAX(most_in_flight, transfer->sent_bytes - transfer->confirmed_bytes);
  return TRUE;
}

static void never_more_than_a_window_is_in_flight(void **state G_GNUC_UNUSED)
{
  for (guint16 receipts = 1; receipts <= 8; receipts++)
    for (guint16 window = receipts; window <= 8; window++) {
      g_autoptr(Sim) sim = sim_new("sdk11-dual", 4000);

      most_in_flight = 0;
      sim->on_message = watch_flight;
      sim->config.receipt_packets = receipts;
      sim->config.window_packets = window;
      sim_run(sim, HOUR_US);
      assert_done(sim);
      assert_int_equal(most_in_flight, window * 20);
      assert_int_equal(sim->controller.total_sent_bytes, 4000);
    }
}

static void images_of_every_length_arrive(void **state G_GNUC_UNUSED)
{
  for (guint32 bytes = 4; bytes <= 400; bytes += 4) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", bytes);

    sim_run(sim, HOUR_US);
    assert_done(sim);
  }
}

/* --- answers that are not success -------------------------------------------------- */

static void each_status_at_each_stage_is_refused(void **state G_GNUC_UNUSED)
{
  static const guint8 opcodes[] = {DFU_OP_START, DFU_OP_INIT, DFU_OP_RECEIVE, DFU_OP_VALIDATE};

  for (gsize i = 0; i < G_N_ELEMENTS(opcodes); i++)
    for (guint8 status = 2; status <= 7; status++) {
      g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
      const guint8 answer[] = {0x10, opcodes[i], status};
      const DfuFailure *failure;

      replace_answer(sim, opcodes[i], answer, sizeof(answer));
      /* It has accepted Start, and refuses the one of the older protocol while its size is sent. */
      sim->is_lenient = opcodes[i] == DFU_OP_START && status == DFU_STATUS_NOT_SUPPORTED;
      sim_run(sim, HOUR_US);
      if (opcodes[i] == DFU_OP_START && status == 2) {
        assert_failed(sim, DFU_FAIL_FOREIGN);
        continue;
      }
      if (opcodes[i] == DFU_OP_VALIDATE && status == 5) {
        assert_failed(sim, DFU_FAIL_VALIDATION);
        continue;
      }
      failure = assert_failed(sim, DFU_FAIL_STATUS);
      assert_int_equal(failure->opcode, opcodes[i]);
      assert_int_equal(failure->status, status);
    }
}

static gboolean damage_a_packet(Sim *sim, const SimMessage *message)
{
  if (message->kind == SIM_TO_TARGET_PACKET && sim->controller.transfer.sent_bytes == 256)
    ((SimMessage *)message)->bytes[3] ^= 0x10;
  return TRUE;
}

static void damaged_image_fails_validation(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

  sim->on_message = damage_a_packet;
  sim_run(sim, HOUR_US);
  assert_int_equal(assert_failed(sim, DFU_FAIL_VALIDATION)->status, 5);
}

static void image_that_does_not_fit_is_refused(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
  const DfuFailure *failure;

  sim->target_config.flash_bytes = 128;
  sim_run(sim, HOUR_US);
  failure = assert_failed(sim, DFU_FAIL_STATUS);
  assert_int_equal(failure->opcode, DFU_OP_START);
  assert_int_equal(failure->status, DFU_STATUS_SIZE_LIMIT);
}

static void init_packet_for_another_device_is_refused(void **state G_GNUC_UNUSED)
{
  static const guint8 packet[] = {0x52, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0x01, 0x00, 0xfe, 0xff, 0xbd, 0x3f};
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
  const DfuFailure *failure;

  g_bytes_unref(sim->init_packet);
  sim->init_packet = g_bytes_new_static(packet, sizeof(packet));
  sim->target_config.device_type = 0x0001;
  sim_run(sim, HOUR_US);
  failure = assert_failed(sim, DFU_FAIL_STATUS);
  assert_int_equal(failure->opcode, DFU_OP_INIT);
  assert_int_equal(failure->status, DFU_STATUS_FAILED);
}

static void slow_flash_overruns_a_large_window(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 4000);
  const DfuFailure *failure;

  sim->config.receipt_packets = 20;
  sim->config.window_packets = 20;
  sim->target_config.write_packet_us = 50000;
  sim_run(sim, HOUR_US);
  failure = assert_failed(sim, DFU_FAIL_STATUS);
  assert_int_equal(failure->opcode, DFU_OP_RECEIVE);
  assert_int_equal(failure->status, DFU_STATUS_FAILED);
}

/* --- malformed, early, late, repeated, missing --------------------------------------- */

static void malformed_notifications_end_the_run(void **state G_GNUC_UNUSED)
{
  static const struct {
    guint8 opcode;
    guint8 bytes[8];
    gsize len;
  } cases[] = {
    {DFU_OP_START, {0x10}, 1},
    {DFU_OP_START, {0x10, 0x01}, 2},
    {DFU_OP_START, {0x10, 0x01, 0x01, 0x00}, 4},
    {DFU_OP_START, {0x00, 0x01, 0x01}, 3},
    {DFU_OP_INIT, {0xff, 0xff, 0xff}, 3},
    {DFU_OP_REPORT_SIZE, {0x10, 0x07, 0x01, 0x00}, 4},
    {DFU_OP_RECEIPT, {0x11, 0x50, 0x00}, 3},
    {DFU_OP_RECEIPT, {0x11, 0x50, 0x00, 0x00, 0x00, 0x00}, 6},
    {DFU_OP_VALIDATE, {0x12, 0x04, 0x01}, 3},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
    const DfuFailure *failure;

    replace_answer(sim, cases[i].opcode, cases[i].bytes, cases[i].len);
    sim_run(sim, HOUR_US);
    failure = assert_failed(sim, DFU_FAIL_MALFORMED);
    assert_int_equal(failure->n_bytes, cases[i].len);
    assert_memory_equal(failure->bytes, cases[i].bytes, cases[i].len);
  }
}

static void silence_at_each_stage_ends_within_its_limit(void **state G_GNUC_UNUSED)
{
  static const struct {
    guint8 opcode;
    gint64 at_most_s;
  } cases[] = {{ DFU_OP_START, 92}, {DFU_OP_INIT, 32}, {DFU_OP_VALIDATE, 32}};

  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

    replace_answer(sim, cases[i].opcode, NULL, 0);
    sim_run(sim, cases[i].at_most_s * G_USEC_PER_SEC);
    assert_int_equal(assert_failed(sim, DFU_FAIL_NO_ANSWER)->opcode, cases[i].opcode);
  }
}

static void target_without_size_report_is_updated_all_the_same(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

  replace_answer(sim, DFU_OP_REPORT_SIZE, NULL, 0);
  sim_run(sim, HOUR_US);
  assert_done(sim);
  assert_true(sim->notes & DFU_NOTE_NO_SIZE_REPORT);
}

/* Where nothing is sent, nothing is said of a transfer. */
static void missing_size_report_is_of_no_interest_without_an_image(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

  replace_answer(sim, DFU_OP_REPORT_SIZE, NULL, 0);
  sim->config.goal = DFU_GOAL_ENTER;
  sim_run(sim, HOUR_US);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_false(sim->notes & DFU_NOTE_NO_SIZE_REPORT);
}

static void lost_receipt_is_made_up_by_the_next(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 2000);

  replace_answer(sim, DFU_OP_RECEIPT, NULL, 0);
  sim_run(sim, 5 * G_USEC_PER_SEC);
  assert_done(sim);
  assert_true(sim->notes & DFU_NOTE_RECEIPT_MISSED);
}

static void all_receipts_of_a_window_lost_costs_one_count(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 2000);

  replace_answer(sim, DFU_OP_RECEIPT, NULL, 0);
  change.times = 2;
  sim_run(sim, 15 * G_USEC_PER_SEC);
  assert_done(sim);
  assert_true(sim->notes & DFU_NOTE_RECEIPT_MISSED);
  assert_int_equal(sim->controller.total_sent_bytes, 2000);
}

static void lost_received_is_made_up_after_a_minute(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

  replace_answer(sim, DFU_OP_RECEIVE, NULL, 0);
  sim_run(sim, 75 * G_USEC_PER_SEC);
  assert_done(sim);
}

static guint packet_to_drop;

static gboolean drop_a_packet(Sim *sim G_GNUC_UNUSED, const SimMessage *message)
{
  return message->kind != SIM_TO_TARGET_PACKET || --packet_to_drop != 0;
}

/* Packets 1 and 2 are the sizes and the init packet. */
static void lost_packet_is_noticed_and_never_activated(void **state G_GNUC_UNUSED)
{
  for (guint packet = 3; packet <= 102; packet++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", 2000);
    const DfuFailure *failure;

    packet_to_drop = packet;
    sim->on_message = drop_a_packet;
    sim_run(sim, 60 * G_USEC_PER_SEC);
    failure = assert_failed(sim, DFU_FAIL_PACKETS_LOST);
    assert_int_equal(failure->expected_bytes, 2000);
    assert_int_equal(failure->value_bytes, 1980);
  }
}

static void receipt_that_cannot_be_ends_the_run(void **state G_GNUC_UNUSED)
{
  static const guint8 counts[] = {0x3c, 0x51, 0x14, 0xf0, 0x00};

  for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
    const guint8 receipt[] = {0x11, counts[i], i == 4 ? 0x10 : 0, 0, 0};

    replace_answer(sim, DFU_OP_RECEIPT, receipt, sizeof(receipt));
    sim_run(sim, HOUR_US);
    assert_failed(sim, DFU_FAIL_RECEIPT);
  }
}

/** Each notification comes twice; the copy is known by a field that notifications do not use. */
static gboolean repeat_notification(Sim *sim, const SimMessage *message)
{
  SimMessage *copy;

  if (message->kind != SIM_TO_CONTROLLER || message->event.type != DFU_EVENT_NOTIFIED ||
      message->event.up.mtu != 0)
    return TRUE;
  copy = &sim->messages[sim->n_messages++];
  *copy = *message;
  copy->event.up.mtu = 1;
  copy->at_us += 1;
  return TRUE;
}

static void repeated_notifications_are_ignored(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 2000);

  sim->on_message = repeat_notification;
  sim_run(sim, HOUR_US);
  assert_done(sim);
  assert_true(sim->notes & DFU_NOTE_UNASKED);
}

static void answers_to_others_are_ignored(void **state G_GNUC_UNUSED)
{
  static const guint8 strays[][3] = {
    {0x10, 0x04, 0x01}, {0x10, 0x08, 0x03}, {0x10, 0x06, 0x02}, {0x10, 0x03, 0x02}
  };

  for (gsize i = 0; i < G_N_ELEMENTS(strays); i++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
    SimMessage *stray = &sim->messages[0];

    *stray = (SimMessage){
      .kind = SIM_TO_CONTROLLER,
      .at_us = sim->now_us + 300000, /* during the erase */
      .event.type = DFU_EVENT_NOTIFIED,
      .len = 3,
    };
    memcpy(stray->bytes, strays[i], 3);
    sim->n_messages = 1;
    sim_run(sim, HOUR_US);
    assert_done(sim);
    assert_true(sim->notes & DFU_NOTE_UNASKED);
  }
}

static void early_received_is_not_believed(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", 2000);
  static const guint8 received[] = {0x10, 0x03, 0x01};
  const DfuFailure *failure;

  replace_answer(sim, DFU_OP_RECEIPT, received, sizeof(received));
  sim_run(sim, HOUR_US);
  failure = assert_failed(sim, DFU_FAIL_EARLY_END);
  assert_int_equal(failure->expected_bytes, 2000);
}

/* --- ATT errors ------------------------------------------------------------------------ */

static const guint8 requests[] = {DFU_OP_REPORT_SIZE, DFU_OP_START,   DFU_OP_INIT,
                                  DFU_OP_REQUEST_RECEIPTS, DFU_OP_RECEIVE, DFU_OP_VALIDATE,
                                  DFU_OP_ACTIVATE};

static void passing_att_errors_are_tried_again(void **state G_GNUC_UNUSED)
{
  static const guint8 errors[] = {DFU_ATT_CCCD_IMPROPERLY_CONFIGURED,
                                  DFU_ATT_PROCEDURE_IN_PROGRESS};

  for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
    for (gsize j = 0; j < G_N_ELEMENTS(errors); j++) {
      g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);

      sim->att_opcode = requests[i];
      sim->att_error = errors[j];
      sim->att_times = 2;
      sim_run(sim, HOUR_US);
      assert_done(sim);
    }
}

static void lasting_att_errors_end_the_run(void **state G_GNUC_UNUSED)
{
  static const guint8 errors[] = {0x01, 0x03, 0x05, 0x08, 0x0d, 0x82, 0xfd, 0xfe};

  for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
    for (gsize j = 0; j < G_N_ELEMENTS(errors); j++) {
      g_autoptr(Sim) sim = sim_new("sdk11-dual", 256);
      const DfuFailure *failure;

      sim->att_opcode = requests[i];
      sim->att_error = errors[j];
      sim->att_times = 1000;
      sim_run(sim, HOUR_US);
      failure = assert_failed(sim, DFU_FAIL_ATT);
      assert_int_equal(failure->opcode, requests[i]);
      assert_int_equal(failure->att_error, errors[j]);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(update_of_256_bytes_goes_as_written),
    cmocka_unit_test(window_equal_to_receipts_is_stop_and_wait),
    cmocka_unit_test(never_more_than_a_window_is_in_flight),
    cmocka_unit_test(images_of_every_length_arrive),
    cmocka_unit_test(each_status_at_each_stage_is_refused),
    cmocka_unit_test(damaged_image_fails_validation),
    cmocka_unit_test(image_that_does_not_fit_is_refused),
    cmocka_unit_test(init_packet_for_another_device_is_refused),
    cmocka_unit_test(slow_flash_overruns_a_large_window),
    cmocka_unit_test(malformed_notifications_end_the_run),
    cmocka_unit_test(silence_at_each_stage_ends_within_its_limit),
    cmocka_unit_test(target_without_size_report_is_updated_all_the_same),
    cmocka_unit_test(missing_size_report_is_of_no_interest_without_an_image),
    cmocka_unit_test(lost_receipt_is_made_up_by_the_next),
    cmocka_unit_test(all_receipts_of_a_window_lost_costs_one_count),
    cmocka_unit_test(lost_received_is_made_up_after_a_minute),
    cmocka_unit_test(lost_packet_is_noticed_and_never_activated),
    cmocka_unit_test(receipt_that_cannot_be_ends_the_run),
    cmocka_unit_test(repeated_notifications_are_ignored),
    cmocka_unit_test(answers_to_others_are_ignored),
    cmocka_unit_test(early_received_is_not_believed),
    cmocka_unit_test(passing_att_errors_are_tried_again),
    cmocka_unit_test(lasting_att_errors_end_the_run),
  };

  return cmocka_run_group_tests_name("update", tests, NULL, NULL);
}
