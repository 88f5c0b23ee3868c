/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/bootloader.h"

#include "target/flash.h"
#include "target/reply.h"
#include "target/role.h"
#include "target/transfer.h"

enum {
  ATT_HEADER_BYTES = 3,
  CONTROL_MAX_BYTES = 23,
  ATT_INVALID_LENGTH = 0x0d,     /* the stack's answer to more than a characteristic holds */
  ATT_LONG_WRITE_REFUSED = 0x82, /* the bootloader's answer to prepared writes */
};

bool dfu_bootloader_admits(DfuTarget *target, const DfuTargetEvent *event,
                           DfuTargetUpdate *update)
{
  /* The ATT response to a write that was handled too late fails, and that is asserted too. */
  if (!target->connected)
    target->restarting = DFU_RESTART_ASSERTED;
  else if (event->len > (size_t)target->mtu - ATT_HEADER_BYTES)
    update->att_error = ATT_LONG_WRITE_REFUSED;
  else if (event->len > CONTROL_MAX_BYTES)
    update->att_error = ATT_INVALID_LENGTH;
  else if (!target->notify)
    update->att_error = DFU_ATT_CCCD_IMPROPERLY_CONFIGURED;
  else
    return event->len > 0;
  return false;
}

static void set_receipts(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  if (event->len < 3) {
    dfu_reply_response(target, update, DFU_OP_REQUEST_RECEIPTS, DFU_STATUS_NOT_SUPPORTED);
    return;
  }
  target->receipt_interval = dfu_wire_receipt_request_packets(event->bytes, event->len);
  target->receipt_countdown = target->receipt_interval;
}

void dfu_bootloader_take_common_request(DfuTarget *target, const DfuTargetEvent *event,
                                        DfuTargetUpdate *update)
{
  uint8_t opcode = event->bytes[0];

  switch (opcode) {
  case DFU_OP_RECEIVE:
    target->packet_type = DFU_OP_RECEIVE;
    break;
  case DFU_OP_ACTIVATE:
    dfu_transfer_activate(target, update);
    break;
  case DFU_OP_RESET:
    target->restarting = DFU_RESTART_REQUESTED;
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
  case DFU_OP_VALIDATE:
    dfu_transfer_validate(target, event->now_us, update);
    break;
  default:
    dfu_bootloader_take_common_request(target, event, update);
  }
}

void dfu_bootloader_take_control(DfuTarget *target, const DfuTargetEvent *event,
                                 DfuTargetUpdate *update)
{
  if (dfu_bootloader_admits(target, event, update))
    handle_request(target, event, update);
}

void dfu_bootloader_take_packet(DfuTarget *target, const DfuTargetEvent *event,
                                DfuTargetUpdate *update)
{
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

void dfu_bootloader_complete_due(DfuTarget *target, DfuTargetUpdate *update)
{
  if (target->now_us == target->erase_done_us) {
    dfu_flash_finish_erase(target);
    target->stage = DFU_TARGET_READY;
    dfu_reply_response(target, update, DFU_OP_START, DFU_STATUS_SUCCESS);
  } else if (target->now_us == target->write_done_us) {
    if (dfu_flash_finish_write(target, target->now_us))
      dfu_reply_response(target, update, DFU_OP_RECEIVE, DFU_STATUS_SUCCESS);
  } else {
    target->restarting = DFU_RESTART_TIMER;
  }
}

/* The callback of the flash driver: a failed erase is still told, then the chip restarts. */
void dfu_bootloader_fail_flash(DfuTarget *target, DfuTargetUpdate *update)
{
  if (target->stage == DFU_TARGET_PREPARING)
    dfu_reply_response(target, update, DFU_OP_START, DFU_STATUS_FAILED);
  if (target->stage == DFU_TARGET_PREPARING || target->n_queued > 0)
    target->restarting = DFU_RESTART_ASSERTED;
}

const DfuTargetRole dfu_role_sdk = {
  .take_control = dfu_bootloader_take_control,
  .take_packet = dfu_bootloader_take_packet,
  .complete_due = dfu_bootloader_complete_due,
  .fail_flash = dfu_bootloader_fail_flash,
  .runs_timer_from_start = true,
};
