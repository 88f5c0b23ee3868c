/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Ending early. Packets that the target's radio took but its bootloader has
 * not looked at are handled after a disconnect too; when one of them makes a
 * notification due, there is nobody to send it to and the target restarts,
 * losing everything. So what is in the air comes down first.
 */
#include "controller/controller_private.h"

#define SECOND_US INT64_C(1000000)
#define QUIET_US SECOND_US
#define MAX_COUNTS 10
#define DISCONNECT_US (10 * SECOND_US)

void ctl_fail(Step *step, DfuFailReason reason)
{
  DfuController *c = step->c;

  if (c->failing)
    return; /* the first reason is the one that counts */
  c->failure.phase = ctl_phase_of(c);
  if (reason == DFU_FAIL_NO_ANSWER)
    c->failure.opcode = c->request[0];
  c->failure.reason = reason;
  if (ctl_begin_anew(step))
    return;
  c->failing = true;
  ctl_leave(step);
}

void ctl_fail_status(Step *step, uint8_t opcode, uint8_t status)
{
  DfuFailure *failure = &step->c->failure;

  failure->opcode = opcode;
  failure->status = status;
  ctl_fail(step, DFU_FAIL_STATUS);
}

void ctl_fail_bytes(Step *step, DfuFailReason reason, uint32_t value_bytes, uint32_t expected_bytes)
{
  DfuFailure *failure = &step->c->failure;

  failure->value_bytes = value_bytes;
  failure->expected_bytes = expected_bytes;
  ctl_fail(step, reason);
}

static bool has_packets_in_the_air(const DfuController *c)
{
  return c->has_init_in_the_air ||
         (c->transfer.sent_bytes > c->transfer.confirmed_bytes && c->transfer.init_accepted);
}

/** What it may be erasing ends with a restart, unless somebody is connected to be told. */
static bool is_erasing(const DfuTransfer *transfer)
{
  return transfer->start_sent && !transfer->start_accepted && !transfer->init_accepted;
}

/** However badly: what answers, or counts bytes of an image, is not erasing. */
static bool is_no_erase(const DfuFailure *failure)
{
  switch (failure->reason) {
  case DFU_FAIL_STATUS:
  case DFU_FAIL_OFFSET:
  case DFU_FAIL_FOREIGN: return true;
  case DFU_FAIL_MALFORMED:
    return failure->bytes[0] == DFU_OP_RESPONSE &&
           (failure->n_bytes < 2 || failure->bytes[1] == DFU_OP_START);
  default: return false;
  }
}

/** Where notifications are off it cannot be told, and what has lasted too long is no erase. */
static bool must_stay(const Step *step)
{
  const DfuController *c = step->c;

  return c->failing && is_erasing(&c->transfer) && c->is_subscribed &&
         !is_no_erase(&c->failure) && step->now_us < c->erase_limit_us;
}

static void stay(Step *step)
{
  DfuController *c = step->c;

  c->has_answer &= c->state == STATE_START || c->state == STATE_ERASING; /* else of another request */
  ctl_enter(step, STATE_STAYING, c->erase_limit_us);
}

void ctl_leave(Step *step)
{
  DfuController *c = step->c;

  if (c->state == STATE_DISCONNECTING)
    return;
  if (c->state == STATE_CONNECTING)
    ctl_disconnect(step);
  else if (!c->link_up)
    ctl_end(step);
  else if (must_stay(step))
    stay(step);
  else if (has_packets_in_the_air(c) || c->control_busy)
    ctl_enter(step, STATE_QUIET, step->now_us + QUIET_US);
  else
    ctl_disconnect(step);
}

static bool is_received(const DfuController *c)
{
  return c->transfer.confirmed_bytes == c->image_bytes;
}

void ctl_leave_on_quiet(Step *step)
{
  DfuController *c = step->c;

  if (c->failing || c->no_size_report || ctl_hides_packets(c) || c->counts >= MAX_COUNTS ||
      is_received(c)) {
    ctl_disconnect(step);
    return;
  }
  c->counts++;
  ctl_request_plain(step, STATE_COUNTING, DFU_OP_REPORT_SIZE);
}

