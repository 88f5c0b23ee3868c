/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/target.h"

#include "target/flash.h"
#include "target/reply.h"
#include "target/transfer.h"

enum {
  MIN_MTU = 23,
  ATT_HEADER_BYTES = 3,
  CONTROL_MAX_BYTES = 23,
  ATT_INVALID_LENGTH = 0x0d,     /* the stack's answer to more than a characteristic holds */
  ATT_LONG_WRITE_REFUSED = 0x82, /* the bootloader's answer to prepared writes */
};

static void set_receipts(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  if (event->len < 3) {
    dfu_reply_response(target, update, DFU_OP_REQUEST_RECEIPTS, DFU_STATUS_NOT_SUPPORTED);
    return;
  }
  target->receipt_interval = dfu_wire_receipt_request_packets(event->bytes, event->len);
  target->receipt_countdown = target->receipt_interval;
}

static void handle_request(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  uint8_t opcode = event->bytes[0];
  bool needs_more = opcode == DFU_OP_START || opcode == DFU_OP_INIT;

  if (needs_more && event->len < 2) {
    dfu_reply_response(target, update, opcode, DFU_STATUS_FAILED);
    return;
  }
  switch (opcode) {
  case DFU_OP_START:
    target->packet_type = DFU_OP_START;
    target->mode = event->bytes[1];
    break;
  case DFU_OP_INIT:
    target->packet_type = DFU_OP_INIT;
    if (event->bytes[1] == DFU_INIT_COMPLETE)
      dfu_transfer_complete_init(target, update);
    break;
  case DFU_OP_RECEIVE:
    target->packet_type = DFU_OP_RECEIVE;
    break;
  case DFU_OP_VALIDATE:
    dfu_transfer_validate(target, event->now_us, update);
    break;
  case DFU_OP_ACTIVATE:
    dfu_transfer_activate(target, update);
    break;
  case DFU_OP_RESET:
    target->restarting = true;
    break;
  case DFU_OP_REPORT_SIZE:
    dfu_reply_size_report(target, update);
    break;
  case DFU_OP_REQUEST_RECEIPTS:
    set_receipts(target, event, update);
    break;
  default:
    dfu_reply_response(target, update, opcode, DFU_STATUS_NOT_SUPPORTED);
  }
}

static void on_control(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  /* The ATT response to a write that was handled too late fails, and that is asserted too. */
  if (!target->connected)
    target->restarting = true;
  else if (event->len > (size_t)target->mtu - ATT_HEADER_BYTES)
    update->att_error = ATT_LONG_WRITE_REFUSED;
  else if (event->len > CONTROL_MAX_BYTES)
    update->att_error = ATT_INVALID_LENGTH;
  else if (!target->notify)
    update->att_error = DFU_ATT_CCCD_IMPROPERLY_CONFIGURED;
  else if (event->len > 0)
    handle_request(target, event, update);
}

static void on_packet(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  /* Write Commands have no answer: what is too long is dropped by the stack. */
  if (event->len > target->config.personality->packet_max_bytes
      || event->len > (size_t)target->mtu - ATT_HEADER_BYTES)
    return;

  switch (target->packet_type) {
  case DFU_OP_START:
    dfu_transfer_take_sizes(target, event, update);
    break;
  case DFU_OP_INIT:
    dfu_transfer_take_init_piece(target, event, update);
    break;
  case DFU_OP_RECEIVE:
    dfu_transfer_take_image_packet(target, event, update);
    break;
  default: /* no request yet that it could belong to */
    break;
  }
}

/* The callback of the flash driver: a failed erase is still told, then the chip restarts. */
static void on_flash_error(DfuTarget *target, DfuTargetUpdate *update)
{
  if (target->stage == DFU_TARGET_PREPARING)
    dfu_reply_response(target, update, DFU_OP_START, DFU_STATUS_FAILED);
  if (target->stage == DFU_TARGET_PREPARING || target->n_queued > 0)
    target->restarting = true;
}

