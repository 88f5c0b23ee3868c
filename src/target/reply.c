/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/reply.h"

#include <assert.h>
#include <string.h>

/** Buffers of the radio stack come back one after the other, as notifications go out. */
static bool take_buffer(DfuTarget *target)
{
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
    target->restarting = true;
    return;
  }
  assert(update->n_notifications < DFU_TARGET_MAX_NOTIFICATIONS);
  memcpy(update->notifications[update->n_notifications].bytes, bytes, len);
  update->notifications[update->n_notifications].len = len;
  update->n_notifications++;
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
  size_t len = dfu_wire_put_size_report(bytes, target->received_bytes);

  notify(target, update, bytes, len);
}

void dfu_reply_receipt(DfuTarget *target, DfuTargetUpdate *update)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];
  size_t len = dfu_wire_put_receipt(bytes, target->received_bytes);

  notify(target, update, bytes, len);
}
