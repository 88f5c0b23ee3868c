/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The controller's dispatch: which state answers which event with what. Pure:
 * it must not know a link, a clock, or how a failure is worded.
 *
 * A request to the target passes through up to three events, in any order that
 * the host's queues produce: the write is acknowledged, packets are taken, the
 * response arrives. A state moves on only when nothing of it is pending.
 */
#include "controller/controller_private.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)

/*
 * nRF5 SDK 11: an erase of 66 pages takes 1.5 s and more. Adafruit's bootloader
 * was measured at 37 s for 750 kB, InfiniTime at up to 35 s. Init: signing
 * builds compute an ECDSA on a Cortex-M0. ATT gives a write 30 s by itself.
 */
const DfuLimits dfu_limits_default = {
  .connect_us = 30 * SECOND_US,
  .size_report_us = 2 * SECOND_US,
  .start_us = 90 * SECOND_US,
  .init_us = 30 * SECOND_US,
  .receipt_us = 10 * SECOND_US,
  .received_us = 60 * SECOND_US,
  .validate_us = 30 * SECOND_US,
  .write_us = 40 * SECOND_US,
  .activate_us = 10 * SECOND_US,
  .prove_us = 3 * SECOND_US,
};

/* A target that answers 0xfe is given this long before the write is repeated. */
#define BUSY_PAUSE_US (SECOND_US / 5)
#define MAX_BUSY_REPEATS 50
#define MAX_RESUBSCRIBES 3

/* From System Reset to the next connection: time for the bootloader to start. */
#define RESTART_PAUSE_US SECOND_US

static void on_silence(Step *step)
{
  ctl_fail(step, DFU_FAIL_NO_ANSWER);
}

static void after_reset(Step *step)
{
  DfuController *c = step->c;

  if (c->reset_unheard) {
    ctl_connect_retry(step, DFU_FAIL_LINK); /* it may not have arrived */
  } else if (c->config.goal == DFU_GOAL_RESET) {
    c->has_reached_goal = true;
    ctl_end(step);
  } else {
    ctl_enter(step, STATE_PAUSING, step->now_us + RESTART_PAUSE_US);
  }
}

/** What follows when the link is down, dropped by the target, the air or ourselves. */
static void go_on_without_link(Step *step)
{
  DfuController *c = step->c;

  c->link_up = false;
  if (c->failing || c->cancelled || c->has_reached_goal)
    ctl_end(step);
  else if (c->activating)
    ctl_watch_begin(step);
  else if (c->state == STATE_JUMP || c->state == STATE_JUMPED)
    ctl_jump_on_dropped(step);
  else if (c->state == STATE_RESET || c->state == STATE_DROPPING)
    after_reset(step);
  else
    ctl_connect_retry(step, DFU_FAIL_LINK);
}

/** How a state reacts; a missing entry means that the event says nothing there. */
typedef struct {
  uint8_t awaits;                  /* the request whose response it waits for */
  size_t limit;                    /* its patience once all is written: offset in DfuLimits */
  void (*on_written)(Step *step);  /* acknowledged or taken, and no response is there */
  void (*on_answer)(Step *step);
  void (*on_overdue)(Step *step);
} StateRow;

#define LIMIT(field) offsetof(DfuLimits, field)

