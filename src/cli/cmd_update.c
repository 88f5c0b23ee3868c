/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble update: reads a package and takes its parts to one device.
 */
#include <dfu/controller.h>
#include <dfu/package.h>

#include "cli/commands.h"
#include "cli/device_run.h"
#include "cli/package_report.h"
#include "cli/update_options.h"
#include "cli/update_report.h"
#include "wire/wire.h"

/* --- what to send --- */

/* Those that --only names, or all; in the order in which they have to go: the system first. */
static GPtrArray *choose_parts(const DfuPackage *package, const char *only, GError **error)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new();
  const DfuPart *first = dfu_package_get_part(package, 0);

  for (guint i = 0; i < dfu_package_get_n_parts(package); i++) {
    const DfuPart *part = dfu_package_get_part(package, i);

    if (only == NULL || g_str_equal(only, dfu_package_report_word(part)))
      g_ptr_array_add(parts, (gpointer)part);
  }
  if (parts->len > 0)
    return g_steal_pointer(&parts);
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
              "--only %s: the package has no such part, only %s (%" G_GSIZE_FORMAT " bytes)", only,
              dfu_image_type_to_string(first->type), g_bytes_get_size(first->image));
  return NULL;
}

/* Without a family that is told, only the device says how. */
static const DfuFamily *get_family(const DfuUpdateOptions *options)
{
  return options->session.family != NULL ? options->session.family : dfu_family_find("unknown");
}

static DfuPackage *read_package(const DfuPackageInput *input, DfuOutput *output, GError **error)
{
  DfuPackage *package = dfu_package_input_read(input, error);
  const char *const *warnings;

  if (package == NULL)
    return NULL;
  dfu_package_report_event(output, package, input->path);
  for (warnings = dfu_package_get_warnings(package); *warnings != NULL; warnings++)
    dfu_output_warn(output, *warnings);
  return package;
}

static gboolean check_type(const DfuPart *part, const DfuUpdateOptions *options, GError **error)
{
  if (!options->has_expected_type)
    return TRUE;
  if (part->init.has_common && part->init.device_type == options->expected_type)
    return TRUE;
  if (part->init.has_common)
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "%s is made for device type 0x%04x, and --expect-type wants 0x%04x",
                part->image_name, part->init.device_type, options->expected_type);
  else
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the init packet of %s names no device type, and --expect-type wants 0x%04x",
                part->image_name, options->expected_type);
  return FALSE;
}

/* Where the family is told, what it takes is checked before any Bluetooth. */
static gboolean check_parts(GPtrArray *parts, const DfuUpdateOptions *options, GError **error)
{
  for (guint i = 0; i < parts->len; i++) {
    const DfuPart *part = parts->pdata[i];

    if (!check_type(part, options, error))
      return FALSE;
    if (options->session.family != NULL &&
        !dfu_session_check_part(part, options->session.family, error))
      return FALSE;
  }
  return TRUE;
}

static DfuPace foresee_pace(const DfuPart *part, const DfuUpdateOptions *options)
{
  const DfuControllerConfig config = {
    .packet_bytes = (guint16)options->session.packet_bytes,
    .receipt_packets = (guint16)options->session.receipt_packets,
    .window_packets = (guint16)options->session.window_packets,
    .application_bytes = (guint32)g_bytes_get_size(part->image),
  };

  return dfu_controller_foresee_pace(&config, get_family(options));
}

/* Longer packets than every target takes may come out shorter. */
static char *describe_packets(gsize bytes, guint packet_bytes)
{
  gboolean is_certain = packet_bytes <= DFU_WIRE_PACKET_BYTES;

  return g_strdup_printf("%" G_GSIZE_FORMAT " packets%s of %s%u bytes",
                         (bytes + packet_bytes - 1) / packet_bytes, is_certain ? "" : " or more",
                         is_certain ? "" : "up to ", packet_bytes);
}

static void say_dry_run(DfuOutput *output, const DfuPart *part, const DfuUpdateOptions *options)
{
  const DfuPace pace = foresee_pace(part, options);
  gsize bytes = g_bytes_get_size(part->image);
  g_autofree char *packets = describe_packets(bytes, pace.packet_bytes);

  dfu_output_say(output,
                 "Would send %s: %" G_GSIZE_FORMAT " bytes in %s, init packet of %" G_GSIZE_FORMAT
                 " bytes, a receipt every %u packets, %u in flight%s; to %s. Nothing was sent.",
                 dfu_image_type_to_string(part->type), bytes, packets,
                 g_bytes_get_size(part->init_packet), pace.receipt_packets, pace.window_packets,
                 options->session.family == NULL ? ", or as the device's family bears" : "",
                 options->address != NULL ? options->address : options->name);
}

static gboolean update(const DfuUpdateOptions *options, char **argv, DfuOutput *output,
                       GError **error)
{
  const char *device = options->address != NULL ? options->address : options->name;
  g_autoptr(DfuPackage) package = read_package(&options->package, output, error);
  g_autoptr(GPtrArray) parts = NULL;
  DfuDeviceRun run = {
    .adapter = options->adapter,
    .address = options->address,
    .name = options->name,
    .bootloader_name = options->bootloader_name,
    .session = &options->session,
    .package = package,
    .package_path = options->package.path,
    .no_resume = options->no_resume,
  };

  if (package == NULL || (parts = choose_parts(package, options->only, error)) == NULL ||
      !check_parts(parts, options, error))
    return FALSE;
  for (guint i = 0; i < parts->len && options->dry_run; i++)
    say_dry_run(output, parts->pdata[i], options);
  if (options->dry_run)
    return TRUE;
  run.parts = (const DfuPart *const *)parts->pdata;
  run.n_parts = parts->len;
  dfu_update_report_say_plan(output, run.parts, run.n_parts, device);
  return dfu_device_run(&run, argv, output, error);
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
