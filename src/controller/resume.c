/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the target holds, and what follows from it. A bootloader of the SDK
 * keeps its stage, its count and its packets over a link loss and forgets all
 * of it in a restart; nothing tells which image it was receiving. So the count
 * comes first, it is believed only within what this controller sent, and each
 * step of the probe is one that changes nothing where it does not belong.
 *
 * A refused Start changes no stage, but leaves its mode and sizes behind, and
 * Activate goes by them. Whoever was connected in between may have sent one, so
 * ours is repeated before the image goes on, and is refused in its turn.
 *
 * Source: nRF5 SDK 11, dfu_dual_bank.c and dfu_single_bank.c, every request in
 * every stage.
 */
#include "controller/controller_private.h"

static void reset_with_consent(Step *step)
{
  step->c->was_reset = true; /* a target that is none the better for it is not reset again */
  ctl_reset(step);
}

/** On request only; where it may take the device off the air, with consent besides. */
static void begin_reset_goal(Step *step)
{
  DfuController *c = step->c;

  if (c->family->reset_to == DFU_RESET_IGNORED)
    ctl_fail(step, DFU_FAIL_NO_RESET);
  else if (ctl_is_risky_reset(c) && !c->config.allow_cable)
    ctl_fail(step, DFU_FAIL_RISKY_RESET);
  else
    ctl_reset(step);
}

void ctl_ask_size(Step *step)
{
  ctl_request_plain(step, STATE_ASKING, DFU_OP_REPORT_SIZE);
}

void ctl_ask_begin(Step *step)
{
  DfuController *c = step->c;

  if (ctl_hides_packets(c)) {
    c->flushes_to_recount = false;
    ctl_pace_set(step, PURPOSE_FLUSH);
  } else if (c->family->reports_size || c->may_be_either) {
    ctl_ask_size(step);
  } else {
    if (c->transfer.sent_bytes > 0)
      ctl_note(step, DFU_NOTE_STARTS_OVER);
    c->transfer = (DfuTransfer){0}; /* forgotten, after the quiet that came before */
    ctl_ask_on_silence(step);
  }
}

void ctl_foreign(Step *step, uint32_t held_bytes)
{
  const DfuController *c = step->c;

  if (c->reset_unheard)
    ctl_reset(step); /* it did not arrive, and what is held is still what was given up */
  else if (ctl_may_reset(c))
    reset_with_consent(step);
  else
    ctl_fail_bytes(step, DFU_FAIL_FOREIGN, held_bytes, c->image_bytes);
}

bool dfu_controller_is_believable(const DfuTransfer *transfer, uint32_t count_bytes)
{
  return transfer->init_accepted && count_bytes % DFU_WIRE_WORD_BYTES == 0 &&
         count_bytes >= transfer->confirmed_bytes && count_bytes <= transfer->sent_bytes;
}

static void resume(Step *step)
{
  DfuController *c = step->c;
  uint32_t count_bytes = c->resume_bytes;

  c->probe = PROBE_NONE;
  c->transfer.sent_bytes = count_bytes;
  c->transfer.confirmed_bytes = count_bytes;
  c->resumes++;
  ctl_note(step, DFU_NOTE_RESUMED);
  if (count_bytes == c->image_bytes)
    ctl_settle_begin(step);
  else
    ctl_image_begin(step, count_bytes);
}

/**
 * Empty after Activate: a system image that was installed looks like that. An
 * application that was, does not start; but where nobody acknowledged Activate,
 * the target may have restarted before it came to that, and gets one more try.
 */
static void go_on_after_activate(Step *step)
{
  DfuController *c = step->c;

  if (!(c->config.mode & DFU_MODE_APPLICATION)) {
    if (!c->transfer.activate_acknowledged)
      ctl_note(step, DFU_NOTE_ACTIVATE_UNHEARD);
    c->failure.seen = DFU_SEEN_DFU;
    ctl_reach_goal(step);
  } else if (!c->transfer.activate_acknowledged && c->new_beginnings++ == 0) {
    ctl_note(step, DFU_NOTE_STARTS_OVER);
    c->transfer = (DfuTransfer){0};
    ctl_start_begin(step);
  } else {
    c->failure.seen = DFU_SEEN_DFU;
    ctl_fail(step, DFU_FAIL_NOT_BACK);
  }
}

