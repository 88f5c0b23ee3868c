/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/sim_rules.h"

static void require(SimRules *rules, gboolean is_kept, const char *broken)
{
  if (!is_kept && rules->broken == NULL)
    rules->broken = broken;
}

static void on_packets(SimRules *rules, const DfuAction *action)
{
  require(rules, rules->is_subscribed, "packets before notifications were on");
  if (action->source != DFU_SOURCE_IMAGE)
    return;
  require(rules, rules->has_receipts, "the image before receipts were asked for");
  require(rules, action->from <= rules->most_sent_bytes,
          "an offset was believed beyond what had been sent");
  rules->most_sent_bytes = MAX(rules->most_sent_bytes, action->to);
}

static void on_disconnect(SimRules *rules, const DfuTarget *target)
{
  if (target == NULL)
    return;
  require(rules, !(target->stage == DFU_TARGET_PREPARING && rules->erases_for_us),
          "left during the erase");
  require(rules, target->final_queued == 0, "left during the last flash write");
}

void sim_rules_on_action(SimRules *rules, const DfuAction *action, const DfuTarget *target)
{
  switch (action->type) {
  case DFU_ACTION_CONNECT:
    rules->is_subscribed = rules->has_receipts = FALSE;
    break;
  case DFU_ACTION_WRITE_CONTROL:
    require(rules, rules->is_subscribed, "a request before notifications were on");
    rules->awaits_receipts = action->bytes[0] == DFU_OP_REQUEST_RECEIPTS;
    break;
  case DFU_ACTION_WRITE_PACKETS: on_packets(rules, action); break;
  case DFU_ACTION_DISCONNECT: on_disconnect(rules, target); break;
  default: break;
  }
}

void sim_rules_on_event(SimRules *rules, const DfuEvent *event)
{
  if (event->type == DFU_EVENT_SUBSCRIBED)
    rules->is_subscribed = !event->write_failed && event->att_error == 0;
  if (event->type == DFU_EVENT_CONTROL_WRITTEN && rules->awaits_receipts)
    rules->has_receipts = !event->write_failed && event->att_error == 0;
}

void sim_rules_on_control(SimRules *rules, const DfuTarget *target,
                          const DfuControllerConfig *config, const guint8 *bytes)
{
  if (bytes[0] != DFU_OP_ACTIVATE || target->stage != DFU_TARGET_VALIDATED)
    return;
  require(rules,
          target->activation_mode == config->mode &&
            target->total_bytes == config->softdevice_bytes + config->bootloader_bytes +
                                     config->application_bytes,
          "Activate after somebody else's Start");
}

void sim_rules_on_erase(SimRules *rules, gboolean is_ours)
{
  rules->erases_for_us = is_ours;
  rules->most_sent_bytes = 0;
}

void sim_rules_on_restart(SimRules *rules)
{
  rules->most_sent_bytes = 0;
}

void sim_rules_on_restart_by_leaving(SimRules *rules)
{
  require(rules, FALSE, "left with packets in the air that made the target restart");
}
