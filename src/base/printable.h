/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text that came from a radio or a file, made fit to be shown.
 */
#ifndef DFU_BASE_PRINTABLE_H
#define DFU_BASE_PRINTABLE_H

#include <glib.h>

/**
 * dfu_is_harmless:
 *
 * Whether @c moves no terminal's cursor, changes nothing of its state and does
 * not reorder the text around it: no control or format character, no line or
 * paragraph separator, no code point without a meaning of its own.
 */
gboolean dfu_is_harmless(gunichar c);

/**
 * dfu_printable:
 * @raw: (nullable): text from outside, in any encoding
 * @len: bytes in @raw, or -1 if it ends with a NUL
 *
 * A copy that is valid UTF-8 and holds harmless characters alone: each other,
 * and each broken byte, becomes U+FFFD. Longer than 64 characters, it is cut and ends
 * with "…".
 *
 * Returns: (transfer full): the text, empty for NULL
 */
char *dfu_printable(const char *raw, gssize len);

#endif
