/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a target checks of an init packet before it takes an image.
 * Source: nRF5 SDK 11.0.0, dfu_init_template.c; Adafruit nRF52 bootloader, dfu_init.c.
 */
#ifndef DFU_TARGET_INIT_CHECK_H
#define DFU_TARGET_INIT_CHECK_H

#include "target/target.h"

/**
 * dfu_init_check:
 * @image_crc: (out): the CRC-16 that the image must have
 *
 * Whether @target, by the rule of its personality, accepts the init packet that it
 * has collected, padding included. @image_crc is untouched if not.
 */
bool dfu_init_check(const DfuTarget *target, uint16_t *image_crc);

#endif
