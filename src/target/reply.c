/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/reply.h"

#include <assert.h>
#include <string.h>

/** Buffers of the radio stack come back one after the other, as notifications go out. */
static bool take_buffer(DfuTarget *target)
{
  if (target->config.personality->waits_to_notify)
    return true;
  for (; target->n_unsent > 0 && target->oldest_sent_us <= target->now_us; target->n_unsent--)
    target->oldest_sent_us += target->config.notify_us;
  if (target->config.notification_buffers > 0
      && target->n_unsent >= target->config.notification_buffers)
    return false;
  if (target->n_unsent++ == 0)
    target->oldest_sent_us = target->now_us + target->config.notify_us;
  return true;
}

static void notify(DfuTarget *target, DfuTargetUpdate *update, const uint8_t *bytes, size_t len)
{
  if (!target->connected || !target->notify || !take_buffer(target)) {
    target->restarting = DFU_RESTART_ASSERTED;
    return;
  }
  dfu_reply_put(update, bytes, len);
}

void dfu_reply_put(DfuTargetUpdate *update, const uint8_t *bytes, size_t len)
{
  assert(update->n_notifications < DFU_TARGET_MAX_NOTIFICATIONS);
  memcpy(update->notifications[update->n_notifications].bytes, bytes, len);
  update->notifications[update->n_notifications].len = len;
  update->n_notifications++;
}

/* Some firmware keeps its count in 16 bits, and sends it as the 32 bits of the profile. */
static uint32_t told_bytes(const DfuTarget *target)
{
  return target->config.personality->counts_16_bits ? (uint16_t)target->received_bytes
                                                    : target->received_bytes;
}

void dfu_reply_response(DfuTarget *target, DfuTargetUpdate *update, uint8_t opcode, uint8_t status)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];
  size_t len = dfu_wire_put_response(bytes, opcode, status);

  notify(target, update, bytes, len);
}

void dfu_reply_size_report(DfuTarget *target, DfuTargetUpdate *update)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];
  size_t len = dfu_wire_put_size_report(bytes, told_bytes(target));

  notify(target, update, bytes, len);
}

void dfu_reply_receipt(DfuTarget *target, DfuTargetUpdate *update)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];
  size_t len = dfu_wire_put_receipt(bytes, told_bytes(target));

  notify(target, update, bytes, len);
}
