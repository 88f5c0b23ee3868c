/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a target says by itself: notifications of the control point.
 * Source: nRF5 SDK 11.0.0, ble_dfu.c, and APP_ERROR_CHECK around its callers.
 */
#ifndef DFU_TARGET_REPLY_H
#define DFU_TARGET_REPLY_H

#include "target/target.h"

/**
 * Each puts one notification into @update. Without a connection whose CCCD is
 * set, or without a free buffer in the radio stack, the target restarts at the
 * end of the step instead: the SDK asserts that every notification can be sent,
 * and an assertion resets the chip. Some bootloaders wait for a buffer.
 */
void dfu_reply_response(DfuTarget *target, DfuTargetUpdate *update, uint8_t opcode, uint8_t status);
void dfu_reply_size_report(DfuTarget *target, DfuTargetUpdate *update);
void dfu_reply_receipt(DfuTarget *target, DfuTargetUpdate *update);

/** Adds a notification to @update, whatever the target may think of it. */
void dfu_reply_put(DfuTargetUpdate *update, const uint8_t *bytes, size_t len);

#endif
