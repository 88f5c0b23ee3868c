/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble update against the emulated target, through the built programs: what
 * arrives, and every way to end otherwise.
 */
#include "lib/cli_fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

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

/* Names on the air are UTF-8 whatever the host speaks, which in a container often is nothing. */
static void name_that_is_not_ascii_is_taken_in_any_locale(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_autofree char *before = g_strdup(g_getenv("LC_ALL"));
  g_auto(DfuTestResult) result = { 0 };

  g_setenv("LC_ALL", "C", TRUE);
  cli_start_target(cli, CLI_ARGS("--name", "B\xc3\xbchne"));
  result = cli_run(cli, CLI_ARGS("update", package, "--name", "B\xc3\xbchne"));
  if (before != NULL)
    g_setenv("LC_ALL", before, TRUE);
  else
    g_unsetenv("LC_ALL");
  cli_assert_status(&result, 0);
  cli_assert_installed(cli, package, 0);
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

/* In the log of the target: its place, or NULL. */
static const char *find_start(const char *log, const char *mode)
{
  g_autofree char *request = g_strdup_printf("> 01 %s ", mode);

  return strstr(log, request);
}

static void two_parts_go_in_one_run_the_system_first(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "a b.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) result = { 0 };
  g_autofree char *log = NULL;
  const cJSON *part, *end;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--log", cli_path(cli, "target.log")));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  cli_assert_installed(cli, package, 1);
  g_file_get_contents(cli_path(cli, "target.log"), &log, NULL, NULL);
  assert_non_null(find_start(log, "03"));
  assert_true(find_start(log, "04") > find_start(log, "03"));

  part = cli_find_event(events, "part");
  assert_string_equal(cli_text(part, "part"), "app");
  assert_string_equal(cli_text(part, "type"), "application");
  assert_int_equal(cli_number(part, "image_bytes"), 8192);
  end = cli_find_event(events, "result");
  assert_int_equal(cli_number(end, "image_bytes"), 16384);
  assert_int_equal(cli_number(end, "sent_bytes"), 16384);
  assert_int_equal(cli_number(end, "confirmed_bytes"), 16384);
  assert_int_equal(cli_number(end, "link_losses"), 0);
  assert_string_equal(cli_text(end, "seen"), "application");
  cJSON_Delete(events);
}

static void two_parts_are_told_before_they_are_sent(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) result = { 0 };
  const char *fate, *connecting;

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&result, 0);
  cli_assert_says(result.err, "Sending SoftDevice and bootloader (sd_bl.bin, 8192 bytes, CRC-16 ");
  fate = strstr(result.err, "It takes the application's place; the one of this package follows it.");
  connecting = strstr(result.err, "\nconnecting\n");
  assert_true(fate != NULL && connecting > fate);
  cli_assert_says(result.err, "\nThen application (app.bin, 8192 bytes, CRC-16 ");
  cli_assert_says(result.err, "\nNow application (app.bin, 8192 bytes, CRC-16 ");
  cli_assert_says(result.err, "\n 50 %  8192 of 16384 bytes\n");
  assert_null(strstr(strstr(result.err, "\n 50 %") + 1, "\n 50 %")); /* nor is it told twice */
  assert_true(g_str_has_prefix(result.out, "Done: 16384 bytes in "));
}

/* 40 s are what a new SoftDevice may take to be moved to its place. */
static void bootloader_that_does_not_come_back_gives_9(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *end;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "lose-at=activate:forever"));
  events = cli_run_json(
    cli, CLI_ARGS("update", package, TO_DEVICE, "--json", "--retries", "1", "--timeout", "1"), 9,
    &result);
  end = cli_find_event(events, "result");
  cli_assert_says(cli_text(end, "error"), "was not seen in DFU mode afterwards");
  assert_string_equal(cli_text(end, "next"), "resume");
  assert_int_equal(cli_number(end, "confirmed_bytes"), 8192);
  cJSON_Delete(events);
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
  cli_assert_says(result.out, "Would send application: 8192 bytes in 410 packets of 20 bytes, "
                              "init packet of 14 bytes");
  cli_assert_says(result.out, "a receipt every 6 packets, 12 in flight");
  assert_false(g_file_test(cli_path(cli, "state"), G_FILE_TEST_EXISTS));
}

