/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/restart.h"

static bool is_in_mid_transfer(const DfuTarget *target)
{
  return target->stage == DFU_TARGET_SURPLUS
         || (target->stage == DFU_TARGET_DATA && target->received_bytes < target->total_bytes);
}

/* It remembers its own decisions over the restart, and only these, and by itself it leaves
 * the DFU mode only once somebody was there. */
static DfuTargetBoot decide_by_cause(const DfuTarget *target)
{
  bool decided = target->restarting == DFU_RESTART_REQUESTED
                 || target->restarting == DFU_RESTART_TIMER;

  if (target->restarting == DFU_RESTART_REQUESTED && is_in_mid_transfer(target))
    return DFU_TARGET_BOOTS_BOOTLOADER;
  if (target->config.has_application)
    return DFU_TARGET_BOOTS_APPLICATION;
  return decided && target->was_connected ? DFU_TARGET_BOOTS_BOOTLOADER : DFU_TARGET_BOOTS_CABLE;
}

DfuTargetBoot dfu_restart_boot(const DfuTarget *target)
{
  DfuRestartRule rule = target->config.personality->restart_rule;

  if (rule == DFU_RESTARTS_BY_CAUSE)
    return decide_by_cause(target);
  if (target->config.has_application)
    return DFU_TARGET_BOOTS_APPLICATION;
  return rule == DFU_RESTARTS_TO_CABLE ? DFU_TARGET_BOOTS_CABLE : DFU_TARGET_BOOTS_BOOTLOADER;
}
