/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The link is lost at every message of a run, before and after it arrives, and
 * at every pair of messages; the user stops at every message. Whatever
 * happens, the run ends once, and success is never claimed for an image that
 * the target did not install.
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#include <string.h>

#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define IMAGE_BYTES 256
#define INIT_BYTES 16         /* 14, padded to words by the target */
#define RECEIVE_BUFFERS_BYTES 160 /* an image that no slow flash makes overflow: 8 packets */
#define LAST_MESSAGE 60       /* beyond the end of an undisturbed run */
#define LAST_SECOND_MESSAGE 110

static const char *const personalities[] = {"sdk11-dual", "sdk11-single"};

/* --- losses ---------------------------------------------------------------------- */

static void assert_safe(const Sim *sim)
{
  assert_true(sim->ended);
  assert_int_equal(sim->n_terminal, 1);
  assert_int_equal(sim->n_system_resets, 0);
  assert_true(sim->most_init_bytes <= INIT_BYTES);
  if (sim->terminal.type == DFU_ACTION_DONE)
    assert_true(sim->application_is_new);
}

/** A target that restarted by itself runs its old application, and is sent back into DFU mode. */
static void assert_done(const Sim *sim)
{
  assert_safe(sim);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
}

static void run_with_losses(const char *personality, SimLoss first, SimLoss second)
{
  g_autoptr(Sim) sim = sim_new(personality, IMAGE_BYTES);

  sim->losses[0] = first;
  sim->losses[1] = second;
  sim->n_losses = 2;
  sim_run(sim, HOUR_US);
  assert_done(sim);
}

static void every_single_loss_is_survived(void **state G_GNUC_UNUSED)
{
  for (gsize p = 0; p < G_N_ELEMENTS(personalities); p++)
    for (guint message = 1; message <= LAST_MESSAGE; message++)
      for (gboolean delivered = FALSE; delivered <= TRUE; delivered++)
        run_with_losses(personalities[p], (SimLoss){message, delivered}, (SimLoss){0, FALSE});
}

static void every_pair_of_losses_is_survived(void **state G_GNUC_UNUSED)
{
  for (gsize p = 0; p < G_N_ELEMENTS(personalities); p++)
    for (guint a = 1; a <= LAST_MESSAGE; a++)
      for (guint b = a + 1; b <= LAST_SECOND_MESSAGE; b++)
        for (guint delivered = 0; delivered < 4; delivered++)
          run_with_losses(personalities[p], (SimLoss){a, delivered & 1},
                          (SimLoss){b, (delivered & 2) != 0});
}

static void loss_in_mid_image_resumes_where_the_target_stopped(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", IMAGE_BYTES);
  const char *again;

  sim->trace = g_string_new(NULL);
  sim->losses[0] = (SimLoss){27, FALSE};
  sim->n_losses = 1;
  sim_run(sim, HOUR_US);
  again = strstr(sim->trace->str, "-- link lost");
  assert_non_null(again);
  assert_string_equal(again, "-- link lost\n"
                             "  1.010 > connect\n"
                             "  1.020 > subscribe\n"
                             "  1.040 > 07\n"
                             "  1.060 < 10 07 01 3c 00 00 00\n"
                             "  1.060 > 01 04\n"
                             "  1.080 > packets [0, 12)\n"
                             "  1.100 < 10 01 02\n"
                             "  1.100 > 08 04 00\n"
                             "  1.120 > 03\n"
                             "  1.140 > packets [60, 220)\n"
                             "  1.160 < 11 8c 00 00 00\n"
                             "  1.160 > packets [220, 256)\n"
                             "  1.160 < 11 dc 00 00 00\n"
                             "  1.181 < 10 03 01\n"
                             "  1.181 > 04\n"
                             "  1.201 < 10 04 01\n"
                             "  1.201 > 05\n"
                             "  1.211 -- target starts its application, image installed\n"
                             "  1.211 -- link lost\n"
                             "  1.221 > watch\n"
                             "  1.721 done, seen application\n");
  assert_int_equal(sim->controller.resumes, 1);
  assert_int_equal(sim->controller.link_losses, 1);
}

static guint8 false_count;

/** The count that is reported after the loss is another, until the target is reset. */
static gboolean falsify_count(Sim *sim, guint8 *bytes, gsize *len)
{
  if (*len == 7 && bytes[1] == DFU_OP_REPORT_SIZE && sim->controller.link_losses == 1 &&
      sim->n_system_resets == 0)
    bytes[3] = false_count;
  return TRUE;
}

/* 80 bytes were confirmed and 240 sent when the link is lost. */
static void count_that_cannot_be_ours_is_not_believed(void **state G_GNUC_UNUSED)
{
  static const guint8 counts[] = {76, 4, 82, 244, 252};

  for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", IMAGE_BYTES);

    false_count = counts[i];
    sim->on_notification = falsify_count;
    sim->losses[0] = (SimLoss){33, FALSE};
    sim->n_losses = 1;
    sim_run(sim, HOUR_US);
    assert_safe(sim);
    assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_OFFSET);
    assert_int_equal(sim->terminal.failure.value_bytes, counts[i]);
    assert_int_equal(sim->terminal.failure.expected_bytes, sim->controller.total_sent_bytes);
    assert_false(sim->disk.start_sent);
  }
}

