/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/faults.h"

#include <string.h>

#include "target/role.h"

typedef bool (*Match)(const DfuFaults *faults, const DfuFault *fault, const DfuTarget *target,
                      const DfuTargetEvent *event);

static bool is_request(const DfuTargetEvent *event, uint8_t opcode)
{
  return event->type == DFU_TARGET_EVENT_CONTROL && event->len > 0 && event->bytes[0] == opcode;
}

static bool is_init_end(const DfuTargetEvent *event)
{
  return is_request(event, DFU_OP_INIT) && event->len > 1 && event->bytes[1] == DFU_INIT_COMPLETE;
}

static bool is_packet_of(const DfuTarget *target, const DfuTargetEvent *event, uint8_t opcode)
{
  return event->type == DFU_TARGET_EVENT_PACKET && target->packet_type == opcode;
}

/* Whether @event is what the target would answer as @fault's operation. */
static bool is_decisive(const DfuFaults *faults, const DfuFault *fault, const DfuTarget *target,
                        const DfuTargetEvent *event)
{
  switch (fault->opcode) {
  case DFU_OP_START:
    return is_packet_of(target, event, DFU_OP_START);
  case DFU_OP_INIT:
    if (target->config.personality->role->init_is_one_packet)
      return is_packet_of(target, event, DFU_OP_INIT);
    return is_init_end(event);
  case DFU_OP_RECEIVE:
    return is_packet_of(target, event, DFU_OP_RECEIVE)
           && (fault->at == 0 || faults->n_packets == fault->at);
  default:
    return is_request(event, fault->opcode);
  }
}

static bool withholds(const DfuFaults *faults, const DfuFault *fault, const DfuTarget *target,
                      const DfuTargetEvent *event)
{
  switch (fault->type) {
  case DFU_FAULT_ANSWER:
    return target->notify && is_decisive(faults, fault, target, event);
  case DFU_FAULT_ATT:
    return fault->at_end ? is_init_end(event) : is_request(event, fault->opcode);
  case DFU_FAULT_DROP_PACKET:
    return is_packet_of(target, event, DFU_OP_RECEIVE) && faults->n_packets == fault->at;
  case DFU_FAULT_BREAK_BEFORE:
    return is_decisive(faults, fault, target, event);
  default:
    return false;
  }
}

static bool breaks_at_operation(const DfuFaults *faults, const DfuFault *fault,
                                const DfuTarget *target, const DfuTargetEvent *event)
{
  return fault->type == DFU_FAULT_BREAK_AT && is_decisive(faults, fault, target, event);
}

/* Once it has received more. */
static bool breaks_at_byte(const DfuFaults *faults, const DfuFault *fault, const DfuTarget *target,
                           const DfuTargetEvent *event)
{
  (void)faults;
  (void)event;
  return fault->type == DFU_FAULT_BREAK_AT_BYTE && target->received_bytes >= fault->at;
}

/* The first that matches, which has then happened once more. */
static const DfuFault *take(DfuFaults *faults, Match matches, const DfuTarget *target,
                            const DfuTargetEvent *event)
{
  for (size_t i = 0; i < faults->n; i++)
    if (faults->faults[i].times > 0 && matches(faults, &faults->faults[i], target, event)) {
      faults->faults[i].times--;
      return &faults->faults[i];
    }
  return NULL;
}

/* What the controller hears of an event that the target did not get, unless the link breaks. */
static void reply_instead(const DfuFault *fault, DfuTarget *target, DfuTargetUpdate *update)
{
  if (fault->type == DFU_FAULT_ATT)
    update->att_error = fault->code;
  if (fault->type != DFU_FAULT_ANSWER)
    return;
  if (fault->opcode == DFU_OP_INIT)
    target->init_bytes = 0;
  update->notifications[update->n_notifications].len = dfu_wire_put_response(
    update->notifications[update->n_notifications].bytes, fault->opcode, fault->code);
  update->n_notifications++;
}

static DfuFault *find_for_answer(DfuFaults *faults, uint8_t opcode)
{
  for (size_t i = 0; i < faults->n; i++) {
    DfuFault *fault = &faults->faults[i];
    bool about_answers = fault->type == DFU_FAULT_NOTIFY || fault->type == DFU_FAULT_MUTE
                         || fault->type == DFU_FAULT_REPEAT;

    if (about_answers && fault->opcode == opcode && fault->times > 0)
      return fault;
  }
  return NULL;
}

static bool has_for_receipt(const DfuFaults *faults, DfuFaultType type)
{
  for (size_t i = 0; i < faults->n; i++)
    if (faults->faults[i].type == type && faults->faults[i].at == faults->n_receipts)
      return true;
  return false;
}

