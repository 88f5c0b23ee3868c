/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The bootloaders of the nRF51 SDK 4.3 to 6.0, first version of the protocol: one size
 * of four bytes, an optional init packet in one write with a reply of its own, and an
 * image that is in flash when its packet has been handled.
 * Source: nRF51 SDK 5, dfu_transport_ble.c and dfu_dual_bank.c. That image packets come
 * too early for a while after Start is what controllers report of it.
 */
#include "target/bootloader.h"
#include "target/flash.h"
#include "target/reply.h"
#include "target/role.h"
#include "target/transfer.h"

enum {
  SIZE_BYTES = 4,
  CRC_BYTES = 2,
  TOO_EARLY_US = 800000, /* 0.6 s of waiting are known to be too short, 1 s is enough */
};

static uint8_t take_size(DfuTarget *target, const uint8_t *bytes, size_t len)
{
  if (len != SIZE_BYTES)
    return DFU_STATUS_NOT_SUPPORTED;

  uint32_t image_bytes = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
                         | (uint32_t)bytes[3] << 24;

  if (image_bytes > target->config.flash_bytes)
    return DFU_STATUS_SIZE_LIMIT;
  if (image_bytes % DFU_WIRE_WORD_BYTES != 0)
    return DFU_STATUS_NOT_SUPPORTED;
  if (target->stage != DFU_TARGET_IDLE)
    return DFU_STATUS_INVALID_STATE;

  target->sizes.application_bytes = image_bytes;
  target->total_bytes = image_bytes;
  target->activation_mode = DFU_MODE_APPLICATION;
  return DFU_STATUS_SUCCESS;
}

static void on_size(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  uint8_t status = take_size(target, event->bytes, event->len);

  if (status == DFU_STATUS_SUCCESS) {
    /* The second bank was erased when the bootloader started: there is nothing to wait for. */
    dfu_flash_begin_erase(target, event->now_us);
    dfu_flash_finish_erase(target);
    dfu_transfer_restart_timer(target, event->now_us);
    target->image_from_us = event->now_us + TOO_EARLY_US;
    target->stage = DFU_TARGET_READY;
  }
  dfu_reply_response(target, update, DFU_OP_START, status);
}

static uint8_t take_init(DfuTarget *target, const DfuTargetEvent *event)
{
  if (target->stage != DFU_TARGET_READY && target->stage != DFU_TARGET_INIT)
    return DFU_STATUS_INVALID_STATE;
  target->stage = DFU_TARGET_INIT;
  if (!dfu_transfer_append_init(target, event->bytes, event->len))
    return DFU_STATUS_FAILED;
  dfu_transfer_restart_timer(target, event->now_us);
  return DFU_STATUS_SUCCESS;
}

/* The image may begin without an init packet, and ends the time of one. */
static uint8_t take_image(DfuTarget *target, const DfuTargetEvent *event)
{
  if (event->len % DFU_WIRE_WORD_BYTES != 0)
    return DFU_STATUS_NOT_SUPPORTED;
  if (target->stage == DFU_TARGET_READY || target->stage == DFU_TARGET_INIT)
    target->stage = DFU_TARGET_DATA;
  if (target->stage == DFU_TARGET_DATA
      && event->len > target->total_bytes - target->received_bytes)
    target->stage = DFU_TARGET_SURPLUS;
  if (target->stage == DFU_TARGET_SURPLUS)
    return DFU_STATUS_SIZE_LIMIT;
  if (target->stage != DFU_TARGET_DATA)
    return DFU_STATUS_INVALID_STATE;

  dfu_transfer_restart_timer(target, event->now_us);
  if (event->now_us < target->image_from_us)
    return DFU_STATUS_FAILED;
  dfu_flash_write(target, event->bytes, event->len);
  return DFU_STATUS_SUCCESS;
}

static void on_image(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  uint8_t status = take_image(target, event);
  bool more = status == DFU_STATUS_SUCCESS && target->received_bytes != target->total_bytes;

  if (!more)
    dfu_reply_response(target, update, DFU_OP_RECEIVE, status);
  else if (dfu_transfer_is_receipt_due(target))
    dfu_reply_receipt(target, update);
}

static bool is_crc_right(const DfuTarget *target)
{
  uint16_t announced = (uint16_t)(target->init[0] | target->init[1] << 8);

  return target->init_bytes < CRC_BYTES || dfu_flash_crc(target) == announced;
}

/* Too early a Validate is as final as a CRC that differs: only a restart leads on from there. */
static void validate(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  bool receiving = target->stage == DFU_TARGET_DATA || target->stage == DFU_TARGET_SURPLUS;
  bool complete =
    target->stage == DFU_TARGET_DATA && target->received_bytes == target->total_bytes;
  uint8_t status = DFU_STATUS_INVALID_STATE;

  if (receiving)
    target->stage = DFU_TARGET_CRC_FAILED;
  if (complete) {
    dfu_transfer_restart_timer(target, event->now_us);
    status = is_crc_right(target) ? DFU_STATUS_SUCCESS : DFU_STATUS_CRC_ERROR;
  }
  if (status == DFU_STATUS_SUCCESS)
    target->stage = DFU_TARGET_VALIDATED;
  dfu_reply_response(target, update, DFU_OP_VALIDATE, status);
}

static void take_control(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  if (!dfu_bootloader_admits(target, event, update))
    return;
  switch (event->bytes[0]) {
  case DFU_OP_START: /* a mode behind it is not read */
  case DFU_OP_INIT:
    target->packet_type = event->bytes[0];
    break;
  case DFU_OP_VALIDATE:
    validate(target, event, update);
    break;
  default:
    dfu_bootloader_take_common_request(target, event, update);
  }
}

static void take_packet(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  switch (target->packet_type) {
  case DFU_OP_START:
    on_size(target, event, update);
    break;
  case DFU_OP_INIT:
    dfu_reply_response(target, update, DFU_OP_INIT, take_init(target, event));
    break;
  case DFU_OP_RECEIVE:
    on_image(target, event, update);
    break;
  default: /* no request yet that it could belong to */
    break;
  }
}

const DfuTargetRole dfu_role_v1 = {
  .take_control = take_control,
  .take_packet = take_packet,
  .complete_due = dfu_bootloader_complete_due,
  .fail_flash = dfu_bootloader_fail_flash,
  .runs_timer_from_start = true,
  .init_is_one_packet = true,
};
