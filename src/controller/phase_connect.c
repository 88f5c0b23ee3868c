/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding the device, connecting, turning notifications on, and doing so
 * again after a loss. Notifications come first on every connection: a target
 * of the SDK restarts itself, and loses everything, when a notification is due
 * that it cannot send (nRF5 SDK 11, dfu_transport_ble.c).
 */
#include "controller/controller_private.h"

#define SECOND_US INT64_C(1000000)
#define FIRST_PAUSE_US (SECOND_US / 2)
#define LONGEST_PAUSE_US (8 * SECOND_US)

/* DFU Revision 0.1: an application with the buttonless service (SDK 7 to 11). */
#define REVISION_APPLICATION 0x0001

static int64_t pause_us(unsigned tries)
{
  int64_t pause = FIRST_PAUSE_US;

  while (tries-- > 0 && pause < LONGEST_PAUSE_US)
    pause *= 2;
  return pause;
}

void ctl_connect_begin(Step *step)
{
  DfuController *c = step->c;

  DfuAction *action;

  c->activating = false;
  ctl_enter(step, STATE_CONNECTING, INT64_MAX);
  action = ctl_act(step, DFU_ACTION_CONNECT);
  action->timeout_us = c->config.limits.connect_us;
  action->find = c->find;
}

void ctl_connect_on_pause_over(Step *step)
{
  ctl_connect_begin(step);
}

void ctl_connect_retry(Step *step, DfuFailReason reason)
{
  DfuController *c = step->c;

  if (c->failed_tries >= c->config.retries || step->now_us >= c->config.deadline_us) {
    ctl_fail(step, reason);
    return;
  }
  ctl_enter(step, STATE_PAUSING, step->now_us + pause_us(c->failed_tries));
  c->failed_tries++;
}

/** Gone from the air, or an application, after a reset that nobody acknowledged: it has arrived. */
static bool is_gone_by_reset(const Step *step)
{
  DfuTrouble trouble = step->event->trouble;

  return step->c->config.goal == DFU_GOAL_RESET && step->c->reset_unheard &&
         (trouble == DFU_TROUBLE_NOT_FOUND || trouble == DFU_TROUBLE_NO_DFU);
}

void ctl_connect_on_failed(Step *step)
{
  DfuController *c = step->c;

  if (c->state != STATE_CONNECTING)
    return;
  ctl_enter(step, STATE_PAUSING, INT64_MAX); /* nothing is under way any more */
  if (is_gone_by_reset(step))
    ctl_reset_on_gone(step);
  else if (c->was_up || c->config.is_expected || step->event->trouble == DFU_TROUBLE_PASSING)
    ctl_connect_retry(step, DFU_FAIL_LINK);
  else if (step->event->trouble == DFU_TROUBLE_NOT_FOUND)
    ctl_fail(step, DFU_FAIL_NOT_FOUND);
  else
    ctl_fail(step, DFU_FAIL_UNUSABLE);
}

/* A wrong guess would write to a device in use. */
bool dfu_controller_is_application(const DfuLinkFacts *up)
{
  if (up->has_revision)
    return up->revision == REVISION_APPLICATION || !up->has_packet;
  return up->has_other_services || !up->has_packet;
}

/** An application is recognised by its Revision, or by what DFU lacks; else its answer tells. */
static void judge_program(DfuController *c, const DfuLinkFacts *up)
{
  bool is_application = dfu_controller_is_application(up) && !c->family->is_application;

  c->may_be_either = !up->has_revision && up->has_packet && !c->family->is_application;
  c->runs_application = is_application && !c->may_be_either;
}

static void subscribe(Step *step)
{
  ctl_enter(step, STATE_SUBSCRIBING, step->now_us + step->c->config.limits.write_us);
  ctl_act(step, DFU_ACTION_SUBSCRIBE);
}

static void take_family(DfuController *c, const DfuFamily *family)
{
  c->family = c->uses_v1 ? dfu_family_of_v1() : family;
  if (c->family->validate_us > 0)
    c->config.limits.validate_us = c->family->validate_us;
}

static void take_connection(DfuController *c, const DfuEvent *event)
{
  const DfuFamily *seen = dfu_family_recognise(&event->up, NULL);

  c->link_up = true;
  if (!c->was_up) /* an erase that an earlier run has begun may have begun just now */
    c->erase_limit_us = event->now_us + c->config.limits.start_us;
  c->was_up = true;
  c->mtu = event->up.mtu;
  c->is_subscribed = false;
  c->image_status = 0;
  c->has_answer = false;
  c->probe = PROBE_NONE;
  c->probes = 0;
  c->resume_bytes = 0;
  take_family(c, event->family);
  judge_program(c, &event->up);
  if (c->runs_application)
    return;
  /* Whoever tells a family may be wrong, and the wrong reset is for good. */
  c->is_cable_bound = seen->reset_to == DFU_RESET_TO_CABLE;
  c->is_certain = event->family != seen || dfu_family_is_certain(&event->up);
  c->find = DFU_FIND_TARGET; /* it may restart as one that nobody handed an address to */
  c->comes_back |= c->has_reset;
}

void ctl_connect_on_up(Step *step)
{
  DfuController *c = step->c;

  if (c->state != STATE_CONNECTING)
    return;
  take_connection(c, step->event);
  if (step->event->is_refused)
    ctl_fail(step, DFU_FAIL_WRONG_DEVICE);
  else if (c->needs_quiet && c->family->quiet_us > 0)
    ctl_enter(step, STATE_RESTING, step->now_us + c->family->quiet_us);
  else
    subscribe(step);
}

void ctl_connect_on_rest_over(Step *step)
{
  step->c->needs_quiet = false;
  subscribe(step);
}

void ctl_connect_on_subscribed(Step *step)
{
  const DfuEvent *event = step->event;

  if (event->att_error != 0 || event->write_failed) {
    step->c->failure.att_error = event->att_error;
    ctl_fail(step, event->att_error != 0 ? DFU_FAIL_ATT : DFU_FAIL_WRITE);
  } else if (step->c->runs_application) {
    ctl_jump_begin(step);
  } else {
    ctl_ask_begin(step);
  }
}

void ctl_connect_abandon(Step *step)
{
  DfuController *c = step->c;

  if (c->link_up && !c->failing && !c->cancelled && !c->activating) {
    c->link_losses++;
    ctl_note(step, DFU_NOTE_LINK_LOST);
  }
  c->control_busy = false;
  c->packets_busy = false;
  ctl_disconnect(step);
}
