/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A session over two parts of a package, against a link that plays a willing
 * target: what goes over from the first to the second, in memory and on disk.
 */
#include "lib/cmocka_all.h"

#include <dfu/journal.h>
#include <dfu/session.h>
#include <glib/gstdio.h>
#include <string.h>

#include "lib/played_link.h"
#include "lib/zip_builder.h"

#define SYSTEM_BYTES 160 /* one window */
#define APPLICATION_BYTES 80

typedef struct {
  PlayedLink link;
  gsize answered; /* of the link's calls, in characters */
  DfuPackage *package;
  const DfuPart *parts[2];
  DfuSession *session;
  char *folder;
  char *path; /* of the journal */
  guint overflows;   /* the target answers so many windows with status 6 */
  guint image_bytes; /* of the part under way */
  guint received_bytes;
  gint error_code; /* -1: not over yet */
} Fixture;

static void on_report(const DfuReport *report, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (report->type == DFU_REPORT_FINISHED)
    fixture->error_code = report->result->error != NULL ? report->result->error->code : 0;
}

static int set_up(void **state)
{
  static const DfuTestPart parts[] = {
    {.type = DFU_IMAGE_BOOTLOADER, .bytes = SYSTEM_BYTES, .layout = DFU_INIT_CRC},
    {.type = DFU_IMAGE_APPLICATION, .bytes = APPLICATION_BYTES, .layout = DFU_INIT_CRC},
  };
  g_autoptr(GBytes) zip = dfu_test_package(parts, G_N_ELEMENTS(parts));
  DfuSessionOptions options = dfu_session_options_default;
  Fixture *fixture = g_new0(Fixture, 1);

  played_link_init(&fixture->link);
  fixture->package = dfu_package_read_bytes(zip, "two.zip", NULL);
  assert_non_null(fixture->package);
  assert_int_equal(dfu_package_get_n_parts(fixture->package), 2);
  for (guint i = 0; i < 2; i++)
    fixture->parts[i] = dfu_package_get_part(fixture->package, i);
  fixture->folder = g_dir_make_tmp("dfu-parts-XXXXXX", NULL);
  fixture->path = dfu_journal_path(fixture->folder, PLAYED_ADDRESS);
  fixture->error_code = -1;
  options.restart = TRUE;
  options.require_back = TRUE; /* which is about the end of the update, not of its first part */
  fixture->session =
    dfu_session_new(fixture->parts, 2, &fixture->link.base, &options, on_report, fixture);
  dfu_session_use_journal(fixture->session, fixture->folder, PLAYED_ADDRESS, fixture->package,
                          "two.zip", TRUE);
  dfu_session_start(fixture->session);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *fixture = *state;

  dfu_session_free(fixture->session);
  dfu_package_free(fixture->package);
  played_link_clear(&fixture->link);
  g_unlink(fixture->path);
  g_rmdir(fixture->folder);
  g_free(fixture->path);
  g_free(fixture->folder);
  g_free(fixture);
  return 0;
}

/* --- a willing target ------------------------------------------------------------------ */

static void answer_write(Fixture *fixture, const char *bytes)
{
  if (g_str_has_prefix(bytes, "01"))
    fixture->image_bytes = g_str_equal(bytes, "01 04") ? APPLICATION_BYTES : SYSTEM_BYTES;
  fixture->received_bytes = 0;
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  if (g_str_equal(bytes, "07"))
    played_link_emit_notified(&fixture->link, "\x10\x07\x01\x00\x00\x00\x00", 7);
  else if (g_str_equal(bytes, "02 01"))
    played_link_emit_notified(&fixture->link, "\x10\x02\x01", 3);
  else if (g_str_equal(bytes, "04"))
    played_link_emit_notified(&fixture->link, "\x10\x04\x01", 3);
  else if (g_str_equal(bytes, "05") || g_str_equal(bytes, "06"))
    played_link_emit(&fixture->link, DFU_LINK_LOST);
}

static void receive(Fixture *fixture, guint bytes)
{
  guint8 receipt[5] = {0x11};

  fixture->received_bytes += bytes;
  receipt[1] = (guint8)fixture->received_bytes;
  if (fixture->overflows > 0 && fixture->overflows-- > 0)
    played_link_emit_notified(&fixture->link, "\x10\x03\x06", 3);
  else if (fixture->received_bytes < fixture->image_bytes)
    played_link_emit_notified(&fixture->link, receipt, sizeof receipt);
  else
    played_link_emit_notified(&fixture->link, "\x10\x03\x01", 3);
}

static void answer_packets(Fixture *fixture, const char *lengths)
{
  played_link_emit(&fixture->link, DFU_LINK_PACKETS_WRITTEN);
  if (g_str_equal(lengths, "12/20"))
    played_link_emit_notified(&fixture->link, "\x10\x01\x01", 3);
  else if (!g_str_equal(lengths, "14/20"))
    receive(fixture, (guint)g_ascii_strtoull(lengths, NULL, 10));
}

