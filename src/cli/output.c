/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/printable.h"
#include "cli/exit_code.h"

#define DEFAULT_COLUMNS 80
#define REPLACEMENT_CHARACTER "\xef\xbf\xbd"

struct DfuOutput {
  gboolean json;
  DfuLevel level;
  gboolean on_terminal;
  char *status;
  char *advice;
  cJSON *result;
  gint64 began_us;
  int stdout_errno; /* of the first write that failed; nothing is written after it */
};

DfuOutput *dfu_output_new(void)
{
  DfuOutput *output = g_new0(DfuOutput, 1);

  output->on_terminal = isatty(STDERR_FILENO);
  output->result = cJSON_CreateObject();
  output->began_us = g_get_monotonic_time();
  return output;
}

void dfu_output_free(DfuOutput *output)
{
  if (output == NULL)
    return;
  g_free(output->status);
  g_free(output->advice);
  cJSON_Delete(output->result);
  g_free(output);
}

void dfu_output_configure(DfuOutput *output, gboolean json, DfuLevel level)
{
  output->json = json;
  output->level = level;
}

gboolean dfu_output_is_json(const DfuOutput *output)
{
  return output->json;
}

gboolean dfu_output_shows(const DfuOutput *output, DfuLevel level)
{
  return level <= output->level;
}

gboolean dfu_output_is_terminal(const DfuOutput *output)
{
  return output->on_terminal;
}

guint dfu_output_get_columns(const DfuOutput *output)
{
  struct winsize size;

  if (!output->on_terminal || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return DEFAULT_COLUMNS;
  return size.ws_col;
}

/* The last guard of the terminal; names were made printable where they came in. */
static char *make_harmless(const char *raw)
{
  g_autofree char *valid = g_utf8_make_valid(raw, -1);
  GString *text = g_string_new(NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);

    if (c == '\n' || dfu_is_harmless(c))
      g_string_append_unichar(text, c);
    else
      g_string_append(text, REPLACEMENT_CHARACTER);
  }
  return g_string_free(text, FALSE);
}

static void clear_status_line(const DfuOutput *output)
{
  if (output->status != NULL)
    fprintf(stderr, "\r%*s\r", (int)strlen(output->status), "");
}

static void draw_status_line(const DfuOutput *output)
{
  if (output->status != NULL)
    fputs(output->status, stderr);
}

void dfu_output_set_status(DfuOutput *output, const char *text)
{
  size_t old_columns = output->status != NULL ? strlen(output->status) : 0;
  size_t most_columns = dfu_output_get_columns(output) - 1;

  if (text == NULL) {
    clear_status_line(output);
    g_clear_pointer(&output->status, g_free);
    return;
  }
  g_free(output->status);
  output->status = g_strdup(text);
  /* Overwritten, not cleared first: nothing flickers. */
  fprintf(stderr, "\r%-*s", (int)MIN(old_columns, most_columns), text);
}

static void write_stderr(DfuOutput *output, const char *text)
{
  g_autofree char *harmless = make_harmless(text);

  clear_status_line(output);
  fprintf(stderr, "%s\n", harmless);
  draw_status_line(output);
}

static void write_stdout(DfuOutput *output, const char *text)
{
  if (output->stdout_errno != 0)
    return;
  clear_status_line(output);
  errno = 0;
  if (printf("%s\n", text) < 0 || fflush(stdout) != 0)
    output->stdout_errno = errno != 0 ? errno : EIO;
  draw_status_line(output);
}

void dfu_output_say(DfuOutput *output, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *harmless = NULL;
  va_list arguments;

  va_start(arguments, format);
  text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  if (output->json) {
    write_stderr(output, text);
    return;
  }
  harmless = make_harmless(text);
  write_stdout(output, harmless);
}

void dfu_output_note(DfuOutput *output, DfuLevel level, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  if (!dfu_output_shows(output, level))
    return;
  va_start(arguments, format);
  text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  write_stderr(output, text);
}

