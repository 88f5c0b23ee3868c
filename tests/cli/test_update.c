/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble update against the emulated target, through the built programs: what
 * arrives, and every way to end otherwise.
 */
#include "lib/cli_fixture.h"

#include <gio/gio.h>

#define REAL_PACKAGES "../shared/packages"
#define TO_DEVICE "--addr", CLI_ADDRESS
/* Where a test ends in trouble, it need not wait for what will not come. */
#define IMPATIENT "--retries", "0", "--timeout", "2"

/* --- it works --- */

static void image_arrives_byte_for_byte(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_ARGS("--bytes", "20576"));
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
  assert_true(g_str_has_prefix(result.out, "Done: 20576 bytes in "));
  cli_assert_says(result.out, "the application is running");
  cli_assert_says(result.err, "no application from Start on until the update completes");
  cli_assert_says(result.err, "\nerasing flash");
  cli_assert_says(result.err, "\n 50 %  ");
  cli_assert_says(result.err, "\n100 %  20576 of 20576 bytes");
}

static void name_finds_the_device(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--name", "Gate 7"));
  result = cli_run(cli, CLI_ARGS("update", package, "--name", "Gate 7"));
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
}

static void update_of(Cli *cli, const char *type, const char *says)
{
  const char *package = cli_make_package(cli, "part.zip", CLI_ARGS("--type", type));
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
  cli_assert_says(result.out, says);
  cli_stop_target(cli);
}

static void system_parts_end_well_in_dfu_mode(void **state)
{
  update_of(*state, "bootloader", "Done: ");
  update_of(*state, "softdevice", "the bootloader is back and waits for an application");
  update_of(*state, "softdevice_bootloader", "the bootloader is back and waits for an application");
}

static void quiet_says_nothing(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--quiet"));
  cli_assert_status(&result, 0);
  assert_string_equal(result.out, "");
  assert_string_equal(result.err, "");
}

static void verbose_twice_shows_the_control_point(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "-vv"));
  cli_assert_status(&result, 0);
  cli_assert_says(result.err, "connected to " CLI_ADDRESS " 'DfuTarg'");
  cli_assert_says(result.err, "\n> 01 04  Start\n");
  cli_assert_says(result.err, "\n< 10 01 01  Start: success\n");
  cli_assert_says(result.err, "\n> 08 04 00  ");
  cli_assert_says(result.err, "\n< 11 50 00 00 00  receipt: 80 bytes\n");
  cli_assert_says(result.err, "\n> 05  ");
}

static void json_tells_the_whole_story(void **state)
{
  static const char *const keys[] = { "duration_s", "image_bytes", "sent_bytes", "link_losses",
                                      "resumes" };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *event, *end;
  double confirmed = 0;
  cJSON *events;

  cli_start_target(cli, CLI_NO_ARGS);
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  assert_string_equal(cli_text(cJSON_GetArrayItem(events, 0), "event"), "package");
  cJSON_ArrayForEach(event, events)
  {
    if (strcmp(cli_text(event, "event"), "progress") != 0)
      continue;
    assert_true(cli_number(event, "confirmed_bytes") >= confirmed);
    confirmed = cli_number(event, "confirmed_bytes");
    assert_int_equal(cli_number(event, "percent"), (int)(confirmed * 100 / 8192));
    assert_true(cli_number(event, "sent_bytes") >= confirmed);
  }
  assert_int_equal(confirmed, 8192);
  end = cli_find_event(events, "result");
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    assert_true(cli_number(end, keys[i]) >= 0);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(end, "ok")));
  assert_int_equal(cli_number(end, "exit_code"), 0);
  assert_null(cJSON_GetObjectItem(end, "error"));
  assert_int_equal(cli_number(end, "image_bytes"), 8192);
  assert_int_equal(cli_number(end, "sent_bytes"), 8192);
  assert_string_equal(cli_text(end, "seen"), "application");
  cli_assert_says(result.err, "Done: 8192 bytes");
  cJSON_Delete(events);
}

static void lost_link_is_resumed(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *end;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "lose=4000:1"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  assert_non_null(cli_find_event(events, "link_lost"));
  assert_int_equal(cli_number(cli_find_event(events, "resumed"), "offset_bytes"), 4000);
  end = cli_find_event(events, "result");
  assert_int_equal(cli_number(end, "link_losses"), 1);
  assert_int_equal(cli_number(end, "resumes"), 1);
  cli_assert_says(result.err, "resumed at byte 4000 of 8192");
  cJSON_Delete(events);
}

static void silent_size_report_is_a_warning(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "mute=report-size"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  cli_assert_says(cli_text(cli_find_event(events, "warning"), "text"), "does not tell how much");
  cJSON_Delete(events);
}

