/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble enter and dfu-ble reset: sessions without an image.
 */
#include "cli/commands.h"
#include "cli/device_run.h"
#include "cli/options.h"
#include "cli/update_report.h"

#define MOST_RETRIES 1000

typedef struct {
  DfuDeviceOptions device;
  char *bootloader_name; /* (nullable) */
  int retries;
  gboolean allows_cable;
} GoalOptions;

static const DfuUsage enter_usage = {
  .command = "enter",
  .arguments = "--addr ADDR",
  .summary = "Sends a device from its application into its bootloader, and says where that\n"
             "appeared. A device that is in DFU mode already is left as it is.",
  .details = "`dfu-ble update` does this by itself. The bootloader advertises at the address of\n"
             "the application, or at that plus 1.",
  .verbose_help = "Say what happens; twice: bytes on the control point",
};

static const DfuUsage reset_usage = {
  .command = "reset",
  .arguments = "--addr ADDR",
  .summary = "System Reset: makes a bootloader forget what it holds, and restart. Says first what\n"
             "that means for this kind of device.",
  .details = "Where a reset in the middle of a transfer is known to leave the device to a cable, or\n"
             "the kind of device is not known, only --allow-cable does it.",
  .verbose_help = "Say what happens; twice: bytes on the control point",
};

static gboolean parse_options(GoalOptions *options, const DfuUsage *usage,
                              const GOptionEntry *extra, char **argv, DfuOutput *output,
                              gboolean *helped, GError **error)
{
  const GOptionEntry own[] = {
    DFU_DEVICE_OPTIONS(&options->device),
    { "retries", 0, 0, G_OPTION_ARG_INT, &options->retries, "Tries to connect (default 10)", "N" },
    *extra,
    G_OPTION_ENTRY_NULL,
  };

  return dfu_options_parse(usage, own, argv, output, helped, error);
}

static gboolean run(const GoalOptions *options, DfuGoal goal, char **argv, DfuOutput *output,
                    GError **error)
{
  DfuSessionOptions session = dfu_session_options_default;
  DfuDeviceRun plan = {
    .adapter = options->device.adapter,
    .address = options->device.address,
    .bootloader_name = options->bootloader_name,
    .session = &session,
  };

  if (!dfu_device_options_check(&options->device, &session.family, error) ||
      !dfu_options_check_name("--bootloader-name", options->bootloader_name, error) ||
      !dfu_options_check_range("--retries", options->retries, 0, MOST_RETRIES, error))
    return FALSE;
  session.goal = goal;
  session.timeout_s = (guint)options->device.timeout_s;
  session.retries = (guint)options->retries;
  session.allow_cable = options->allows_cable;
  return dfu_device_run(&plan, argv, output, error);
}

static gboolean run_command(DfuGoal goal, const DfuUsage *usage, char **argv, DfuOutput *output,
                            GError **error)
{
  GoalOptions options = {
    .device.timeout_s = (int)dfu_session_options_default.timeout_s,
    .retries = (int)dfu_session_options_default.retries,
  };
  const GOptionEntry bootloader_name = {
    "bootloader-name", 0, 0, G_OPTION_ARG_FILENAME, &options.bootloader_name,
    "Name of its bootloader, if that has an address of its own", "NAME"
  };
  const GOptionEntry allow_cable = {
    "allow-cable", 0, 0, G_OPTION_ARG_NONE, &options.allows_cable,
    "Also where the device may be left to a cable", NULL
  };
  const GOptionEntry *extra = goal == DFU_GOAL_RESET ? &allow_cable : &bootloader_name;
  cJSON *result = dfu_output_get_result(output);
  gboolean helped;
  gboolean ok = parse_options(&options, usage, extra, argv, output, &helped, error) &&
                (helped || run(&options, goal, argv, output, error));

  /* The same keys whether a session ran or not. */
  if (!cJSON_HasObjectItem(result, "address"))
    dfu_update_report_add_result(result, NULL);
  dfu_device_options_clear(&options.device);
  g_free(options.bootloader_name);
  return ok;
}

gboolean dfu_cmd_enter(char **argv, DfuOutput *output, GError **error)
{
  return run_command(DFU_GOAL_ENTER, &enter_usage, argv, output, error);
}

gboolean dfu_cmd_reset(char **argv, DfuOutput *output, GError **error)
{
  return run_command(DFU_GOAL_RESET, &reset_usage, argv, output, error);
}
