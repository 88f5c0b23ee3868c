/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/update_report.h"

#include "cli/advice.h"
#include "cli/journal_report.h"
#include "cli/package_report.h"
#include "cli/progress.h"
#include "wire/wire.h"

#define PROGRESS_EVENT_US G_USEC_PER_SEC

struct DfuUpdateReport {
  DfuOutput *output;
  const DfuSessionOptions *options;
  DfuProgressBar *bar;
  DfuPhase phase;
  gboolean is_stopping;
  gboolean may_be_erasing; /* Start was sent; nothing came after it yet */
  gboolean is_warned; /* of what Start does to the application */
  gint64 image_began_us; /* of the part under way, since the session's start; 0 for not now */
  gint64 image_us;       /* that images took, over all parts */
  guint event_percent;   /* of the last `progress` event */
  gint64 event_us;
};

void dfu_update_report_free(DfuUpdateReport *report)
{
  if (report == NULL)
    return;
  dfu_progress_bar_free(report->bar);
  g_free(report);
}

/* Source: nRF5 SDK 11 bootloaders with one and two banks; Adafruit 0.9.2 and 0.10.0. */
static const char *effect_of_system(DfuImageType type, gboolean has_application)
{
  if (type == DFU_IMAGE_BOOTLOADER)
    return has_application ? "On many devices it takes the application's place; the one of this "
                             "package follows it."
                           : "On many devices it takes the application's place; send the "
                             "application after it.";
  return has_application ? "It takes the application's place; the one of this package follows it."
                         : "It takes the application's place: the device has none until one is "
                           "sent after it.";
}

static void say_part(DfuOutput *output, const char *verb, const DfuPart *part, const char *end)
{
  dfu_output_note(output, DFU_LEVEL_NORMAL, "%s %s (%s, %" G_GSIZE_FORMAT " bytes, CRC-16 %04x)%s.",
                  verb, dfu_image_type_to_string(part->type), part->image_name,
                  g_bytes_get_size(part->image), part->crc16, end);
}

void dfu_update_report_say_plan(DfuOutput *output, const DfuPart *const *parts, guint n_parts,
                                const char *target)
{
  g_autofree char *end = g_strdup_printf(" to %s", target);

  for (guint i = 0; i < n_parts; i++) {
    say_part(output, i == 0 ? "Sending" : "Then", parts[i], i == 0 ? end : "");
    if (parts[i]->type != DFU_IMAGE_APPLICATION)
      dfu_output_note(output, DFU_LEVEL_NORMAL, "%s",
                      effect_of_system(parts[i]->type, i + 1 < n_parts));
  }
}

static void send_event(const DfuUpdateReport *report, const DfuReport *news, const char *name,
                       cJSON *fields)
{
  dfu_json_add_seconds(fields, "elapsed_s", news->elapsed_us);
  dfu_output_event(report->output, name, fields);
}

static void show_phase(DfuUpdateReport *report, const DfuReport *news)
{
  const char *hint =
    report->phase == DFU_PHASE_STARTING ? " (the target is silent meanwhile, for up to 90 s)" : "";
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddStringToObject(fields, "state", dfu_phase_name(report->phase));
  send_event(report, news, "state", fields);
  if (report->phase == DFU_PHASE_ENDED)
    return;
  /* On a terminal the bar tells it already. */
  dfu_output_note(report->output,
                  dfu_output_is_terminal(report->output) ? DFU_LEVEL_VERBOSE : DFU_LEVEL_NORMAL,
                  "%s%s", dfu_progress_words(report->phase), hint);
}

DfuUpdateReport *dfu_update_report_new(DfuOutput *output, const DfuSessionOptions *options)
{
  static const DfuReport begin = { .elapsed_us = 0 };
  DfuUpdateReport *report = g_new0(DfuUpdateReport, 1);

  report->output = output;
  report->options = options;
  report->bar = dfu_progress_bar_new(output);
  report->phase = DFU_PHASE_CONNECTING;
  show_phase(report, &begin);
  return report;
}

