/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests that end a connection, and of which nobody knows whether they were
 * heard: Activate and System Reset, lost on the way there or on the way back,
 * once or each time.
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#include <string.h>

#define IMAGE_BYTES 500
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

/* What the virtual air does to one request, and how often. */
static struct {
  guint8 opcode;
  guint times;
  guint n_heard; /* by the air */
} fault;

static Sim *make(const char *name, guint8 opcode, guint times)
{
  Sim *sim = sim_new(name, IMAGE_BYTES);

  fault.opcode = opcode;
  fault.times = times;
  fault.n_heard = 0;
  sim->config.packet_bytes = 0;
  sim->config.receipt_packets = 0;
  sim->config.window_packets = 0;
  return sim;
}

static void run(Sim *sim)
{
  if (sim->trace == NULL)
    sim->trace = g_string_new(NULL);
  sim_run(sim, HOUR_US);
}

/** A later run, with what the journal holds. */
static void run_again(Sim *sim)
{
  sim->ended = FALSE;
  sim->n_terminal = 0;
  sim_die(sim);
  sim_run(sim, HOUR_US);
}

static void assert_done(const Sim *sim)
{
  if (!sim->ended || sim->n_terminal != 1 || sim->terminal.type != DFU_ACTION_DONE)
    fail_msg("not done\n%s", sim->trace->str);
}

static void assert_installed(const Sim *sim)
{
  assert_done(sim);
  assert_true(sim->application_is_new);
}

static void assert_failed(const Sim *sim, DfuFailReason reason)
{
  if (!sim->ended || sim->n_terminal != 1)
    fail_msg("it did not end\n%s", sim->trace->str);
  assert_int_equal(sim->terminal.type, DFU_ACTION_FAILED);
  assert_int_equal(sim->terminal.failure.reason, reason);
}

static gboolean is_request(const SimMessage *message)
{
  return message->kind == SIM_TO_TARGET_CONTROL && message->bytes[0] == fault.opcode &&
         fault.n_heard++ < fault.times;
}

/* --- on the way there ------------------------------------------------------------------ */

static gboolean lose_request(Sim *sim, const SimMessage *message)
{
  if (!is_request(message))
    return TRUE;
  sim_lose_link(sim);
  return FALSE;
}

static gboolean lose_power_at_request(Sim *sim, const SimMessage *message)
{
  if (!is_request(message))
    return TRUE;
  sim_cut_power(sim);
  return FALSE;
}

/** It acts on the request, and is gone before it says so. */
static gboolean drop_acknowledgement(Sim *sim, const SimMessage *message)
{
  return message->kind != SIM_TO_CONTROLLER || message->event.type != DFU_EVENT_CONTROL_WRITTEN ||
         sim->controller.request[0] != fault.opcode || fault.n_heard++ >= fault.times;
}

/** And it is not on the air again. */
static gboolean leave_the_air(Sim *sim, const SimMessage *message)
{
  gboolean gets_through = drop_acknowledgement(sim, message);

  sim->absent |= !gets_through;
  return gets_through;
}

/* --- Activate ---------------------------------------------------------------------------- */

/** Nothing tells that from an image which does not start: it is sent once more. */
static void target_that_loses_power_at_activate_is_updated_once_more(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("sdk11-single", DFU_OP_ACTIVATE, 1);

  sim->on_message = lose_power_at_request;
  run(sim);
  assert_installed(sim);
  assert_true(sim->notes & DFU_NOTE_STARTS_OVER);
}

/** And a run that ends there leaves nothing behind that would end the next one too. */
static void target_that_is_found_empty_after_activate_is_no_reason_to_fail_for_ever(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("sdk11-single", DFU_OP_ACTIVATE, 2);

  sim->on_message = lose_power_at_request;
  run(sim);
  assert_failed(sim, DFU_FAIL_NOT_BACK);
  assert_false(sim->disk.activate_sent);
  run_again(sim);
  assert_installed(sim);
}

