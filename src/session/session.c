/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pump: link event -> controller step -> actions -> link. The one file
 * that sees both the controller and the link, and the only timer of a run.
 */
#include "dfu/session.h"

#include "base/deadline.h"
#include "link/link.h"
#include "session/failure.h"
#include "session/guard.h"
#include "session/keeper.h"
#include "session/notes.h"

/* A disk is written each so many bytes of an image: the count tells the rest exactly. */
#define SAVE_STEP_BYTES (16 * 1024)

/* A new SoftDevice takes up to half a minute to be moved to its place. */
#define SYSTEM_START_US (40 * G_USEC_PER_SEC)

struct DfuSession {
  const DfuPart *const *parts;
  guint n_parts;
  guint index;      /* of the part under way */
  DfuProgress past; /* what the parts before it came to */
  DfuLink *link;
  DfuSessionOptions options;
  DfuSessionFunc func;
  gpointer user_data;

  DfuController controller;
  DfuProgress progress; /* of all parts together */
  GSource *deadline;
  gint64 started_us;
  gboolean begin_due;
  gboolean cancel_due;
  gboolean finished;

  DfuControllerConfig config;
  DfuKeeper *keeper;     /* (nullable): the journal */
  char *address;         /* (nullable): of the device, where it is known beforehand */
  const DfuJournalRecord *earlier; /* (nullable): what an earlier run did */
  char *journal_warning;
  DfuTransfer transfer;  /* as the controller last wanted it kept */
  gint64 accepted_us;    /* when the target last confirmed more of the image; 0: not yet */

  guint8 sizes[20]; /* of Start, while the link writes them */
  char *device;     /* what messages call it */
  char *reached_at; /* (nullable): the address of the last connection */
  const DfuFamily *family; /* (nullable): of the device, once it was seen in DFU mode */
  gboolean is_reached;     /* since the part began */
  gboolean is_model_right; /* the device was seen to be what the user expects */
  GError *refusal;         /* why the image must not go to this device */
  char *seen_address;
  GError *link_error;
};

/* --- reports ----------------------------------------------------------------- */

static const DfuPart *get_part(const DfuSession *session)
{
  return session->index < session->n_parts ? session->parts[session->index] : NULL;
}

/* Counted from the last packet that the target accepted, with or without a link. */
static gint64 get_forgets_in_us(const DfuSession *session)
{
  gint64 passed_us = g_get_monotonic_time() - session->accepted_us;

  if (session->accepted_us == 0 || session->family == NULL || session->family->forgets_us == 0)
    return -1;
  return MAX(session->family->forgets_us - passed_us, 0);
}

static void report(DfuSession *session, DfuReport what)
{
  what.part = get_part(session);
  what.part_index = session->index;
  what.offset_bytes = session->progress.confirmed_bytes - session->past.confirmed_bytes;
  what.forgets_in_us = get_forgets_in_us(session);
  what.progress = &session->progress;
  what.elapsed_us = g_get_monotonic_time() - session->started_us;
  session->func(&what, session->user_data);
}

static void report_text(DfuSession *session, DfuReportType type, const char *text)
{
  report(session, (DfuReport){.type = type, .text = text});
}

static void report_bytes(DfuSession *session, gboolean outgoing, const guint8 *bytes, gsize len)
{
  report(session,
         (DfuReport){.type = DFU_REPORT_BYTES, .outgoing = outgoing, .bytes = bytes, .len = len});
}

static void on_warning(const char *text, gpointer user_data)
{
  report_text(user_data, DFU_REPORT_WARNING, text);
}