static void answer_call(Fixture *fixture, const char *call)
{
  static const DfuLinkEvent seen = {
    .type = DFU_LINK_SEEN, .seen = DFU_LINK_SEEN_DFU, .seen_address = PLAYED_ADDRESS};

  if (g_str_has_prefix(call, "connect"))
    played_link_emit_up(&fixture->link, 0x0008);
  else if (g_str_equal(call, "subscribe"))
    played_link_emit(&fixture->link, DFU_LINK_SUBSCRIBED);
  else if (g_str_has_prefix(call, "write "))
    answer_write(fixture, call + strlen("write "));
  else if (g_str_has_prefix(call, "packets "))
    answer_packets(fixture, call + strlen("packets "));
  else if (g_str_has_prefix(call, "watch"))
    dfu_link_emit(&fixture->link.base, &seen);
  else if (g_str_equal(call, "disconnect"))
    played_link_emit(&fixture->link, DFU_LINK_LOST);
}

/** The call that waits for an answer; NULL for none. */
static char *next_call(const Fixture *fixture)
{
  const char *rest = fixture->link.calls->str + fixture->answered;
  const char *end = strchr(rest, ';');

  return end != NULL ? g_strndup(rest, (gsize)(end - rest)) : NULL;
}

/** Answers all calls up to the @times-th that begins with @last, and leaves that one without an answer. */
static void play_up_to(Fixture *fixture, const char *last, guint times)
{
  while (fixture->error_code < 0) {
    g_autofree char *call = next_call(fixture);

    if (call == NULL) {
      g_main_context_iteration(NULL, TRUE);
      continue;
    }
    if (last != NULL && g_str_has_prefix(call, last) && --times == 0)
      return;
    fixture->answered += strlen(call) + 1;
    answer_call(fixture, call);
  }
}

static void play(Fixture *fixture)
{
  play_up_to(fixture, NULL, 0);
}

/* --- tests ------------------------------------------------------------------------------- */

static void both_parts_are_sent(void **state)
{
  Fixture *fixture = *state;

  play_up_to(fixture, "watch", 2);
  assert_non_null(strstr(fixture->link.calls->str, "write 01 02;"));
  assert_non_null(strstr(fixture->link.calls->str, "write 01 04;"));
}

/** The second part is shorter than the first: what is left of that would look damaged. */
static void journal_between_the_parts_tells_of_the_next_one_alone(void **state)
{
  Fixture *fixture = *state;
  g_auto(DfuJournalRecord) record = {0};
  g_autofree char *warning = NULL;

  play_up_to(fixture, "connect", 2);
  assert_true(dfu_journal_load(fixture->path, &record, &warning, NULL));
  assert_int_equal(record.part, DFU_IMAGE_APPLICATION);
  assert_int_equal(record.parts_done, 1);
  assert_int_equal(record.transfer.sent_bytes, 0);
}

static void assert_stopped_between(Fixture *fixture)
{
  g_auto(DfuJournalRecord) record = {0};
  g_autofree char *warning = NULL;

  play(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_INTERRUPTED);
  assert_null(strstr(fixture->link.calls->str, "write 01 04;"));
  assert_true(dfu_journal_load(fixture->path, &record, &warning, NULL));
  assert_int_equal(record.parts_done, 1);
}

/** The first part is done all the same; the second is not begun. */
static void wish_to_stop_while_the_first_part_starts_stops(void **state)
{
  Fixture *fixture = *state;

  play_up_to(fixture, "watch", 1);
  dfu_session_cancel(fixture->session);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  assert_stopped_between(fixture);
}

static void wish_to_stop_while_the_first_part_is_activated_stops(void **state)
{
  Fixture *fixture = *state;

  play_up_to(fixture, "write 05", 1);
  dfu_session_cancel(fixture->session);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  assert_stopped_between(fixture);
}

/** Nothing is left to send, and nobody has seen what it came to. */
static void wish_to_stop_while_the_last_part_starts_is_no_success(void **state)
{
  Fixture *fixture = *state;

  play_up_to(fixture, "watch", 2);
  dfu_session_cancel(fixture->session);
  play(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_NOT_BACK);
}

/** What the device had to be slowed down to holds for the next part, and for later runs. */
static void window_that_worked_goes_over_to_the_next_part(void **state)
{
  Fixture *fixture = *state;
  g_auto(DfuJournalRecord) record = {0};
  g_autofree char *warning = NULL;

  fixture->overflows = 1;
  play_up_to(fixture, "write 01 04", 1);
  play_up_to(fixture, "packets 80/20", 1);
  assert_true(dfu_journal_load(fixture->path, &record, &warning, NULL));
  assert_int_equal(record.part, DFU_IMAGE_APPLICATION);
  assert_int_equal(record.most_window_packets, 4);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(both_parts_are_sent),
    TEST(journal_between_the_parts_tells_of_the_next_one_alone),
    TEST(wish_to_stop_while_the_first_part_starts_stops),
    TEST(wish_to_stop_while_the_first_part_is_activated_stops),
    TEST(wish_to_stop_while_the_last_part_starts_is_no_success),
    TEST(window_that_worked_goes_over_to_the_next_part),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