static void take_phase(DfuUpdateReport *report, const DfuReport *news)
{
  DfuPhase phase = news->progress->phase;

  if (phase == report->phase)
    return;
  report->phase = phase;
  if (phase == DFU_PHASE_STARTING)
    report->may_be_erasing = TRUE;
  else if (phase == DFU_PHASE_INIT || phase == DFU_PHASE_IMAGE)
    report->may_be_erasing = FALSE;
  if (phase == DFU_PHASE_IMAGE && report->image_began_us == 0)
    report->image_began_us = news->elapsed_us;
  if (phase == DFU_PHASE_VALIDATING && report->image_began_us > 0) {
    report->image_us += news->elapsed_us - report->image_began_us;
    report->image_began_us = 0;
  }
  show_phase(report, news);
}

static void add_if_told(cJSON *fields, const char *key, const char *text)
{
  if (text != NULL && text[0] != '\0')
    dfu_json_add_text(fields, key, text);
}

static cJSON *connected_to_json(const DfuReport *news, const char *revision)
{
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddStringToObject(fields, "state", "connected");
  dfu_json_add_text(fields, "address", news->address);
  dfu_json_add_text(fields, "name", news->name);
  cJSON_AddNumberToObject(fields, "mtu", news->mtu);
  if (news->rssi != 0)
    cJSON_AddNumberToObject(fields, "rssi", news->rssi);
  if (revision != NULL)
    cJSON_AddStringToObject(fields, "revision", revision);
  add_if_told(fields, "manufacturer", news->manufacturer);
  add_if_told(fields, "model", news->model);
  add_if_told(fields, "firmware", news->firmware);
  cJSON_AddStringToObject(fields, "mode", news->is_application ? "application" : "dfu");
  if (!news->is_application) {
    cJSON_AddStringToObject(fields, "family", news->family->name);
    cJSON_AddStringToObject(fields, "family_why", news->family_why);
  }
  return fields;
}

static void say_connected(const DfuUpdateReport *report, const DfuReport *news,
                          const char *revision)
{
  g_autofree char *signal =
    news->rssi != 0 ? g_strdup_printf(", %d dBm", news->rssi) : g_strdup("");

  dfu_output_note(report->output, DFU_LEVEL_VERBOSE,
                  "connected to %s '%s'%s; MTU %u, DFU revision %s", news->address, news->name,
                  signal, news->mtu, revision != NULL ? revision : "none");
  if (news->manufacturer != NULL && (news->manufacturer[0] || news->model[0] || news->firmware[0]))
    dfu_output_note(report->output, DFU_LEVEL_VERBOSE, "manufacturer '%s', model '%s', firmware '%s'",
                    news->manufacturer, news->model, news->firmware);
  if (news->is_application)
    dfu_output_note(report->output, DFU_LEVEL_VERBOSE, "it runs its application");
  else
    dfu_output_note(report->output, DFU_LEVEL_VERBOSE, "taken for %s (%s), by: %s",
                    news->family->name, news->family->title, news->family_why);
}

/* Once, and before anything is lost. */
static void say_fate(DfuUpdateReport *report, const DfuReport *news)
{
  if (report->is_warned || news->is_application || news->part == NULL || news->part_index > 0 ||
      news->part->type != DFU_IMAGE_APPLICATION)
    return;
  report->is_warned = TRUE;
  if (news->family->application == DFU_APPLICATION_LOST)
    dfu_output_note(report->output, DFU_LEVEL_NORMAL,
                    "From Start on the device has no application until the update completes: keep "
                    "it powered and near.");
  else if (news->family->application == DFU_APPLICATION_MAYBE)
    dfu_output_note(report->output, DFU_LEVEL_NORMAL,
                    "A bootloader with one bank has no application from Start on until the update "
                    "completes: keep it powered and near.");
}

static void show_connected(DfuUpdateReport *report, const DfuReport *news)
{
  g_autofree char *revision =
    news->revision >= 0 ? g_strdup_printf("%d.%d", news->revision >> 8, news->revision & 0xff)
                        : NULL;

  send_event(report, news, "state", connected_to_json(news, revision));
  say_connected(report, news, revision);
  if (report->options->goal == DFU_GOAL_RESET && !news->is_application)
    dfu_output_note(report->output, DFU_LEVEL_NORMAL, "%s, taken for %s: %s", news->address,
                    news->family->title, dfu_advice_reset_effect(news->family));
  say_fate(report, news);
}

