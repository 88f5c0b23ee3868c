/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random schedules of everything that goes wrong between a controller and a
 * target. Each follows from its seed alone.
 *
 *   SIM_RUNS=1000000 sim_random     that many schedules instead of 100 000
 *   SIM_SEED=42 sim_random          this one, with its trace
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RUNS 100000
#define INIT_BYTES 16 /* 14, padded to words by the target */
#define FAULTS_US (G_GINT64_CONSTANT(600) * G_USEC_PER_SEC)  /* then the air is clean */
#define PATIENCE_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC) /* and a run ends within this */

/* --- chance ---------------------------------------------------------------------- */

static guint32 random_state;

static guint32 next_random(void)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static guint32 below(guint32 limit)
{
  return next_random() % limit;
}

static gboolean one_in(guint32 n)
{
  return n > 0 && below(n) == 0;
}

static const guint32 *pick(const guint32 *values, gsize n)
{
  return &values[below((guint32)n)];
}

/* --- what can go wrong: one message in so many, 0 for never -------------------------- */

static struct {
  guint32 loss;
  guint32 notification_dropped;
  guint32 notification_repeated;
  guint32 notification_cut;
  guint32 packet_dropped; /* by the host: leaves a hole that no count shows, but Validate finds */
  guint32 receipt_shifted; /* off by a packet */
  guint32 delay;          /* messages take longer, or less long, from now on */
  guint32 flash_error;
  guint32 restart;        /* the target loses power */
  guint32 death;          /* the controller's process dies */
  guint32 other_central;  /* comes in between when the link is lost */
  guint32 stop;           /* the user stops */
} odds;

static gint64 faults_end_us;

static void choose_odds(Sim *sim)
{
  static const guint32 rare[] = {0, 0, 20, 60, 200};
  static const guint32 seldom[] = {0, 0, 0, 0, 100, 400};
  static const guint32 att_errors[] = {DFU_ATT_CCCD_IMPROPERLY_CONFIGURED,
                                       DFU_ATT_PROCEDURE_IN_PROGRESS, 0x0e};

  odds.loss = *pick(rare, G_N_ELEMENTS(rare));
  odds.notification_dropped = *pick(seldom, G_N_ELEMENTS(seldom));
  odds.notification_repeated = *pick(seldom, G_N_ELEMENTS(seldom));
  odds.notification_cut = *pick(seldom, G_N_ELEMENTS(seldom)) * 4;
  odds.packet_dropped = *pick(seldom, G_N_ELEMENTS(seldom)) * 4;
  odds.receipt_shifted = *pick(seldom, G_N_ELEMENTS(seldom)) * 2;
  odds.delay = *pick(rare, G_N_ELEMENTS(rare));
  odds.flash_error = *pick(seldom, G_N_ELEMENTS(seldom)) * 4;
  odds.restart = *pick(seldom, G_N_ELEMENTS(seldom)) * 2;
  odds.death = *pick(seldom, G_N_ELEMENTS(seldom));
  odds.other_central = *pick(seldom, G_N_ELEMENTS(seldom)) / 50;
  odds.stop = *pick(seldom, G_N_ELEMENTS(seldom)) * 8;
  if (one_in(4)) {
    sim->att_error = (guint8)*pick(att_errors, G_N_ELEMENTS(att_errors));
    sim->att_opcode = (guint8)(1 + below(8));
    sim->att_times = 1 + below(3);
  }
}

/* --- and how ------------------------------------------------------------------------- */

/** Somebody else connects while we are away, and begins something. */
static void let_other_central_in(Sim *sim)
{
  static const guint8 modes[] = {DFU_MODE_APPLICATION, DFU_MODE_BOOTLOADER, DFU_MODE_SOFTDEVICE};
  const guint8 start[] = {DFU_OP_START, modes[below(3)]};
  const DfuImageSizes sizes = {.application_bytes = 4 * (1 + below(100))};
  guint8 bytes[DFU_WIRE_MAX_BYTES];

  if (sim->in_application)
    return;
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_CONNECTED, .mtu = 23});
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_SUBSCRIBED, .notify = true});
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_CONTROL, .bytes = start, .len = 2});
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_PACKET,
                                        .bytes = bytes,
                                        .len = dfu_wire_put_sizes(bytes, &sizes)});
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_DISCONNECTED});
}

