/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Help, version, wrong usage, and the manual against all of them.
 */
#include "lib/cli_fixture.h"

#include <dfu/family.h>
#include <dfu/package.h>

#define MANUAL "man/dfu-ble.1"

static void version_is_printed(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("--version"));

  cli_assert_status(&result, 0);
  assert_true(g_str_has_prefix(result.out, "dfu-ble "));
  assert_string_equal(result.err, "");
}

static void help_lists_every_command(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("--help"));

  cli_assert_status(&result, 0);
  cli_assert_says(result.out, "\n  update ");
  cli_assert_says(result.out, "\n  scan ");
  cli_assert_says(result.out, "\n  status ");
  cli_assert_says(result.out, "\n  enter ");
  cli_assert_says(result.out, "\n  reset ");
  cli_assert_says(result.out, "\n  info ");
  cli_assert_says(result.out, "\n  pack ");
  cli_assert_says(result.out, "\n  doctor ");
}

static void wrong_usage_gives_2_and_a_hint(void **state)
{
  static const struct {
    const char *arguments;
    const char *says;
  } rows[] = {
    { "", "no command given" },
    { "upgrade", "unknown command 'upgrade'" },
    { "--frobnicate", "unknown option '--frobnicate'" },
    { "info", "info takes one PACKAGE, 0 were given" },
    { "info a.zip b.zip", "info takes one PACKAGE, 2 were given" },
    { "info --verbose a.zip", "Unknown option --verbose" },
    { "scan now", "scan takes no arguments, 'now' was given" },
    { "scan --timeout 0", "--timeout 0: must be from 1 to 3600" },
    { "scan --adapter eth0", "--adapter 'eth0'" },
    { "scan --quiet --verbose", "exclude each other" },
    { "status", "which device? Give --addr ADDR" },
    { "status --addr C4:12:AB:00:11", "--addr 'C4:12:AB:00:11': must be six pairs" },
    { "status --addr " CLI_ADDRESS " now", "status takes no arguments, 'now' was given" },
    { "status --addr " CLI_ADDRESS " --timeout 0", "--timeout 0: must be from 1 to 3600" },
    { "status --addr " CLI_ADDRESS " --family sdk12", "--family 'sdk12': must be one of sdk4, " },
    { "enter", "which device? Give --addr ADDR" },
    { "enter --addr C4:12:AB:00:11", "--addr 'C4:12:AB:00:11': must be six pairs" },
    { "enter app.zip --addr " CLI_ADDRESS, "enter takes no arguments, 'app.zip' was given" },
    { "enter --addr " CLI_ADDRESS " --allow-cable", "Unknown option --allow-cable" },
    { "enter --addr " CLI_ADDRESS " --bootloader-name=",
      "--bootloader-name '': must not be empty" },
    { "reset --addr " CLI_ADDRESS " --bootloader-name DfuTarg",
      "Unknown option --bootloader-name" },
    { "enter --addr " CLI_ADDRESS " --retries -1", "--retries -1: must be from 0 to 1000" },
    { "reset", "which device? Give --addr ADDR" },
    { "reset --addr " CLI_ADDRESS " now", "reset takes no arguments, 'now' was given" },
    { "reset --addr " CLI_ADDRESS " --timeout 0", "--timeout 0: must be from 1 to 3600" },
    { "reset --addr " CLI_ADDRESS " --family=", "--family '': must be one of sdk4, " },
    { "update", "no PACKAGE given" },
    { "update a.zip", "which device?" },
    { "update a.zip --addr " CLI_ADDRESS " --name DfuTarg", "which device?" },
    { "update a.zip b.zip --addr " CLI_ADDRESS, "what is 'b.zip'?" },
    { "update a.zip --addr C4:12:AB:00:11", "--addr 'C4:12:AB:00:11': must be six pairs" },
    { "update a.zip --addr C4:12:AB:00:11:2G", "must be six pairs" },
    { "update a.zip --name=", "--name '': must not be empty" },
    { "update a.zip --addr " CLI_ADDRESS " --adapter hci", "--adapter 'hci'" },
    { "update a.zip --addr " CLI_ADDRESS " --prn 0", "--prn 0: must be from 1 to 65535" },
    { "update a.zip --addr " CLI_ADDRESS " --prn 65536", "--prn 65536: must be from" },
    { "update a.zip --addr " CLI_ADDRESS " --prn -1", "--prn -1: must be from" },
    { "update a.zip --addr " CLI_ADDRESS " --prn four", "--prn" },
    { "update a.zip --addr " CLI_ADDRESS " --prn 99999999999", "--prn" },
    { "update a.zip --addr " CLI_ADDRESS " --prn 4 --window 3",
      "--window 3: must be at least --prn (4)" },
    { "update a.zip --addr " CLI_ADDRESS " --window 0", "--window 0: must be from 1 to 65535" },
    { "update a.zip --addr " CLI_ADDRESS " --window 65536", "--window 65536: must be from" },
    { "update a.zip --addr " CLI_ADDRESS " --packet-size 22", "multiple of 4 from 4 to 244" },
    { "update a.zip --addr " CLI_ADDRESS " --packet-size 248", "multiple of 4 from 4 to 244" },
    { "update a.zip --addr " CLI_ADDRESS " --packet-size 0", "multiple of 4 from 4 to 244" },
    { "update a.zip --addr " CLI_ADDRESS " --packet-size 100 --family infinitime",
      "packets of 20 bytes only" },
    { "update a.zip --addr " CLI_ADDRESS " --packet-size big", "multiple of 4 from 4 to 244" },
    { "update a.zip --addr " CLI_ADDRESS " --retries -1", "--retries -1: must be from 0" },
    { "update a.zip --addr " CLI_ADDRESS " --timeout 0", "--timeout 0: must be from 1" },
    { "update a.zip --addr " CLI_ADDRESS " --deadline -5", "--deadline -5: must be from 0" },
    { "update a.zip --addr " CLI_ADDRESS " --wait-back 9999", "--wait-back 9999: must be from 0" },
    { "update a.zip --addr " CLI_ADDRESS " --wait-back 0 --require-back", "must not be 0" },
    { "update a.zip --addr " CLI_ADDRESS " --only bootloader", "--only 'bootloader'" },
    { "update a.zip --addr " CLI_ADDRESS " -qv", "exclude each other" },
    { "update a.zip --addr " CLI_ADDRESS " --family adafruit",
      "--family 'adafruit': must be one of sdk4, sdk6, sdk, sdk-dual, sdk-single, adafruit-0.7, "
      "adafruit-0.9, adafruit-0.10, otafix, infinitime, unknown" },
    { "update a.zip --addr " CLI_ADDRESS " --expect-type 65536",
      "--expect-type '65536': must be a number from 0 to 65535, or 0x0 to 0xffff" },
    { "update a.zip --addr " CLI_ADDRESS " --expect-type 0x", "--expect-type '0x': must be" },
    { "update a.zip --addr " CLI_ADDRESS " --expect-type -1", "--expect-type '-1': must be" },
    { "update a.zip --addr " CLI_ADDRESS " --expect-type 52h", "--expect-type '52h': must be" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_auto(GStrv) words = rows[i].arguments[0] != '\0' ? g_strsplit(rows[i].arguments, " ", -1)
                                                        : g_new0(char *, 1);
    g_auto(DfuTestResult) result = cli_run(*state, (const char *const *)words);

    cli_assert_status(&result, 2);
    cli_assert_says(result.err, rows[i].says);
    cli_assert_says(result.err, "\nTry: dfu-ble ");
    assert_true(g_str_has_prefix(result.err, "dfu-ble: "));
    assert_string_equal(result.out, "");
  }
}

static void wrong_usage_is_json_where_json_was_asked_for(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("update", "--frobnicate", "--json"));
  cJSON *events = cli_parse_events(result.out);
  const cJSON *end = cli_find_event(events, "result");

  cli_assert_status(&result, 2);
  assert_int_equal(cJSON_GetArraySize(events), 1);
  assert_true(cJSON_IsFalse(cJSON_GetObjectItem(end, "ok")));
  assert_int_equal(cli_number(end, "exit_code"), 2);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(end, "error")),
                      "Unknown option --frobnicate");
  assert_int_equal(cli_number(end, "image_bytes"), 0);
  assert_int_equal(cli_number(end, "sent_bytes"), 0);
  assert_int_equal(cli_number(end, "link_losses"), 0);
  assert_int_equal(cli_number(end, "resumes"), 0);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(end, "seen")), "nothing");
  cJSON_Delete(events);
}

