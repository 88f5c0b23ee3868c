/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The build without signatures: its source takes the place of the library's.
 */
#include "lib/cmocka_all.h"

#include "lib/expect_error.h"
#include "package/signing_none.c"

static void sign_says_that_this_build_cannot(void **state)
{
  g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
  GError *error = NULL;

  (void)state;
  assert_false(dfu_signing_is_built_in());
  assert_false(dfu_signing_sign(empty, empty, NULL, &error));
  dfu_expect_error(&error, DFU_ERROR_USAGE, "this build of the program cannot sign");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sign_says_that_this_build_cannot),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
