/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text from outside, made fit for a terminal: what may pass and what must not.
 */
#include "lib/cmocka_all.h"
#include "base/printable.h"

#define BAD "\xef\xbf\xbd" /* U+FFFD */

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define SIXTY_FOUR SIXTY "0123"

static const struct {
  const char *raw;
  const char *wanted;
} rows[] = {
  { "DfuTarg", "DfuTarg" },
  { "", "" },
  { "\xc3\xbc\xe2\x82\xac \xf0\x9f\x94\xa7", "\xc3\xbc\xe2\x82\xac \xf0\x9f\x94\xa7" },
  /* control characters of ASCII, and those of Latin-1 in UTF-8 */
  { "a\nb\rc\td", "a" BAD "b" BAD "c" BAD "d" },
  { "\x01\x7f\x08", BAD BAD BAD },
  { "\xc2\x80\xc2\x9f", BAD BAD },
  /* escape sequences: clear the screen, set the title; and CSI in one character */
  { "\x1b[2J", BAD "[2J" },
  { "\x1b]0;x\x07", BAD "]0;x" BAD },
  { "\xc2\x9b" "2J", BAD "2J" },
  /* what reorders or hides: overrides, isolates, marks, zero width, soft hyphen, BOM, tags */
  { "a\xe2\x80\xae" "b\xe2\x80\xac", "a" BAD "b" BAD },
  { "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xad", BAD BAD BAD },
  { "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", BAD BAD BAD BAD },
  { "\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x8b", BAD BAD BAD },
  { "\xc2\xad\xef\xbb\xbf\xf3\xa0\x81\x81", BAD BAD BAD },
  /* separators of lines and paragraphs, private use, unassigned */
  { "\xe2\x80\xa8\xe2\x80\xa9", BAD BAD },
  { "\xee\x80\x80", BAD },
  { "\xcd\xb8", BAD },
  /* broken UTF-8: a lone byte, a cut character, too long a form, a surrogate, too large */
  { "\xff", BAD },
  { "a\x80" "b", "a" BAD "b" },
  { "a\xe2\x82", "a" BAD BAD },
  { "\xc0\xaf", BAD BAD },
  { "\xed\xa0\x80", BAD BAD BAD },
  { "\xf4\x90\x80\x80", BAD BAD BAD BAD },
  /* the length is counted in characters, also in those that were replaced */
  { SIXTY_FOUR, SIXTY_FOUR },
  { SIXTY_FOUR "4", SIXTY_FOUR "\xe2\x80\xa6" },
  { "\xc3\xbc" SIXTY "012\xc3\xbc", "\xc3\xbc" SIXTY "012\xe2\x80\xa6" },
  { "\n" SIXTY "012x", BAD SIXTY "012\xe2\x80\xa6" },
};

static void printable_replaces_what_a_terminal_would_act_on(void **state)
{
  (void)state;
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *seen = dfu_printable(rows[i].raw, -1);

    assert_string_equal(seen, rows[i].wanted);
    assert_true(g_utf8_validate(seen, -1, NULL));
  }
}

static void printable_shows_a_nul_within_the_length(void **state)
{
  g_autofree char *seen = dfu_printable("ab\0cd", 5);

  (void)state;
  assert_string_equal(seen, "ab" BAD "cd");
}

static void printable_reads_no_more_than_the_length(void **state)
{
  static const char raw[] = { 'a', 'b', 'c' };
  g_autofree char *two = dfu_printable(raw, 2);
  g_autofree char *none = dfu_printable(raw, 0);

  (void)state;
  assert_string_equal(two, "ab");
  assert_string_equal(none, "");
}

static void printable_null_is_empty(void **state)
{
  g_autofree char *seen = dfu_printable(NULL, -1);

  (void)state;
  assert_string_equal(seen, "");
}

static void printable_passes_no_control_byte_whatever_the_input(void **state)
{
  (void)state;
  for (unsigned first = 0; first < 256; first++)
    for (unsigned second = 0; second < 256; second++) {
      const char raw[] = { (char)first, (char)second };
      g_autofree char *seen = dfu_printable(raw, sizeof raw);

      for (const char *at = seen; *at != '\0'; at = g_utf8_next_char(at))
        assert_false(g_unichar_iscntrl(g_utf8_get_char(at)));
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(printable_replaces_what_a_terminal_would_act_on),
    cmocka_unit_test(printable_shows_a_nul_within_the_length),
    cmocka_unit_test(printable_reads_no_more_than_the_length),
    cmocka_unit_test(printable_null_is_empty),
    cmocka_unit_test(printable_passes_no_control_byte_whatever_the_input),
  };

  return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
