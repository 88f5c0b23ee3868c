/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How packets go out: how long, how many to a receipt, how many in flight. Long
 * packets are sent only once a receipt has proved that one arrives: bootloaders
 * that grant a large MTU and drop long packets without a word are in the field
 * (Adafruit_nRF52_Bootloader up to 0.7).
 */
#include "controller/controller_private.h"

/* ATT: opcode and handle of a Write Command. */
#define ATT_WRITE_HEADER_BYTES 3

/* OTAFIX 2.1 collects packets up to this length, and counts them once they are flushed. */
#define COLLECTED_PACKET_BYTES 64

static uint16_t smaller(uint16_t a, uint16_t b)
{
  return a < b ? a : b;
}

static uint16_t set_or(uint16_t value, uint16_t otherwise)
{
  return value > 0 ? value : otherwise;
}

bool ctl_uses_v1(const DfuController *c)
{
  return c->uses_v1 || c->family->has_v1_start;
}

/** What an ATT MTU leaves, in words. */
static uint16_t get_room(uint16_t mtu)
{
  uint16_t room = mtu > ATT_WRITE_HEADER_BYTES ? (uint16_t)(mtu - ATT_WRITE_HEADER_BYTES) : 0;

  room -= room % DFU_WIRE_WORD_BYTES;
  return room > 0 ? room : DFU_WIRE_PACKET_BYTES; /* ATT grants no MTU below 23 */
}

/** A transfer goes on with no longer packets than it began with: OTAFIX chose its way by them. */
static uint16_t choose_length(const DfuController *c)
{
  uint16_t length = set_or(c->config.packet_bytes, c->family->large_packet_bytes);

  if (c->family->has_fixed_packets)
    return c->family->large_packet_bytes;
  length = smaller(length, get_room(c->mtu));
  if (c->transfer.packet_bytes > 0)
    length = smaller(length, (uint16_t)c->transfer.packet_bytes);
  if (c->has_flushed)
    length = smaller(length, COLLECTED_PACKET_BYTES);
  return c->is_shortened ? smaller(length, DFU_WIRE_PACKET_BYTES) : length;
}

/** By the first packet: OTAFIX takes them one by one from then on, however short they become. */
static bool collects_packets(const DfuController *c)
{
  return c->transfer.packet_bytes <= COLLECTED_PACKET_BYTES;
}

bool ctl_pace_choose(DfuController *c)
{
  const DfuFamily *family = c->family;
  uint16_t length = choose_length(c);
  bool is_large = family->large_window_packets > 0 &&
                  (length > DFU_WIRE_PACKET_BYTES || !collects_packets(c));
  uint16_t receipts = is_large ? family->large_receipt_packets : family->receipt_packets;
  uint16_t window = is_large ? family->large_window_packets : family->window_packets;
  uint32_t rest_bytes = c->image_bytes - c->transfer.confirmed_bytes;

  c->packet_bytes = length;
  c->window_packets = set_or(c->config.window_packets, window);
  if (c->most_window_packets > 0)
    c->window_packets = smaller(c->window_packets, c->most_window_packets);
  c->receipt_packets = smaller(set_or(c->config.receipt_packets, receipts), c->window_packets);
  if (length <= DFU_WIRE_PACKET_BYTES || length <= c->proven_bytes)
    return false;
  if (rest_bytes > length)
    return true; /* the last packet brings no receipt: it can prove nothing */
  c->packet_bytes = DFU_WIRE_PACKET_BYTES;
  return false;
}

DfuPace dfu_controller_foresee_pace(const DfuControllerConfig *config, const DfuFamily *family)
{
  DfuController c;

  dfu_controller_init(&c, config);
  c.family = family;
  c.mtu = UINT16_MAX;
  ctl_pace_choose(&c);
  return (DfuPace){c.packet_bytes, c.receipt_packets, c.window_packets};
}

uint32_t ctl_pace_receipt_bytes(const DfuController *c)
{
  uint32_t packets = c->purpose == PURPOSE_IMAGE ? c->receipt_packets : 1;

  return packets * c->packet_bytes;
}

/**
 * Half as many packets in flight; and where one long packet is too much, short ones: while OTAFIX
 * erases a page it has room for 10 packets, but collects 110 short ones.
 */