static const StateRow state_rows[] = {
  [STATE_PAUSING] = {.on_overdue = ctl_connect_on_pause_over},
  [STATE_CONNECTING] = {.on_overdue = ctl_connect_abandon},
  [STATE_RESTING] = {.on_overdue = ctl_connect_on_rest_over},
  [STATE_SUBSCRIBING] = {.on_overdue = ctl_connect_abandon},
  [STATE_JUMP] = {DFU_OP_START, LIMIT(activate_us), ctl_jump_on_written, ctl_jump_on_answer, NULL},
  [STATE_JUMPED] = {DFU_OP_START, LIMIT(activate_us), NULL, ctl_jump_on_answer, ctl_disconnect},
  [STATE_ASKING] = {DFU_OP_REPORT_SIZE, LIMIT(size_report_us), NULL, ctl_ask_on_answer,
                    ctl_ask_on_silence},
  [STATE_START] = {DFU_OP_START, LIMIT(start_us), ctl_start_on_written, ctl_start_on_answer,
                   on_silence},
  [STATE_ERASING] = {DFU_OP_START, LIMIT(start_us), NULL, ctl_start_on_answer, on_silence},
  [STATE_INIT_PROBE] = {DFU_OP_INIT, LIMIT(init_us), NULL, ctl_probe_on_init_answer, on_silence},
  [STATE_INIT_BEGIN] = {DFU_OP_INIT, LIMIT(init_us), ctl_init_on_begun, ctl_init_on_answer,
                        on_silence},
  [STATE_INIT_PACKETS] = {DFU_OP_INIT, LIMIT(init_us), ctl_init_on_packets_written,
                          ctl_init_on_answer, on_silence},
  [STATE_INIT_COMPLETE] = {DFU_OP_INIT, LIMIT(init_us), NULL, ctl_init_on_answer, on_silence},
  [STATE_RECEIPTS] = {DFU_OP_REQUEST_RECEIPTS, LIMIT(receipt_us), ctl_pace_on_receipts_set,
                      ctl_image_on_status, on_silence},
  [STATE_RECEIVE] = {DFU_OP_RECEIVE, LIMIT(receipt_us), ctl_pace_on_receive_set,
                     ctl_image_on_status, on_silence},
  [STATE_HOLDING] = {DFU_OP_RECEIVE, LIMIT(receipt_us), NULL, ctl_image_on_status,
                     ctl_image_stream},
  [STATE_PROVING] = {DFU_OP_RECEIVE, LIMIT(prove_us), ctl_pace_on_proof_written,
                     ctl_image_on_status, ctl_pace_on_proof_overdue},
  [STATE_PROVE_COUNT] = {DFU_OP_REPORT_SIZE, LIMIT(receipt_us), NULL, ctl_pace_on_proof_count,
                         ctl_connect_abandon},
  [STATE_FLUSHING] = {DFU_OP_RECEIVE, LIMIT(prove_us), NULL, ctl_image_on_status,
                      ctl_pace_on_flushed},
  [STATE_IMAGE] = {DFU_OP_RECEIVE, LIMIT(receipt_us), ctl_image_on_written, ctl_image_on_status,
                   ctl_image_on_overdue},
  [STATE_RECOUNT] = {DFU_OP_REPORT_SIZE, LIMIT(receipt_us), NULL, ctl_image_on_recount,
                     ctl_connect_abandon},
  [STATE_SETTLING] = {.on_overdue = ctl_validate_begin},
  [STATE_VALIDATE] = {DFU_OP_VALIDATE, LIMIT(validate_us), NULL, ctl_validate_on_answer,
                      ctl_validate_on_silence},
  [STATE_ACTIVATE] = {0, LIMIT(activate_us), ctl_activate_on_written, NULL, NULL},
  [STATE_RESET] = {0, LIMIT(activate_us), ctl_reset_on_written, NULL, NULL},
  [STATE_DROPPING] = {.on_overdue = ctl_disconnect},
  [STATE_WATCHING] = {.on_overdue = ctl_watch_on_over},
  [STATE_QUIET] = {.on_overdue = ctl_leave_on_quiet},
  [STATE_COUNTING] = {DFU_OP_REPORT_SIZE, LIMIT(size_report_us), NULL, ctl_leave_on_count,
                      ctl_disconnect},
  [STATE_STAYING] = {DFU_OP_START, LIMIT(start_us), NULL, ctl_leave_on_erased, ctl_disconnect},
  [STATE_DISCONNECTING] = {.on_overdue = go_on_without_link},
  [STATE_ENDED] = {0},
};

static const StateRow *row(const Step *step)
{
  return &state_rows[step->c->state];
}

static bool is_busy(const DfuController *c)
{
  return c->control_busy || c->packets_busy;
}

