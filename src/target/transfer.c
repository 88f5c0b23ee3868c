/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/transfer.h"

#include <string.h>

#include "target/flash.h"
#include "target/init_check.h"
#include "target/reply.h"

void dfu_transfer_restart_timer(DfuTarget *target, int64_t now_us)
{
  int64_t timer_us = target->config.personality->timer_us;

  target->timer_us = timer_us > 0 ? now_us + timer_us : INT64_MAX;
}

static bool is_whole_words(const DfuImageSizes *sizes)
{
  uint32_t low_bits = sizes->softdevice_bytes | sizes->bootloader_bytes | sizes->application_bytes;

  return low_bits % DFU_WIRE_WORD_BYTES == 0;
}

static bool is_supported_mode(uint8_t mode)
{
  return (mode & DFU_MODE_APPLICATION) == 0
         || (mode & (DFU_MODE_SOFTDEVICE | DFU_MODE_BOOTLOADER)) == 0;
}

/* Stores while it checks: a Start replaces everything up to the check that refuses it, and the
 * stage is the last one. */
static uint8_t store_start(DfuTarget *target, const DfuImageSizes *sizes)
{
  target->sizes = *sizes;
  target->sizes_mode = target->mode;
  if (!is_supported_mode(target->mode) || !is_whole_words(sizes))
    return DFU_STATUS_NOT_SUPPORTED;

  target->total_bytes =
    sizes->softdevice_bytes + sizes->bootloader_bytes + sizes->application_bytes;
  if (sizes->bootloader_bytes > target->config.bootloader_bytes
      || target->total_bytes > target->config.flash_bytes)
    return DFU_STATUS_SIZE_LIMIT;

  target->activation_mode = target->mode;
  return target->stage == DFU_TARGET_IDLE ? DFU_STATUS_SUCCESS : DFU_STATUS_INVALID_STATE;
}

void dfu_transfer_take_sizes(DfuTarget *target, const DfuTargetEvent *event,
                             DfuTargetUpdate *update)
{
  DfuImageSizes sizes;
  uint8_t status = DFU_STATUS_NOT_SUPPORTED;

  if (dfu_wire_parse_sizes(event->bytes, event->len, &sizes) == DFU_WIRE_OK)
    status = store_start(target, &sizes);
  if (status != DFU_STATUS_SUCCESS) {
    dfu_reply_response(target, update, DFU_OP_START, status);
    return;
  }
  /* The response to an accepted Start comes when the flash is erased. */
  target->stage = DFU_TARGET_PREPARING;
  dfu_transfer_restart_timer(target, event->now_us);
  dfu_flash_begin_erase(target, event->now_us);
}

bool dfu_transfer_append_init(DfuTarget *target, const uint8_t *bytes, size_t len)
{
  size_t padding = -len % DFU_WIRE_WORD_BYTES;
  size_t room = (size_t)target->config.personality->init_max_bytes - target->init_bytes;

  if (len + padding > room)
    return false;
  if (len > 0)
    memcpy(target->init + target->init_bytes, bytes, len);
  memset(target->init + target->init_bytes + len, 0, padding);
  target->init_bytes += (uint32_t)(len + padding);
  return true;
}

void dfu_transfer_take_init_piece(DfuTarget *target, const DfuTargetEvent *event,
                                  DfuTargetUpdate *update)
{
  if (target->stage != DFU_TARGET_READY && target->stage != DFU_TARGET_INIT) {
    dfu_reply_response(target, update, DFU_OP_INIT, DFU_STATUS_INVALID_STATE);
    return;
  }
  target->stage = DFU_TARGET_INIT;
  if (dfu_transfer_append_init(target, event->bytes, event->len))
    dfu_transfer_restart_timer(target, event->now_us);
  else
    dfu_reply_response(target, update, DFU_OP_INIT, DFU_STATUS_FAILED);
}

void dfu_transfer_complete_init(DfuTarget *target, DfuTargetUpdate *update)
{
  uint8_t status = DFU_STATUS_SUCCESS;

  if (target->stage != DFU_TARGET_INIT) {
    status = DFU_STATUS_INVALID_STATE;
  } else if (dfu_init_check(target, &target->image_crc)) {
    target->stage = DFU_TARGET_DATA;
  } else {
    target->init_bytes = 0;
    status = DFU_STATUS_FAILED;
  }
  dfu_reply_response(target, update, DFU_OP_INIT, status);
}

