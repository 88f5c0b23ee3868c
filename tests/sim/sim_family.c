/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every family of targets under the same stories: how each ends, what was sent
 * twice, and whether the device still has or can get firmware. The table is
 * printed, and no cell of it may leave a device to a cable that there was a
 * way for.
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#include <string.h>

#define IMAGE_BYTES 4000
#define LAST_MESSAGE 400 /* more than a run takes, with packets of 20 bytes */
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static gboolean is_used; /* what drop_first_receipt() does once in a run */

/** The values that the family bears, not those of sim_new(). */
static Sim *make(const char *name)
{
  Sim *sim = sim_new(name, IMAGE_BYTES);

  is_used = FALSE;
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

static void assert_traced(const Sim *sim, const char *line)
{
  if (strstr(sim->trace->str, line) == NULL)
    fail_msg("this is missing: %s\n%s", line, sim->trace->str);
}

static void assert_not_traced(const Sim *sim, const char *line)
{
  if (strstr(sim->trace->str, line) != NULL)
    fail_msg("this should not be there: %s\n%s", line, sim->trace->str);
}

static void assert_installed(const Sim *sim)
{
  assert_true(sim->ended);
  assert_int_equal(sim->n_terminal, 1);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_true(sim->application_is_new);
}

/* --- what a test tells the virtual air to do ------------------------------------------ */

static gboolean drop_first_receipt(Sim *sim G_GNUC_UNUSED, guint8 *bytes, gsize *len G_GNUC_UNUSED)
{
  gboolean is_dropped = bytes[0] == DFU_OP_RECEIPT && !is_used;

  is_used |= is_dropped;
  return !is_dropped;
}

/** A bit of the image that falls over on the way, each time that it is sent. */
static gboolean damage_an_image_packet(Sim *sim, const SimMessage *message)
{
  if (message->kind == SIM_TO_TARGET_PACKET && sim->controller.transfer.sent_bytes == 200)
    ((SimMessage *)message)->bytes[3] ^= 1;
  return TRUE;
}

/* --- every family -------------------------------------------------------------------- */

static void each_family_is_updated(void **state G_GNUC_UNUSED)
{
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  for (gsize i = 0; i < n; i++) {
    g_autoptr(Sim) sim = make(rows[i].name);

    run(sim);
    assert_installed(sim);
    assert_int_equal(sim->n_system_resets, 0);
    assert_int_equal(sim->notes & ~(guint)DFU_NOTE_V1, 0);
  }
}

static void each_family_is_entered_from_its_application(void **state G_GNUC_UNUSED)
{
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  for (gsize i = 0; i < n; i++) {
    g_autoptr(Sim) sim = make(rows[i].name);

    if (rows[i].is_application)
      continue;
    sim->in_application = TRUE;
    run(sim);
    assert_installed(sim);
    assert_int_equal(sim->n_jumps, 1);
  }
}

/** A target that lost everything by its own restart, and is off the air for that. */
static gboolean is_beyond_help(const Sim *sim)
{
  return sim->is_stranded && !sim->is_stranded_by_us && sim->n_restarts > 0;
}

/** Its counters outlive a session that was cut: only a restart of the watch helps. */
static gboolean needs_its_own_restart(const Sim *sim)
{
  return sim->target_config.personality->keeps_counters &&
         (sim->terminal.failure.reason == DFU_FAIL_EARLY_END ||
          sim->terminal.failure.reason == DFU_FAIL_NO_ANSWER);
}

static void assert_survived(const Sim *sim, guint message, const char *how)
{
  assert_true(sim->ended);
  assert_int_equal(sim->n_terminal, 1);
  assert_int_equal(sim->n_system_resets, 0);
  if (sim->terminal.type == DFU_ACTION_DONE)
    assert_true(sim->application_is_new);
  else if (!is_beyond_help(sim) && !needs_its_own_restart(sim))
    fail_msg("%s, message %u%s: not done\n%s", sim->target_config.personality->name, message, how,
             sim->trace->str);
}

static void run_with_loss(const DfuPersonality *row, guint message, gboolean delivered)
{
  g_autoptr(Sim) sim = make(row->name);

  sim->losses[0] = (SimLoss){message, delivered};
  sim->n_losses = 1;
  run(sim);
  assert_survived(sim, message, delivered ? " lost once it was delivered" : " lost");
}

/** No loss of the link is the end, but where the target itself makes it so. */
static void each_family_survives_each_single_loss(void **state G_GNUC_UNUSED)
{
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  for (gsize i = 0; i < n; i++)
    for (guint message = 1; message <= LAST_MESSAGE; message++)
      for (gboolean delivered = FALSE; delivered <= TRUE; delivered++)
        run_with_loss(&rows[i], message, delivered);
}

static guint death; /* the message at which the process dies */

static gboolean die_when_due(Sim *sim, const SimMessage *message)
{
  if (death == 0 || !message->over_link || sim->n_messages_delivered != death)
    return TRUE;
  death = 0;
  sim_die(sim);
  return FALSE;
}

/** Another process goes on with the journal as it was on disk, exact or far ahead. */
static void each_family_survives_each_death_of_the_process(void **state G_GNUC_UNUSED)
{
  static const guint32 steps[] = {0, 16384};
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  for (gsize i = 0; i < n; i++)
    for (gsize s = 0; s < G_N_ELEMENTS(steps); s++)
      for (guint message = 1; message <= LAST_MESSAGE; message++) {
        g_autoptr(Sim) sim = make(rows[i].name);

        death = message;
        sim->on_message = die_when_due;
        sim->config.save_step_bytes = steps[s];
        run(sim);
        assert_true(death == 0 || message > 20); /* each run has so many messages at least */
        assert_survived(sim, message, ", death of the process");
      }
}

/* --- the older protocol ---------------------------------------------------------------- */

static void v1_is_found_by_a_refused_start(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("sdk5");

  run(sim);
  assert_installed(sim);
  assert_true(sim->notes & DFU_NOTE_V1);
  assert_traced(sim, "> 01 04");
  assert_traced(sim, "< 10 01 03");
  assert_traced(sim, "> 01\n");
  assert_traced(sim, "> packets [0, 4)");
}

static void v1_that_is_known_is_not_asked_for(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("sdk5");

  sim->family = dfu_family_find("sdk4");
  run(sim);
  assert_installed(sim);
  assert_not_traced(sim, "> 01 04");
}

/** Its receipts fill 16 bits: the count of an image of more than 64 KiB wraps. */
static void v1_counts_that_wrap_are_understood(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk5", 70000);

  sim->losses[0] = (SimLoss){4400, TRUE}; /* behind byte 65536 */
  sim->n_losses = 1;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->controller.resumes, 1);
}

