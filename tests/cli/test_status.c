/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble status, through the built programs: what it tells of a device before,
 * during and after an update, and that it changes nothing.
 */
#include "lib/cli_fixture.h"

#include <signal.h>

#define APPLICATION_ADDRESS "C4:12:AB:00:11:21" /* one below the bootloader's */
#define STATUS "status", "--addr", CLI_ADDRESS
#define SLOW_AIR "--air-us", "3000"
#define HALF " 50 %"

static cJSON *get_status(Cli *cli, DfuTestResult *result)
{
  return cli_run_json(cli, CLI_ARGS(STATUS, "--json"), 0, result);
}

static gboolean would_resume(const cJSON *status)
{
  const cJSON *item = cJSON_GetObjectItem(status, "would_resume");

  assert_true(cJSON_IsBool(item));
  return cJSON_IsTrue(item);
}

/* The device holds a half of app.zip; the journal tells of it. Returns: the bytes held. */
static guint leave_at_half(Cli *cli)
{
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };
  cJSON *events;
  guint held;

  cli_start_target(cli, CLI_ARGS(SLOW_AIR, "--log", cli_path(cli, "target.log")));
  run = cli_start(cli, CLI_ARGS("update", package, "--addr", CLI_ADDRESS, "--json"));
  dfu_test_wait_for(run, FALSE, HALF);
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  events = cli_parse_events(cut.out);
  held = (guint)cli_number(cli_find_event(events, "result"), "confirmed_bytes");
  cJSON_Delete(events);
  return held;
}

static void idle_target_holds_nothing(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--name", "Gate 7"));
  events = get_status(cli, &result);
  status = cli_find_event(events, "status");
  assert_string_equal(cli_text(status, "mode"), "dfu");
  assert_string_equal(cli_text(status, "address"), CLI_ADDRESS);
  assert_string_equal(cli_text(status, "name"), "Gate 7");
  assert_string_equal(cli_text(status, "revision"), "0.8");
  assert_int_equal(cli_number(status, "mtu"), 23);
  assert_true(cli_number(status, "rssi") < 0);
  assert_int_equal(cli_number(status, "received_bytes"), 0);
  assert_null(cJSON_GetObjectItem(status, "journal"));
  assert_null(cJSON_GetObjectItem(status, "manufacturer"));
  assert_string_equal(cli_text(status, "family"), "sdk");
  assert_string_equal(cli_text(status, "reset_to"), "either");
  assert_int_equal(cli_number(status, "forgets_after_s"), 120);
  assert_false(would_resume(status));
  assert_string_equal(cli_text(status, "next_update"), "begins at the first byte");
  cJSON_Delete(events);
}

static void board_is_told_with_what_becomes_of_it(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) text = { 0 };
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--personality", "adafruit-0.9"));
  text = cli_run(cli, CLI_ARGS(STATUS));
  cli_assert_status(&text, 0);
  cli_assert_says(text.out, "\nmanufacturer Adafruit Industries\n"
                            "model        Feather nRF52840 Express\n"
                            "firmware     0.9.2 s140 6.1.1\n"
                            "family       adafruit-0.9: Adafruit bootloader 0.8 to 0.9.2, by: "
                            "firmware revision\n"
                            "             It keeps a cut transfer as long as it has power.\n"
                            "             After a reset in mid-transfer it can be reached by cable "
                            "only.\n");
  events = get_status(cli, &result);
  status = cli_find_event(events, "status");
  assert_string_equal(cli_text(status, "manufacturer"), "Adafruit Industries");
  assert_string_equal(cli_text(status, "model"), "Feather nRF52840 Express");
  assert_string_equal(cli_text(status, "firmware"), "0.9.2 s140 6.1.1");
  assert_string_equal(cli_text(status, "family"), "adafruit-0.9");
  assert_string_equal(cli_text(status, "family_why"), "firmware revision");
  assert_string_equal(cli_text(status, "reset_to"), "cable");
  assert_null(cJSON_GetObjectItem(status, "forgets_after_s")); /* it does not */
  cJSON_Delete(events);
}

