/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble doctor, through the built program, against the emulated bluetoothd.
 * What the kernel and /etc hold of Bluetooth is this machine's own, so that
 * nothing is expected of findings that come from there.
 */
#include "lib/cli_fixture.h"

#include <glib/gstdio.h>
#include <signal.h>

/* The first finding of that name; NULL if there is none. */
static const cJSON *find_finding(const cJSON *events, const char *what)
{
  const cJSON *event;

  cJSON_ArrayForEach(event, events)
  {
    if (strcmp(cli_text(event, "event"), "finding") == 0 &&
        strcmp(cli_text(event, "what"), what) == 0)
      return event;
  }
  return NULL;
}

static void assert_level(const cJSON *events, const char *what, const char *level)
{
  const cJSON *finding = find_finding(events, what);

  if (finding == NULL)
    fail_msg("nothing is said of %s", what);
  assert_string_equal(cli_text(finding, "level"), level);
  if (strcmp(level, "ok") != 0) {
    cli_text(finding, "wanted");
    cli_text(finding, "do");
  }
}

static void usable_host_gives_0(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("doctor"));
  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "ok       bus: ");
  cli_assert_says(result.out, "ok       bluetoothd: ");
  cli_assert_says(result.out, "ok       adapter: hci0, 00:AA:01:00:00:42\n");
  cli_assert_says(result.out, "ok       power: hci0 is on\n");
  cli_assert_says(result.out, "ok       role: ");
  cli_assert_says(result.out, "ok       discovery: ");
  cli_assert_says(result.out, "Nothing stands in the way");
  assert_string_equal(result.err, "");
}

/* The emulator answers as bluetoothd 5.66. */
static void version_with_a_fault_is_a_warning(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  events = cli_run_json(cli, CLI_ARGS("doctor", "--json"), 0, &result);
  assert_level(events, "version", "warning");
  cli_assert_says(cli_text(find_finding(events, "version"), "seen"), "bluetoothd 5.66 ");
  assert_true(cli_number(cli_find_event(events, "result"), "warnings") >= 1);
  assert_int_equal(cli_number(cli_find_event(events, "result"), "problems"), 0);
  cJSON_Delete(events);
}

static void connection_parameters_are_told(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  events = cli_run_json(cli, CLI_ARGS("doctor", "--json"), 0, &result);
  cli_assert_says(cli_text(find_finding(events, "interval"), "seen"), "kB/s");
  cli_assert_says(cli_text(find_finding(events, "supervision_timeout"), "seen"), " ms of silence");
  assert_non_null(find_finding(events, "latency"));
  assert_non_null(find_finding(events, "rfkill"));
  cJSON_Delete(events);
}

static void adapter_that_is_off_gives_4_and_the_command(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *end;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--powered-off"));
  events = cli_run_json(cli, CLI_ARGS("doctor", "--json"), 4, &result);
  assert_level(events, "adapter", "ok");
  assert_level(events, "power", "problem");
  assert_string_equal(cli_text(find_finding(events, "power"), "do"), "bluetoothctl power on");
  end = cli_find_event(events, "result");
  assert_true(cJSON_IsFalse(cJSON_GetObjectItem(end, "ok")));
  assert_int_equal(cli_number(end, "exit_code"), 4);
  cli_assert_says(cli_text(end, "error"), "not usable");
  assert_true(cli_number(end, "problems") >= 1);
  cJSON_Delete(events);
}

static void no_adapter_gives_4(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--no-adapter"));
  result = cli_run(cli, CLI_ARGS("doctor"));
  cli_assert_status(&result, 4);
  cli_assert_says(result.out, "problem  adapter: ");
  cli_assert_says(result.out, "\n         wanted: ");
  cli_assert_says(result.out, "\n         do: ");
  cli_assert_says(result.err, "Bluetooth is not usable on this host");
}

static void wanted_adapter_that_is_not_there_gives_4(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("doctor", "--adapter", "hci77"));
  cli_assert_status(&result, 4);
  cli_assert_says(result.out, "problem  adapter: there is no adapter hci77, but hci0 (on)\n");
}

static void wanted_adapter_is_looked_at(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("doctor", "--adapter", "hci0"));
  cli_assert_status(&result, 0);
}

static void no_bus_gives_4_and_a_hint_for_containers(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("doctor"));

  cli_assert_status(&result, 4);
  cli_assert_says(result.out, "problem  bus: no D-Bus system bus: ");
  cli_assert_says(result.out, "-v /run/dbus:/run/dbus:ro");
}

