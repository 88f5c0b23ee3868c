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

/** Requests: Init complete, Validate, Activate. */
void dfu_transfer_complete_init(DfuTarget *target, DfuTargetUpdate *update);
void dfu_transfer_validate(DfuTarget *target, int64_t now_us, DfuTargetUpdate *update);
void dfu_transfer_activate(DfuTarget *target, DfuTargetUpdate *update);

#endif
