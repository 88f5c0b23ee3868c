/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text of a .hex member.
 */
#include <stdint.h>

#include "package/intel_hex.h"

#define MAX_BYTES (64u * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  g_autoptr(GBytes) text = g_bytes_new_static(data, len);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) image = dfu_intel_hex_decode(text, MAX_BYTES, &error);

  g_assert((image == NULL) == (error != NULL));
  g_assert(image == NULL ||
           (g_bytes_get_size(image) % 4 == 0 && g_bytes_get_size(image) <= MAX_BYTES));
  return 0;
}
