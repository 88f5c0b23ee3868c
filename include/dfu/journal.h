/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The resume journal: one small file a device, which tells a later run what an
 * earlier one did to the target, and with which package. The target keeps its
 * count over a link loss, but cannot tell of which image it is.
 */
#ifndef DFU_JOURNAL_H
#define DFU_JOURNAL_H

#include <dfu/controller.h>
#include <dfu/package.h>

G_BEGIN_DECLS

/** Journals that were not written to for so long are of no use to anybody. */
#define DFU_JOURNAL_MAX_AGE_S (30 * 24 * 3600)

/** What a journal says; of package and part only where an update is under way. */
typedef struct {
  char package_sha256[65]; /* of the zip file, lower-case hex */
  char *package_name;      /* its base name, printable; for messages */
  DfuImageType part;       /* under way, or next */
  guint32 image_bytes;     /* of that part */
  guint32 parts_done;      /* of the package, before it */
  guint32 most_window_packets; /* what packets that came too fast left; 0: no limit */
  bool was_entered;        /* its application was sent into its bootloader, which may be elsewhere */
  gint64 saved_unix_s; /* when it was written: set by dfu_journal_save() */
  DfuTransfer transfer;
} DfuJournalRecord;

/** Frees what @record holds, not @record itself, and empties it. */
void dfu_journal_record_clear(DfuJournalRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuJournalRecord, dfu_journal_record_clear)

/** Whether an update is under way; where not, @record tells of the device alone. */
gboolean dfu_journal_has_update(const DfuJournalRecord *record);

/**
 * dfu_journal_path:
 * @folder: where journals are kept
 * @address: "AA:BB:CC:DD:EE:FF" in either case
 *
 * Returns: (transfer full): the file of that device
 */
char *dfu_journal_path(const char *folder, const char *address);

/**
 * dfu_journal_find:
 * @folder: where journals are kept
 * @address: "AA:BB:CC:DD:EE:FF" in either case
 *
 * Returns: (transfer full): the file that tells of the device at @address: its own, or, where it has
 * none, that of the application one address below, if a run has sent that into its bootloader, or
 * if that cannot be read
 */
char *dfu_journal_find(const char *folder, const char *address);

/**
 * dfu_journal_load:
 * @path: the file
 * @record: (out caller-allocates): what it says; empty where the result is %FALSE
 * @warning: (out) (transfer full) (nullable): why a file that was read is not believed
 * @error: return location for a #GError
 *
 * Reads a journal. One that is damaged, or of another version of this program,
 * is set aside under its name with ".damaged" behind it, and @warning says so.
 *
 * Errors: %DFU_ERROR_INTERNAL: there is one, as far as is known, and it cannot be read; it stays
 * where it is.
 * Returns: whether there is a journal to go by
 */
gboolean dfu_journal_load(const char *path, DfuJournalRecord *record, char **warning,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_journal_save:
 * @path: the file; its folder is made where it is missing
 * @record: what to write
 * @error: return location for a #GError
 *
 * Replaces the journal: after a crash or a power cut there is the old one or
 * the new one, whole. Where there is no room for both, the old one is written
 * over, and a power cut meanwhile leaves one that is not believed.
 *
 * Errors: %DFU_ERROR_INTERNAL: it could not be written; the old one is as it was, or is not
 * believed any more.
 */
gboolean dfu_journal_save(const char *path, const DfuJournalRecord *record, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Removes the journal, if there is one. */
void dfu_journal_remove(const char *path);

/** Removes from @folder the journals, damaged ones too, older than DFU_JOURNAL_MAX_AGE_S. */
void dfu_journal_clean_up(const char *folder);

G_END_DECLS

#endif
