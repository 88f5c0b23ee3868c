/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the controller share: its states, and the few moves that
 * every phase is made of. A phase begins with ctl_<phase>_begin(); the rest of
 * its functions are rows of the table in controller.c.
 */
#ifndef DFU_CONTROLLER_CONTROLLER_PRIVATE_H
#define DFU_CONTROLLER_CONTROLLER_PRIVATE_H

#include "dfu/controller.h"
#include "wire/wire.h"

typedef enum {
  STATE_NEW,
  STATE_CONNECTING,
  STATE_PAUSING,       /* before another try to connect */
  STATE_RESTING,       /* connected, and silent until the target has forgotten a cut transfer */
  STATE_SUBSCRIBING,
  STATE_JUMP,          /* 01 04 to the application's buttonless service */
  STATE_JUMPED,        /* acknowledged; the link is about to drop */
  STATE_ASKING,        /* 07 before anything else */
  STATE_START,         /* 01 written */
  STATE_ERASING,       /* sizes sent; the answer comes after the erase */
  STATE_INIT_PROBE,    /* a bare 02 01: what is the init buffer worth? */
  STATE_INIT_BEGIN,    /* 02 00 */
  STATE_INIT_PACKETS,
  STATE_INIT_COMPLETE, /* 02 01 */
  STATE_RECEIPTS,      /* 08 */
  STATE_RECEIVE,       /* 03 */
  STATE_HOLDING,       /* an old target needs a moment before the first packet */
  STATE_PROVING,       /* one long packet sent: does it arrive? */
  STATE_PROVE_COUNT,   /* 07 since its receipt did not come */
  STATE_FLUSHING,      /* an empty packet sent: what the target holds back is counted after it */
  STATE_IMAGE,
  STATE_RECOUNT,       /* 07 since a receipt, or "received", is overdue */
  STATE_SETTLING,      /* all is there, "received" was not heard: give flash a second */
  STATE_VALIDATE,
  STATE_ACTIVATE,
  STATE_DROPPING,      /* Activate or Reset acknowledged; the link is about to drop */
  STATE_WATCHING,
  STATE_RESET,
  STATE_QUIET,         /* leaving: what is in the air comes down */
  STATE_COUNTING,      /* leaving: 07, is it all there? */
  STATE_STAYING,       /* leaving: somebody must be there to be told of the erase's end */
  STATE_DISCONNECTING,
  STATE_ENDED,
} State;

/** Where the search for the target's stage stands. */
typedef enum {
  PROBE_NONE,
  PROBE_START, /* a Start that repeats ours is under way */
  PROBE_ERASE, /* it was refused: still erasing, or ready */
  PROBE_DATA,  /* it was refused: ready, collecting the init packet, or receiving */
  PROBE_EITHER, /* it was refused: any of these */
} Probe;

/** What receipts are asked for, and Receive is said, before. */
typedef enum {
  PURPOSE_IMAGE, /* the image, or the rest of it */
  PURPOSE_PROOF, /* one long packet of it */
  PURPOSE_FLUSH, /* nothing: an empty packet, so that the count becomes right */
} Purpose;

/** One call of dfu_controller_step(). */
typedef struct {
  DfuController *c;
  const DfuEvent *event;
  int64_t now_us;
  DfuUpdate *update;
} Step;

/* Moves (moves.c) */

/** Goes to @state, whose patience ends in @limit_us. */
void ctl_enter(Step *step, State state, int64_t limit_us);
DfuAction *ctl_act(Step *step, DfuActionType type);
/** Writes a request and goes to @state; where the user wants to stop, leaves instead. */
void ctl_request(Step *step, State state, const uint8_t *bytes, size_t len);
void ctl_request_plain(Step *step, State state, DfuOpcode opcode);
/** Writes the request under way once more. */
void ctl_write_request(Step *step);
/** The same as ctl_request() for bytes [from, to) of @source, staying in the state. */
void ctl_send(Step *step, DfuSource source, uint32_t from, uint32_t to, uint16_t packet_bytes);
void ctl_note(Step *step, unsigned note);
/** The target confirmed bytes: where more than ever before, tries to connect count from zero. */
void ctl_progressed(Step *step);

/** The count of received bytes in a message of the target, which may tell its low half only. */
uint32_t ctl_count(const DfuController *c, uint32_t told_bytes);

/* Finding and connecting (phase_connect.c) */
void ctl_connect_begin(Step *step);
void ctl_connect_retry(Step *step, DfuFailReason reason);
void ctl_connect_on_up(Step *step);
void ctl_connect_on_failed(Step *step);
void ctl_connect_on_subscribed(Step *step);
void ctl_connect_on_pause_over(Step *step);
void ctl_connect_on_rest_over(Step *step);
/** The connection is of no use any more: drops it and tries again. */
void ctl_connect_abandon(Step *step);

