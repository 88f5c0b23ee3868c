/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/link_recorder.h"

#include "lib/cmocka_all.h"

#include <string.h>

enum { PATIENCE_MS = 10000 };

struct LinkRecorder {
  GQueue events;
  char *last;
};

static const char *const type_names[] = {
  [DFU_LINK_UP] = "UP",
  [DFU_LINK_FAILED] = "FAILED",
  [DFU_LINK_SUBSCRIBED] = "SUBSCRIBED",
  [DFU_LINK_CONTROL_WRITTEN] = "CONTROL",
  [DFU_LINK_PACKETS_WRITTEN] = "PACKETS",
  [DFU_LINK_NOTIFIED] = "NOTIFIED",
  [DFU_LINK_LOST] = "LOST",
  [DFU_LINK_SEEN] = "SEEN",
};

static const char *const trouble_names[] = {
  [DFU_LINK_TROUBLE_PASSING] = "passing",
  [DFU_LINK_TROUBLE_NOT_FOUND] = "not-found",
  [DFU_LINK_TROUBLE_LASTING] = "lasting",
};

static void append_up(GString *line, const DfuLinkUp *up)
{
  g_string_append_printf(line, " mtu=%u", up->mtu);
  if (up->has_revision)
    g_string_append_printf(line, " revision=%04x", up->revision);
  g_string_append(line, up->has_packet ? " packet" : "");
  g_string_append(line, up->packet_has_write ? "+write" : "");
  g_string_append(line, up->has_other_services ? " other" : "");
  g_string_append_printf(line, " %s %s", up->address, up->name);
  if (up->manufacturer[0] != '\0' || up->model[0] != '\0' || up->firmware[0] != '\0')
    g_string_append_printf(line, " [%s|%s|%s]", up->manufacturer, up->model, up->firmware);
}

static void append_details(GString *line, const DfuLinkEvent *event)
{
  switch (event->type) {
  case DFU_LINK_UP:
    append_up(line, &event->up);
    break;
  case DFU_LINK_FAILED:
    g_string_append_printf(line, " %s %d %s", trouble_names[event->trouble], event->error->code,
                           event->error->message);
    break;
  case DFU_LINK_SUBSCRIBED:
  case DFU_LINK_CONTROL_WRITTEN:
    if (event->error != NULL)
      g_string_append_printf(line, " att=%02x %s", event->att_error, event->error->message);
    break;
  case DFU_LINK_NOTIFIED:
    for (gsize i = 0; i < event->len; i++)
      g_string_append_printf(line, " %02x", event->bytes[i]);
    break;
  case DFU_LINK_SEEN:
    g_string_append_printf(line, " %s %s",
                           event->seen == DFU_LINK_SEEN_DFU ? "dfu" : "application",
                           event->seen_address);
    break;
  default:
    break;
  }
}

static void on_event(const DfuLinkEvent *event, gpointer user_data)
{
  LinkRecorder *recorder = user_data;
  GString *line = g_string_new(type_names[event->type]);

  append_details(line, event);
  g_queue_push_tail(&recorder->events, g_string_free(line, FALSE));
}

LinkRecorder *link_recorder_new(DfuLink *link)
{
  LinkRecorder *recorder = g_new0(LinkRecorder, 1);

  dfu_link_set_handler(link, on_event, recorder);
  return recorder;
}

void link_recorder_free(LinkRecorder *recorder)
{
  g_queue_clear_full(&recorder->events, g_free);
  g_free(recorder->last);
  g_free(recorder);
}

static gboolean on_time_over(gpointer user_data)
{
  gboolean *is_over = user_data;

  *is_over = TRUE;
  return G_SOURCE_REMOVE;
}

/* Runs the main context until there is an event, or the time is over. */
static void await_event(LinkRecorder *recorder, guint ms)
{
  gboolean is_over = FALSE;
  guint timer_id = g_timeout_add(ms, on_time_over, &is_over);

  while (!is_over && (recorder == NULL || g_queue_is_empty(&recorder->events)))
    g_main_context_iteration(NULL, TRUE);
  if (!is_over)
    g_source_remove(timer_id);
}

const char *link_recorder_next(LinkRecorder *recorder)
{
  await_event(recorder, PATIENCE_MS);
  if (g_queue_is_empty(&recorder->events))
    fail_msg("the link told nothing for %d ms; its last event was: %s", PATIENCE_MS,
             recorder->last != NULL ? recorder->last : "none");
  g_free(recorder->last);
  recorder->last = g_queue_pop_head(&recorder->events);
  return recorder->last;
}

const char *link_recorder_expect(LinkRecorder *recorder, const char *start)
{
  const char *event = link_recorder_next(recorder);

  if (!g_str_has_prefix(event, start))
    fail_msg("wanted \"%s…\", got \"%s\"", start, event);
  return event;
}

void link_recorder_expect_silence(LinkRecorder *recorder, guint ms)
{
  await_event(recorder, ms);
  if (!g_queue_is_empty(&recorder->events))
    fail_msg("wanted nothing, got \"%s\"", (char *)g_queue_peek_head(&recorder->events));
}

void link_recorder_pass(guint ms)
{
  await_event(NULL, ms);
}
