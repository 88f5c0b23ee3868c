/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/board/board_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dfu/error.h"
#include "wire/wire.h"

enum { MAX_SHOWN_BYTES = 24 };

struct DfuBoardLog {
  FILE *stream; /* NULL: nothing is written */
  gint64 start_us;
  guint packets; /* since the last line */
  gsize packet_bytes;
  guint32 received_bytes;
};

DfuBoardLog *dfu_board_log_new(const char *path, GError **error)
{
  g_autoptr(DfuBoardLog) log = g_new0(DfuBoardLog, 1);

  log->start_us = g_get_monotonic_time();
  if (g_strcmp0(path, "-") == 0) {
    log->stream = stderr;
  } else if (path != NULL) {
    log->stream = fopen(path, "we");
    if (log->stream == NULL) {
      g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "Cannot write the log %s: %s.", path,
                  g_strerror(errno));
      return NULL;
    }
    setvbuf(log->stream, NULL, _IOLBF, 0);
  }
  return g_steal_pointer(&log);
}

static void write_packet_count(DfuBoardLog *log)
{
  if (log->packets == 0) {
    return;
  }
  fprintf(log->stream, "%11.6f  > %u packet%s, %zu bytes; received so far: %u\n",
          (double)(g_get_monotonic_time() - log->start_us) / G_USEC_PER_SEC, log->packets,
          log->packets == 1 ? "" : "s", log->packet_bytes, log->received_bytes);
  log->packets = 0;
  log->packet_bytes = 0;
}

void dfu_board_log_free(DfuBoardLog *log)
{
  if (log->stream != NULL) {
    write_packet_count(log);
    if (log->stream != stderr) {
      fclose(log->stream);
    }
  }
  g_free(log);
}

void dfu_board_log_line(DfuBoardLog *log, const char *format, ...)
{
  va_list args;

  if (log->stream == NULL) {
    return;
  }
  write_packet_count(log);
  fprintf(log->stream, "%11.6f  ",
          (double)(g_get_monotonic_time() - log->start_us) / G_USEC_PER_SEC);
  va_start(args, format);
  vfprintf(log->stream, format, args);
  va_end(args);
  fputc('\n', log->stream);
}

static char *format_bytes(const guint8 *bytes, gsize len)
{
  GString *text = g_string_new(NULL);

  for (gsize i = 0; i < MIN(len, MAX_SHOWN_BYTES); i++) {
    g_string_append_printf(text, i == 0 ? "%02x" : " %02x", bytes[i]);
  }
  if (len > MAX_SHOWN_BYTES) {
    g_string_append_printf(text, " … (%zu bytes)", len);
  }
  return g_string_free(text, FALSE);
}

void dfu_board_log_request(DfuBoardLog *log, const guint8 *bytes, gsize len, guint result)
{
  if (log->stream == NULL) {
    return;
  }

  g_autofree char *hex = format_bytes(bytes, len);
  const char *name = len > 0 ? dfu_wire_opcode_name(bytes[0]) : "empty write";

  if (result == 0) {
    dfu_board_log_line(log, "> %-20s %s -> ok", hex, name);
  } else if (result == DFU_BOARD_LOG_UNANSWERED) {
    dfu_board_log_line(log, "> %-20s %s -> no answer", hex, name);
  } else {
    dfu_board_log_line(log, "> %-20s %s -> ATT error 0x%02x", hex, name, result);
  }
}

void dfu_board_log_notification(DfuBoardLog *log, const guint8 *bytes, gsize len, gboolean heard)
{
  DfuNotification notification;

  if (log->stream == NULL) {
    return;
  }

  g_autofree char *hex = format_bytes(bytes, len);
  const char *lost = heard ? "" : ", not heard";

  if (dfu_wire_parse_notification(bytes, len, &notification) != DFU_WIRE_OK) {
    dfu_board_log_line(log, "< %-20s (malformed)%s", hex, lost);
  } else if (notification.kind == DFU_NOTIFICATION_RECEIPT) {
    dfu_board_log_line(log, "< %-20s receipt: %u bytes%s", hex, notification.received_bytes, lost);
  } else {
    dfu_board_log_line(log, "< %-20s %s: %s%s", hex, dfu_wire_opcode_name(notification.opcode),
                       dfu_wire_status_name(notification.status), lost);
  }
}

void dfu_board_log_packet(DfuBoardLog *log, gsize len, guint32 received_bytes)
{
  if (log->stream == NULL) {
    return;
  }
  log->packets++;
  log->packet_bytes += len;
  log->received_bytes = received_bytes;
}
