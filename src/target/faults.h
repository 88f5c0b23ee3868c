/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Faults around a target, for whoever tests a controller: what the link or the
 * target does wrong once, at a place that is given beforehand. The target itself
 * knows nothing of them. Pure: libc headers and wire/ only.
 *
 *   answer=OP:STATUS[:PACKET]  OP is not carried out and answered with STATUS, once.
 *                              The target stays in its stage, so that OP can be sent
 *                              again (an init packet has to be collected anew, as
 *                              after any refused one). For receive, the refused thing
 *                              is image packet PACKET, by default the first.
 *   notify=OP:HEX              OP is carried out; its next answer is these bytes
 *                              (0 to 20) instead
 *   mute=OP                    OP is carried out; its answers are never sent
 *   att=OP:ERROR[:TIMES]       the control point write of OP gets this ATT error and is
 *                              not carried out, TIMES times (1)
 *   lose=BYTE[:SECONDS]        the link is lost when the target has received BYTE image
 *                              bytes, with what it had to say just then, and the device
 *                              is away for SECONDS (1), or `forever`
 *   drop-packet=N              image packet N never arrives
 *   drop-receipt=N             receipt N never arrives
 *
 * OP is start, init, receive, validate, activate, reset, report-size, receipts,
 * or an opcode. STATUS and ERROR are bytes; numbers are decimal or 0x and hex.
 * PACKET and N count from 1, over all connections. A fault may be given more than
 * once; `lose` then happens again each time that an image packet is accepted at or
 * behind its BYTE.
 */
#ifndef DFU_TARGET_FAULTS_H
#define DFU_TARGET_FAULTS_H

#include "target/target.h"

enum { DFU_FAULTS_MAX = 64, DFU_FAULTS_MESSAGE_BYTES = 160 };

typedef enum {
  DFU_FAULT_ANSWER,
  DFU_FAULT_NOTIFY,
  DFU_FAULT_MUTE,
  DFU_FAULT_ATT,
  DFU_FAULT_LOSE,
  DFU_FAULT_DROP_PACKET,
  DFU_FAULT_DROP_RECEIPT,
} DfuFaultType;

typedef struct {
  DfuFaultType type;
  uint8_t opcode;
  uint8_t code;     /* status, or ATT error */
  uint32_t at;      /* packet, receipt or byte that sets it off */
  uint32_t times;   /* how often it still happens */
  int64_t away_us;  /* INT64_MAX: forever */
  uint8_t bytes[DFU_TARGET_NOTIFICATION_BYTES];
  size_t len;
} DfuFault;

/** All faults of a run, and what has been counted so far. Zeroed: none. */
typedef struct {
  DfuFault faults[DFU_FAULTS_MAX];
  size_t n;
  uint32_t n_packets;
  uint32_t n_receipts;
} DfuFaults;

/** What the link does after a step. */
typedef struct {
  bool lost;       /* drop it now, and tell the target by DISCONNECTED */
  int64_t away_us; /* then the device is not to be found for so long; INT64_MAX: forever */
} DfuFaultLoss;

/**
 * dfu_faults_parse:
 * @text: one fault, as above
 * @message: (out): DFU_FAULTS_MESSAGE_BYTES; what is wrong with @text
 *
 * Adds a fault. Returns false, with @faults untouched, if @text is none or they
 * are too many.
 */
bool dfu_faults_parse(DfuFaults *faults, const char *text, char *message);

/**
 * dfu_faults_step:
 * @update: (out): what to do, in place of the target's own update
 * @loss: (out): what happens to the link once @update is carried out
 *
 * dfu_target_step() with the faults applied to @event and to its result.
 */
void dfu_faults_step(DfuFaults *faults, DfuTarget *target, const DfuTargetEvent *event,
                     DfuTargetUpdate *update, DfuFaultLoss *loss);

#endif