static void show_part(DfuUpdateReport *report, const DfuReport *news)
{
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddStringToObject(fields, "part", dfu_package_report_word(news->part));
  cJSON_AddStringToObject(fields, "type", dfu_package_report_type(news->part->type));
  cJSON_AddNumberToObject(fields, "image_bytes", (double)g_bytes_get_size(news->part->image));
  send_event(report, news, "part", fields);
  say_part(report->output, "Now", news->part, "");
}

static void show_progress(DfuUpdateReport *report, const DfuReport *news)
{
  const DfuProgress *progress = news->progress;
  guint percent = dfu_progress_percent(progress);
  cJSON *fields;

  if (percent == report->event_percent && news->elapsed_us - report->event_us < PROGRESS_EVENT_US)
    return;
  report->event_percent = percent;
  report->event_us = news->elapsed_us;
  fields = cJSON_CreateObject();
  cJSON_AddStringToObject(fields, "state", dfu_phase_name(progress->phase));
  cJSON_AddNumberToObject(fields, "percent", percent);
  cJSON_AddNumberToObject(fields, "confirmed_bytes", progress->confirmed_bytes);
  cJSON_AddNumberToObject(fields, "sent_bytes", progress->sent_bytes);
  cJSON_AddNumberToObject(fields, "image_bytes", progress->image_bytes);
  cJSON_AddNumberToObject(fields, "bytes_per_s", dfu_progress_bar_get_rate(report->bar));
  send_event(report, news, "progress", fields);
}

static void show_recalled(DfuUpdateReport *report, const DfuReport *news)
{
  g_autofree char *words = dfu_journal_report_words(news->earlier);

  send_event(report, news, "journal", dfu_journal_report_json(news->earlier));
  if (news->earlier->transfer.init_refused) {
    dfu_output_note(report->output, DFU_LEVEL_NORMAL,
                    "An earlier run sent %s, whose init packet the target refused. It waits for "
                    "another.",
                    news->earlier->package_name);
    return;
  }
  dfu_output_note(report->output, DFU_LEVEL_NORMAL,
                  "An earlier run of this package: %s. This one goes on from what the target "
                  "holds.",
                  words);
}

/* What follows on a link that is gone: the next try, and how long an SDK's target waits for it. */
static char *describe_next_try(const DfuUpdateReport *report, const DfuReport *news)
{
  GString *text = g_string_new(NULL);

  if (news->retry > 0)
    g_string_append_printf(text, "; connecting again in %.1f s, try %u of %u",
                           (double)news->pause_us / G_USEC_PER_SEC, news->retry,
                           report->options->retries);
  if (news->forgets_in_us > 0)
    g_string_append_printf(text, "; the target forgets the transfer in %d s",
                           (int)(news->forgets_in_us / G_USEC_PER_SEC));
  else if (news->forgets_in_us == 0)
    g_string_append(text, "; the target has forgotten the transfer by now");
  return g_string_free(text, FALSE);
}

static void add_next_try(cJSON *fields, const DfuUpdateReport *report, const DfuReport *news)
{
  if (news->text != NULL)
    dfu_json_add_text(fields, "text", news->text);
  if (news->retry > 0) {
    cJSON_AddNumberToObject(fields, "retry", news->retry);
    cJSON_AddNumberToObject(fields, "retries", report->options->retries);
    dfu_json_add_seconds(fields, "pause_s", news->pause_us);
  }
  if (news->forgets_in_us >= 0)
    dfu_json_add_seconds(fields, "forgets_in_s", news->forgets_in_us);
}

static void show_link_lost(DfuUpdateReport *report, const DfuReport *news)
{
  g_autofree char *next = describe_next_try(report, news);
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddNumberToObject(fields, "offset_bytes", news->offset_bytes);
  add_next_try(fields, report, news);
  send_event(report, news, "link_lost", fields);
  dfu_output_note(report->output, DFU_LEVEL_NORMAL, "%s%s",
                  news->text != NULL ? news->text : "the link was lost", next);
}

static void show_retry(DfuUpdateReport *report, const DfuReport *news)
{
  g_autofree char *next = describe_next_try(report, news);
  cJSON *fields = cJSON_CreateObject();

  add_next_try(fields, report, news);
  send_event(report, news, "retry", fields);
  dfu_output_note(report->output, DFU_LEVEL_NORMAL, "%s%s",
                  news->text != NULL ? news->text : "no link yet", next);
}

