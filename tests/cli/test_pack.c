/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble pack through the built program: its options, and the file that it
 * writes.
 */
#include "lib/cli_fixture.h"

#include <unistd.h>

/* Writes an image of the emulator's kind and gives its path. */
static const char *make_image(Cli *cli, const char *name, const char *bytes)
{
  const char *path = cli_path(cli, name);

  cli_make_package(cli, "source.zip", CLI_ARGS("--image", path, "--bytes", bytes));
  return path;
}

static const cJSON *part_of(const cJSON *events, int index)
{
  return cJSON_GetArrayItem(cJSON_GetObjectItem(cli_find_event(events, "package"), "parts"),
                            index);
}

static const char *init_hex(const cJSON *events, int index)
{
  return cli_text(cJSON_GetObjectItem(part_of(events, index), "init"), "hex");
}

/* --- options --- */

/* The image 00 01 … ff, as pc-nrfutil 0.5.1 packs it with the options of each row. */
static void options_give_the_init_packets_of_the_packers(void **state)
{
  static const struct {
    const char *options;
    const char *hex;
  } rows[] = {
    { "--json", "ffffffffffffffff0100feffbd3f" },
    { "--dfu-ver 0.5 --dev-type 0x52", "5200ffffffffffff0100feffbd3f" },
    { "--dev-type 82 --sd-req 0xB6,0x0123", "5200ffffffffffff0200b6002301bd3f" },
    { "--dev-revision 0xCE68 --application-version 4294967294",
      "ffff68cefeffffff0100feffbd3f" },
    { "--sd-req none", "ffffffffffffffff0000bd3f" },
    { "--sd-req app:100 --sd-req 0x80", "ffffffffffffffff01006400bd3f" },
    { "--dfu-ver 0.6", "ffffffffffffffff0100feff00000000bd3f" },
    { "--dfu-ver app:0.7",
      "ffffffffffffffff0100feff010000000001000040aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7"
      "110266bf944880" },
    { "--dfu-ver crc", "bd3f" },
  };
  Cli *cli = *state;
  const char *image = cli_path(cli, "app.bin");
  guint8 bytes[256];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8)i;
  assert_true(g_file_set_contents(image, (char *)bytes, sizeof bytes, NULL));
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *line =
      g_strdup_printf("pack --json --force %s --application %s %s", cli_path(cli, "out.zip"),
                      image, rows[i].options);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_auto(DfuTestResult) result = { 0 };
    cJSON *events = cli_run_json(cli, (const char *const *)words, 0, &result);

    assert_string_equal(init_hex(events, 0), rows[i].hex);
    cJSON_Delete(events);
  }
}

static void values_are_for_one_part_or_both(void **state)
{
  Cli *cli = *state;
  const char *image = make_image(cli, "a.bin", "64");
  const char *boot = make_image(cli, "b.bin", "64");
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events =
    cli_run_json(cli,
                 CLI_ARGS("pack", "--json", cli_path(cli, "out.zip"), "--application", image,
                          "--bootloader", boot, "--dev-type", "0x52", "--dev-type",
                          "system:0x1122", "--sd-req", "app:0x80", "--dfu-ver", "system:0.5"),
                 0, &result);

  assert_true(g_str_has_prefix(init_hex(events, 0), "2211ffffffffffff0100feff"));
  assert_true(g_str_has_prefix(init_hex(events, 1), "5200ffffffffffff01008000"));
  cJSON_Delete(events);
}

#ifdef DFU_HAVE_GNUTLS

/* The key of RFC 6979, A.2.5. */
static const char private_key[] =
  "-----BEGIN EC PRIVATE KEY-----\n"
  "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n"
  "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n"
  "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
  "-----END EC PRIVATE KEY-----\n";

