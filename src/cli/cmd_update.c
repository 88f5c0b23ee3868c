/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble update: reads a package, takes one part of it to one device, and
 * says what to do next where that failed.
 */
#include <dfu/bluez.h>
#include <dfu/package.h>
#include <dfu/session.h>
#include <glib-unix.h>
#include <signal.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/lock.h"
#include "cli/package_report.h"
#include "cli/update_options.h"
#include "cli/update_report.h"

/* A session on its way. */
typedef struct {
  GMainLoop *loop;
  DfuSession *session;
  DfuUpdateReport *report;
  DfuOutput *output;
  gboolean goes_by_name;
  DfuLock *second_lock; /* of the address where it goes by name, and the other way round */
  GError *error;
} Run;

/* --- what to send --- */

static const DfuPart *find_part(const DfuPackage *package, const char *only)
{
  for (guint i = 0; i < dfu_package_get_n_parts(package); i++) {
    const DfuPart *part = dfu_package_get_part(package, i);

    if (only == NULL || g_str_equal(only, dfu_package_report_word(part)))
      return part;
  }
  return NULL;
}

static char *describe_part(const DfuPart *part)
{
  return g_strdup_printf("%s (%" G_GSIZE_FORMAT " bytes)", dfu_image_type_to_string(part->type),
                         g_bytes_get_size(part->image));
}

/* The parts stand in the order in which they have to go: the system first. */
static void refuse_two_parts(const DfuPackage *package, char **argv, DfuOutput *output,
                             GError **error)
{
  g_autofree char *system_text = describe_part(dfu_package_get_part(package, 0));
  g_autofree char *app_text = describe_part(dfu_package_get_part(package, 1));
  g_autofree char *first = dfu_command_line_with(argv, "--only", "system");
  g_autofree char *second = dfu_command_line_with(argv, "--only", "app");
  g_autofree char *advice = g_strdup_printf(
    "Run these two, in this order. The first replaces what the application stands on, and on most\n"
    "devices the application itself; afterwards the bootloader may advertise at the next higher\n"
    "address, see dfu-ble scan.\n  %s\n  %s", first, second);

  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
              "the package holds two parts, %s and %s, and one run sends one of them: choose with "
              "--only",
              system_text, app_text);
  dfu_output_set_advice(output, advice);
}

static const DfuPart *choose_part(const DfuPackage *package, const DfuUpdateOptions *options,
                                  char **argv, DfuOutput *output, GError **error)
{
  const DfuPart *part = find_part(package, options->only);

  if (part == NULL) {
    g_autofree char *held = describe_part(dfu_package_get_part(package, 0));

    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "--only %s: the package has no such part, only %s", options->only, held);
    return NULL;
  }
  if (options->only == NULL && dfu_package_get_n_parts(package) > 1) {
    refuse_two_parts(package, argv, output, error);
    return NULL;
  }
  return part;
}

static DfuPackage *read_package(const char *path, DfuOutput *output, GError **error)
{
  DfuPackage *package = dfu_package_read_file(path, error);
  const char *const *warnings;

  if (package == NULL)
    return NULL;
  dfu_package_report_event(output, package, path);
  for (warnings = dfu_package_get_warnings(package); *warnings != NULL; warnings++)
    dfu_output_warn(output, *warnings);
  return package;
}

static void say_dry_run(DfuOutput *output, const DfuPart *part, const DfuUpdateOptions *options)
{
  const DfuSessionOptions *session = &options->session;
  gsize bytes = g_bytes_get_size(part->image);
  gsize packets = (bytes + session->packet_bytes - 1) / session->packet_bytes;

  dfu_output_say(output,
                 "Would send %s: %" G_GSIZE_FORMAT " bytes in %" G_GSIZE_FORMAT
                 " packets of at most %u bytes, init packet of %" G_GSIZE_FORMAT
                 " bytes, a receipt every %u packets, %u in flight; to %s. Nothing was sent.",
                 dfu_image_type_to_string(part->type), bytes, packets, session->packet_bytes,
                 g_bytes_get_size(part->init_packet), session->receipt_packets,
                 session->window_packets,
                 options->address != NULL ? options->address : options->name);
}

/* --- the lock --- */

static gboolean take_lock(const char *key, DfuLockKind kind, DfuLock **lock, DfuOutput *output,
                          GError **error)
{
  g_autofree char *warning = NULL;

  if (!dfu_lock_acquire(key, kind, lock, &warning, error))
    return FALSE;
  if (warning != NULL)
    dfu_output_warn(output, warning);
  return TRUE;
}

/*
 * A run that goes by a name learns only now whether another one has the device;
 * to disconnect then cuts the other's link. So a run that goes by address tells
 * those by name beforehand: a shared lock, for devices often share their name.
 */
static void take_second_lock(Run *run, const DfuReport *report)
{
  g_autofree char *warning = NULL;

  if (run->second_lock != NULL || run->error != NULL)
    return;
  if (run->goes_by_name) {
    if (!take_lock(report->address, DFU_LOCK_EXCLUSIVE, &run->second_lock, run->output,
                   &run->error))
      dfu_session_cancel(run->session);
  } else if (report->name[0] != '\0' &&
             !dfu_lock_acquire(report->name, DFU_LOCK_SHARED, &run->second_lock, &warning, NULL)) {
    dfu_output_note(run->output, DFU_LEVEL_VERBOSE,
                    "another run looks for a device by the name '%s'", report->name);
  }
}