static void family_that_is_named_is_shown(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  events = cli_run_json(cli, CLI_ARGS(STATUS, "--json", "--family", "sdk-single"), 0, &result);
  status = cli_find_event(events, "status");
  assert_string_equal(cli_text(status, "family"), "sdk-single");
  assert_string_equal(cli_text(status, "family_why"), "as told");
  assert_string_equal(cli_text(status, "reset_to"), "bootloader");
  cJSON_Delete(events);
}

static void what_is_not_known_is_not_claimed(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS(STATUS, "--family", "unknown"));
  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "How long it keeps a cut transfer is not known.\n"
                              "             What a reset does to it is not known: ");
}

/* 07 would have no answer, cost 2 s, and prolong a session that was cut. */
static void watch_is_not_asked(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--personality", "infinitime", "--log", cli_path(cli, "target.log")));
  events = get_status(cli, &result);
  status = cli_find_event(events, "status");
  assert_string_equal(cli_text(status, "mode"), "dfu");
  assert_string_equal(cli_text(status, "family"), "infinitime");
  assert_string_equal(cli_text(status, "reset_to"), "ignored");
  assert_null(cJSON_GetObjectItem(status, "received_bytes"));
  assert_string_equal(cli_text(status, "next_update"),
                      "begins at the first byte, for the target does not tell what it holds");
  cJSON_Delete(events);
  g_file_get_contents(cli_path(cli, "target.log"), &log, NULL, NULL);
  cli_assert_says(log, " on the air: ");
  assert_null(strstr(log, " > "));
}

static void application_would_be_sent_into_its_bootloader(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--app-mode", "--log", cli_path(cli, "target.log")));
  events = get_status(cli, &result);
  status = cli_find_event(events, "status");
  assert_string_equal(cli_text(status, "mode"), "application");
  assert_string_equal(cli_text(status, "address"), CLI_ADDRESS);
  assert_string_equal(cli_text(status, "revision"), "0.1");
  assert_null(cJSON_GetObjectItem(status, "family")); /* of its bootloader nothing is known yet */
  assert_null(cJSON_GetObjectItem(status, "received_bytes"));
  assert_false(would_resume(status));
  assert_string_equal(cli_text(status, "next_update"),
                      "enters the bootloader, then begins at the first byte");
  cJSON_Delete(events);
  g_file_get_contents(cli_path(cli, "target.log"), &log, NULL, NULL);
  assert_null(strstr(log, " > ")); /* it was not sent there now */
}

/* What is remembered of the device alone is no update under way. */
static void window_that_is_remembered_is_told(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) update = { 0 };
  g_auto(DfuTestResult) text = { 0 };
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--personality", "sdk11-single", "--fault", "answer=receive:6:200"));
  update = cli_run(cli, CLI_ARGS("update", package, "--addr", CLI_ADDRESS, "--family", "sdk-single"));
  cli_assert_status(&update, 0);
  cli_stop_target(cli);
  cli_start_target(cli, CLI_NO_ARGS);
  events = get_status(cli, &result);
  status = cli_find_event(events, "status");
  assert_int_equal(cli_number(status, "most_window_packets"), 4);
  assert_null(cJSON_GetObjectItem(status, "journal"));
  assert_string_equal(cli_text(status, "next_update"), "begins at the first byte");
  cJSON_Delete(events);
  text = cli_run(cli, CLI_ARGS(STATUS));
  cli_assert_says(text.out, "\njournal      more than 4 packets in flight were too many for it\n");
}

static void text_is_for_people(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS(STATUS));
  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, "device       " CLI_ADDRESS " 'DfuTarg'\n"
                                           "mode         dfu\n"
                                           "family       sdk: nRF5 SDK 7 to 11, by: DFU Revision, "
                                           "MTU 23, no Device Information\n"
                                           "             It keeps a cut transfer for 120 s.\n"
                                           "             A reset starts the old application where "
                                           "the bootloader has two banks; with one bank it stays "
                                           "in DFU mode.\n"
                                           "revision     0.8\n"
                                           "MTU          23\n"
                                           "signal       -"));
  cli_assert_says(result.out, "\nreceived     nothing of an image\n"
                              "next update  begins at the first byte\n");
  assert_string_equal(result.err, "");
}