/* As the controller chooses it. */
static void dry_run_tells_how_packets_go_out(void **state)
{
  static const struct {
    const char *options[4];
    const char *packets;
    const char *pace;
  } rows[] = {
    { { "--window", "2" }, "410 packets of 20 bytes", "every 2 packets, 2 in flight," },
    { { "--packet-size", "16" }, "512 packets of 16 bytes", "every 4 packets, 4 in flight," },
    { { "--family", "sdk" }, "410 packets of 20 bytes", "every 4 packets, 8 in flight;" },
    { { "--family", "sdk", "--packet-size", "244" },
      "34 packets or more of up to 244 bytes",
      "every 4 packets, 8 in flight;" },
    { { "--family", "adafruit-0.10" },
      "34 packets or more of up to 244 bytes",
      "every 4 packets, 8 in flight;" },
    { { "--family", "otafix", "--packet-size", "20" },
      "410 packets of 20 bytes",
      "every 12 packets, 24 in flight;" },
  };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_ARGS("--device-type", "0x52"));

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *const *more = rows[i].options;
    g_auto(DfuTestResult) result = cli_run(
      cli, CLI_ARGS("update", package, TO_DEVICE, "--dry-run", more[0], more[1], more[2], more[3]));

    cli_assert_status(&result, 0);
    cli_assert_says(result.out, rows[i].packets);
    cli_assert_says(result.out, rows[i].pace);
  }
}

static void dry_run_of_two_parts_tells_both(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) result =
    cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--dry-run", "--family", "otafix"));
  const char *first, *second;

  cli_assert_status(&result, 3); /* this family would refuse it: the device type is missing */
  dfu_test_result_clear(&result);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--dry-run"));
  cli_assert_status(&result, 0);
  first = strstr(result.out, "Would send SoftDevice and bootloader: 8192 bytes in 410 packets");
  second = strstr(result.out, "Would send application: 8192 bytes in 410 packets of 20 bytes");
  assert_true(first != NULL && second > first);
  cli_assert_says(second, "a receipt every 4 packets, 4 in flight, or as the device's family bears");
}

/* --- families --- */

#define ADAFRUIT_PACKAGE "--dev-type", "0x52"

/* A package of an image that begins with those four bytes, as the family wants it. */
static const char *pack_for(Cli *cli, const char *start, const char *const *options)
{
  const char *image = cli_path(cli, "app.bin");
  const char *package = cli_path(cli, "packed.zip");
  g_autofree char *bytes = g_malloc(8192);
  g_autoptr(GPtrArray) arguments = g_ptr_array_new();
  const char *const usual[] = { "pack", package, "--force", "--application", image };
  g_auto(DfuTestResult) result = { 0 };

  for (guint i = 0; i < 8192; i++)
    bytes[i] = (char)(i * 7 + i / 256);
  memcpy(bytes, start, 4);
  assert_true(g_file_set_contents(image, bytes, 8192, NULL));
  for (guint i = 0; i < G_N_ELEMENTS(usual); i++)
    g_ptr_array_add(arguments, (gpointer)usual[i]);
  for (; *options != NULL; options++)
    g_ptr_array_add(arguments, (gpointer)*options);
  g_ptr_array_add(arguments, NULL);
  result = cli_run(cli, (const char *const *)arguments->pdata);
  cli_assert_status(&result, 0);
  return package;
}

#define ARM_STACK "\x00\x00\x01\x20"
#define MCUBOOT_MAGIC "\x3d\xb8\xf3\x96"