/* --- the session --- */

static void on_report(const DfuReport *report, gpointer data)
{
  Run *run = data;

  dfu_update_report_take(run->report, report);
  if (report->type == DFU_REPORT_CONNECTED)
    take_second_lock(run, report);
  if (report->type != DFU_REPORT_FINISHED)
    return;
  dfu_update_report_add_result(dfu_output_get_result(run->output), report->result);
  if (run->error == NULL && report->result->error != NULL)
    run->error = g_error_copy(report->result->error);
  g_main_loop_quit(run->loop);
}

static gboolean on_signal(gpointer data)
{
  Run *run = data;

  dfu_update_report_say_stopping(run->report);
  dfu_session_cancel(run->session);
  return G_SOURCE_CONTINUE;
}

static void run_session(Run *run)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  guint signals[G_N_ELEMENTS(numbers)];

  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    signals[i] = g_unix_signal_add(numbers[i], on_signal, run);
  dfu_session_start(run->session);
  g_main_loop_run(run->loop);
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    g_source_remove(signals[i]);
}

/* What a reset does: nRF5 SDK 11 and Adafruit bootloaders, executed; see the manual. */
static const char after_start[] =
  "The target may hold a part of the image, and a new run cannot go on with it: it needs\n"
  "--restart, which resets the bootloader first. An SDK bootloader with two banks then starts\n"
  "its old application; one with a single bank, and Adafruit 0.10, stay in DFU mode. Adafruit\n"
  "0.9.2 and older can then be reached by cable only: do not reset those. To begin anew:";

static void advise(const Run *run, char **argv, DfuOutput *output)
{
  gboolean has_started = dfu_update_report_has_started(run->report);
  g_autofree char *command = dfu_command_line_with(argv, has_started ? "--restart" : NULL, NULL);
  g_autofree char *advice =
    g_strdup_printf("%s\n  %s", has_started ? after_start : "To try again:", command);

  switch (run->error->code) {
  case DFU_ERROR_REFUSED:
    /* Where it took no Start, only the message knows what helps. */
    if (!dfu_update_report_was_accepted(run->report))
      return;
    break;
  case DFU_ERROR_BLUETOOTH:
  case DFU_ERROR_NOT_FOUND:
  case DFU_ERROR_LINK_LOST:
  case DFU_ERROR_VALIDATION:
  case DFU_ERROR_INTERRUPTED: break;
  default: return;
  }
  dfu_output_set_advice(output, advice);
}

static gboolean send_part(const DfuPart *part, DfuLink *link, const DfuUpdateOptions *options,
                          char **argv, DfuOutput *output, GError **error)
{
  Run run = { .output = output, .goes_by_name = options->name != NULL };

  run.loop = g_main_loop_new(NULL, FALSE);
  run.report = dfu_update_report_new(output, part, &options->session);
  run.session = dfu_session_new(part, link, &options->session, on_report, &run);
  run_session(&run);
  if (run.error != NULL)
    advise(&run, argv, output);
  dfu_session_free(run.session);
  dfu_update_report_free(run.report);
  dfu_lock_free(run.second_lock);
  g_main_loop_unref(run.loop);
  if (run.error == NULL)
    return TRUE;
  g_propagate_error(error, run.error);
  return FALSE;
}

static gboolean update(const DfuUpdateOptions *options, char **argv, DfuOutput *output,
                       GError **error)
{
  const char *device = options->address != NULL ? options->address : options->name;
  g_autoptr(DfuPackage) package = read_package(options->package, output, error);
  g_autoptr(DfuLink) link = NULL;
  g_autoptr(DfuLock) lock = NULL;
  const DfuPart *part;

  if (package == NULL)
    return FALSE;
  if ((part = choose_part(package, options, argv, output, error)) == NULL)
    return FALSE;
  if (options->dry_run) {
    say_dry_run(output, part, options);
    return TRUE;
  }
  if (!take_lock(device, DFU_LOCK_EXCLUSIVE, &lock, output, error))
    return FALSE;
  link = dfu_bluez_link_new(options->adapter, options->address, options->name, error);
  if (link == NULL)
    return FALSE;
  dfu_update_report_say_plan(output, part, device);
  return send_part(part, link, options, argv, output, error);
}

gboolean dfu_cmd_update(char **argv, DfuOutput *output, GError **error)
{
  g_auto(DfuUpdateOptions) options = { 0 };
  cJSON *result = dfu_output_get_result(output);
  gboolean helped;
  gboolean ok = dfu_update_options_parse(&options, argv, output, &helped, error) &&
                (helped || update(&options, argv, output, error));

  /* The same keys whether a session ran or not. */
  if (!cJSON_HasObjectItem(result, "image_bytes"))
    dfu_update_report_add_result(result, NULL);
  return ok;
}