static void target_in_mid_transfer_is_known_from_both_sides(void **state)
{
  Cli *cli = *state;
  guint held = leave_at_half(cli);
  g_autofree char *next = g_strdup_printf("goes on with app.zip at byte %u", held);
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status, *journal;
  cJSON *events = get_status(cli, &result);

  status = cli_find_event(events, "status");
  assert_int_equal(cli_number(status, "received_bytes"), held);
  journal = cJSON_GetObjectItem(status, "journal");
  assert_string_equal(cli_text(journal, "package"), "app.zip");
  assert_string_equal(cli_text(journal, "part"), "application");
  assert_int_equal(strlen(cli_text(journal, "sha256")), 64);
  assert_int_equal(cli_number(journal, "image_bytes"), 8192);
  assert_int_equal(cli_number(journal, "sent_bytes"), held);
  assert_int_equal(cli_number(journal, "confirmed_bytes"), held);
  assert_in_range((int)cli_number(journal, "age_s"), 0, 30);
  assert_true(would_resume(status));
  assert_string_equal(cli_text(status, "next_update"), next);
  cJSON_Delete(events);
}

static void status_changes_nothing(void **state)
{
  Cli *cli = *state;
  guint held = leave_at_half(cli);
  g_autofree char *resumed = g_strdup_printf("resumed at byte %u of 8192", held);
  g_autofree char *log_before = NULL, *log_after = NULL;
  g_auto(DfuTestResult) status = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  g_file_get_contents(cli_path(cli, "target.log"), &log_before, NULL, NULL);
  status = cli_run(cli, CLI_ARGS(STATUS));
  cli_assert_status(&status, 0);
  g_file_get_contents(cli_path(cli, "target.log"), &log_after, NULL, NULL);
  /* 07 is all that was written. */
  cli_assert_says(log_after + strlen(log_before), "Report Received Image Size");
  assert_null(strstr(log_after + strlen(log_before), "Start"));
  rest = cli_run(cli, CLI_ARGS("update", cli_path(cli, "app.zip"), "--addr", CLI_ADDRESS));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, resumed);
  cli_assert_installed(cli, cli_path(cli, "app.zip"), 0);
}

static void transfer_without_a_journal_would_not_be_resumed(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  leave_at_half(cli);
  cli_forget(cli);
  events = get_status(cli, &result);
  assert_false(would_resume(cli_find_event(events, "status")));
  cli_assert_says(cli_text(cli_find_event(events, "status"), "next_update"),
                  "stops: no journal here tells of this transfer; it would need --restart");
  cJSON_Delete(events);
}

static void target_that_forgot_would_not_be_resumed(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  leave_at_half(cli);
  cli_stop_target(cli);
  cli_start_target(cli, CLI_NO_ARGS); /* as after a power cut */
  events = get_status(cli, &result);
  assert_false(would_resume(cli_find_event(events, "status")));
  cli_assert_says(cli_text(cli_find_event(events, "status"), "next_update"),
                  "the target has forgotten the transfer of app.zip");
  cJSON_Delete(events);
}

static void application_without_the_service_is_another_device(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) update = { 0 };
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *status;
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  update = cli_run(cli, CLI_ARGS("update", package, "--addr", CLI_ADDRESS));
  cli_assert_status(&update, 0);
  cli_assert_says(update.out, APPLICATION_ADDRESS);
  events =
    cli_run_json(cli, CLI_ARGS("status", "--addr", APPLICATION_ADDRESS, "--json"), 0, &result);
  status = cli_find_event(events, "status");
  assert_string_equal(cli_text(status, "mode"), "other");
  cli_assert_says(cli_text(status, "text"), APPLICATION_ADDRESS " has no legacy DFU service");
  assert_null(cJSON_GetObjectItem(status, "received_bytes"));
  assert_false(would_resume(status));
  cJSON_Delete(events);
}

