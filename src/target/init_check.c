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
  ADAFRUIT_DEVICE_TYPE = 0x0052,
  ADAFRUIT_NRF52840 = 52840, /* device revision of its SoftDevices and bootloaders */
  CRC_BYTES = 2,
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

/* There is no wildcard, and the revision counts for what could be another board's. */
static bool is_for_adafruit(const DfuTarget *target, uint16_t type, uint16_t revision)
{
  const DfuTargetConfig *config = &target->config;
  uint16_t own_type =
    config->device_type != ANY_DEVICE ? config->device_type : ADAFRUIT_DEVICE_TYPE;
  uint16_t own_revision =
    config->device_revision != ANY_DEVICE ? config->device_revision : ADAFRUIT_NRF52840;
  bool is_system = (target->sizes_mode & (DFU_MODE_SOFTDEVICE | DFU_MODE_BOOTLOADER)) != 0;

  return type == own_type && (!is_system || revision == own_revision);
}

static bool names_device(const DfuTarget *target)
{
  uint16_t type = get_u16(target->init + DEVICE_TYPE_AT);
  uint16_t revision = get_u16(target->init + DEVICE_REVISION_AT);

  if (target->config.personality->init_rule == DFU_INIT_ADAFRUIT)
    return is_for_adafruit(target, type, revision);
  return is_for_device(type, target->config.device_type)
         && is_for_device(revision, target->config.device_revision);
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

static bool check_extended(const DfuTarget *target, uint16_t *image_crc)
{
  const uint8_t *init = target->init;

  if (target->init_bytes < MIN_BYTES)
    return false;

  size_t n = get_u16(init + N_SOFTDEVICES_AT);
  size_t extended_at = SOFTDEVICES_AT + 2 * n;

  if (target->init_bytes < extended_at + MIN_EXTENDED_BYTES || !names_device(target)
      || !lists_softdevice(init + SOFTDEVICES_AT, n, target->config.softdevice_id))
    return false;

  *image_crc = get_u16(init + extended_at);
  return true;
}

bool dfu_init_check(const DfuTarget *target, uint16_t *image_crc)
{
  if (target->config.personality->init_rule != DFU_INIT_CRC_ONLY)
    return check_extended(target, image_crc);
  if (target->init_bytes < CRC_BYTES)
    return false;
  *image_crc = get_u16(target->init);
  return true;
}