static void key_signs_every_part_that_asks_for_nothing_else(void **state)
{
  Cli *cli = *state;
  const char *key = cli_path(cli, "key.pem");
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  assert_true(g_file_set_contents(key, private_key, -1, NULL));
  events = cli_run_json(cli,
                        CLI_ARGS("pack", "--json", cli_path(cli, "out.zip"), "--application",
                                 make_image(cli, "a.bin", "64"), "--bootloader",
                                 make_image(cli, "b.bin", "64"), "--key-file", key, "--dfu-ver",
                                 "system:0.5"),
                        0, &result);
  assert_string_equal(cli_text(cli_find_event(events, "package"), "dfu_version"), "0.8");
  assert_int_equal(strlen(init_hex(events, 0)), 2 * 14);
  assert_int_equal(strlen(init_hex(events, 1)), 2 * 116);
  cJSON_Delete(events);
}

#endif

static void wrong_usage_gives_2(void **state)
{
  static const struct {
    const char *options;
    const char *says;
  } rows[] = {
    { "", "no image given" },
    { "--application A x.zip", "pack makes one OUT.zip; what is 'x.zip'?" },
    { "--application A --dev-type 65536", "--dev-type '65536': must be a number from 0 to 65535" },
    { "--application A --dev-type 010", "decimal without leading zeros" },
    { "--application A --dev-type 0x", "--dev-type '0x': must be a number" },
    { "--application A --dev-type -1", "--dev-type '-1': must be a number" },
    { "--application A --dev-revision none", "a field cannot be left out" },
    { "--application A --application-version 4294967296", "from 0 to 4294967295 (0xFFFFFFFF)" },
    { "--application A --sd-req 0x64,", "--sd-req '0x64,': must be a number" },
    { "--application A --sd-req 1,2,65536", "must be a number from 0 to 65535" },
    { "--application A --sd-req system:0x64", "--sd-req is for the part system, and no image" },
    { "--bootloader A --dfu-ver app:crc", "--dfu-ver is for the part app, and no image" },
    { "--application A --dfu-ver 0.9", "--dfu-ver '0.9': must be 0.5, 0.6, 0.7, 0.8 or crc" },
    { "--application A --dfu-ver 0.8", "give the private key with --key-file" },
    { "--application A --dfu-ver 0.5 --key-file A", "--key-file signs an init packet of version" },
    { "--application A --dat D --dfu-ver 0.5", "given with --dat, and is not made anew" },
    { "--application A --dat D --key-file A", "--key-file signs an init packet of version 0.8" },
  };
  Cli *cli = *state;
  const char *image = make_image(cli, "A", "64");
  const char *dat = cli_path(cli, "D");
  const char *out = cli_path(cli, "out.zip");

  assert_true(g_file_set_contents(dat, "\xbd\x3f", 2, NULL));
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *line = g_strdup_printf("pack %s %s", out, rows[i].options);
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
    g_auto(DfuTestResult) result = { 0 };

    for (char **word = words; *word != NULL; word++) {
      if (g_str_equal(*word, "A") || g_str_equal(*word, "D")) {
        const char *path = g_str_equal(*word, "A") ? image : dat;

        g_free(*word);
        *word = g_strdup(path);
      }
    }
    result = cli_run(cli, (const char *const *)words);
    cli_assert_status(&result, 2);
    cli_assert_says(result.err, rows[i].says);
    assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
  }
}

/* --- what is written --- */

static void package_is_shown_as_info_does(void **state)
{
  Cli *cli = *state;
  const char *image = make_image(cli, "app.bin", "4096");
  const char *out = cli_path(cli, "out.zip");
  g_auto(DfuTestResult) pack = cli_run(cli, CLI_ARGS("pack", out, "--application", image));
  g_auto(DfuTestResult) info = cli_run(cli, CLI_ARGS("info", out));

  cli_assert_status(&pack, 0);
  cli_assert_status(&info, 0);
  cli_assert_says(pack.out, "app.bin, 4096 bytes");
  assert_string_equal(pack.out, info.out);
  assert_string_equal(pack.err, "");
}

