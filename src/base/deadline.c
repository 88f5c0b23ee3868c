/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/deadline.h"

typedef struct {
  GSource source;
  DfuDeadlineFunc func;
  gpointer user_data;
} Deadline;

static gboolean on_reached(GSource *source, GSourceFunc callback G_GNUC_UNUSED,
                           gpointer user_data G_GNUC_UNUSED)
{
  Deadline *deadline = (Deadline *)source;

  g_source_set_ready_time(source, -1);
  deadline->func(deadline->user_data);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs deadline_funcs = {.dispatch = on_reached};

GSource *dfu_deadline_new(DfuDeadlineFunc func, gpointer user_data)
{
  GSource *source = g_source_new(&deadline_funcs, sizeof(Deadline));
  Deadline *deadline = (Deadline *)source;

  deadline->func = func;
  deadline->user_data = user_data;
  g_source_attach(source, NULL);
  return source;
}

void dfu_deadline_free(GSource *deadline)
{
  g_source_destroy(deadline);
  g_source_unref(deadline);
}

void dfu_deadline_set(GSource *deadline, gint64 at_us)
{
  g_source_set_ready_time(deadline, at_us == G_MAXINT64 ? -1 : at_us);
}
