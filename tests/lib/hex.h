/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes as text, for tests that state them literally.
 */
#ifndef TESTS_LIB_HEX_H
#define TESTS_LIB_HEX_H

#include <glib.h>

/** Appends "03 17 00", after " | " if @text is not empty. */
void hex_append(GString *text, const guint8 *bytes, gsize len);

#endif