void ctl_leave_on_count(Step *step)
{
  DfuController *c = step->c;
  DfuTransfer *transfer = &c->transfer;
  uint32_t count = ctl_count(c, c->answer_bytes);

  if (c->answer_status == DFU_STATUS_SUCCESS && count >= transfer->confirmed_bytes &&
      count <= transfer->sent_bytes && count < c->image_bytes)
    transfer->confirmed_bytes = count;
  /* The last packet is at rest with "received" only: its flash write needs somebody to tell. */
  if (has_packets_in_the_air(c))
    ctl_enter(step, STATE_QUIET, step->now_us + QUIET_US);
  else
    ctl_disconnect(step);
}

void ctl_leave_on_erased(Step *step)
{
  step->c->transfer.start_accepted = step->c->answer_status == DFU_STATUS_SUCCESS;
  ctl_disconnect(step);
}

void ctl_disconnect(Step *step)
{
  ctl_enter(step, STATE_DISCONNECTING, step->now_us + DISCONNECT_US);
  ctl_act(step, DFU_ACTION_DISCONNECT);
}

/** Nothing of what the target holds can be gone on with. */
static bool is_ruined(const DfuFailure *failure)
{
  switch (failure->reason) {
  case DFU_FAIL_STATUS:
    return failure->opcode == DFU_OP_RECEIVE || failure->opcode == DFU_OP_VALIDATE;
  case DFU_FAIL_VALIDATION:
  case DFU_FAIL_RECEIPT:
  case DFU_FAIL_PACKETS_LOST:
  case DFU_FAIL_EARLY_END:
  case DFU_FAIL_OFFSET:
  case DFU_FAIL_NOT_BACK: return true;
  default: return false;
  }
}

static void end_failed(Step *step)
{
  DfuController *c = step->c;
  DfuAction *action = ctl_act(step, DFU_ACTION_FAILED);

  if (!c->failing) {
    c->failure.reason = DFU_FAIL_CANCELLED;
    c->failure.value_bytes = c->transfer.confirmed_bytes;
    c->failure.expected_bytes = c->image_bytes;
  }
  c->failure.link_was_up = c->was_up;
  c->failure.risks_cable = c->was_up && ctl_is_risky_reset(c);
  action->failure = c->failure;
  if (c->failing && (is_ruined(&c->failure) || c->transfer.activate_acknowledged))
    c->transfer = (DfuTransfer){0};
}

void ctl_end(Step *step)
{
  DfuController *c = step->c;
  bool is_done = (c->activating || c->has_reached_goal) && !c->failing;

  ctl_enter(step, STATE_ENDED, INT64_MAX);
  if (is_done && c->config.goal != DFU_GOAL_UPDATE) {
    ctl_act(step, DFU_ACTION_DONE);
  } else if (is_done) {
    ctl_act(step, DFU_ACTION_DONE)->seen = c->failure.seen;
    c->transfer = (DfuTransfer){.sent_bytes = c->image_bytes, .confirmed_bytes = c->image_bytes};
  } else {
    end_failed(step);
  }
}

/** Where nothing of the target hangs on the link, or nothing of ours on the target. */
static bool can_leave_at_once(int state)
{
  return state == STATE_NEW || state == STATE_CONNECTING || state == STATE_PAUSING ||
         state == STATE_SUBSCRIBING || state == STATE_IMAGE || state == STATE_RESTING ||
         state == STATE_HOLDING || state == STATE_PROVING;
}

void ctl_on_step_done(Step *step)
{
  DfuController *c = step->c;

  if (c->wants_to_stop && !c->cancelled && !is_erasing(&c->transfer) && c->state != STATE_ENDED)
    ctl_on_cancel(step);
}

void ctl_on_cancel(Step *step)
{
  DfuController *c = step->c;

  if (c->state == STATE_WATCHING) {
    ctl_watch_on_cancel(step);
    return;
  }
  if (c->activating)
    c->wants_no_watch = true;
  if (c->cancelled || c->activating)
    return;
  if (c->was_up && is_erasing(&c->transfer) && !c->wants_to_stop) {
    c->wants_to_stop = true; /* a second wish is one to leave it all the same */
    return;
  }
  c->cancelled = true;
  if (can_leave_at_once(c->state) && !c->failing)
    ctl_leave(step);
}