static void an_argument_that_looks_like_json_is_not_the_option(void **state)
{
  g_auto(DfuTestResult) result = cli_run(*state, CLI_ARGS("info", "--", "--json"));

  cli_assert_status(&result, 3);
  assert_string_equal(result.out, "");
}

static void name_need_not_be_ascii(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) good =
    cli_run(cli, CLI_ARGS("update", package, "--name", "Größe", "--dry-run"));
  g_auto(DfuTestResult) bad =
    cli_run(cli, CLI_ARGS("update", package, "--name", "Gr\xf6\xdf" "e", "--dry-run"));

  cli_assert_status(&good, 0);
  cli_assert_says(good.out, "to Größe.");
  cli_assert_status(&bad, 2);
  cli_assert_says(bad.err, "must be UTF-8");
}

static void full_standard_output_gives_1(void **state)
{
  static const char *const commands[][3] = {
    { "--help", NULL }, { "--version", NULL }, { "update", "--help", NULL }
  };

  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    DfuTestProgram full = { .stdout_path = "/dev/full" };
    g_auto(DfuTestResult) result = dfu_test_finish(cli_start_like(*state, &full, commands[i]));

    cli_assert_status(&result, 1);
    cli_assert_says(result.err, "cannot write standard output: No space left on device");
  }
}

