/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a target checks of an init packet before it takes an image.
 * Source: nRF5 SDK 11.0.0, dfu_init_template.c.
 */
#ifndef DFU_TARGET_INIT_CHECK_H
#define DFU_TARGET_INIT_CHECK_H

#include "target/target.h"

/**
 * dfu_init_check:
 * @init: the collected bytes, padding included
 * @len: bytes in @init
 * @image_crc: (out): the CRC-16 that the image must have
 *
 * Whether the default handler of the SDK accepts the packet for a device of
 * @config's type, revision and SoftDevice. @image_crc is untouched if not.
 */
bool dfu_init_check(const DfuTargetConfig *config, const uint8_t *init, size_t len,
                    uint16_t *image_crc);

#endif
