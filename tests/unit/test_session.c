/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A session over a link that the test plays: when it stops, and what it reports
 * of links that are lost and not had back.
 */
#include "lib/cmocka_all.h"

#include <dfu/session.h>
#include <string.h>

#include "lib/played_link.h"

typedef struct {
  PlayedLink link;
  DfuPart part;
  DfuPart system;
  const DfuPart *parts[2];
  DfuSessionOptions options;
  DfuSession *session;
  GString *reports; /* those that the tests look at */
  GString *account; /* "confirmed/all" at each progress, and where a part begins */
  gboolean stops_when_connected;
  gint error_code;
  char *message;
  DfuNext next;
  DfuSessionResult result; /* numbers only */
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
  case DFU_REPORT_PART:
    g_string_append_printf(fixture->account, "part %u: ", report->part_index);
    /* fall through */
  case DFU_REPORT_PROGRESS:
    g_string_append_printf(fixture->account, "%u/%u;", report->progress->confirmed_bytes,
                           report->progress->image_bytes);
    break;
  case DFU_REPORT_CONNECTED:
    if (fixture->stops_when_connected)
      dfu_session_cancel(fixture->session);
    break;
  case DFU_REPORT_FINISHED:
    fixture->result = *report->result;
    fixture->message =
      g_strdup(report->result->error != NULL ? report->result->error->message : "");
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

static DfuPart make_part(DfuImageType type)
{
  static const guint8 image[400] = {0};
  static const guint8 init_packet[14] = {0};

  return (DfuPart){
    .type = type,
    .image_name = (char *)"part.bin",
    .softdevice_bytes = type == DFU_IMAGE_SOFTDEVICE ? sizeof image : 0,
    .application_bytes = type == DFU_IMAGE_APPLICATION ? sizeof image : 0,
    .image = g_bytes_new_static(image, sizeof image),
    .init_packet = g_bytes_new_static(init_packet, sizeof init_packet),
  };
}

/* Anew, with the first @n_parts of parts and the options that the fixture has by now. */
static void begin(Fixture *fixture, guint n_parts)
{
  dfu_session_free(fixture->session);
  g_string_truncate(fixture->link.calls, 0);
  fixture->session = dfu_session_new(fixture->parts, n_parts, &fixture->link.base,
                                     &fixture->options, on_report, fixture);
  dfu_session_start(fixture->session);
  await_connects(fixture, 1);
}

static int set_up(void **state)
{
  Fixture *fixture = g_new0(Fixture, 1);

  played_link_init(&fixture->link);
  fixture->part = make_part(DFU_IMAGE_APPLICATION);
  fixture->system = make_part(DFU_IMAGE_SOFTDEVICE);
  fixture->parts[0] = &fixture->part;
  fixture->reports = g_string_new(NULL);
  fixture->account = g_string_new(NULL);
  fixture->error_code = -1;
  fixture->options = dfu_session_options_default;
  fixture->options.retries = 2;
  begin(fixture, 1);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *fixture = *state;

  dfu_session_free(fixture->session);
  g_bytes_unref(fixture->part.image);
  g_bytes_unref(fixture->part.init_packet);
  g_bytes_unref(fixture->system.image);
  g_bytes_unref(fixture->system.init_packet);
  g_string_free(fixture->reports, TRUE);
  g_string_free(fixture->account, TRUE);
  g_free(fixture->message);
  played_link_clear(&fixture->link);
  g_free(fixture);
  return 0;
}

static void fail_to_connect(Fixture *fixture)
{
  played_link_emit_error(&fixture->link, DFU_LINK_FAILED, DFU_LINK_TROUBLE_PASSING,
                         DFU_ERROR_LINK_LOST);
}

#define TO_THE_IMAGE(mode)                                                                         \
  "connect 30000;subscribe;write 07;write 01 " mode ";packets 12/20;write 02 00;packets 14/20;"    \
  "write 02 01;write 08 04 00;write 03;packets 160/20;"

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
}