/** The link is gone, or did not come back: what is known of the cause, and of what follows. */
static void report_lost(DfuSession *session, const DfuUpdate *update, const DfuEvent *event,
                        gboolean is_retried)
{
  gboolean is_told = event->type == DFU_EVENT_LINK_LOST || event->type == DFU_EVENT_LINK_FAILED;

  report(session, (DfuReport){
                    .type = update->notes & DFU_NOTE_LINK_LOST ? DFU_REPORT_LINK_LOST
                                                               : DFU_REPORT_RETRY,
                    .text = is_told && session->link_error != NULL ? session->link_error->message
                                                                   : NULL,
                    .retry = is_retried ? update->progress.failed_tries : 0,
                    .pause_us = is_retried ? update->wake_us - event->now_us : 0,
                  });
}

/** Bytes that a resume or a recount finds were accepted at some time before. */
static gboolean is_fresh(guint notes)
{
  return (notes & (DFU_NOTE_RESUMED | DFU_NOTE_RECEIPT_MISSED)) == 0;
}

/** One account over all parts. */
static DfuProgress sum_up(const DfuSession *session, const DfuProgress *part)
{
  const DfuProgress *past = &session->past;
  DfuProgress sum = *part;

  sum.image_bytes = past->image_bytes;
  sum.sent_bytes += past->sent_bytes;
  sum.confirmed_bytes += past->confirmed_bytes;
  sum.total_sent_bytes += past->total_sent_bytes;
  sum.link_losses += past->link_losses;
  sum.resumes += past->resumes;
  return sum;
}

static void report_update(DfuSession *session, const DfuUpdate *update, const DfuEvent *event)
{
  DfuProgress before = session->progress;
  gboolean is_retried = update->progress.failed_tries > before.failed_tries;

  session->progress = sum_up(session, &update->progress);
  if (session->progress.confirmed_bytes > before.confirmed_bytes && is_fresh(update->notes))
    session->accepted_us = event->now_us;
  if (is_retried || update->notes & DFU_NOTE_LINK_LOST)
    report_lost(session, update, event, is_retried);
  if (before.phase != update->progress.phase)
    report(session, (DfuReport){.type = DFU_REPORT_PHASE});
  if (update->notes & DFU_NOTE_RESUMED)
    report(session, (DfuReport){.type = DFU_REPORT_RESUMED});
  dfu_notes_to_warnings(update->notes, on_warning, session);
  if (before.confirmed_bytes != session->progress.confirmed_bytes)
    report(session, (DfuReport){.type = DFU_REPORT_PROGRESS});
}

static void finish(DfuSession *session, const GError *error, DfuSeen seen, DfuNext next)
{
  const DfuProgress *progress = &session->progress;
  const DfuSessionResult result = {
    .error = error,
    .seen = seen,
    .seen_address = session->seen_address,
    .duration_us = g_get_monotonic_time() - session->started_us,
    .image_bytes = progress->image_bytes,
    .sent_bytes = progress->total_sent_bytes,
    .confirmed_bytes = progress->confirmed_bytes,
    .link_losses = progress->link_losses,
    .resumes = progress->resumes,
    .next = next,
    .forgets_in_us = get_forgets_in_us(session),
    .address = session->reached_at,
    .family = session->family,
  };

  session->finished = TRUE;
  dfu_link_set_handler(session->link, NULL, NULL);
  dfu_link_disconnect(session->link);
  report(session, (DfuReport){.type = DFU_REPORT_FINISHED, .result = &result});
}

static void finish_failed(DfuSession *session, const DfuFailure *failure)
{
  const DfuFailureContext context = {
    .options = &session->options,
    .device = session->device,
    .other_transfer = session->keeper != NULL ? dfu_keeper_get_other(session->keeper) : NULL,
    .refusal = session->refusal,
    .family = session->family,
    .is_next_part = session->index > 0 && !session->is_reached,
    .looks_away = session->keeper != NULL && dfu_keeper_looks_away(session->keeper),
    .has_begun = session->transfer.start_sent,
    .is_kept = session->keeper != NULL && dfu_keeper_is_kept(session->keeper),
    .link_error = session->link_error,
  };
  g_autoptr(GError) error = dfu_failure_to_error(failure, &context);

  finish(session, error, failure->seen, dfu_failure_to_next(failure, &context));
}

