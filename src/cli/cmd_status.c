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

#include "cli/advice.h"
#include "cli/commands.h"
#include "cli/journal_report.h"
#include "cli/lock.h"
#include "cli/options.h"
#include "cli/state_folder.h"
#include "cli/stop_signals.h"

typedef struct {
  DfuOutput *output;
  GMainLoop *loop;
  DfuInquiry *inquiry;
  const DfuJournalRecord *record; /* (nullable): what the journal says of an update under way */
  guint most_window_packets;      /* and of the device; 0: nothing */
  gboolean is_journal_unreadable;
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

static gboolean parse_options(DfuDeviceOptions *device, const DfuFamily **family, char **argv,
                              DfuOutput *output, gboolean *helped, GError **error)
{
  const GOptionEntry own[] = { DFU_DEVICE_OPTIONS(device), G_OPTION_ENTRY_NULL };

  return dfu_options_parse(&usage, own, argv, output, helped, error) &&
         (*helped || dfu_device_options_check(device, family, error));
}

/* --- the outlook --- */

static Outlook outlook(gboolean resumes, char *words)
{
  return (Outlook){ resumes, words };
}

/* What the journal speaks of: "app.zip", or of a package under way "both.zip, part 2 (application)". */
static char *name_part(const DfuJournalRecord *record)
{
  if (record->parts_done == 0)
    return g_strdup(record->package_name);
  return g_strdup_printf("%s, part %u (%s)", record->package_name, record->parts_done + 1,
                         dfu_image_type_to_string(record->part));
}

/* An application holds nothing: a transfer lives in the memory of a bootloader. */
static Outlook foresee_entry(const DfuJournalRecord *record)
{
  g_autofree char *part = record != NULL ? name_part(record) : NULL;

  if (record == NULL || record->parts_done == 0)
    return outlook(FALSE, g_strdup("enters the bootloader, then begins at the first byte"));
  return outlook(TRUE, g_strdup_printf("enters the bootloader, then goes on with %s", part));
}

static Outlook foresee_from_nothing(const DfuJournalRecord *record)
{
  g_autofree char *part = record != NULL ? name_part(record) : NULL;

  if (record == NULL)
    return outlook(FALSE, g_strdup("begins at the first byte"));
  if (record->transfer.init_refused)
    return outlook(FALSE, g_strdup_printf("goes on only with a package that is right, and an image "
                                          "of %u bytes: the init packet of %s was refused",
                                          record->image_bytes, part));
  if (record->transfer.confirmed_bytes == 0 && record->transfer.start_sent)
    return outlook(TRUE, g_strdup_printf("goes on with %s at the step where the earlier run "
                                         "stopped",
                                         part));
  if (record->parts_done > 0)
    return outlook(TRUE, g_strdup_printf("goes on with %s, from its first byte", part));
  return outlook(FALSE, g_strdup_printf("begins at the first byte, for the target has forgotten "
                                        "the transfer of %s",
                                        part));
}

static Outlook foresee_from_silence(const DfuJournalRecord *record)
{
  g_autofree char *part = record != NULL ? name_part(record) : NULL;

  if (record != NULL && record->parts_done > 0)
    return outlook(TRUE, g_strdup_printf("goes on with %s, from its first byte, for the target "
                                         "does not tell what it holds",
                                         part));
  return outlook(FALSE, g_strdup("begins at the first byte, for the target does not tell what it "
                                 "holds"));
}

static Outlook foresee_from_count(const DfuInquiryResult *result, const DfuJournalRecord *record)
{
  g_autofree char *part = NULL;
  guint32 count_bytes;

  if (record == NULL)
    return outlook(FALSE, g_strdup("stops: no journal here tells of this transfer; it would need "
                                   "--restart, see the manual"));
  count_bytes = dfu_controller_read_count(result->family, &record->transfer,
                                          (guint32)result->received_bytes);
  if (!dfu_controller_is_believable(&record->transfer, count_bytes))
    return outlook(FALSE, g_strdup("stops: the journal tells of another transfer than this; it "
                                   "would need --restart, see the manual"));
  part = name_part(record);
  return outlook(TRUE, g_strdup_printf("goes on with %s at byte %u%s", part, count_bytes,
                                       result->family->hides_packets ? " or later" : ""));
}

static Outlook foresee(const DfuInquiryResult *result, const DfuJournalRecord *record)
{
  if (result->mode == DFU_DEVICE_MODE_APPLICATION)
    return foresee_entry(record);
  if (result->mode == DFU_DEVICE_MODE_OTHER)
    return outlook(FALSE, g_strdup("stops: the device has no DFU service now"));
  if (result->received_bytes < 0)
    return foresee_from_silence(record);
  if (result->received_bytes == 0)
    return foresee_from_nothing(record);
  return foresee_from_count(result, record);
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

static void add_if_told(cJSON *fields, const char *key, const char *text)
{
  if (text[0] != '\0')
    dfu_json_add_text(fields, key, text);
}

static void add_family(cJSON *fields, const DfuInquiryResult *result)
{
  const DfuFamily *family = result->family;

  cJSON_AddStringToObject(fields, "family", family->name);
  cJSON_AddStringToObject(fields, "family_why", result->family_why);
  cJSON_AddStringToObject(fields, "reset_to", dfu_reset_to_name(family->reset_to));
  if (family->forgets_us > 0)
    dfu_json_add_seconds(fields, "forgets_after_s", family->forgets_us);
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
  add_if_told(fields, "manufacturer", result->manufacturer);
  add_if_told(fields, "model", result->model);
  add_if_told(fields, "firmware", result->firmware);
  if (result->family != NULL)
    add_family(fields, result);
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
  if (run->most_window_packets > 0)
    cJSON_AddNumberToObject(fields, "most_window_packets", run->most_window_packets);
  cJSON_AddBoolToObject(fields, "would_resume", next->resumes);
  dfu_json_add_text(fields, "next_update", next->words);
  dfu_output_event(run->output, "status", fields);
}

static void print_if_told(DfuOutput *output, const char *what, const char *text)
{
  if (text[0] != '\0')
    dfu_output_say(output, "%-12s %s", what, text);
}

static void print_family(DfuOutput *output, const DfuInquiryResult *result)
{
  g_autofree char *keeping = dfu_advice_keeping(result->family);

  dfu_output_say(output, "family       %s: %s, by: %s", result->family->name,
                 result->family->title, result->family_why);
  dfu_output_say(output, "             %s", keeping);
  dfu_output_say(output, "             %s", dfu_advice_reset_effect(result->family));
}

static void print_connection(DfuOutput *output, const DfuInquiryResult *result)
{
  g_autofree char *revision = format_revision(result->revision);

  dfu_output_say(output, "device       %s '%s'", result->address, result->name);
  dfu_output_say(output, "mode         %s", mode_word(result->mode));
  print_if_told(output, "manufacturer", result->manufacturer);
  print_if_told(output, "model", result->model);
  print_if_told(output, "firmware", result->firmware);
  if (result->family != NULL)
    print_family(output, result);
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

static void print_journal(const StatusRun *run)
{
  const DfuJournalRecord *record = run->record;

  if (record != NULL) {
    g_autofree char *words = dfu_journal_report_words(record);

    dfu_output_say(run->output, "journal      %s, %s: %s", record->package_name,
                   dfu_image_type_to_string(record->part), words);
  }
  if (run->most_window_packets > 0)
    dfu_output_say(run->output,
                   "journal      more than %u packets in flight were too many for it",
                   run->most_window_packets);
}

static void print_status(const StatusRun *run, const DfuInquiryResult *result, const Outlook *next)
{
  if (result->mode == DFU_DEVICE_MODE_OTHER)
    dfu_output_say(run->output, "mode         %s: %s", mode_word(result->mode), result->why_other);
  else
    print_connection(run->output, result);
  print_journal(run);
  dfu_output_say(run->output, "next update  %s", next->words);
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
  next = run->is_journal_unreadable
           ? outlook(FALSE, g_strdup("stops: the journal cannot be read"))
           : foresee(result, run->record);
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

static gboolean ask(StatusRun *run, DfuLink *link, const DfuDeviceOptions *device,
                    const DfuFamily *family, GError **error)
{
  DfuStopSignals signals;

  dfu_stop_signals_take(&signals, on_signal, run);
  run->loop = g_main_loop_new(NULL, FALSE);
  run->inquiry = dfu_inquiry_new(link, family, (guint)device->timeout_s, on_result, run);
  dfu_output_note(run->output, DFU_LEVEL_VERBOSE, "connecting to %s", device->address);
  g_main_loop_run(run->loop);
  dfu_stop_signals_give_back(&signals);
  dfu_inquiry_free(run->inquiry);
  g_main_loop_unref(run->loop);
  if (run->error == NULL)
    return TRUE;
  g_propagate_error(error, run->error);
  return FALSE;
}

/* A transfer that was activated leaves nothing to go on with. */
static void take_journal(StatusRun *run, const char *address, DfuJournalRecord *record)
{
  g_autofree char *folder = dfu_state_folder();
  g_autofree char *path = dfu_journal_find(folder, address);
  g_autofree char *warning = NULL;
  g_autoptr(GError) error = NULL;
  gboolean is_there = dfu_journal_load(path, record, &warning, &error);

  if (error != NULL) {
    run->is_journal_unreadable = TRUE;
    dfu_output_warn(run->output, error->message);
  }
  if (warning != NULL)
    dfu_output_warn(run->output, warning);
  if (!is_there)
    return;
  run->most_window_packets = record->most_window_packets;
  if (dfu_journal_has_update(record) && !record->transfer.activate_acknowledged)
    run->record = record;
}

static gboolean show_status(const DfuDeviceOptions *device, const DfuFamily *family,
                            DfuOutput *output, GError **error)
{
  g_auto(DfuJournalRecord) record = { 0 };
  g_autoptr(DfuLock) lock = NULL;
  g_autoptr(DfuLink) link = NULL;
  g_autofree char *folder_warning = dfu_state_folder_get_warning();
  g_autofree char *warning = NULL;
  StatusRun run = { .output = output };

  if (folder_warning != NULL)
    dfu_output_warn(output, folder_warning);
  if (!dfu_lock_acquire(device->address, DFU_LOCK_EXCLUSIVE, &lock, &warning, error))
    return FALSE;
  if (warning != NULL)
    dfu_output_warn(output, warning);
  link = dfu_bluez_link_new(device->adapter, device->address, NULL, error);
  if (link == NULL)
    return FALSE;
  take_journal(&run, device->address, &record);
  return ask(&run, link, device, family, error);
}

gboolean dfu_cmd_status(char **argv, DfuOutput *output, GError **error)
{
  g_auto(DfuDeviceOptions) device = {
    .timeout_s = (int)dfu_session_options_default.timeout_s,
  };
  const DfuFamily *family = NULL;
  gboolean helped;

  return parse_options(&device, &family, argv, output, &helped, error) &&
         (helped || show_status(&device, family, output, error));
}