static void lose(Sim *sim)
{
  sim_lose_link(sim);
  if (one_in(odds.other_central))
    let_other_central_in(sim);
}

static gboolean on_notification(Sim *sim, guint8 *bytes, gsize *len)
{
  if (sim->now_us > faults_end_us)
    return TRUE;
  if (one_in(odds.notification_dropped))
    return FALSE;
  if (bytes[0] == DFU_OP_RECEIPT && one_in(odds.receipt_shifted))
    bytes[1] += one_in(2) ? 20 : (guint8)-20;
  if (one_in(odds.notification_cut))
    *len = below((guint32)*len);
  return TRUE;
}

static void repeat(Sim *sim, const SimMessage *message)
{
  if (sim->n_messages < SIM_MAX_MESSAGES - 64) {
    sim->messages[sim->n_messages] = *message;
    sim->messages[sim->n_messages++].at_us += 1 + below(20000);
  }
}

static gboolean on_message(Sim *sim, const SimMessage *message)
{
  static const guint32 latencies_us[] = {1000, 10000, 50000, 400000};

  gboolean is_notification =
    message->kind == SIM_TO_CONTROLLER && message->event.type == DFU_EVENT_NOTIFIED;

  if (!message->over_link || sim->now_us > faults_end_us)
    return TRUE;
  if (one_in(odds.loss)) {
    lose(sim);
    return FALSE;
  }
  if (one_in(odds.restart)) {
    sim_cut_power(sim);
    return FALSE;
  }
  if (one_in(odds.flash_error))
    sim_fail_flash(sim);
  if (one_in(odds.delay))
    sim->latency_us = *pick(latencies_us, G_N_ELEMENTS(latencies_us));
  if (one_in(odds.death)) {
    sim_die(sim);
    return FALSE;
  }
  if (one_in(odds.stop))
    sim_feed(sim, DFU_EVENT_CANCEL);
  if (is_notification && one_in(odds.notification_repeated))
    repeat(sim, message);
  return message->kind != SIM_TO_TARGET_PACKET || !one_in(odds.packet_dropped);
}

/* --- a schedule ------------------------------------------------------------------------ */

static const DfuPersonality *pick_personality(void)
{
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  return &rows[below((guint32)n)];
}

/** As the user says, or as the family bears. */
static void choose_pace(Sim *sim)
{
  DfuControllerConfig *config = &sim->config;

  if (one_in(2)) {
    config->packet_bytes = config->receipt_packets = config->window_packets = 0;
    return;
  }
  config->receipt_packets = (guint16)(1 + below(one_in(4) ? 20 : 5));
  config->window_packets = (guint16)(config->receipt_packets * (1 + below(3)));
}

/** A watch whose erase outlasts its session says "received" after one packet: all are sent by then
 * of no real image. */
static guint32 shortest_image(const DfuPersonality *personality)
{
  return personality->slot_bytes > 0 ? 2000 : 4;
}

static gint64 count_pages(const Sim *sim)
{
  return sim->target_config.flash_bytes / sim->target_config.personality->page_bytes + 1;
}