static void real_packages_arrive_byte_for_byte(void **state)
{
  static const struct {
    const char *file;
    const char *target[5];
  } rows[] = {
    { "sdk11_dfu_test_app_hrm_s130.zip", { NULL } },
    { "sdk11_dfu_test_app_hrm_s130_w_dfu.zip", { NULL } },
    { "sdk11_dfu_test_app_hrm_s132.zip", { NULL } },
    { "sdk11_dfu_test_app_hrm_s132_w_dfu.zip", { NULL } },
    { "sdk11_dfu_test_bootloader_b_s130.zip", { NULL } },
    { "sdk11_dfu_test_bootloader_b_s132.zip", { NULL } },
    { "sdk11_dfu_test_softdevice_b_s130.zip", { NULL } },
    { "sdk11_dfu_test_softdevice_b_s132.zip", { NULL } },
    { "sdk11_dfu_test_softdevice_w_bootloader_b_s130.zip", { NULL } },
    { "sdk11_dfu_test_softdevice_w_bootloader_b_s132.zip", { NULL } },
    { "adafruit_feather_nrf52840_sd_bl.zip",
      { "--device-type", "0x0052", "--device-revision", "52840" } },
  };
  Cli *cli = *state;

  if (!g_file_test(REAL_PACKAGES, G_FILE_TEST_IS_DIR)) {
    print_message("skipped: " REAL_PACKAGES " is not there\n");
    skip();
  }
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *package = g_build_filename(REAL_PACKAGES, rows[i].file, NULL);
    g_auto(DfuTestResult) result = { 0 };

    cli_start_target(cli, rows[i].target);
    result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
    if (result.status != 0)
      print_message("%s:\n", rows[i].file);
    cli_assert_status(&result, 0);
    cli_assert_installed(cli, package, 0);
    cli_stop_target(cli);
  }
}

/* --- two parts --- */

static void two_parts_want_a_choice(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "a b.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  const char *first, *second;

  cli_assert_status(&result, 2);
  cli_assert_says(result.err,
                  "SoftDevice and bootloader (8192 bytes) and application (8192 bytes)");
  first = strstr(result.err, " update --only system '");
  second = strstr(result.err, " update --only app '");
  assert_true(first != NULL && second > first);
  cli_assert_says(result.err, "a b.zip' --addr " CLI_ADDRESS "\n");
}

static void only_sends_the_part_it_names(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  static const char *const words[] = { "system", "app" };

  for (guint i = 0; i < 2; i++) {
    g_auto(DfuTestResult) result = { 0 };

    cli_start_target(cli, CLI_NO_ARGS);
    result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--only", words[i]));
    cli_assert_status(&result, 0);
    cli_assert_installed(cli, package, i);
    cli_stop_target(cli);
  }
}

static void only_must_name_a_part_that_is_there(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result =
    cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--only", "system"));

  cli_assert_status(&result, 2);
  cli_assert_says(result.err, "the package has no such part, only application (8192 bytes)");
}

static void dry_run_touches_no_bluetooth(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result =
    cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--dry-run", "--prn", "6"));

  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "Would send application: 8192 bytes in 410 packets of at most 20");
  cli_assert_says(result.out, "a receipt every 6 packets, 12 in flight");
  assert_false(g_file_test(cli_path(cli, "state"), G_FILE_TEST_EXISTS));
}

/* --- Bluetooth that cannot be used: 4; nobody there: 5 --- */

static void no_bus_gives_4(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));

  cli_assert_status(&result, 4);
  cli_assert_says(result.err, "bus");
}

static void no_bluetoothd_gives_4(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_autoptr(GTestDBus) bus = g_test_dbus_new(G_TEST_DBUS_NONE);
  g_auto(DfuTestResult) result = { 0 };

  g_test_dbus_up(bus);
  cli->bus_address = g_strdup(g_test_dbus_get_bus_address(bus));
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  g_clear_pointer(&cli->bus_address, g_free);
  g_test_dbus_down(bus);
  cli_assert_status(&result, 4);
  cli_assert_says(result.err, "bluetoothd");
}

/* --- every way to end badly that the emulator can play --- */

typedef struct {
  const char *target[5]; /* arguments of the emulator */
  int status;
  const char *says;
  const char *update[5]; /* more arguments of update */
} Trouble;