/* --- events ---------------------------------------------------------------- */

/** Whether an answer to Receive means something now: the target may hold image packets of ours. */
static bool is_image_state(int state)
{
  switch (state) {
  case STATE_RECEIPTS:
  case STATE_RECEIVE:
  case STATE_HOLDING:
  case STATE_PROVING:
  case STATE_PROVE_COUNT:
  case STATE_FLUSHING:
  case STATE_IMAGE:
  case STATE_RECOUNT:
  case STATE_SETTLING:
  case STATE_QUIET:
  case STATE_COUNTING: return true;
  default: return false;
  }
}

static int64_t limit_of(const DfuController *c, const StateRow *state)
{
  int64_t limit_us;

  memcpy(&limit_us, (const char *)&c->config.limits + state->limit, sizeof(limit_us));
  return limit_us;
}

/** Goes on once nothing of the request is pending. */
static void proceed(Step *step, bool was_write)
{
  DfuController *c = step->c;

  if (is_busy(c))
    return;
  if (c->image_status != 0 && is_image_state(c->state)) {
    ctl_image_on_status(step);
  } else if (c->runs_application && c->state == STATE_ASKING) {
    ctl_jump_begin(step);
  } else if (c->has_answer && row(step)->on_answer != NULL) {
    c->has_answer = false;
    c->has_init_in_the_air = false;
    row(step)->on_answer(step);
  } else if (was_write && row(step)->on_written != NULL) {
    row(step)->on_written(step);
  } else if (was_write && row(step)->awaits != 0) {
    c->limit_us = step->now_us + limit_of(c, row(step));
  }
}

/** 0xfd: the target lost our subscription. 0xfe: it is busy. Both are asked for again. */
static bool repeat_after(Step *step, uint8_t att_error)
{
  DfuController *c = step->c;

  if (att_error == DFU_ATT_CCCD_IMPROPERLY_CONFIGURED && c->repeats < MAX_RESUBSCRIBES) {
    c->repeats++;
    c->is_subscribed = false;
    c->resubscribing = true;
    c->limit_us = step->now_us + c->config.limits.write_us;
    ctl_act(step, DFU_ACTION_SUBSCRIBE);
    return true;
  }
  if (att_error == DFU_ATT_PROCEDURE_IN_PROGRESS && c->repeats < MAX_BUSY_REPEATS) {
    c->repeats++;
    c->repeat_us = step->now_us + BUSY_PAUSE_US;
    return true;
  }
  return false;
}

static void fail_write(Step *step)
{
  if (step->event->att_error != 0) {
    step->c->failure.att_error = step->event->att_error;
    step->c->failure.opcode = step->c->request[0];
    ctl_fail(step, DFU_FAIL_ATT);
  } else {
    ctl_fail(step, DFU_FAIL_WRITE);
  }
}

static void on_control_written(Step *step)
{
  DfuController *c = step->c;

  if (!c->control_busy || c->state == STATE_DISCONNECTING)
    return;
  if (repeat_after(step, step->event->att_error))
    return;
  c->control_busy = false;
  if (step->event->att_error != 0 || step->event->write_failed)
    fail_write(step);
  else
    proceed(step, true);
}

static void on_subscribed(Step *step)
{
  DfuController *c = step->c;

  c->is_subscribed = step->event->att_error == 0 && !step->event->write_failed;
  if (!c->resubscribing) {
    if (c->state == STATE_SUBSCRIBING)
      ctl_connect_on_subscribed(step);
    return;
  }
  c->resubscribing = false;
  if (step->event->att_error != 0 || step->event->write_failed) {
    c->control_busy = false;
    fail_write(step);
  } else {
    ctl_write_request(step);
  }
}

static void on_packets_written(Step *step)
{
  step->c->packets_busy = false;
  proceed(step, true);
}