static Sim *make_schedule(guint32 seed)
{
  static const guint32 lengths[] = {4, 20, 256, 260, 1000, 2048, 4000};
  static const guint32 write_us[] = {0, 500, 5000, 30000};
  static const guint32 erase_s[] = {0, 1, 60}; /* of all the flash; up to 90 s are waited for */
  static const guint32 retries[] = {3, 10, 30};
  const DfuPersonality *personality;
  guint32 bytes;
  Sim *sim;

  random_state = seed * 2654435761u + 1;
  for (guint i = 0; i < 4; i++)
    next_random();
  personality = pick_personality();
  bytes = *pick(lengths, G_N_ELEMENTS(lengths));
  sim = sim_new(personality->name, MAX(bytes, shortest_image(personality)));
  sim->target_config.write_packet_us = *pick(write_us, G_N_ELEMENTS(write_us));
  sim->target_config.erase_page_us = *pick(erase_s, G_N_ELEMENTS(erase_s)) * G_USEC_PER_SEC /
                                     count_pages(sim);
  choose_pace(sim);
  sim->config.retries = *pick(retries, G_N_ELEMENTS(retries));
  sim->config.save_step_bytes = one_in(2) ? 16384 : 100;
  sim->target_config.notification_buffers = 7;
  sim->target_config.notify_us = one_in(2) ? 7500 : 0;
  sim->is_plain = one_in(2);
  sim->in_application = !sim->is_plain && one_in(4);
  sim->on_message = on_message;
  sim->on_notification = on_notification;
  sim->is_lenient = TRUE;
  faults_end_us = sim->now_us + FAULTS_US;
  choose_odds(sim);
  return sim;
}

/** The link was lost at the one answer that would have told: said in a warning, and no more can be. */
static gboolean is_in_doubt(const Sim *sim)
{
  return (sim->notes & (DFU_NOTE_VALIDATED_UNHEARD | DFU_NOTE_ACTIVATE_UNHEARD)) != 0;
}

/** Families that are known to be on the air as a bootloader after a reset. */
static gboolean stays_in_dfu_mode(const Sim *sim)
{
  const char *name = sim->target_config.personality->name;

  return g_str_equal(name, "adafruit-0.10") || g_str_equal(name, "otafix-2.1");
}

static const char *violation(const Sim *sim)
{
  if (!sim->ended)
    return "the run did not end";
  if (sim->rules.broken != NULL)
    return sim->rules.broken;
  if (sim->n_terminal != 1)
    return "more than one terminal action";
  if (sim->is_stranded_by_us)
    return "a System Reset that left the device to a cable";
  if (sim->n_system_resets > 0 && sim->n_jumps == 0 && !stays_in_dfu_mode(sim))
    return "a System Reset that nobody asked for, with no way back known";
  if (sim->most_init_bytes > INIT_BYTES)
    return "a second init packet went on top of the first";
  if (sim->connected)
    return "the link was kept";
  if (sim->terminal.type == DFU_ACTION_DONE && !sim->application_is_new && !is_in_doubt(sim))
    return "done, but the target did not install the image";
  if (sim->resent_bytes > 0)
    return "bytes before the reported offset were sent again";
  return NULL;
}

static const char *run_schedule(guint32 seed, gboolean with_trace)
{
  g_autoptr(Sim) sim = make_schedule(seed);
  const char *wrong;

  if (with_trace)
    sim->trace = g_string_new(NULL);
  if (with_trace)
    printf("%s\n", sim->target_config.personality->name);
  sim_run(sim, FAULTS_US + PATIENCE_US);
  wrong = violation(sim);
  if (with_trace)
    printf("%s", sim->trace->str);
  return wrong;
}

static void schedules_from_seeds_keep_the_promises(void **state G_GNUC_UNUSED)
{
  const char *runs = getenv("SIM_RUNS");
  const char *one = getenv("SIM_SEED");
  guint32 n = runs != NULL ? (guint32)strtoul(runs, NULL, 10) : DEFAULT_RUNS;

  if (one != NULL) {
    const char *wrong = run_schedule((guint32)strtoul(one, NULL, 10), TRUE);

    printf("%s\n", wrong != NULL ? wrong : "all promises kept");
    assert_null(wrong);
    return;
  }
  for (guint32 seed = 1; seed <= n; seed++) {
    const char *wrong = run_schedule(seed, FALSE);

    if (wrong != NULL)
      fail_msg("SIM_SEED=%u: %s", seed, wrong);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(schedules_from_seeds_keep_the_promises),
  };

  return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