static void closed_standard_output_gives_1(void **state)
{
  DfuTestProgram closed = { .close_stdout = TRUE };
  g_auto(DfuTestResult) result =
    dfu_test_finish(cli_start_like(*state, &closed, CLI_ARGS("--version")));

  cli_assert_status(&result, 1);
  cli_assert_says(result.err, "cannot write standard output");
}

/* --- the manual --- */

static char *read_manual(void)
{
  char *text = NULL;

  if (!g_file_get_contents(MANUAL, &text, NULL, NULL))
    fail_msg("%s: not found; the tests run from the source directory", MANUAL);
  return text;
}

/* From the line @heading to the next line that begins with one of the same macro or of .Sh. */
static char *find_section(const char *manual, const char *heading)
{
  const char *start = strstr(manual, heading);
  g_autofree char *macro = g_strdup_printf("\n%.4s", heading);
  const char *end, *section_end;

  if (start == NULL)
    fail_msg("%s is missing in " MANUAL, heading);
  start += strlen(heading);
  end = strstr(start, macro);
  section_end = strstr(start, "\n.Sh ");
  if (end == NULL || (section_end != NULL && section_end < end))
    end = section_end;
  return end != NULL ? g_strndup(start, (gsize)(end - start)) : g_strdup(start);
}

/* Collects the words behind "--" at the matches of @pattern. */
static GPtrArray *collect(const char *text, const char *pattern)
{
  GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;

  g_regex_match(regex, text, 0, &match);
  for (; g_match_info_matches(match); g_match_info_next(match, NULL))
    g_ptr_array_add(words, g_match_info_fetch(match, 1));
  return words;
}

static void assert_same_words(GPtrArray *a, GPtrArray *b, const char *what)
{
  assert_true(a->len > 0);
  for (guint i = 0; i < a->len; i++) {
    if (!g_ptr_array_find_with_equal_func(b, a->pdata[i], g_str_equal, NULL))
      fail_msg("%s: --%s is missing", what, (char *)a->pdata[i]);
  }
}

static void manual_and_help_list_the_same_options(void **state)
{
  static const char *const commands[] = { "update", "scan", "status", "enter", "reset", "info",
                                          "pack", "doctor" };
  g_autofree char *manual = read_manual();

  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_autofree char *heading = g_strdup_printf("\n.Ss dfu-ble %s\n", commands[i]);
    g_autofree char *section = find_section(manual, heading + 1);
    g_auto(DfuTestResult) help = cli_run(*state, CLI_ARGS(commands[i], "--help"));
    g_autoptr(GPtrArray) in_help = collect(help.out, "^  (?:-., )?--([a-z-]+)");
    g_autoptr(GPtrArray) in_manual = collect(section, "^\\.It (?:Fl . , )?Fl -([a-z-]+)");

    cli_assert_status(&help, 0);
    assert_same_words(in_help, in_manual, MANUAL);
    assert_same_words(in_manual, in_help, commands[i]);
  }
}

