/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/hex.h"

void hex_append(GString *text, const guint8 *bytes, gsize len)
{
  if (text->len > 0) {
    g_string_append(text, " | ");
  }
  for (gsize i = 0; i < len; i++) {
    g_string_append_printf(text, i == 0 ? "%02x" : " %02x", bytes[i]);
  }
}
