/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Validate, Activate, and what comes back on the air. Validate must not come
 * before the last flash write is done: the target would compute its CRC over
 * flash that is not written yet, and the transfer would be lost (nRF5 SDK 11).
 */
#include "controller/controller_private.h"

#define SETTLE_US INT64_C(1000000)

void ctl_settle_begin(Step *step)
{
  ctl_enter(step, STATE_SETTLING, step->now_us + SETTLE_US);
}

void ctl_validate_begin(Step *step)
{
  DfuController *c = step->c;

  c->transfer.confirmed_bytes = c->image_bytes;
  ctl_request_plain(step, STATE_VALIDATE, DFU_OP_VALIDATE);
  if (c->state != STATE_VALIDATE)
    return; /* stopped by the user */
  c->validates_again = c->transfer.validate_sent;
  c->transfer.validate_sent = true;
}

static void begin_activate(Step *step)
{
  DfuController *c = step->c;

  ctl_request_plain(step, STATE_ACTIVATE, DFU_OP_ACTIVATE);
  if (c->state != STATE_ACTIVATE)
    return; /* stopped by the user: the image stays validated, not installed */
  c->activating = true;
  c->activations++;
  c->transfer.activate_sent = true;
  c->transfer.activate_acknowledged = false;
}

static void fail_validation(Step *step, uint8_t status)
{
  step->c->failure.status = status;
  ctl_fail(step, DFU_FAIL_VALIDATION);
}

/** InfiniTime says nothing where the image is damaged: its answer is cancelled by its own reset. */
void ctl_validate_on_silence(Step *step)
{
  if (step->c->family->validate_us > 0)
    fail_validation(step, 0);
  else
    ctl_fail(step, DFU_FAIL_NO_ANSWER);
}

void ctl_validate_on_answer(Step *step)
{
  DfuController *c = step->c;

  if (c->answer_status == DFU_STATUS_SUCCESS) {
    begin_activate(step);
  } else if (c->answer_status == DFU_STATUS_CRC_ERROR) {
    fail_validation(step, c->answer_status);
  } else if (c->answer_status == DFU_STATUS_INVALID_STATE && c->validates_again) {
    /* Validated, or found damaged: nothing tells. Activate installs the one, resets the other. */
    ctl_note(step, DFU_NOTE_VALIDATED_UNHEARD);
    begin_activate(step);
  } else {
    ctl_fail_status(step, DFU_OP_VALIDATE, c->answer_status);
  }
}

void ctl_activate_on_written(Step *step)
{
  step->c->transfer.activate_acknowledged = true;
  ctl_enter(step, STATE_DROPPING, step->now_us + step->c->config.limits.activate_us);
}

static void end_with(Step *step, DfuSeen seen)
{
  if (!step->c->transfer.activate_acknowledged)
    ctl_note(step, DFU_NOTE_ACTIVATE_UNHEARD);
  step->c->failure.seen = seen;
  ctl_end(step);
}

static void fail_not_back(Step *step, DfuSeen seen)
{
  step->c->failure.seen = seen;
  ctl_fail(step, DFU_FAIL_NOT_BACK);
}

static void end_unseen(Step *step)
{
  if (step->c->config.require_back)
    fail_not_back(step, DFU_SEEN_NOTHING);
  else
    end_with(step, DFU_SEEN_NOTHING);
}

static void end_unwatched(Step *step)
{
  step->c->failure.is_unwatched = true;
  end_unseen(step);
}

void ctl_watch_begin(Step *step)
{
  DfuController *c = step->c;

  if (c->wants_no_watch && c->transfer.activate_acknowledged) {
    end_unwatched(step);
    return;
  }
  if (c->config.watch_us == 0) {
    end_unseen(step);
    return;
  }
  ctl_enter(step, STATE_WATCHING, step->now_us + c->config.watch_us);
  ctl_act(step, DFU_ACTION_WATCH)->timeout_us = c->config.watch_us;
}

/** Activate may not have arrived: asks the target, or sends it again. */
static void try_again(Step *step)
{
  step->c->activating = false;
  ctl_connect_retry(step, DFU_FAIL_LINK);
}

void ctl_watch_on_seen(Step *step)
{
  DfuController *c = step->c;
  bool runs_beside = c->family->is_application; /* what is seen is the same before and after */
  bool is_application = step->event->seen == DFU_SEEN_APPLICATION || runs_beside;
  bool is_in_doubt = runs_beside ? c->activations == 1 : !is_application;

  if (c->state != STATE_WATCHING)
    return;
  if (!c->transfer.activate_acknowledged && is_in_doubt)
    try_again(step);
  else if (is_application)
    end_with(step, DFU_SEEN_APPLICATION);
  else if (c->config.mode & DFU_MODE_APPLICATION)
    fail_not_back(step, DFU_SEEN_DFU);
  else
    end_with(step, DFU_SEEN_DFU); /* a new bootloader, waiting for an application */
}

void ctl_watch_on_over(Step *step)
{
  end_unseen(step);
}

void ctl_watch_on_cancel(Step *step)
{
  DfuController *c = step->c;

  if (c->transfer.activate_acknowledged) {
    end_unwatched(step);
  } else {
    c->activating = false; /* nothing says that anything is done yet */
    ctl_end(step);
  }
}