/* From the application into the bootloader (phase_jump.c) */
void ctl_jump_begin(Step *step);
void ctl_jump_on_written(Step *step);
void ctl_jump_on_answer(Step *step);
void ctl_jump_on_dropped(Step *step);
/** The goal is reached: gives the link up. */
void ctl_reach_goal(Step *step);

/* What the target holds (resume.c) */
void ctl_ask_begin(Step *step);
/** 07, on the ground that the count is right. */
void ctl_ask_size(Step *step);
void ctl_ask_on_answer(Step *step);
void ctl_ask_on_silence(Step *step);
/** A Start that repeats ours was refused with Invalid State: finds the stage. */
void ctl_probe_begin(Step *step);
void ctl_probe_on_init_answer(Step *step);
/** The init packet, or the image's first packets, were refused with Invalid State. */
void ctl_probe_on_refusal(Step *step);
/** A transfer is in the way: resets with the user's consent, fails without. */
void ctl_foreign(Step *step, uint32_t held_bytes);

/* Beginning anew (anew.c) */
/** System Reset; what the target held is given up. */
void ctl_reset(Step *step);
/** Whether a System Reset may leave the device to a cable. */
bool ctl_is_risky_reset(const DfuController *c);
/** Whether the user allows a System Reset that is not known to be safe; once. */
bool ctl_may_reset(const DfuController *c);
void ctl_reset_on_written(Step *step);
/** The device is not on the air any more, after a reset that it did not acknowledge. */
void ctl_reset_on_gone(Step *step);
/** What the target holds is of no use: begins anew where the device is known to survive that. */
bool ctl_begin_anew(Step *step);

/* Start (phase_start.c) */
void ctl_start_begin(Step *step);
void ctl_start_on_written(Step *step);
void ctl_start_on_answer(Step *step);

/* Init packet (phase_init.c) */
void ctl_init_begin(Step *step);
void ctl_init_on_begun(Step *step);
void ctl_init_on_packets_written(Step *step);
void ctl_init_on_answer(Step *step);

/* Length and number of packets (pace.c) */
/** Whether the older protocol is spoken. */
bool ctl_uses_v1(const DfuController *c);
/** Packet length, receipts and window for what comes next; whether the length is to be proved. */
bool ctl_pace_choose(DfuController *c);
/** From one receipt to the next, in bytes. */
uint32_t ctl_pace_receipt_bytes(const DfuController *c);
/** Fewer in flight from here on; false where it was one already. */
bool ctl_pace_slow_down(Step *step);
/** Asks for receipts, says Receive, and then does what @purpose says. */
void ctl_pace_set(Step *step, Purpose purpose);
void ctl_pace_on_receipts_set(Step *step);
void ctl_pace_on_receive_set(Step *step);
/** The long packet has arrived; or not. */
void ctl_pace_on_proved(Step *step);
void ctl_pace_on_proof_written(Step *step);
void ctl_pace_on_unproved(Step *step);
void ctl_pace_on_proof_overdue(Step *step);
void ctl_pace_on_proof_count(Step *step);
/** Whether the target counts packets only once they were flushed. */
bool ctl_hides_packets(const DfuController *c);
void ctl_pace_on_flushed(Step *step);

/* Image (phase_image.c) */
void ctl_image_begin(Step *step, uint32_t offset_bytes);
void ctl_image_stream(Step *step);
/** Sends the bytes from the last sent one up to @to_bytes. */
void ctl_image_send(Step *step, uint32_t to_bytes);
void ctl_image_on_written(Step *step);
void ctl_image_on_receipt(Step *step, uint32_t received_bytes);
void ctl_image_on_status(Step *step);
void ctl_image_on_overdue(Step *step);
void ctl_image_recount(Step *step);
void ctl_image_on_recount(Step *step);

/* Validate, Activate and after (phase_finish.c) */
void ctl_settle_begin(Step *step);
void ctl_validate_begin(Step *step);
void ctl_validate_on_answer(Step *step);
void ctl_validate_on_silence(Step *step);
void ctl_activate_on_written(Step *step);
void ctl_watch_begin(Step *step);
void ctl_watch_on_seen(Step *step);
void ctl_watch_on_over(Step *step);
void ctl_watch_on_cancel(Step *step);

/* Ending early (leave.c) */
void ctl_fail(Step *step, DfuFailReason reason);
void ctl_fail_status(Step *step, uint8_t opcode, uint8_t status);
void ctl_fail_bytes(Step *step, DfuFailReason reason, uint32_t value_bytes,
                    uint32_t expected_bytes);
/** Lets the target come to rest and gives the link up. */
void ctl_leave(Step *step);
void ctl_leave_on_quiet(Step *step);
void ctl_leave_on_count(Step *step);
void ctl_leave_on_erased(Step *step);
void ctl_disconnect(Step *step);
/** Emits the terminal action. */
void ctl_end(Step *step);
void ctl_on_cancel(Step *step);
/** A wish to stop that had to wait is looked at again. */
void ctl_on_step_done(Step *step);

/* Names and phases (names.c) */
DfuPhase ctl_phase_of(const DfuController *c);

#endif
