/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text of manifest.json.
 */
#include <stdint.h>

#include "package/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);
  g_autoptr(GError) error = NULL;
  g_autoptr(DfuManifest) manifest = dfu_manifest_parse(bytes, &error);

  g_assert((manifest == NULL) == (error != NULL));
  g_assert(manifest == NULL ||
           (manifest->n_images >= 1 && manifest->n_images <= DFU_MANIFEST_MAX_IMAGES));
  return 0;
}
