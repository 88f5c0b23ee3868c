/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rules that keep a device alive, watched at each step by somebody who sees both sides: what
 * the controller does, and what the target is doing at that moment.
 *
 * Source: nRF5 SDK 11.0.0, dfu_transport_ble.c and dfu_dual_bank.c, executed: a notification that
 * the target cannot send, be it a receipt or the end of a flash operation, makes it restart and
 * forget the transfer.
 */
#ifndef TESTS_LIB_SIM_RULES_H
#define TESTS_LIB_SIM_RULES_H

#include "dfu/controller.h"
#include "target/target.h"

#include <glib.h>

/** Zero at first. */
typedef struct {
  const char *broken;       /* the first that was, in words; NULL for none */
  gboolean is_subscribed;   /* on this connection */
  gboolean awaits_receipts; /* a receipt request is on its way */
  gboolean has_receipts;    /* one was acknowledged on this connection */
  gboolean erases_for_us;
  guint32 most_sent_bytes;  /* of the image, since the target last was empty */
} SimRules;

/** Before @action is carried out; @target: NULL where the device runs its application. */
void sim_rules_on_action(SimRules *rules, const DfuAction *action, const DfuTarget *target);

/** Before the controller is told of @event. */
void sim_rules_on_event(SimRules *rules, const DfuEvent *event);

/** Before @target gets a control point write of the controller that has @config. */
void sim_rules_on_control(SimRules *rules, const DfuTarget *target,
                          const DfuControllerConfig *config, const guint8 *bytes);

/** The target begins to erase its flash; @is_ours: because of the controller's Start. */
void sim_rules_on_erase(SimRules *rules, gboolean is_ours);

/** The target starts afresh. */
void sim_rules_on_restart(SimRules *rules);

/** A disconnect of the controller's made the target restart. */
void sim_rules_on_restart_by_leaving(SimRules *rules);

#endif
