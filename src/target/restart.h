/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a target becomes by a restart.
 * Source: nRF5 SDK 11.0.0, bootloader.c; Adafruit nRF52 bootloader 0.9.2 and 0.10.0,
 * main.c and dfu_transport_ble.c.
 */
#ifndef DFU_TARGET_RESTART_H
#define DFU_TARGET_RESTART_H

#include "target/target.h"

/** What starts after @target, which is as the restart finds it and says why it happens. */
DfuTargetBoot dfu_restart_boot(const DfuTarget *target);

#endif
