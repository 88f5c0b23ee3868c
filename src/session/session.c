/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pump: link event -> controller step -> actions -> link. The one file
 * that sees both the controller and the link, and the only timer of a run.
 */
#include "base/deadline.h"
#include "base/printable.h"
#include "session/session_private.h"

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
  case DFU_SOURCE_INIT: bytes = g_bytes_get_data(session_get_part(session)->init_packet, NULL); break;
  case DFU_SOURCE_NOTHING: bytes = session->sizes; break; /* none of it */
  default:
    bytes = g_bytes_get_data(session_get_part(session)->image, NULL);
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
    session_finish(session, NULL, seen, DFU_NEXT_NONE);
    return;
  }
  session->earlier = NULL;
  session->seen_before = seen;
  session_begin_part(session, session->index + 1);
  session_report(session, (DfuReport){.type = DFU_REPORT_PART});
  session->begin_due = TRUE;
  session->cancel_due = session->is_stopped; /* too late for that part, not for this one */
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
    session_report_bytes(session, TRUE, action->bytes, action->len);
    dfu_link_write_control(session->link, action->bytes, action->len);
    break;
  case DFU_ACTION_WRITE_PACKETS: write_packets(session, action); break;
  case DFU_ACTION_DISCONNECT: dfu_link_disconnect(session->link); break;
  case DFU_ACTION_WATCH:
    dfu_link_watch(session->link, (guint)(action->timeout_us / 1000));
    break;
  case DFU_ACTION_DONE: end_part(session, action->seen); break;
  case DFU_ACTION_FAILED: session_finish_failed(session, &action->failure); break;
  }
}

static void feed(DfuSession *session, DfuEvent event)
{
  DfuUpdate update;

  if (session->finished)
    return;
  event.now_us = g_get_monotonic_time();
  dfu_controller_step(&session->controller, &event, &update);
  session_report_update(session, &update, &event);
  session_keep(session, &update);
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

static DfuTrouble trouble_of(const DfuLinkEvent *event)
{
  static const DfuTrouble troubles[] = {
    [DFU_LINK_TROUBLE_PASSING] = DFU_TROUBLE_PASSING,
    [DFU_LINK_TROUBLE_NOT_FOUND] = DFU_TROUBLE_NOT_FOUND,
    [DFU_LINK_TROUBLE_LASTING] = DFU_TROUBLE_LASTING,
  };

  if (event->trouble == DFU_LINK_TROUBLE_LASTING &&
      g_error_matches(event->error, DFU_ERROR, DFU_ERROR_REFUSED))
    return DFU_TROUBLE_NO_DFU;
  return troubles[event->trouble];
}

/** Who hears of the connection may want to stop at once: no more is done to the device then. */
static void feed_up(DfuSession *session, const DfuLinkEvent *event)
{
  const DfuEvent up = session_take_up(session, &event->up);

  if (session->cancel_due) {
    session->cancel_due = FALSE;
    feed(session, (DfuEvent){.type = DFU_EVENT_CANCEL});
  }
  feed(session, up);
}

static void feed_failed(DfuSession *session, const DfuLinkEvent *event)
{
  keep_error(session, event->error);
  feed(session, (DfuEvent){.type = DFU_EVENT_LINK_FAILED, .trouble = trouble_of(event)});
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
  case DFU_LINK_UP: feed_up(session, event); break;
  case DFU_LINK_FAILED: feed_failed(session, event); break;
  case DFU_LINK_SUBSCRIBED: feed_written(session, DFU_EVENT_SUBSCRIBED, event); break;
  case DFU_LINK_CONTROL_WRITTEN: feed_written(session, DFU_EVENT_CONTROL_WRITTEN, event); break;
  case DFU_LINK_PACKETS_WRITTEN:
    feed(session, (DfuEvent){.type = DFU_EVENT_PACKETS_WRITTEN});
    break;
  case DFU_LINK_NOTIFIED:
    session_report_bytes(session, FALSE, event->bytes, event->len);
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
    session_report_recalled(session);
    if (!session->cancel_due)
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
  session->device =
    options->device != NULL ? dfu_printable(options->device, -1) : g_strdup("the device");
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
    session_recall(session, session->address);
  else
    session_begin_part(session, 0);
  dfu_link_set_handler(session->link, on_link_event, session);
  session->begin_due = TRUE;
  dfu_deadline_set(session->deadline, session->started_us);
}

void dfu_session_cancel(DfuSession *session)
{
  if (session->finished)
    return;
  session->is_stopped = TRUE;
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
  g_clear_error(&session->journal_error);
  g_clear_error(&session->refusal);
  g_free(session->device);
  g_free(session->reached_at);
  g_free(session->seen_address);
  g_free(session);
}
