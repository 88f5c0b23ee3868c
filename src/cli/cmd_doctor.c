/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble doctor: what of this host would stand in the way of an update. No
 * device is looked for.
 */
#include <dfu/bluez.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/state_folder.h"

typedef struct {
  DfuOutput *output;
  guint n_of_level[DFU_FINDING_PROBLEM + 1];
} DoctorRun;

static const DfuUsage usage = {
  .command = "doctor",
  .arguments = "",
  .summary = "Looks for what of this host would stand in the way of an update: bluetoothd, the\n"
             "adapter, its power, permissions, what a connection begins with, and the folder for\n"
             "journals. Looks for no device.",
  .details = "The exit status is 4 where there is a problem; warnings leave it 0.",
};

static gboolean parse_options(char **adapter, char **argv, DfuOutput *output, gboolean *helped,
                              GError **error)
{
  const GOptionEntry own[] = {
    DFU_ADAPTER_OPTION(adapter),
    G_OPTION_ENTRY_NULL,
  };

  return dfu_options_parse(&usage, own, argv, output, helped, error) &&
         (*helped || dfu_options_check_adapter(*adapter, error));
}

static const char *level_word(DfuFindingLevel level)
{
  switch (level) {
  case DFU_FINDING_WARNING: return "warning";
  case DFU_FINDING_PROBLEM: return "problem";
  case DFU_FINDING_OK: break;
  }
  return "ok";
}

static void send_event(DfuOutput *output, const DfuFinding *finding)
{
  cJSON *fields = cJSON_CreateObject();

  dfu_json_add_text(fields, "what", finding->what);
  dfu_json_add_text(fields, "level", level_word(finding->level));
  dfu_json_add_text(fields, "seen", finding->seen);
  if (finding->wanted != NULL)
    dfu_json_add_text(fields, "wanted", finding->wanted);
  if (finding->todo != NULL)
    dfu_json_add_text(fields, "do", finding->todo);
  dfu_output_event(output, "finding", fields);
}

static void report(DoctorRun *run, const DfuFinding *finding)
{
  run->n_of_level[finding->level]++;
  if (dfu_output_is_json(run->output)) {
    send_event(run->output, finding);
    return;
  }
  dfu_output_say(run->output, "%-8s %s: %s", level_word(finding->level), finding->what,
                 finding->seen);
  if (finding->wanted != NULL)
    dfu_output_say(run->output, "         wanted: %s", finding->wanted);
  if (finding->todo != NULL)
    dfu_output_say(run->output, "         do: %s", finding->todo);
}

/* The folder itself, or what it would be made in: nothing is made here. */
static char *find_existing(const char *folder)
{
  g_autofree char *path = g_strdup(folder);

  while (access(path, F_OK) != 0 && errno == ENOENT) {
    char *parent = g_path_get_dirname(path);

    g_free(path);
    path = parent;
  }
  return g_steal_pointer(&path);
}

static void examine_state_folder(DfuFinding *finding)
{
  g_autofree char *folder = dfu_state_folder();
  g_autofree char *existing = find_existing(folder);
  g_autofree char *warning = dfu_state_folder_get_warning();

  if (!g_file_test(existing, G_FILE_TEST_IS_DIR) || access(existing, W_OK | X_OK) != 0) {
    finding->level = DFU_FINDING_WARNING;
    finding->seen = g_strdup_printf("%s cannot be written: no lock keeps a second run away, and no "
                                    "journal is kept, so that a run that was cut off cannot be "
                                    "gone on with by the next",
                                    folder);
    finding->wanted = g_strdup("a folder that this user can write");
    finding->todo = g_strdup("make it writable, or choose another place with XDG_STATE_HOME");
  } else if (warning != NULL) {
    finding->level = DFU_FINDING_WARNING;
    finding->seen = g_steal_pointer(&warning);
    finding->wanted = g_strdup("an absolute path, or none");
    finding->todo = g_strdup("set XDG_STATE_HOME to the whole path, or unset it");
  } else {
    finding->seen = g_strdup_printf("locks and journals go to %s", folder);
  }
}

static void report_state_folder(DoctorRun *run)
{
  DfuFinding finding = { .what = "state_folder" };

  examine_state_folder(&finding);
  report(run, &finding);
  g_free(finding.seen);
  g_free(finding.wanted);
  g_free(finding.todo);
}

static gboolean sum_up(const DoctorRun *run, GError **error)
{
  guint n_problems = run->n_of_level[DFU_FINDING_PROBLEM];
  guint n_warnings = run->n_of_level[DFU_FINDING_WARNING];
  cJSON *result = dfu_output_get_result(run->output);

  cJSON_AddNumberToObject(result, "problems", n_problems);
  cJSON_AddNumberToObject(result, "warnings", n_warnings);
  if (n_problems > 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "Bluetooth is not usable on this host: see to what is marked as a problem");
    return FALSE;
  }
  if (!dfu_output_is_json(run->output))
    dfu_output_say(run->output, "Nothing stands in the way%s",
                   n_warnings > 0 ? "; see to the warnings for safer and faster updates." : ".");
  return TRUE;
}

gboolean dfu_cmd_doctor(char **argv, DfuOutput *output, GError **error)
{
  DoctorRun run = { .output = output };
  g_autofree char *adapter = NULL;
  g_autoptr(GPtrArray) findings = NULL;
  gboolean helped;

  if (!parse_options(&adapter, argv, output, &helped, error))
    return FALSE;
  if (helped)
    return TRUE;
  findings = dfu_bluez_examine_host(adapter);
  for (guint i = 0; i < findings->len; i++)
    report(&run, findings->pdata[i]);
  report_state_folder(&run);
  return sum_up(&run, error);
}
