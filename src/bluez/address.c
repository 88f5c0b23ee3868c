/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dfu/bluez.h>
#include <string.h>

#define ADDRESS_CHARACTERS 17

gboolean dfu_bluez_is_address(const char *text)
{
  if (text == NULL || strlen(text) != ADDRESS_CHARACTERS)
    return FALSE;
  for (guint at = 0; at < ADDRESS_CHARACTERS; at++) {
    if (at % 3 == 2 ? text[at] != ':' : !g_ascii_isxdigit(text[at]))
      return FALSE;
  }
  return TRUE;
}
