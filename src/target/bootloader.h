/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The requests of a bootloader of the nRF5 SDK from 6.1 on, and what its relatives
 * share with it.
 * Source: nRF5 SDK 11.0.0, ble_dfu.c and dfu_transport_ble.c.
 */
#ifndef DFU_TARGET_BOOTLOADER_H
#define DFU_TARGET_BOOTLOADER_H

#include "target/target.h"

/**
 * Whether a write of the control point is a request that is to be handled. If not,
 * what its stack answers is in @update, or the target restarts.
 */
bool dfu_bootloader_admits(DfuTarget *target, const DfuTargetEvent *event,
                           DfuTargetUpdate *update);

/** Report Received Image Size and all operations after it, known or not: same in all. */
void dfu_bootloader_take_common_request(DfuTarget *target, const DfuTargetEvent *event,
                                        DfuTargetUpdate *update);

/** See DfuTargetRole. */
void dfu_bootloader_take_control(DfuTarget *target, const DfuTargetEvent *event,
                                 DfuTargetUpdate *update);
void dfu_bootloader_take_packet(DfuTarget *target, const DfuTargetEvent *event,
                                DfuTargetUpdate *update);
void dfu_bootloader_complete_due(DfuTarget *target, DfuTargetUpdate *update);
void dfu_bootloader_fail_flash(DfuTarget *target, DfuTargetUpdate *update);

#endif