static void every_family_is_recognised_and_updated(void **state)
{
  static const struct {
    const char *personality;
    const char *start;
    const char *pack[4];
    const char *family; /* of the result: what it turned out to be */
    const char *why;
  } rows[] = {
    { "sdk11-dual", ARM_STACK, { NULL }, "sdk", "DFU Revision, MTU 23, no Device Information" },
    { "sdk8", ARM_STACK, { NULL }, "sdk", "DFU Revision, MTU 23, no Device Information" },
    { "sdk6.1", ARM_STACK, { "--dfu-ver", "crc" }, "sdk6", "no DFU Revision" },
    { "sdk5", ARM_STACK, { "--dfu-ver", "crc" }, "sdk6", "no DFU Revision" },
    { "adafruit-0.7", ARM_STACK, { ADAFRUIT_PACKAGE }, "adafruit-0.7", "firmware revision" },
    { "adafruit-0.9", ARM_STACK, { ADAFRUIT_PACKAGE }, "adafruit-0.9", "firmware revision" },
    { "adafruit-0.10", ARM_STACK, { ADAFRUIT_PACKAGE }, "adafruit-0.10", "firmware revision" },
    { "otafix-2.1", ARM_STACK, { ADAFRUIT_PACKAGE }, "otafix", "firmware revision" },
    { "infinitime", MCUBOOT_MAGIC, { NULL }, "infinitime", "a watch's services, name or model" },
  };
  Cli *cli = *state;

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *package = pack_for(cli, rows[i].start, rows[i].pack);
    g_auto(DfuTestResult) result = { 0 };
    cJSON *events;
    const cJSON *event;

    cli_start_target(cli, CLI_ARGS("--personality", rows[i].personality));
    result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"));
    if (result.status != 0)
      print_message("%s:\n", rows[i].personality);
    cli_assert_status(&result, 0);
    cli_assert_installed(cli, package, 0);
    events = cli_parse_events(result.out);
    cJSON_ArrayForEach(event, events)
    {
      if (cJSON_HasObjectItem(event, "family_why"))
        break;
    }
    assert_string_equal(cli_text(event, "mode"), "dfu");
    assert_string_equal(cli_text(event, "family"), rows[i].family);
    assert_string_equal(cli_text(event, "family_why"), rows[i].why);
    assert_string_equal(cli_text(cli_find_event(events, "result"), "family"), rows[i].family);
    cJSON_Delete(events);
    cli_stop_target(cli);
  }
}

static void device_information_is_told(void **state)
{
  Cli *cli = *state;
  const char *package = pack_for(cli, ARM_STACK, CLI_ARGS(ADAFRUIT_PACKAGE));
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "otafix-2.1"));
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--verbose"));
  cli_assert_status(&result, 0);
  cli_assert_says(result.err, "manufacturer 'RAKwireless', model 'WisBlock RAK4631 Board', "
                              "firmware '0.9.2-OTAFIX2.1 s140 6.1.1'");
  cli_assert_says(result.err, "taken for otafix (OTAFIX bootloader 2), by: firmware revision");
}

static void family_that_is_named_is_gone_by(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "-vv", "--family", "sdk-single"));
  cli_assert_status(&result, 0);
  cli_assert_says(result.err, "taken for sdk-single (nRF5 SDK 7 to 11, single bank), by: as told");
  cli_assert_says(result.err, "From Start on the device has no application until the update "
                              "completes: keep it powered and near.");
}

/* What the target would refuse once its application is erased, or not refuse at all. */
static void wrong_package_is_refused_before_start(void **state)
{
  static const struct {
    const char *personality;
    const char *says;
  } rows[] = {
    { "adafruit-0.9", "takes 0x0052 only, and would refuse it after erasing its application" },
    { "infinitime", "starts images of MCUboot only" },
  };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *log = NULL;
    g_auto(DfuTestResult) result = { 0 };

    g_unlink(cli_path(cli, "target.log"));
    cli_start_target(cli, CLI_ARGS("--personality", rows[i].personality, "--log",
                                   cli_path(cli, "target.log")));
    result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
    cli_stop_target(cli);
    cli_assert_status(&result, 3);
    cli_assert_says(result.err, rows[i].says);
    g_file_get_contents(cli_path(cli, "target.log"), &log, NULL, NULL);
    cli_assert_says(log, " on the air: ");
    assert_null(strstr(log, " > ")); /* nothing was written at all */
  }
}

static void family_that_is_named_is_checked_without_bluetooth(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result =
    cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--family", "adafruit-0.9", "--dry-run"));

  cli_assert_status(&result, 3);
  cli_assert_says(result.err, "pack it with --dev-type 0x0052");
}

