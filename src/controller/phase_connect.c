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

/* ATT: opcode and handle of a Write Command. */
#define ATT_WRITE_HEADER_BYTES 3

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

  c->activating = false;
  ctl_enter(step, STATE_CONNECTING, INT64_MAX);
  ctl_act(step, DFU_ACTION_CONNECT)->timeout_us = c->config.limits.connect_us;
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

void ctl_connect_on_failed(Step *step)
{
  DfuController *c = step->c;

  if (c->state != STATE_CONNECTING)
    return;
  ctl_enter(step, STATE_PAUSING, INT64_MAX); /* nothing is under way any more */
  if (c->was_up || step->event->trouble == DFU_TROUBLE_PASSING)
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

static uint16_t fitting_packet_bytes(const DfuController *c, uint16_t mtu)
{
  uint16_t room = mtu > ATT_WRITE_HEADER_BYTES ? (uint16_t)(mtu - ATT_WRITE_HEADER_BYTES) : 0;
  uint16_t bytes = c->config.packet_bytes < room ? c->config.packet_bytes : room;

  bytes -= bytes % DFU_WIRE_WORD_BYTES;
  return bytes > 0 ? bytes : DFU_WIRE_PACKET_BYTES; /* ATT grants no MTU below 23 */
}

void ctl_connect_on_up(Step *step)
{
  DfuController *c = step->c;

  if (c->state != STATE_CONNECTING)
    return;
  c->link_up = true;
  c->was_up = true;
  c->packet_bytes = fitting_packet_bytes(c, step->event->up.mtu);
  c->image_status = 0;
  c->has_answer = false;
  c->probe = PROBE_NONE;
  c->probes = 0;
  c->resume_bytes = 0;
  if (dfu_controller_is_application(&step->event->up)) {
    ctl_fail(step, DFU_FAIL_APPLICATION);
    return;
  }
  ctl_enter(step, STATE_SUBSCRIBING, step->now_us + c->config.limits.write_us);
  ctl_act(step, DFU_ACTION_SUBSCRIBE);
}

void ctl_connect_on_subscribed(Step *step)
{
  const DfuEvent *event = step->event;

  if (event->att_error != 0 || event->write_failed) {
    step->c->failure.att_error = event->att_error;
    ctl_fail(step, event->att_error != 0 ? DFU_FAIL_ATT : DFU_FAIL_WRITE);
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