static const Trouble troubles[] = {
  { { "--no-adapter" }, 4, "adapter", { NULL } },
  { { "--powered-off" }, 4, "off", { NULL } },
  { { "--absent" }, 5, "", { NULL } },
  { { "--fault", "lose=4000:forever" }, 6, "could not be had back", { NULL } },

  { { "--fault", "answer=start:2" }, 7, "is in the middle of a transfer", { NULL } },
  { { "--fault", "answer=start:3" }, 7, "answered Start with status 3 (not supported)", { NULL } },
  { { "--fault", "answer=start:4" }, 7, "answered Start with status 4 (data size", { NULL } },
  { { "--fault", "answer=start:5" }, 7, "answered Start with status 5 (CRC error)", { NULL } },
  { { "--fault", "answer=start:6" }, 7, "answered Start with status 6 (operation", { NULL } },
  { { "--fault", "answer=init:2" }, 7, "with status 2 (invalid state)", { NULL } },
  { { "--fault", "answer=init:3" }, 7, "with status 3 (not supported)", { NULL } },
  { { "--fault", "answer=init:4" }, 7, "with status 4 (data size", { NULL } },
  { { "--fault", "answer=init:5" }, 7, "with status 5 (CRC error)", { NULL } },
  { { "--fault", "answer=init:6" }, 7, "with status 6 (operation failed)", { NULL } },
  { { "--fault", "answer=receive:2:200" }, 7, "with status 2 (invalid state)", { NULL } },
  { { "--fault", "answer=receive:3:200" }, 7, "with status 3 (not supported)", { NULL } },
  { { "--fault", "answer=receive:4:200" }, 7, "with status 4 (data size", { NULL } },
  { { "--fault", "answer=receive:5:200" }, 7, "with status 5 (CRC error)", { NULL } },
  { { "--fault", "answer=receive:6:200" }, 7, "with status 6 (operation failed)", { NULL } },
  { { "--fault", "answer=validate:2" }, 7, "with status 2 (invalid state)", { NULL } },
  { { "--fault", "answer=validate:3" }, 7, "with status 3 (not supported)", { NULL } },
  { { "--fault", "answer=validate:4" }, 7, "with status 4 (data size", { NULL } },
  { { "--fault", "answer=validate:6" }, 7, "with status 6 (operation failed)", { NULL } },
  { { "--fault", "answer=start:99" }, 7, "status 99 (unknown status)", { NULL } },

  { { "--fault", "answer=validate:5" }, 8, "Validate answered status 5 (CRC error)", { NULL } },
  { { "--after-activate", "dfu" }, 9, "came back in DFU mode", { NULL } },
  { { "--after-activate", "nothing" },
    9,
    "was not seen",
    { "--require-back", "--wait-back", "1" } },

  { { "--fault", "notify=start:10" }, 7, "no message of the DFU profile", { NULL } },
  { { "--fault", "notify=start:1001" }, 7, "no message of the DFU profile", { NULL } },
  { { "--fault", "notify=start:" }, 7, "no message of the DFU profile", { NULL } },
  { { "--fault", "notify=init:ff0201" }, 7, "no message of the DFU profile", { NULL } },
  { { "--fault", "notify=init:10020101" }, 7, "no message of the DFU profile", { NULL } },
  { { "--fault", "notify=receive:11" }, 7, "no message of the DFU profile", { NULL } },
  { { "--fault", "notify=validate:1b5b33316d" }, 7, "1b 5b 33 31 6d", { NULL } },

  { { "--fault", "att=start:0x80" }, 7, "refused Start", { NULL } },
  { { "--fault", "att=init:0x05" }, 7, "refused Init", { NULL } },
  { { "--fault", "att=validate:0x80" }, 7, "refused Validate", { NULL } },

  /* A device that has a type wants it in the init packet: 0xffff there is another one. */
  { { "--device-type", "0x0052" }, 7, "not made for this device", { NULL } },
  { { "--device-revision", "1" }, 7, "not made for this device", { NULL } },
  { { "--softdevice", "0x0064" }, 0, "", { NULL } }, /* the package says 0xfffe: any */
};

static void run_trouble(Cli *cli, const char *package, const Trouble *trouble)
{
  g_autoptr(GPtrArray) arguments = g_ptr_array_new();
  const char *const usual[] = { "update", package, TO_DEVICE, IMPATIENT, "--json", NULL };
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *end;
  cJSON *events;

  for (guint i = 0; usual[i] != NULL; i++)
    g_ptr_array_add(arguments, (gpointer)usual[i]);
  for (guint i = 0; i < G_N_ELEMENTS(trouble->update) && trouble->update[i] != NULL; i++)
    g_ptr_array_add(arguments, (gpointer)trouble->update[i]);
  g_ptr_array_add(arguments, NULL);
  cli_start_target(cli, trouble->target);
  cli_forget(cli); /* it is another device each time */
  result = cli_run(cli, (const char *const *)arguments->pdata);
  cli_stop_target(cli);
  if (result.status != trouble->status)
    print_message("%s %s:\n", trouble->target[0], trouble->target[1]);
  cli_assert_status(&result, trouble->status);
  events = cli_parse_events(result.out);
  end = cli_find_event(events, "result");
  assert_int_equal(cli_number(end, "exit_code"), trouble->status);
  assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(end, "ok")), trouble->status == 0);
  if (trouble->status != 0) {
    cli_assert_says(cli_text(end, "error"), trouble->says);
    cli_assert_says(result.err, cli_text(end, "error"));
  }
  assert_null(strchr(result.err, '\x1b'));
  cJSON_Delete(events);
}

