/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A target under any sequence of events. The first two bytes choose the target (see
 * configure()); then each event is a kind, a length n below 64, and n bytes:
 *
 *   0 connected (n bytes of ATT MTU above 23)   4 DFU Packet write
 *   1 disconnected                              5 time passes, n milliseconds
 *   2 CCCD set to notify if n is not 0          6 time passes until the target wakes
 *   3 control point write                       7 time passes, n seconds; none: power is lost
 */
#include <assert.h>
#include <string.h>

#include "target/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FLASH_BYTES = 2 * 4096, GUARD_BYTES = 256, GUARD = 0x77, MAX_LENGTH = 63 };

/* Bits: 0 the other number of banks, 1 no application, 2 erasing takes time, 3 writing takes
 * time, 4 large packets. The flash is odd on purpose: no packet ends where it does. */
static DfuTargetConfig configure(uint8_t which, uint8_t choice, DfuPersonality *personality,
                                 uint8_t *flash)
{
  size_t n;
  const DfuPersonality *all = dfu_personalities(&n);

  *personality = all[which % n];
  if ((choice & 1) != 0 && !personality->is_application)
    personality->dual_bank = !personality->dual_bank;
  if ((choice & 16) != 0)
    personality->packet_max_bytes = 244;
  return (DfuTargetConfig){
    .personality = personality,
    .flash = flash,
    .flash_bytes = FLASH_BYTES - 3,
    .bootloader_bytes = FLASH_BYTES,
    .has_application = (choice & 2) == 0,
    .device_type = 0xffff,
    .device_revision = 0xffff,
    .softdevice_id = 0x0080,
    .erase_page_us = (choice & 4) != 0 ? 80000 : 0,
    .write_packet_us = (choice & 8) != 0 ? 1000 : 0,
  };
}

static void check_counts(const DfuTarget *target)
{
  assert(target->written_bytes <= target->config.flash_bytes);
  if (target->config.personality->is_application)
    return; /* a watch counts on beyond its slot, and its counters outlive a session */
  assert(target->written_bytes <= target->received_bytes);
  assert(target->received_bytes <= target->config.flash_bytes);
  assert(target->n_queued + target->n_held <= target->config.personality->receive_buffers);
}

static void check_update(const DfuTarget *target, const DfuTargetUpdate *update, int64_t now_us)
{
  uint8_t mode;

  assert(update->n_notifications <= DFU_TARGET_MAX_NOTIFICATIONS);
  for (size_t i = 0; i < update->n_notifications; i++) {
    DfuNotification seen;

    assert(dfu_wire_parse_notification(update->notifications[i].bytes,
                                       update->notifications[i].len, &seen) == DFU_WIRE_OK);
  }
  assert(update->wake_us >= now_us);
  assert(!update->activated || update->boot != DFU_TARGET_STAYS);
  assert(update->boot == DFU_TARGET_STAYS || target->stage == DFU_TARGET_IDLE);
  assert((update->boot == DFU_TARGET_BOOTS_APPLICATION) <= target->config.has_application);
  assert((update->boot == DFU_TARGET_BOOTS_CABLE) <= !target->config.has_application);
  assert(!target->restarting);
  check_counts(target);
  assert(dfu_target_image(target, &mode) <= target->config.flash_bytes);
}

/* One event from @data, which holds at least two bytes. Returns what it took of them. */
static size_t read_event(const uint8_t *data, size_t len, DfuTargetEvent *event, int64_t wake_us)
{
  size_t n = data[1] & MAX_LENGTH;

  n = n < len - 2 ? n : len - 2;
  event->type = data[0] % 8 < 5 ? (DfuTargetEventType)(data[0] % 8) : DFU_TARGET_EVENT_TICK;
  event->mtu = (uint16_t)(23 + (n > 0 ? data[2] : 0));
  event->notify = n > 0;
  event->bytes = n > 0 ? data + 2 : NULL;
  event->len = n;
  if (data[0] % 8 == 5)
    event->now_us += (int64_t)n * 1000;
  else if (data[0] % 8 == 6 && wake_us != INT64_MAX)
    event->now_us = wake_us;
  else if (data[0] % 8 == 7 && n == 0)
    event->type = DFU_TARGET_EVENT_POWER_LOST;
  else if (data[0] % 8 == 7)
    event->now_us += (int64_t)n * 1000000;
  return 2 + n;
}

static void run_events(const uint8_t *data, size_t len, DfuTarget *target)
{
  DfuTargetEvent event = { .now_us = 0 };
  DfuTargetUpdate update = { .wake_us = INT64_MAX };

  while (len >= 2) {
    size_t used = read_event(data, len, &event, update.wake_us);

    dfu_target_step(target, &event, &update);
    check_update(target, &update, event.now_us);
    data += used;
    len -= used;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  static uint8_t memory[GUARD_BYTES + FLASH_BYTES + GUARD_BYTES];
  DfuPersonality personality;
  DfuTarget target;

  if (len < 2)
    return 0;
  memset(memory, GUARD, sizeof memory);

  DfuTargetConfig config = configure(data[0], data[1], &personality, memory + GUARD_BYTES);

  dfu_target_init(&target, &config);
  run_events(data + 2, len - 2, &target);
  for (size_t i = 0; i < GUARD_BYTES; i++) {
    assert(memory[i] == GUARD);
    assert(memory[GUARD_BYTES + config.flash_bytes + i] == GUARD);
  }
  return 0;
}