static void system_image_that_ends_at_a_cable_wants_consent(void **state)
{
  Cli *cli = *state;
  const char *boot = cli_path(cli, "boot.zip");
  g_auto(DfuTestResult) packed = { 0 };
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) sent = { 0 };

  pack_for(cli, ARM_STACK, CLI_NO_ARGS); /* for its image */
  packed = cli_run(cli, CLI_ARGS("pack", boot, "--bootloader", cli_path(cli, "app.bin"),
                                 ADAFRUIT_PACKAGE, "--dev-revision", "52840"));
  cli_assert_status(&packed, 0);
  cli_start_target(cli, CLI_ARGS("--personality", "adafruit-0.9"));
  refused = cli_run(cli, CLI_ARGS("update", boot, TO_DEVICE));
  cli_assert_status(&refused, 2);
  cli_assert_says(refused.err, "is off the air without one");
  cli_assert_says(refused.err, "--allow-cable");
  sent = cli_run(cli, CLI_ARGS("update", boot, TO_DEVICE, "--allow-cable", "--wait-back", "1"));
  cli_assert_status(&sent, 0);
  cli_assert_installed(cli, boot, 0);
}

static void board_that_is_not_expected_is_refused(void **state)
{
  Cli *cli = *state;
  const char *package = pack_for(cli, ARM_STACK, CLI_ARGS(ADAFRUIT_PACKAGE));
  static const char model[] = "Feather nRF52840 Express";
  g_auto(DfuTestResult) other = { 0 };
  g_auto(DfuTestResult) right = { 0 };
  g_auto(DfuTestResult) silent = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "adafruit-0.9"));
  other = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--expect-model", "Gate 7"));
  cli_assert_status(&other, 5);
  cli_assert_says(other.err, "is a 'Feather nRF52840 Express', and --expect-model wants 'Gate 7'. "
                             "Nothing was sent");
  right = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--expect-model", model,
                                "--expect-type", "82"));
  cli_assert_status(&right, 0);
  cli_assert_installed(cli, package, 0);
  cli_stop_target(cli);
  cli_start_target(cli, CLI_NO_ARGS);
  silent = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--expect-model", model));
  cli_assert_status(&silent, 5);
  cli_assert_says(silent.err, "does not tell its model");
}

static void package_for_another_type_is_refused_without_bluetooth(void **state)
{
  Cli *cli = *state;
  const char *package = pack_for(cli, ARM_STACK, CLI_ARGS(ADAFRUIT_PACKAGE));
  g_auto(DfuTestResult) other =
    cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--expect-type", "0x53"));
  g_auto(DfuTestResult) right =
    cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--expect-type", "0x0052", "--dry-run"));

  cli_assert_status(&other, 3);
  cli_assert_says(other.err, "is made for device type 0x0052, and --expect-type wants 0x0053");
  cli_assert_status(&right, 0);
}

/* Status 6 twice: 8 in flight, then 4, then 2; and 2 is what the next run begins with. */
static void window_that_worked_is_remembered(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  const char *other = cli_make_package(cli, "other.zip", CLI_ARGS("--seed", "7"));
  g_auto(DfuTestResult) first = { 0 };
  g_auto(DfuTestResult) second = { 0 };
  g_auto(DfuTestResult) told = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "sdk11-single", "--fault", "answer=receive:6:200",
                                 "--fault", "answer=receive:6:500"));
  first = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "-vv", "--family", "sdk-single"));
  cli_assert_status(&first, 0);
  cli_assert_installed(cli, package, 0);
  cli_assert_says(first.err, "warning: packets came faster than the target writes flash");
  cli_assert_says(first.err, "\n> 08 04 00  ");
  cli_assert_says(first.err, "\n> 08 02 00  ");
  cli_stop_target(cli);

  cli_start_target(cli, CLI_ARGS("--personality", "sdk11-single"));
  second = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE, "-vv", "--family", "sdk-single"));
  cli_assert_status(&second, 0);
  cli_assert_installed(cli, other, 0);
  cli_assert_says(second.err, "\n> 08 02 00  ");
  assert_null(strstr(second.err, "\n> 08 04 00  "));
  assert_null(strstr(second.err, "warning: "));
  cli_stop_target(cli);

  /* A window that is asked for is the one that is used. */
  cli_start_target(cli, CLI_ARGS("--personality", "sdk11-single"));
  told = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "-vv", "--prn", "4"));
  cli_assert_status(&told, 0);
  cli_assert_says(told.err, "\n> 08 04 00  ");
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
  { { "--fault", "notify=init:" }, 7, "no message of the DFU profile", { NULL } },
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

