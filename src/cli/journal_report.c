/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/journal_report.h"

#include "cli/output.h"
#include "cli/package_report.h"

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

/* The clock of a host may have been set back since. */
static gint64 get_age_s(const DfuJournalRecord *record)
{
  return MAX(g_get_real_time() / G_USEC_PER_SEC - record->saved_unix_s, 0);
}

static char *describe_age(gint64 age_s)
{
  static const struct {
    gint64 unit_s;
    const char *unit;
  } rows[] = { { DAY_S, "days" }, { HOUR_S, "h" }, { MINUTE_S, "min" } };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    if (age_s >= 2 * rows[i].unit_s)
      return g_strdup_printf("%" G_GINT64_FORMAT " %s ago", age_s / rows[i].unit_s, rows[i].unit);
  }
  return g_strdup_printf("%" G_GINT64_FORMAT " s ago", age_s);
}

char *dfu_journal_report_words(const DfuJournalRecord *record)
{
  const DfuTransfer *transfer = &record->transfer;
  g_autofree char *age = describe_age(get_age_s(record));

  if (!transfer->start_sent)
    return g_strdup_printf("next, after %u part%s of the package, %s", record->parts_done,
                           record->parts_done == 1 ? "" : "s", age);
  if (transfer->sent_bytes == 0)
    return g_strdup_printf("begun, nothing of its %u bytes sent, %s", record->image_bytes, age);
  /* Only what is at rest is known exactly: the journal runs ahead of what goes out. */
  return g_strdup_printf("%s%u of %u bytes sent, %s",
                         transfer->sent_bytes > transfer->confirmed_bytes ? "up to " : "",
                         transfer->sent_bytes, record->image_bytes, age);
}

cJSON *dfu_journal_report_json(const DfuJournalRecord *record)
{
  cJSON *fields = cJSON_CreateObject();

  dfu_json_add_text(fields, "package", record->package_name);
  cJSON_AddStringToObject(fields, "sha256", record->package_sha256);
  cJSON_AddStringToObject(fields, "part", dfu_package_report_type(record->part));
  cJSON_AddNumberToObject(fields, "parts_done", record->parts_done);
  cJSON_AddNumberToObject(fields, "image_bytes", record->image_bytes);
  cJSON_AddNumberToObject(fields, "sent_bytes", record->transfer.sent_bytes);
  cJSON_AddNumberToObject(fields, "confirmed_bytes", record->transfer.confirmed_bytes);
  cJSON_AddNumberToObject(fields, "age_s", (double)get_age_s(record));
  return fields;
}