/* --- longer packets ---------------------------------------------------------------------- */

static void long_packets_are_proved_by_one_receipt(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("adafruit-0.10");

  run(sim);
  assert_installed(sim);
  assert_traced(sim, "> 08 01 00");
  assert_traced(sim, "> packets [0, 244)");
  assert_traced(sim, "< 11 f4 00 00 00");
  assert_traced(sim, "> 08 04 00");
}

/** Recognised as able and not able: the packet vanishes, the count says so, and nothing is lost. */
static void long_packets_that_vanish_are_shortened(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("adafruit-0.7");

  sim->family = dfu_family_find("adafruit-0.10");
  run(sim);
  assert_installed(sim);
  assert_true(sim->notes & DFU_NOTE_PACKETS_SHORTENED);
  assert_int_equal(sim->controller.packet_bytes, 20);
  assert_int_equal(sim->n_system_resets, 0);
}

static void receipt_of_the_proof_that_is_lost_is_made_up_for_by_the_count(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("adafruit-0.10");

  sim->on_notification = drop_first_receipt;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->controller.packet_bytes, 244);
}

/* --- packets that are held back ------------------------------------------------------------ */

/** At MTU 23 OTAFIX counts packets only once it has written them: they are flushed before the count. */
static void held_back_packets_are_flushed_before_they_are_counted(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("otafix-2.1");

  sim->mtu = 23;
  sim->losses[0] = (SimLoss){50, TRUE};
  sim->n_losses = 1;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->controller.resumes, 1);
  assert_int_equal(sim->resent_bytes, 0);
  assert_traced(sim, "> packets [0, 0)");
}