/** What it says of itself is the same before and after; twice is enough for the doubt. */
static void watch_that_restarts_without_a_word_is_updated_twice_at_most(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("infinitime", DFU_OP_ACTIVATE, G_MAXUINT);

  sim->on_message = drop_acknowledgement;
  run(sim);
  assert_installed(sim);
  assert_true(sim->notes & DFU_NOTE_ACTIVATE_UNHEARD);
  assert_true(sim->controller.total_sent_bytes <= 2 * IMAGE_BYTES);
}

/** No byte is confirmed in between: each time is one of the tries that the user grants. */
static void link_that_is_lost_at_each_activate_has_an_end(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("adafruit-0.9", DFU_OP_ACTIVATE, G_MAXUINT);

  sim->on_message = lose_request;
  run(sim);
  assert_failed(sim, DFU_FAIL_LINK);
  assert_int_equal(fault.n_heard, 1 + sim->config.retries);
  assert_true(sim->disk.validate_sent); /* a later run goes on from here */
  sim->on_message = NULL;
  run_again(sim);
  assert_installed(sim);
}

/* --- System Reset -------------------------------------------------------------------------- */

/** Flash that takes longer than a packet's way there and back: windows that are too large are refused. */
static Sim *make_slow(const char *name, guint times)
{
  Sim *sim = make(name, DFU_OP_RESET, times);

  sim->family = dfu_family_find("sdk-single");
  sim->target_config.write_packet_us = 18000;
  sim->target_config.erase_page_us = 1000;
  return sim;
}

/** What the target then still holds is ours, and no transfer of somebody else. */
static void reset_that_was_lost_on_its_way_is_sent_again(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("sdk11-single", 1);

  sim->on_message = lose_request;
  run(sim);
  assert_installed(sim);
}

static void reset_that_is_lost_each_time_has_an_end(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("sdk11-single", G_MAXUINT);

  sim->on_message = lose_request;
  run(sim);
  assert_failed(sim, DFU_FAIL_LINK);
  assert_int_equal(sim->n_system_resets, 0);
}

/** The device did not come back from it: it never went. */
static void reset_that_was_not_heard_shows_nothing_of_the_device(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("adafruit-0.9", 1);

  sim->family = NULL;
  sim->config.restart = true;
  sim->config.allow_cable = true;
  sim->config.window_packets = 16;
  sim->on_message = lose_request;
  run(sim);
  assert_true(fault.n_heard > 0);
  assert_false(sim->controller.comes_back);
}

static gboolean deny_image(Sim *sim G_GNUC_UNUSED, guint8 *bytes, gsize *len G_GNUC_UNUSED)
{
  if (bytes[0] == DFU_OP_RESPONSE && bytes[1] == DFU_OP_VALIDATE)
    bytes[2] = DFU_STATUS_CRC_ERROR;
  return TRUE;
}

/** Others may be called so, and a reset is for good on some of them. */
static void reset_is_not_sent_for_a_name_alone(void **state G_GNUC_UNUSED)
{
  for (guint is_hidden = 0; is_hidden <= 1; is_hidden++) {
    g_autoptr(Sim) sim = make("otafix-2.1", DFU_OP_RESET, 0);

    sim->hides_information = is_hidden;
    sim->on_notification = deny_image;
    run(sim);
    assert_failed(sim, DFU_FAIL_VALIDATION);
    assert_string_equal(sim->controller.family->name, "otafix");
    assert_int_equal(sim->n_system_resets > 0, !is_hidden);
  }
}

static Sim *make_reset(const char *name, const char *family, guint times)
{
  Sim *sim = make(name, DFU_OP_RESET, times);

  sim->config.goal = DFU_GOAL_RESET;
  sim->config.allow_cable = true;
  sim->family = dfu_family_find(family);
  return sim;
}

static void asked_for_reset_that_was_lost_on_its_way_is_sent_again(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_reset("sdk11-single", "sdk-single", 1);

  sim->on_message = lose_request;
  run(sim);
  assert_done(sim);
  assert_int_equal(sim->n_system_resets, 1);
}

static void asked_for_reset_that_is_lost_each_time_is_not_said_to_be_done(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_reset("sdk11-single", "sdk-single", G_MAXUINT);

  sim->on_message = lose_request;
  run(sim);
  assert_failed(sim, DFU_FAIL_LINK);
  assert_int_equal(sim->n_system_resets, 0);
}

