/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the application into the bootloader and a reset of it, through the built
 * programs: `enter`, `reset`, and `update` that enters by itself.
 */
#include "lib/cli_fixture.h"

#include <signal.h>

#define NEXT_ADDRESS "C4:12:AB:00:11:23" /* one above the application's */
#define ADDRESS_BELOW "C4:12:AB:00:11:21"
#define TO_DEVICE "--addr", CLI_ADDRESS
#define ENTER "enter", TO_DEVICE
#define RESET "reset", TO_DEVICE

static char *read_log(Cli *cli)
{
  char *log = NULL;

  assert_true(g_file_get_contents(cli_path(cli, "target.log"), &log, NULL, NULL));
  return log;
}

static guint count(const char *in, const char *text)
{
  g_auto(GStrv) pieces = g_strsplit(in, text, -1);

  return g_strv_length(pieces) - 1;
}

/* An update that is interrupted when half of it is there. */
static DfuTestResult cut_at_half(Cli *cli, const char *const *arguments)
{
  DfuTestRun *run = cli_start(cli, arguments);
  DfuTestResult cut;

  dfu_test_wait_for(run, FALSE, " 50 %");
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  return cut;
}

/* --- enter --- */

static void application_is_entered_wherever_its_bootloader_appears(void **state)
{
  static const struct {
    const char *target[6];
    const char *address;
  } rows[] = {
    { { "--app-mode" }, NEXT_ADDRESS },
    { { "--app-mode", "--jump", "same" }, CLI_ADDRESS },
    { { "--app-mode", "--jump", "same", "--directed" }, CLI_ADDRESS },
    { { "--app-mode", "--app-revision", "none" }, NEXT_ADDRESS },
    { { "--app-mode", "--personality", "adafruit-0.9", "--jump", "same" }, CLI_ADDRESS },
    { { "--app-mode", "--personality", "sdk6.1" }, NEXT_ADDRESS },
  };
  Cli *cli = *state;

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *says = g_strdup_printf("In DFU mode at %s: ", rows[i].address);
    g_auto(DfuTestResult) result = { 0 };
    g_auto(DfuTestResult) again = { 0 };

    cli_start_target(cli, rows[i].target);
    result = cli_run(cli, CLI_ARGS(ENTER));
    if (result.status != 0)
      print_message("row %u\n", i);
    cli_assert_status(&result, 0);
    assert_true(g_str_has_prefix(result.out, says));
    /* And there it is. */
    again = cli_run(cli, CLI_ARGS("status", "--addr", rows[i].address));
    cli_assert_status(&again, 0);
    cli_assert_says(again.out, "\nmode         dfu\n");
    cli_stop_target(cli);
  }
}

/* Whatever became of the run that sent it there: this is the command that the user has. */
static void bootloader_that_was_entered_is_found_by_the_address_of_its_application(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) first = { 0 };
  g_auto(DfuTestResult) again = { 0 };
  g_auto(DfuTestResult) reset = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--no-application"));
  first = cli_run(cli, CLI_ARGS(ENTER));
  cli_assert_status(&first, 0);
  again = cli_run(cli, CLI_ARGS(ENTER, "--timeout", "5"));
  cli_assert_status(&again, 0);
  assert_true(g_str_has_prefix(again.out, "In DFU mode at " NEXT_ADDRESS ": "));
  reset = cli_run(cli, CLI_ARGS(RESET, "--timeout", "5"));
  cli_assert_status(&reset, 0);
  assert_string_equal(reset.out, "Reset: " NEXT_ADDRESS ".\n");
}

static void enter_that_was_interrupted_goes_on_by_the_printed_command(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) again = { 0 };
  DfuTestRun *run;

  cli_start_target(cli, CLI_ARGS("--app-mode", "--boot-ms", "3000"));
  run = cli_start(cli, CLI_ARGS(ENTER));
  dfu_test_wait_for(run, FALSE, "entering the bootloader");
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  assert_true(g_str_has_suffix(cli_last_line(cut.err), " enter --addr " CLI_ADDRESS));
  again = cli_run(cli, CLI_ARGS(ENTER));
  cli_assert_status(&again, 0);
  assert_true(g_str_has_prefix(again.out, "In DFU mode at " NEXT_ADDRESS ": "));
}

/* Another device's bootloader may be there. */
static void bootloader_above_is_left_alone_where_nobody_entered_it(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--log", cli_path(cli, "target.log")));
  result = cli_run(cli, CLI_ARGS("enter", "--addr", ADDRESS_BELOW, "--timeout", "1"));
  cli_assert_status(&result, 5);
  cli_assert_says(result.err, "if it is the device, go on with `--addr " CLI_ADDRESS "`");
  log = read_log(cli);
  assert_null(strstr(log, " > "));
}

