/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble info, and what reading a package refuses, through the built program.
 */
#include "lib/cli_fixture.h"
#include "lib/real_packages.h"

/* Facts of the packages as their makers published them (image bytes, CRC-16, init packet). */
typedef struct {
  const char *file;
  guint part;
  const char *type;
  guint softdevice_bytes;
  guint bootloader_bytes;
  guint image_bytes;
  const char *crc16;
  const char *init_hex;
} Fact;

static const Fact facts[] = {
  { "sdk11_dfu_test_app_hrm_s132.zip", 0, "application", 0, 0, 20576, "6bbd",
    "ffffffffffffffff0100feffbd6b" },
  { "sdk11_dfu_test_app_hrm_s132_w_dfu.zip", 0, "application", 0, 0, 23492, "6422",
    "ffffffffffffffff0100feff2264" },
  { "sdk11_dfu_test_bootloader_b_s132.zip", 0, "bootloader", 0, 14900, 14900, "fbf8",
    "ffffffffffffffff0100fefff8fb" },
  { "sdk11_dfu_test_softdevice_b_s132.zip", 0, "softdevice", 108212, 0, 108212, "957b",
    "ffffffffffffffff0100feff7b95" },
  { "sdk11_dfu_test_softdevice_w_bootloader_b_s132.zip", 0, "softdevice_bootloader", 108212, 14900,
    123112, "9ed9", "ffffffffffffffff0100feffd99e" },
  { "sdk11_nrf51_sd_bl_then_app.zip", 0, "softdevice_bootloader", 106484, 13328, 119812, "b1dd",
    "ffffffffffffffff0100feffddb1" },
  { "sdk11_nrf51_sd_bl_then_app.zip", 1, "application", 0, 0, 22076, "3e5c",
    "ffffffffffffffff010080005c3e" },
  { "sdk6.0_nrf51_sd_bl_then_app.zip", 0, "softdevice_bootloader", 82444, 12944, 95388, "98a0",
    "a098" },
  { "sdk6.0_nrf51_sd_bl_then_app.zip", 1, "application", 0, 0, 22140, "7c91", "917c" },
  { "adafruit_feather_nrf52840_sd_bl.zip", 0, "softdevice_bootloader", 151016, 39000, 190016,
    "56d8", "520068ceffffffff0100feffd856" },
};

static const char *text_of(const cJSON *object, const char *key)
{
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, key));

  if (text == NULL)
    fail_msg("%s is no string", key);
  return text;
}

static void check_fact(Cli *cli, const Fact *fact)
{
  const char *path = dfu_test_real_package(fact->file);
  g_auto(DfuTestResult) result = cli_run(cli, CLI_ARGS("info", "--json", path));
  cJSON *events = cli_parse_events(result.out);
  const cJSON *parts = cJSON_GetObjectItem(cli_find_event(events, "package"), "parts");
  const cJSON *part = cJSON_GetArrayItem(parts, (int)fact->part);

  cli_assert_status(&result, 0);
  assert_string_equal(text_of(part, "type"), fact->type);
  assert_int_equal(cli_number(part, "softdevice_bytes"), fact->softdevice_bytes);
  assert_int_equal(cli_number(part, "bootloader_bytes"), fact->bootloader_bytes);
  assert_int_equal(cli_number(part, "image_bytes"), fact->image_bytes);
  assert_string_equal(text_of(part, "crc16"), fact->crc16);
  assert_string_equal(text_of(cJSON_GetObjectItem(part, "init"), "hex"), fact->init_hex);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cli_find_event(events, "result"), "ok")));
  cJSON_Delete(events);
}

static void real_packages_have_their_known_facts(void **state)
{
  for (guint i = 0; i < G_N_ELEMENTS(facts); i++)
    check_fact(*state, &facts[i]);
}

static void adafruit_package_is_shown_to_people(void **state)
{
  const char *path = dfu_test_real_package("adafruit_feather_nrf52840_sd_bl.zip");
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("info", path));

  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "part 1 of 1: SoftDevice and bootloader");
  cli_assert_says(result.out, "190016 bytes");
  cli_assert_says(result.out, "SoftDevice 151016 bytes, bootloader 39000 bytes");
  cli_assert_says(result.out, "0x56d8 computed, 0x56d8 announced");
  cli_assert_says(result.out, "520068ceffffffff0100feffd856");
  cli_assert_says(result.out, "82 (0x0052)");
  cli_assert_says(result.out, "52840 (0xce68)");
  cli_assert_says(result.out, "not set (0xffffffff)");
  assert_string_equal(result.err, "");
}

static void secure_package_is_refused_by_name(void **state)
{
  const char *path = dfu_test_real_package("secure_sdk15.3_nrf52_app.zip");
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("info", path));

  cli_assert_status(&result, 3);
  cli_assert_says(result.err, "Secure DFU");
}