/* Each family of the table has its entry in the manual, and its line in the help. */
static void manual_and_help_list_every_family(void **state)
{
  g_autofree char *manual = read_manual();
  g_autofree char *section = find_section(manual, ".Sh FAMILIES\n");
  g_auto(DfuTestResult) help = cli_run(*state, CLI_ARGS("update", "--help"));
  g_autoptr(GPtrArray) in_manual = collect(section, "^\\.It Cm ([a-z0-9.-]+) No ");
  size_t n;
  const DfuFamily *families = dfu_families(&n);

  assert_int_equal(in_manual->len, n);
  for (gsize i = 0; i < n; i++) {
    g_autofree char *entry = g_strdup_printf(".It Cm %s No %s\n", families[i].name,
                                             families[i].title);
    g_autofree char *line = g_strdup_printf("\n  %-14s %s\n", families[i].name,
                                            families[i].title);

    cli_assert_says(section, entry);
    cli_assert_says(help.out, line);
  }
}

/* Run by itself, without a bus: its manual and its help are about the same program. */
static void manual_and_help_of_the_emulator_list_the_same_options(void **state)
{
  g_autofree char *manual = NULL;
  g_auto(DfuTestResult) help = dfu_test_run(&(DfuTestProgram){
    .argv = CLI_ARGS(cli_program("DFU_BLE_TARGET", "dfu-ble-target"), "--help") });
  g_autoptr(GPtrArray) in_help = collect(help.out, "^  (?:-., )?--([a-z-]+)");
  g_autoptr(GPtrArray) in_manual = NULL;

  (void)state;
  cli_assert_status(&help, 0);
  assert_true(g_file_get_contents("man/dfu-ble-target.1", &manual, NULL, NULL));
  in_manual = collect(manual, "(?:^\\.It |, )(?:Fl . , )?Fl -([a-z-]+)");
  assert_same_words(in_help, in_manual, "man/dfu-ble-target.1");
  g_ptr_array_add(in_help, g_strdup("run")); /* it stands in the first line of the help */
  assert_same_words(in_manual, in_help, "dfu-ble-target");
  cli_assert_says(help.out, "[--run COMMAND [ARG...]]");
  cli_assert_says(help.out, "\n  sdk11-dual         nRF5 SDK 11 bootloader, dual bank");
  cli_assert_says(help.out, "\n  infinitime         InfiniTime from 1.15 on");
}

static void manual_and_help_list_the_same_exit_codes(void **state)
{
  g_autofree char *manual = read_manual();
  g_autofree char *section = find_section(manual, ".Sh EXIT STATUS\n");
  g_auto(DfuTestResult) help = cli_run(*state, CLI_ARGS("--help"));
  g_autoptr(GRegex) row = g_regex_new("^\\.It (\\d+)\n(.*)$", G_REGEX_MULTILINE, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  GString *from_manual = g_string_new("\nExit status:\n");

  g_regex_match(row, section, 0, &match);
  for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
    g_autofree char *code = g_match_info_fetch(match, 1);
    g_autofree char *meaning = g_match_info_fetch(match, 2);

    g_string_append_printf(from_manual, "  %3s  %s\n", code, meaning);
  }
  g_string_append(from_manual, "\n");
  cli_assert_says(help.out, from_manual->str);
  g_string_free(from_manual, TRUE);
}

