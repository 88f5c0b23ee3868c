/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/package_input.h"

#include <string.h>

#include "cli/package_report.h"

/** The types of a loose image, by the words that the reports have for them. */
static const DfuImageType types[] = {
  DFU_IMAGE_APPLICATION,
  DFU_IMAGE_BOOTLOADER,
  DFU_IMAGE_SOFTDEVICE,
};

static gboolean find_type(const char *word, DfuImageType *type)
{
  for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
    if (strcmp(word, dfu_package_report_type(types[i])) == 0) {
      *type = types[i];
      return TRUE;
    }
  }
  return FALSE;
}

gboolean dfu_package_input_check(const DfuPackageInput *input, GError **error)
{
  DfuImageType type;

  if (!dfu_package_is_image_name(input->path)) {
    if (input->dat == NULL && input->type == NULL)
      return TRUE;
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "%s goes with an image, a file called .bin or .hex, and '%s' is none: a package "
                "has its own init packets", input->dat != NULL ? "--dat" : "--type", input->path);
    return FALSE;
  }
  if (input->dat == NULL || input->type == NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "'%s' is an image and no package: give both its init packet, --dat FILE, and "
                "--type application, bootloader or softdevice; or make a package of it with "
                "dfu-ble pack", input->path);
    return FALSE;
  }
  if (find_type(input->type, &type))
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
              "--type '%s': must be application, bootloader or softdevice; SoftDevice and "
              "bootloader together take a package, see dfu-ble pack", input->type);
  return FALSE;
}

DfuPackage *dfu_package_input_read(const DfuPackageInput *input, GError **error)
{
  DfuImageType type;

  if (input->type != NULL && find_type(input->type, &type))
    return dfu_package_read_image(input->path, input->dat, type, error);
  return dfu_package_read_file(input->path, error);
}

void dfu_package_input_clear(DfuPackageInput *input)
{
  g_clear_pointer(&input->path, g_free);
  g_clear_pointer(&input->dat, g_free);
  g_clear_pointer(&input->type, g_free);
}