static void other_program_that_scans_is_a_warning(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) scanned = { 0 };
  g_auto(DfuTestResult) result = { 0 };
  DfuTestRun *scan;
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  scan = cli_start(cli, CLI_ARGS("scan", "--timeout", "600"));
  dfu_test_wait_for(scan, TRUE, CLI_ADDRESS);
  events = cli_run_json(cli, CLI_ARGS("doctor", "--json"), 0, &result);
  dfu_test_signal(scan, SIGINT);
  scanned = dfu_test_finish(scan);
  assert_level(events, "discovery", "warning");
  cJSON_Delete(events);
}

/* A bus of this user's, with @more in its configuration; cli->bus_address says where. */
static DfuTestRun *start_bus(Cli *cli, const char *more)
{
  const char *path = cli_path(cli, "bus.conf");
  g_autofree char *text = g_strdup_printf(
    "<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>"
    "<policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
    "<allow own=\"*\"/></policy>%s</busconfig>",
    cli_path(cli, "bus"), more);
  g_autofree char *config = g_strdup_printf("--config-file=%s", path);
  g_autofree char *out = NULL;
  DfuTestRun *run;

  assert_true(g_file_set_contents(path, text, -1, NULL));
  run = dfu_test_start(&(DfuTestProgram){
    .argv = CLI_ARGS("/usr/bin/env", "dbus-daemon", config, "--nofork", "--nopidfile",
                     "--print-address=1") });
  dfu_test_wait_for(run, TRUE, "\n");
  out = dfu_test_peek_stdout(run);
  cli->bus_address = g_strdup(g_strchomp(out));
  return run;
}

static void stop_bus(Cli *cli, DfuTestRun *run)
{
  g_auto(DfuTestResult) result = { 0 };

  dfu_test_signal(run, SIGTERM);
  result = dfu_test_finish(run);
  g_clear_pointer(&cli->bus_address, g_free);
}

static void no_bluetoothd_gives_4(void **state)
{
  Cli *cli = *state;
  DfuTestRun *bus = start_bus(cli, "");
  g_auto(DfuTestResult) result = cli_run(cli, CLI_ARGS("doctor"));

  stop_bus(cli, bus);
  cli_assert_status(&result, 4);
  cli_assert_says(result.out, "ok       bus: ");
  cli_assert_says(result.out, "problem  bluetoothd: bluetoothd is not running");
  cli_assert_says(result.out, "do: systemctl start bluetooth");
}

static void bus_policy_against_this_user_gives_4(void **state)
{
  Cli *cli = *state;
  DfuTestRun *bus = start_bus(cli, "<policy context=\"default\">"
                                   "<deny send_destination=\"org.bluez\"/></policy>");
  g_autofree char *address = g_steal_pointer(&cli->bus_address);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--bus-address", address));
  result = cli_run(cli, CLI_ARGS("doctor"));
  cli_stop_target(cli);
  stop_bus(cli, bus);
  cli_assert_status(&result, 4);
  cli_assert_says(result.out, "ok       bus: ");
  cli_assert_says(result.out, "problem  permission: this user may not talk to bluetoothd: ");
  cli_assert_says(result.out, "/etc/dbus-1/system.d/bluetooth.conf");
}

/* The emulator's own bus has no service file; this one starts the emulator for whoever asks. */
static void bluetoothd_is_started_where_the_bus_can(void **state)
{
  Cli *cli = *state;
  g_autofree char *program =
    g_canonicalize_filename(cli_program("DFU_BLE_TARGET", "dfu-ble-target"), NULL);
  g_autofree char *service =
    g_strdup_printf("[D-BUS Service]\nName=org.bluez\nExec=%s --bus-address unix:path=%s\n",
                    program, cli_path(cli, "bus"));
  g_autofree char *more = g_strdup_printf("<servicedir>%s</servicedir>", cli->directory);
  g_auto(DfuTestResult) result = { 0 };
  DfuTestRun *bus;

  assert_true(g_file_set_contents(cli_path(cli, "org.bluez.service"), service, -1, NULL));
  bus = start_bus(cli, more);
  result = cli_run(cli, CLI_ARGS("doctor"));
  stop_bus(cli, bus);
  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "ok       bluetoothd: bluetoothd did not run, and was started now\n");
  cli_assert_says(result.out, "ok       power: hci0 is on\n");
}