static void json_says_where_the_bootloader_is(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *event, *end;
  GString *modes = g_string_new(NULL);
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--app-mode"));
  events = cli_run_json(cli, CLI_ARGS(ENTER, "--json"), 0, &result);
  cJSON_ArrayForEach(event, events)
  {
    if (cJSON_HasObjectItem(event, "mode"))
      g_string_append_printf(modes, "%s %s;", cli_text(event, "mode"), cli_text(event, "address"));
  }
  assert_string_equal(modes->str, "application " CLI_ADDRESS ";dfu " NEXT_ADDRESS ";");
  end = cli_find_event(events, "result");
  assert_string_equal(cli_text(end, "address"), NEXT_ADDRESS);
  assert_string_equal(cli_text(end, "family"), "sdk");
  assert_int_equal(cli_number(end, "image_bytes"), 0);
  assert_int_equal(cli_number(end, "link_losses"), 0); /* that one was wanted */
  g_string_free(modes, TRUE);
  cJSON_Delete(events);
}

static void device_in_dfu_mode_is_left_as_it_is(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--log", cli_path(cli, "target.log")));
  result = cli_run(cli, CLI_ARGS(ENTER));
  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, "In DFU mode at " CLI_ADDRESS ": nRF5 SDK 7 to 11.\n"));
  log = read_log(cli);
  assert_null(strstr(log, "> 01 "));
  assert_null(strstr(log, "> 06 "));
}

/* Its DFU runs in the application: there is nothing to enter, and nothing is written. */
static void watch_is_in_dfu_mode_as_it_is(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "infinitime", "--log", cli_path(cli, "target.log")));
  result = cli_run(cli, CLI_ARGS(ENTER));
  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, "In DFU mode at " CLI_ADDRESS ": InfiniTime.\n"));
  log = read_log(cli);
  assert_null(strstr(log, " > "));
}

/* As one that wants a bond, or whose DFU is switched off. */
static void application_that_refuses_gives_7(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--fault", "att=start:0x80"));
  result = cli_run(cli, CLI_ARGS(ENTER));
  cli_assert_status(&result, 7);
  cli_assert_says(result.err, CLI_ADDRESS " (Application) refused Start: ");
  cli_assert_says(result.err, "ATT error 0x80");
}

static void jump_whose_write_is_not_answered_is_a_jump(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--fault", "jump-unheard=1"));
  result = cli_run(cli, CLI_ARGS(ENTER));
  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, "In DFU mode at " NEXT_ADDRESS ": "));
}

static void device_that_is_away_gives_5(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  result = cli_run(cli, CLI_ARGS(ENTER, "--timeout", "1", "--retries", "0"));
  cli_assert_status(&result, 5);
}

static void ctrl_c_gives_130(void **state)
{
  Cli *cli = *state;
  DfuTestRun *run;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  run = cli_start(cli, CLI_ARGS(ENTER));
  dfu_test_wait_for(run, FALSE, "connecting");
  dfu_test_signal(run, SIGINT);
  result = dfu_test_finish(run);
  cli_assert_status(&result, 130);
  cli_assert_says(result.err, "\ndfu-ble: interrupted\n");
}

/* --- update enters by itself --- */

static void update_enters_by_itself(void **state)
{
  static const char *const jumps[] = { "next", "same" };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);

  for (guint i = 0; i < G_N_ELEMENTS(jumps); i++) {
    g_auto(DfuTestResult) result = { 0 };
    cJSON *events;

    cli_start_target(cli, CLI_ARGS("--app-mode", "--jump", jumps[i]));
    events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
    cli_assert_says(result.err, "\nentering the bootloader\n");
    cli_assert_installed(cli, package, 0);
    assert_int_equal(cli_number(cli_find_event(events, "result"), "link_losses"), 0);
    /* The application is back where the run began. */
    assert_string_equal(cli_text(cli_find_event(events, "result"), "seen"), "application");
    assert_string_equal(cli_text(cli_find_event(events, "result"), "seen_address"), CLI_ADDRESS);
    cJSON_Delete(events);
    cli_stop_target(cli);
  }
}

static void update_from_the_application_is_resumed_in_the_bootloader(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--app-mode", "--fault", "lose=4000:1"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  assert_int_equal(cli_number(cli_find_event(events, "resumed"), "offset_bytes"), 4000);
  assert_in_range((int)cli_number(cli_find_event(events, "result"), "sent_bytes"), 8192,
                  8192 + 160); /* what was in flight, again */
  cJSON_Delete(events);
}