/** What is there after it is the application: it has arrived. */
static void asked_for_reset_without_a_word_is_seen_by_what_follows(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_reset("sdk11-dual", "sdk-dual", G_MAXUINT);

  sim->on_message = drop_acknowledgement;
  run(sim);
  assert_done(sim);
  assert_int_equal(sim->n_system_resets, 1);
  assert_false(sim->notes & DFU_NOTE_RESET_UNHEARD);
}

static void asked_for_reset_without_a_word_or_a_device_is_done_with_a_warning(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_reset("adafruit-0.9", "adafruit-0.9", 1);

  sim->on_message = leave_the_air;
  run(sim);
  assert_done(sim);
  assert_int_equal(sim->n_system_resets, 1);
  assert_true(sim->notes & DFU_NOTE_RESET_UNHEARD);
}

/** What it shows then has nothing of DFU: only an application answers there. */
static void asked_for_reset_without_a_word_to_a_plain_application_is_done(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_reset("sdk11-dual", "sdk-dual", G_MAXUINT);

  sim->is_plain = TRUE;
  sim->on_message = drop_acknowledgement;
  run(sim);
  assert_done(sim);
  assert_int_equal(sim->n_system_resets, 1);
  assert_int_equal(sim->controller.failed_tries, 1);
}

/* --- leaving ------------------------------------------------------------------------------ */

/** A write that the target comes to after the disconnect makes some of them restart. */
static void nothing_is_left_while_a_write_is_not_acknowledged(void **state G_GNUC_UNUSED)
{
  static const guint8 cut[] = {DFU_OP_RESPONSE};
  g_autoptr(Sim) sim = make("adafruit-0.9", 0, 0);
  DfuEvent malformed = {.type = DFU_EVENT_NOTIFIED, .bytes = cut, .len = sizeof(cut)};
  DfuUpdate update;

  sim->trace = g_string_new(NULL);
  sim_run(sim, 35000);
  assert_true(g_str_has_suffix(sim->trace->str, "> 07\n"));
  malformed.now_us = sim->now_us;
  dfu_controller_step(&sim->controller, &malformed, &update);
  assert_int_equal(update.n_actions, 0);
  assert_int_equal(update.wake_us, sim->now_us + G_USEC_PER_SEC);
  sim->controller_wake_us = update.wake_us;
  run(sim);
  assert_failed(sim, DFU_FAIL_MALFORMED);
}

static void run_up_to(Sim *sim, const char *line)
{
  for (guint i = 0; i < 10000 && strstr(sim->trace->str, line) == NULL; i++)
    sim_run(sim, 1000);
}

/** The last bytes are counted before they are in flash; what ends with nobody to tell restarts. */
static void last_write_to_flash_is_waited_for(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("adafruit-0.9", 80);

  sim->trace = g_string_new(NULL);
  sim->target_config.write_packet_us = 300000;
  run_up_to(sim, "> packets [0, 80)");
  sim_run(sim, 15000);
  assert_int_equal(sim->target.received_bytes, 80);
  sim_lose_link(sim);
  run_up_to(sim, "< 10 01 02"); /* from here on a last write and "received" are waited for */
  sim_feed(sim, DFU_EVENT_CANCEL);
  run(sim);
  assert_failed(sim, DFU_FAIL_CANCELLED);
  sim_rest(sim, 5 * G_USEC_PER_SEC);
  assert_int_equal(sim->n_restarts, 0);
  run_again(sim);
  assert_installed(sim);
}

/** An erase that ends with nobody to tell restarts the target, and a dual bank one is at its start. */
static void erase_is_stayed_for_after_a_message_of_another_protocol(void **state G_GNUC_UNUSED)
{
  static const guint8 other[] = {0x60, 0x01};
  g_autoptr(Sim) sim = make("sdk11-single", 0, 0);
  DfuUpdate update;
  DfuEvent malformed = {.type = DFU_EVENT_NOTIFIED, .bytes = other, .len = sizeof(other)};

  sim->trace = g_string_new(NULL);
  sim->target_config.erase_page_us = 5 * G_USEC_PER_SEC;
  run_up_to(sim, "> packets [0, 12)");
  sim_run(sim, G_USEC_PER_SEC);
  malformed.now_us = sim->now_us;
  dfu_controller_step(&sim->controller, &malformed, &update);
  assert_int_equal(update.n_actions, 0);
  sim->controller_wake_us = update.wake_us;
  run(sim);
  assert_failed(sim, DFU_FAIL_MALFORMED);
  sim_rest(sim, 5 * G_USEC_PER_SEC);
  assert_int_equal(sim->n_restarts, 0);
  assert_true(sim->disk.start_accepted);
  run_again(sim);
  assert_installed(sim);
}

