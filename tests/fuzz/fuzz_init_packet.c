/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An init packet, the contents of a .dat member.
 */
#include <dfu/package.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);
  g_autoptr(GError) error = NULL;
  DfuInitPacket packet;
  gboolean ok = dfu_init_packet_decode(bytes, &packet, &error);

  g_assert(ok == (error == NULL));
  g_assert(!ok || packet.n_softdevices <= DFU_INIT_MAX_SOFTDEVICES);
  return 0;
}