/* A script reads no warnings. */
static void lost_answer_that_would_prove_success_is_told(void **state)
{
  static const struct {
    const char *fault[3];
    gboolean is_in_doubt;
  } rows[] = {
    { { "--fault", "lose-at=activate:1" }, TRUE },
    { { "--fault", "lose-at=receive:1" }, FALSE },
    { { NULL }, FALSE },
  };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_auto(DfuTestResult) result = { 0 };
    const cJSON *end;
    cJSON *events;

    cli_start_target(cli, rows[i].fault);
    events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
    end = cli_find_event(events, "result");
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(end, "in_doubt")), rows[i].is_in_doubt);
    assert_true(cJSON_HasObjectItem(end, "in_doubt"));
    cJSON_Delete(events);
    cli_stop_target(cli);
  }
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
  wanted = g_strdup_printf("  %s update --restart '", cli_program("DFU_BLE", "dfu-ble"));
  assert_true(g_str_has_prefix(cli_last_line(cut.err), wanted));
  cli_assert_says(cli_last_line(cut.err), "/it'\\''s.zip' --addr " CLI_ADDRESS " --retries 0");
  /* Without --restart it stops, and says why. */
  again = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, IMPATIENT));
  cli_assert_status(&again, 7);
  cli_assert_says(again.err, "--restart");
}

/* What --restart would do is said before anybody does it, and each family for itself. */
static void advice_says_what_a_reset_does_to_this_family(void **state)
{
  static const struct {
    const char *personality;
    const char *family; /* as told, or NULL */
    const char *says;
  } rows[] = {
    { "sdk11-dual", NULL,
      "A reset starts the old application where the bootloader has two banks; with one bank it "
      "stays in DFU mode. To begin anew:" },
    { "sdk11-dual", "sdk-dual", "A reset starts the old application. To begin anew:" },
  };
  Cli *cli = *state;
  const char *package = pack_for(cli, ARM_STACK, CLI_ARGS(ADAFRUIT_PACKAGE));

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_auto(DfuTestResult) cut = { 0 };

    cli_start_target(cli, CLI_ARGS("--personality", rows[i].personality, "--fault",
                                   "answer=receive:6:200"));
    cut = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, IMPATIENT,
                                rows[i].family != NULL ? "--family" : NULL, rows[i].family));
    cli_stop_target(cli);
    cli_assert_status(&cut, 7);
    cli_assert_says(cut.err, rows[i].says);
    cli_assert_says(cli_last_line(cut.err), " update --restart ");
  }
}

/* Whoever copies the last line is not to lose his board by that. */
static void no_command_is_offered_that_may_end_at_a_cable(void **state)
{
  static const struct {
    const char *personality;
    const char *family; /* as told, or NULL */
    const char *says;
  } rows[] = {
    { "sdk11-dual", "unknown",
      "What a reset does to it is not known: Adafruit bootloaders up to 0.9.2 can be reached by "
      "cable only after one.\n" },
    { "adafruit-0.9", NULL, "After a reset in mid-transfer it can be reached by cable only.\n" },
    { "adafruit-0.7", "sdk-single", "A reset leaves it in DFU mode, empty.\n" }, /* taken for another */
  };
  Cli *cli = *state;
  const char *package = pack_for(cli, ARM_STACK, CLI_ARGS(ADAFRUIT_PACKAGE));

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *const log = cli_path(cli, "target.log");
    g_autofree char *heard = NULL;
    g_auto(DfuTestResult) cut = { 0 };
    g_auto(DfuTestResult) again = { 0 };
    cJSON *events;

    cli_start_target(cli, CLI_ARGS("--personality", rows[i].personality, "--log", log, "--fault",
                                   "answer=receive:6:200"));
    cut = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, IMPATIENT,
                                rows[i].family != NULL ? "--family" : NULL, rows[i].family));
    cli_assert_status(&cut, 7);
    cli_assert_says(cut.err, "over the air nothing removes it: a reset may leave it to a cable");
    cli_assert_says(cut.err, rows[i].says);
    assert_string_equal(cli_last_line(cut.err), "Keep it powered. With a cable at hand, --restart "
                                                "--allow-cable resets it all the same.");
    /* And --restart alone does not do it. */
    events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, IMPATIENT, "--restart",
                                        "--json", rows[i].family != NULL ? "--family" : NULL,
                                        rows[i].family),
                          7, &again);
    assert_string_equal(cli_text(cli_find_event(events, "result"), "next"), "cable");
    cJSON_Delete(events);
    cli_stop_target(cli);
    assert_true(g_file_get_contents(log, &heard, NULL, NULL));
    assert_null(strstr(heard, "> 06 "));
  }
}