static void handle_event(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  switch (event->type) {
  case DFU_TARGET_EVENT_CONNECTED:
    target->connected = true;
    target->mtu = event->mtu > MIN_MTU ? event->mtu : MIN_MTU;
    break;
  case DFU_TARGET_EVENT_DISCONNECTED:
    target->connected = false;
    target->notify = false; /* the CCCD is the connection's, and so is the MTU */
    target->n_unsent = 0;
    break;
  case DFU_TARGET_EVENT_SUBSCRIBED:
    target->notify = target->connected && event->notify;
    break;
  case DFU_TARGET_EVENT_CONTROL:
    on_control(target, event, update);
    break;
  case DFU_TARGET_EVENT_PACKET:
    on_packet(target, event, update);
    break;
  case DFU_TARGET_EVENT_POWER_LOST:
    target->restarting = true;
    break;
  case DFU_TARGET_EVENT_FLASH_ERROR:
    on_flash_error(target, update);
    break;
  case DFU_TARGET_EVENT_TICK:
    break;
  }
}

static int64_t next_due_us(const DfuTarget *target)
{
  int64_t due_us = target->timer_us;

  if (target->erase_done_us < due_us)
    due_us = target->erase_done_us;
  return target->write_done_us < due_us ? target->write_done_us : due_us;
}

static void complete_next(DfuTarget *target, DfuTargetUpdate *update)
{
  int64_t due_us = next_due_us(target);

  target->now_us = due_us;
  if (due_us == target->erase_done_us) {
    dfu_flash_finish_erase(target);
    target->stage = DFU_TARGET_READY;
    dfu_reply_response(target, update, DFU_OP_START, DFU_STATUS_SUCCESS);
  } else if (due_us == target->write_done_us) {
    if (dfu_flash_finish_write(target, due_us))
      dfu_reply_response(target, update, DFU_OP_RECEIVE, DFU_STATUS_SUCCESS);
  } else {
    target->restarting = true; /* the inactivity timer */
  }
}

static void restart(DfuTarget *target, int64_t now_us, DfuTargetUpdate *update)
{
  DfuTarget before = *target;

  if (now_us >= before.application_gone_us)
    before.config.has_application = false;
  dfu_target_init(target, &before.config);
  target->installed_mode = before.installed_mode;
  target->installed_bytes = before.installed_bytes;

  update->boot = before.config.has_application ? DFU_TARGET_BOOTS_APPLICATION
                                               : DFU_TARGET_BOOTS_BOOTLOADER;
}

void dfu_target_init(DfuTarget *target, const DfuTargetConfig *config)
{
  *target = (DfuTarget){
    .config = *config,
    .stage = DFU_TARGET_IDLE,
    .mtu = MIN_MTU,
    .erase_done_us = INT64_MAX,
    .application_gone_us = INT64_MAX,
    .write_done_us = INT64_MAX,
    .timer_us = INT64_MAX,
  };
}

void dfu_target_step(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  *update = (DfuTargetUpdate){ .boot = DFU_TARGET_STAYS };
  if (!target->started) {
    target->started = true;
    dfu_transfer_restart_timer(target, event->now_us);
  }
  for (int64_t due_us = next_due_us(target); due_us <= event->now_us;
       due_us = next_due_us(target)) {
    complete_next(target, update);
    if (target->restarting) {
      restart(target, due_us, update);
      break;
    }
  }
  target->now_us = event->now_us;
  if (update->boot == DFU_TARGET_STAYS)
    handle_event(target, event, update);
  if (target->restarting)
    restart(target, event->now_us, update);
  update->wake_us = next_due_us(target);
}

uint32_t dfu_target_image(const DfuTarget *target, uint8_t *mode)
{
  *mode = target->installed_mode;
  return target->installed_bytes;
}

const char *dfu_target_stage_name(DfuTargetStage stage)
{
  switch (stage) {
  case DFU_TARGET_IDLE: return "idle";
  case DFU_TARGET_PREPARING: return "preparing";
  case DFU_TARGET_READY: return "ready";
  case DFU_TARGET_INIT: return "init";
  case DFU_TARGET_DATA: return "data";
  case DFU_TARGET_CRC_FAILED: return "CRC failed";
  case DFU_TARGET_VALIDATED: return "validated";
  case DFU_TARGET_SURPLUS: return "surplus";
  }
  return "unknown";
}