/** Once the next connection is made, the host and the target agree on more. */
static gboolean grow_mtu(Sim *sim, const SimMessage *message G_GNUC_UNUSED)
{
  if (sim->n_messages_delivered >= 50)
    sim->mtu = 247;
  return TRUE;
}

/** OTAFIX chose by the first packet how it takes all others. */
static void transfer_goes_on_with_packets_of_the_length_it_began_with(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("otafix-2.1");

  sim->mtu = 23;
  sim->on_message = grow_mtu;
  sim->losses[0] = (SimLoss){50, TRUE};
  sim->n_losses = 1;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->controller.resumes, 1);
  assert_int_equal(sim->controller.packet_bytes, 20);
}

/** The first packets never arrived, and the next connection has no room for others of their length. */
static gboolean shrink_mtu(Sim *sim, const SimMessage *message)
{
  if (message->kind == SIM_TO_TARGET_PACKET && message->len == 244 && sim->mtu == 0) {
    sim->mtu = 23;
    sim_lose_link(sim);
    return FALSE;
  }
  if (sim->n_messages_delivered == 100)
    sim_lose_link(sim);
  return sim->connected || !message->over_link;
}

/** What was sent and did not arrive is not what OTAFIX chose its way by. */
static void packets_that_never_arrived_chose_nothing(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("otafix-2.1");

  sim->on_message = shrink_mtu;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->controller.packet_bytes, 20);
  assert_int_equal(sim->controller.resumes, 1);
  assert_int_equal(sim->n_system_resets, 0);
  assert_traced(sim, "> packets [0, 0)");
}

static gboolean shrink_mtu_in_mid_image(Sim *sim, const SimMessage *message G_GNUC_UNUSED)
{
  if (sim->n_messages_delivered == 30)
    sim->mtu = 23;
  return TRUE;
}

/** Where it does not collect packets, short ones fill its buffers as fast as long ones. */
static void short_packets_behind_long_ones_are_not_sent_in_dozens(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("otafix-2.1");

  sim->on_message = shrink_mtu_in_mid_image;
  sim->losses[0] = (SimLoss){30, TRUE};
  sim->n_losses = 1;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->controller.resumes, 1);
  assert_int_equal(sim->controller.packet_bytes, 20);
  assert_int_equal(sim->controller.window_packets, 8);
  assert_int_equal(sim->n_system_resets, 0);
}

/** Forgets everything just when its packets have to be counted; from then on there is room for long ones. */
static gboolean restart_before_the_count(Sim *sim, const SimMessage *message G_GNUC_UNUSED)
{
  if (sim->n_messages_delivered == 50 && !is_used) {
    is_used = TRUE;
    sim->mtu = 247;
    sim_cut_power(sim);
    return FALSE;
  }
  return TRUE;
}

/** The empty packet is the first that a target sees which has restarted. */
static void empty_packet_chooses_too(void **state G_GNUC_UNUSED)
{
  for (guint message = 80; message < 110; message++) {
    g_autoptr(Sim) sim = make("otafix-2.1");

    sim->mtu = 23;
    sim->on_message = restart_before_the_count;
    sim->losses[0] = (SimLoss){message, TRUE};
    sim->n_losses = 1;
    run(sim);
    assert_installed(sim);
    assert_int_equal(sim->n_system_resets, 0);
  }
}

/* --- too fast --------------------------------------------------------------------------------- */

/** Flash that takes longer than a packet's way there and back, but not than a window of one. */
static Sim *make_slow(const char *name)
{
  Sim *sim = make(name);

  sim->target_config.write_packet_us = 18000;
  sim->target_config.erase_page_us = 1000;
  return sim;
}

static void window_is_halved_until_the_target_keeps_up(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("sdk11-single");

  sim->family = dfu_family_find("sdk-single");
  run(sim);
  assert_installed(sim);
  assert_true(sim->notes & DFU_NOTE_WINDOW_HALVED);
  assert_true(sim->n_system_resets > 0);
  assert_true(sim->controller.window_packets < 8);
}

/** One bank or two: the first reset needs consent, and shows what the next ones do. */
static void consent_to_one_reset_is_enough_where_the_target_comes_back(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("sdk11-single");

  sim->config.restart = true;
  run(sim);
  assert_installed(sim);
  assert_true(sim->n_system_resets > 1);
}

