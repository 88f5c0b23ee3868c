/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/keeper.h"

#define SHORT_SHA256 12

struct DfuKeeper {
  char *folder;
  char *path; /* (nullable): once the device is known */
  const DfuPart *const *parts;
  guint n_parts;
  guint index; /* of the part under way; n_parts once all are done */
  guint done_before; /* parts of the package that are done and not among ours */
  gboolean is_open;
  gboolean is_by_bootloader; /* the address it was opened by is where the application was sent to */
  gboolean may_resume;
  gboolean is_passed_over; /* @found tells of an update, and this run does not go on with it */
  gboolean looks_away; /* though it could */
  gboolean has_begun; /* the target has given up what @found tells of for our transfer */
  DfuJournalRecord ours;
  DfuJournalRecord found;
  const DfuJournalRecord *there; /* (nullable): whose update the file tells of */
  gboolean is_behind; /* the file could not be written last time */
  char *other;
};

static guint32 get_image_bytes(const DfuPart *part)
{
  return (guint32)g_bytes_get_size(part->image);
}

static void take_index(DfuKeeper *keeper, guint index)
{
  keeper->index = index;
  keeper->ours.parts_done = keeper->done_before + index;
  if (index == keeper->n_parts)
    return;
  keeper->ours.part = keeper->parts[index]->type;
  keeper->ours.image_bytes = get_image_bytes(keeper->parts[index]);
}

DfuKeeper *dfu_keeper_new(const char *folder, const DfuPackage *package, const char *package_name,
                          const DfuPart *const *parts, guint n_parts, gboolean may_resume)
{
  DfuKeeper *keeper = g_new0(DfuKeeper, 1);

  keeper->folder = g_strdup(folder);
  keeper->may_resume = may_resume;
  keeper->parts = parts;
  keeper->n_parts = n_parts;
  keeper->ours.package_name = g_strdup(package_name);
  if (package != NULL)
    g_strlcpy(keeper->ours.package_sha256, dfu_package_get_sha256(package),
              sizeof(keeper->ours.package_sha256));
  take_index(keeper, 0);
  return keeper;
}

void dfu_keeper_free(DfuKeeper *keeper)
{
  if (keeper == NULL)
    return;
  dfu_journal_record_clear(&keeper->ours);
  dfu_journal_record_clear(&keeper->found);
  g_free(keeper->folder);
  g_free(keeper->path);
  g_free(keeper->other);
  g_free(keeper);
}

static gboolean is_of_our_package(const DfuKeeper *keeper)
{
  return g_str_equal(keeper->found.package_sha256, keeper->ours.package_sha256);
}

/**
 * Which of our parts the journal speaks of; n_parts for none, or where one of ours that comes
 * before it is not done.
 */
static guint find_part(const DfuKeeper *keeper)
{
  const DfuJournalRecord *found = &keeper->found;
  guint index = 0;

  if (!is_of_our_package(keeper))
    return keeper->n_parts;
  while (index < keeper->n_parts && (keeper->parts[index]->type != found->part ||
                                     get_image_bytes(keeper->parts[index]) != found->image_bytes))
    index++;
  return index <= found->parts_done ? index : keeper->n_parts;
}

/**
 * Whether a target that refused an init packet of another package takes ours: all that it knows
 * of an image by then is its size.
 */
static gboolean may_go_on_from_refused(const DfuKeeper *keeper)
{
  const DfuJournalRecord *found = &keeper->found;

  return found->transfer.init_refused && keeper->n_parts > 0 &&
         keeper->parts[0]->type == found->part &&
         get_image_bytes(keeper->parts[0]) == found->image_bytes;
}

/* Names alone do not tell packages apart: most are called the same in every build. */
static char *name_other(const DfuKeeper *keeper)
{
  const DfuJournalRecord *found = &keeper->found;

  if (is_of_our_package(keeper))
    return g_strdup_printf("another part of this package, the %s (--only %s)",
                           dfu_image_type_to_string(found->part),
                           found->part == DFU_IMAGE_APPLICATION ? "app" : "system");
  return g_strdup_printf("another package, %s (SHA-256 %.*s...)", found->package_name, SHORT_SHA256,
                         found->package_sha256);
}

static char *describe_other(const DfuKeeper *keeper)
{
  const DfuJournalRecord *found = &keeper->found;
  g_autofree char *name = name_other(keeper);

  if (found->transfer.init_refused)
    return g_strdup_printf("%s, whose init packet it refused. It waits for a package that is "
                           "right, with an image of %u bytes", name, found->image_bytes);
  return g_strdup_printf("%s. Sending that one goes on where it stopped", name);
}

/** A part whose Activate was acknowledged is done, though nobody lived to write it down. */
static const DfuJournalRecord *go_on_from_found(DfuKeeper *keeper, guint index)
{
  if (keeper->found.transfer.activate_acknowledged) {
    keeper->found.transfer = (DfuTransfer){0};
    index++;
  }
  if (index == keeper->n_parts)
    return NULL;
  take_index(keeper, index);
  if (is_of_our_package(keeper) && keeper->found.part == keeper->ours.part)
    keeper->there = &keeper->ours;
  keeper->found.parts_done = keeper->ours.parts_done;
  keeper->found.part = keeper->ours.part;
  keeper->found.image_bytes = keeper->ours.image_bytes;
  return &keeper->found;
}

