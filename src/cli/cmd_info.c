/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble info: checks a package and shows what is in it. No Bluetooth.
 */
#include <dfu/package.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/package_input.h"
#include "cli/package_report.h"

static const DfuUsage usage = {
  .command = "info",
  .arguments = "PACKAGE",
  .summary = "Checks a package, or an image with its init packet, as update does, and shows what\n"
             "is in it. Needs no Bluetooth.",
};

static gboolean take_only_argument(DfuPackageInput *input, char **arguments, GError **error)
{
  if (arguments != NULL && arguments[0] != NULL && arguments[1] == NULL) {
    input->path = g_strdup(arguments[0]);
    return dfu_package_input_check(input, error);
  }
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "info takes one PACKAGE, %u were given",
              arguments != NULL ? g_strv_length(arguments) : 0);
  return FALSE;
}

gboolean dfu_cmd_info(char **argv, DfuOutput *output, GError **error)
{
  g_auto(GStrv) arguments = NULL;
  g_auto(DfuPackageInput) input = { 0 };
  const GOptionEntry own[] = {
    DFU_PACKAGE_INPUT_OPTIONS(&input),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr(DfuPackage) package = NULL;
  gboolean helped;

  if (!dfu_options_parse(&usage, own, argv, output, &helped, error))
    return FALSE;
  if (helped)
    return TRUE;
  if (!take_only_argument(&input, arguments, error))
    return FALSE;
  if ((package = dfu_package_input_read(&input, error)) == NULL)
    return FALSE;
  dfu_package_report_event(output, package, input.path);
  if (!dfu_output_is_json(output))
    dfu_package_report_text(output, package, input.path);
  return TRUE;
}
