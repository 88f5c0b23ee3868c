/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the application into the bootloader. The buttonless service answers a
 * Start of any mode with a restart, so the loss of the link is what success
 * looks like, before the write is acknowledged or after (nRF5 SDK 7 to 11,
 * ble_dfu.c and dfu_app_handler.c; Adafruit's BLEDfu).
 */
#include "controller/controller_private.h"

#define SECOND_US INT64_C(1000000)

/* The bootloader starts within half a second, and is looked for from then on. */
#define START_UP_US (SECOND_US / 2)

/* Without a byte confirmed in between: an application that does not let go of the device. */
#define MAX_ENTRIES 3

/** The application is still there after a jump: is it what the host remembers? Once. */
static void look_again(Step *step)
{
  step->c->has_forgotten = true;
  ctl_act(step, DFU_ACTION_FORGET);
  ctl_disconnect(step);
}

void ctl_jump_begin(Step *step)
{
  DfuController *c = step->c;
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  if (c->config.goal == DFU_GOAL_RESET && c->reset_unheard) {
    ctl_reach_goal(step); /* there was a bootloader before */
  } else if (c->config.goal == DFU_GOAL_RESET) {
    ctl_fail(step, DFU_FAIL_APPLICATION);
  } else if (c->entries > 0 && !c->has_forgotten) {
    look_again(step);
  } else if (c->entries >= MAX_ENTRIES) {
    ctl_fail(step, DFU_FAIL_NOT_ENTERED);
  } else {
    if (c->transfer.sent_bytes > 0)
      ctl_note(step, DFU_NOTE_STARTS_OVER);
    c->transfer = (DfuTransfer){0}; /* it lived in the memory of a bootloader that runs no more */
    c->entries++;
    c->was_entered = true;
    c->find = DFU_FIND_TARGET;
    ctl_request(step, STATE_JUMP, bytes, dfu_wire_put_start(bytes, DFU_MODE_APPLICATION));
  }
}

void ctl_jump_on_written(Step *step)
{
  ctl_enter(step, STATE_JUMPED, step->now_us + step->c->config.limits.activate_us);
}

/** Any answer says that it stays where it is. */
void ctl_jump_on_answer(Step *step)
{
  step->c->failure.status = step->c->answer_status;
  ctl_fail(step, DFU_FAIL_NOT_ENTERED);
}

void ctl_jump_on_dropped(Step *step)
{
  ctl_enter(step, STATE_PAUSING, step->now_us + START_UP_US);
}

void ctl_reach_goal(Step *step)
{
  step->c->has_reached_goal = true;
  ctl_disconnect(step);
}