/* It is on the air again after a reset, so that the run begins anew by itself. */
static void ruined_transfer_begins_anew_where_that_is_safe(void **state)
{
  Cli *cli = *state;
  const char *package = pack_for(cli, ARM_STACK, CLI_ARGS(ADAFRUIT_PACKAGE));
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *end;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--personality", "adafruit-0.10", "--fault", "answer=receive:6:20"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  cli_assert_says(result.err, "warning: packets came faster than the target writes flash");
  end = cli_find_event(events, "result");
  assert_true(cli_number(end, "sent_bytes") > 8192);
  assert_int_equal(cli_number(end, "confirmed_bytes"), 8192);
  cJSON_Delete(events);
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
    CLI_TEST(name_that_is_not_ascii_is_taken_in_any_locale),
    CLI_TEST(system_parts_end_well_in_dfu_mode),
    CLI_TEST(quiet_says_nothing),
    CLI_TEST(verbose_twice_shows_the_control_point),
    CLI_TEST(json_tells_the_whole_story),
    CLI_TEST(lost_link_is_resumed),
    CLI_TEST(silent_size_report_is_a_warning),
    CLI_TEST(real_packages_arrive_byte_for_byte),
    CLI_TEST(two_parts_go_in_one_run_the_system_first),
    CLI_TEST(two_parts_are_told_before_they_are_sent),
    CLI_TEST(bootloader_that_does_not_come_back_gives_9),
    CLI_TEST(only_sends_the_part_it_names),
    CLI_TEST(only_must_name_a_part_that_is_there),
    CLI_TEST(dry_run_touches_no_bluetooth),
    CLI_TEST(dry_run_tells_how_packets_go_out),
    CLI_TEST(dry_run_of_two_parts_tells_both),
    CLI_TEST(every_family_is_recognised_and_updated),
    CLI_TEST(device_information_is_told),
    CLI_TEST(family_that_is_named_is_gone_by),
    CLI_TEST(wrong_package_is_refused_before_start),
    CLI_TEST(family_that_is_named_is_checked_without_bluetooth),
    CLI_TEST(system_image_that_ends_at_a_cable_wants_consent),
    CLI_TEST(board_that_is_not_expected_is_refused),
    CLI_TEST(package_for_another_type_is_refused_without_bluetooth),
    CLI_TEST(window_that_worked_is_remembered),
    CLI_TEST(no_bus_gives_4),
    CLI_TEST(no_bluetoothd_gives_4),
    CLI_TEST(every_trouble_has_its_status),
    CLI_TEST(not_seen_is_a_warning_without_require_back),
    CLI_TEST(lost_answer_that_would_prove_success_is_told),
    CLI_TEST(wait_back_0_ends_without_a_word),
    CLI_TEST(last_line_is_the_command_that_goes_on),
    CLI_TEST(advice_says_what_a_reset_does_to_this_family),
    CLI_TEST(no_command_is_offered_that_may_end_at_a_cable),
    CLI_TEST(ruined_transfer_begins_anew_where_that_is_safe),
    CLI_TEST(refused_start_leaves_nothing_to_reset),
    CLI_TEST(restart_begins_anew_after_a_cut_transfer),
    CLI_TEST(device_not_found_offers_the_same_command),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
