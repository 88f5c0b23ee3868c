/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a session reports, in words and in JSON.
 */
#ifndef DFU_CLI_UPDATE_REPORT_H
#define DFU_CLI_UPDATE_REPORT_H

#include <dfu/session.h>

#include "cli/output.h"

typedef struct DfuUpdateReport DfuUpdateReport;

/** For a session that is about to start; all arguments must outlive the report. */
DfuUpdateReport *dfu_update_report_new(DfuOutput *output, const DfuSessionOptions *options);
void dfu_update_report_free(DfuUpdateReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuUpdateReport, dfu_update_report_free)

/** What goes where, and what that means for the device's application. */
void dfu_update_report_say_plan(DfuOutput *output, const DfuPart *const *parts, guint n_parts,
                                const char *target);

/** Shows one report of the session. */
void dfu_update_report_take(DfuUpdateReport *report, const DfuReport *session_report);

/** Says why the program does not end at once although it was asked to. */
void dfu_update_report_say_stopping(DfuUpdateReport *report);

/** The keys that `update` adds to the `result` event; @result is NULL where no session ran. */
void dfu_update_report_add_result(cJSON *object, const DfuSessionResult *result);

#endif
