/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pump: link event -> controller step -> actions -> link. The one file
 * that sees both the controller and the link, and the only timer of a run.
 */
#include "dfu/session.h"

#include "base/deadline.h"
#include "link/link.h"
#include "session/failure.h"
#include "session/keeper.h"
#include "session/notes.h"

/* nRF5 SDK 8 to 11, dfu_dual_bank.c and dfu_single_bank.c, DFU_TIMEOUT_INTERVAL: counted from the
 * last packet that the target accepted, with or without a link. */
#define SDK_FORGETS_AFTER_US (120 * G_USEC_PER_SEC)

/* A disk is written each so many bytes of an image: the count tells the rest exactly. */
#define SAVE_STEP_BYTES (16 * 1024)

struct DfuSession {
  const DfuPart *part;
  DfuLink *link;
  DfuSessionOptions options;
  DfuSessionFunc func;
  gpointer user_data;

  DfuController controller;
  DfuProgress progress;
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
  char *seen_address;
  GError *link_error;
};

/* --- reports ----------------------------------------------------------------- */

static gint64 get_forgets_in_us(const DfuSession *session)
{
  gint64 passed_us = g_get_monotonic_time() - session->accepted_us;

  return session->accepted_us > 0 ? MAX(SDK_FORGETS_AFTER_US - passed_us, 0) : -1;
}

static void report(DfuSession *session, DfuReport what)
{
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

static void report_update(DfuSession *session, const DfuUpdate *update, const DfuEvent *event)
{
  DfuProgress before = session->progress;
  gboolean is_retried = update->progress.failed_tries > before.failed_tries;

  session->progress = update->progress;
  if (update->progress.confirmed_bytes > before.confirmed_bytes && is_fresh(update->notes))
    session->accepted_us = event->now_us;
  if (is_retried || update->notes & DFU_NOTE_LINK_LOST)
    report_lost(session, update, event, is_retried);
  if (before.phase != update->progress.phase)
    report(session, (DfuReport){.type = DFU_REPORT_PHASE});
  if (update->notes & DFU_NOTE_RESUMED)
    report(session, (DfuReport){.type = DFU_REPORT_RESUMED});
  dfu_notes_to_warnings(update->notes, on_warning, session);
  if (before.confirmed_bytes != update->progress.confirmed_bytes)
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
    .looks_away = session->keeper != NULL && dfu_keeper_looks_away(session->keeper),
    .has_begun = session->transfer.start_sent,
    .is_kept = session->keeper != NULL && dfu_keeper_is_kept(session->keeper),
    .link_error = session->link_error,
  };
  g_autoptr(GError) error = dfu_failure_to_error(failure, &context);

  finish(session, error, failure->seen, dfu_failure_to_next(failure, &context));
}

/* --- journal ----------------------------------------------------------------- */

/** Looks for what an earlier run did to the device at @address. */
static void recall(DfuSession *session, const char *address)
{
  session->earlier = dfu_keeper_open(session->keeper, address, &session->journal_warning);
  if (session->earlier == NULL)
    return;
  session->config.known = session->earlier->transfer;
  session->progress.confirmed_bytes = session->config.known.confirmed_bytes;
}

static void report_recalled(DfuSession *session)
{
  if (session->journal_warning != NULL)
    report_text(session, DFU_REPORT_WARNING, session->journal_warning);
  if (session->earlier != NULL)
    report(session, (DfuReport){.type = DFU_REPORT_RECALLED, .earlier = session->earlier});
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
  if (session->earlier == NULL)
    return;
  dfu_controller_init(&session->controller, &session->config);
  dfu_controller_step(&session->controller, &begin, &connected);
}

