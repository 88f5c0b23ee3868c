/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/reply.h"

#include <assert.h>
#include <string.h>

static void notify(DfuTarget *target, DfuTargetUpdate *update, const uint8_t *bytes, size_t len)
{
  if (!target->connected || !target->notify) {
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
