/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a journal says, in words and in JSON.
 */
#ifndef DFU_CLI_JOURNAL_REPORT_H
#define DFU_CLI_JOURNAL_REPORT_H

#include <cjson/cJSON.h>
#include <dfu/journal.h>

/** "up to 16384 of 20576 bytes sent, 35 s ago". (transfer full) */
char *dfu_journal_report_words(const DfuJournalRecord *record);

/** The keys of `journal`. (transfer full) */
cJSON *dfu_journal_report_json(const DfuJournalRecord *record);

#endif