/* --- journal ----------------------------------------------------------------- */

static void begin_part(DfuSession *session, guint index);

/** Looks for what an earlier run did to the device at @address. */
static void recall(DfuSession *session, const char *address)
{
  session->earlier = dfu_keeper_open(session->keeper, address, &session->journal_warning);
  begin_part(session, dfu_keeper_get_index(session->keeper));
}

static void report_recalled(DfuSession *session)
{
  if (session->journal_warning != NULL)
    report_text(session, DFU_REPORT_WARNING, session->journal_warning);
  if (session->earlier != NULL)
    report(session, (DfuReport){.type = DFU_REPORT_RECALLED, .earlier = session->earlier});
  g_clear_pointer(&session->journal_warning, g_free);
}

/** A device that was found by another sign has an address only now; nothing was done to it yet. */
static void recall_late(DfuSession *session, const char *address)
{
  const DfuEvent begin = {.type = DFU_EVENT_BEGIN, .now_us = g_get_monotonic_time()};
  DfuUpdate connected; /* that is there already */

  if (session->keeper == NULL || dfu_keeper_is_open(session->keeper))
    return;
  recall(session, address);
  report_recalled(session);
  dfu_controller_step(&session->controller, &begin, &connected);
}

static gboolean is_done(const DfuUpdate *update)
{
  return update->n_actions > 0 && update->actions[update->n_actions - 1].type == DFU_ACTION_DONE;
}

static void keep(DfuSession *session, const DfuUpdate *update)
{
  g_autoptr(GError) error = NULL;

  session->transfer = update->transfer;
  if (session->keeper == NULL || !(update->save || is_done(update)))
    return;
  if (is_done(update))
    dfu_keeper_advance(session->keeper);
  if (!dfu_keeper_save(session->keeper, &update->transfer, update->progress.most_window_packets,
                       &error))
    report_text(session, DFU_REPORT_WARNING, error->message);
}

/* --- actions ----------------------------------------------------------------- */

static void write_packets(DfuSession *session, const DfuAction *action)
{
  const guint8 *bytes;
  DfuLinkOrder order = DFU_LINK_ORDERED;

  switch (action->source) {
  case DFU_SOURCE_SIZES:
    memcpy(session->sizes, action->bytes, action->len);
    bytes = session->sizes;
    break;
  case DFU_SOURCE_INIT: bytes = g_bytes_get_data(get_part(session)->init_packet, NULL); break;
  case DFU_SOURCE_NOTHING: bytes = session->sizes; break; /* none of it */
  default:
    bytes = g_bytes_get_data(get_part(session)->image, NULL);
    order = DFU_LINK_STREAM;
    break;
  }
  dfu_link_write_packets(session->link, bytes + action->from, action->to - action->from,
                         action->packet_bytes, order);
}

/** The part is done: the next one follows on what it started, and after the last one all is. */
static void end_part(DfuSession *session, DfuSeen seen)
{
  if (session->index + 1 >= session->n_parts) {
    finish(session, NULL, seen, DFU_NEXT_NONE);
    return;
  }
  session->earlier = NULL;
  begin_part(session, session->index + 1);
  report(session, (DfuReport){.type = DFU_REPORT_PART});
  session->begin_due = TRUE;
}

