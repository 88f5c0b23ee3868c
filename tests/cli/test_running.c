/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What happens while an update runs: signals, a second run, the terminal, and
 * standard output that goes away.
 */
#include "lib/cli_fixture.h"

#include <signal.h>
#include <stdlib.h>

#define TO_DEVICE "--addr", CLI_ADDRESS
#define SLOW_ERASE "--erase-ms", "1500"
#define LONG_ERASE "--erase-ms", "4000" /* other programs run meanwhile */
/* Receipt 40 stays away, so an image of 410 packets stops at the 160th, for some seconds. */
#define STALL "--fault", "drop-receipt=40"
#define STOP_AND_WAIT "--prn", "4", "--window", "4"
#define STALLED " 30 %"

static DfuTestRun *start_update(Cli *cli, const char *const *target)
{
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);

  cli_start_target(cli, target);
  return cli_start(cli, CLI_ARGS("update", package, TO_DEVICE, STOP_AND_WAIT));
}

static void interrupt(DfuTestRun *run, const char *at, int signal_number, const char *says)
{
  g_auto(DfuTestResult) result = { 0 };

  dfu_test_wait_for(run, FALSE, at);
  dfu_test_signal(run, signal_number);
  result = dfu_test_finish(run);
  cli_assert_status(&result, 130);
  cli_assert_says(result.err, says);
  cli_assert_says(result.err, "\ndfu-ble: interrupted; ");
  cli_assert_says(cli_last_line(result.err), "/app.zip --addr " CLI_ADDRESS " --prn 4 --window 4");
  assert_null(strstr(cli_last_line(result.err), "--restart"));
}

static void ctrl_c_during_the_erase_waits_for_its_end(void **state)
{
  const char *path = cli_path(*state, "target.log");
  g_autofree char *log = NULL;

  interrupt(start_update(*state, CLI_ARGS(SLOW_ERASE, "--log", path)), "erasing flash", SIGINT,
            "waiting for the erase to finish: leaving now would restart the target");
  assert_true(g_file_get_contents(path, &log, NULL, NULL));
  assert_non_null(strstr(log, "< 10 01 01"));
  assert_null(strstr(log, "restarts"));
}

static void ctrl_c_in_mid_image_lets_the_target_come_to_rest(void **state)
{
  interrupt(start_update(*state, CLI_ARGS(STALL)), STALLED, SIGINT,
            "waiting until the target has stored what is in the air");
}

static void sigterm_and_sighup_do_as_ctrl_c(void **state)
{
  static const int signals[] = { SIGTERM, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
    interrupt(start_update(*state, CLI_ARGS(STALL)), STALLED, signals[i], "Stopping: ");
    cli_stop_target(*state);
    cli_forget(*state);
  }
}

static void nohup_is_respected(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  const DfuTestProgram nohup = { .ignores_hangup = TRUE };
  g_auto(DfuTestResult) result = { 0 };
  DfuTestRun *run;

  cli_start_target(cli, CLI_ARGS(SLOW_ERASE));
  run = cli_start_like(cli, &nohup, CLI_ARGS("update", package, TO_DEVICE));
  dfu_test_wait_for(run, FALSE, "erasing flash");
  dfu_test_signal(run, SIGHUP);
  result = dfu_test_finish(run);
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
}

/* Activated, and not seen: with --require-back that is what 9 means, whoever ended the wait. */
static void sigterm_while_it_watches_shows_nothing_of_the_device(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  const char *const update[] = { "update", package, TO_DEVICE, "--json", "--wait-back", "600",
                                 NULL, NULL };

  for (guint i = 0; i < 2; i++) {
    const char *arguments[G_N_ELEMENTS(update)];
    g_auto(DfuTestResult) result = { 0 };
    const cJSON *end;
    cJSON *events;
    DfuTestRun *run;

    memcpy(arguments, update, sizeof update);
    arguments[G_N_ELEMENTS(update) - 2] = i == 0 ? "--require-back" : NULL;
    cli_start_target(cli, CLI_ARGS("--after-activate", "nothing"));
    run = cli_start(cli, arguments);
    dfu_test_wait_for(run, TRUE, "\"state\":\"watching\"");
    dfu_test_signal(run, SIGTERM);
    result = dfu_test_finish(run);
    cli_stop_target(cli);
    cli_assert_status(&result, i == 0 ? 9 : 0);
    events = cli_parse_events(result.out);
    end = cli_find_event(events, "result");
    assert_string_equal(cli_text(end, "seen"), "nothing");
    if (i == 0)
      cli_assert_says(cli_text(end, "error"), "sent and activated, but the run was stopped before");
    cJSON_Delete(events);
    cli_assert_installed(cli, package, 0);
  }
}