static void keep(DfuSession *session, const DfuUpdate *update)
{
  g_autoptr(GError) error = NULL;

  session->transfer = update->transfer;
  if (update->save && session->keeper != NULL &&
      !dfu_keeper_save(session->keeper, &update->transfer, &error))
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
  case DFU_SOURCE_INIT: bytes = g_bytes_get_data(session->part->init_packet, NULL); break;
  case DFU_SOURCE_NOTHING: bytes = session->sizes; break; /* none of it */
  default:
    bytes = g_bytes_get_data(session->part->image, NULL);
    order = DFU_LINK_STREAM;
    break;
  }
  dfu_link_write_packets(session->link, bytes + action->from, action->to - action->from,
                         action->packet_bytes, order);
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
  case DFU_ACTION_DONE: finish(session, NULL, action->seen, DFU_NEXT_NONE); break;
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
  /* A wish to stop that came meanwhile is not put off. */
  dfu_deadline_set(session->deadline, session->cancel_due ? event.now_us : update.wake_us);
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

static void feed_up(DfuSession *session, const DfuLinkUp *up)
{
  g_free(session->device);
  session->device = up->name != NULL && up->name[0] != '\0'
                      ? g_strdup_printf("%s (%s)", up->address, up->name)
                      : g_strdup(up->address);
  report(session, (DfuReport){
                    .type = DFU_REPORT_CONNECTED,
                    .address = up->address,
                    .name = up->name != NULL ? up->name : "",
                    .rssi = up->rssi,
                    .mtu = up->mtu,
                    .revision = up->has_revision ? up->revision : -1,
                  });
  recall_late(session, up->address);
  feed(session, (DfuEvent){
                  .type = DFU_EVENT_LINK_UP,
                  .up = {
                    .mtu = up->mtu,
                    .has_revision = up->has_revision,
                    .revision = up->revision,
                    .has_packet = up->has_packet,
                    .has_other_services = up->has_other_services,
                  },
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

static DfuControllerConfig make_config(const DfuPart *part, const DfuSessionOptions *options)
{
  DfuControllerConfig config = {
    .mode = (guint8)part->type,
    .softdevice_bytes = part->softdevice_bytes,
    .bootloader_bytes = part->bootloader_bytes,
    .application_bytes = part->application_bytes,
    .init_bytes = (guint32)g_bytes_get_size(part->init_packet),
    .packet_bytes = (guint16)options->packet_bytes,
    .receipt_packets = (guint16)options->receipt_packets,
    .window_packets = (guint16)options->window_packets,
    .retries = options->retries,
    .deadline_us = G_MAXINT64,
    .watch_us = (gint64)options->wait_back_s * G_USEC_PER_SEC,
    .require_back = options->require_back,
    .restart = options->restart,
    .save_step_bytes = SAVE_STEP_BYTES,
    .limits = dfu_limits_default,
  };

  config.limits.connect_us = (gint64)options->timeout_s * G_USEC_PER_SEC;
  return config;
}

DfuSession *dfu_session_new(const DfuPart *part, DfuLink *link, const DfuSessionOptions *options,
                            DfuSessionFunc func, gpointer user_data)
{
  DfuSession *session = g_new0(DfuSession, 1);

  session->part = part;
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
  DfuJournalRecord ours = {
    .package_name = (char *)package_name,
    .part = session->part->type,
    .image_bytes = (guint32)g_bytes_get_size(session->part->image),
    .receipt_packets = session->options.receipt_packets,
    .window_packets = session->options.window_packets,
    .packet_bytes = session->options.packet_bytes,
  };

  g_strlcpy(ours.package_sha256, dfu_package_get_sha256(package), sizeof(ours.package_sha256));
  session->keeper = dfu_keeper_new(folder, &ours, resume);
  session->address = g_strdup(address);
}

void dfu_session_start(DfuSession *session)
{
  session->started_us = g_get_monotonic_time();
  session->config = make_config(session->part, &session->options);
  if (session->options.deadline_s > 0)
    session->config.deadline_us =
      session->started_us + (gint64)session->options.deadline_s * G_USEC_PER_SEC;
  if (session->keeper != NULL && session->address != NULL)
    recall(session, session->address);
  session->transfer = session->config.known;
  dfu_controller_init(&session->controller, &session->config);
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
  g_free(session->device);
  g_free(session->seen_address);
  g_free(session);
}
