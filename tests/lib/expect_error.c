/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/cmocka_all.h"

#include "lib/expect_error.h"

#include <string.h>

static gboolean is_one_line(const char *message)
{
  if (!g_utf8_validate(message, -1, NULL))
    return FALSE;
  for (; *message != '\0'; message++) {
    if (g_ascii_iscntrl(*message))
      return FALSE;
  }
  return TRUE;
}

void dfu_expect_error(GError **error, DfuError code, const char *text)
{
  assert_non_null(*error);
  assert_int_equal((*error)->domain, DFU_ERROR);
  assert_int_equal((*error)->code, code);
  if (!is_one_line((*error)->message) || strstr((*error)->message, text) == NULL)
    fail_msg("wanted a line with \"%s\", got \"%s\"", text, (*error)->message);
  g_clear_error(error);
}