static void second_run_on_the_same_device_gives_10(void **state)
{
  Cli *cli = *state;
  DfuTestRun *run = start_update(cli, CLI_ARGS(LONG_ERASE));
  const char *package = cli_path(cli, "app.zip");
  g_auto(DfuTestResult) second = { 0 };
  g_auto(DfuTestResult) lower_case = { 0 };
  g_auto(DfuTestResult) first = { 0 };

  dfu_test_wait_for(run, FALSE, "erasing flash");
  second = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"));
  lower_case = cli_run(cli, CLI_ARGS("update", package, "--addr", "c4:12:ab:00:11:22"));
  first = dfu_test_finish(run);
  cli_assert_status(&second, 10);
  cli_assert_says(second.err, "another dfu-ble (process ");
  cli_assert_says(second.out, "\"exit_code\":10");
  cli_assert_status(&lower_case, 10);
  cli_assert_status(&first, 0);
  cli_assert_installed(cli, package, 0);
}

static void second_run_by_name_gives_10(void **state)
{
  Cli *cli = *state;
  DfuTestRun *run = start_update(cli, CLI_ARGS(LONG_ERASE));
  const char *package = cli_path(cli, "app.zip");
  g_auto(DfuTestResult) second = { 0 };
  g_auto(DfuTestResult) first = { 0 };

  dfu_test_wait_for(run, FALSE, "erasing flash");
  second = cli_run(cli, CLI_ARGS("update", package, "--name", "DfuTarg"));
  first = dfu_test_finish(run);
  cli_assert_status(&second, 10);
  cli_assert_status(&first, 0);
  cli_assert_installed(cli, package, 0);
}

static void lock_file_that_stayed_behind_means_nothing(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_autofree char *directory = g_strdup(cli_path(cli, "state/dfu-ble"));
  g_autofree char *file = g_build_filename(directory, CLI_ADDRESS ".lock", NULL);
  g_auto(DfuTestResult) result = { 0 };

  assert_int_equal(g_mkdir_with_parents(directory, 0700), 0);
  assert_true(g_file_set_contents(file, "1\n", -1, NULL));
  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&result, 0);
}

static void state_directory_that_cannot_be_made_is_a_warning(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestProgram without = { .environment = CLI_ARGS("XDG_STATE_HOME=/proc/nowhere") };
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = dfu_test_finish(
    cli_start_like(cli, &without, CLI_ARGS("update", package, TO_DEVICE, "--json")));
  cli_assert_status(&result, 0);
  cli_assert_says(result.err, "warning: cannot lock /proc/nowhere/dfu-ble/" CLI_ADDRESS ".lock");
  cli_assert_says(result.out, "{\"event\":\"warning\",\"text\":\"cannot lock ");
}

static void full_standard_output_does_not_cut_the_update_off(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestProgram full = { .stdout_path = "/dev/full" };
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result =
    dfu_test_finish(cli_start_like(cli, &full, CLI_ARGS("update", package, TO_DEVICE, "--json")));
  cli_assert_status(&result, 1);
  cli_assert_says(result.err, "cannot write standard output: No space left on device");
  cli_assert_installed(cli, package, 0);
}

