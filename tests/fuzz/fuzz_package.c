/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A whole package: zip, manifest, init packet and checks.
 */
#include <dfu/package.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);
  g_autoptr(GError) error = NULL;
  g_autoptr(DfuPackage) package = dfu_package_read_bytes(bytes, "fuzz.zip", &error);

  g_assert((package == NULL) == (error != NULL));
  g_assert(package != NULL || g_utf8_validate(error->message, -1, NULL));
  return 0;
}
