/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/faults.h"

#include <string.h>

static bool is_request(const DfuTargetEvent *event, uint8_t opcode)
{
  return event->type == DFU_TARGET_EVENT_CONTROL && event->len > 0 && event->bytes[0] == opcode;
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
    return is_request(event, DFU_OP_INIT) && event->len > 1
           && event->bytes[1] == DFU_INIT_COMPLETE;
  case DFU_OP_RECEIVE:
    return is_packet_of(target, event, DFU_OP_RECEIVE) && faults->n_packets == fault->at;
  default:
    return is_request(event, fault->opcode);
  }
}

static bool withholds(const DfuFaults *faults, const DfuFault *fault, const DfuTarget *target,
                      const DfuTargetEvent *event)
{
  if (fault->times == 0)
    return false;
  switch (fault->type) {
  case DFU_FAULT_ANSWER:
    return target->notify && is_decisive(faults, fault, target, event);
  case DFU_FAULT_ATT:
    return is_request(event, fault->opcode);
  case DFU_FAULT_DROP_PACKET:
    return is_packet_of(target, event, DFU_OP_RECEIVE) && faults->n_packets == fault->at;
  default:
    return false;
  }
}

static DfuFault *find_withholding(DfuFaults *faults, const DfuTarget *target,
                                  const DfuTargetEvent *event)
{
  for (size_t i = 0; i < faults->n; i++)
    if (withholds(faults, &faults->faults[i], target, event))
      return &faults->faults[i];
  return NULL;
}

/* What the controller hears of an event that the target did not get. */
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
    bool about_answers = fault->type == DFU_FAULT_NOTIFY || fault->type == DFU_FAULT_MUTE;

    if (about_answers && fault->opcode == opcode && fault->times > 0)
      return fault;
  }
  return NULL;
}

static bool drops_receipt(const DfuFaults *faults)
{
  for (size_t i = 0; i < faults->n; i++)
    if (faults->faults[i].type == DFU_FAULT_DROP_RECEIPT
        && faults->faults[i].at == faults->n_receipts)
      return true;
  return false;
}

/* Whether notification @i goes out; its bytes may become others. */
static bool passes(DfuFaults *faults, DfuTargetUpdate *update, size_t i)
{
  uint8_t *bytes = update->notifications[i].bytes;

  if (bytes[0] == DFU_OP_RECEIPT) {
    faults->n_receipts++;
    return !drops_receipt(faults);
  }

  DfuFault *fault = find_for_answer(faults, bytes[1]);

  if (fault == NULL)
    return true;
  if (fault->type == DFU_FAULT_MUTE)
    return false;
  fault->times--;
  memcpy(bytes, fault->bytes, fault->len);
  update->notifications[i].len = fault->len;
  return true;
}

static void filter_notifications(DfuFaults *faults, DfuTargetUpdate *update)
{
  size_t n = 0;

  for (size_t i = 0; i < update->n_notifications; i++)
    if (passes(faults, update, i))
      update->notifications[n++] = update->notifications[i];
  update->n_notifications = n;
}

static void lose_link(DfuFaults *faults, const DfuTarget *target, DfuTargetUpdate *update,
                      DfuFaultLoss *loss)
{
  for (size_t i = 0; i < faults->n; i++) {
    DfuFault *fault = &faults->faults[i];

    if (fault->type != DFU_FAULT_LOSE || fault->times == 0 || target->received_bytes < fault->at)
      continue;
    fault->times--;
    update->n_notifications = 0;
    *loss = (DfuFaultLoss){ .lost = true, .away_us = fault->away_us };
    return;
  }
}

void dfu_faults_step(DfuFaults *faults, DfuTarget *target, const DfuTargetEvent *event,
                     DfuTargetUpdate *update, DfuFaultLoss *loss)
{
  DfuTargetEvent passed = *event;
  uint32_t received_before = target->received_bytes;

  *loss = (DfuFaultLoss){ .lost = false };
  if (is_packet_of(target, event, DFU_OP_RECEIVE))
    faults->n_packets++;

  DfuFault *withholding = find_withholding(faults, target, event);

  if (withholding != NULL) {
    withholding->times--;
    passed.type = DFU_TARGET_EVENT_TICK;
  }
  dfu_target_step(target, &passed, update);
  if (withholding != NULL && update->boot == DFU_TARGET_STAYS)
    reply_instead(withholding, target, update);
  filter_notifications(faults, update);
  if (target->received_bytes > received_before)
    lose_link(faults, target, update, loss);
}
