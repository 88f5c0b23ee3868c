/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/address.h"

#define LAST_BYTE_AT 15

char *dfu_address_step(const char *address, int step)
{
  int last = g_ascii_xdigit_value(address[LAST_BYTE_AT]) * 16 +
             g_ascii_xdigit_value(address[LAST_BYTE_AT + 1]);
  g_autofree char *upper = g_ascii_strup(address, -1);

  return g_strdup_printf("%.*s%02X", LAST_BYTE_AT, upper, (guint)(last + step) & 0xff);
}
