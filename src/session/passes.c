/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The parts of a package, one pass of the protocol each: with what settings a
 * pass begins, what the journal adds to them, and what is written into it.
 */
#include "session/session_private.h"

/* A disk is written each so many bytes of an image: the count tells the rest exactly. */
#define SAVE_STEP_BYTES (16 * 1024)

/* A new SoftDevice takes up to half a minute to be moved to its place. */
#define SYSTEM_START_US (40 * G_USEC_PER_SEC)

/* --- settings ---------------------------------------------------------------- */

static void configure(DfuSession *session)
{
  const DfuSessionOptions *options = &session->options;
  const DfuPart *part = session_get_part(session);
  gint64 watch_us = (gint64)options->wait_back_s * G_USEC_PER_SEC;
  gboolean is_last = session->index + 1 >= session->n_parts;

  session->config = (DfuControllerConfig){
    .goal = options->goal,
    .packet_bytes = (guint16)options->packet_bytes,
    .receipt_packets = (guint16)options->receipt_packets,
    .window_packets = (guint16)options->window_packets,
    .most_window_packets = session->past.most_window_packets,
    .retries = options->retries,
    .deadline_us = options->deadline_s > 0
                     ? session->started_us + (gint64)options->deadline_s * G_USEC_PER_SEC
                     : G_MAXINT64,
    .watch_us = is_last ? watch_us : MAX(watch_us, SYSTEM_START_US),
    .require_back = options->require_back && is_last, /* the next part shows it of the others */
    .restart = options->restart,
    .allow_cable = options->allow_cable,
    .save_step_bytes = SAVE_STEP_BYTES,
    .limits = dfu_limits_default,
  };
  session->config.limits.connect_us = (gint64)options->timeout_s * G_USEC_PER_SEC;
  if (part == NULL)
    return;
  session->config.mode = (guint8)part->type;
  session->config.softdevice_bytes = part->softdevice_bytes;
  session->config.bootloader_bytes = part->bootloader_bytes;
  session->config.application_bytes = part->application_bytes;
  session->config.init_bytes = (guint32)g_bytes_get_size(part->init_packet);
}

/** What the journal adds to it, for the part that it speaks of. */
static void configure_by_journal(DfuSession *session)
{
  DfuControllerConfig *config = &session->config;

  if (session->keeper == NULL || !dfu_keeper_is_open(session->keeper))
    return;
  if (session->options.window_packets == 0 && config->most_window_packets == 0)
    config->most_window_packets = dfu_keeper_get_most_window(session->keeper);
  if (session->earlier != NULL)
    config->known = session->earlier->transfer;
  /* A bootloader that was entered, or has restarted since, may have another address. */
  if (session->earlier != NULL || dfu_keeper_may_be_above(session->keeper))
    config->find = MAX(config->find, DFU_FIND_TARGET);
}

/** What the parts before the one at @index came to; a journal may have begun behind them. */
static void close_account(DfuSession *session, guint index)
{
  guint32 bytes = 0;

  for (guint i = 0; i < index; i++)
    bytes += (guint32)g_bytes_get_size(session->parts[i]->image);
  session->past = session->progress;
  session->past.sent_bytes = bytes;
  session->past.confirmed_bytes = bytes;
  session->past.image_bytes = 0;
  for (guint i = 0; i < session->n_parts; i++)
    session->past.image_bytes += (guint32)g_bytes_get_size(session->parts[i]->image);
}

/** As the bootloader that the part before has started, or as an application that it has left. */
static DfuFind find_what_was_started(const DfuSession *session)
{
  return session->seen_before == DFU_SEEN_APPLICATION ? DFU_FIND_ANY : DFU_FIND_TARGET;
}

/** Makes everything ready for a part; nothing is sent yet. */
void session_begin_part(DfuSession *session, guint index)
{
  close_account(session, index);
  session->index = index;
  session->accepted_us = 0;
  configure(session);
  if (session->is_reached)
    session->config.find = find_what_was_started(session);
  session->config.is_expected = session->is_reached;
  session->is_reached = FALSE;
  configure_by_journal(session);
  session->transfer = session->config.known;
  session->progress.image_bytes = session->past.image_bytes;
  session->progress.confirmed_bytes =
    session->past.confirmed_bytes + session->config.known.confirmed_bytes;
  dfu_controller_init(&session->controller, &session->config);
}

/* --- journal ----------------------------------------------------------------- */

/** Looks for what an earlier run did to the device at @address. */
void session_recall(DfuSession *session, const char *address)
{
  session->earlier = dfu_keeper_open(session->keeper, address, &session->journal_warning,
                                     &session->journal_error);
  session_begin_part(session, dfu_keeper_get_index(session->keeper));
}

void session_report_recalled(DfuSession *session)
{
  if (session->journal_warning != NULL)
    session_report_text(session, DFU_REPORT_WARNING, session->journal_warning);
  if (session->earlier != NULL)
    session_report(session, (DfuReport){.type = DFU_REPORT_RECALLED, .earlier = session->earlier});
  g_clear_pointer(&session->journal_warning, g_free);
}

/** A device that was found by another sign has an address only now; nothing was done to it yet. */
void session_recall_late(DfuSession *session, const char *address)
{
  const DfuEvent begin = {.type = DFU_EVENT_BEGIN, .now_us = g_get_monotonic_time()};
  DfuUpdate connected; /* that is there already */

  if (session->keeper == NULL || dfu_keeper_is_open(session->keeper))
    return;
  session_recall(session, address);
  session_report_recalled(session);
  dfu_controller_step(&session->controller, &begin, &connected);
}

static void save(DfuSession *session)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  if (dfu_keeper_save(session->keeper, &session->transfer,
                      session->progress.most_window_packets, &error))
    return;
  text = g_strdup_printf("%s; do not interrupt this run: a later one may not be able to go on "
                         "where it stopped", error->message);
  session_report_text(session, DFU_REPORT_WARNING, text);
}

static gboolean is_entering(const DfuSession *session, const DfuUpdate *update)
{
  return update->progress.phase == DFU_PHASE_ENTERING &&
         dfu_keeper_set_entered(session->keeper, TRUE);
}

void session_forget_entry(DfuSession *session)
{
  if (session->keeper != NULL && dfu_keeper_set_entered(session->keeper, FALSE))
    save(session);
}

static gboolean is_part_done(const DfuSession *session, const DfuUpdate *update)
{
  return session_get_part(session) != NULL && update->n_actions > 0 &&
         update->actions[update->n_actions - 1].type == DFU_ACTION_DONE;
}

void session_keep(DfuSession *session, const DfuUpdate *update)
{
  gboolean is_done = is_part_done(session, update);

  session->transfer = update->transfer;
  if (session->keeper == NULL || !(is_entering(session, update) || update->save || is_done))
    return;
  if (is_done)
    dfu_keeper_advance(session->keeper);
  save(session);
}
