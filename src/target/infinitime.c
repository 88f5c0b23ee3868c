/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * InfiniTime, whose firmware takes the update itself while it runs, into a slot of
 * the external flash. It says nothing to what it does not expect, empties a session
 * after ten seconds without access to the service, and survives all of this.
 * Source: InfiniTime 1.14.0 and 1.16, DfuService.cpp.
 */
#include <string.h>

#include "target/flash.h"
#include "target/reply.h"
#include "target/role.h"

enum {
  SESSION_TIMER_US = 10000000,
  REPLY_DELAY_US = 1000000,
  APPLICATION_SIZE_AT = 8,
  N_SOFTDEVICES_AT = 8,
  SOFTDEVICES_AT = 10,
  SOFTDEVICES_MAX = 500, /* a longer list has no room on the stack that it is copied to */
};

/* Packets are read by their fields, however short they are; what is behind the end is not
 * the sender's to say. */
static uint8_t byte_at(const DfuTargetEvent *event, size_t at)
{
  return at < event->len ? event->bytes[at] : 0;
}

static uint16_t u16_at(const DfuTargetEvent *event, size_t at)
{
  return (uint16_t)(byte_at(event, at) | byte_at(event, at + 1) << 8);
}

static void say(const DfuTarget *target, DfuTargetUpdate *update, uint8_t opcode)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  if (target->connected && target->notify)
    dfu_reply_put(update, bytes, dfu_wire_put_response(bytes, opcode, DFU_STATUS_SUCCESS));
}

/* While one reply waits there is no place for another. */
static void say_later(DfuTarget *target, uint8_t opcode)
{
  if (target->watch.reply_due_us != INT64_MAX)
    return;
  target->watch.reply_due_us = target->now_us + REPLY_DELAY_US;
  target->watch.reply_opcode = opcode;
}

/* The task that would take note erases the slot, while it does. */
static void note_access(DfuTarget *target)
{
  if (target->watch.updating && target->stage != DFU_TARGET_PREPARING)
    target->timer_us = target->now_us + SESSION_TIMER_US;
}

/* The erase does not notice, and what follows it is a session of no bytes without a timer. */
static void empty_session(DfuTarget *target)
{
  if (target->stage != DFU_TARGET_PREPARING)
    target->stage = DFU_TARGET_IDLE;
  target->packet_type = 0;
  target->total_bytes = 0;
  target->received_bytes = 0;
  target->image_crc = 0;
  target->timer_us = INT64_MAX;
  target->watch.updating = false;
  target->watch.n_packets = 0;
  target->watch.receipt_interval = 0;
  target->watch.reply_due_us = INT64_MAX;
}

static void begin_session(DfuTarget *target, const DfuTargetEvent *event)
{
  if (target->stage != DFU_TARGET_IDLE || byte_at(event, 1) != DFU_MODE_APPLICATION)
    return;
  target->stage = DFU_TARGET_STARTED;
  target->packet_type = DFU_OP_START;
  target->watch.updating = true;
}

static void begin_image(DfuTarget *target)
{
  if (target->stage != DFU_TARGET_READY && target->stage != DFU_TARGET_INIT)
    return;
  if (!target->config.personality->keeps_counters) {
    target->watch.n_staged = 0;
    target->watch.flashed_bytes = 0;
  }
  target->stage = DFU_TARGET_DATA;
  target->packet_type = DFU_OP_RECEIVE;
}

static void complete_init(DfuTarget *target, const DfuTargetEvent *event)
{
  bool ready = target->stage == DFU_TARGET_READY || target->stage == DFU_TARGET_INIT;

  if (ready && byte_at(event, 1) != DFU_INIT_BEGIN)
    say_later(target, DFU_OP_INIT);
}

static uint16_t image_crc(const DfuTarget *target)
{
  return target->total_bytes > 0 ? dfu_flash_crc(target) : 0;
}

static void validate(DfuTarget *target)
{
  if (target->stage != DFU_TARGET_RECEIVED)
    return;
  if (image_crc(target) == target->image_crc) {
    target->stage = DFU_TARGET_VALIDATED;
    say_later(target, DFU_OP_VALIDATE);
  } else {
    empty_session(target); /* and with it the reply that would have told */
  }
}

/* The boot loader swaps the slots; what it starts is an InfiniTime again. */
static void activate(DfuTarget *target, DfuTargetUpdate *update)
{
  if (target->stage != DFU_TARGET_VALIDATED)
    return;
  target->installed_mode = DFU_MODE_APPLICATION;
  target->installed_bytes = target->written_bytes;
  update->activated = true;
  target->restarting = DFU_RESTART_ACTIVATED;
}

static void take_control(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  note_access(target);
  switch (byte_at(event, 0)) {
  case DFU_OP_START:
    begin_session(target, event);
    break;
  case DFU_OP_INIT:
    complete_init(target, event);
    break;
  case DFU_OP_RECEIVE:
    begin_image(target);
    break;
  case DFU_OP_VALIDATE:
    validate(target);
    break;
  case DFU_OP_ACTIVATE:
    activate(target, update);
    break;
  case DFU_OP_REQUEST_RECEIPTS:
    target->watch.receipt_interval = byte_at(event, 1);
    break;
  default:
    break;
  }
}

