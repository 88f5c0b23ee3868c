/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/address.h"

#include <dfu/bluez.h>
#include <string.h>

#define ADDRESS_CHARACTERS 17
#define LAST_BYTE_AT 15

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

char *dfu_bluez_address_step(const char *address, int step)
{
  int last = g_ascii_xdigit_value(address[LAST_BYTE_AT]) * 16 +
             g_ascii_xdigit_value(address[LAST_BYTE_AT + 1]);
  g_autofree char *upper = g_ascii_strup(address, -1);

  return g_strdup_printf("%.*s%02X", LAST_BYTE_AT, upper, (guint)(last + step) & 0xff);
}