bool ctl_pace_slow_down(Step *step)
{
  DfuController *c = step->c;

  if (c->window_packets > 1) {
    c->most_window_packets = c->window_packets / 2;
  } else if (c->packet_bytes > DFU_WIRE_PACKET_BYTES) {
    c->most_window_packets = 0;
    c->is_shortened = true;
  } else {
    return false;
  }
  ctl_note(step, DFU_NOTE_WINDOW_HALVED);
  return true;
}

void ctl_pace_set(Step *step, Purpose purpose)
{
  DfuController *c = step->c;
  uint16_t packets = purpose == PURPOSE_IMAGE ? c->receipt_packets : 1;
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  c->purpose = (int)purpose;
  ctl_request(step, STATE_RECEIPTS, bytes, dfu_wire_put_receipt_request(bytes, packets));
}

void ctl_pace_on_receipts_set(Step *step)
{
  ctl_request_plain(step, STATE_RECEIVE, DFU_OP_RECEIVE);
}

void ctl_pace_on_receive_set(Step *step)
{
  DfuController *c = step->c;
  int64_t prove_limit_us = step->now_us + c->config.limits.prove_us;

  if (c->cancelled) {
    ctl_leave(step);
  } else if (c->purpose == PURPOSE_FLUSH) {
    ctl_enter(step, STATE_FLUSHING, prove_limit_us);
    c->has_flushed = true;
    ctl_send(step, DFU_SOURCE_NOTHING, 0, 0, DFU_WIRE_PACKET_BYTES);
  } else if (c->purpose == PURPOSE_PROOF) {
    ctl_enter(step, STATE_PROVING, prove_limit_us);
    ctl_image_send(step, c->transfer.sent_bytes + c->packet_bytes);
  } else if (c->family->data_pause_us > 0) {
    ctl_enter(step, STATE_HOLDING, step->now_us + c->family->data_pause_us);
  } else {
    ctl_image_stream(step);
  }
}

/* --- proof ----------------------------------------------------------------------- */

void ctl_pace_on_proved(Step *step)
{
  DfuController *c = step->c;

  c->proven_bytes = c->packet_bytes;
  ctl_image_begin(step, c->transfer.sent_bytes);
}

/** The receipt may have overtaken the word that the packet was taken. */
void ctl_pace_on_proof_written(Step *step)
{
  DfuController *c = step->c;

  if (c->transfer.confirmed_bytes == c->transfer.sent_bytes)
    ctl_pace_on_proved(step);
  else
    c->limit_us = step->now_us + c->config.limits.prove_us;
}

void ctl_pace_on_unproved(Step *step)
{
  DfuController *c = step->c;

  c->is_shortened = true;
  ctl_note(step, DFU_NOTE_PACKETS_SHORTENED);
  ctl_image_begin(step, c->receipt_base_bytes);
}

void ctl_pace_on_proof_overdue(Step *step)
{
  ctl_request_plain(step, STATE_PROVE_COUNT, DFU_OP_REPORT_SIZE);
}

void ctl_pace_on_proof_count(Step *step)
{
  DfuController *c = step->c;
  uint32_t count_bytes = ctl_count(c, c->answer_bytes);

  if (c->answer_status != DFU_STATUS_SUCCESS)
    ctl_fail_status(step, DFU_OP_REPORT_SIZE, c->answer_status);
  else if (count_bytes == c->transfer.sent_bytes)
    ctl_pace_on_proved(step);
  else if (count_bytes == c->receipt_base_bytes)
    ctl_pace_on_unproved(step);
  else
    ctl_fail_bytes(step, DFU_FAIL_OFFSET, count_bytes, c->transfer.sent_bytes);
}

/* --- packets that are held back ---------------------------------------------------- */

bool ctl_hides_packets(const DfuController *c)
{
  return c->family->hides_packets && c->transfer.init_accepted && c->transfer.packet_bytes > 0 &&
         collects_packets(c);
}

void ctl_pace_on_flushed(Step *step)
{
  if (step->c->flushes_to_recount)
    ctl_image_recount(step);
  else
    ctl_ask_size(step);
}
