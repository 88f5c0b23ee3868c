/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The image. What the host took says nothing of the target: only its packet
 * receipt notifications do, and the window of packets in flight slides with
 * them. A target of the SDK has 8 receive buffers; the packet that finds them
 * full is refused, and what follows it is stored at the wrong place
 * (nRF5 SDK 11, hci_mem_pool and dfu_transport_ble.c).
 */
#include "controller/controller_private.h"

static uint32_t smaller(uint64_t a, uint32_t b)
{
  return a < b ? (uint32_t)a : b;
}

void ctl_image_begin(Step *step, uint32_t offset_bytes)
{
  DfuController *c = step->c;

  c->receipt_base_bytes = offset_bytes;
  c->transfer.sent_bytes = offset_bytes;
  c->transfer.confirmed_bytes = offset_bytes;
  c->image_status = 0;
  if (offset_bytes == 0 && !ctl_hides_packets(c))
    c->transfer.packet_bytes = 0; /* none has arrived that the target could have gone by */
  ctl_pace_set(step, ctl_pace_choose(c) ? PURPOSE_PROOF : PURPOSE_IMAGE);
}

void ctl_image_send(Step *step, uint32_t to_bytes)
{
  DfuController *c = step->c;
  DfuTransfer *transfer = &c->transfer;
  uint32_t from = transfer->sent_bytes;

  if (transfer->packet_bytes == 0)
    transfer->packet_bytes = c->packet_bytes;
  transfer->sent_bytes = to_bytes;
  c->total_sent_bytes += to_bytes - from;
  if (to_bytes == c->image_bytes)
    c->received_limit_us = step->now_us + c->config.limits.received_us;
  ctl_send(step, DFU_SOURCE_IMAGE, from, to_bytes, c->packet_bytes);
}

static void send_more(Step *step)
{
  DfuController *c = step->c;
  uint64_t window_bytes = (uint64_t)c->window_packets * c->packet_bytes;
  uint32_t to = smaller(c->transfer.confirmed_bytes + window_bytes, c->image_bytes);

  if (!c->packets_busy && to > c->transfer.sent_bytes)
    ctl_image_send(step, to);
}

void ctl_image_stream(Step *step)
{
  ctl_enter(step, STATE_IMAGE, step->now_us + step->c->config.limits.receipt_us);
  send_more(step);
}

void ctl_image_on_written(Step *step)
{
  step->c->limit_us = step->now_us + step->c->config.limits.receipt_us;
  send_more(step);
}

/** Where a receipt falls: every so many packets, and never beyond what was sent. */
static bool is_possible(const DfuController *c, uint32_t received_bytes)
{
  if (received_bytes > c->transfer.sent_bytes || received_bytes < c->receipt_base_bytes)
    return false;
  return received_bytes == c->image_bytes ||
         (received_bytes - c->receipt_base_bytes) % ctl_pace_receipt_bytes(c) == 0;
}

static bool takes_receipts(const DfuController *c)
{
  int state = c->state;

  if (c->packet_bytes == 0)
    return false; /* none was asked for yet */
  return state == STATE_IMAGE || state == STATE_PROVING || state == STATE_PROVE_COUNT ||
         state == STATE_RECOUNT || state == STATE_QUIET || state == STATE_COUNTING;
}

void ctl_image_on_receipt(Step *step, uint32_t told_bytes)
{
  DfuController *c = step->c;
  DfuTransfer *transfer = &c->transfer;
  uint32_t received_bytes = ctl_count(c, told_bytes);

  if (c->state == STATE_FLUSHING) {
    ctl_pace_on_flushed(step); /* the count that is asked for next says the same */
    return;
  }

  if (takes_receipts(c) && !is_possible(c, received_bytes)) {
    if (!c->failing)
      ctl_fail_bytes(step, DFU_FAIL_RECEIPT, received_bytes, transfer->sent_bytes);
    return;
  }
  if (!takes_receipts(c) || received_bytes <= transfer->confirmed_bytes) {
    ctl_note(step, DFU_NOTE_UNASKED); /* late, or repeated */
    return;
  }
  if (received_bytes - transfer->confirmed_bytes > ctl_pace_receipt_bytes(c))
    ctl_note(step, DFU_NOTE_RECEIPT_MISSED);
  transfer->confirmed_bytes = received_bytes;
  ctl_progressed(step);
  if (c->state == STATE_IMAGE) {
    c->limit_us = step->now_us + c->config.limits.receipt_us;
    send_more(step);
  } else if (c->state == STATE_PROVING && !c->packets_busy) {
    ctl_pace_on_proved(step);
  }
}

