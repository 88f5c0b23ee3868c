/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Start: the mode, the sizes, and the long wait for the erase. The link must
 * stay up meanwhile: a target whose erase ends with nobody to tell restarts
 * itself, and on single-bank targets the application is gone by then.
 */
#include "controller/controller_private.h"

void ctl_start_begin(Step *step)
{
  DfuController *c = step->c;
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  c->probe = c->transfer.start_sent ? PROBE_START : PROBE_NONE;
  if (ctl_uses_v1(c))
    ctl_request_plain(step, STATE_START, DFU_OP_START);
  else
    ctl_request(step, STATE_START, bytes, dfu_wire_put_start(bytes, c->config.mode));
}

static size_t put_sizes(const DfuController *c, uint8_t *bytes)
{
  const DfuImageSizes sizes = {
    .softdevice_bytes = c->config.softdevice_bytes,
    .bootloader_bytes = c->config.bootloader_bytes,
    .application_bytes = c->config.application_bytes,
  };

  if (ctl_uses_v1(c))
    return dfu_wire_put_size(bytes, sizes.application_bytes);
  return dfu_wire_put_sizes(bytes, &sizes);
}

void ctl_start_on_written(Step *step)
{
  DfuController *c = step->c;
  uint8_t bytes[DFU_WIRE_MAX_BYTES];
  size_t len = put_sizes(c, bytes);
  DfuAction *action;

  ctl_enter(step, STATE_ERASING, step->now_us + c->config.limits.start_us);
  ctl_send(step, DFU_SOURCE_SIZES, 0, (uint32_t)len, DFU_WIRE_PACKET_BYTES);
  if (!c->packets_busy)
    return; /* stopped by the user: without sizes the target stays as it was */
  c->transfer.start_sent = true;
  c->erase_limit_us = c->limit_us;
  c->needs_quiet = true;
  action = &step->update->actions[step->update->n_actions - 1];
  for (size_t i = 0; i < len; i++)
    action->bytes[i] = bytes[i];
  action->len = (uint8_t)len;
}

static void accept_start(Step *step)
{
  DfuController *c = step->c;
  bool was_probed = c->probe == PROBE_ERASE || c->probe == PROBE_EITHER;

  if (c->transfer.sent_bytes > 0)
    ctl_note(step, DFU_NOTE_STARTS_OVER);
  c->transfer = (DfuTransfer){.start_sent = true, .start_accepted = true};
  c->cancelled |= c->wants_to_stop;
  if (c->uses_v1 && !c->family->has_v1_start) {
    c->family = dfu_family_of_v1();
    ctl_note(step, DFU_NOTE_V1);
  }
  c->probe = PROBE_NONE;
  c->reset_unheard = false;
  if (was_probed)
    ctl_ask_begin(step); /* an answer to the probe may be on its way: ask until it is past */
  else
    ctl_init_begin(step);
}

/** A target of the older protocol refuses the twelve bytes of sizes, and stays as it was. */
static bool may_be_v1(const DfuController *c)
{
  return c->answer_status == DFU_STATUS_NOT_SUPPORTED && !ctl_uses_v1(c) &&
         c->config.mode == DFU_MODE_APPLICATION;
}

static void try_v1(Step *step)
{
  DfuController *c = step->c;

  c->uses_v1 = true;
  if (c->resume_bytes > 0)
    ctl_probe_begin(step); /* in mid-image no other protocol is tried on it: it goes on */
  else
    ctl_start_begin(step);
}

/** Only a Start that is accepted shows that the older protocol was meant. */
static void fail_refused(Step *step)
{
  DfuController *c = step->c;

  ctl_fail_status(step, DFU_OP_START, c->uses_v1 && !c->family->has_v1_start
                                        ? DFU_STATUS_NOT_SUPPORTED : c->answer_status);
}

/** Another's transfer is in the way, and ours has not begun. */
static void leave_to_other(Step *step)
{
  step->c->transfer = (DfuTransfer){0};
  ctl_foreign(step, 0);
}

void ctl_start_on_answer(Step *step)
{
  DfuController *c = step->c;

  if (c->answer_status == DFU_STATUS_SUCCESS)
    accept_start(step);
  else if (may_be_v1(c))
    try_v1(step);
  else if (c->answer_status != DFU_STATUS_INVALID_STATE)
    fail_refused(step);
  else if (c->probe == PROBE_START)
    ctl_probe_begin(step);
  else
    leave_to_other(step);
}
