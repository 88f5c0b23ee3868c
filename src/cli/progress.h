/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How far an update is, for people: a bar that moves in place on a terminal,
 * a line for every tenth elsewhere, nothing with --quiet. It counts what the
 * target confirmed, never what was merely sent.
 */
#ifndef DFU_CLI_PROGRESS_H
#define DFU_CLI_PROGRESS_H

#include <dfu/controller.h>

#include "cli/output.h"

typedef struct DfuProgressBar DfuProgressBar;

/** @output must outlive the bar. On a terminal the bar moves by a timer of the main context. */
DfuProgressBar *dfu_progress_bar_new(DfuOutput *output);

/** Takes the bar away. */
void dfu_progress_bar_free(DfuProgressBar *bar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuProgressBar, dfu_progress_bar_free)

/** Takes in how far the session is. */
void dfu_progress_bar_update(DfuProgressBar *bar, const DfuProgress *progress);

/** Bytes confirmed in a second, over the image so far; 0 where there is no telling. */
guint dfu_progress_bar_get_rate(const DfuProgressBar *bar);

/** Whole per cent of the image that the target confirmed: 100 is all of it. */
guint dfu_progress_percent(const DfuProgress *progress);

/** What a phase is for people: "erasing flash". */
const char *dfu_progress_words(DfuPhase phase);

#endif