/** What @found tells of an update, and whether this run can go on with that. */
static const DfuJournalRecord *take_found(DfuKeeper *keeper)
{
  const DfuJournalRecord *found = &keeper->found;
  guint index = find_part(keeper);
  gboolean is_ours = index < keeper->n_parts;
  gboolean is_of_use = is_ours || may_go_on_from_refused(keeper);

  keeper->looks_away = !keeper->may_resume && is_of_use;
  keeper->is_passed_over = !is_of_use || keeper->looks_away;
  keeper->there = found;
  if (keeper->looks_away)
    return NULL;
  if (is_of_use) {
    keeper->done_before = is_ours ? found->parts_done - index : 0;
    return go_on_from_found(keeper, is_ours ? index : 0);
  }
  if (keeper->n_parts > 0 && found->transfer.start_sent &&
      !found->transfer.activate_acknowledged)
    keeper->other = describe_other(keeper);
  return NULL;
}

const DfuJournalRecord *dfu_keeper_open(DfuKeeper *keeper, const char *address, char **warning,
                                        GError **error)
{
  g_autofree char *own = dfu_journal_path(keeper->folder, address);
  g_autoptr(GError) unreadable = NULL;

  *warning = NULL;
  if (keeper->is_open)
    return NULL;
  keeper->is_open = TRUE;
  keeper->path = dfu_journal_find(keeper->folder, address);
  keeper->is_by_bootloader = !g_str_equal(keeper->path, own);
  if (!dfu_journal_load(keeper->path, &keeper->found, warning, &unreadable)) {
    if (unreadable != NULL) {
      g_clear_pointer(&keeper->path, g_free);
      g_propagate_error(error, g_steal_pointer(&unreadable));
    }
    return NULL;
  }
  keeper->ours.was_entered = keeper->found.was_entered;
  return dfu_journal_has_update(&keeper->found) ? take_found(keeper) : NULL;
}

gboolean dfu_keeper_is_open(const DfuKeeper *keeper)
{
  return keeper->is_open;
}

guint dfu_keeper_get_index(const DfuKeeper *keeper)
{
  return keeper->index;
}

guint16 dfu_keeper_get_most_window(const DfuKeeper *keeper)
{
  return keeper->may_resume ? (guint16)keeper->found.most_window_packets : 0;
}

gboolean dfu_keeper_may_be_above(const DfuKeeper *keeper)
{
  return keeper->ours.was_entered && !keeper->is_by_bootloader;
}

gboolean dfu_keeper_set_entered(DfuKeeper *keeper, gboolean was_entered)
{
  gboolean is_news = keeper->is_open && keeper->ours.was_entered != was_entered;

  keeper->ours.was_entered = was_entered;
  return is_news;
}

void dfu_keeper_advance(DfuKeeper *keeper)
{
  take_index(keeper, keeper->index + 1);
  if (keeper->there == &keeper->ours)
    keeper->there = &keeper->found; /* of a part that is done: not of ours any more */
  if (keeper->index < keeper->n_parts)
    return;
  keeper->ours.parts_done = 0; /* the next run begins with the first */
  keeper->ours.was_entered = false; /* and the device runs its application */
}

static void remove_file(DfuKeeper *keeper)
{
  dfu_journal_remove(keeper->path);
  keeper->there = NULL;
}

/** What a file tells that could not be written is older, but true as long as it is of the same. */
static gboolean write_file(DfuKeeper *keeper, const DfuJournalRecord *record, GError **error)
{
  g_autoptr(GError) cause = NULL;
  gboolean was_behind = keeper->is_behind;

  keeper->is_behind = !dfu_journal_save(keeper->path, record, &cause);
  if (!keeper->is_behind) {
    keeper->there = dfu_journal_has_update(record) ? record : NULL;
    return TRUE;
  }
  if (keeper->there != NULL && (keeper->there != record || !dfu_journal_has_update(record)))
    remove_file(keeper);
  if (was_behind)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&cause));
  return FALSE;
}

gboolean dfu_keeper_save(DfuKeeper *keeper, const DfuTransfer *transfer,
                         guint16 most_window_packets, GError **error)
{
  if (keeper->path == NULL)
    return TRUE;
  /* What is over says nothing of the part that comes next. */
  keeper->ours.transfer = transfer->start_sent ? *transfer : (DfuTransfer){0};
  keeper->ours.most_window_packets = most_window_packets;
  keeper->has_begun |= transfer->start_accepted;
  if (!dfu_journal_has_update(&keeper->ours)) {
    keeper->found.was_entered = keeper->ours.was_entered;
    if (keeper->is_passed_over && !keeper->has_begun)
      return write_file(keeper, &keeper->found, error); /* it was in our way, and is */
    if (most_window_packets == 0 && !keeper->ours.was_entered) {
      remove_file(keeper);
      keeper->is_behind = FALSE;
      return TRUE;
    }
  }
  return write_file(keeper, &keeper->ours, error);
}

gboolean dfu_keeper_is_kept(const DfuKeeper *keeper)
{
  return keeper->path != NULL && !keeper->is_behind;
}

const char *dfu_keeper_get_other(const DfuKeeper *keeper)
{
  return keeper->other;
}

gboolean dfu_keeper_looks_away(const DfuKeeper *keeper)
{
  return keeper->looks_away;
}
