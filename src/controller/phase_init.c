/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The init packet. The target appends pieces to what it has and pads each to a
 * word, so it is sent once, in pieces of 20 bytes, each taken by the host
 * before the next; a second one on top of the first would overrun a buffer in
 * the target (nRF5 SDK 11, dfu_init_template.c). Targets of the older protocol
 * take one piece, and answer it.
 */
#include "controller/controller_private.h"

void ctl_init_begin(Step *step)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  if (ctl_uses_v1(step->c))
    ctl_request_plain(step, STATE_INIT_BEGIN, DFU_OP_INIT);
  else
    ctl_request(step, STATE_INIT_BEGIN, bytes, dfu_wire_put_init(bytes, DFU_INIT_BEGIN));
}

void ctl_init_on_begun(Step *step)
{
  step->c->transfer.init_refused = false; /* a part of this one may stay there */
  ctl_enter(step, STATE_INIT_PACKETS, step->now_us + step->c->config.limits.write_us);
  ctl_send(step, DFU_SOURCE_INIT, 0, step->c->config.init_bytes, DFU_WIRE_PACKET_BYTES);
}

void ctl_init_on_packets_written(Step *step)
{
  DfuController *c = step->c;
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  if (!c->cancelled)
    c->transfer.init_sent = true;
  if (ctl_uses_v1(c)) { /* one write is the whole of it, and is answered */
    ctl_enter(step, STATE_INIT_COMPLETE, step->now_us + c->config.limits.init_us);
    return;
  }
  ctl_request(step, STATE_INIT_COMPLETE, bytes, dfu_wire_put_init(bytes, DFU_INIT_COMPLETE));
}

/** A refused one is dropped, and the target waits for another, on this link or a later one. */
static void fail_refused(Step *step)
{
  DfuController *c = step->c;

  if (c->answer_status == DFU_STATUS_FAILED && !ctl_uses_v1(c)) {
    c->transfer.init_sent = false;
    c->transfer.init_refused = true;
  }
  ctl_fail_status(step, DFU_OP_INIT, c->answer_status);
}

void ctl_init_on_answer(Step *step)
{
  DfuController *c = step->c;

  if (c->answer_status == DFU_STATUS_SUCCESS) {
    c->transfer.init_accepted = true;
    ctl_image_begin(step, 0);
  } else if (c->answer_status == DFU_STATUS_INVALID_STATE && c->probe != PROBE_NONE) {
    ctl_probe_on_refusal(step);
  } else {
    fail_refused(step);
  }
}
