/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Beginning anew, where what a target holds can be neither completed nor
 * removed: by System Reset, which is the one way back on some targets and
 * leaves others to a cable. So it is done unasked only where the family is
 * known to be on the air again afterwards, as a bootloader, or as an
 * application that this run has entered before; or where this very device has
 * come back from one already.
 */
#include "controller/controller_private.h"

/* Other causes than packets that come too fast are tried once more. */
#define MAX_OTHER_BEGINNINGS 1

void ctl_reset(Step *step)
{
  DfuController *c = step->c;

  c->transfer = (DfuTransfer){0};
  c->find = DFU_FIND_ANY;
  c->reset_unheard = true;
  ctl_request_plain(step, STATE_RESET, DFU_OP_RESET);
}

void ctl_reset_on_written(Step *step)
{
  step->c->reset_unheard = false;
  step->c->has_reset = true;
  ctl_enter(step, STATE_DROPPING, step->now_us + step->c->config.limits.activate_us);
}

void ctl_reset_on_gone(Step *step)
{
  if (step->event->trouble == DFU_TROUBLE_NOT_FOUND)
    ctl_note(step, DFU_NOTE_RESET_UNHEARD);
  step->c->has_reached_goal = true;
  ctl_end(step);
}

bool ctl_is_risky_reset(const DfuController *c)
{
  return c->family->reset_to == DFU_RESET_TO_CABLE ||
         c->family->reset_to == DFU_RESET_TO_UNKNOWN || c->is_cable_bound;
}

bool ctl_may_reset(const DfuController *c)
{
  return c->config.restart && !c->was_reset && c->family->reset_to != DFU_RESET_IGNORED &&
         (c->config.allow_cable || !ctl_is_risky_reset(c));
}

static bool survives_reset(const DfuController *c)
{
  if (c->comes_back)
    return true;
  if (c->is_cable_bound)
    return false;
  switch (c->family->reset_to) {
  case DFU_RESET_IGNORED: return true;
  case DFU_RESET_TO_BOOTLOADER: return c->is_certain;
  case DFU_RESET_TO_APPLICATION:
  case DFU_RESET_TO_EITHER: return c->was_entered;
  case DFU_RESET_TO_UNKNOWN:
  case DFU_RESET_TO_CABLE: return false;
  }
  return false;
}

static bool is_too_fast(const DfuFailure *failure)
{
  return failure->reason == DFU_FAIL_STATUS && failure->opcode == DFU_OP_RECEIVE &&
         failure->status == DFU_STATUS_FAILED;
}

/** An early end is no matter of the packets: only a restart of the device helps. */
static bool is_ruined(const DfuFailure *failure)
{
  switch (failure->reason) {
  case DFU_FAIL_VALIDATION:
  case DFU_FAIL_RECEIPT:
  case DFU_FAIL_PACKETS_LOST:
  case DFU_FAIL_OFFSET: return true;
  case DFU_FAIL_NO_ANSWER: return failure->opcode == DFU_OP_RECEIVE;
  default: return is_too_fast(failure);
  }
}

static bool is_worth_it(Step *step)
{
  DfuController *c = step->c;

  if (is_too_fast(&c->failure))
    return ctl_pace_slow_down(step);
  return c->new_beginnings++ < MAX_OTHER_BEGINNINGS;
}

bool ctl_begin_anew(Step *step)
{
  DfuController *c = step->c;
  bool has_consent = ctl_may_reset(c);

  if (!c->link_up || c->control_busy || c->cancelled || !is_ruined(&c->failure))
    return false;
  if ((!has_consent && !survives_reset(c)) || !is_worth_it(step))
    return false;
  c->failure = (DfuFailure){0};
  c->entries = 0; /* the way back may lead through the application each time */
  ctl_note(step, DFU_NOTE_BEGINS_ANEW);
  if (c->family->reset_to == DFU_RESET_IGNORED) {
    c->transfer = (DfuTransfer){0};
    ctl_disconnect(step); /* the next connection begins with the quiet that it needs */
  } else {
    c->was_reset |= !survives_reset(c);
    ctl_reset(step);
  }
  return true;
}
