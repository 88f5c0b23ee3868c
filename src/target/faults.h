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
 *   repeat=OP                  OP is carried out; its next answer is sent twice
 *   att=OP:ERROR[:TIMES]       the control point write of OP gets this ATT error and is
 *                              not carried out, TIMES times (1); OP may be `init-end` here,
 *                              the second write of init
 *   drop-packet=N              image packet N never arrives
 *   drop-receipt=N             receipt N never arrives
 *   repeat-receipt=N           receipt N arrives twice
 *   lose=BYTE[:SECONDS]        the link is lost when the target has received BYTE image
 *                              bytes, and the device is away for SECONDS (1), or `forever`
 *   silence=BYTE[:SECONDS]     then nothing gets through in either direction, until after
 *                              SECONDS (4, which SDK bootloaders ask for) the supervision
 *                              timeout ends the link on both sides; the target runs on
 *   restart=BYTE               then the device loses power, and starts again
 *   stall=BYTE                 then the target stands still, until the link is ended
 *   flash-error=BYTE           then the flash write that is under way fails; none is where
 *                              writing takes no time
 *
 * What the target had to say in a step that ends in one of the four before the last is not
 * heard.
 * Each of them can also come at an operation, in place of BYTE: `lose-at=OP` when OP
 * has been carried out, or has begun where that takes time; `lose-before=OP` when it was
 * sent and did not reach the target. The moment is that of what makes the target answer:
 * the sizes of start, the end of init, an image packet of receive. `flash-error-at=OP`
 * there is too: with start it is the erase that fails, where erasing takes time.
 *
 * Faults of connections; who carries events to the target asks dfu_faults_happens():
 *
 *   drop-connection=N          the next N connections are dropped as soon as they are made
 *   mute-connection=N          the next N connections are made, and nothing is ever
 *                              answered on them
 *   service-changed=N          on the next N connections whose central asks for it, Service
 *                              Changed is indicated
 *   drop-subscription=N        at the next N writes that switch the control point's
 *                              notifications on, the link is lost for a second instead
 *   jump-unheard=N             the next N jumps from the application into the bootloader
 *                              come before the response to the write that asked for them
 *
 * OP is start, init, receive, validate, activate, reset, report-size, receipts,
 * or an opcode. STATUS and ERROR are bytes; numbers are decimal or 0x and hex,
 * SECONDS may have up to six decimals.
 * PACKET and N count from 1, over all connections. A fault may be given more than
 * once; what comes at BYTE then happens again each time that an image packet is
 * accepted at or behind it.
 */
#ifndef DFU_TARGET_FAULTS_H
#define DFU_TARGET_FAULTS_H

#include "target/target.h"

enum { DFU_FAULTS_MAX = 64, DFU_FAULTS_MESSAGE_BYTES = 500 };

typedef enum {
  DFU_FAULT_ANSWER,
  DFU_FAULT_NOTIFY,
  DFU_FAULT_MUTE,
  DFU_FAULT_REPEAT,
  DFU_FAULT_ATT,
  DFU_FAULT_DROP_PACKET,
  DFU_FAULT_DROP_RECEIPT,
  DFU_FAULT_REPEAT_RECEIPT,
  DFU_FAULT_BREAK_AT_BYTE,
  DFU_FAULT_BREAK_AT,     /* an operation */
  DFU_FAULT_BREAK_BEFORE, /* an operation */
  DFU_FAULT_DROP_CONNECTION,
  DFU_FAULT_MUTE_CONNECTION,
  DFU_FAULT_SERVICE_CHANGED,
  DFU_FAULT_DROP_SUBSCRIPTION,
  DFU_FAULT_JUMP_UNHEARD,
} DfuFaultType;

/** What breaks, and has to be carried out around the target. */
typedef enum {
  DFU_BREAKDOWN_NONE,
  DFU_BREAKDOWN_LOSS,    /* the link ends now, and nobody finds the device for `time_us` */
  DFU_BREAKDOWN_SILENCE, /* nothing gets through any more; the link ends in `time_us` */
  DFU_BREAKDOWN_RESTART, /* the target gets POWER_LOST now */
  DFU_BREAKDOWN_STALL,   /* nothing gets through, and the target gets no time, while the link is up */
  DFU_BREAKDOWN_FLASH,   /* the target gets FLASH_ERROR: dfu_faults_step() sees to that itself */
} DfuBreakdownType;

typedef struct {
  DfuBreakdownType type;
  int64_t time_us; /* LOSS, SILENCE; INT64_MAX: forever */
} DfuBreakdown;

typedef struct {
  DfuFaultType type;
  uint8_t opcode;
  uint8_t code;     /* status, or ATT error */
  bool at_end;      /* ATT, of init: only the second write */
  uint32_t at;      /* packet, receipt or byte that sets it off; 0: any */
  uint32_t times;   /* how often it still happens */
  DfuBreakdown breakdown;
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
 * @breakdown: (out): what breaks once @update is carried out. Unless it is NONE, nothing
 *   in @update gets to the controller, not even the response to a write. The target may
 *   have restarted in this step already.
 *
 * dfu_target_step() with the faults applied to @event and to its result.
 */
void dfu_faults_step(DfuFaults *faults, DfuTarget *target, const DfuTargetEvent *event,
                     DfuTargetUpdate *update, DfuBreakdown *breakdown);

/**
 * dfu_faults_att_error:
 * @bytes: of a control point write that no target gets, since an application is its receiver
 *
 * Returns the ATT error that a fault has for it, which has then happened once more; 0: none.
 */
uint8_t dfu_faults_att_error(DfuFaults *faults, const uint8_t *bytes, size_t len);

/** Whether a fault of connections happens now, which it then has once more. */
bool dfu_faults_happens(DfuFaults *faults, DfuFaultType type);

#endif
