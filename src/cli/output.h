/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the program says: results on standard output, as text or as one JSON
 * object a line, and everything else on standard error. It is the only writer
 * of both. It knows nothing of packages, devices or phases.
 *
 * With JSON, text for people goes to standard error throughout. Control
 * characters never reach a terminal, whatever the text came from.
 */
#ifndef DFU_CLI_OUTPUT_H
#define DFU_CLI_OUTPUT_H

#include <cjson/cJSON.h>
#include <glib.h>

/** How much is said on standard error. */
typedef enum {
  DFU_LEVEL_QUIET = -1, /* errors only */
  DFU_LEVEL_NORMAL,
  DFU_LEVEL_VERBOSE,
  DFU_LEVEL_BYTES, /* every byte on the control point as well */
} DfuLevel;

typedef struct DfuOutput DfuOutput;

/** Plain text at DFU_LEVEL_NORMAL until dfu_output_configure() says otherwise. */
DfuOutput *dfu_output_new(void);

void dfu_output_free(DfuOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuOutput, dfu_output_free)

void dfu_output_configure(DfuOutput *output, gboolean json, DfuLevel level);

gboolean dfu_output_is_json(const DfuOutput *output);

/** Whether messages at @level are shown. */
gboolean dfu_output_shows(const DfuOutput *output, DfuLevel level);

/** Whether standard error is a terminal that may carry a status line. */
gboolean dfu_output_is_terminal(const DfuOutput *output);

/** Columns of that terminal, as of now; 80 where it does not tell. */
guint dfu_output_get_columns(const DfuOutput *output);

/** A line of the command's result. */
void dfu_output_say(DfuOutput *output, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** A line on standard error, where messages at @level are shown. */
void dfu_output_note(DfuOutput *output, DfuLevel level, const char *format, ...)
  G_GNUC_PRINTF(3, 4);

/** A warning: a line on standard error and, with JSON, a `warning` event. */
void dfu_output_warn(DfuOutput *output, const char *text);

/**
 * dfu_output_event:
 * @name: value of "event"
 * @fields: (transfer full): an object with the other keys
 *
 * With JSON, one line on standard output; otherwise nothing.
 */
void dfu_output_event(DfuOutput *output, const char *name, cJSON *fields);

/**
 * dfu_output_set_status:
 * @text: (nullable): printable ASCII shorter than the terminal is wide; NULL to take it away
 *
 * The line that changes in place, on a terminal. Other lines appear above it.
 */
void dfu_output_set_status(DfuOutput *output, const char *text);

/** (transfer none): the object whose keys join the `result` event. */
cJSON *dfu_output_get_result(DfuOutput *output);

/** What to do next, printed after the error message, last of all. The first one given stays. */
void dfu_output_set_advice(DfuOutput *output, const char *text);

/**
 * dfu_output_finish:
 * @error: (nullable): why the command failed
 *
 * The end: the error with its advice, the `result` event, and the proof that
 * standard output was written. To be called once.
 *
 * Returns: the program's exit status
 */
int dfu_output_finish(DfuOutput *output, const GError *error);

/** Adds @text to @object, made valid UTF-8; null where @text is NULL. */
void dfu_json_add_text(cJSON *object, const char *key, const char *text);

/** Adds @microseconds to @object in seconds, to the millisecond. */
void dfu_json_add_seconds(cJSON *object, const char *key, gint64 microseconds);

#endif