/* A file where the folder should be keeps root from writing there too. */
static void state_folder_that_cannot_be_is_a_warning(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  assert_true(g_file_set_contents(cli_path(cli, "state"), "", -1, NULL));
  cli_start_target(cli, CLI_NO_ARGS);
  events = cli_run_json(cli, CLI_ARGS("doctor", "--json"), 0, &result);
  assert_level(events, "state_folder", "warning");
  cli_assert_says(cli_text(find_finding(events, "state_folder"), "do"), "XDG_STATE_HOME");
  cJSON_Delete(events);
}

/* It would be another place in each directory. */
static void state_folder_that_is_relative_is_ignored(void **state)
{
  static const char *const commands[][5] = { { "doctor", "--json" },
                                             { "status", "--addr", CLI_ADDRESS, "--json" },
                                             { "enter", "--addr", CLI_ADDRESS, "--json" } };
  Cli *cli = *state;
  g_autofree char *home = g_strdup_printf("HOME=%s", cli_path(cli, "home"));
  const DfuTestProgram relative = { .environment = CLI_ARGS("XDG_STATE_HOME=dfu-ble-is-not-here",
                                                            home) };

  cli_start_target(cli, CLI_NO_ARGS);
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_auto(DfuTestResult) result = dfu_test_finish(cli_start_like(cli, &relative, commands[i]));

    cli_assert_status(&result, 0);
    cli_assert_says(result.out, "XDG_STATE_HOME is 'dfu-ble-is-not-here', which is no absolute "
                                "path and is ignored; locks and journals go to /");
    cli_assert_says(result.out, "/home/.local/state/dfu-ble\"");
  }
  assert_false(g_file_test("dfu-ble-is-not-here", G_FILE_TEST_EXISTS));
  assert_true(g_file_test(cli_path(cli, "home/.local/state/dfu-ble"), G_FILE_TEST_IS_DIR));
}

static void state_folder_without_a_home_is_that_of_the_user(void **state)
{
  Cli *cli = *state;
  const DfuTestProgram homeless = { .environment = CLI_ARGS("XDG_STATE_HOME", "HOME=") };
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = dfu_test_finish(cli_start_like(cli, &homeless, CLI_ARGS("doctor")));
  cli_assert_says(result.out, "/.local/state/dfu-ble");
  assert_null(strstr(result.out, " .local/state/dfu-ble"));
}

static void nothing_is_made_in_the_state_folder(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("doctor"));
  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "ok       state_folder: ");
  assert_false(g_file_test(cli_path(cli, "state"), G_FILE_TEST_EXISTS));
}

static void wrong_usage_gives_2(void **state)
{
  static const struct {
    const char *argument;
    const char *says;
  } rows[] = { { "now", "doctor takes no arguments, 'now' was given" },
               { "--adapter=eth0", "--adapter 'eth0'" },
               { "--verbose", "Unknown option --verbose" } };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("doctor", rows[i].argument));

    cli_assert_status(&result, 2);
    cli_assert_says(result.err, rows[i].says);
    cli_assert_says(result.err, "Try: dfu-ble doctor --help");
    assert_string_equal(result.out, "");
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(usable_host_gives_0),
    CLI_TEST(version_with_a_fault_is_a_warning),
    CLI_TEST(connection_parameters_are_told),
    CLI_TEST(adapter_that_is_off_gives_4_and_the_command),
    CLI_TEST(no_adapter_gives_4),
    CLI_TEST(wanted_adapter_that_is_not_there_gives_4),
    CLI_TEST(wanted_adapter_is_looked_at),
    CLI_TEST(no_bus_gives_4_and_a_hint_for_containers),
    CLI_TEST(other_program_that_scans_is_a_warning),
    CLI_TEST(no_bluetoothd_gives_4),
    CLI_TEST(bus_policy_against_this_user_gives_4),
    CLI_TEST(bluetoothd_is_started_where_the_bus_can),
    CLI_TEST(state_folder_that_cannot_be_is_a_warning),
    CLI_TEST(state_folder_that_is_relative_is_ignored),
    CLI_TEST(state_folder_without_a_home_is_that_of_the_user),
    CLI_TEST(nothing_is_made_in_the_state_folder),
    CLI_TEST(wrong_usage_gives_2),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
