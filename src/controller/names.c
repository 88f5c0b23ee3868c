/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Words for what the controller does: for JSON, logs and traces.
 */
#include "controller/controller_private.h"

const char *dfu_phase_name(DfuPhase phase)
{
  switch (phase) {
  case DFU_PHASE_CONNECTING: return "connecting";
  case DFU_PHASE_ENTERING: return "entering";
  case DFU_PHASE_ASKING: return "asking";
  case DFU_PHASE_STARTING: return "starting";
  case DFU_PHASE_INIT: return "init";
  case DFU_PHASE_IMAGE: return "image";
  case DFU_PHASE_VALIDATING: return "validating";
  case DFU_PHASE_ACTIVATING: return "activating";
  case DFU_PHASE_WATCHING: return "watching";
  case DFU_PHASE_RESTING: return "resting";
  case DFU_PHASE_RESETTING: return "resetting";
  case DFU_PHASE_LEAVING: return "leaving";
  case DFU_PHASE_ENDED: return "ended";
  }
  return "unknown";
}

const char *dfu_seen_name(DfuSeen seen)
{
  switch (seen) {
  case DFU_SEEN_NOTHING: return "nothing";
  case DFU_SEEN_APPLICATION: return "application";
  case DFU_SEEN_DFU: return "dfu";
  }
  return "unknown";
}

DfuPhase ctl_phase_of(const DfuController *c)
{
  switch ((State)c->state) {
  case STATE_NEW:
  case STATE_CONNECTING:
  case STATE_PAUSING:
  case STATE_SUBSCRIBING: return DFU_PHASE_CONNECTING;
  case STATE_RESTING: return DFU_PHASE_RESTING;
  case STATE_JUMP:
  case STATE_JUMPED: return DFU_PHASE_ENTERING;
  case STATE_ASKING: return DFU_PHASE_ASKING;
  case STATE_START:
  case STATE_ERASING: /* a Start that is repeated before the image goes on erases nothing */
    return c->resume_bytes > 0 ? DFU_PHASE_ASKING : DFU_PHASE_STARTING;
  case STATE_INIT_PROBE:
  case STATE_INIT_BEGIN:
  case STATE_INIT_PACKETS:
  case STATE_INIT_COMPLETE: return DFU_PHASE_INIT;
  case STATE_RECEIPTS:
  case STATE_RECEIVE:
  case STATE_HOLDING:
  case STATE_PROVING:
  case STATE_PROVE_COUNT:
  case STATE_FLUSHING:
  case STATE_IMAGE:
  case STATE_RECOUNT: return DFU_PHASE_IMAGE;
  case STATE_SETTLING:
  case STATE_VALIDATE: return DFU_PHASE_VALIDATING;
  case STATE_ACTIVATE: return DFU_PHASE_ACTIVATING;
  case STATE_DROPPING: return c->activating ? DFU_PHASE_ACTIVATING : DFU_PHASE_RESETTING;
  case STATE_WATCHING: return DFU_PHASE_WATCHING;
  case STATE_RESET: return DFU_PHASE_RESETTING;
  case STATE_QUIET:
  case STATE_COUNTING:
  case STATE_STAYING:
  case STATE_DISCONNECTING: return DFU_PHASE_LEAVING;
  case STATE_ENDED: return DFU_PHASE_ENDED;
  }
  return DFU_PHASE_ENDED;
}
