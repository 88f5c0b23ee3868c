/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble scan, through the built program.
 */
#include "lib/cli_fixture.h"

#include <signal.h>

#define SECONDS "2"

static void device_in_dfu_mode_is_listed(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("scan", "--timeout", SECONDS));
  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, "ADDRESS "));
  cli_assert_says(result.out, "\n" CLI_ADDRESS "  random ");
  cli_assert_says(result.out, " dfu ");
  cli_assert_says(result.out, "DfuTarg");
  cli_assert_says(result.err, "Listening for " SECONDS " s");
}

static void quiet_prints_the_list_alone(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("scan", "--timeout", SECONDS, "--quiet"));
  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, CLI_ADDRESS));
  assert_string_equal(result.err, "");
}

static void json_has_a_device_and_the_result(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *device, *end;
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("scan", "--timeout", SECONDS, "--json"));
  cli_assert_status(&result, 0);
  events = cli_parse_events(result.out);
  device = cli_find_event(events, "device");
  end = cli_find_event(events, "result");
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(device, "address")), CLI_ADDRESS);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(device, "address_type")), "random");
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(device, "kind")), "dfu");
  assert_true(cJSON_IsFalse(cJSON_GetObjectItem(device, "connected")));
  assert_int_equal(cli_number(end, "devices"), 1);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(end, "ok")));
  cJSON_Delete(events);
}

static void nothing_heard_gives_5(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  result = cli_run(cli, CLI_ARGS("scan", "--timeout", "1"));
  cli_assert_status(&result, 5);
  cli_assert_says(result.err, "no device in DFU mode was heard");
  assert_string_equal(result.out, "");
}

static void signals_end_the_list_with_0(void **state)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
  Cli *cli = *state;

  cli_start_target(cli, CLI_NO_ARGS);
  for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
    DfuTestRun *run = cli_start(cli, CLI_ARGS("scan", "--timeout", "600"));
    g_auto(DfuTestResult) result = { 0 };

    dfu_test_wait_for(run, TRUE, CLI_ADDRESS);
    dfu_test_signal(run, signals[i]);
    result = dfu_test_finish(run);
    cli_assert_status(&result, 0);
  }
}

static void no_adapter_gives_4(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--no-adapter"));
  result = cli_run(cli, CLI_ARGS("scan", "--timeout", "1"));
  cli_assert_status(&result, 4);
  cli_assert_says(result.err, "adapter");
}

static void no_bus_gives_4(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("scan", "--timeout", "1"));

  cli_assert_status(&result, 4);
}

static void hostile_name_moves_no_cursor(void **state)
{
  Cli *cli = *state;
  g_auto(DfuTestResult) text = { 0 };
  g_auto(DfuTestResult) json = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--name", "\x1b[31mred\x07\xe2\x80\xae\"\\"));
  text = cli_run(cli, CLI_ARGS("scan", "--timeout", SECONDS));
  json = cli_run(cli, CLI_ARGS("scan", "--timeout", SECONDS, "--json"));
  cli_assert_status(&text, 0);
  cli_assert_status(&json, 0);
  assert_null(strpbrk(text.out, "\x1b\x07"));
  assert_null(strstr(text.out, "\xe2\x80\xae"));
  assert_null(strpbrk(json.out, "\x1b\x07"));
  cli_assert_says(text.out, "[31mred");
  events = cli_parse_events(json.out);
  cli_assert_says(
    cJSON_GetStringValue(cJSON_GetObjectItem(cli_find_event(events, "device"), "name")),
    "\"\\");
  cJSON_Delete(events);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(device_in_dfu_mode_is_listed),
    CLI_TEST(quiet_prints_the_list_alone),
    CLI_TEST(json_has_a_device_and_the_result),
    CLI_TEST(nothing_heard_gives_5),
    CLI_TEST(signals_end_the_list_with_0),
    CLI_TEST(no_adapter_gives_4),
    CLI_TEST(no_bus_gives_4),
    CLI_TEST(hostile_name_moves_no_cursor),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
