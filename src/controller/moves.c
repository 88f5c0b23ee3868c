/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The few moves that every phase is made of: to go to a state, to write a
 * request, to send packets. They ask nothing about the phase.
 */
#include <assert.h>
#include <string.h>

#include "controller/controller_private.h"

void ctl_enter(Step *step, State state, int64_t limit_us)
{
  step->c->state = (int)state;
  step->c->limit_us = limit_us;
  step->c->repeat_us = INT64_MAX;
}

DfuAction *ctl_act(Step *step, DfuActionType type)
{
  DfuAction *action = &step->update->actions[step->update->n_actions++];

  assert(step->update->n_actions <= DFU_MAX_ACTIONS);
  *action = (DfuAction){.type = type};
  return action;
}

void ctl_note(Step *step, unsigned note)
{
  step->update->notes |= note;
}

void ctl_progressed(Step *step)
{
  DfuController *c = step->c;

  if (c->transfer.confirmed_bytes <= c->best_bytes)
    return; /* a target that restarts at the same place each time would have no end */
  c->best_bytes = c->transfer.confirmed_bytes;
  c->failed_tries = 0;
  c->entries = 0;
}

uint32_t dfu_controller_read_count(const DfuFamily *family, const DfuTransfer *transfer,
                                   uint32_t told_bytes)
{
  uint32_t low = told_bytes & 0xffff;
  uint32_t count;

  if (!family->has_short_counts)
    return told_bytes;
  count = (transfer->confirmed_bytes & ~UINT32_C(0xffff)) | low;
  if (count < transfer->confirmed_bytes)
    count += 0x10000;
  return count <= transfer->sent_bytes ? count : low;
}

uint32_t ctl_count(const DfuController *c, uint32_t told_bytes)
{
  return dfu_controller_read_count(c->family, &c->transfer, told_bytes);
}

void ctl_write_request(Step *step)
{
  DfuController *c = step->c;
  DfuAction *action = ctl_act(step, DFU_ACTION_WRITE_CONTROL);

  memcpy(action->bytes, c->request, c->request_len);
  action->len = c->request_len;
  c->control_busy = true;
  c->limit_us = step->now_us + c->config.limits.write_us;
  c->repeat_us = INT64_MAX;
}

/* Counting while leaving is the one request that a wish to stop does not stop. */
static bool is_stopped(const DfuController *c, State state)
{
  return c->cancelled && state != STATE_COUNTING;
}

void ctl_request(Step *step, State state, const uint8_t *bytes, size_t len)
{
  DfuController *c = step->c;

  if (is_stopped(c, state)) {
    ctl_leave(step);
    return;
  }
  ctl_enter(step, state, INT64_MAX);
  memcpy(c->request, bytes, len);
  c->request_len = (uint8_t)len;
  c->has_answer = false;
  c->repeats = 0;
  ctl_write_request(step);
}

void ctl_request_plain(Step *step, State state, DfuOpcode opcode)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  ctl_request(step, state, bytes, dfu_wire_put_request(bytes, opcode));
}

void ctl_send(Step *step, DfuSource source, uint32_t from, uint32_t to, uint16_t packet_bytes)
{
  DfuController *c = step->c;
  DfuAction *action;

  if (c->cancelled) {
    ctl_leave(step);
    return;
  }
  action = ctl_act(step, DFU_ACTION_WRITE_PACKETS);
  action->source = source;
  action->from = from;
  action->to = to;
  action->packet_bytes = packet_bytes;
  c->packets_busy = true;
  c->has_init_in_the_air |= source == DFU_SOURCE_INIT;
}