static void every_trouble_has_its_status(void **state)
{
  const char *package = cli_make_package(*state, "app.zip", CLI_NO_ARGS);

  for (guint i = 0; i < G_N_ELEMENTS(troubles); i++)
    run_trouble(*state, package, &troubles[i]);
}

static void not_seen_is_a_warning_without_require_back(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--after-activate", "nothing"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json", "--wait-back", "1"), 0,
                    &result);
  assert_string_equal(cli_text(cli_find_event(events, "result"), "seen"), "nothing");
  cli_assert_says(cli_text(cli_find_event(events, "warning"), "text"), "not seen within 1 s");
  cJSON_Delete(events);
}

static void wait_back_0_ends_without_a_word(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--wait-back", "0"));
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
  assert_null(strstr(result.err, "warning"));
}

static void last_line_is_the_command_that_goes_on(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "it's.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) again = { 0 };
  g_autofree char *wanted = NULL;

  cli_start_target(cli, CLI_ARGS("--fault", "answer=receive:6:200"));
  cut = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, IMPATIENT));
  cli_assert_status(&cut, 7);
  cli_assert_says(cut.err, "reached by cable only");
  wanted = g_strdup_printf("  %s update --restart '", cli_program("DFU_BLE", "dfu-ble"));
  assert_true(g_str_has_prefix(cli_last_line(cut.err), wanted));
  cli_assert_says(cli_last_line(cut.err), "/it'\\''s.zip' --addr " CLI_ADDRESS " --retries 0");
  /* Without --restart it stops, and says why. */
  again = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, IMPATIENT));
  cli_assert_status(&again, 7);
  cli_assert_says(again.err, "--restart");
}

static void refused_start_leaves_nothing_to_reset(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) again = { 0 };

  cli_start_target(cli, CLI_ARGS("--fault", "answer=start:4"));
  refused = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&refused, 7);
  assert_null(strstr(refused.err, "--restart"));
  again = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&again, 0);
  cli_assert_installed(cli, package, 0);
}

static void restart_begins_anew_after_a_cut_transfer(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  const char *other = cli_make_package(cli, "other.zip", CLI_ARGS("--seed", "7"));
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) again = { 0 };

  /* Without an application to boot, a reset leads back into the bootloader. */
  cli_start_target(cli, CLI_ARGS("--no-application", "--fault", "answer=receive:6:200"));
  cut = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&cut, 7);
  again = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE, "--restart"));
  cli_assert_status(&again, 0);
  cli_assert_installed(cli, other, 0);
}

static void device_not_found_offers_the_same_command(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--retries", "0", "--timeout", "1"));
  cli_assert_status(&result, 5);
  assert_null(strstr(cli_last_line(result.err), "--restart"));
  cli_assert_says(cli_last_line(result.err), " update ");
  cli_assert_says(result.err, CLI_ADDRESS);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(image_arrives_byte_for_byte),
    CLI_TEST(name_finds_the_device),
    CLI_TEST(system_parts_end_well_in_dfu_mode),
    CLI_TEST(quiet_says_nothing),
    CLI_TEST(verbose_twice_shows_the_control_point),
    CLI_TEST(json_tells_the_whole_story),
    CLI_TEST(lost_link_is_resumed),
    CLI_TEST(silent_size_report_is_a_warning),
    CLI_TEST(real_packages_arrive_byte_for_byte),
    CLI_TEST(two_parts_want_a_choice),
    CLI_TEST(only_sends_the_part_it_names),
    CLI_TEST(only_must_name_a_part_that_is_there),
    CLI_TEST(dry_run_touches_no_bluetooth),
    CLI_TEST(no_bus_gives_4),
    CLI_TEST(no_bluetoothd_gives_4),
    CLI_TEST(every_trouble_has_its_status),
    CLI_TEST(not_seen_is_a_warning_without_require_back),
    CLI_TEST(wait_back_0_ends_without_a_word),
    CLI_TEST(last_line_is_the_command_that_goes_on),
    CLI_TEST(refused_start_leaves_nothing_to_reset),
    CLI_TEST(restart_begins_anew_after_a_cut_transfer),
    CLI_TEST(device_not_found_offers_the_same_command),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