static void target_that_only_a_cable_would_reach_is_not_reset(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("adafruit-0.9");

  run(sim);
  assert_int_equal(sim->terminal.type, DFU_ACTION_FAILED);
  assert_int_equal(sim->terminal.failure.status, DFU_STATUS_FAILED);
  assert_int_equal(sim->n_system_resets, 0);
  assert_false(sim->is_stranded);
}

/** What its own firmware says of it outweighs the word of a user who has taken it for its sister. */
static void target_that_was_taken_for_another_is_not_reset_on_that_ground(
  void **state G_GNUC_UNUSED)
{
  static const char *const told[] = {"otafix", "adafruit-0.10", "sdk-single"};

  for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
    g_autoptr(Sim) sim = make_slow("adafruit-0.9");

    sim->family = dfu_family_find(told[i]);
    run(sim);
    assert_int_equal(sim->terminal.type, DFU_ACTION_FAILED);
    assert_int_equal(sim->n_system_resets, 0);
  }
}

static void target_with_an_application_that_was_entered_begins_anew_through_it(
  void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("sdk11-dual");

  sim->in_application = TRUE;
  run(sim);
  assert_installed(sim);
  assert_true(sim->n_system_resets > 0);
  assert_int_equal(sim->n_jumps, 1 + sim->n_system_resets);
}

/** One buffer: every reset on the way to a window of one leads through the application. */
static void application_is_entered_as_often_as_the_window_is_halved(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make_slow("sdk11-dual");
  DfuPersonality narrow = *sim->target_config.personality;

  narrow.receive_buffers = 1;
  sim->target_config.personality = &narrow;
  sim->in_application = TRUE;
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->n_system_resets, 3);
}

/* --- InfiniTime ----------------------------------------------------------------------------------- */

static void watch_is_left_in_peace_before_a_second_try(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("infinitime");

  sim->losses[0] = (SimLoss){40, TRUE};
  sim->n_losses = 1;
  run(sim);
  assert_installed(sim);
  assert_true(sim->controller.link_losses == 1 && sim->controller.resumes == 0);
  assert_true(sim->now_us - sim->began_us > 11 * G_USEC_PER_SEC);
  assert_not_traced(sim, "> 07");
  assert_not_traced(sim, "> 06");
}

/** Whatever is asked for: its buffer of 200 bytes has to become exactly full. */
static void watch_gets_packets_of_20_bytes(void **state G_GNUC_UNUSED)
{
  static const guint16 lengths[] = {12, 64, 244};

  for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
    g_autoptr(Sim) sim = make("infinitime");

    sim->config.packet_bytes = lengths[i];
    run(sim);
    assert_installed(sim);
    assert_int_equal(sim->controller.packet_bytes, 20);
  }
}

static void silence_of_a_watch_after_validate_is_a_damaged_image(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("infinitime");

  sim->on_message = damage_an_image_packet;
  run(sim);
  assert_int_equal(sim->terminal.type, DFU_ACTION_FAILED);
  assert_int_equal(sim->terminal.failure.reason, DFU_FAIL_VALIDATION);
}

/* --- applications -------------------------------------------------------------------------------- */

static void step(DfuController *controller, DfuEvent event, DfuUpdate *update)
{
  dfu_controller_step(controller, &event, update);
}

/** What a bootloader says of a Start that was sent before is no word of an application. */
static void late_answer_to_start_is_no_sign_of_an_application(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = make("sdk11-single");
  const DfuLinkFacts facts = {.mtu = 23, .has_revision = true, .revision = 8, .has_packet = true};
  const DfuEvent up = {
    .type = DFU_EVENT_LINK_UP, .up = facts, .family = dfu_family_find("sdk")};

  for (guint8 status = DFU_STATUS_SUCCESS; status <= DFU_STATUS_FAILED; status++) {
    const guint8 late[] = {DFU_OP_RESPONSE, DFU_OP_START, status};
    DfuController controller;
    DfuUpdate update;

    dfu_controller_init(&controller, &sim->config);
    step(&controller, (DfuEvent){.type = DFU_EVENT_BEGIN}, &update);
    step(&controller, up, &update);
    step(&controller, (DfuEvent){.type = DFU_EVENT_SUBSCRIBED}, &update);
    assert_int_equal(update.actions[0].bytes[0], DFU_OP_REPORT_SIZE);
    step(&controller, (DfuEvent){.type = DFU_EVENT_CONTROL_WRITTEN}, &update);
    step(&controller, (DfuEvent){.type = DFU_EVENT_NOTIFIED, .bytes = late, .len = sizeof(late)},
         &update);
    assert_int_equal(update.n_actions, 0);
    assert_true(update.notes & DFU_NOTE_UNASKED);
  }
}

