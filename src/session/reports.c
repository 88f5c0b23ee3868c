/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a session tells: each step of the controller in reports, over one account
 * for all parts of the package.
 */
#include "session/failure.h"
#include "session/notes.h"
#include "session/session_private.h"

const DfuPart *session_get_part(const DfuSession *session)
{
  return session->index < session->n_parts ? session->parts[session->index] : NULL;
}

/* Counted from the last packet that the target accepted, with or without a link. */
static gint64 get_forgets_in_us(const DfuSession *session)
{
  gint64 passed_us = g_get_monotonic_time() - session->accepted_us;

  if (session->accepted_us == 0 || session->family == NULL || session->family->forgets_us <= 0)
    return -1;
  return MAX(session->family->forgets_us - passed_us, 0);
}

void session_report(DfuSession *session, DfuReport what)
{
  what.part = session_get_part(session);
  what.part_index = session->index;
  what.offset_bytes = session->progress.confirmed_bytes - session->past.confirmed_bytes;
  what.forgets_in_us = get_forgets_in_us(session);
  what.progress = &session->progress;
  what.elapsed_us = g_get_monotonic_time() - session->started_us;
  session->func(&what, session->user_data);
}

void session_report_text(DfuSession *session, DfuReportType type, const char *text)
{
  session_report(session, (DfuReport){.type = type, .text = text});
}

void session_report_bytes(DfuSession *session, gboolean outgoing, const guint8 *bytes, gsize len)
{
  session_report(session,
         (DfuReport){.type = DFU_REPORT_BYTES, .outgoing = outgoing, .bytes = bytes, .len = len});
}

static void on_warning(const char *text, gpointer user_data)
{
  session_report_text(user_data, DFU_REPORT_WARNING, text);
}

/** The link is gone, or did not come back: what is known of the cause, and of what follows. */
static void report_lost(DfuSession *session, const DfuUpdate *update, const DfuEvent *event,
                        gboolean is_retried)
{
  gboolean is_told = event->type == DFU_EVENT_LINK_LOST || event->type == DFU_EVENT_LINK_FAILED;

  session_report(session, (DfuReport){
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

static gboolean is_in_doubt(gboolean before, guint notes)
{
  if (notes & (DFU_NOTE_STARTS_OVER | DFU_NOTE_BEGINS_ANEW))
    return FALSE;
  return before || (notes & (DFU_NOTE_VALIDATED_UNHEARD | DFU_NOTE_ACTIVATE_UNHEARD |
                             DFU_NOTE_RESET_UNHEARD)) != 0;
}

void session_report_update(DfuSession *session, const DfuUpdate *update, const DfuEvent *event)
{
  DfuProgress before = session->progress;
  gboolean is_retried = update->progress.failed_tries > before.failed_tries;

  session->progress = sum_up(session, &update->progress);
  session->is_in_doubt = is_in_doubt(session->is_in_doubt, update->notes);
  if (session->progress.confirmed_bytes > before.confirmed_bytes && is_fresh(update->notes))
    session->accepted_us = event->now_us;
  if (is_retried || update->notes & DFU_NOTE_LINK_LOST)
    report_lost(session, update, event, is_retried);
  if (before.phase != update->progress.phase)
    session_report(session, (DfuReport){.type = DFU_REPORT_PHASE});
  if (update->notes & DFU_NOTE_RESUMED)
    session_report(session, (DfuReport){.type = DFU_REPORT_RESUMED});
  dfu_notes_to_warnings(update->notes, on_warning, session);
  if (before.confirmed_bytes != session->progress.confirmed_bytes)
    session_report(session, (DfuReport){.type = DFU_REPORT_PROGRESS});
}

void session_finish(DfuSession *session, const GError *error, DfuSeen seen, DfuNext next)
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
    .is_in_doubt = error == NULL && session->is_in_doubt,
    .forgets_in_us = get_forgets_in_us(session),
    .address = session->reached_at,
    .family = session->family,
  };

  session->finished = TRUE;
  dfu_link_set_handler(session->link, NULL, NULL);
  dfu_link_disconnect(session->link);
  session_report(session, (DfuReport){.type = DFU_REPORT_FINISHED, .result = &result});
}

void session_finish_failed(DfuSession *session, const DfuFailure *failure)
{
  const DfuFailureContext context = {
    .options = &session->options,
    .device = session->device,
    .family = session->family,
    .other_transfer = session->keeper != NULL ? dfu_keeper_get_other(session->keeper) : NULL,
    .refusal = session->refusal,
    .is_next_part = session->config.is_expected && !session->is_reached,
    .seen_before = session->seen_before,
    .looks_away = session->keeper != NULL && dfu_keeper_looks_away(session->keeper),
    .has_begun = session->transfer.start_sent,
    .is_kept = session->keeper != NULL && dfu_keeper_is_kept(session->keeper),
    .link_error = session->link_error,
    .tries = session->progress.failed_tries + 1,
  };
  g_autoptr(GError) error = dfu_failure_to_error(failure, &context);

  if (failure->reason == DFU_FAIL_NOT_ENTERED)
    session_forget_entry(session);
  session_finish(session, error, failure->seen, dfu_failure_to_next(failure, &context));
}
