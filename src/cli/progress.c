/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <string.h>

#define TICK_MS 150
#define TENTH_PERCENT 10
#define LEAST_RATE_US (G_USEC_PER_SEC / 2) /* a rate over less is noise */
#define LEAST_BAR_COLUMNS 10u
#define MOST_BAR_COLUMNS 40u
#define LABEL_COLUMNS 13

struct DfuProgressBar {
  DfuOutput *output;
  gboolean is_drawn;
  guint timer;
  guint ticks;
  DfuProgress now;
  gint64 phase_began_us;
  gint64 stretch_began_us; /* the image goes out without a break since then, 0 for not yet */
  guint32 stretch_from_bytes;
  guint32 shown_bytes;     /* the most that was shown since the last Start */
  guint next_line_percent;
};

const char *dfu_progress_words(DfuPhase phase)
{
  switch (phase) {
  case DFU_PHASE_CONNECTING: return "connecting";
  case DFU_PHASE_ENTERING: return "entering the bootloader";
  case DFU_PHASE_RESTING: return "waiting until the target has forgotten the cut transfer";
  case DFU_PHASE_ASKING: return "asking what the target holds";
  case DFU_PHASE_STARTING: return "erasing flash";
  case DFU_PHASE_INIT: return "init packet";
  case DFU_PHASE_IMAGE: return "sending";
  case DFU_PHASE_VALIDATING: return "validating";
  case DFU_PHASE_ACTIVATING: return "activating";
  case DFU_PHASE_WATCHING: return "waiting for the device to come back";
  case DFU_PHASE_RESETTING: return "restarting the target";
  case DFU_PHASE_LEAVING: return "leaving the target in order";
  case DFU_PHASE_ENDED: return "ended";
  }
  return "unknown";
}

guint dfu_progress_percent(const DfuProgress *progress)
{
  if (progress->image_bytes == 0)
    return 0;
  return (guint)((guint64)progress->confirmed_bytes * 100 / progress->image_bytes);
}

guint dfu_progress_bar_get_rate(const DfuProgressBar *bar)
{
  gint64 passed_us = g_get_monotonic_time() - bar->stretch_began_us;

  if (bar->stretch_began_us == 0 || passed_us < LEAST_RATE_US ||
      bar->now.confirmed_bytes <= bar->stretch_from_bytes)
    return 0;
  return (guint)((gint64)(bar->now.confirmed_bytes - bar->stretch_from_bytes) * G_USEC_PER_SEC /
                 passed_us);
}

static gboolean has_bar(DfuPhase phase)
{
  return phase == DFU_PHASE_IMAGE || phase == DFU_PHASE_VALIDATING ||
         phase == DFU_PHASE_ACTIVATING;
}

static char moving_sign(const DfuProgressBar *bar)
{
  return "|/-\\"[bar->ticks % 4];
}

/* As much as fits into @columns; the first word, "47 %", is always there. */
static char *make_tail(const DfuProgressBar *bar, const DfuProgress *shown, guint columns)
{
  guint rate = dfu_progress_bar_get_rate(bar);
  guint left_s = rate > 0 ? (shown->image_bytes - shown->confirmed_bytes) / rate : 0;
  GString *tail = g_string_new(NULL);
  char parts[3][32];

  g_snprintf(parts[0], sizeof parts[0], "  %.1f/%.1f kB", shown->confirmed_bytes / 1000.0,
             shown->image_bytes / 1000.0);
  g_snprintf(parts[1], sizeof parts[1], "  %.1f kB/s", rate / 1000.0);
  g_snprintf(parts[2], sizeof parts[2], "  %u:%02u left", left_s / 60, left_s % 60);
  g_string_printf(tail, " %3u %%", dfu_progress_percent(shown));
  for (guint i = 0; i < (rate > 0 ? G_N_ELEMENTS(parts) : 1); i++) {
    if (tail->len + strlen(parts[i]) > columns)
      break;
    g_string_append(tail, parts[i]);
  }
  return g_string_free(tail, FALSE);
}

static void append_bar(GString *line, const DfuProgress *shown, guint columns)
{
  guint inner = MIN(columns, MOST_BAR_COLUMNS) - 2;
  guint filled = inner * dfu_progress_percent(shown) / 100;

  g_string_append_c(line, '[');
  for (guint i = 0; i < inner; i++)
    g_string_append_c(line, i < filled ? '#' : '-');
  g_string_append_c(line, ']');
}