static void go_on_from(Step *step, uint32_t count_bytes)
{
  DfuController *c = step->c;

  if (c->config.goal == DFU_GOAL_ENTER) {
    ctl_reach_goal(step);
  } else if (c->config.goal == DFU_GOAL_RESET) {
    begin_reset_goal(step);
  } else if (c->transfer.activate_sent && count_bytes == 0) {
    go_on_after_activate(step);
  } else if (count_bytes == 0) {
    ctl_start_begin(step);
  } else if (!c->transfer.start_sent) {
    ctl_foreign(step, count_bytes);
  } else if (dfu_controller_is_believable(&c->transfer, count_bytes)) {
    c->resume_bytes = count_bytes;
    if (ctl_uses_v1(c))
      resume(step); /* what a second Start does there is not known */
    else
      ctl_start_begin(step);
  } else if (ctl_may_reset(c)) {
    reset_with_consent(step);
  } else {
    ctl_fail_bytes(step, DFU_FAIL_OFFSET, count_bytes, c->transfer.sent_bytes);
  }
}

void ctl_ask_on_answer(Step *step)
{
  if (step->c->answer_status == DFU_STATUS_SUCCESS)
    go_on_from(step, ctl_count(step->c, step->c->answer_bytes));
  else
    ctl_ask_on_silence(step);
}

/** Some targets know no 07: harmless before the first Start, the end of a resume. */
void ctl_ask_on_silence(Step *step)
{
  DfuController *c = step->c;

  c->no_size_report = true;
  if (c->transfer.start_sent) {
    ctl_fail(step, DFU_FAIL_NO_ANSWER);
    return;
  }
  if (c->family->reports_size && c->config.goal == DFU_GOAL_UPDATE)
    ctl_note(step, DFU_NOTE_NO_SIZE_REPORT);
  go_on_from(step, 0);
}

/* Each look tells more than the one before; who still contradicts himself then is not trusted. */
#define MAX_PROBES 5

void ctl_probe_begin(Step *step)
{
  DfuController *c = step->c;
  const DfuTransfer *transfer = &c->transfer;
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  if (++c->probes > MAX_PROBES) {
    ctl_fail_status(step, DFU_OP_START, DFU_STATUS_INVALID_STATE);
  } else if (c->resume_bytes > 0) {
    resume(step);
  } else if (ctl_uses_v1(c) && !transfer->init_accepted) {
    c->probe = PROBE_DATA; /* two bytes, of which the first copy counts: harmless twice */
    ctl_init_begin(step);
  } else if (transfer->init_accepted) {
    ctl_image_begin(step, 0);
  } else if (transfer->init_sent) {
    c->probe = transfer->start_accepted ? PROBE_DATA : PROBE_EITHER;
    ctl_request(step, STATE_INIT_PROBE, bytes, dfu_wire_put_init(bytes, DFU_INIT_COMPLETE));
  } else if (transfer->start_accepted) {
    c->probe = PROBE_ERASE; /* a part of the init packet may be there: emptied first */
    ctl_request(step, STATE_INIT_PROBE, bytes, dfu_wire_put_init(bytes, DFU_INIT_COMPLETE));
  } else {
    c->probe = PROBE_ERASE;
    ctl_init_begin(step);
  }
}

void ctl_probe_on_init_answer(Step *step)
{
  DfuController *c = step->c;

  switch (c->answer_status) {
  case DFU_STATUS_SUCCESS: /* a whole init packet was waiting: ours */
    c->transfer.init_accepted = true;
    ctl_image_begin(step, 0);
    break;
  case DFU_STATUS_FAILED: /* a part was, and is gone now */
  case DFU_STATUS_INVALID_STATE: /* ready; or erasing or receiving, as the init packet will show */
    ctl_init_begin(step);
    break;
  default: ctl_fail_status(step, DFU_OP_INIT, c->answer_status); break;
  }
}

static void await_erase(Step *step)
{
  ctl_enter(step, STATE_ERASING, step->now_us + step->c->config.limits.start_us);
}

void ctl_probe_on_refusal(Step *step)
{
  DfuController *c = step->c;
  bool was_data = c->transfer.init_accepted;

  c->transfer.init_accepted = false;
  if (!was_data && (c->probe == PROBE_DATA ||
                    (c->probe == PROBE_EITHER && !c->transfer.start_accepted))) {
    c->transfer.init_accepted = true; /* no init packet is wanted: then the image is */
    ctl_image_begin(step, 0);
  } else if (c->transfer.start_accepted) {
    ctl_ask_begin(step); /* things moved in between: look again */
  } else {
    await_erase(step);
  }
}
