/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The journal of one session: what an earlier run says of this device, and what
 * this run leaves for a later one, over all parts of a package.
 */
#ifndef DFU_SESSION_KEEPER_H
#define DFU_SESSION_KEEPER_H

#include "dfu/journal.h"

typedef struct DfuKeeper DfuKeeper;

/**
 * @folder: where journals are kept
 * @package: (nullable): what is sent; NULL where nothing is
 * @package_name: what messages call it; "" for nothing
 * @parts: those of @package that this run sends, in order; theirs to the end
 * @may_resume: whether to go on with what is found; where not, it is kept until that is given up
 */
DfuKeeper *dfu_keeper_new(const char *folder, const DfuPackage *package, const char *package_name,
                          const DfuPart *const *parts, guint n_parts, gboolean may_resume);
void dfu_keeper_free(DfuKeeper *keeper);

/**
 * dfu_keeper_open:
 * @address: of the device; only the first call does anything
 * @warning: (out) (transfer full) (nullable): why a journal that is there was not believed
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_INTERNAL: it could not be read; nothing is written then.
 * Returns: (transfer none) (nullable): what an earlier run did with the same
 * package, from which dfu_keeper_get_index() goes on
 */
const DfuJournalRecord *dfu_keeper_open(DfuKeeper *keeper, const char *address, char **warning,
                                        GError **error);

/** Whether dfu_keeper_open() has been called: only then anything is written. */
gboolean dfu_keeper_is_open(const DfuKeeper *keeper);

/** Which of the parts is under way, or next. */
guint dfu_keeper_get_index(const DfuKeeper *keeper);

/** What any earlier run had to be content with on this device; 0: no limit. */
guint16 dfu_keeper_get_most_window(const DfuKeeper *keeper);

/** Whether an earlier run sent the application at this address into its bootloader, or this one. */
gboolean dfu_keeper_may_be_above(const DfuKeeper *keeper);

/**
 * dfu_keeper_set_entered:
 * @was_entered: this run is about to do so; or the application has not gone there after all
 *
 * Before dfu_keeper_save().
 *
 * Returns: whether that is news to the journal
 */
gboolean dfu_keeper_set_entered(DfuKeeper *keeper, gboolean was_entered);

/**
 * dfu_keeper_save:
 * @transfer: of the part that is under way
 * @most_window_packets: what is to be remembered of the device; 0: nothing
 *
 * Writes what a later run has to know, or removes the journal where that is nothing.
 *
 * Errors: %DFU_ERROR_INTERNAL: it could not be written. The next call tries again, and fails only
 * where that is news.
 */
gboolean dfu_keeper_save(DfuKeeper *keeper, const DfuTransfer *transfer,
                         guint16 most_window_packets, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The part under way is done: the next one is, or the package; before dfu_keeper_save(). */
void dfu_keeper_advance(DfuKeeper *keeper);

/** Whether a later run will find what dfu_keeper_save() was told. */
gboolean dfu_keeper_is_kept(const DfuKeeper *keeper);

/** (nullable): of what else the journal told, and what that needs: "another package, …". */
const char *dfu_keeper_get_other(const DfuKeeper *keeper);

/** Whether the journal tells of an update that this run could go on with, and was told not to. */
gboolean dfu_keeper_looks_away(const DfuKeeper *keeper);

#endif
