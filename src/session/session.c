/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pump: link event -> controller step -> actions -> link. The one file
 * that sees both the controller and the link, and the only timer of a run.
 */
#include "dfu/session.h"

#include "base/deadline.h"
#include "link/link.h"
#include "session/failure.h"

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

  char *journal_path; /* (nullable) */
  DfuJournalRecord record; /* as this run writes it */
  gboolean may_resume;
  char *other_package; /* (nullable): of whose transfer the journal told */
  char *journal_warning;

  guint8 sizes[20]; /* of Start, while the link writes them */
  char *device;     /* what messages call it */
  char *seen_address;
  GError *link_error;
};

const DfuSessionOptions dfu_session_options_default = {
  .receipt_packets = 4,
  .window_packets = 8,
  .packet_bytes = 20,
  .retries = 10,
  .timeout_s = 30,
  .deadline_s = 0,
  .wait_back_s = 15,
};

static gboolean check_range(const char *what, guint value, guint min, guint max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s is %u; it must be %u to %u", what, value, min,
              max);
  return FALSE;
}

gboolean dfu_session_options_check(const DfuSessionOptions *options, GError **error)
{
  if (!check_range("the number of packets to a receipt", options->receipt_packets, 1, 65535, error) ||
      !check_range("the packet length", options->packet_bytes, 4, 244, error))
    return FALSE;
  if (options->packet_bytes % 4 != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "the packet length is %u; it must be a multiple of 4", options->packet_bytes);
    return FALSE;
  }
  return check_range("the window", options->window_packets, options->receipt_packets, 65535, error);
}

/* --- reports ----------------------------------------------------------------- */

static void report(DfuSession *session, DfuReport what)
{
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

static void report_notes(DfuSession *session, guint notes)
{
  if (notes & DFU_NOTE_LINK_LOST)
    report_text(session, DFU_REPORT_LINK_LOST,
                session->progress.phase == DFU_PHASE_CONNECTING ? "the link was lost; connecting again"
                                                                : "the link was lost");
  if (notes & DFU_NOTE_RESUMED)
    report(session, (DfuReport){.type = DFU_REPORT_RESUMED});
  if (notes & DFU_NOTE_STARTS_OVER)
    report_text(session, DFU_REPORT_WARNING,
                "the target has forgotten the transfer; it is sent again from its beginning");
  if (notes & DFU_NOTE_NO_SIZE_REPORT)
    report_text(session, DFU_REPORT_WARNING,
                "the target does not tell how much it has received; after a loss of the link this "
                "transfer cannot go on where it stopped");
  if (notes & DFU_NOTE_VALIDATED_UNHEARD)
    report_text(session, DFU_REPORT_WARNING,
                "the target's answer to Validate was lost with the link; it is activated all the "
                "same. Make sure that the device runs what you sent");
  if (notes & DFU_NOTE_ACTIVATE_UNHEARD)
    report_text(session, DFU_REPORT_WARNING,
                "the link was lost before the target acknowledged Activate. An application is on the "
                "air; make sure that it is the new one");
  if (notes & DFU_NOTE_RECEIPT_MISSED)
    report_text(session, DFU_REPORT_WARNING,
                "a packet receipt notification did not arrive; the count of bytes agrees all the same");
  if (notes & DFU_NOTE_UNASKED)
    report_text(session, DFU_REPORT_WARNING,
                "ignored a notification that answers nothing that was asked; is another program "
                "using this device?");
}

static void report_update(DfuSession *session, const DfuUpdate *update)
{
  DfuProgress before = session->progress;

  session->progress = update->progress;
  if (before.phase != update->progress.phase)
    report(session, (DfuReport){.type = DFU_REPORT_PHASE});
  report_notes(session, update->notes);
  if (before.confirmed_bytes != update->progress.confirmed_bytes)
    report(session, (DfuReport){.type = DFU_REPORT_PROGRESS});
}

static void finish(DfuSession *session, const GError *error, DfuSeen seen)
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
    .other_package = session->other_package,
    .link_error = session->link_error,
  };
  g_autoptr(GError) error = dfu_failure_to_error(failure, &context);

  finish(session, error, failure->seen);
}

/* --- journal ----------------------------------------------------------------- */

/** The record is of this package, part and image, and its transfer was not activated yet. */
static gboolean is_ours(const DfuSession *session, const DfuJournalRecord *found)
{
  const DfuJournalRecord *ours = &session->record;

  return g_str_equal(found->package_sha256, ours->package_sha256) && found->part == ours->part &&
         found->image_bytes == ours->image_bytes && !found->transfer.activate_acknowledged;
}

/** What an earlier run did to the target, as far as it concerns this one. */
static DfuTransfer load_journal(DfuSession *session)
{
  g_auto(DfuJournalRecord) found = {0};

  if (session->journal_path == NULL || !session->may_resume ||
      !dfu_journal_load(session->journal_path, &found, &session->journal_warning))
    return (DfuTransfer){0};
  if (is_ours(session, &found))
    return found.transfer;
  if (!found.transfer.activate_acknowledged)
    session->other_package = g_strdup(found.package_name);
  return (DfuTransfer){0};
}

static void save_journal(DfuSession *session, const DfuTransfer *transfer)
{
  g_autoptr(GError) error = NULL;

  if (session->journal_path == NULL)
    return;
  session->record.transfer = *transfer;
  if (!transfer->start_sent) {
    dfu_journal_remove(session->journal_path);
  } else if (!dfu_journal_save(session->journal_path, &session->record, &error)) {
    report_text(session, DFU_REPORT_WARNING, error->message);
    g_clear_pointer(&session->journal_path, g_free); /* once is enough */
  }
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
  switch (action->type) {
  case DFU_ACTION_CONNECT:
    g_clear_error(&session->link_error);
    dfu_link_connect(session->link, (guint)(action->timeout_us / 1000));
    break;
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
  case DFU_ACTION_DONE: finish(session, NULL, action->seen); break;
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
  report_update(session, &update);
  if (update.save)
    save_journal(session, &update.transfer);
  for (gsize i = 0; i < update.n_actions; i++)
    perform(session, &update.actions[i]);
  dfu_deadline_set(session->deadline, update.wake_us);
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
    if (session->journal_warning != NULL)
      report_text(session, DFU_REPORT_WARNING, session->journal_warning);
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

void dfu_session_use_journal(DfuSession *session, const char *path, const DfuPackage *package,
                             const char *package_name, gboolean resume)
{
  DfuJournalRecord *record = &session->record;

  session->journal_path = g_strdup(path);
  session->may_resume = resume;
  record->package_name = g_strdup(package_name);
  record->part = session->part->type;
  record->image_bytes = (guint32)g_bytes_get_size(session->part->image);
  record->receipt_packets = session->options.receipt_packets;
  record->window_packets = session->options.window_packets;
  record->packet_bytes = session->options.packet_bytes;
  g_strlcpy(record->package_sha256, dfu_package_get_sha256(package), sizeof(record->package_sha256));
}

void dfu_session_start(DfuSession *session)
{
  DfuControllerConfig config = make_config(session->part, &session->options);

  session->started_us = g_get_monotonic_time();
  if (session->options.deadline_s > 0)
    config.deadline_us = session->started_us + (gint64)session->options.deadline_s * G_USEC_PER_SEC;
  config.known = load_journal(session);
  dfu_controller_init(&session->controller, &config);
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
  dfu_journal_record_clear(&session->record);
  g_free(session->journal_path);
  g_free(session->journal_warning);
  g_free(session->other_package);
  g_free(session->device);
  g_free(session->seen_address);
  g_free(session);
}