/** Nothing of the image has arrived, as far as is known. */
static bool is_at_start(const DfuController *c)
{
  return c->transfer.confirmed_bytes == 0 && !c->cancelled;
}

static void on_received(Step *step)
{
  DfuController *c = step->c;

  if (c->transfer.sent_bytes < c->image_bytes) {
    ctl_fail_bytes(step, DFU_FAIL_EARLY_END, c->transfer.sent_bytes, c->image_bytes);
    return;
  }
  c->transfer.confirmed_bytes = c->image_bytes;
  ctl_progressed(step);
  ctl_validate_begin(step);
}

void ctl_image_on_status(Step *step)
{
  DfuController *c = step->c;
  uint8_t opcode = c->image_status != 0 ? DFU_OP_RECEIVE : DFU_OP_REQUEST_RECEIPTS;
  uint8_t status = c->image_status != 0 ? c->image_status : c->answer_status;

  c->image_status = 0;
  if (c->failing)
    return; /* the rest of the window is refused too: let it come down */
  if (c->state == STATE_PROVING && status == DFU_STATUS_NOT_SUPPORTED)
    ctl_pace_on_unproved(step);
  else if (status == DFU_STATUS_INVALID_STATE && c->probe != PROBE_NONE && is_at_start(c))
    ctl_probe_on_refusal(step);
  else if (status != DFU_STATUS_SUCCESS)
    ctl_fail_status(step, opcode, status);
  else if (opcode == DFU_OP_RECEIVE)
    on_received(step);
  else
    ctl_pace_on_receipts_set(step);
}

/** A receipt or "received" is overdue: the count tells a lost notification from lost packets. */
void ctl_image_on_overdue(Step *step)
{
  DfuController *c = step->c;

  if (c->no_size_report && c->transfer.sent_bytes == c->image_bytes) {
    ctl_fail(step, DFU_FAIL_NO_ANSWER); /* InfiniTime counts wrongly after a session that was cut */
  } else if (c->no_size_report) {
    ctl_connect_abandon(step);
  } else if (ctl_hides_packets(c)) {
    c->flushes_to_recount = true;
    ctl_pace_set(step, PURPOSE_FLUSH);
  } else {
    ctl_image_recount(step);
  }
}

void ctl_image_recount(Step *step)
{
  ctl_request_plain(step, STATE_RECOUNT, DFU_OP_REPORT_SIZE);
}

void ctl_image_on_recount(Step *step)
{
  DfuController *c = step->c;
  uint32_t count = ctl_count(c, c->answer_bytes);

  if (c->answer_status != DFU_STATUS_SUCCESS) {
    ctl_fail_status(step, DFU_OP_REPORT_SIZE, c->answer_status);
  } else if (count > c->transfer.sent_bytes) {
    ctl_fail_bytes(step, DFU_FAIL_OFFSET, count, c->transfer.sent_bytes);
  } else if (count < c->transfer.sent_bytes) {
    ctl_fail_bytes(step, DFU_FAIL_PACKETS_LOST, count, c->transfer.sent_bytes);
  } else if (count < c->image_bytes) {
    ctl_note(step, DFU_NOTE_RECEIPT_MISSED);
    ctl_image_begin(step, count);
  } else if (c->cancelled) {
    ctl_leave(step);
  } else if (step->now_us < c->received_limit_us) {
    ctl_enter(step, STATE_IMAGE, step->now_us + c->config.limits.receipt_us);
  } else {
    ctl_note(step, DFU_NOTE_RECEIPT_MISSED);
    ctl_validate_begin(step); /* a minute is more than any flash write takes */
  }
}
