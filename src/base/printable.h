/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text that came from a radio or a file, made fit to be shown.
 */
#ifndef DFU_BASE_PRINTABLE_H
#define DFU_BASE_PRINTABLE_H

#include <glib.h>

/**
 * dfu_printable:
 * @raw: (nullable): text from outside, in any encoding
 * @len: bytes in @raw, or -1 if it ends with a NUL
 *
 * A copy that is valid UTF-8 and holds no character that moves a terminal's
 * cursor, changes its state or reorders the text around it: control and format
 * characters, line and paragraph separators, unassigned code points and broken
 * bytes each become U+FFFD. Longer than 64 characters, it is cut and ends
 * with "…".
 *
 * Returns: (transfer full): the text, empty for NULL
 */
char *dfu_printable(const char *raw, gssize len);

#endif
