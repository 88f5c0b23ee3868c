/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The flash of a target: one erase, then packets that are written one after
 * the other while they hold a receive buffer each. It knows times and sizes,
 * and nothing of requests and replies.
 * Source: nRF5 SDK 11.0.0, hci_mem_pool.c (buffers), dfu_dual_bank.c and
 * dfu_single_bank.c (what Start erases, which completions free a buffer); OTAFIX 2.1
 * (pages that are erased when a packet reaches them).
 */
#ifndef DFU_TARGET_FLASH_H
#define DFU_TARGET_FLASH_H

#include "target/target.h"

/** Begins the erase that Start, its mode and sizes stored, asks for. */
void dfu_flash_begin_erase(DfuTarget *target, int64_t now_us);

/** Ends it: the area reads as erased, and where the application was it is no more. */
void dfu_flash_finish_erase(DfuTarget *target);

/** Whether all receive buffers hold packets. */
bool dfu_flash_is_full(const DfuTarget *target);

/**
 * Queues an image packet at the end of what was received. @len is a multiple of
 * 4, fits in the flash, and a buffer is free. An empty packet jams the queue for
 * good; the caller sees to it that no write is under way then.
 */
void dfu_flash_queue(DfuTarget *target, const uint8_t *bytes, size_t len, int64_t now_us);

/** Writes @len bytes at once, behind what was received; they fit in the flash. */
void dfu_flash_write(DfuTarget *target, const uint8_t *bytes, size_t len);

/**
 * Completes the oldest packet, and starts the next one at @now_us. Returns
 * whether it was the one that made the image complete.
 */
bool dfu_flash_finish_write(DfuTarget *target, int64_t now_us);

/** CRC-16 of the image, total_bytes long, as it is in flash now. */
uint16_t dfu_flash_crc(const DfuTarget *target);

#endif