static void on_response(Step *step, const DfuNotification *response)
{
  DfuController *c = step->c;

  if (response->opcode == DFU_OP_RECEIVE && is_image_state(c->state)) {
    c->image_status = response->status;
  } else if (response->opcode == DFU_OP_RECEIVE &&
             (c->resume_bytes > 0 || c->probe != PROBE_NONE)) {
    return; /* "received" while Start was being repeated, or the rest of a refused window */
  } else if (response->opcode == row(step)->awaits && row(step)->awaits != 0 && !c->has_answer) {
    c->has_answer = true;
    c->answer_status = response->status;
    c->answer_bytes = response->received_bytes;
  } else if (response->opcode == DFU_OP_REQUEST_RECEIPTS && is_image_state(c->state) &&
             response->status != DFU_STATUS_SUCCESS) {
    ctl_fail_status(step, response->opcode, response->status);
    return;
  } else if (c->state == STATE_ASKING && c->may_be_either && response->opcode == DFU_OP_START &&
             response->status == DFU_STATUS_NOT_SUPPORTED) {
    /* An application's buttonless handler answers whatever it is asked with that. */
    c->runs_application = true;
  } else if (response->opcode == DFU_OP_RECEIVE && c->state == STATE_RESET) {
    return; /* the rest of a window that is given up */
  } else if (response->opcode == DFU_OP_START && response->status == DFU_STATUS_SUCCESS &&
             c->transfer.start_sent && !c->transfer.start_accepted) {
    c->transfer.start_accepted = true; /* the erase has ended; what was asked tells more */
  } else {
    ctl_note(step, DFU_NOTE_UNASKED);
    return;
  }
  proceed(step, false);
}

static void on_malformed(Step *step)
{
  DfuFailure *failure = &step->c->failure;
  size_t n = step->event->len < sizeof(failure->bytes) ? step->event->len : sizeof(failure->bytes);

  memcpy(failure->bytes, step->event->bytes, n);
  failure->n_bytes = (uint8_t)n;
  ctl_fail(step, DFU_FAIL_MALFORMED);
}

static void on_notified(Step *step)
{
  DfuNotification notification;

  if (!step->c->link_up || step->c->state == STATE_DISCONNECTING)
    return;
  if (dfu_wire_parse_notification(step->event->bytes, step->event->len, &notification) !=
      DFU_WIRE_OK)
    on_malformed(step);
  else if (notification.kind == DFU_NOTIFICATION_RECEIPT)
    ctl_image_on_receipt(step, notification.received_bytes);
  else
    on_response(step, &notification);
}

static void on_link_lost(Step *step)
{
  DfuController *c = step->c;
  bool expected = c->state == STATE_DISCONNECTING || c->state == STATE_CONNECTING ||
                  c->state == STATE_RESET || c->state == STATE_DROPPING || c->state == STATE_JUMP ||
                  c->state == STATE_JUMPED || c->activating;

  if (!c->link_up && c->state != STATE_DISCONNECTING && c->state != STATE_CONNECTING)
    return;
  c->control_busy = false;
  c->packets_busy = false;
  c->has_init_in_the_air = false;
  c->resubscribing = false;
  if (!expected) {
    c->link_losses++;
    ctl_note(step, DFU_NOTE_LINK_LOST);
  }
  go_on_without_link(step);
}

static void on_tick(Step *step)
{
  DfuController *c = step->c;

  if (step->now_us >= c->repeat_us)
    ctl_write_request(step);
  else if (step->now_us >= c->limit_us && (is_busy(c) || row(step)->on_overdue == NULL))
    ctl_connect_abandon(step); /* a write that nobody acknowledges: the link is mute */
  else if (step->now_us >= c->limit_us)
    row(step)->on_overdue(step);
}

