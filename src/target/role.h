/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a family of targets does by its own rules: the four places where
 * dfu_target_step() hands over. Everything is kept in the DfuTarget.
 */
#ifndef DFU_TARGET_ROLE_H
#define DFU_TARGET_ROLE_H

#include "target/target.h"

typedef struct DfuTargetRole {
  /** A write of the control point. */
  void (*take_control)(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update);

  /** A write of DFU Packet, of a length that the stack lets through. */
  void (*take_packet)(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update);

  /** Carries out what is due at target->now_us, one thing; its due time is another afterwards. */
  void (*complete_due)(DfuTarget *target, DfuTargetUpdate *update);

  /** The flash fails; may be without meaning. */
  void (*fail_flash)(DfuTarget *target, DfuTargetUpdate *update);

  bool runs_timer_from_start; /* the inactivity timer runs without anything having come */
  bool init_is_one_packet;    /* there is no Init complete: the packet itself is answered */
} DfuTargetRole;

extern const DfuTargetRole dfu_role_sdk;        /* bootloaders of SDK 6.1 and later: bootloader.c */
extern const DfuTargetRole dfu_role_v1;         /* bootloaders of SDK 4.3 to 6.0: v1.c */
extern const DfuTargetRole dfu_role_otafix;     /* OTAFIX 2.1: otafix.c */
extern const DfuTargetRole dfu_role_infinitime; /* InfiniTime's firmware: infinitime.c */

#endif