static void show_resumed(DfuUpdateReport *report, const DfuReport *news)
{
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddNumberToObject(fields, "offset_bytes", news->offset_bytes);
  send_event(report, news, "resumed", fields);
  dfu_output_note(report->output, DFU_LEVEL_NORMAL, "resumed at byte %u of %" G_GSIZE_FORMAT,
                  news->offset_bytes, g_bytes_get_size(news->part->image));
}

/* "> 01 04  Start", "< 10 01 01  Start: success", "< 11 a0 00 00 00  receipt: 160 bytes" */
static char *explain_bytes(const DfuReport *news)
{
  DfuNotification notification;

  if (news->outgoing)
    return g_strdup(dfu_wire_opcode_name(news->len > 0 ? news->bytes[0] : 0));
  if (dfu_wire_parse_notification(news->bytes, news->len, &notification) != DFU_WIRE_OK)
    return g_strdup("no message of this profile");
  if (notification.kind == DFU_NOTIFICATION_RECEIPT)
    return g_strdup_printf("receipt: %u bytes", notification.received_bytes);
  if (notification.opcode == DFU_OP_REPORT_SIZE && notification.status == DFU_STATUS_SUCCESS)
    return g_strdup_printf("%s: %u bytes", dfu_wire_opcode_name(notification.opcode),
                           notification.received_bytes);
  return g_strdup_printf("%s: %s", dfu_wire_opcode_name(notification.opcode),
                         dfu_wire_status_name(notification.status));
}

static void show_bytes(DfuUpdateReport *report, const DfuReport *news)
{
  g_autofree char *meaning = NULL;
  GString *hex;

  if (!dfu_output_shows(report->output, DFU_LEVEL_BYTES))
    return;
  meaning = explain_bytes(news);
  hex = g_string_new(NULL);
  for (gsize i = 0; i < news->len; i++)
    g_string_append_printf(hex, " %02x", news->bytes[i]);
  dfu_output_note(report->output, DFU_LEVEL_BYTES, "%c%s  %s", news->outgoing ? '>' : '<', hex->str,
                  meaning);
  g_string_free(hex, TRUE);
}

static const char *outcome(const DfuPart *part, DfuSeen seen)
{
  switch (seen) {
  case DFU_SEEN_APPLICATION: return "the application is running";
  case DFU_SEEN_DFU:
    return part->type == DFU_IMAGE_APPLICATION ? "the device is back in DFU mode"
                                               : "the bootloader is back and waits for an "
                                                 "application";
  case DFU_SEEN_NOTHING: break;
  }
  return "what came back was not seen";
}

static void say_updated(const DfuUpdateReport *report, const DfuReport *news)
{
  const DfuSessionResult *result = news->result;
  g_autofree char *where = result->seen_address != NULL
                             ? g_strdup_printf(" (%s)", result->seen_address)
                             : g_strdup("");

  dfu_output_say(report->output, "Done: %u bytes in %.1f s, the image at %.1f kB/s; %s%s.",
                 result->image_bytes, (double)result->duration_us / G_USEC_PER_SEC,
                 report->image_us > 0
                   ? (double)result->sent_bytes * 1000.0 / (double)report->image_us
                   : 0.0,
                 outcome(news->part, result->seen), where);
}

static void show_success(const DfuUpdateReport *report, const DfuReport *news)
{
  const DfuSessionResult *result = news->result;

  if (!dfu_output_shows(report->output, DFU_LEVEL_NORMAL))
    return;
  switch (report->options->goal) {
  case DFU_GOAL_UPDATE: say_updated(report, news); break;
  case DFU_GOAL_ENTER:
    dfu_output_say(report->output, "In DFU mode at %s: %s.", result->address,
                   result->family->title);
    break;
  case DFU_GOAL_RESET:
    dfu_output_say(report->output, "Reset: %s.", result->address);
    break;
  }
}

static void warn_unseen(const DfuUpdateReport *report)
{
  g_autofree char *text =
    g_strdup_printf("the device was not seen within %u s after Activate; many applications "
                    "advertise under another address, or not at all, so check that it runs",
                    report->options->wait_back_s);

  dfu_output_warn(report->output, text);
}

static void show_finished(DfuUpdateReport *report, const DfuReport *news)
{
  const DfuSessionResult *result = news->result;

  g_clear_pointer(&report->bar, dfu_progress_bar_free);
  if (result->error != NULL)
    return;
  if (result->seen == DFU_SEEN_NOTHING && report->options->wait_back_s > 0 &&
      report->options->goal == DFU_GOAL_UPDATE && !report->is_stopping)
    warn_unseen(report);
  show_success(report, news);
}

