/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An init packet, the contents of a .dat member.
 */
#include <dfu/package.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/** What was decoded gives the same bytes again, but for the signature. */
static void check_encoding(const DfuInitPacket *packet, const uint8_t *data, size_t len)
{
  size_t signature = packet->layout == DFU_INIT_SIGNED ? DFU_SIGNATURE_BYTES : 0;

  if (packet->layout == DFU_INIT_CUSTOM)
    return;

  g_autoptr(GBytes) encoded = dfu_init_packet_encode(packet);

  g_assert(g_bytes_get_size(encoded) == len - signature);
  g_assert(memcmp(g_bytes_get_data(encoded, NULL), data, len - signature) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);
  g_autoptr(GError) error = NULL;
  DfuInitPacket packet;
  gboolean ok = dfu_init_packet_decode(bytes, &packet, &error);

  g_assert(ok == (error == NULL));
  g_assert(!ok || packet.n_softdevices <= DFU_INIT_MAX_SOFTDEVICES);
  if (ok)
    check_encoding(&packet, data, len);
  return 0;
}