/* From there on, until the target has dropped the link after Activate. */
static void send_the_image(Fixture *fixture)
{
  static const char receipts[][5] = {
    "\x11\x50\x00\x00\x00", "\x11\xa0\x00\x00\x00", "\x11\xf0\x00\x00\x00",
    "\x11\x40\x01\x00\x00",
  };
  PlayedLink *link = &fixture->link;

  for (guint i = 0; i < G_N_ELEMENTS(receipts); i++) {
    played_link_emit_notified(link, receipts[i], 5);
    played_link_emit(link, DFU_LINK_PACKETS_WRITTEN);
  }
  played_link_emit_notified(link, "\x10\x03\x01", 3);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN); /* Validate */
  played_link_emit_notified(link, "\x10\x04\x01", 3);
  played_link_emit(link, DFU_LINK_CONTROL_WRITTEN); /* Activate */
  played_link_emit(link, DFU_LINK_LOST);
}

static void see(Fixture *fixture, DfuLinkSeen seen)
{
  dfu_link_emit(&fixture->link.base, &(DfuLinkEvent){.type = DFU_LINK_SEEN,
                                                     .seen = seen,
                                                     .seen_address = PLAYED_ADDRESS});
}

static void cancelling_is_not_put_off_by_what_comes_in_meanwhile(void **state)
{
  Fixture *fixture = *state;

  reach_the_image(fixture);
  assert_string_equal(fixture->link.calls->str, TO_THE_IMAGE("04"));
  dfu_session_cancel(fixture->session);
  played_link_emit_notified(&fixture->link, "\x11\x50\x00\x00\x00", 5);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration(NULL, FALSE);
  g_string_truncate(fixture->link.calls, 0);
  played_link_emit(&fixture->link, DFU_LINK_PACKETS_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x11\xa0\x00\x00\x00", 5);
  assert_string_equal(fixture->link.calls->str, ""); /* nothing more goes out */
}

/* Another run may be working on it: not even notifications are turned on. */
static void device_that_is_not_wanted_once_it_is_seen_is_left_at_once(void **state)
{
  Fixture *fixture = *state;

  fixture->stops_when_connected = TRUE;
  played_link_emit_up(&fixture->link, 0x0008);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  await_end(fixture);
  assert_string_equal(fixture->link.calls->str, "connect 30000;disconnect;disconnect;");
  assert_string_equal(fixture->reports->str, "");
  assert_int_equal(fixture->error_code, DFU_ERROR_INTERRUPTED);
  assert_int_equal(fixture->result.link_losses, 0);
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

static void tries_that_were_made_are_told_and_what_ended_them(void **state)
{
  Fixture *fixture = *state;

  fixture->options.device = PLAYED_ADDRESS;
  begin(fixture, 1);
  for (guint i = 1; i <= 3; i++) {
    await_connects(fixture, i);
    fail_to_connect(fixture);
  }
  assert_string_equal(fixture->message, PLAYED_ADDRESS " could not be connected to in 3 tries. "
                                        "The last try: played");
  g_clear_pointer(&fixture->message, g_free);
  fixture->options.deadline_s = 1;
  begin(fixture, 1);
  g_usleep(G_USEC_PER_SEC + G_USEC_PER_SEC / 10); /* the only try takes longer than that */
  fail_to_connect(fixture);
  assert_string_equal(fixture->message, PLAYED_ADDRESS " could not be connected to in 1 try, "
                                        "and --deadline 1 is over. The last try: played");
}

static void nothing_is_said_of_what_a_device_holds_that_was_not_reached(void **state)
{
  Fixture *fixture = *state;

  dfu_session_cancel(fixture->session);
  while (strstr(fixture->link.calls->str, "disconnect;") == NULL)
    g_main_context_iteration(NULL, TRUE);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  await_end(fixture);
  assert_string_equal(fixture->message, "interrupted");
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

/* --- two parts --- */

static void begin_two_parts(Fixture *fixture)
{
  fixture->parts[0] = &fixture->system;
  fixture->parts[1] = &fixture->part;
  begin(fixture, 2);
}

/* The first part is done, and @seen is what comes back. */
static void complete_first_part(Fixture *fixture, DfuLinkSeen seen)
{
  begin_two_parts(fixture);
  reach_the_image(fixture);
  assert_string_equal(fixture->link.calls->str, TO_THE_IMAGE("01"));
  send_the_image(fixture);
  see(fixture, seen);
  g_string_truncate(fixture->link.calls, 0);
  played_link_emit(&fixture->link, DFU_LINK_LOST); /* the answer to the end of the watch */
  await_connects(fixture, 1);
}

static void two_parts_are_one_account(void **state)
{
  Fixture *fixture = *state;

  complete_first_part(fixture, DFU_LINK_SEEN_DFU);
  reach_the_image(fixture);
  assert_string_equal(fixture->link.calls->str, TO_THE_IMAGE("04"));
  send_the_image(fixture);
  see(fixture, DFU_LINK_SEEN_APPLICATION);
  await_end(fixture);
  assert_string_equal(fixture->account->str,
                      "80/800;160/800;240/800;320/800;400/800;"
                      "part 1: 400/800;480/800;560/800;640/800;720/800;800/800;");
  assert_int_equal(fixture->error_code, 0);
  assert_int_equal(fixture->result.image_bytes, 800);
  assert_int_equal(fixture->result.confirmed_bytes, 800);
  assert_int_equal(fixture->result.sent_bytes, 800);
  assert_int_equal(fixture->result.link_losses, 0);
  assert_int_equal(fixture->result.seen, DFU_SEEN_APPLICATION);
}

static void loss_in_the_second_part_counts_in_its_image(void **state)
{
  Fixture *fixture = *state;

  complete_first_part(fixture, DFU_LINK_SEEN_DFU);
  reach_the_image(fixture);
  played_link_emit_notified(&fixture->link, "\x11\x50\x00\x00\x00", 5);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_string_equal(fixture->reports->str, "lost - 1 500 counted;");
  dfu_session_cancel(fixture->session);
  await_end(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_INTERRUPTED);
  assert_int_equal(fixture->result.confirmed_bytes, 480);
  assert_int_equal(fixture->result.image_bytes, 800);
  assert_int_equal(fixture->result.link_losses, 1);
}

/* It was activated, and nothing of what it should have started is heard. */
static void second_part_that_finds_nobody_is_9(void **state)
{
  Fixture *fixture = *state;

  complete_first_part(fixture, DFU_LINK_SEEN_DFU);
  for (guint i = 1; i <= 3; i++) {
    await_connects(fixture, i);
    played_link_emit_error(&fixture->link, DFU_LINK_FAILED, DFU_LINK_TROUBLE_NOT_FOUND,
                           DFU_ERROR_NOT_FOUND);
  }
  await_end(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_NOT_BACK);
  assert_non_null(strstr(fixture->message, "has no application yet"));
  assert_int_equal(fixture->result.confirmed_bytes, 400);
  assert_int_equal(fixture->result.image_bytes, 800);
}

static void second_part_looks_for_the_bootloader_of_the_first(void **state)
{
  Fixture *fixture = *state;

  complete_first_part(fixture, DFU_LINK_SEEN_DFU);
  assert_int_equal(fixture->link.find, DFU_LINK_FIND_TARGET);
}

/*
 * A bootloader with two banks keeps the application while another bootloader is sent
 * (nRF5 SDK 11, dfu_dual_bank.c): it may be one that can be entered, at the address before.
 */
static void second_part_looks_for_an_application_that_is_left(void **state)
{
  Fixture *fixture = *state;

  complete_first_part(fixture, DFU_LINK_SEEN_APPLICATION);
  assert_int_equal(fixture->link.find, DFU_LINK_FIND_ANY);
  for (guint i = 1; i <= 3; i++) {
    await_connects(fixture, i);
    played_link_emit_error(&fixture->link, DFU_LINK_FAILED, DFU_LINK_TROUBLE_LASTING,
                           DFU_ERROR_REFUSED);
  }
  await_end(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_NOT_BACK);
  assert_non_null(strstr(fixture->message, "runs its old application again"));
}

/* --- the wrong board --- */

static void emit_board(Fixture *fixture, const char *model, guint16 revision)
{
  played_link_emit_device(&fixture->link, (DfuLinkUp){.mtu = 23,
                                                      .has_revision = TRUE,
                                                      .revision = revision,
                                                      .has_packet = TRUE,
                                                      .model = model});
}

static void expect_model(Fixture *fixture, const char *model)
{
  fixture->options.expect_model = model;
  begin(fixture, 1);
}

static void device_of_another_model_is_left_untouched(void **state)
{
  Fixture *fixture = *state;

  expect_model(fixture, "Gate 7");
  emit_board(fixture, "Gate 8", 0x0008);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  await_end(fixture);
  assert_string_equal(fixture->link.calls->str, "connect 30000;disconnect;disconnect;");
  assert_int_equal(fixture->error_code, DFU_ERROR_NOT_FOUND);
  assert_int_equal(fixture->next, DFU_NEXT_NONE);
  assert_string_equal(fixture->message, PLAYED_ADDRESS " (DfuTarg) is a 'Gate 8', and "
                                        "--expect-model wants 'Gate 7'. Nothing was sent");
}

static void bootloader_that_does_not_tell_its_model_is_refused(void **state)
{
  Fixture *fixture = *state;

  expect_model(fixture, "Gate 7");
  emit_board(fixture, "", 0x0008);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  await_end(fixture);
  assert_int_equal(fixture->error_code, DFU_ERROR_NOT_FOUND);
}

static void device_of_the_right_model_is_written_to(void **state)
{
  Fixture *fixture = *state;

  expect_model(fixture, "Gate 7");
  emit_board(fixture, "Gate 7", 0x0008);
  assert_string_equal(fixture->link.calls->str, "connect 30000;subscribe;");
}

static void application_of_another_model_is_not_entered(void **state)
{
  Fixture *fixture = *state;

  expect_model(fixture, "Gate 7");
  emit_board(fixture, "Gate 8", 0x0001);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  await_end(fixture);
  assert_string_equal(fixture->link.calls->str, "connect 30000;disconnect;disconnect;");
  assert_int_equal(fixture->error_code, DFU_ERROR_NOT_FOUND);
}

/* What the application told is true of its bootloader, which may tell nothing. */
static void model_that_the_application_told_is_enough(void **state)
{
  Fixture *fixture = *state;
  PlayedLink *link = &fixture->link;

  expect_model(fixture, "Gate 7");
  emit_board(fixture, "Gate 7", 0x0001);
  played_link_emit(link, DFU_LINK_SUBSCRIBED);
  played_link_emit(link, DFU_LINK_LOST); /* while 01 04 is being written: it jumps */
  g_string_truncate(link->calls, 0);
  await_connects(fixture, 1);
  emit_board(fixture, "", 0x0008);
  assert_string_equal(link->calls->str, "connect 30000;subscribe;");
}

/* An image that the device would refuse only after it has erased its application. */
static void image_for_another_device_is_refused_before_start(void **state)
{
  Fixture *fixture = *state;

  played_link_emit_device(&fixture->link, (DfuLinkUp){.mtu = 23,
                                                      .has_revision = TRUE,
                                                      .revision = 0x0008,
                                                      .has_packet = TRUE,
                                                      .firmware = "0.9.2 s140 6.1.1"});
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  await_end(fixture);
  assert_string_equal(fixture->link.calls->str, "connect 30000;disconnect;disconnect;");
  assert_int_equal(fixture->error_code, DFU_ERROR_PACKAGE);
  assert_int_equal(fixture->next, DFU_NEXT_NONE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(cancelling_is_not_put_off_by_what_comes_in_meanwhile),
    TEST(device_that_is_not_wanted_once_it_is_seen_is_left_at_once),
    TEST(failed_tries_are_counted_with_their_pauses),
    TEST(tries_that_were_made_are_told_and_what_ended_them),
    TEST(nothing_is_said_of_what_a_device_holds_that_was_not_reached),
    TEST(lost_link_is_told_with_the_time_that_is_left),
    TEST(without_a_confirmed_byte_no_time_is_known),
    TEST(cut_transfer_without_a_journal_needs_a_restart),
    TEST(two_parts_are_one_account),
    TEST(loss_in_the_second_part_counts_in_its_image),
    TEST(second_part_that_finds_nobody_is_9),
    TEST(second_part_looks_for_the_bootloader_of_the_first),
    TEST(second_part_looks_for_an_application_that_is_left),
    TEST(device_of_another_model_is_left_untouched),
    TEST(bootloader_that_does_not_tell_its_model_is_refused),
    TEST(device_of_the_right_model_is_written_to),
    TEST(application_of_another_model_is_not_entered),
    TEST(model_that_the_application_told_is_enough),
    TEST(image_for_another_device_is_refused_before_start),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