static void show(DfuUpdateReport *report, const DfuReport *news)
{
  switch (news->type) {
  case DFU_REPORT_RECALLED: show_recalled(report, news); break;
  case DFU_REPORT_PART: show_part(report, news); break;
  case DFU_REPORT_PHASE: break;
  case DFU_REPORT_CONNECTED: show_connected(report, news); break;
  case DFU_REPORT_PROGRESS: show_progress(report, news); break;
  case DFU_REPORT_LINK_LOST: show_link_lost(report, news); break;
  case DFU_REPORT_RETRY: show_retry(report, news); break;
  case DFU_REPORT_RESUMED: show_resumed(report, news); break;
  case DFU_REPORT_WARNING: dfu_output_warn(report->output, news->text); break;
  case DFU_REPORT_BYTES: show_bytes(report, news); break;
  case DFU_REPORT_FINISHED: show_finished(report, news); break;
  }
}

void dfu_update_report_take(DfuUpdateReport *report, const DfuReport *news)
{
  gboolean is_loss = news->type == DFU_REPORT_LINK_LOST || news->type == DFU_REPORT_RETRY;

  if (report->bar != NULL)
    dfu_progress_bar_update(report->bar, news->progress);
  if (!is_loss) /* the phase that it leads to is reported after it */
    take_phase(report, news);
  show(report, news);
}

/* Source: what nRF5 SDK 11 does when a notification is due and nobody is connected. */
static const char *reason_to_wait(DfuPhase phase)
{
  switch (phase) {
  case DFU_PHASE_STARTING:
    return "waiting for the erase to finish: leaving now would restart the target";
  case DFU_PHASE_INIT:
  case DFU_PHASE_ASKING:
    return "waiting for the target's answer: leaving now might restart it";
  case DFU_PHASE_IMAGE:
    return "waiting until the target has stored what is in the air: leaving now might restart it";
  case DFU_PHASE_VALIDATING:
  case DFU_PHASE_ACTIVATING:
    return "waiting for the target's answer: the image is there already";
  case DFU_PHASE_WATCHING:
    return "the update is activated; no longer waiting for the device to come back";
  case DFU_PHASE_ENTERING: return "waiting for the device to leave its application";
  case DFU_PHASE_CONNECTING:
  case DFU_PHASE_RESTING:
  case DFU_PHASE_RESETTING:
  case DFU_PHASE_LEAVING:
  case DFU_PHASE_ENDED: break;
  }
  return "leaving the target in order";
}

void dfu_update_report_say_stopping(DfuUpdateReport *report)
{
  const char *reason = reason_to_wait(report->phase);

  if (report->may_be_erasing && report->phase == DFU_PHASE_CONNECTING)
    reason = report->is_stopping ? "leaving a target that may be erasing, and then restarts"
                                 : "the target may be erasing, and is had back first; the same "
                                   "again leaves it at once";
  report->is_stopping = TRUE;
  dfu_output_note(report->output, DFU_LEVEL_NORMAL, "Stopping: %s.", reason);
}

void dfu_update_report_add_result(cJSON *object, const DfuSessionResult *result)
{
  static const DfuSessionResult nothing = { .seen = DFU_SEEN_NOTHING };

  if (result == NULL)
    result = &nothing;
  cJSON_AddNumberToObject(object, "image_bytes", result->image_bytes);
  cJSON_AddNumberToObject(object, "sent_bytes", (double)result->sent_bytes);
  cJSON_AddNumberToObject(object, "confirmed_bytes", result->confirmed_bytes);
  cJSON_AddNumberToObject(object, "link_losses", result->link_losses);
  cJSON_AddNumberToObject(object, "resumes", result->resumes);
  cJSON_AddStringToObject(object, "next", dfu_next_name(result->next));
  cJSON_AddBoolToObject(object, "in_doubt", result->is_in_doubt);
  cJSON_AddStringToObject(object, "seen", dfu_seen_name(result->seen));
  dfu_json_add_text(object, "seen_address", result->seen_address);
  dfu_json_add_text(object, "address", result->address);
  dfu_json_add_text(object, "family", result->family != NULL ? result->family->name : NULL);
}