static GBytes *for_another_softdevice(GBytes *packet)
{
  gsize len = g_bytes_get_size(packet);
  guint8 *bytes = g_memdup2(g_bytes_get_data(packet, NULL), len);

  bytes[10] = 0x01;
  bytes[11] = 0x00;
  return g_bytes_new_take(bytes, len);
}

/* It is dropped, and the target waits for another, from whoever comes. */
static void assert_refused_init_packet_may_be_followed(const char *personality)
{
  g_autoptr(Sim) sim = make(personality);
  GBytes *right = sim->init_packet;

  sim->init_packet = for_another_softdevice(right);
  run(sim);
  assert_int_equal(sim->terminal.type, DFU_ACTION_FAILED);
  assert_true(sim->disk.init_refused);
  assert_false(sim->disk.init_sent);

  g_bytes_unref(sim->init_packet);
  sim->init_packet = right;
  sim->ended = FALSE;
  sim->n_terminal = 0;
  sim_die(sim);
  run(sim);
  assert_installed(sim);
  assert_int_equal(sim->n_system_resets, 0);
  assert_int_equal(sim->most_init_bytes, 16);
}

static void right_init_packet_may_follow_a_refused_one(void **state G_GNUC_UNUSED)
{
  static const char *const personalities[] = {"sdk11-dual", "sdk11-single", "adafruit-0.7",
                                              "adafruit-0.9", "adafruit-0.10", "otafix-2.1"};

  for (gsize i = 0; i < G_N_ELEMENTS(personalities); i++)
    assert_refused_init_packet_may_be_followed(personalities[i]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_family_is_updated),
    cmocka_unit_test(each_family_is_entered_from_its_application),
    cmocka_unit_test(each_family_survives_each_single_loss),
    cmocka_unit_test(each_family_survives_each_death_of_the_process),
    cmocka_unit_test(v1_is_found_by_a_refused_start),
    cmocka_unit_test(v1_that_is_known_is_not_asked_for),
    cmocka_unit_test(v1_counts_that_wrap_are_understood),
    cmocka_unit_test(long_packets_are_proved_by_one_receipt),
    cmocka_unit_test(long_packets_that_vanish_are_shortened),
    cmocka_unit_test(receipt_of_the_proof_that_is_lost_is_made_up_for_by_the_count),
    cmocka_unit_test(held_back_packets_are_flushed_before_they_are_counted),
    cmocka_unit_test(transfer_goes_on_with_packets_of_the_length_it_began_with),
    cmocka_unit_test(packets_that_never_arrived_chose_nothing),
    cmocka_unit_test(short_packets_behind_long_ones_are_not_sent_in_dozens),
    cmocka_unit_test(empty_packet_chooses_too),
    cmocka_unit_test(window_is_halved_until_the_target_keeps_up),
    cmocka_unit_test(consent_to_one_reset_is_enough_where_the_target_comes_back),
    cmocka_unit_test(target_that_only_a_cable_would_reach_is_not_reset),
    cmocka_unit_test(target_that_was_taken_for_another_is_not_reset_on_that_ground),
    cmocka_unit_test(target_with_an_application_that_was_entered_begins_anew_through_it),
    cmocka_unit_test(application_is_entered_as_often_as_the_window_is_halved),
    cmocka_unit_test(watch_is_left_in_peace_before_a_second_try),
    cmocka_unit_test(watch_gets_packets_of_20_bytes),
    cmocka_unit_test(silence_of_a_watch_after_validate_is_a_damaged_image),
    cmocka_unit_test(late_answer_to_start_is_no_sign_of_an_application),
    cmocka_unit_test(right_init_packet_may_follow_a_refused_one),
  };

  return cmocka_run_group_tests_name("family", tests, NULL, NULL);
}