static gboolean drop_receipts(Sim *sim G_GNUC_UNUSED, guint8 *bytes, gsize *len G_GNUC_UNUSED)
{
  return bytes[0] != DFU_OP_RECEIPT;
}

static gboolean drop_counts(Sim *sim G_GNUC_UNUSED, guint8 *bytes, gsize *len G_GNUC_UNUSED)
{
  return bytes[1] != DFU_OP_REPORT_SIZE;
}

static gboolean cut_counts(Sim *sim G_GNUC_UNUSED, guint8 *bytes, gsize *len)
{
  *len = bytes[1] == DFU_OP_REPORT_SIZE ? 3 : *len;
  return TRUE;
}

/** A request that is not answered, or badly, says nothing of an erase that goes on meanwhile. */
static void erase_is_stayed_for_where_the_count_is_not_told(void **state G_GNUC_UNUSED)
{
  gboolean (*const faults[])(Sim *, guint8 *, gsize *) = {drop_counts, cut_counts};

  for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
    g_autoptr(Sim) sim = make("adafruit-0.9", 0, 0);

    sim->trace = g_string_new(NULL);
    sim->target_config.erase_page_us = 20 * G_USEC_PER_SEC;
    run_up_to(sim, "> packets [0, 12)");
    sim_run(sim, G_USEC_PER_SEC / 10);
    sim_lose_link(sim);
    sim->on_notification = faults[i];
    run(sim);
    assert_failed(sim, i == 0 ? DFU_FAIL_NO_ANSWER : DFU_FAIL_MALFORMED);
    sim_rest(sim, 60 * G_USEC_PER_SEC);
    assert_int_equal(sim->n_restarts, 0);
    assert_true(sim->disk.start_accepted);
  }
}

/** Only what this run has seen of the device is worth to be had back first. */
static void wish_to_stop_before_the_first_connection_is_granted(void **state G_GNUC_UNUSED)
{
  for (guint at_ms = 0; at_ms <= 1000; at_ms += 1000) {
    g_autoptr(Sim) sim = make("sdk11-dual", 0, 0);
    const DfuEvent cancel = {.type = DFU_EVENT_CANCEL};
    DfuUpdate update;

    sim->config.known.start_sent = true;
    sim->absent = TRUE;
    if (at_ms == 0) { /* before the first event of all */
      dfu_controller_init(&sim->controller, &sim->config);
      dfu_controller_step(&sim->controller, &cancel, &update);
      assert_int_equal(update.n_actions, 1);
      assert_int_equal(update.actions[0].type, DFU_ACTION_FAILED);
      continue;
    }
    sim->trace = g_string_new(NULL);
    sim_run(sim, at_ms * 1000);
    sim_feed(sim, DFU_EVENT_CANCEL);
    sim_run(sim, 5 * G_USEC_PER_SEC);
    assert_failed(sim, DFU_FAIL_CANCELLED);
  }
}

/** What is sent while another request is not acknowledged would be taken for that. */
static void nothing_begins_anew_before_the_last_request_is_acknowledged(
  void **state G_GNUC_UNUSED)
{
  static const guint8 impossible[] = {DFU_OP_RECEIPT, 1, 0, 0, 0};
  g_autoptr(Sim) sim = make("sdk11-single", 0, 0);
  DfuEvent receipt = {.type = DFU_EVENT_NOTIFIED, .bytes = impossible, .len = sizeof(impossible)};
  DfuUpdate update;

  sim->family = dfu_family_find("sdk-single");
  sim->trace = g_string_new(NULL);
  sim->on_notification = drop_receipts;
  run_up_to(sim, "> packets [0, 160)");
  g_string_truncate(sim->trace, 0);
  for (guint s = 0; s < 60 && sim->n_terminal == 0 && strstr(sim->trace->str, "> 07") == NULL; s++)
    run_up_to(sim, "> 07");
  assert_non_null(strstr(sim->trace->str, "> 07"));
  receipt.now_us = sim->now_us;
  dfu_controller_step(&sim->controller, &receipt, &update);
  for (gsize i = 0; i < update.n_actions; i++)
    assert_int_not_equal(update.actions[i].type, DFU_ACTION_WRITE_CONTROL);
}

