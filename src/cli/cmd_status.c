/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble status: what is known of a device from both sides, the device's own
 * and the journal's, and what an update would make of it.
 */
#include <dfu/bluez.h>
#include <dfu/controller.h>
#include <dfu/inquiry.h>
#include <dfu/journal.h>
#include <dfu/session.h>
#include <glib-unix.h>
#include <signal.h>

#include "cli/commands.h"
#include "cli/journal_report.h"
#include "cli/lock.h"
#include "cli/options.h"
#include "cli/state_folder.h"

#define MOST_SECONDS 3600

typedef struct {
  char *address;
  char *adapter;
  int seconds;
} StatusOptions;

typedef struct {
  DfuOutput *output;
  GMainLoop *loop;
  DfuInquiry *inquiry;
  const DfuJournalRecord *record; /* (nullable): what the journal says */
  GError *error;
} StatusRun;

/* What `dfu-ble update` would do now. */
typedef struct {
  gboolean resumes;
  char *words;
} Outlook;

static const DfuUsage usage = {
  .command = "status",
  .arguments = "--addr ADDR",
  .summary = "Connects to a device and shows what it is, what it holds of a transfer, what the\n"
             "journal here knows of that, and what an update would do. Changes nothing.",
  .verbose_help = "Say what happens",
};

static gboolean parse_options(StatusOptions *options, char **argv, DfuOutput *output,
                              gboolean *helped, GError **error)
{
  g_auto(GStrv) arguments = NULL;
  const GOptionEntry own[] = {
    { "addr", 0, 0, G_OPTION_ARG_STRING, &options->address,
      "Address of the device, as `dfu-ble scan` shows it", "ADDR" },
    { "adapter", 0, 0, G_OPTION_ARG_STRING, &options->adapter,
      "Bluetooth adapter (default: the first that is on)", "hciN" },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &options->seconds, "Time to connect (default 30)",
      "SECONDS" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!dfu_options_parse(&usage, own, argv, output, helped, error))
    return FALSE;
  if (*helped)
    return TRUE;
  if (arguments != NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "status takes no arguments, '%s' was given",
                arguments[0]);
    return FALSE;
  }
  return dfu_options_check_address(options->address, error) &&
         dfu_options_check_adapter(options->adapter, error) &&
         dfu_options_check_range("--timeout", options->seconds, 1, MOST_SECONDS, error);
}

/* --- the outlook --- */

static Outlook outlook(gboolean resumes, char *words)
{
  return (Outlook){ resumes, words };
}

static Outlook foresee_from_nothing(const DfuJournalRecord *record)
{
  if (record == NULL)
    return outlook(FALSE, g_strdup("begins at the first byte"));
  if (record->transfer.confirmed_bytes > 0)
    return outlook(FALSE, g_strdup_printf("begins at the first byte, for the target has forgotten "
                                          "the transfer of %s",
                                          record->package_name));
  return outlook(TRUE, g_strdup_printf("goes on with %s at the step where the earlier run stopped",
                                       record->package_name));
}

static Outlook foresee(const DfuInquiryResult *result, const DfuJournalRecord *record)
{
  if (result->mode == DFU_DEVICE_MODE_APPLICATION)
    return outlook(FALSE, g_strdup("stops: the device has to be put into DFU mode first"));
  if (result->mode == DFU_DEVICE_MODE_OTHER)
    return outlook(FALSE, g_strdup("stops: the device has no DFU service now"));
  if (result->received_bytes < 0)
    return outlook(FALSE, g_strdup("begins at the first byte, for the target does not tell what it "
                                   "holds"));
  if (result->received_bytes == 0)
    return foresee_from_nothing(record);
  if (record == NULL)
    return outlook(FALSE, g_strdup("stops: no journal here tells of this transfer; it would need "
                                   "--restart, see the manual"));
  if (!dfu_controller_is_believable(&record->transfer, (guint32)result->received_bytes))
    return outlook(FALSE, g_strdup("stops: the journal tells of another transfer than this; it "
                                   "would need --restart, see the manual"));
  return outlook(TRUE, g_strdup_printf("goes on with %s at byte %" G_GINT64_FORMAT,
                                       record->package_name, result->received_bytes));
}

/* --- showing --- */

static const char *mode_word(DfuDeviceMode mode)
{
  switch (mode) {
  case DFU_DEVICE_MODE_DFU: return "dfu";
  case DFU_DEVICE_MODE_APPLICATION: return "application";
  case DFU_DEVICE_MODE_OTHER: break;
  }
  return "other";
}

static char *format_revision(gint revision)
{
  if (revision < 0)
    return NULL;
  return g_strdup_printf("%d.%d", revision >> 8, revision & 0xff);
}

static void add_connection(cJSON *fields, const DfuInquiryResult *result)
{
  g_autofree char *revision = format_revision(result->revision);

  dfu_json_add_text(fields, "address", result->address);
  dfu_json_add_text(fields, "name", result->name);
  cJSON_AddNumberToObject(fields, "mtu", result->mtu);
  if (result->rssi != 0)
    cJSON_AddNumberToObject(fields, "rssi", result->rssi);
  if (revision != NULL)
    cJSON_AddStringToObject(fields, "revision", revision);
  if (result->received_bytes >= 0)
    cJSON_AddNumberToObject(fields, "received_bytes", (double)result->received_bytes);
}

