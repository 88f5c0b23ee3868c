/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packages as their makers published them. They are no part of the project;
 * where they are not at hand, tests that need them are skipped.
 */
#ifndef DFU_TESTS_LIB_REAL_PACKAGES_H
#define DFU_TESTS_LIB_REAL_PACKAGES_H

#include <glib.h>

/** The folder with them, $DFU_TEST_PACKAGES or the usual one; without it the test is skipped. */
const char *dfu_test_real_packages(void);

/** Path of one of them; valid for the test program. */
const char *dfu_test_real_package(const char *file);

#endif
