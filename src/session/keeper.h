/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The journal of one session: what an earlier run says of this device, and what
 * this run leaves for a later one.
 */
#ifndef DFU_SESSION_KEEPER_H
#define DFU_SESSION_KEEPER_H

#include "dfu/journal.h"

typedef struct DfuKeeper DfuKeeper;

/**
 * @folder: where journals are kept
 * @ours: what this run writes, its transfer aside; copied
 * @may_resume: whether to go by what is found; where not, it is only written
 */
DfuKeeper *dfu_keeper_new(const char *folder, const DfuJournalRecord *ours, gboolean may_resume);
void dfu_keeper_free(DfuKeeper *keeper);

/**
 * dfu_keeper_open:
 * @address: of the device; only the first call does anything
 * @warning: (out) (transfer full) (nullable): why a journal that is there was not believed
 *
 * Returns: (transfer none) (nullable): what an earlier run did with the same image
 */
const DfuJournalRecord *dfu_keeper_open(DfuKeeper *keeper, const char *address, char **warning);

/** Whether dfu_keeper_open() has been called: only then anything is written. */
gboolean dfu_keeper_is_open(const DfuKeeper *keeper);

/**
 * dfu_keeper_save:
 *
 * Writes @transfer, or removes the journal where it says that nothing was begun.
 *
 * Errors: %DFU_ERROR_INTERNAL: it could not be written; nothing is written any more.
 */
gboolean dfu_keeper_save(DfuKeeper *keeper, const DfuTransfer *transfer, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Whether a later run will find what dfu_keeper_save() was told. */
gboolean dfu_keeper_is_kept(const DfuKeeper *keeper);

/** (nullable): of what else the journal told: "another package, app.zip (SHA-256 …)". */
const char *dfu_keeper_get_other(const DfuKeeper *keeper);

/** Whether the journal was not to be looked at. */
gboolean dfu_keeper_looks_away(const DfuKeeper *keeper);

#endif
