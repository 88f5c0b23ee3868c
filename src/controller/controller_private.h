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
  STATE_SUBSCRIBING,
  STATE_ASKING,        /* 07 before anything else */
  STATE_START,         /* 01 written */
  STATE_ERASING,       /* sizes sent; the answer comes after the erase */
  STATE_INIT_PROBE,    /* a bare 02 01: what is the init buffer worth? */
  STATE_INIT_BEGIN,    /* 02 00 */
  STATE_INIT_PACKETS,
  STATE_INIT_COMPLETE, /* 02 01 */
  STATE_RECEIPTS,      /* 08 */
  STATE_RECEIVE,       /* 03 */
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
/** The target confirmed bytes: more than ever before, and tries to connect count from zero again. */
void ctl_progressed(Step *step);

/* Finding and connecting (phase_connect.c) */
void ctl_connect_begin(Step *step);
void ctl_connect_retry(Step *step, DfuFailReason reason);
void ctl_connect_on_up(Step *step);
void ctl_connect_on_failed(Step *step);
void ctl_connect_on_subscribed(Step *step);
void ctl_connect_on_pause_over(Step *step);
/** The connection is of no use any more: drops it and tries again. */
void ctl_connect_abandon(Step *step);

/* What the target holds (resume.c) */
void ctl_ask_begin(Step *step);
void ctl_ask_on_answer(Step *step);
void ctl_ask_on_silence(Step *step);
/** A Start that repeats ours was refused with Invalid State: finds the stage. */
void ctl_probe_begin(Step *step);
void ctl_probe_on_init_answer(Step *step);
/** The init packet, or the image's first packets, were refused with Invalid State. */
void ctl_probe_on_refusal(Step *step);
/** A transfer is in the way: resets with the user's consent, fails without. */
void ctl_foreign(Step *step, uint32_t held_bytes);
void ctl_reset_on_written(Step *step);

/* Start (phase_start.c) */
void ctl_start_begin(Step *step);
void ctl_start_on_written(Step *step);
void ctl_start_on_answer(Step *step);

/* Init packet (phase_init.c) */
void ctl_init_begin(Step *step);
void ctl_init_on_begun(Step *step);
void ctl_init_on_packets_written(Step *step);
void ctl_init_on_answer(Step *step);

/* Image (phase_image.c) */
void ctl_image_begin(Step *step, uint32_t offset_bytes);
void ctl_image_on_receipts_set(Step *step);
void ctl_image_on_receive_set(Step *step);
void ctl_image_on_written(Step *step);
void ctl_image_on_receipt(Step *step, uint32_t received_bytes);
void ctl_image_on_status(Step *step);
void ctl_image_on_overdue(Step *step);
void ctl_image_on_recount(Step *step);

/* Validate, Activate and after (phase_finish.c) */
void ctl_settle_begin(Step *step);
void ctl_validate_begin(Step *step);
void ctl_validate_on_answer(Step *step);
void ctl_activate_on_written(Step *step);
void ctl_watch_begin(Step *step);
void ctl_watch_on_seen(Step *step);
void ctl_watch_on_over(Step *step);

/* Ending early (leave.c) */
void ctl_fail(Step *step, DfuFailReason reason);
void ctl_fail_status(Step *step, uint8_t opcode, uint8_t status);
void ctl_fail_bytes(Step *step, DfuFailReason reason, uint32_t value_bytes,
                    uint32_t expected_bytes);
/** Lets the target come to rest and gives the link up. */
void ctl_leave(Step *step);
void ctl_leave_on_quiet(Step *step);
void ctl_leave_on_count(Step *step);
void ctl_disconnect(Step *step);
/** Emits the terminal action. */
void ctl_end(Step *step);
void ctl_on_cancel(Step *step);

/* Names and phases (names.c) */
DfuPhase ctl_phase_of(const DfuController *c);

#endif
