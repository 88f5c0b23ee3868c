/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Failures of the controller in words.
 */
#ifndef DFU_SESSION_FAILURE_H
#define DFU_SESSION_FAILURE_H

#include "dfu/session.h"

/** What the words need to know besides the failure. */
typedef struct {
  const DfuSessionOptions *options;
  const char *device;       /* what to call the device */
  const DfuFamily *family;  /* (nullable): of the device, once it was seen in DFU mode */
  const char *other_transfer; /* (nullable): of what else the journal tells, and what it needs */
  gboolean looks_away;      /* a run without --no-resume would go on with it */
  gboolean has_begun;       /* the target may hold something of this transfer */
  gboolean is_kept;         /* and the journal tells a later run of it */
  gboolean is_next_part;    /* the part before is done; the device was not reached since */
  DfuSeen seen_before;      /* what came back after it */
  guint tries;              /* to connect, without more confirmed bytes between them */
  const GError *refusal;    /* (nullable): why the caller refused the device */
  const GError *link_error; /* (nullable): the last thing that the link complained of */
} DfuFailureContext;

/**
 * The failure as an error of the domain %DFU_ERROR: what failed, the value
 * seen, the value wanted, and what to do next. (transfer full)
 */
GError *dfu_failure_to_error(const DfuFailure *failure, const DfuFailureContext *context);

/**
 * What helps against a silent device of @family (nullable): to switch it off and on only where
 * that is known not to lose it.
 */
const char *dfu_failure_help_silent(const DfuFamily *family);

/** What the next run has to be. */
DfuNext dfu_failure_to_next(const DfuFailure *failure, const DfuFailureContext *context);

#endif
