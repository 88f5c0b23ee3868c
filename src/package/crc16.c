/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/crc16.h"

/** What the polynomial makes of each value of the four bits that are shifted out. */
static const uint16_t nibble_table[16] = {
  0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
  0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

static uint16_t shift_nibble(uint16_t crc, unsigned int nibble)
{
  return (uint16_t)(crc << 4) ^ nibble_table[(crc >> 12) ^ nibble];
}

uint16_t dfu_crc16(const uint8_t *data, size_t len)
{
  uint16_t crc = 0xffff;

  for (size_t i = 0; i < len; i++) {
    crc = shift_nibble(crc, data[i] >> 4);
    crc = shift_nibble(crc, data[i] & 0x0f);
  }
  return crc;
}
