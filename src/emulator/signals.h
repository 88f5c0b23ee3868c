/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The signals that end a program or are meant for it, as events of the main
 * loop that tell where they came from.
 */
#ifndef DFU_EMULATOR_SIGNALS_H
#define DFU_EMULATOR_SIGNALS_H

#include <glib.h>

/**
 * @from_terminal: a key was pressed: the whole foreground process group has
 *   got it, children included.
 */
typedef void (*DfuSignalFunc)(int signal, gboolean from_terminal, gpointer user_data);

/**
 * Takes SIGHUP, SIGINT, SIGTERM, SIGUSR1 and SIGUSR2; to be called before any thread starts.
 * Returns: a source id.
 */
guint dfu_signals_watch(DfuSignalFunc func, gpointer user_data);

#endif