/* `head -1` takes the first event and goes. */
static void closed_pipe_does_not_cut_the_update_off(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_autofree char *script = NULL;
  g_autofree char *bus = NULL;
  g_autofree char *state_home = g_strdup_printf("XDG_STATE_HOME=%s", cli_path(cli, "state"));
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_ERASE)); /* long enough for head to be gone */
  bus = g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS=%s", cli->bus_address);
  script = g_strdup_printf("{ '%s' update '%s' --addr " CLI_ADDRESS " --json;"
                           " echo \"status $?\" >&2; } | head -n 1",
                           cli_program("DFU_BLE", "dfu-ble"), package);
  result = dfu_test_run(&(DfuTestProgram){ .argv = CLI_ARGS("/bin/sh", "-c", script),
                                           .environment = CLI_ARGS(bus, state_home) });
  cli_assert_says(result.err, "cannot write standard output: Broken pipe");
  cli_assert_says(result.err, "\nstatus 1\n");
  assert_true(g_str_has_prefix(result.out, "{\"event\":\"package\","));
  cli_assert_installed(cli, package, 0);
}

/* --- the terminal --- */

/* Checks each picture of the status line in what a terminal got. */
static void check_bar(const char *seen, guint columns)
{
  g_auto(GStrv) pictures = g_regex_split_simple("[\r\n]+", seen, 0, 0);
  g_autoptr(GRegex) percent = g_regex_new("^sending.* (\\d+) %", 0, 0, NULL);
  gboolean seen_erase = FALSE;
  int last = -1;

  for (guint i = 0; pictures[i] != NULL; i++) {
    g_autoptr(GMatchInfo) match = NULL;
    gboolean is_erase = g_str_has_prefix(pictures[i], "erasing flash ");

    seen_erase |= is_erase;
    if (is_erase || g_str_has_prefix(pictures[i], "sending "))
      assert_true(strlen(pictures[i]) < columns);
    if (g_regex_match(percent, pictures[i], 0, &match)) {
      g_autofree char *digits = g_match_info_fetch(match, 1);

      assert_true(atoi(digits) >= last && atoi(digits) <= 100);
      last = atoi(digits);
    }
  }
  assert_true(seen_erase);
  assert_true(last > 0);
}

static void update_on_terminal(Cli *cli, guint columns)
{
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestProgram terminal = { .terminal_columns = columns };
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_ERASE, "--fault", "lose=5000:1"));
  result =
    dfu_test_finish(cli_start_like(cli, &terminal, CLI_ARGS("update", package, TO_DEVICE)));
  cli_stop_target(cli);
  cli_assert_status(&result, 0);
  check_bar(result.err, columns);
  assert_null(strchr(result.err, '\x1b'));
  assert_true(g_str_has_suffix(result.err, "\r")); /* the bar is gone at the end */
  cli_assert_says(result.err, "resumed at byte 5000 of 8192\r\n");
}

static void bar_fits_the_terminal_and_never_goes_back(void **state)
{
  update_on_terminal(*state, 100);
  update_on_terminal(*state, 40);
  update_on_terminal(*state, 20);
}

static void plain_lines_come_where_there_is_no_terminal(void **state)
{
  DfuTestRun *run = start_update(*state, CLI_NO_ARGS);
  g_auto(DfuTestResult) result = dfu_test_finish(run);

  cli_assert_status(&result, 0);
  assert_null(strchr(result.err, '\r'));
  for (int percent = 10; percent <= 100; percent += 10) {
    g_autofree char *line = g_strdup_printf("\n%3d %%  ", percent);

    cli_assert_says(result.err, line);
    assert_null(strstr(strstr(result.err, line) + 1, line)); /* once */
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(ctrl_c_during_the_erase_waits_for_its_end),
    CLI_TEST(ctrl_c_in_mid_image_lets_the_target_come_to_rest),
    CLI_TEST(sigterm_and_sighup_do_as_ctrl_c),
    CLI_TEST(nohup_is_respected),
    CLI_TEST(sigterm_while_it_watches_shows_nothing_of_the_device),
    CLI_TEST(second_run_on_the_same_device_gives_10),
    CLI_TEST(second_run_by_name_gives_10),
    CLI_TEST(lock_file_that_stayed_behind_means_nothing),
    CLI_TEST(state_directory_that_cannot_be_made_is_a_warning),
    CLI_TEST(full_standard_output_does_not_cut_the_update_off),
    CLI_TEST(closed_pipe_does_not_cut_the_update_off),
    CLI_TEST(bar_fits_the_terminal_and_never_goes_back),
    CLI_TEST(plain_lines_come_where_there_is_no_terminal),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
