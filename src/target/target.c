/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/target.h"

#include "target/restart.h"
#include "target/role.h"
#include "target/transfer.h"

enum { MIN_MTU = 23, ATT_HEADER_BYTES = 3 };

static void on_packet(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  /* Write Commands have no answer: what is too long is dropped by the stack. */
  if (event->len <= target->config.personality->packet_max_bytes
      && event->len <= (size_t)target->mtu - ATT_HEADER_BYTES)
    target->config.personality->role->take_packet(target, event, update);
}

static void handle_event(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  const DfuTargetRole *role = target->config.personality->role;

  switch (event->type) {
  case DFU_TARGET_EVENT_CONNECTED:
    target->connected = true;
    target->was_connected = true;
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
    role->take_control(target, event, update);
    break;
  case DFU_TARGET_EVENT_PACKET:
    on_packet(target, event, update);
    break;
  case DFU_TARGET_EVENT_POWER_LOST:
    target->restarting = DFU_RESTART_POWER;
    break;
  case DFU_TARGET_EVENT_FLASH_ERROR:
    role->fail_flash(target, update);
    break;
  case DFU_TARGET_EVENT_TICK:
    break;
  }
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
  return a_us < b_us ? a_us : b_us;
}

static int64_t next_due_us(const DfuTarget *target)
{
  int64_t flash_us = earlier(target->erase_done_us, target->write_done_us);

  return earlier(earlier(flash_us, target->timer_us), target->watch.reply_due_us);
}

static void restart(DfuTarget *target, int64_t now_us, DfuTargetUpdate *update)
{
  DfuTarget before = *target;

  if (now_us >= before.application_gone_us)
    before.config.has_application = false;
  update->boot = dfu_restart_boot(&before);

  dfu_target_init(target, &before.config);
  target->installed_mode = before.installed_mode;
  target->installed_bytes = before.installed_bytes;
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
    .watch.reply_due_us = INT64_MAX,
  };
  if (config->personality->is_application) /* without it nobody would be here */
    target->config.has_application = true;
}

static void start(DfuTarget *target, int64_t now_us)
{
  target->started = true;
  if (target->config.personality->role->runs_timer_from_start)
    dfu_transfer_restart_timer(target, now_us);
}

void dfu_target_step(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update)
{
  *update = (DfuTargetUpdate){ .boot = DFU_TARGET_STAYS };
  if (!target->started)
    start(target, event->now_us);
  for (int64_t due_us = next_due_us(target); due_us <= event->now_us;
       due_us = next_due_us(target)) {
    target->now_us = due_us;
    target->config.personality->role->complete_due(target, update);
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
  case DFU_TARGET_STARTED: return "started";
  case DFU_TARGET_PREPARING: return "preparing";
  case DFU_TARGET_READY: return "ready";
  case DFU_TARGET_INIT: return "init";
  case DFU_TARGET_DATA: return "data";
  case DFU_TARGET_RECEIVED: return "received";
  case DFU_TARGET_CRC_FAILED: return "CRC failed";
  case DFU_TARGET_VALIDATED: return "validated";
  case DFU_TARGET_SURPLUS: return "surplus";
  }
  return "unknown";
}
