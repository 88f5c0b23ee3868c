/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/device_run.h"

#include <dfu/bluez.h>

#include "base/printable.h"
#include "cli/advice.h"
#include "cli/lock.h"
#include "cli/state_folder.h"
#include "cli/stop_signals.h"
#include "cli/update_report.h"

/* A session on its way. */
typedef struct {
  const DfuDeviceRun *plan;
  char **argv;
  GMainLoop *loop;
  DfuSession *session;
  DfuUpdateReport *report;
  DfuOutput *output;
  GHashTable *locks; /* by address or name: of what was found on the way */
  GError *error;
} Run;

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

static gboolean hold(Run *run, const char *key, DfuLockKind kind, GError **error)
{
  g_autofree char *warning = NULL; /* the first lock has said it */
  DfuLock *lock;

  if (g_hash_table_contains(run->locks, key))
    return TRUE;
  if (!dfu_lock_acquire(key, kind, &lock, &warning, error))
    return FALSE;
  g_hash_table_insert(run->locks, g_strdup(key), lock);
  return TRUE;
}

/*
 * Where a device is, and what it is called, is another matter once it is in its
 * bootloader: each connection may show an address and a name that no other run
 * is to go by. To disconnect then would cut the other's link. Names are shared:
 * many devices have the same.
 */
static void take_locks(Run *run, const DfuReport *report)
{
  const DfuDeviceRun *plan = run->plan;
  g_autoptr(GError) taken = NULL;

  if (run->error != NULL)
    return;
  if ((plan->address == NULL || g_ascii_strcasecmp(report->address, plan->address) != 0) &&
      !hold(run, report->address, DFU_LOCK_EXCLUSIVE, &run->error)) {
    dfu_session_cancel(run->session);
    return;
  }
  if (report->name[0] != '\0' && g_strcmp0(report->name, plan->name) != 0 &&
      !hold(run, report->name, DFU_LOCK_SHARED, &taken))
    dfu_output_note(run->output, DFU_LEVEL_VERBOSE,
                    "another run looks for a device by the name '%s'", report->name);
}

/* --- the session --- */

/* Another run has the device: what that is worth is not for this one to say. */
static DfuSessionResult make_busy(const DfuSessionResult *result)
{
  DfuSessionResult busy = result != NULL ? *result : (DfuSessionResult){ .seen = DFU_SEEN_NOTHING };

  busy.next = DFU_NEXT_AGAIN;
  return busy;
}

static void finish(Run *run, const DfuSessionResult *result)
{
  const DfuSessionResult busy = make_busy(result);

  dfu_update_report_add_result(dfu_output_get_result(run->output),
                               run->error != NULL ? &busy : result);
  if (run->error == NULL && result->error != NULL) {
    run->error = g_error_copy(result->error);
    dfu_advise(result, run->argv, run->output);
  }
  g_main_loop_quit(run->loop);
}

static void on_report(const DfuReport *report, gpointer data)
{
  Run *run = data;

  dfu_update_report_take(run->report, report);
  if (report->type == DFU_REPORT_CONNECTED)
    take_locks(run, report);
  if (report->type == DFU_REPORT_FINISHED)
    finish(run, report->result);
}

static gboolean on_signal(gpointer data)
{
  Run *run = data;

  dfu_update_report_say_stopping(run->report);
  dfu_session_cancel(run->session);
  return G_SOURCE_CONTINUE;
}

static void use_journal(DfuSession *session, const DfuDeviceRun *plan)
{
  g_autofree char *folder = dfu_state_folder();
  g_autofree char *base_name =
    plan->package != NULL ? g_path_get_basename(plan->package_path) : NULL;
  g_autofree char *name = dfu_printable(base_name, -1);

  dfu_session_use_journal(session, folder, plan->address, plan->package, name, !plan->no_resume);
}

/* After a run that went well: what it had use for is gone by then, or written anew. */
static void clean_up(const Run *run)
{
  g_autofree char *folder = dfu_state_folder();

  if (run->error == NULL && run->plan->package != NULL)
    dfu_journal_clean_up(folder);
}

static gboolean run_session(const DfuDeviceRun *plan, DfuLink *link, char **argv,
                            DfuOutput *output, GError **error)
{
  Run run = { .plan = plan, .argv = argv, .output = output };
  DfuSessionOptions options = *plan->session;
  DfuStopSignals signals;

  options.device = plan->address != NULL ? plan->address : plan->name;
  /* Before the first word: whoever reads it may want to stop. */
  dfu_stop_signals_take(&signals, on_signal, &run);
  run.locks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)dfu_lock_free);
  run.loop = g_main_loop_new(NULL, FALSE);
  run.report = dfu_update_report_new(output, plan->session);
  run.session =
    dfu_session_new(plan->parts, plan->n_parts, link, &options, on_report, &run);
  use_journal(run.session, plan);
  dfu_session_start(run.session);
  g_main_loop_run(run.loop);
  dfu_stop_signals_give_back(&signals);
  clean_up(&run);
  dfu_session_free(run.session);
  dfu_update_report_free(run.report);
  g_hash_table_unref(run.locks);
  g_main_loop_unref(run.loop);
  if (run.error == NULL)
    return TRUE;
  g_propagate_error(error, run.error);
  return FALSE;
}

gboolean dfu_device_run(const DfuDeviceRun *plan, char **argv, DfuOutput *output, GError **error)
{
  const char *device = plan->address != NULL ? plan->address : plan->name;
  g_autoptr(DfuLink) link = NULL;
  g_autoptr(DfuLock) lock = NULL;
  g_autofree char *warning = dfu_state_folder_get_warning();

  if (warning != NULL)
    dfu_output_warn(output, warning);
  if (!take_lock(device, DFU_LOCK_EXCLUSIVE, &lock, output, error)) {
    const DfuSessionResult busy = make_busy(NULL);

    dfu_update_report_add_result(dfu_output_get_result(output), &busy);
    return FALSE;
  }
  link = dfu_bluez_link_new(plan->adapter, plan->address, plan->name, error);
  if (link == NULL)
    return FALSE;
  dfu_bluez_link_set_target_name(link, plan->bootloader_name);
  return run_session(plan, link, argv, output, error);
}