static void append_transfer(GString *line, const DfuProgressBar *bar, guint columns)
{
  const guint fixed = LABEL_COLUMNS + 2; /* label, and the moving sign at the end */
  guint free_columns = columns > fixed ? columns - fixed : 0;
  guint tail_columns = free_columns > LEAST_BAR_COLUMNS ? free_columns - LEAST_BAR_COLUMNS : 0;
  DfuProgress shown = bar->now;
  g_autofree char *tail = NULL;

  shown.confirmed_bytes = bar->shown_bytes;
  tail = make_tail(bar, &shown, tail_columns);
  g_string_append_printf(line, "%-*s", LABEL_COLUMNS, dfu_progress_words(shown.phase));
  if (free_columns >= strlen(tail) + LEAST_BAR_COLUMNS)
    append_bar(line, &shown, free_columns - (guint)strlen(tail));
  g_string_append(line, tail);
  g_string_append_printf(line, " %c", moving_sign(bar));
}

static void append_waiting(GString *line, const DfuProgressBar *bar)
{
  gint64 waited_s = (g_get_monotonic_time() - bar->phase_began_us) / G_USEC_PER_SEC;

  g_string_append_printf(line, "%s %c %" G_GINT64_FORMAT " s", dfu_progress_words(bar->now.phase),
                         moving_sign(bar), waited_s);
  if (bar->now.phase == DFU_PHASE_STARTING)
    g_string_append(line, "  (the target is silent meanwhile, for up to 90 s)");
}

static void draw(DfuProgressBar *bar)
{
  guint columns = dfu_output_get_columns(bar->output) - 1; /* the last one would wrap */
  GString *line = g_string_new(NULL);

  if (has_bar(bar->now.phase))
    append_transfer(line, bar, columns);
  else
    append_waiting(line, bar);
  if (line->len > columns)
    g_string_truncate(line, columns);
  dfu_output_set_status(bar->output, line->str);
  g_string_free(line, TRUE);
}

static gboolean on_tick(gpointer data)
{
  DfuProgressBar *bar = data;

  bar->ticks++;
  draw(bar);
  return G_SOURCE_CONTINUE;
}

DfuProgressBar *dfu_progress_bar_new(DfuOutput *output)
{
  DfuProgressBar *bar = g_new0(DfuProgressBar, 1);

  bar->output = output;
  bar->phase_began_us = g_get_monotonic_time();
  bar->next_line_percent = TENTH_PERCENT;
  bar->is_drawn = dfu_output_is_terminal(output) && dfu_output_shows(output, DFU_LEVEL_NORMAL);
  if (bar->is_drawn)
    bar->timer = g_timeout_add(TICK_MS, on_tick, bar);
  return bar;
}

void dfu_progress_bar_free(DfuProgressBar *bar)
{
  if (bar == NULL)
    return;
  g_clear_handle_id(&bar->timer, g_source_remove);
  dfu_output_set_status(bar->output, NULL);
  g_free(bar);
}

static guint get_next_tenth(guint percent)
{
  return percent - percent % TENTH_PERCENT + TENTH_PERCENT;
}

static void enter_phase(DfuProgressBar *bar, const DfuProgress *progress)
{
  bar->phase_began_us = g_get_monotonic_time();
  if (progress->phase == DFU_PHASE_IMAGE) {
    bar->stretch_began_us = bar->phase_began_us;
    bar->stretch_from_bytes = progress->confirmed_bytes;
  } else if (progress->phase == DFU_PHASE_STARTING) {
    /* The target begins anew, and so does the bar, behind the parts that are done. */
    bar->shown_bytes = 0;
    bar->next_line_percent = get_next_tenth(dfu_progress_percent(progress));
  }
}

static void print_tenth(DfuProgressBar *bar)
{
  guint percent = dfu_progress_percent(&bar->now);
  guint rate = dfu_progress_bar_get_rate(bar);
  g_autofree char *speed = rate > 0 ? g_strdup_printf(", %.1f kB/s", rate / 1000.0) : g_strdup("");

  if (percent < bar->next_line_percent)
    return;
  dfu_output_note(bar->output, DFU_LEVEL_NORMAL, "%3u %%  %u of %u bytes%s",
                  percent - percent % TENTH_PERCENT, bar->now.confirmed_bytes,
                  bar->now.image_bytes, speed);
  bar->next_line_percent = get_next_tenth(percent);
}

void dfu_progress_bar_update(DfuProgressBar *bar, const DfuProgress *progress)
{
  gboolean is_news = progress->phase != bar->now.phase ||
                     dfu_progress_percent(progress) != dfu_progress_percent(&bar->now);

  if (progress->phase != bar->now.phase)
    enter_phase(bar, progress);
  bar->now = *progress;
  bar->shown_bytes = MAX(bar->shown_bytes, progress->confirmed_bytes);
  if (bar->is_drawn && is_news && progress->phase != DFU_PHASE_ENDED)
    draw(bar);
  else if (!bar->is_drawn && has_bar(progress->phase))
    print_tenth(bar);
}