/* The command that the user has in his script names the application's address. */
static void bootloader_that_an_earlier_run_has_entered_is_found_again(void **state)
{
  Cli *cli = *state;
  const char *wrong = cli_make_package(cli, "wrong.zip", CLI_ARGS("--seed", "7"));
  const char *package = cli_make_package(cli, "app.zip", CLI_ARGS("--device-type", "82"));
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--personality", "adafruit-0.9"));
  refused = cli_run(cli, CLI_ARGS("update", wrong, TO_DEVICE));
  cli_assert_status(&refused, 3);
  cli_assert_says(refused.err, NEXT_ADDRESS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--timeout", "5"));
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
}

/* What is printed last, and what a script reads from the result, is where the device was then. */
static void cut_transfer_goes_on_by_whichever_address(void **state)
{
  static const struct {
    const char *cut[2];
    const char *again;
  } rows[] = {
    { { "--addr", CLI_ADDRESS }, NEXT_ADDRESS },
    { { "--name", "Application" }, NEXT_ADDRESS },
    { { "--name", "Application" }, CLI_ADDRESS },
  };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_auto(DfuTestResult) cut = { 0 };
    g_auto(DfuTestResult) status = { 0 };
    g_auto(DfuTestResult) again = { 0 };

    cli_start_target(cli, CLI_ARGS("--app-mode", "--air-us", "3000"));
    cut = cut_at_half(cli, CLI_ARGS("update", package, rows[i].cut[0], rows[i].cut[1]));
    if (i > 0)
      cli_assert_says(cli_last_line(cut.err), "--addr " NEXT_ADDRESS);
    status = cli_run(cli, CLI_ARGS("status", "--addr", NEXT_ADDRESS));
    cli_assert_says(status.out, "goes on with app.zip at byte ");
    again = cli_run(cli, CLI_ARGS("update", package, "--addr", rows[i].again));
    cli_assert_status(&again, 0);
    cli_assert_says(again.err, "resumed at byte ");
    cli_assert_installed(cli, package, 0);
    cli_stop_target(cli);
  }
}

/* To be disconnected there is what the target bears least. */
static void bootloader_that_a_run_works_on_is_kept_from_others(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestRun *run;
  g_auto(DfuTestResult) by_address = { 0 };
  g_auto(DfuTestResult) by_name = { 0 };
  g_auto(DfuTestResult) update = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--air-us", "3000"));
  run = cli_start(cli, CLI_ARGS("update", package, TO_DEVICE));
  dfu_test_wait_for(run, FALSE, " 10 %");
  by_address = cli_run(cli, CLI_ARGS("status", "--addr", NEXT_ADDRESS));
  cli_assert_status(&by_address, 10);
  by_name = cli_run(cli, CLI_ARGS("update", package, "--name", "DfuTarg"));
  cli_assert_status(&by_name, 10);
  update = dfu_test_finish(run);
  cli_assert_status(&update, 0);
  assert_null(strstr(update.err, "the link was lost"));
}

/* It found the device, saw whose it is, and left: nothing was lost, and the same may work later. */
static void run_that_finds_a_device_taken_tells_to_come_again(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) update = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--air-us", "3000"));
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE));
  run = cli_start(cli, CLI_ARGS("update", package, "--addr", NEXT_ADDRESS));
  dfu_test_wait_for(run, FALSE, " 60 %");
  for (guint i = 0; i < 2; i++) { /* before it connects, and after */
    const char *address = i == 0 ? NEXT_ADDRESS : CLI_ADDRESS;
    g_auto(DfuTestResult) taken = { 0 };
    cJSON *events = cli_run_json(
      cli, CLI_ARGS("update", package, "--addr", address, "--json"), 10, &taken);
    const cJSON *result = cli_find_event(events, "result");

    assert_string_equal(cli_text(result, "next"), "again");
    assert_int_equal(cli_number(result, "link_losses"), 0);
    assert_null(strstr(taken.err, "the link was lost"));
    cJSON_Delete(events);
  }
  update = dfu_test_finish(run);
  cli_assert_status(&update, 0);
}

static void two_parts_begin_in_the_application(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode"));
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
  cli_assert_installed(cli, package, 1);
}

static void dry_run_does_not_enter(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--log", cli_path(cli, "target.log")));
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--dry-run"));
  cli_assert_status(&result, 0);
  log = read_log(cli);
  assert_null(strstr(log, " > "));
}

/* --- reset --- */

static void reset_says_first_what_it_means(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--log", cli_path(cli, "target.log")));
  result = cli_run(cli, CLI_ARGS(RESET));
  cli_assert_status(&result, 0);
  assert_string_equal(result.out, "Reset: " CLI_ADDRESS ".\n");
  cli_assert_says(result.err, CLI_ADDRESS ", taken for nRF5 SDK 7 to 11: A reset starts the old "
                              "application where the bootloader has two banks; with one bank it "
                              "stays in DFU mode.\n");
  assert_null(strstr(result.err, "activating"));
  log = read_log(cli);
  assert_int_equal(count(log, "> 06 "), 1);
}

