/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The journal as a file: a line with a checksum, then a key file. What the
 * checksum does not cover is not believed.
 */
#include "dfu/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/printable.h"

#define MAGIC "# dfu-ble journal 4 "
#define SUFFIX ".journal"
#define DAMAGED_SUFFIX ".damaged"
#define MAX_BYTES 4096
#define CHECKSUM_LEN 64

void dfu_journal_record_clear(DfuJournalRecord *record)
{
  g_free(record->package_name);
  *record = (DfuJournalRecord){0};
}

gboolean dfu_journal_has_update(const DfuJournalRecord *record)
{
  return record->transfer.start_sent || record->parts_done > 0;
}

char *dfu_journal_path(const char *folder, const char *address)
{
  g_autofree char *word = g_ascii_strup(address, -1);
  g_autofree char *file = g_strconcat(word, SUFFIX, NULL);

  return g_build_filename(folder, file, NULL);
}

/* --- the table of fields ------------------------------------------------------- */

typedef enum { FIELD_U32, FIELD_BOOL } FieldKind;

#define FIELD(group, kind, name, member)                                                           \
  {                                                                                                \
    group, name, kind, offsetof(DfuJournalRecord, member)                                          \
  }

static const struct {
  const char *group;
  const char *key;
  FieldKind kind;
  gsize offset;
} fields[] = {
  FIELD("package", FIELD_U32, "image_bytes", image_bytes),
  FIELD("package", FIELD_U32, "parts_done", parts_done),
  FIELD("device", FIELD_U32, "most_window_packets", most_window_packets),
  FIELD("device", FIELD_BOOL, "was_entered", was_entered),
  FIELD("transfer", FIELD_BOOL, "start_sent", transfer.start_sent),
  FIELD("transfer", FIELD_BOOL, "start_accepted", transfer.start_accepted),
  FIELD("transfer", FIELD_BOOL, "init_sent", transfer.init_sent),
  FIELD("transfer", FIELD_BOOL, "init_refused", transfer.init_refused),
  FIELD("transfer", FIELD_BOOL, "init_accepted", transfer.init_accepted),
  FIELD("transfer", FIELD_BOOL, "validate_sent", transfer.validate_sent),
  FIELD("transfer", FIELD_BOOL, "activate_sent", transfer.activate_sent),
  FIELD("transfer", FIELD_BOOL, "activate_acknowledged", transfer.activate_acknowledged),
  FIELD("transfer", FIELD_U32, "packet_bytes", transfer.packet_bytes),
  FIELD("transfer", FIELD_U32, "sent_bytes", transfer.sent_bytes),
  FIELD("transfer", FIELD_U32, "confirmed_bytes", transfer.confirmed_bytes),
};

static void put_field(GKeyFile *file, gsize index, const DfuJournalRecord *record)
{
  const char *at = (const char *)record + fields[index].offset;
  guint64 value;

  if (fields[index].kind == FIELD_BOOL)
    value = *(const bool *)at ? 1 : 0;
  else
    value = *(const guint32 *)at;
  g_key_file_set_uint64(file, fields[index].group, fields[index].key, value);
}

static gboolean get_field(GKeyFile *file, gsize index, DfuJournalRecord *record)
{
  char *at = (char *)record + fields[index].offset;
  g_autoptr(GError) error = NULL;
  guint64 value = g_key_file_get_uint64(file, fields[index].group, fields[index].key, &error);

  if (error != NULL || value > (fields[index].kind == FIELD_BOOL ? 1 : G_MAXUINT32))
    return FALSE;
  if (fields[index].kind == FIELD_BOOL)
    *(bool *)at = value == 1;
  else
    *(guint32 *)at = (guint32)value;
  return TRUE;
}

/* --- reading ------------------------------------------------------------------- */

static gboolean is_sha256(const char *text)
{
  return strlen(text) == CHECKSUM_LEN && strspn(text, "0123456789abcdef") == CHECKSUM_LEN;
}

static gboolean names_part(const DfuJournalRecord *record)
{
  return record->image_bytes > 0 && record->part >= DFU_IMAGE_SOFTDEVICE &&
         record->part <= DFU_IMAGE_APPLICATION && is_sha256(record->package_sha256);
}

static gboolean is_consistent(const DfuJournalRecord *record)
{
  const DfuTransfer *transfer = &record->transfer;

  return (names_part(record) || !dfu_journal_has_update(record)) &&
         transfer->sent_bytes <= record->image_bytes &&
         transfer->confirmed_bytes <= transfer->sent_bytes &&
         transfer->packet_bytes <= G_MAXUINT16 &&
         record->most_window_packets <= G_MAXUINT16;
}

static gboolean read_record(GKeyFile *file, DfuJournalRecord *record)
{
  g_autofree char *sha256 = g_key_file_get_string(file, "package", "sha256", NULL);
  g_autofree char *name = g_key_file_get_string(file, "package", "name", NULL);

  if (sha256 == NULL || name == NULL)
    return FALSE;
  g_strlcpy(record->package_sha256, sha256, sizeof(record->package_sha256));
  record->package_name = dfu_printable(name, -1);
  record->part = (DfuImageType)g_key_file_get_integer(file, "package", "part", NULL);
  record->saved_unix_s = g_key_file_get_int64(file, "device", "saved", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
    if (!get_field(file, i, record))
      return FALSE;
  return is_consistent(record);
}

/** The key file behind the first line, if the checksum there is that of the rest. */
static const char *check(const char *text)
{
  const char *checksum = text + strlen(MAGIC);
  const char *rest;
  g_autofree char *computed = NULL;

  if (!g_str_has_prefix(text, MAGIC) || strlen(checksum) <= CHECKSUM_LEN ||
      checksum[CHECKSUM_LEN] != '\n')
    return NULL;
  rest = checksum + CHECKSUM_LEN + 1;
  computed = g_compute_checksum_for_string(G_CHECKSUM_SHA256, rest, -1);
  return strncmp(computed, checksum, CHECKSUM_LEN) == 0 ? rest : NULL;
}

static gboolean parse(const char *text, DfuJournalRecord *record)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  const char *rest = check(text);

  return rest != NULL && g_key_file_load_from_data(file, rest, (gsize)-1, G_KEY_FILE_NONE, NULL) &&
         read_record(file, record);
}