static void target_that_does_not_count_is_told_after_two_seconds(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "mute=report-size"));
  events = get_status(cli, &result);
  assert_null(cJSON_GetObjectItem(cli_find_event(events, "status"), "received_bytes"));
  cli_assert_says(cli_text(cli_find_event(events, "status"), "next_update"),
                  "the target does not tell what it holds");
  assert_true(cli_number(cli_find_event(events, "result"), "duration_s") >= 2);
  cJSON_Delete(events);
}

static void signals_end_it_with_130(void **state)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
  Cli *cli = *state;

  cli_start_target(cli, CLI_ARGS("--absent"));
  for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
    DfuTestRun *run = cli_start(cli, CLI_ARGS(STATUS, "--timeout", "600", "--json", "--verbose"));
    g_auto(DfuTestResult) result = { 0 };

    dfu_test_wait_for(run, FALSE, "connecting to");
    dfu_test_signal(run, signals[i]);
    result = dfu_test_finish(run);
    cli_assert_status(&result, 130);
    cJSON_Delete(cli_parse_events(result.out));
  }
}

static void device_that_is_away_gives_5(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  result = cli_run(cli, CLI_ARGS(STATUS, "--timeout", "1"));
  cli_assert_status(&result, 5);
  cli_assert_says(result.err, "was not heard within 1 s");
}

static void adapter_that_is_off_gives_4(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--powered-off"));
  result = cli_run(cli, CLI_ARGS(STATUS));
  cli_assert_status(&result, 4);
}

static void refused_write_gives_7(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--fault", "att=report-size:0x08"));
  result = cli_run(cli, CLI_ARGS(STATUS));
  cli_assert_status(&result, 7);
}

static void device_at_work_gives_10(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestRun *run;
  g_auto(DfuTestResult) result = { 0 };
  g_auto(DfuTestResult) update = { 0 };

  cli_start_target(cli, CLI_ARGS("--erase-ms", "2000"));
  run = cli_start(cli, CLI_ARGS("update", package, "--addr", CLI_ADDRESS));
  dfu_test_wait_for(run, FALSE, "erasing flash");
  result = cli_run(cli, CLI_ARGS(STATUS));
  update = dfu_test_finish(run);
  cli_assert_status(&result, 10);
  cli_assert_status(&update, 0);
}

static void ctrl_c_gives_130(void **state)
{
  Cli *cli = *state;
  DfuTestRun *run;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  run = cli_start(cli, CLI_ARGS(STATUS, "--verbose"));
  dfu_test_wait_for(run, FALSE, "connecting to " CLI_ADDRESS);
  dfu_test_signal(run, SIGINT);
  result = dfu_test_finish(run);
  cli_assert_status(&result, 130);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(idle_target_holds_nothing),
    CLI_TEST(text_is_for_people),
    CLI_TEST(board_is_told_with_what_becomes_of_it),
    CLI_TEST(family_that_is_named_is_shown),
    CLI_TEST(what_is_not_known_is_not_claimed),
    CLI_TEST(watch_is_not_asked),
    CLI_TEST(application_would_be_sent_into_its_bootloader),
    CLI_TEST(window_that_is_remembered_is_told),
    CLI_TEST(target_in_mid_transfer_is_known_from_both_sides),
    CLI_TEST(status_changes_nothing),
    CLI_TEST(transfer_without_a_journal_would_not_be_resumed),
    CLI_TEST(target_that_forgot_would_not_be_resumed),
    CLI_TEST(application_without_the_service_is_another_device),
    CLI_TEST(target_that_does_not_count_is_told_after_two_seconds),
    CLI_TEST(signals_end_it_with_130),
    CLI_TEST(device_that_is_away_gives_5),
    CLI_TEST(adapter_that_is_off_gives_4),
    CLI_TEST(refused_write_gives_7),
    CLI_TEST(device_at_work_gives_10),
    CLI_TEST(ctrl_c_gives_130),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