static void count_that_cannot_be_ours_is_reset_with_consent(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-single", IMAGE_BYTES);

  false_count = 252;
  sim->on_notification = falsify_count;
  sim->losses[0] = (SimLoss){33, FALSE};
  sim->n_losses = 1;
  sim->config.restart = true;
  sim_run(sim, HOUR_US);
  assert_int_equal(sim->n_system_resets, 1);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_true(sim->application_is_new);
}

/* --- a device that does not come back ------------------------------------------------ */

static gboolean vanish(Sim *sim, const SimMessage *message)
{
  if (message->kind == SIM_TO_TARGET_PACKET && sim->controller.transfer.sent_bytes > 0)
    sim->absent = TRUE;
  return TRUE;
}

static void device_that_vanishes_is_looked_for_as_often_as_told(void **state G_GNUC_UNUSED)
{
  for (guint retries = 0; retries < 4; retries++) {
    g_autoptr(Sim) sim = sim_new("sdk11-dual", IMAGE_BYTES);
    guint tries = 0;

    sim->trace = g_string_new(NULL);
    sim->on_message = vanish;
    sim->losses[0] = (SimLoss){25, TRUE};
    sim->n_losses = 1;
    sim->config.retries = retries;
    sim_run(sim, HOUR_US);
    assert_safe(sim);
    assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_LINK);
    assert_true(sim->terminal.failure.link_was_up);
    for (const char *at = sim->trace->str; (at = strstr(at, "> connect\n")) != NULL; at++)
      tries++;
    assert_int_equal(tries, 1 + retries);
  }
}

static void deadline_ends_the_looking(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", IMAGE_BYTES);

  sim->on_message = vanish;
  sim->losses[0] = (SimLoss){25, TRUE};
  sim->n_losses = 1;
  sim->config.retries = 1000;
  sim->config.deadline_us = sim->now_us + 100 * G_USEC_PER_SEC;
  sim_run(sim, 140 * G_USEC_PER_SEC);
  assert_safe(sim);
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_LINK);
}

static void device_never_heard_is_not_found_at_once(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", IMAGE_BYTES);

  sim->absent = TRUE;
  sim_run(sim, 31 * G_USEC_PER_SEC);
  assert_safe(sim);
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_NOT_FOUND);
  assert_false(sim->terminal.failure.link_was_up);
}

/* --- what is there already ------------------------------------------------------------- */

static void device_in_its_application_is_sent_into_its_bootloader(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-dual", IMAGE_BYTES);

  sim->in_application = TRUE;
  sim_run(sim, HOUR_US);
  assert_done(sim);
  assert_int_equal(sim->n_jumps, 1);
}

/** A run that is cut in mid-image, and a second run, with another image, that finds what it left. */
static Sim *run_after_another(const char *personality, gboolean restart)
{
  g_autoptr(Sim) before = sim_new(personality, IMAGE_BYTES);
  Sim *sim = sim_new(personality, 1000);

  before->on_message = vanish;
  before->losses[0] = (SimLoss){27, TRUE};
  before->n_losses = 1;
  before->config.retries = 0;
  sim_run(before, HOUR_US);
  assert_int_equal(before->terminal.failure.reason, DFU_FAIL_LINK);

  sim->config.restart = restart;
  dfu_controller_init(&sim->controller, &sim->config);
  sim->target = before->target;
  sim->target.config.flash = sim->flash;
  sim->now_us = before->now_us;
  sim_feed(sim, DFU_EVENT_BEGIN);
  sim_run(sim, HOUR_US);
  return sim;
}

static void transfer_of_another_is_not_touched(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = run_after_another("sdk11-single", FALSE);

  assert_safe(sim);
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_FOREIGN);
  assert_int_equal(sim->terminal.failure.value_bytes, sim->target.received_bytes);
  assert_true(sim->target.received_bytes > 0);
  assert_int_equal(sim->target.stage, DFU_TARGET_DATA);
}

static void transfer_of_another_is_reset_with_consent(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = run_after_another("sdk11-single", TRUE);

  assert_int_equal(sim->n_system_resets, 1);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_true(sim->application_is_new);
}

static void reset_of_a_dual_bank_target_starts_its_application_which_is_left_again(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = run_after_another("sdk11-dual", TRUE);

  assert_int_equal(sim->n_system_resets, 1);
  assert_int_equal(sim->n_jumps, 1);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
}

/* --- the user stops -------------------------------------------------------------------- */

static guint stop_at;

static gboolean stop(Sim *sim, const SimMessage *message)
{
  if (message->over_link && sim->n_messages_delivered == stop_at)
    sim_feed(sim, DFU_EVENT_CANCEL);
  return TRUE;
}

