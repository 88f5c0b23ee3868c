/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A session over a link that the test plays: when it stops, and what it reports
 * of links that are lost and not had back.
 */
#include "lib/cmocka_all.h"

#include <dfu/session.h>

#include "lib/played_link.h"

typedef struct {
  PlayedLink link;
  DfuPart part;
  const DfuPart *parts[1];
  DfuSession *session;
  GString *reports; /* those that the tests look at */
  gint error_code;
  DfuNext next;
} Fixture;

static void on_report(const DfuReport *report, gpointer user_data)
{
  Fixture *fixture = user_data;

  switch (report->type) {
  case DFU_REPORT_LINK_LOST:
  case DFU_REPORT_RETRY:
    g_string_append_printf(fixture->reports, "%s %s %u %d %s;",
                           report->type == DFU_REPORT_RETRY ? "retry" : "lost",
                           report->text != NULL ? report->text : "-", report->retry,
                           (int)(report->pause_us / 1000),
                           report->forgets_in_us < 0 ? "unknown" : "counted");
    break;
  case DFU_REPORT_FINISHED:
    fixture->error_code = report->result->error != NULL ? report->result->error->code : 0;
    fixture->next = report->result->next;
    break;
  default: break;
  }
}

/* Runs the session's timer until the link was asked to connect so often. */
static void await_connects(Fixture *fixture, guint n)
{
  GString *wanted = g_string_new(NULL);

  for (guint i = 0; i < n; i++)
    g_string_append(wanted, "connect 30000;");
  while (!g_str_equal(fixture->link.calls->str, wanted->str))
    g_main_context_iteration(NULL, TRUE);
  g_string_free(wanted, TRUE);
}

static void await_end(Fixture *fixture)
{
  while (fixture->error_code < 0)
    g_main_context_iteration(NULL, TRUE);
}

static int set_up(void **state)
{
  static const guint8 image[400] = {0};
  static const guint8 init_packet[14] = {0};
  DfuSessionOptions options = dfu_session_options_default;
  Fixture *fixture = g_new0(Fixture, 1);

  played_link_init(&fixture->link);
  fixture->parts[0] = &fixture->part;
  fixture->part.type = DFU_IMAGE_APPLICATION;
  fixture->part.application_bytes = sizeof image;
  fixture->part.image = g_bytes_new_static(image, sizeof image);
  fixture->part.init_packet = g_bytes_new_static(init_packet, sizeof init_packet);
  fixture->reports = g_string_new(NULL);
  fixture->error_code = -1;
  options.retries = 2;
  fixture->session =
    dfu_session_new(fixture->parts, 1, &fixture->link.base, &options, on_report, fixture);
  dfu_session_start(fixture->session);
  await_connects(fixture, 1);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *fixture = *state;

  dfu_session_free(fixture->session);
  g_bytes_unref(fixture->part.image);
  g_bytes_unref(fixture->part.init_packet);
  g_string_free(fixture->reports, TRUE);
  played_link_clear(&fixture->link);
  g_free(fixture);
  return 0;
}

static void fail_to_connect(Fixture *fixture)
{
  played_link_emit_error(&fixture->link, DFU_LINK_FAILED, DFU_LINK_TROUBLE_PASSING,
                         DFU_ERROR_LINK_LOST);
}

/* Up to the first packets of the image. */
static void reach_the_image(Fixture *fixture)
{
  PlayedLink *link = &fixture->link;

  played_link_emit_up(link, 0x0008);
  played_link_emit(link, DFU_LINK_SUBSCRIBED);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(link, "\x10\x07\x01\x00\x00\x00\x00", 7);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit(link, DFU_LINK_PACKETS_WRITTEN);
  played_link_emit_notified(link, "\x10\x01\x01", 3);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit(link, DFU_LINK_PACKETS_WRITTEN);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(link, "\x10\x02\x01", 3);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit(link, DFU_LINK_PACKETS_WRITTEN);
  assert_string_equal(link->calls->str,
                      "connect 30000;subscribe;write 07;write 01 04;packets 12/20;write 02 00;"
                      "packets 14/20;write 02 01;write 08 04 00;write 03;packets 160/20;");
}

static void cancelling_is_not_put_off_by_what_comes_in_meanwhile(void **state)
{
  Fixture *fixture = *state;

  reach_the_image(fixture);
  dfu_session_cancel(fixture->session);
  played_link_emit_notified(&fixture->link, "\x11\x50\x00\x00\x00", 5);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration(NULL, FALSE);
  g_string_truncate(fixture->link.calls, 0);
  played_link_emit(&fixture->link, DFU_LINK_PACKETS_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x11\xa0\x00\x00\x00", 5);
  assert_string_equal(fixture->link.calls->str, ""); /* nothing more goes out */
}

static void failed_tries_are_counted_with_their_pauses(void **state)
{
  Fixture *fixture = *state;

  fail_to_connect(fixture);
  assert_string_equal(fixture->reports->str, "retry played 1 500 unknown;");
  await_connects(fixture, 2);
  fail_to_connect(fixture);
  assert_string_equal(fixture->reports->str,
                      "retry played 1 500 unknown;retry played 2 1000 unknown;");
  await_connects(fixture, 3);
  fail_to_connect(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_LINK_LOST);
  assert_int_equal(fixture->next, DFU_NEXT_AGAIN);
}

static void lost_link_is_told_with_the_time_that_is_left(void **state)
{
  Fixture *fixture = *state;

  reach_the_image(fixture);
  played_link_emit_notified(&fixture->link, "\x11\x50\x00\x00\x00", 5);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_string_equal(fixture->reports->str, "lost - 1 500 counted;");
}

static void without_a_confirmed_byte_no_time_is_known(void **state)
{
  Fixture *fixture = *state;

  reach_the_image(fixture);
  played_link_emit_error(&fixture->link, DFU_LINK_LOST, DFU_LINK_TROUBLE_PASSING,
                         DFU_ERROR_LINK_LOST);
  assert_string_equal(fixture->reports->str, "lost played 1 500 unknown;");
}

static void cut_transfer_without_a_journal_needs_a_restart(void **state)
{
  Fixture *fixture = *state;

  reach_the_image(fixture);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  dfu_session_cancel(fixture->session);
  await_end(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_INTERRUPTED);
  assert_int_equal(fixture->next, DFU_NEXT_RESTART);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(cancelling_is_not_put_off_by_what_comes_in_meanwhile),
    TEST(failed_tries_are_counted_with_their_pauses),
    TEST(lost_link_is_told_with_the_time_that_is_left),
    TEST(without_a_confirmed_byte_no_time_is_known),
    TEST(cut_transfer_without_a_journal_needs_a_restart),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