/* error.h by its text: a code that is added there has to appear in the manual. */
static void manual_lists_every_code_of_the_error_domain(void **state)
{
  g_autofree char *manual = read_manual();
  g_autofree char *section = find_section(manual, ".Sh EXIT STATUS\n");
  g_autofree char *header = NULL;
  g_autoptr(GPtrArray) codes = NULL;
  g_autoptr(GPtrArray) listed = NULL;

  (void)state;
  assert_true(g_file_get_contents("include/dfu/error.h", &header, NULL, NULL));
  codes = collect(header, "^  DFU_ERROR_[A-Z_]+ = (\\d+),$");
  listed = collect(section, "^\\.It (\\d+)$");
  assert_int_equal(listed->len, codes->len + 1); /* and 0 */
  assert_same_words(codes, listed, MANUAL);
}

/* What the examples speak of: packages, images, and the init packet of the application. */
static void make_example_files(Cli *cli)
{
  const char *path =
    cli_make_package(cli, "firmware.zip", CLI_ARGS("--image", cli_path(cli, "app.bin")));
  g_autoptr(DfuPackage) package = dfu_package_read_file(path, NULL);
  GBytes *init = dfu_package_get_part(package, 0)->init_packet;

  assert_true(g_file_set_contents(cli_path(cli, "app.dat"), g_bytes_get_data(init, NULL),
                                  (gssize)g_bytes_get_size(init), NULL));
  cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  cli_make_package(cli, "s130.zip", CLI_ARGS("--image", cli_path(cli, "s130.bin")));
  cli_make_package(cli, "boot.zip", CLI_ARGS("--image", cli_path(cli, "boot.bin")));
}

/* Each in a directory with those files, and with a fresh device on the air. */
static void run_example(Cli *cli, const char *command)
{
  g_autofree char *ble = g_canonicalize_filename(cli_program("DFU_BLE", "dfu-ble"), NULL);
  g_autofree char *target =
    g_canonicalize_filename(cli_program("DFU_BLE_TARGET", "dfu-ble-target"), NULL);
  g_autofree char *ble_directory = g_path_get_dirname(ble);
  g_autofree char *target_directory = g_path_get_dirname(target);
  g_autofree char *script =
    g_strdup_printf("cd '%s' && PATH='%s:%s':\"$PATH\" && %s", cli->directory, ble_directory,
                    target_directory, command);
  g_autofree char *state_home = g_strdup_printf("XDG_STATE_HOME=%s", cli->directory);
  g_autofree char *bus = NULL;
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_NO_ARGS);
  bus = g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS=%s", cli->bus_address);
  result = dfu_test_run(&(DfuTestProgram){ .argv = CLI_ARGS("/bin/sh", "-c", script),
                                           .environment = CLI_ARGS(bus, state_home) });
  if (result.status != 0 || strstr(result.out, "failed: ") != NULL)
    fail_msg("%s\nended with %d:\n%s%s", command, result.status, result.out, result.err);
  cli_stop_target(cli);
}

static void examples_of_the_manual_work(void **state)
{
  Cli *cli = *state;
  g_autofree char *manual = read_manual();
  g_autofree char *section = find_section(manual, ".Sh EXAMPLES\n");
  g_autoptr(GRegex) continued = g_regex_new("\\\\e\n *", 0, 0, NULL);
  g_autofree char *joined = g_regex_replace_literal(continued, section, -1, 0, "", 0, NULL);
  g_autoptr(GPtrArray) commands = collect(joined, "^\\$ (.*)$");

  make_example_files(cli);
  assert_true(commands->len >= 6);
  for (guint i = 0; i < commands->len; i++)
    run_example(cli, commands->pdata[i]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(version_is_printed),
    CLI_TEST(help_lists_every_command),
    CLI_TEST(wrong_usage_gives_2_and_a_hint),
    CLI_TEST(wrong_usage_is_json_where_json_was_asked_for),
    CLI_TEST(an_argument_that_looks_like_json_is_not_the_option),
    CLI_TEST(name_need_not_be_ascii),
    CLI_TEST(full_standard_output_gives_1),
    CLI_TEST(closed_standard_output_gives_1),
    CLI_TEST(manual_and_help_list_the_same_options),
    CLI_TEST(manual_and_help_list_every_family),
    CLI_TEST(manual_and_help_of_the_emulator_list_the_same_options),
    CLI_TEST(manual_and_help_list_the_same_exit_codes),
    CLI_TEST(manual_lists_every_code_of_the_error_domain),
    CLI_TEST(examples_of_the_manual_work),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