static void stop_and_look(const char *personality, gint64 write_us, guint loss_at)
{
  g_autoptr(Sim) sim = sim_new(personality, RECEIVE_BUFFERS_BYTES);

  sim->on_message = stop;
  sim->n_losses = loss_at > 0 ? 1 : 0;
  sim->losses[0].message = loss_at;
  sim->target_config.write_packet_us = write_us;
  sim_run(sim, HOUR_US);
  assert_safe(sim);
  assert_false(sim->connected);
  if (sim->terminal.type == DFU_ACTION_DONE)
    return;
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_CANCELLED);
  if (loss_at == 0) /* else it may not have been asked how far it came */
    assert_int_equal(sim->terminal.failure.value_bytes, sim->target.received_bytes);
  assert_true(sim->terminal.failure.value_bytes <= sim->target.received_bytes);
  sim_rest(sim, G_USEC_PER_SEC * 60); /* less than its inactivity timer */
  assert_int_equal(sim->n_restarts, 0);
  assert_int_not_equal(sim->target.stage, DFU_TARGET_PREPARING);
}

/** Stopped anywhere, the target keeps what it has and does not restart; the link is given up. */
static void stopping_anywhere_leaves_the_target_alive(void **state G_GNUC_UNUSED)
{
  static const gint64 write_us[] = {500, 20000, 200000};

  for (gsize p = 0; p < G_N_ELEMENTS(personalities); p++)
    for (gsize w = 0; w < G_N_ELEMENTS(write_us); w++)
      for (stop_at = 1; stop_at <= LAST_MESSAGE; stop_at++)
        stop_and_look(personalities[p], write_us[w], 0);
}

static void stopping_anywhere_after_a_loss_leaves_the_target_alive(void **state G_GNUC_UNUSED)
{
  for (gsize p = 0; p < G_N_ELEMENTS(personalities); p++)
    for (guint loss_at = 1; loss_at <= LAST_MESSAGE; loss_at++)
      for (stop_at = loss_at + 1; stop_at <= 2 * LAST_MESSAGE; stop_at++)
        stop_and_look(personalities[p], 500, loss_at);
}

static void stopping_during_the_erase_waits_for_its_end(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-single", IMAGE_BYTES);

  sim->target_config.erase_page_us = 20 * G_USEC_PER_SEC;
  sim_run(sim, 2 * G_USEC_PER_SEC);
  assert_int_equal(sim->target.stage, DFU_TARGET_PREPARING);
  sim_feed(sim, DFU_EVENT_CANCEL);
  sim_run(sim, 10 * G_USEC_PER_SEC);
  assert_false(sim->ended);
  sim_run(sim, 10 * G_USEC_PER_SEC);
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_CANCELLED);
  assert_int_equal(sim->target.stage, DFU_TARGET_READY);
}

/** The link is lost while the target erases, and the user stops before it is had back. */
static Sim *stop_during_the_erase(guint times)
{
  Sim *sim = sim_new("sdk11-single", IMAGE_BYTES);

  sim->target_config.erase_page_us = 3 * G_USEC_PER_SEC;
  sim_run(sim, 100000); /* Start and its sizes are there */
  assert_int_equal(sim->target.stage, DFU_TARGET_PREPARING);
  sim_lose_link(sim);
  sim_run(sim, 100000);
  for (guint i = 0; i < times; i++)
    sim_feed(sim, DFU_EVENT_CANCEL);
  sim_run(sim, HOUR_US);
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_CANCELLED);
  sim_rest(sim, 60 * G_USEC_PER_SEC);
  return sim;
}

static void target_that_erases_is_had_back_before_it_is_left(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = stop_during_the_erase(1);

  assert_int_equal(sim->n_restarts, 0);
  assert_int_equal(sim->target.stage, DFU_TARGET_READY);
}

static void second_wish_to_stop_leaves_a_target_that_erases(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = stop_during_the_erase(2);

  assert_int_equal(sim->n_restarts, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_single_loss_is_survived),
    cmocka_unit_test(every_pair_of_losses_is_survived),
    cmocka_unit_test(loss_in_mid_image_resumes_where_the_target_stopped),
    cmocka_unit_test(count_that_cannot_be_ours_is_not_believed),
    cmocka_unit_test(count_that_cannot_be_ours_is_reset_with_consent),
    cmocka_unit_test(device_that_vanishes_is_looked_for_as_often_as_told),
    cmocka_unit_test(deadline_ends_the_looking),
    cmocka_unit_test(device_never_heard_is_not_found_at_once),
    cmocka_unit_test(device_in_its_application_is_sent_into_its_bootloader),
    cmocka_unit_test(transfer_of_another_is_not_touched),
    cmocka_unit_test(transfer_of_another_is_reset_with_consent),
    cmocka_unit_test(reset_of_a_dual_bank_target_starts_its_application_which_is_left_again),
    cmocka_unit_test(stopping_anywhere_leaves_the_target_alive),
    cmocka_unit_test(stopping_anywhere_after_a_loss_leaves_the_target_alive),
    cmocka_unit_test(stopping_during_the_erase_waits_for_its_end),
    cmocka_unit_test(target_that_erases_is_had_back_before_it_is_left),
    cmocka_unit_test(second_wish_to_stop_leaves_a_target_that_erases),
  };

  return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
