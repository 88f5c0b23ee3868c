/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A timer that is set to a point of the monotonic clock in microseconds, and
 * set again and again without being made anew.
 */
#ifndef DFU_BASE_DEADLINE_H
#define DFU_BASE_DEADLINE_H

#include <glib.h>

typedef void (*DfuDeadlineFunc)(gpointer user_data);

/** A timer, not set. (transfer full): ended with dfu_deadline_free(). */
GSource *dfu_deadline_new(DfuDeadlineFunc func, gpointer user_data);
void dfu_deadline_free(GSource *deadline);

/** Calls the function once, when the clock has reached @at_us; INT64_MAX for never. */
void dfu_deadline_set(GSource *deadline, gint64 at_us);

#endif
