/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The CRC-16 of init packets.
 *
 * Source: nRF5 SDK 11.0.0, components/libraries/crc16: CRC-16/CCITT-FALSE,
 * polynomial 0x1021, start 0xFFFF, not reflected, no final xor.
 */
#ifndef DFU_PACKAGE_CRC16_H
#define DFU_PACKAGE_CRC16_H

#include <stddef.h>
#include <stdint.h>

/** The CRC of @len bytes at @data; 0xFFFF for none. */
uint16_t dfu_crc16(const uint8_t *data, size_t len);

#endif