/** It is too late for that image, but not for the wait that follows. */
static void wish_to_stop_at_activate_spares_the_wait(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("sdk11-dual", 0, 0);
  gint64 asked_us;

  sim->trace = g_string_new(NULL);
  sim->config.watch_us = HOUR_US;
  run_up_to(sim, "> 05");
  sim->is_plain = TRUE;
  asked_us = sim->now_us;
  sim_feed(sim, DFU_EVENT_CANCEL);
  run(sim);
  assert_installed(sim);
  assert_true(sim->now_us - asked_us < 20 * G_USEC_PER_SEC);
}

/** Where it has to be seen back, what nobody waited to see is no success. */
static void wish_to_stop_is_no_sight_of_the_device(void **state G_GNUC_UNUSED)
{
  static const char *const moments[] = {"> 05", "> watch"};

  for (guint i = 0; i < G_N_ELEMENTS(moments); i++) {
    g_autoptr(Sim) sim = make("sdk11-dual", 0, 0);

    sim->trace = g_string_new(NULL);
    sim->config.watch_us = HOUR_US;
    sim->config.require_back = true;
    run_up_to(sim, moments[i]);
    sim_feed(sim, DFU_EVENT_CANCEL);
    run(sim);
    assert_true(sim->application_is_new);
    assert_failed(sim, DFU_FAIL_NOT_BACK);
    assert_int_equal(sim->terminal.failure.seen, DFU_SEEN_NOTHING);
    assert_true(sim->terminal.failure.is_unwatched);
    assert_false(sim->disk.start_sent);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(target_that_loses_power_at_activate_is_updated_once_more),
    cmocka_unit_test(target_that_is_found_empty_after_activate_is_no_reason_to_fail_for_ever),
    cmocka_unit_test(watch_that_restarts_without_a_word_is_updated_twice_at_most),
    cmocka_unit_test(link_that_is_lost_at_each_activate_has_an_end),
    cmocka_unit_test(reset_that_was_lost_on_its_way_is_sent_again),
    cmocka_unit_test(reset_that_is_lost_each_time_has_an_end),
    cmocka_unit_test(reset_that_was_not_heard_shows_nothing_of_the_device),
    cmocka_unit_test(reset_is_not_sent_for_a_name_alone),
    cmocka_unit_test(asked_for_reset_that_was_lost_on_its_way_is_sent_again),
    cmocka_unit_test(asked_for_reset_that_is_lost_each_time_is_not_said_to_be_done),
    cmocka_unit_test(asked_for_reset_without_a_word_is_seen_by_what_follows),
    cmocka_unit_test(asked_for_reset_without_a_word_or_a_device_is_done_with_a_warning),
    cmocka_unit_test(erase_is_stayed_for_after_a_message_of_another_protocol),
    cmocka_unit_test(asked_for_reset_without_a_word_to_a_plain_application_is_done),
    cmocka_unit_test(erase_is_stayed_for_where_the_count_is_not_told),
    cmocka_unit_test(wish_to_stop_before_the_first_connection_is_granted),
    cmocka_unit_test(nothing_begins_anew_before_the_last_request_is_acknowledged),
    cmocka_unit_test(wish_to_stop_at_activate_spares_the_wait),
    cmocka_unit_test(wish_to_stop_is_no_sight_of_the_device),
    cmocka_unit_test(nothing_is_left_while_a_write_is_not_acknowledged),
    cmocka_unit_test(last_write_to_flash_is_waited_for),
  };

  return cmocka_run_group_tests_name("unheard", tests, NULL, NULL);
}
