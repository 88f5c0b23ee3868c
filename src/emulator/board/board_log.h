/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The log of an emulated board: one line for each thing that happens on the
 * control point, with the time since the start. Packets are counted, and the
 * count is written before the next line.
 */
#ifndef DFU_EMULATOR_BOARD_BOARD_LOG_H
#define DFU_EMULATOR_BOARD_BOARD_LOG_H

#include <glib.h>

typedef struct DfuBoardLog DfuBoardLog;

/**
 * dfu_board_log_new:
 * @path: (nullable): a file, replaced; "-" for standard error; NULL for no log
 *
 * Errors: %DFU_ERROR_USAGE: the file cannot be written.
 * Returns: (transfer full) (nullable): the log
 */
DfuBoardLog *dfu_board_log_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void dfu_board_log_free(DfuBoardLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBoardLog, dfu_board_log_free)

/** One line of text. */
void dfu_board_log_line(DfuBoardLog *log, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Beside 0 and the ATT errors: nothing came back to the central. */
enum { DFU_BOARD_LOG_UNANSWERED = 0x100 };

/** "> 01 04  Start -> ok", or "-> ATT error 0xfd", or "-> no answer", by @result. */
void dfu_board_log_request(DfuBoardLog *log, const guint8 *bytes, gsize len, guint result);

/** "< 10 01 01  Start: success", with ", not heard" if it was not. */
void dfu_board_log_notification(DfuBoardLog *log, const guint8 *bytes, gsize len, gboolean heard);

/** Counts a packet; @received_bytes is the board's count after it. Writes nothing yet. */
void dfu_board_log_packet(DfuBoardLog *log, gsize len, guint32 received_bytes);

#endif
