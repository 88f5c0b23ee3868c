/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/printable.h"

#define MAX_CHARACTERS 64
#define REPLACEMENT 0xfffd

gboolean dfu_is_harmless(gunichar c)
{
  switch (g_unichar_type(c)) {
  case G_UNICODE_CONTROL:
  case G_UNICODE_FORMAT:
  case G_UNICODE_LINE_SEPARATOR:
  case G_UNICODE_PARAGRAPH_SEPARATOR:
  case G_UNICODE_PRIVATE_USE:
  case G_UNICODE_SURROGATE:
  case G_UNICODE_UNASSIGNED:
    return FALSE;
  default:
    return TRUE;
  }
}

char *dfu_printable(const char *raw, gssize len)
{
  g_autofree char *valid = raw != NULL ? g_utf8_make_valid(raw, len) : g_strdup("");
  GString *text = g_string_new(NULL);
  int characters = 0;

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);

    if (++characters > MAX_CHARACTERS) {
      g_string_append(text, "…");
      break;
    }
    g_string_append_unichar(text, dfu_is_harmless(c) ? c : REPLACEMENT);
  }
  return g_string_free(text, FALSE);
}