static size_t count_receipt(DfuFaults *faults)
{
  faults->n_receipts++;
  if (has_for_receipt(faults, DFU_FAULT_DROP_RECEIPT))
    return 0;
  return has_for_receipt(faults, DFU_FAULT_REPEAT_RECEIPT) ? 2 : 1;
}

/* How often notification @i of @said goes out; its bytes may become others. */
static size_t count_copies(DfuFaults *faults, DfuTargetUpdate *said, size_t i)
{
  uint8_t *bytes = said->notifications[i].bytes;

  if (bytes[0] == DFU_OP_RECEIPT)
    return count_receipt(faults);

  DfuFault *fault = find_for_answer(faults, bytes[1]);

  if (fault == NULL)
    return 1;
  if (fault->type == DFU_FAULT_MUTE)
    return 0;
  fault->times--;
  if (fault->type == DFU_FAULT_REPEAT)
    return 2;
  memcpy(bytes, fault->bytes, fault->len);
  said->notifications[i].len = fault->len;
  return 1;
}

static void filter_notifications(DfuFaults *faults, DfuTargetUpdate *update)
{
  DfuTargetUpdate said = *update;

  update->n_notifications = 0;
  for (size_t i = 0; i < said.n_notifications; i++)
    for (size_t n = count_copies(faults, &said, i); n > 0; n--)
      if (update->n_notifications < DFU_TARGET_MAX_NOTIFICATIONS)
        update->notifications[update->n_notifications++] = said.notifications[i];
}

/* Adds what the target does about a flash error to @update, which is of the same moment. */
static void fail_flash(DfuTarget *target, int64_t now_us, DfuTargetUpdate *update)
{
  const DfuTargetEvent event = { .type = DFU_TARGET_EVENT_FLASH_ERROR, .now_us = now_us };
  DfuTargetUpdate more;

  if (update->boot != DFU_TARGET_STAYS)
    return;
  dfu_target_step(target, &event, &more);
  for (size_t i = 0; i < more.n_notifications; i++)
    if (update->n_notifications < DFU_TARGET_MAX_NOTIFICATIONS)
      update->notifications[update->n_notifications++] = more.notifications[i];
  update->boot = more.boot;
  update->wake_us = more.wake_us;
}

void dfu_faults_step(DfuFaults *faults, DfuTarget *target, const DfuTargetEvent *event,
                     DfuTargetUpdate *update, DfuBreakdown *breakdown)
{
  DfuTargetEvent passed = *event;
  uint32_t received_before = target->received_bytes;

  if (is_packet_of(target, event, DFU_OP_RECEIVE))
    faults->n_packets++;

  const DfuFault *acting = take(faults, withholds, target, event);

  if (acting != NULL)
    passed.type = DFU_TARGET_EVENT_TICK;
  else
    acting = take(faults, breaks_at_operation, target, event);
  dfu_target_step(target, &passed, update);
  if (acting != NULL && update->boot == DFU_TARGET_STAYS)
    reply_instead(acting, target, update);
  if (acting == NULL && target->received_bytes > received_before)
    acting = take(faults, breaks_at_byte, target, event);

  *breakdown = acting != NULL ? acting->breakdown : (DfuBreakdown){ .type = DFU_BREAKDOWN_NONE };
  if (breakdown->type == DFU_BREAKDOWN_FLASH) {
    fail_flash(target, event->now_us, update);
    breakdown->type = DFU_BREAKDOWN_NONE;
  }
  filter_notifications(faults, update);
  if (breakdown->type != DFU_BREAKDOWN_NONE)
    update->n_notifications = 0;
}

uint8_t dfu_faults_att_error(DfuFaults *faults, const uint8_t *bytes, size_t len)
{
  const DfuTargetEvent event = { .type = DFU_TARGET_EVENT_CONTROL, .bytes = bytes, .len = len };

  for (size_t i = 0; i < faults->n; i++) {
    DfuFault *fault = &faults->faults[i];

    if (fault->type == DFU_FAULT_ATT && fault->times > 0
        && withholds(faults, fault, NULL, &event)) {
      fault->times--;
      return fault->code;
    }
  }
  return 0;
}

bool dfu_faults_happens(DfuFaults *faults, DfuFaultType type)
{
  for (size_t i = 0; i < faults->n; i++)
    if (faults->faults[i].type == type && faults->faults[i].times > 0) {
      faults->faults[i].times--;
      return true;
    }
  return false;
}
