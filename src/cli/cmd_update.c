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

#include "base/printable.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/lock.h"
#include "cli/package_report.h"
#include "cli/state_folder.h"
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
  DfuNext next;
  gint64 forgets_in_us;
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
  if (run->error == NULL && report->result->error != NULL) {
    run->error = g_error_copy(report->result->error);
    run->next = report->result->next;
    run->forgets_in_us = report->result->forgets_in_us;
  }
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

/* --- what to do next --- */

/* What a reset does: nRF5 SDK 11 and Adafruit bootloaders, executed; see the manual. */
static const char before_restart[] =
  "What the target may hold is in the way of this package. --restart resets the bootloader\n"
  "first. One of an SDK with two banks then starts its old application; one with a single bank,\n"
  "and Adafruit 0.10, stay in DFU mode. Adafruit 0.9.2 and older can then be\n"
  "reached by cable only: do not reset those. To begin anew:";

static char *describe_resume(gint64 forgets_in_us)
{
  if (forgets_in_us < 0)
    return g_strdup("The target keeps the transfer; one of SDK 8 to 11 for 120 s after the last "
                    "packet. To go on:");
  if (forgets_in_us == 0)
    return g_strdup("A target of SDK 8 to 11 has forgotten the transfer by now, others keep it. To "
                    "go on:");
  return g_strdup_printf("The target keeps the transfer; one of SDK 8 to 11 for %d s from now. To "
                         "go on:",
                         (int)(forgets_in_us / G_USEC_PER_SEC));
}

/* The command that goes on, last of all. */
static void advise(const Run *run, char **argv, DfuOutput *output)
{
  static const char *const obstacles[] = { "--restart", "--no-resume", NULL };
  g_auto(GStrv) words = run->next == DFU_NEXT_RESUME ? dfu_command_line_without(argv, obstacles)
                                                     : g_strdupv(argv);
  g_autofree char *command =
    dfu_command_line_with(words, run->next == DFU_NEXT_RESTART ? "--restart" : NULL, NULL);
  g_autofree char *reason = NULL;
  g_autofree char *advice = NULL;

  switch (run->next) {
  case DFU_NEXT_NONE: return; /* only the message knows what helps */
  case DFU_NEXT_AGAIN: reason = g_strdup("To try again:"); break;
  case DFU_NEXT_RESUME: reason = describe_resume(run->forgets_in_us); break;
  case DFU_NEXT_RESTART: reason = g_strdup(before_restart); break;
  }
  advice = g_strdup_printf("%s\n  %s", reason, command);
  dfu_output_set_advice(output, advice);
}

static void use_journal(DfuSession *session, const DfuPackage *package,
                        const DfuUpdateOptions *options)
{
  g_autofree char *folder = dfu_state_folder();
  g_autofree char *base_name = g_path_get_basename(options->package);
  g_autofree char *name = dfu_printable(base_name, -1);

  dfu_journal_clean_up(folder);
  dfu_session_use_journal(session, folder, options->address, package, name, !options->no_resume);
}

static gboolean send_part(const DfuPackage *package, const DfuPart *part, DfuLink *link,
                          const DfuUpdateOptions *options, char **argv, DfuOutput *output,
                          GError **error)
{
  Run run = { .output = output, .goes_by_name = options->name != NULL };

  run.loop = g_main_loop_new(NULL, FALSE);
  run.report = dfu_update_report_new(output, part, &options->session);
  run.session = dfu_session_new(part, link, &options->session, on_report, &run);
  use_journal(run.session, package, options);
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
  return send_part(package, part, link, options, argv, output, error);
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