static void reset_that_may_end_at_a_cable_wants_consent(void **state)
{
  static const struct {
    const char *target[3];
    const char *reset[3];
  } rows[] = {
    { { "--personality", "adafruit-0.9" }, { NULL } },
    { { "--personality", "adafruit-0.7" }, { NULL } },
    { { NULL }, { "--family", "unknown" } }, /* nobody knows: taken for the worst */
  };
  Cli *cli = *state;

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *log_path = cli_path(cli, i == 0 ? "a.log" : i == 1 ? "b.log" : "c.log");
    g_autofree char *before = NULL, *after = NULL;
    g_auto(DfuTestResult) refused = { 0 };
    g_auto(DfuTestResult) done = { 0 };

    cli_start_target(cli, CLI_ARGS("--log", log_path, rows[i].target[0], rows[i].target[1]));
    refused = cli_run(cli, CLI_ARGS(RESET, rows[i].reset[0], rows[i].reset[1]));
    cli_assert_status(&refused, 7);
    cli_assert_says(refused.err, "a reset may leave " CLI_ADDRESS);
    cli_assert_says(refused.err, "--allow-cable does it all the same");
    assert_true(g_file_get_contents(log_path, &before, NULL, NULL));
    assert_int_equal(count(before, "> 06 "), 0);

    done = cli_run(cli, CLI_ARGS(RESET, "--allow-cable", rows[i].reset[0], rows[i].reset[1]));
    cli_assert_status(&done, 0);
    assert_true(g_file_get_contents(log_path, &after, NULL, NULL));
    assert_int_equal(count(after, "> 06 "), 1);
    cli_stop_target(cli);
  }
}

static void watch_has_nothing_to_reset(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "infinitime"));
  result = cli_run(cli, CLI_ARGS(RESET));
  cli_assert_status(&result, 7);
  cli_assert_says(result.err, "knows no System Reset");
}

static void application_has_nothing_to_reset(void **state)
{
  Cli *cli = *state;
  g_autofree char *log = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--app-mode", "--log", cli_path(cli, "target.log")));
  result = cli_run(cli, CLI_ARGS(RESET));
  cli_assert_status(&result, 7);
  cli_assert_says(result.err, "runs its application, not its bootloader: there is nothing to reset");
  log = read_log(cli);
  assert_null(strstr(log, " > "));
}

/* The way out where a transfer that nobody knows is in the way. */
static void reset_clears_the_way_for_another_package(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  const char *other = cli_make_package(cli, "other.zip", CLI_ARGS("--seed", "7"));
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) reset = { 0 };
  g_auto(DfuTestResult) update = { 0 };

  cli_start_target(cli, CLI_ARGS("--no-application", "--air-us", "3000"));
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE));
  reset = cli_run(cli, CLI_ARGS(RESET));
  cli_assert_status(&reset, 0);
  update = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE));
  cli_assert_status(&update, 0);
  cli_assert_installed(cli, other, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(application_is_entered_wherever_its_bootloader_appears),
    CLI_TEST(bootloader_that_was_entered_is_found_by_the_address_of_its_application),
    CLI_TEST(enter_that_was_interrupted_goes_on_by_the_printed_command),
    CLI_TEST(bootloader_above_is_left_alone_where_nobody_entered_it),
    CLI_TEST(json_says_where_the_bootloader_is),
    CLI_TEST(device_in_dfu_mode_is_left_as_it_is),
    CLI_TEST(watch_is_in_dfu_mode_as_it_is),
    CLI_TEST(application_that_refuses_gives_7),
    CLI_TEST(jump_whose_write_is_not_answered_is_a_jump),
    CLI_TEST(device_that_is_away_gives_5),
    CLI_TEST(ctrl_c_gives_130),
    CLI_TEST(update_enters_by_itself),
    CLI_TEST(update_from_the_application_is_resumed_in_the_bootloader),
    CLI_TEST(bootloader_that_an_earlier_run_has_entered_is_found_again),
    CLI_TEST(cut_transfer_goes_on_by_whichever_address),
    CLI_TEST(bootloader_that_a_run_works_on_is_kept_from_others),
    CLI_TEST(run_that_finds_a_device_taken_tells_to_come_again),
    CLI_TEST(two_parts_begin_in_the_application),
    CLI_TEST(dry_run_does_not_enter),
    CLI_TEST(reset_says_first_what_it_means),
    CLI_TEST(reset_that_may_end_at_a_cable_wants_consent),
    CLI_TEST(watch_has_nothing_to_reset),
    CLI_TEST(application_has_nothing_to_reset),
    CLI_TEST(reset_clears_the_way_for_another_package),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
