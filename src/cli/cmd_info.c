/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble info: checks a package and shows what is in it. No Bluetooth.
 */
#include <dfu/package.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/package_report.h"

static const DfuUsage usage = {
  .command = "info",
  .arguments = "PACKAGE",
  .summary = "Checks a package as update does, and shows what is in it. Needs no Bluetooth.",
};

static const char *only_argument(char **arguments, GError **error)
{
  if (arguments != NULL && arguments[0] != NULL && arguments[1] == NULL)
    return arguments[0];
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "info takes one PACKAGE, %u were given",
              arguments != NULL ? g_strv_length(arguments) : 0);
  return NULL;
}

gboolean dfu_cmd_info(char **argv, DfuOutput *output, GError **error)
{
  g_auto(GStrv) arguments = NULL;
  const GOptionEntry own[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr(DfuPackage) package = NULL;
  const char *path;
  gboolean helped;

  if (!dfu_options_parse(&usage, own, argv, output, &helped, error))
    return FALSE;
  if (helped)
    return TRUE;
  if ((path = only_argument(arguments, error)) == NULL)
    return FALSE;
  if ((package = dfu_package_read_file(path, error)) == NULL)
    return FALSE;
  dfu_package_report_event(output, package, path);
  if (!dfu_output_is_json(output))
    dfu_package_report_text(output, package, path);
  return TRUE;
}