static void send_status_event(const StatusRun *run, const DfuInquiryResult *result,
                              const Outlook *next)
{
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddStringToObject(fields, "mode", mode_word(result->mode));
  if (result->mode == DFU_DEVICE_MODE_OTHER)
    dfu_json_add_text(fields, "text", result->why_other);
  else
    add_connection(fields, result);
  if (run->record != NULL)
    cJSON_AddItemToObject(fields, "journal", dfu_journal_report_json(run->record));
  cJSON_AddBoolToObject(fields, "would_resume", next->resumes);
  dfu_json_add_text(fields, "next_update", next->words);
  dfu_output_event(run->output, "status", fields);
}

static void print_connection(DfuOutput *output, const DfuInquiryResult *result)
{
  g_autofree char *revision = format_revision(result->revision);

  dfu_output_say(output, "device       %s '%s'", result->address, result->name);
  dfu_output_say(output, "mode         %s", mode_word(result->mode));
  dfu_output_say(output, "revision     %s", revision != NULL ? revision : "none");
  dfu_output_say(output, "MTU          %u", result->mtu);
  if (result->rssi != 0)
    dfu_output_say(output, "signal       %d dBm", result->rssi);
  if (result->received_bytes > 0)
    dfu_output_say(output, "received     %" G_GINT64_FORMAT " bytes of an image",
                   result->received_bytes);
  else if (result->received_bytes == 0)
    dfu_output_say(output, "received     nothing of an image");
}

static void print_status(const StatusRun *run, const DfuInquiryResult *result, const Outlook *next)
{
  DfuOutput *output = run->output;

  if (result->mode == DFU_DEVICE_MODE_OTHER)
    dfu_output_say(output, "mode         %s: %s", mode_word(result->mode), result->why_other);
  else
    print_connection(output, result);
  if (run->record != NULL) {
    g_autofree char *words = dfu_journal_report_words(run->record);

    dfu_output_say(output, "journal      %s, %s: %s", run->record->package_name,
                   dfu_image_type_to_string(run->record->part), words);
  }
  dfu_output_say(output, "next update  %s", next->words);
}

/* --- asking --- */

static void on_result(const DfuInquiryResult *result, gpointer data)
{
  StatusRun *run = data;
  Outlook next;

  g_main_loop_quit(run->loop);
  if (result->error != NULL) {
    run->error = g_error_copy(result->error);
    return;
  }
  next = foresee(result, run->record);
  if (dfu_output_is_json(run->output))
    send_status_event(run, result, &next);
  else
    print_status(run, result, &next);
  g_free(next.words);
}

static gboolean on_signal(gpointer data)
{
  StatusRun *run = data;

  dfu_inquiry_cancel(run->inquiry);
  return G_SOURCE_CONTINUE;
}

static gboolean ask(StatusRun *run, DfuLink *link, const StatusOptions *options, GError **error)
{
  guint interrupt = g_unix_signal_add(SIGINT, on_signal, run);
  guint terminate = g_unix_signal_add(SIGTERM, on_signal, run);

  run->loop = g_main_loop_new(NULL, FALSE);
  run->inquiry = dfu_inquiry_new(link, (guint)options->seconds, on_result, run);
  dfu_output_note(run->output, DFU_LEVEL_VERBOSE, "connecting to %s", options->address);
  g_main_loop_run(run->loop);
  g_source_remove(interrupt);
  g_source_remove(terminate);
  dfu_inquiry_free(run->inquiry);
  g_main_loop_unref(run->loop);
  if (run->error == NULL)
    return TRUE;
  g_propagate_error(error, run->error);
  return FALSE;
}

/* A transfer that was activated leaves nothing to go on with. */
static gboolean load_journal(const char *address, DfuJournalRecord *record, DfuOutput *output)
{
  g_autofree char *folder = dfu_state_folder();
  g_autofree char *path = dfu_journal_path(folder, address);
  g_autofree char *warning = NULL;
  gboolean is_there = dfu_journal_load(path, record, &warning);

  if (warning != NULL)
    dfu_output_warn(output, warning);
  return is_there && !record->transfer.activate_acknowledged;
}

static gboolean show_status(const StatusOptions *options, DfuOutput *output, GError **error)
{
  g_auto(DfuJournalRecord) record = { 0 };
  g_autoptr(DfuLock) lock = NULL;
  g_autoptr(DfuLink) link = NULL;
  g_autofree char *warning = NULL;
  StatusRun run = { .output = output };

  if (!dfu_lock_acquire(options->address, DFU_LOCK_EXCLUSIVE, &lock, &warning, error))
    return FALSE;
  if (warning != NULL)
    dfu_output_warn(output, warning);
  link = dfu_bluez_link_new(options->adapter, options->address, NULL, error);
  if (link == NULL)
    return FALSE;
  if (load_journal(options->address, &record, output))
    run.record = &record;
  return ask(&run, link, options, error);
}

gboolean dfu_cmd_status(char **argv, DfuOutput *output, GError **error)
{
  StatusOptions options = { .seconds = (int)dfu_session_options_default.timeout_s };
  gboolean helped;
  gboolean ok = parse_options(&options, argv, output, &helped, error) &&
                (helped || show_status(&options, output, error));

  g_free(options.address);
  g_free(options.adapter);
  return ok;
}