static void perform(DfuSession *session, const DfuAction *action)
{
  static const DfuLinkFind finds[] = {
    [DFU_FIND_DEVICE] = DFU_LINK_FIND_DEVICE,
    [DFU_FIND_TARGET] = DFU_LINK_FIND_TARGET,
    [DFU_FIND_ANY] = DFU_LINK_FIND_ANY,
  };

  switch (action->type) {
  case DFU_ACTION_CONNECT:
    g_clear_error(&session->link_error);
    dfu_link_connect(session->link, finds[action->find], (guint)(action->timeout_us / 1000));
    break;
  case DFU_ACTION_FORGET: dfu_link_forget(session->link); break;
  case DFU_ACTION_SUBSCRIBE: dfu_link_subscribe(session->link); break;
  case DFU_ACTION_WRITE_CONTROL:
    report_bytes(session, TRUE, action->bytes, action->len);
    dfu_link_write_control(session->link, action->bytes, action->len);
    break;
  case DFU_ACTION_WRITE_PACKETS: write_packets(session, action); break;
  case DFU_ACTION_DISCONNECT: dfu_link_disconnect(session->link); break;
  case DFU_ACTION_WATCH:
    dfu_link_watch(session->link, (guint)(action->timeout_us / 1000));
    break;
  case DFU_ACTION_DONE: end_part(session, action->seen); break;
  case DFU_ACTION_FAILED: finish_failed(session, &action->failure); break;
  }
}

static void feed(DfuSession *session, DfuEvent event)
{
  DfuUpdate update;

  if (session->finished)
    return;
  event.now_us = g_get_monotonic_time();
  dfu_controller_step(&session->controller, &event, &update);
  report_update(session, &update, &event);
  keep(session, &update);
  for (gsize i = 0; i < update.n_actions; i++)
    perform(session, &update.actions[i]);
  /* A wish to stop that came meanwhile is not put off, nor is the next part. */
  dfu_deadline_set(session->deadline,
                   session->cancel_due || session->begin_due ? event.now_us : update.wake_us);
}

/* --- events ------------------------------------------------------------------ */

static void keep_error(DfuSession *session, const GError *error)
{
  if (error == NULL)
    return;
  g_clear_error(&session->link_error);
  session->link_error = g_error_copy(error);
}

static void feed_written(DfuSession *session, DfuEventType type, const DfuLinkEvent *event)
{
  keep_error(session, event->error);
  feed(session, (DfuEvent){
                  .type = type,
                  .att_error = event->att_error,
                  .write_failed = event->error != NULL && event->att_error == 0,
                });
}

static DfuLinkFacts facts_of(const DfuLinkUp *up)
{
  return (DfuLinkFacts){
    .mtu = up->mtu,
    .has_revision = up->has_revision,
    .revision = up->revision,
    .has_packet = up->has_packet,
    .packet_has_write = up->packet_has_write,
    .has_other_services = up->has_other_services,
    .name = up->name,
    .manufacturer = up->manufacturer,
    .model = up->model,
    .firmware = up->firmware,
  };
}

/** What is known of the device against what is to be sent; an application tells only its model. */
static void judge_device(DfuSession *session, const DfuLinkFacts *facts, const DfuFamily *family,
                         gboolean is_application)
{
  const DfuPart *part = get_part(session);
  gboolean is_silent = facts->model == NULL || facts->model[0] == '\0';
  const char *warning = dfu_guard_get_warning(facts);

  g_clear_error(&session->refusal);
  if (!session->is_model_right && !(is_application && is_silent))
    session->is_model_right = dfu_guard_check_model(facts, session->options.expect_model,
                                                    session->device, &session->refusal);
  if (is_application || session->refusal != NULL)
    return;
  session->family = family;
  if (warning != NULL && !session->is_reached)
    report_text(session, DFU_REPORT_WARNING, warning);
  session->is_reached = TRUE;
  if (part != NULL &&
      dfu_guard_check_image(part, family, session->device, &session->refusal) &&
      !session->options.allow_cable)
    dfu_guard_check_radio(part, family, session->device, &session->refusal);
}

static void take_address(DfuSession *session, const DfuLinkUp *up)
{
  g_free(session->device);
  g_free(session->reached_at);
  session->reached_at = g_strdup(up->address);
  session->device = up->name != NULL && up->name[0] != '\0'
                      ? g_strdup_printf("%s (%s)", up->address, up->name)
                      : g_strdup(up->address);
}

