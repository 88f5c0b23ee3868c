/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OTAFIX 2.1, which differs from the Adafruit bootloader in what it does with image
 * packets: if the first of them is small it collects all of them, and checks, writes
 * and counts only what it has collected.
 * Source: oltaco/Adafruit_nRF52_Bootloader_OTAFIX 2.1, dfu_transport_ble.c.
 */
#include <string.h>

#include "target/bootloader.h"
#include "target/reply.h"
#include "target/role.h"
#include "target/transfer.h"

enum { SMALL_MAX_BYTES = 64 };

/* Returns false if what was collected is refused; it is gone then. */
static bool flush(DfuTarget *target, DfuTargetUpdate *update)
{
  uint16_t n = target->accumulator.n;

  target->accumulator.n = 0;
  return n == 0 || dfu_transfer_store_image(target, target->accumulator.bytes, n, update);
}

static size_t copy_what_fits(DfuAccumulator *accumulator, const uint8_t *bytes, size_t len)
{
  size_t room = sizeof accumulator->bytes - accumulator->n;
  size_t n = len < room ? len : room;
  size_t padding = -n % DFU_WIRE_WORD_BYTES;

  memcpy(accumulator->bytes + accumulator->n, bytes, n);
  memset(accumulator->bytes + accumulator->n + n, 0, padding);
  accumulator->n += (uint16_t)(n + padding);
  return n;
}

/* An odd length is padded where it stands, in the middle of the image. */
static bool collect(DfuTarget *target, const uint8_t *bytes, size_t len, DfuTargetUpdate *update)
{
  DfuAccumulator *accumulator = &target->accumulator;
  bool taken = true;

  for (size_t at = 0; at < len;) {
    at += copy_what_fits(accumulator, bytes + at, len - at);
    if (accumulator->n == sizeof accumulator->bytes)
      taken = flush(target, update) && taken;
  }
  if (target->received_bytes + accumulator->n == target->total_bytes)
    taken = flush(target, update) && taken;
  return taken;
}

/* Whatever the stage. An empty packet collects nothing and is counted like others. */
static void take_small_packet(DfuTarget *target, const DfuTargetEvent *event,
                              DfuTargetUpdate *update)
{
  bool taken = collect(target, event->bytes, event->len, update);

  if (dfu_transfer_is_receipt_due(target) && flush(target, update) && taken)
    dfu_reply_receipt(target, update);
}

static void take_packet(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  DfuAccumulator *accumulator = &target->accumulator;

  if (target->packet_type != DFU_OP_RECEIVE) {
    dfu_bootloader_take_packet(target, event, update);
    return;
  }
  if (accumulator->kind == DFU_PACKETS_UNSEEN)
    accumulator->kind = event->len <= SMALL_MAX_BYTES ? DFU_PACKETS_SMALL : DFU_PACKETS_LARGE;
  if (accumulator->kind == DFU_PACKETS_SMALL)
    take_small_packet(target, event, update);
  else
    dfu_bootloader_take_packet(target, event, update);
}

const DfuTargetRole dfu_role_otafix = {
  .take_control = dfu_bootloader_take_control,
  .take_packet = take_packet,
  .complete_due = dfu_bootloader_complete_due,
  .fail_flash = dfu_bootloader_fail_flash,
  .runs_timer_from_start = true,
};