static char *set_aside(const char *path)
{
  g_autofree char *aside = g_strconcat(path, DAMAGED_SUFFIX, NULL);

  if (g_rename(path, aside) != 0)
    return g_strdup_printf("the journal %s is damaged, or of another version, and was not believed",
                           path);
  return g_strdup_printf("the journal of an earlier run was damaged, or of another version; it was "
                         "not believed, and is now %s",
                         aside);
}

typedef enum {
  FILE_ABSENT,
  FILE_UNREADABLE, /* which says nothing of what is in it */
  FILE_DAMAGED,    /* or of another version */
  FILE_SOUND,
} FileState;

static FileState set_unreadable(const GError *cause, GError **error)
{
  gboolean is_denied = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ACCES);

  if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
      g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
    return FILE_ABSENT;
  g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL,
              "the journal cannot be read: %s. It may tell of a transfer under way: %s",
              cause->message, is_denied ? "run this as its owner" : "see to that first");
  return FILE_UNREADABLE;
}

/** @record is empty unless the file is sound. */
static FileState read_file(const char *path, DfuJournalRecord *record, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) cause = NULL;
  GStatBuf info;

  *record = (DfuJournalRecord){0};
  if (g_stat(path, &info) == 0 && info.st_size > MAX_BYTES)
    return FILE_DAMAGED;
  if (!g_file_get_contents(path, &text, NULL, &cause))
    return set_unreadable(cause, error);
  if (parse(text, record))
    return FILE_SOUND;
  dfu_journal_record_clear(record);
  return FILE_DAMAGED;
}

/** Whether the file at @path, of an application, tells of its bootloader, as far as is known. */
static gboolean tells_of_bootloader(const char *path)
{
  g_auto(DfuJournalRecord) record = {0};
  FileState state = read_file(path, &record, NULL);

  return state == FILE_UNREADABLE || (state == FILE_SOUND && record.was_entered);
}

char *dfu_journal_find(const char *folder, const char *address)
{
  g_autofree char *own = dfu_journal_path(folder, address);
  g_autofree char *below = dfu_address_step(address, -1);
  g_autofree char *other = dfu_journal_path(folder, below);
  g_auto(DfuJournalRecord) record = {0};

  if (read_file(own, &record, NULL) == FILE_ABSENT && tells_of_bootloader(other))
    return g_steal_pointer(&other);
  return g_steal_pointer(&own);
}

gboolean dfu_journal_load(const char *path, DfuJournalRecord *record, char **warning,
                          GError **error)
{
  FileState state = read_file(path, record, error);

  *warning = state == FILE_DAMAGED ? set_aside(path) : NULL;
  return state == FILE_SOUND;
}

/* --- writing ------------------------------------------------------------------- */

static char *format(const DfuJournalRecord *record)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  g_autofree char *rest = NULL;
  g_autofree char *checksum = NULL;

  g_key_file_set_string(file, "package", "sha256", record->package_sha256);
  g_key_file_set_string(file, "package", "name", record->package_name);
  g_key_file_set_integer(file, "package", "part", (gint)record->part);
  g_key_file_set_int64(file, "device", "saved", g_get_real_time() / G_USEC_PER_SEC);
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
    put_field(file, i, record);
  rest = g_key_file_to_data(file, NULL, NULL);
  checksum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, rest, -1);
  return g_strconcat(MAGIC, checksum, "\n", rest, NULL);
}

/*
 * The journal that is there, in its own place on the disk: where that is full, nothing else has
 * room. What a power cut leaves half written the checksum does not cover.
 */
static gboolean write_over(const char *path, const char *text)
{
  gsize len = strlen(text);
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  gboolean ok = fd >= 0 && pwrite(fd, text, len, 0) == (gssize)len &&
                ftruncate(fd, (off_t)len) == 0 && fsync(fd) == 0;

  if (fd >= 0)
    close(fd);
  return ok;
}

gboolean dfu_journal_save(const char *path, const DfuJournalRecord *record, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *text = format(record);
  g_autoptr(GError) cause = NULL;

  if (g_mkdir_with_parents(folder, 0700) != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "the journal's folder %s: %s", folder,
                g_strerror(errno));
    return FALSE;
  }
  if (!g_file_set_contents_full(path, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &cause) &&
      !write_over(path, text)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "the journal could not be written: %s",
                cause->message);
    return FALSE;
  }
  return TRUE;
}

void dfu_journal_remove(const char *path)
{
  g_unlink(path); /* where there is none, nothing is wrong */
}

static gboolean is_journal(const char *name)
{
  return g_str_has_suffix(name, SUFFIX) || g_str_has_suffix(name, SUFFIX DAMAGED_SUFFIX);
}

void dfu_journal_clean_up(const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  gint64 oldest_s = g_get_real_time() / G_USEC_PER_SEC - DFU_JOURNAL_MAX_AGE_S;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    GStatBuf info;

    if (is_journal(name) && g_stat(path, &info) == 0 && info.st_mtime < oldest_s)
      g_unlink(path);
  }
}
