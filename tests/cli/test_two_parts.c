/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packages of several parts as their makers published them, sent in one run:
 * each part arrives byte for byte, in order. And what the families say to them
 * that cannot take one, or only at a price.
 */
#include "lib/cli_fixture.h"
#include "lib/real_packages.h"

#define TO_DEVICE "--addr", CLI_ADDRESS
#define SDK_11 "sdk11_nrf51_sd_bl_then_app.zip"
#define SDK_6_0 "sdk6.0_nrf51_sd_bl_then_app.zip"
#define FEATHER "adafruit_feather_nrf52840_sd_bl.zip"

static void start(Cli *cli, const char *personality)
{
  cli_start_target(cli, CLI_ARGS("--personality", personality, "--log", cli_path(cli, "log")));
}

static char *read_log(Cli *cli)
{
  char *log = NULL;

  assert_true(g_file_get_contents(cli_path(cli, "log"), &log, NULL, NULL));
  return log;
}

/* SoftDevice and bootloader first: the application is checked against what it finds. */
static void assert_order(Cli *cli)
{
  g_autofree char *log = read_log(cli);
  gssize system = g_strrstr(log, "installs softdevice_bootloader") - log;
  gssize application = g_strrstr(log, "installs application") - log;

  assert_true(system < application);
}

static void assert_nothing_begun(Cli *cli)
{
  g_autofree char *log = read_log(cli);

  assert_null(strstr(log, "preparing"));
  assert_null(strstr(log, "System Reset"));
}

static void assert_both_parts_arrive(Cli *cli, const char *personality, const char *file)
{
  const char *package = dfu_test_real_package(file);
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *last;
  cJSON *events;

  start(cli, personality);
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json", "--require-back"), 0,
                        &result);
  last = cli_find_event(events, "result");
  assert_string_equal(cli_text(last, "seen"), "application");
  assert_int_equal(cli_number(last, "sent_bytes"), cli_number(last, "image_bytes"));
  cli_assert_installed(cli, package, 0);
  cli_assert_installed(cli, package, 1);
  assert_order(cli);
  cJSON_Delete(events);
  cli_stop_target(cli);
}

static void parts_of_sdk_11_arrive_in_order(void **state)
{
  assert_both_parts_arrive(*state, "sdk11-dual", SDK_11);
  assert_both_parts_arrive(*state, "sdk11-single", SDK_11);
}

static void parts_of_sdk_6_0_arrive_in_order(void **state)
{
  assert_both_parts_arrive(*state, "sdk6.1", SDK_6_0);
}

/* It looks like SDK 6.1 until it is asked: refused at Start, with nothing of the package sent. */
static void older_protocol_takes_applications_only(void **state)
{
  Cli *cli = *state;
  const char *package = dfu_test_real_package(SDK_6_0);
  g_auto(DfuTestResult) asked = { 0 };
  g_auto(DfuTestResult) told = { 0 };
  g_auto(DfuTestResult) application = { 0 };

  start(cli, "sdk5");
  asked = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&asked, 7);
  cli_assert_says(asked.err, "answered Start with status 3 (not supported). It does not take an "
                             "image of this kind");
  told = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--family", "sdk4"));
  cli_assert_status(&told, 3);
  cli_assert_says(told.err, "takes applications only, not a SoftDevice and bootloader. Nothing was "
                            "sent");
  assert_nothing_begun(cli);
  application = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--only", "app"));
  cli_assert_status(&application, 0);
  cli_assert_installed(cli, package, 1);
}

/* The package has no application, and without one these start without radio. */
static void adafruit_wants_consent_to_end_at_a_cable(void **state)
{
  static const char *const personalities[] = { "adafruit-0.7", "adafruit-0.9", "adafruit-0.10" };
  Cli *cli = *state;
  const char *package = dfu_test_real_package(FEATHER);

  for (guint i = 0; i < G_N_ELEMENTS(personalities); i++) {
    g_auto(DfuTestResult) refused = { 0 };
    g_auto(DfuTestResult) sent = { 0 };
    g_autofree char *log = NULL;

    start(cli, personalities[i]);
    refused = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
    cli_assert_status(&refused, 2);
    cli_assert_says(refused.err, "it then wants a cable. Nothing was sent");
    assert_nothing_begun(cli);
    sent = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--allow-cable", "--wait-back", "2"));
    cli_assert_status(&sent, 0);
    cli_assert_installed(cli, package, 0);
    log = read_log(cli);
    assert_non_null(strstr(log, "reachable by cable only"));
    cli_stop_target(cli);
  }
}

static void otafix_comes_back_without_an_application(void **state)
{
  Cli *cli = *state;
  const char *package = dfu_test_real_package(FEATHER);
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  start(cli, "otafix-2.1");
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  assert_string_equal(cli_text(cli_find_event(events, "result"), "seen"), "dfu");
  cli_assert_installed(cli, package, 0);
  cJSON_Delete(events);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(parts_of_sdk_11_arrive_in_order),
    CLI_TEST(parts_of_sdk_6_0_arrive_in_order),
    CLI_TEST(older_protocol_takes_applications_only),
    CLI_TEST(adafruit_wants_consent_to_end_at_a_cable),
    CLI_TEST(otafix_comes_back_without_an_application),
  };

  return cmocka_run_group_tests_name("two_parts", tests, NULL, NULL);
}