static void feed_up(DfuSession *session, const DfuLinkUp *up)
{
  const DfuLinkFacts facts = facts_of(up);
  const char *why = "as told";
  const DfuFamily *family = session->options.family != NULL
                              ? session->options.family
                              : dfu_family_recognise(&facts, &why);
  gboolean is_application = dfu_controller_is_application(&facts) && !family->is_application;

  take_address(session, up);
  report(session, (DfuReport){
                    .type = DFU_REPORT_CONNECTED,
                    .address = up->address,
                    .name = up->name,
                    .manufacturer = up->manufacturer,
                    .model = up->model,
                    .firmware = up->firmware,
                    .rssi = up->rssi,
                    .mtu = up->mtu,
                    .revision = up->has_revision ? up->revision : -1,
                    .is_application = is_application,
                    .family = family,
                    .family_why = why,
                  });
  recall_late(session, up->address);
  judge_device(session, &facts, family, is_application);
  feed(session, (DfuEvent){
                  .type = DFU_EVENT_LINK_UP,
                  .up = facts,
                  .family = family,
                  .is_refused = session->refusal != NULL,
                });
}

static void feed_failed(DfuSession *session, const DfuLinkEvent *event)
{
  static const DfuTrouble troubles[] = {
    [DFU_LINK_TROUBLE_PASSING] = DFU_TROUBLE_PASSING,
    [DFU_LINK_TROUBLE_NOT_FOUND] = DFU_TROUBLE_NOT_FOUND,
    [DFU_LINK_TROUBLE_LASTING] = DFU_TROUBLE_LASTING,
  };

  keep_error(session, event->error);
  feed(session,
       (DfuEvent){.type = DFU_EVENT_LINK_FAILED, .trouble = troubles[event->trouble]});
}

static void feed_seen(DfuSession *session, const DfuLinkEvent *event)
{
  g_free(session->seen_address);
  session->seen_address = g_strdup(event->seen_address);
  feed(session, (DfuEvent){
                  .type = DFU_EVENT_SEEN,
                  .seen = event->seen == DFU_LINK_SEEN_DFU ? DFU_SEEN_DFU : DFU_SEEN_APPLICATION,
                });
}

static void on_link_event(const DfuLinkEvent *event, gpointer user_data)
{
  DfuSession *session = user_data;

  switch (event->type) {
  case DFU_LINK_UP: feed_up(session, &event->up); break;
  case DFU_LINK_FAILED: feed_failed(session, event); break;
  case DFU_LINK_SUBSCRIBED: feed_written(session, DFU_EVENT_SUBSCRIBED, event); break;
  case DFU_LINK_CONTROL_WRITTEN: feed_written(session, DFU_EVENT_CONTROL_WRITTEN, event); break;
  case DFU_LINK_PACKETS_WRITTEN:
    feed(session, (DfuEvent){.type = DFU_EVENT_PACKETS_WRITTEN});
    break;
  case DFU_LINK_NOTIFIED:
    report_bytes(session, FALSE, event->bytes, event->len);
    feed(session,
         (DfuEvent){.type = DFU_EVENT_NOTIFIED, .bytes = event->bytes, .len = event->len});
    break;
  case DFU_LINK_LOST:
    keep_error(session, event->error);
    feed(session, (DfuEvent){.type = DFU_EVENT_LINK_LOST});
    break;
  case DFU_LINK_SEEN: feed_seen(session, event); break;
  }
}

static void on_deadline(gpointer user_data)
{
  DfuSession *session = user_data;

  if (session->begin_due) {
    session->begin_due = FALSE;
    report_recalled(session);
    feed(session, (DfuEvent){.type = DFU_EVENT_BEGIN});
  }
  if (session->cancel_due) {
    session->cancel_due = FALSE;
    feed(session, (DfuEvent){.type = DFU_EVENT_CANCEL});
  } else {
    feed(session, (DfuEvent){.type = DFU_EVENT_TICK});
  }
}

