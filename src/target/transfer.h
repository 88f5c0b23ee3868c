/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stages of a transfer: what the sizes, the init packet, the image, Validate
 * and Activate do to a target. Which of them an event is, target.c decides.
 * Source: nRF5 SDK 11.0.0, dfu_transport_ble.c, dfu_dual_bank.c, dfu_single_bank.c.
 */
#ifndef DFU_TARGET_TRANSFER_H
#define DFU_TARGET_TRANSFER_H

#include "target/target.h"

/** The inactivity timer starts afresh: something was accepted. */
void dfu_transfer_restart_timer(DfuTarget *target, int64_t now_us);

/** DFU Packet writes: the sizes after Start, a piece of the init packet, an image packet. */
void dfu_transfer_take_sizes(DfuTarget *target, const DfuTargetEvent *event,
                             DfuTargetUpdate *update);
void dfu_transfer_take_init_piece(DfuTarget *target, const DfuTargetEvent *event,
                                  DfuTargetUpdate *update);
void dfu_transfer_take_image_packet(DfuTarget *target, const DfuTargetEvent *event,
                                    DfuTargetUpdate *update);

/** Adds a piece to the init packet, padded to a word with zeros; false if it has no room. */
bool dfu_transfer_append_init(DfuTarget *target, const uint8_t *bytes, size_t len);

/**
 * Takes bytes of the image at the end of what was received, or replies why not. Returns
 * whether they were taken.
 */
bool dfu_transfer_store_image(DfuTarget *target, const uint8_t *bytes, size_t len,
                              DfuTargetUpdate *update);

/** Another image packet was taken: whether its receipt is due. */
bool dfu_transfer_is_receipt_due(DfuTarget *target);

/** Requests: Init complete, Validate, Activate. */
void dfu_transfer_complete_init(DfuTarget *target, DfuTargetUpdate *update);
void dfu_transfer_validate(DfuTarget *target, int64_t now_us, DfuTargetUpdate *update);
void dfu_transfer_activate(DfuTarget *target, DfuTargetUpdate *update);

#endif
