/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/flash.h"

#include <assert.h>
#include <string.h>

enum { ERASED = 0xff };

/* Without a second bank, and for a SoftDevice always, an image goes where the application is. */
static bool is_in_place(const DfuTarget *target)
{
  return !target->config.personality->dual_bank
         || (target->activation_mode & DFU_MODE_SOFTDEVICE) != 0;
}

static int64_t count_pages(const DfuTarget *target, uint32_t bytes)
{
  return ((int64_t)bytes + target->config.personality->page_bytes - 1)
         / target->config.personality->page_bytes;
}

void dfu_flash_begin_erase(DfuTarget *target, int64_t now_us)
{
  int64_t page_us = target->config.erase_page_us;
  bool in_place = is_in_place(target);

  /* A second bank is erased whole, whatever the image. */
  target->erased_bytes = in_place ? target->total_bytes : target->config.flash_bytes;
  target->erase_done_us = now_us + count_pages(target, target->erased_bytes) * page_us;
  if (target->config.personality->lazy_erase) /* never less than the first page, and no more yet */
    target->erase_done_us = now_us + page_us;
  if (in_place)
    target->application_gone_us = now_us + page_us;
}

void dfu_flash_finish_erase(DfuTarget *target)
{
  memset(target->config.flash, ERASED, target->erased_bytes);
  /* The settings then lose the application by the routine that the last Start chose. */
  if (target->application_gone_us != INT64_MAX || is_in_place(target))
    target->config.has_application = false;
  target->erase_done_us = INT64_MAX;
  target->application_gone_us = INT64_MAX;
}

bool dfu_flash_is_full(const DfuTarget *target)
{
  return target->n_queued + target->n_held >= target->config.personality->receive_buffers;
}

/* How long the oldest queued packet takes, with the pages that it is the first to reach. */
static int64_t write_duration_us(const DfuTarget *target)
{
  uint32_t begin = target->written_bytes;
  int64_t n_pages = 0;

  if (target->config.personality->lazy_erase)
    n_pages = count_pages(target, begin + target->queued_bytes[0])
              - count_pages(target, begin > 0 ? begin : 1);
  return target->config.write_packet_us + n_pages * target->config.erase_page_us;
}

void dfu_flash_queue(DfuTarget *target, const uint8_t *bytes, size_t len, int64_t now_us)
{
  assert(target->n_queued < DFU_TARGET_MAX_QUEUED);
  assert(len <= target->config.flash_bytes - target->received_bytes);

  /* A write of no length is taken and never done. */
  target->queued_bytes[target->n_queued] = (uint16_t)len;
  if (len > 0 && target->n_queued == 0)
    target->write_done_us = now_us + write_duration_us(target);
  if (len > 0)
    memcpy(target->config.flash + target->received_bytes, bytes, len);

  target->n_queued++;
  target->received_bytes += (uint32_t)len;
  if (target->received_bytes == target->total_bytes)
    target->final_queued = target->n_queued;
}

void dfu_flash_write(DfuTarget *target, const uint8_t *bytes, size_t len)
{
  assert(len <= target->config.flash_bytes - target->received_bytes);

  if (len > 0)
    memcpy(target->config.flash + target->received_bytes, bytes, len);
  target->received_bytes += (uint32_t)len;
  target->written_bytes = target->received_bytes;
}

bool dfu_flash_finish_write(DfuTarget *target, int64_t now_us)
{
  bool more = target->n_queued > 1;
  bool receiving = target->stage == DFU_TARGET_DATA || target->stage == DFU_TARGET_SURPLUS;
  bool was_final = target->final_queued == 1;

  target->written_bytes += target->queued_bytes[0];
  target->n_queued--;
  memmove(target->queued_bytes, target->queued_bytes + 1,
          target->n_queued * sizeof target->queued_bytes[0]);
  target->write_done_us = more ? now_us + write_duration_us(target) : INT64_MAX;
  if (target->final_queued > 0)
    target->final_queued--;

  /* After Validate nobody listens any more: the buffer stays taken, the reply is lost. */
  if (!receiving)
    target->n_held++;
  return receiving && was_final;
}

/* CRC-16/CCITT-FALSE, x^16 + x^12 + x^5 + 1: eight steps of the shift register at once. */
static uint16_t add_to_crc(uint16_t crc, uint8_t byte)
{
  uint16_t feedback = (uint16_t)(crc >> 8 ^ byte);

  feedback ^= feedback >> 4;
  return (uint16_t)(crc << 8 ^ feedback << 12 ^ feedback << 5 ^ feedback);
}

uint16_t dfu_flash_crc(const DfuTarget *target)
{
  uint16_t crc = 0xffff;

  /* The caller's memory holds a packet once it is queued, the flash once it is written. */
  for (uint32_t at = 0; at < target->total_bytes; at++)
    crc = add_to_crc(crc, at < target->written_bytes ? target->config.flash[at] : ERASED);
  return crc;
}