static void dispatch(Step *step)
{
  switch (step->event->type) {
  case DFU_EVENT_BEGIN: ctl_connect_begin(step); break;
  case DFU_EVENT_LINK_UP: ctl_connect_on_up(step); break;
  case DFU_EVENT_LINK_FAILED: ctl_connect_on_failed(step); break;
  case DFU_EVENT_SUBSCRIBED: on_subscribed(step); break;
  case DFU_EVENT_CONTROL_WRITTEN: on_control_written(step); break;
  case DFU_EVENT_PACKETS_WRITTEN: on_packets_written(step); break;
  case DFU_EVENT_NOTIFIED: on_notified(step); break;
  case DFU_EVENT_LINK_LOST: on_link_lost(step); break;
  case DFU_EVENT_SEEN: ctl_watch_on_seen(step); break;
  case DFU_EVENT_TICK: on_tick(step); break;
  case DFU_EVENT_CANCEL: ctl_on_cancel(step); break;
  }
}

/* --- public ---------------------------------------------------------------- */

void dfu_controller_init(DfuController *controller, const DfuControllerConfig *config)
{
  *controller = (DfuController){
    .config = *config,
    .state = STATE_NEW,
    .image_bytes = config->softdevice_bytes + config->bootloader_bytes + config->application_bytes,
    .transfer = config->known,
    .saved = config->known,
    .most_window_packets = config->most_window_packets,
    .find = config->find,
    .needs_quiet = config->known.start_sent,
    .family = dfu_family_find("unknown"),
    .limit_us = INT64_MAX,
    .repeat_us = INT64_MAX,
  };
}

static bool has_same_steps(const DfuTransfer *a, const DfuTransfer *b)
{
  return a->start_sent == b->start_sent && a->start_accepted == b->start_accepted &&
         a->init_sent == b->init_sent && a->init_refused == b->init_refused &&
         a->init_accepted == b->init_accepted &&
         a->validate_sent == b->validate_sent && a->activate_sent == b->activate_sent &&
         a->activate_acknowledged == b->activate_acknowledged && a->packet_bytes == b->packet_bytes;
}

static bool is_same(const DfuTransfer *a, const DfuTransfer *b)
{
  return has_same_steps(a, b) && a->sent_bytes == b->sent_bytes &&
         a->confirmed_bytes == b->confirmed_bytes;
}

/**
 * Asks for the transfer to be saved whenever a later run would believe too
 * little or too much without it. Bytes to be sent are announced in steps, so
 * that a disk is not written for every window.
 */
static void keep(DfuController *c, DfuUpdate *update)
{
  const DfuTransfer *transfer = &c->transfer;
  uint64_t ahead = (uint64_t)transfer->sent_bytes + c->config.save_step_bytes;
  bool is_over = c->state == STATE_ENDED;

  update->save = is_over ? !is_same(transfer, &c->saved)
                         : !has_same_steps(transfer, &c->saved) ||
                             transfer->sent_bytes > c->saved.sent_bytes;
  if (update->save) {
    c->saved = *transfer;
    if (!is_over && transfer->sent_bytes > 0)
      c->saved.sent_bytes = ahead < c->image_bytes ? (uint32_t)ahead : c->image_bytes;
  }
  update->transfer = c->saved;
}

static void fill_progress(const DfuController *c, DfuUpdate *update)
{
  update->wake_us = c->repeat_us < c->limit_us ? c->repeat_us : c->limit_us;
  update->progress = (DfuProgress){
    .phase = ctl_phase_of(c),
    .image_bytes = c->image_bytes,
    .sent_bytes = c->transfer.sent_bytes,
    .confirmed_bytes = c->transfer.confirmed_bytes,
    .total_sent_bytes = c->total_sent_bytes,
    .link_losses = c->link_losses,
    .resumes = c->resumes,
    .failed_tries = c->failed_tries,
    .packet_bytes = c->packet_bytes,
    .receipt_packets = c->receipt_packets,
    .window_packets = c->window_packets,
    .most_window_packets = c->most_window_packets,
  };
}

void dfu_controller_step(DfuController *controller, const DfuEvent *event, DfuUpdate *update)
{
  Step step = {controller, event, event->now_us, update};

  update->n_actions = 0;
  update->notes = 0;
  if (controller->state != STATE_ENDED) {
    dispatch(&step);
    ctl_on_step_done(&step);
  }
  keep(controller, update);
  fill_progress(controller, update);
}