static void move_items(cJSON *from, cJSON *to)
{
  cJSON *item;

  while ((item = cJSON_DetachItemFromArray(from, 0)) != NULL)
    cJSON_AddItemToArray(to, item);
}

static void append_escaped(GString *text, gunichar c)
{
  if (c <= 0xffff)
    g_string_append_printf(text, "\\u%04x", c);
  else
    g_string_append_printf(text, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

/* In JSON what is not harmless stands in strings alone, and can be told without being shown. */
static char *escape_json(const char *json)
{
  GString *text = g_string_new(NULL);

  for (const char *at = json; *at != '\0'; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);

    if (dfu_is_harmless(c))
      g_string_append_unichar(text, c);
    else
      append_escaped(text, c);
  }
  return g_string_free(text, FALSE);
}

static void write_event(DfuOutput *output, const cJSON *event)
{
  char *json = cJSON_PrintUnformatted(event);
  g_autofree char *line = escape_json(json);

  write_stdout(output, line);
  cJSON_free(json);
}

void dfu_output_event(DfuOutput *output, const char *name, cJSON *fields)
{
  cJSON *event = cJSON_CreateObject();

  cJSON_AddStringToObject(event, "event", name);
  move_items(fields, event);
  cJSON_Delete(fields);
  if (output->json)
    write_event(output, event);
  cJSON_Delete(event);
}

void dfu_output_warn(DfuOutput *output, const char *text)
{
  cJSON *fields = cJSON_CreateObject();

  dfu_json_add_text(fields, "text", text);
  dfu_output_event(output, "warning", fields);
  dfu_output_note(output, DFU_LEVEL_NORMAL, "dfu-ble: warning: %s", text);
}

cJSON *dfu_output_get_result(DfuOutput *output)
{
  return output->result;
}

void dfu_output_set_advice(DfuOutput *output, const char *text)
{
  if (output->advice == NULL)
    output->advice = g_strdup(text);
}

static void write_result(DfuOutput *output, const GError *error)
{
  cJSON *fields = cJSON_CreateObject();

  cJSON_AddBoolToObject(fields, "ok", error == NULL);
  cJSON_AddNumberToObject(fields, "exit_code", dfu_exit_code(error));
  if (error != NULL)
    dfu_json_add_text(fields, "error", error->message);
  dfu_json_add_seconds(fields, "duration_s", g_get_monotonic_time() - output->began_us);
  move_items(output->result, fields);
  dfu_output_event(output, "result", fields);
}

static void close_stdout(DfuOutput *output)
{
  errno = 0;
  if (fclose(stdout) != 0 && output->stdout_errno == 0)
    output->stdout_errno = errno != 0 ? errno : EIO;
}

int dfu_output_finish(DfuOutput *output, const GError *error)
{
  dfu_output_set_status(output, NULL);
  write_result(output, error);
  close_stdout(output);
  if (output->stdout_errno != 0)
    dfu_output_note(output, DFU_LEVEL_QUIET,
                    "dfu-ble: cannot write standard output: %s; what the command did stands, "
                    "only its report is incomplete",
                    g_strerror(output->stdout_errno));
  if (error != NULL)
    dfu_output_note(output, DFU_LEVEL_QUIET, "dfu-ble: %s", error->message);
  if (error != NULL && output->advice != NULL)
    dfu_output_note(output, DFU_LEVEL_QUIET, "%s", output->advice);
  if (error == NULL && output->stdout_errno != 0)
    return DFU_ERROR_INTERNAL;
  return dfu_exit_code(error);
}

void dfu_json_add_text(cJSON *object, const char *key, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL) {
    cJSON_AddNullToObject(object, key);
    return;
  }
  valid = g_utf8_make_valid(text, -1);
  cJSON_AddStringToObject(object, key, valid);
}

void dfu_json_add_seconds(cJSON *object, const char *key, gint64 microseconds)
{
  cJSON_AddNumberToObject(object, key, (double)(microseconds / 1000) / 1000.0);
}