static void broken_packages_give_3_and_say_why(void **state)
{
  static const struct {
    const char *how;
    const char *says;
  } rows[] = {
    { "crc", "CRC-16" },
    { "truncate", "longer or shorter than the zip file declares" },
    { "zip-crc", "CRC-32" },
    { "zip-truncated", "damaged or cut short" },
    { "not-zip", "zip" },
    { "empty", "empty" },
    { "odd", "multiple of 4" },
    { "no-init", "no member app.dat" },
    { "secure", "Secure DFU" },
    { "mcuboot", "MCUboot" },
  };
  Cli *cli = *state;

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *path = cli_make_package(cli, "broken.zip", CLI_ARGS("--break", rows[i].how));
    g_auto(DfuTestResult) info = cli_run(cli, CLI_ARGS("info", path));
    g_auto(DfuTestResult) update = cli_run(cli, CLI_ARGS("update", path, "--addr", CLI_ADDRESS));

    cli_assert_status(&info, 3);
    cli_assert_status(&update, 3);
    cli_assert_says(info.err, rows[i].says);
    cli_assert_says(info.err, "broken.zip");
    assert_string_equal(info.err, update.err);
    assert_string_equal(info.out, "");
  }
}

static void absent_package_gives_3(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("info", "/nonexistent/a.zip"));

  cli_assert_status(&result, 3);
  cli_assert_says(result.err, "No such file");
}

static void broken_package_is_a_result_in_json(void **state)
{
  Cli *cli = *state;
  const char *path = cli_make_package(cli, "broken.zip", CLI_ARGS("--break", "crc"));
  g_auto(DfuTestResult) result = cli_run(cli, CLI_ARGS("info", "--json", path));
  cJSON *events = cli_parse_events(result.out);
  const cJSON *end = cli_find_event(events, "result");

  cli_assert_status(&result, 3);
  assert_int_equal(cJSON_GetArraySize(events), 1);
  assert_int_equal(cli_number(end, "exit_code"), 3);
  assert_non_null(strstr(text_of(end, "error"), "CRC-16"));
  cli_assert_says(result.err, text_of(end, "error"));
  cJSON_Delete(events);
}

static void full_standard_output_gives_1(void **state)
{
  Cli *cli = *state;
  const char *path = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestProgram full = { .stdout_path = "/dev/full" };
  g_auto(DfuTestResult) result =
    dfu_test_finish(cli_start_like(cli, &full, CLI_ARGS("info", "--json", path)));

  cli_assert_status(&result, 1);
  cli_assert_says(result.err, "cannot write standard output: No space left on device");
}

static void file_names_that_are_not_utf8_stay_valid_json(void **state)
{
  Cli *cli = *state;
  const char *path = cli_make_package(cli, "b\xfc\x1b[31m.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) json = cli_run(cli, CLI_ARGS("info", "--json", path));
  g_auto(DfuTestResult) text = cli_run(cli, CLI_ARGS("info", path));
  cJSON *events = cli_parse_events(json.out);

  cli_assert_status(&json, 0);
  cli_assert_status(&text, 0);
  assert_null(strchr(text.out, '\x1b'));
  assert_null(strchr(json.out, '\x1b'));
  assert_true(g_utf8_validate(text.out, -1, NULL));
  cJSON_Delete(events);
}

/* A terminal takes these for the begin of an escape sequence, and for a turn of the text. */
static void file_names_that_move_a_terminal_are_escaped(void **state)
{
  Cli *cli = *state;
  const char *path =
    cli_make_package(cli, "x\xc2\x9b" "31m\xe2\x80\xae\xf3\xa0\x81\x81.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) json = cli_run(cli, CLI_ARGS("info", path, "--json"));
  g_auto(DfuTestResult) text = cli_run(cli, CLI_ARGS("info", path));
  cJSON *events = cli_parse_events(json.out);

  cli_assert_status(&json, 0);
  cli_assert_says(json.out, "x\\u009b31m\\u202e\\udb40\\udc41.zip");
  assert_string_equal(text_of(cli_find_event(events, "package"), "path"), path);
  cli_assert_says(text.out, "x\xef\xbf\xbd" "31m\xef\xbf\xbd\xef\xbf\xbd.zip");
  cJSON_Delete(events);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(real_packages_have_their_known_facts),
    CLI_TEST(adafruit_package_is_shown_to_people),
    CLI_TEST(secure_package_is_refused_by_name),
    CLI_TEST(broken_packages_give_3_and_say_why),
    CLI_TEST(absent_package_gives_3),
    CLI_TEST(broken_package_is_a_result_in_json),
    CLI_TEST(full_standard_output_gives_1),
    CLI_TEST(file_names_that_are_not_utf8_stay_valid_json),
    CLI_TEST(file_names_that_move_a_terminal_are_escaped),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
