/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fails the cmocka test unless an error is the one that was wanted.
 */
#ifndef DFU_TESTS_LIB_EXPECT_ERROR_H
#define DFU_TESTS_LIB_EXPECT_ERROR_H

#include <dfu/error.h>

/**
 * @error must be set, of DFU_ERROR with @code, and its message one line of
 * printable UTF-8 that contains @text. It is then cleared.
 */
void dfu_expect_error(GError **error, DfuError code, const char *text);

#endif