/* --- public ------------------------------------------------------------------ */

static void configure(DfuSession *session)
{
  const DfuSessionOptions *options = &session->options;
  const DfuPart *part = get_part(session);
  gint64 watch_us = (gint64)options->wait_back_s * G_USEC_PER_SEC;

  session->config = (DfuControllerConfig){
    .goal = options->goal,
    .packet_bytes = (guint16)options->packet_bytes,
    .receipt_packets = (guint16)options->receipt_packets,
    .window_packets = (guint16)options->window_packets,
    .retries = options->retries,
    .deadline_us = options->deadline_s > 0
                     ? session->started_us + (gint64)options->deadline_s * G_USEC_PER_SEC
                     : G_MAXINT64,
    .watch_us = session->index + 1 < session->n_parts ? MAX(watch_us, SYSTEM_START_US) : watch_us,
    .require_back = options->require_back,
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
  if (session->options.window_packets == 0)
    config->most_window_packets = dfu_keeper_get_most_window(session->keeper);
  if (session->earlier == NULL)
    return;
  config->known = session->earlier->transfer;
  config->find_target = true; /* it may have restarted as another bootloader since */
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

/** Makes everything ready for a part; nothing is sent yet. */
static void begin_part(DfuSession *session, guint index)
{
  close_account(session, index);
  session->index = index;
  session->accepted_us = 0;
  configure(session);
  session->config.find_target = session->is_reached; /* as what the part before has started */
  session->config.is_expected = session->is_reached;
  session->is_reached = FALSE;
  configure_by_journal(session);
  session->transfer = session->config.known;
  session->progress.image_bytes = session->past.image_bytes;
  session->progress.confirmed_bytes =
    session->past.confirmed_bytes + session->config.known.confirmed_bytes;
  dfu_controller_init(&session->controller, &session->config);
}

DfuSession *dfu_session_new(const DfuPart *const *parts, guint n_parts, DfuLink *link,
                            const DfuSessionOptions *options, DfuSessionFunc func,
                            gpointer user_data)
{
  DfuSession *session = g_new0(DfuSession, 1);

  session->parts = parts;
  session->n_parts = n_parts;
  session->link = link;
  session->options = *options;
  session->func = func;
  session->user_data = user_data;
  session->device = g_strdup("the device");
  session->deadline = dfu_deadline_new(on_deadline, session);
  return session;
}

void dfu_session_use_journal(DfuSession *session, const char *folder, const char *address,
                             const DfuPackage *package, const char *package_name, gboolean resume)
{
  session->keeper = dfu_keeper_new(folder, package, package_name, session->parts, session->n_parts,
                                   resume);
  session->address = g_strdup(address);
}

void dfu_session_start(DfuSession *session)
{
  session->started_us = g_get_monotonic_time();
  if (session->keeper != NULL && session->address != NULL)
    recall(session, session->address);
  else
    begin_part(session, 0);
  dfu_link_set_handler(session->link, on_link_event, session);
  session->begin_due = TRUE;
  dfu_deadline_set(session->deadline, session->started_us);
}

void dfu_session_cancel(DfuSession *session)
{
  if (session->finished)
    return;
  session->cancel_due = TRUE;
  dfu_deadline_set(session->deadline, g_get_monotonic_time());
}

void dfu_session_free(DfuSession *session)
{
  if (session == NULL)
    return;
  if (!session->finished)
    dfu_link_set_handler(session->link, NULL, NULL);
  dfu_deadline_free(session->deadline);
  g_clear_error(&session->link_error);
  dfu_keeper_free(session->keeper);
  g_free(session->address);
  g_free(session->journal_warning);
  g_clear_error(&session->refusal);
  g_free(session->device);
  g_free(session->reached_at);
  g_free(session->seen_address);
  g_free(session);
}
