/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/init_check.h"

enum {
  DEVICE_TYPE_AT = 0,
  DEVICE_REVISION_AT = 2,
  N_SOFTDEVICES_AT = 8, /* after four bytes of application version, which nothing checks */
  SOFTDEVICES_AT = 10,
  MIN_BYTES = 12, /* the common part with one SoftDevice, even where the list is empty */
  MIN_EXTENDED_BYTES = 2,
  ANY_SOFTDEVICE = 0xfffe,
  ANY_DEVICE = 0xffff,
};

static uint16_t get_u16(const uint8_t *in)
{
  return (uint16_t)(in[0] | in[1] << 8);
}

/* The wildcard is the device's: a packet for "any" is refused by a device that has a type. */
static bool is_for_device(uint16_t wanted, uint16_t device)
{
  return device == ANY_DEVICE || wanted == device;
}

static bool lists_softdevice(const uint8_t *list, size_t n, uint16_t id)
{
  for (size_t i = 0; i < n; i++) {
    uint16_t entry = get_u16(list + 2 * i);

    if (entry == ANY_SOFTDEVICE || entry == id)
      return true;
  }
  return false;
}

bool dfu_init_check(const DfuTargetConfig *config, const uint8_t *init, size_t len,
                    uint16_t *image_crc)
{
  if (len < MIN_BYTES)
    return false;

  size_t n = get_u16(init + N_SOFTDEVICES_AT);
  size_t extended_at = SOFTDEVICES_AT + 2 * n;

  if (len < extended_at + MIN_EXTENDED_BYTES
      || !is_for_device(get_u16(init + DEVICE_TYPE_AT), config->device_type)
      || !is_for_device(get_u16(init + DEVICE_REVISION_AT), config->device_revision)
      || !lists_softdevice(init + SOFTDEVICES_AT, n, config->softdevice_id))
    return false;

  *image_crc = get_u16(init + extended_at);
  return true;
}