/* Neither the length nor the size is checked. */
static void take_sizes(DfuTarget *target, const DfuTargetEvent *event)
{
  target->total_bytes = (uint32_t)u16_at(event, APPLICATION_SIZE_AT)
                        | (uint32_t)u16_at(event, APPLICATION_SIZE_AT + 2) << 16;
  target->activation_mode = DFU_MODE_APPLICATION;
  target->init_bytes = 0;
  target->written_bytes = 0;
  target->stage = DFU_TARGET_PREPARING;
  target->packet_type = 0;
  dfu_flash_begin_erase(target, target->now_us);
}

/* Each write is a whole init packet. */
static void take_init(DfuTarget *target, const DfuTargetEvent *event)
{
  uint16_t n = u16_at(event, N_SOFTDEVICES_AT);

  if (n > SOFTDEVICES_MAX) {
    target->restarting = DFU_RESTART_ASSERTED;
    return;
  }
  target->stage = DFU_TARGET_INIT;
  target->image_crc = u16_at(event, SOFTDEVICES_AT + 2 * (size_t)n);
  target->init_bytes =
    event->len < sizeof target->init ? (uint32_t)event->len : (uint32_t)sizeof target->init;
  if (target->init_bytes > 0)
    memcpy(target->init, event->bytes, target->init_bytes);
}

/* What lies behind the slot is written too, and nobody misses it here. */
static void flash_staged(DfuTarget *target)
{
  DfuWatchSession *watch = &target->watch;
  uint32_t slot_bytes = target->config.flash_bytes;

  if (watch->flashed_bytes < slot_bytes) {
    uint32_t room = slot_bytes - watch->flashed_bytes;
    uint32_t n = watch->n_staged < room ? watch->n_staged : room;

    memcpy(target->config.flash + watch->flashed_bytes, watch->staging, n);
    target->written_bytes = watch->flashed_bytes + n;
  }
  watch->flashed_bytes += watch->n_staged;
}

/* It is flushed when exactly full, and where the image ends; a packet beyond its end
 * overwrites what lies behind. Returns false then. */
static bool stage_image(DfuTarget *target, const DfuTargetEvent *event)
{
  DfuWatchSession *watch = &target->watch;

  if (event->len > sizeof watch->staging - watch->n_staged)
    return false;
  if (event->len > 0)
    memcpy(watch->staging + watch->n_staged, event->bytes, event->len);
  watch->n_staged += (uint16_t)event->len;
  if (watch->n_staged == sizeof watch->staging) {
    flash_staged(target);
    watch->n_staged = 0;
  }
  if (watch->n_staged > 0 && watch->flashed_bytes + watch->n_staged == target->total_bytes)
    flash_staged(target); /* the buffer does not learn of it */
  return true;
}

static void say_receipt(const DfuTarget *target, DfuTargetUpdate *update)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];

  if (target->connected && target->notify)
    dfu_reply_put(update, bytes, dfu_wire_put_receipt(bytes, target->received_bytes));
}

static void take_image(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  DfuWatchSession *watch = &target->watch;

  watch->n_packets++;
  if (!stage_image(target, event)) {
    target->restarting = DFU_RESTART_ASSERTED;
    return;
  }
  target->received_bytes += (uint32_t)event->len;
  if (watch->receipt_interval > 0 && watch->n_packets % watch->receipt_interval == 0
      && target->received_bytes != target->total_bytes)
    say_receipt(target, update);
  if (watch->flashed_bytes == target->total_bytes) {
    target->stage = DFU_TARGET_RECEIVED;
    target->packet_type = 0;
    say(target, update, DFU_OP_RECEIVE);
  }
}

static void take_packet(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  note_access(target);
  switch (target->packet_type) {
  case DFU_OP_START:
    take_sizes(target, event);
    break;
  case DFU_OP_INIT:
    take_init(target, event);
    break;
  case DFU_OP_RECEIVE:
    take_image(target, event, update);
    break;
  default: /* nothing that it would expect */
    break;
  }
}

static void complete_due(DfuTarget *target, DfuTargetUpdate *update)
{
  if (target->now_us == target->timer_us) {
    empty_session(target);
  } else if (target->now_us == target->erase_done_us) {
    dfu_flash_finish_erase(target);
    target->stage = DFU_TARGET_READY;
    target->packet_type = DFU_OP_INIT;
    say(target, update, DFU_OP_START);
  } else {
    target->watch.reply_due_us = INT64_MAX;
    say(target, update, target->watch.reply_opcode);
  }
}

/* Nobody looks at what the driver of the external flash returns. */
static void fail_flash(DfuTarget *target, DfuTargetUpdate *update)
{
  (void)target;
  (void)update;
}

const DfuTargetRole dfu_role_infinitime = {
  .take_control = take_control,
  .take_packet = take_packet,
  .complete_due = complete_due,
  .fail_flash = fail_flash,
};
