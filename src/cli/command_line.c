/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command_line.h"

#include <string.h>

#include "base/printable.h"
#include "cli/options.h"

static gboolean is_plain(const char *word)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-_./:,=+@%";

  return word[0] != '\0' && strspn(word, plain) == strlen(word);
}

static gboolean can_be_shown(const char *word)
{
  if (!g_utf8_validate(word, -1, NULL))
    return FALSE;
  while (*word != '\0' && dfu_is_harmless(g_utf8_get_char(word)))
    word = g_utf8_next_char(word);
  return *word == '\0';
}

/* Byte for byte, as bash and its kin read it: what is copied has to name the same file. */
static char *quote_bytes(const char *word)
{
  GString *quoted = g_string_new("$'");

  for (; *word != '\0'; word++) {
    if (g_ascii_isprint(*word) && *word != '\'' && *word != '\\')
      g_string_append_c(quoted, *word);
    else
      g_string_append_printf(quoted, "\\%03o", (guchar)*word);
  }
  g_string_append_c(quoted, '\'');
  return g_string_free(quoted, FALSE);
}

static char *quote(const char *word)
{
  if (is_plain(word))
    return g_strdup(word);
  return can_be_shown(word) ? g_shell_quote(word) : quote_bytes(word);
}

static void append_word(GString *line, const char *word)
{
  g_autofree char *quoted = quote(word);

  if (line->len > 0)
    g_string_append_c(line, ' ');
  g_string_append(line, quoted);
}

char *dfu_command_line_with(char **argv, const char *option, const char *value)
{
  GString *line = g_string_new(NULL);

  for (guint i = 0; argv[i] != NULL; i++) {
    append_word(line, argv[i]);
    /* In front, where no "--" makes a file name of it. */
    if (i == 1 && option != NULL && !dfu_options_has_flag(argv, option)) {
      append_word(line, option);
      if (value != NULL)
        append_word(line, value);
    }
  }
  return g_string_free(line, FALSE);
}

char **dfu_command_line_without(char **argv, const char *const *flags)
{
  GPtrArray *words = g_ptr_array_new();
  gboolean is_option = TRUE; /* until "--" makes file names of all that follows */

  for (; *argv != NULL; argv++) {
    is_option = is_option && strcmp(*argv, "--") != 0;
    if (!is_option || !g_strv_contains(flags, *argv))
      g_ptr_array_add(words, g_strdup(*argv));
  }
  g_ptr_array_add(words, NULL);
  return (char **)g_ptr_array_free(words, FALSE);
}

char **dfu_command_line_by_address(char **argv, const char *address)
{
  GPtrArray *words = g_ptr_array_new();
  gboolean is_option = TRUE; /* until "--" makes file names of all that follows */

  for (; *argv != NULL; argv++) {
    is_option = is_option && strcmp(*argv, "--") != 0;
    if (is_option && strcmp(*argv, "--name") == 0 && argv[1] != NULL) {
      g_ptr_array_add(words, g_strdup("--addr"));
      g_ptr_array_add(words, g_strdup(address));
      argv++;
    } else if (is_option && g_str_has_prefix(*argv, "--name=")) {
      g_ptr_array_add(words, g_strdup_printf("--addr=%s", address));
    } else {
      g_ptr_array_add(words, g_strdup(*argv));
    }
  }
  g_ptr_array_add(words, NULL);
  return (char **)g_ptr_array_free(words, FALSE);
}