static void existing_file_is_replaced_with_force_only(void **state)
{
  Cli *cli = *state;
  const char *image = make_image(cli, "app.bin", "64");
  const char *out = cli_path(cli, "out.zip");
  g_autofree char *left = NULL;

  assert_true(g_file_set_contents(out, "mine", -1, NULL));

  g_auto(DfuTestResult) refused = cli_run(cli, CLI_ARGS("pack", out, "--application", image));

  cli_assert_status(&refused, 2);
  cli_assert_says(refused.err, "is there already and was left as it is");
  assert_true(g_file_get_contents(out, &left, NULL, NULL));
  assert_string_equal(left, "mine");

  g_auto(DfuTestResult) replaced =
    cli_run(cli, CLI_ARGS("pack", "--force", out, "--application", image));

  cli_assert_status(&replaced, 0);
}

static void what_is_read_is_never_replaced(void **state)
{
  static const char *const options[] = { "--application", "--bootloader", "--softdevice", "--dat",
                                         "--key-file" };
  Cli *cli = *state;
  const char *image = make_image(cli, "app.bin", "64");
  const char *input = cli_path(cli, "input");
  const char *alias = cli_path(cli, "alias");

  assert_true(g_file_set_contents(input, "mine", -1, NULL));
  assert_int_equal(symlink(input, alias), 0);
  for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
    g_autofree char *says = g_strdup_printf("is the file of %s, which", options[i]);
    g_autofree char *left = NULL;
    g_auto(DfuTestResult) result =
      cli_run(cli, CLI_ARGS("pack", "--force", input, i == 0 ? "--softdevice" : "--application",
                            image, options[i], alias));

    cli_assert_status(&result, 2);
    cli_assert_says(result.err, says);
    assert_true(g_file_get_contents(input, &left, NULL, NULL));
    assert_string_equal(left, "mine");
  }
}

static void image_that_is_none_gives_3_and_no_file(void **state)
{
  Cli *cli = *state;
  const char *out = cli_path(cli, "out.zip");
  g_auto(DfuTestResult) absent =
    cli_run(cli, CLI_ARGS("pack", out, "--application", "/nonexistent/app.bin"));
  g_auto(DfuTestResult) strange =
    cli_run(cli, CLI_ARGS("pack", out, "--application", "/dev/null"));

  cli_assert_status(&absent, 3);
  cli_assert_says(absent.err, "app.bin: the file cannot be read: No such file or directory");
  cli_assert_status(&strange, 3);
  cli_assert_says(strange.err, "must end with .bin (bytes) or .hex (Intel HEX)");
  assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

static void place_that_cannot_be_written_gives_1(void **state)
{
  Cli *cli = *state;
  const char *image = make_image(cli, "app.bin", "64");
  g_auto(DfuTestResult) result =
    cli_run(cli, CLI_ARGS("pack", "/nonexistent/out.zip", "--application", image));

  cli_assert_status(&result, 1);
  cli_assert_says(result.err, "cannot be written: No such file or directory");
}

static void made_package_updates_a_device(void **state)
{
  Cli *cli = *state;
  const char *image = make_image(cli, "app.bin", "4096");
  const char *out = cli_path(cli, "out.zip");
  g_auto(DfuTestResult) pack = cli_run(cli, CLI_ARGS("pack", out, "--application", image));
  g_auto(DfuTestResult) update = { 0 };

  cli_assert_status(&pack, 0);
  cli_start_target(cli, CLI_NO_ARGS);
  update = cli_run(cli, CLI_ARGS("update", out, "--addr", CLI_ADDRESS));
  cli_assert_status(&update, 0);
  cli_assert_installed(cli, out, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(options_give_the_init_packets_of_the_packers),
    CLI_TEST(values_are_for_one_part_or_both),
#ifdef DFU_HAVE_GNUTLS
    CLI_TEST(key_signs_every_part_that_asks_for_nothing_else),
#endif
    CLI_TEST(wrong_usage_gives_2),
    CLI_TEST(package_is_shown_as_info_does),
    CLI_TEST(existing_file_is_replaced_with_force_only),
    CLI_TEST(what_is_read_is_never_replaced),
    CLI_TEST(image_that_is_none_gives_3_and_no_file),
    CLI_TEST(place_that_cannot_be_written_gives_1),
    CLI_TEST(made_package_updates_a_device),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
