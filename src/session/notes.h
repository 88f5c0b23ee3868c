/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the controller wants a user to hear of, in words.
 */
#ifndef DFU_SESSION_NOTES_H
#define DFU_SESSION_NOTES_H

#include <glib.h>

/** Calls @func with the text of each warning among @notes, a set of DFU_NOTE_*. */
void dfu_notes_to_warnings(guint notes, void (*func)(const char *text, gpointer user_data),
                           gpointer user_data);

#endif