static uint8_t check_image_packet(const DfuTarget *target, size_t len)
{
  uint64_t end = (uint64_t)target->received_bytes + len;

  if (len % DFU_WIRE_WORD_BYTES != 0)
    return DFU_STATUS_NOT_SUPPORTED;
  if (dfu_flash_is_full(target))
    return DFU_STATUS_FAILED;
  if (target->stage == DFU_TARGET_SURPLUS)
    return len > target->total_bytes ? DFU_STATUS_SIZE_LIMIT : DFU_STATUS_FAILED;
  if (target->stage != DFU_TARGET_DATA)
    return DFU_STATUS_INVALID_STATE;
  if (end > target->total_bytes)
    return DFU_STATUS_SIZE_LIMIT;
  /* A later Start, refused for its size, may have left a total larger than the flash. */
  return end > target->config.flash_bytes ? DFU_STATUS_FAILED : DFU_STATUS_SUCCESS;
}

bool dfu_transfer_is_receipt_due(DfuTarget *target)
{
  if (target->receipt_interval == 0 || --target->receipt_countdown > 0)
    return false;
  target->receipt_countdown = target->receipt_interval;
  return true;
}

bool dfu_transfer_store_image(DfuTarget *target, const uint8_t *bytes, size_t len,
                              DfuTargetUpdate *update)
{
  uint8_t status = check_image_packet(target, len);

  if (status != DFU_STATUS_SUCCESS) {
    if (target->stage == DFU_TARGET_DATA && status == DFU_STATUS_SIZE_LIMIT)
      target->stage = DFU_TARGET_SURPLUS;
    dfu_reply_response(target, update, DFU_OP_RECEIVE, status);
    return false;
  }
  /* A write of no length behind one that is under way is more than the flash driver bears. */
  if (len == 0 && target->write_done_us != INT64_MAX) {
    target->restarting = DFU_RESTART_ASSERTED;
    return false;
  }
  dfu_transfer_restart_timer(target, target->now_us);
  dfu_flash_queue(target, bytes, len, target->now_us);
  return true;
}

void dfu_transfer_take_image_packet(DfuTarget *target, const DfuTargetEvent *event,
                                    DfuTargetUpdate *update)
{
  if (dfu_transfer_store_image(target, event->bytes, event->len, update)
      && target->received_bytes != target->total_bytes && dfu_transfer_is_receipt_due(target))
    dfu_reply_receipt(target, update);
}

void dfu_transfer_validate(DfuTarget *target, int64_t now_us, DfuTargetUpdate *update)
{
  uint8_t status = DFU_STATUS_INVALID_STATE;

  if (target->stage == DFU_TARGET_DATA && target->received_bytes == target->total_bytes) {
    dfu_transfer_restart_timer(target, now_us);
    status = dfu_flash_crc(target) == target->image_crc ? DFU_STATUS_SUCCESS : DFU_STATUS_CRC_ERROR;
    target->stage = status == DFU_STATUS_SUCCESS ? DFU_TARGET_VALIDATED : DFU_TARGET_CRC_FAILED;
  }
  dfu_reply_response(target, update, DFU_OP_VALIDATE, status);
}

/* By the sizes that the last Start left, refused or not, which need not be the image's. */
static uint64_t image_bytes(const DfuTarget *target)
{
  if ((target->activation_mode & DFU_MODE_SOFTDEVICE) != 0)
    return (uint64_t)target->sizes.softdevice_bytes + target->sizes.bootloader_bytes;
  if ((target->activation_mode & DFU_MODE_BOOTLOADER) != 0)
    return target->sizes.bootloader_bytes;
  return target->sizes.application_bytes;
}

static void install(DfuTarget *target)
{
  uint64_t bytes = image_bytes(target);

  if (bytes > target->config.flash_bytes)
    bytes = target->config.flash_bytes;
  target->installed_mode = target->activation_mode;
  target->installed_bytes = (uint32_t)bytes;

  /* A SoftDevice takes the application's place; a bootloader alone leaves it as it is. */
  if ((target->activation_mode & DFU_MODE_SOFTDEVICE) != 0)
    target->config.has_application = false;
  else if ((target->activation_mode & DFU_MODE_BOOTLOADER) == 0)
    target->config.has_application = bytes > 0;
}

void dfu_transfer_activate(DfuTarget *target, DfuTargetUpdate *update)
{
  target->restarting = DFU_RESTART_REQUESTED;
  if (target->stage == DFU_TARGET_VALIDATED) {
    install(target);
    update->activated = true;
    target->restarting = DFU_RESTART_ACTIVATED;
  }
}
