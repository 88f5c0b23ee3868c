/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble pack: makes a package of images, and shows what is in it as info
 * does. No Bluetooth.
 */
#include <dfu/pack.h>

#include "cli/commands.h"
#include "cli/pack_options.h"
#include "cli/package_report.h"

static gboolean pack(const DfuPackOptions *options, DfuOutput *output, GError **error)
{
  g_autoptr(GBytes) zip = dfu_pack_make(&options->plan, error);
  g_autoptr(DfuPackage) package = NULL;

  if (zip == NULL || !dfu_pack_write(zip, options->path, options->force, error))
    return FALSE;
  if ((package = dfu_package_read_file(options->path, error)) == NULL)
    return FALSE;
  dfu_package_report_event(output, package, options->path);
  if (!dfu_output_is_json(output))
    dfu_package_report_text(output, package, options->path);
  return TRUE;
}

gboolean dfu_cmd_pack(char **argv, DfuOutput *output, GError **error)
{
  g_auto(DfuPackOptions) options = { 0 };
  gboolean helped;

  return dfu_pack_options_parse(&options, argv, output, &helped, error) &&
         (helped || pack(&options, output, error));
}
