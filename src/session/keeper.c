/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/keeper.h"

#define SHORT_SHA256 12

struct DfuKeeper {
  char *folder;
  char *path; /* (nullable): once the device is known, until writing fails */
  gboolean is_open;
  gboolean may_resume;
  DfuJournalRecord ours;
  DfuJournalRecord found;
  char *other;
};

DfuKeeper *dfu_keeper_new(const char *folder, const DfuJournalRecord *ours, gboolean may_resume)
{
  DfuKeeper *keeper = g_new0(DfuKeeper, 1);

  keeper->folder = g_strdup(folder);
  keeper->may_resume = may_resume;
  keeper->ours = *ours;
  keeper->ours.package_name = g_strdup(ours->package_name);
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

static gboolean is_ours(const DfuKeeper *keeper)
{
  return is_of_our_package(keeper) && keeper->found.part == keeper->ours.part &&
         keeper->found.image_bytes == keeper->ours.image_bytes;
}

/* Names alone do not tell packages apart: most are called the same in every build. */
static char *describe_other(const DfuKeeper *keeper)
{
  const DfuJournalRecord *found = &keeper->found;

  if (is_of_our_package(keeper))
    return g_strdup_printf("another part of this package, the %s",
                           dfu_image_type_to_string(found->part));
  return g_strdup_printf("another package, %s (SHA-256 %.*s...)", found->package_name, SHORT_SHA256,
                         found->package_sha256);
}

const DfuJournalRecord *dfu_keeper_open(DfuKeeper *keeper, const char *address, char **warning)
{
  *warning = NULL;
  if (keeper->is_open)
    return NULL;
  keeper->is_open = TRUE;
  keeper->path = dfu_journal_path(keeper->folder, address);
  if (!keeper->may_resume || !dfu_journal_load(keeper->path, &keeper->found, warning))
    return NULL;
  if (keeper->found.transfer.activate_acknowledged)
    return NULL;
  if (is_ours(keeper))
    return &keeper->found;
  keeper->other = describe_other(keeper);
  return NULL;
}

gboolean dfu_keeper_is_open(const DfuKeeper *keeper)
{
  return keeper->is_open;
}

gboolean dfu_keeper_save(DfuKeeper *keeper, const DfuTransfer *transfer, GError **error)
{
  if (keeper->path == NULL)
    return TRUE;
  keeper->ours.transfer = *transfer;
  if (!transfer->start_sent) {
    dfu_journal_remove(keeper->path);
    return TRUE;
  }
  if (dfu_journal_save(keeper->path, &keeper->ours, error))
    return TRUE;
  dfu_journal_remove(keeper->path); /* it would tell a later run what is true no more */
  g_clear_pointer(&keeper->path, g_free);
  return FALSE;
}

gboolean dfu_keeper_is_kept(const DfuKeeper *keeper)
{
  return keeper->path != NULL;
}

const char *dfu_keeper_get_other(const DfuKeeper *keeper)
{
  return keeper->other;
}

gboolean dfu_keeper_looks_away(const DfuKeeper *keeper)
{
  return !keeper->may_resume;
}
