/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An image and its init packet in place of a package, for info and update.
 */
#include "lib/cli_fixture.h"

#include <dfu/package.h>
#include <signal.h>

#define TO_DEVICE "--addr", CLI_ADDRESS
#define HEX_RECORD_BYTES 16

typedef struct {
  const char *zip; /* the same as a package, to compare with */
  const char *bin;
  const char *dat;
} Loose;

static Loose make_loose(Cli *cli, const char *bytes)
{
  Loose loose = { .bin = cli_path(cli, "app.bin"), .dat = cli_path(cli, "app.dat") };

  loose.zip = cli_make_package(cli, "same.zip", CLI_ARGS("--image", loose.bin, "--bytes", bytes));

  g_autoptr(DfuPackage) package = dfu_package_read_file(loose.zip, NULL);
  GBytes *init = dfu_package_get_part(package, 0)->init_packet;

  assert_true(g_file_set_contents(loose.dat, g_bytes_get_data(init, NULL),
                                  (gssize)g_bytes_get_size(init), NULL));
  return loose;
}

static void append_record(GString *text, guint8 type, guint16 offset, const guint8 *data,
                          guint8 len)
{
  guint8 sum = (guint8)(len + type + (offset >> 8) + offset);

  g_string_append_printf(text, ":%02X%04X%02X", len, offset, type);
  for (guint8 i = 0; i < len; i++) {
    g_string_append_printf(text, "%02X", data[i]);
    sum = (guint8)(sum + data[i]);
  }
  g_string_append_printf(text, "%02X\n", (guint8)-sum);
}

/* The image of @bin as an Intel HEX file that begins at 0x1c000. */
static const char *write_hex(Cli *cli, const char *bin)
{
  static const guint8 base[2] = { 0x00, 0x01 };
  const char *path = cli_path(cli, "app.hex");
  g_autoptr(GString) text = g_string_new(NULL);
  g_autofree char *data = NULL;
  gsize len;

  assert_true(g_file_get_contents(bin, &data, &len, NULL));
  append_record(text, 4, 0, base, sizeof base);
  for (gsize at = 0; at < len; at += HEX_RECORD_BYTES)
    append_record(text, 0, (guint16)(0xc000 + at), (guint8 *)data + at, HEX_RECORD_BYTES);
  append_record(text, 1, 0, NULL, 0);
  assert_true(g_file_set_contents(path, text->str, -1, NULL));
  return path;
}

static void info_shows_an_image_as_it_does_a_package(void **state)
{
  Cli *cli = *state;
  Loose loose = make_loose(cli, "4096");
  g_auto(DfuTestResult) one = { 0 }, other = { 0 };
  cJSON *image = cli_run_json(
    cli, CLI_ARGS("info", "--json", loose.bin, "--dat", loose.dat, "--type", "application"), 0,
    &one);
  cJSON *package = cli_run_json(cli, CLI_ARGS("info", "--json", loose.zip), 0, &other);
  const cJSON *event = cli_find_event(image, "package");

  assert_true(cJSON_Compare(cJSON_GetObjectItem(event, "parts"),
                            cJSON_GetObjectItem(cli_find_event(package, "package"), "parts"),
                            TRUE));
  assert_string_equal(cli_text(event, "dfu_version"), "none");
  cJSON_Delete(image);
  cJSON_Delete(package);
}

static void update_sends_a_bin_and_a_hex_file(void **state)
{
  Cli *cli = *state;
  Loose loose = make_loose(cli, "4096");
  const char *const images[] = { loose.bin, write_hex(cli, loose.bin) };

  for (guint i = 0; i < G_N_ELEMENTS(images); i++) {
    g_auto(DfuTestResult) result = { 0 };

    cli_start_target(cli, CLI_NO_ARGS);
    result = cli_run(cli, CLI_ARGS("update", images[i], "--dat", loose.dat, "--type",
                                   "application", TO_DEVICE));
    cli_assert_status(&result, 0);
    cli_assert_installed(cli, loose.zip, 0);
    cli_stop_target(cli);
  }
}

/* The image is the same in either form, and so is the transfer. */
static void update_of_the_hex_file_goes_on_where_the_bin_file_stopped(void **state)
{
  Cli *cli = *state;
  Loose loose = make_loose(cli, "8192");
  const char *hex = write_hex(cli, loose.bin);
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 }, rest = { 0 };

  cli_start_target(cli, CLI_ARGS("--air-us", "3000"));
  run = cli_start(
    cli, CLI_ARGS("update", loose.bin, "--dat", loose.dat, "--type", "application", TO_DEVICE));
  dfu_test_wait_for(run, FALSE, " 50 %");
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  cli_assert_says(cli_last_line(cut.err), "app.bin --dat ");
  rest = cli_run(
    cli, CLI_ARGS("update", hex, "--dat", loose.dat, "--type", "application", TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte");
  cli_assert_installed(cli, loose.zip, 0);
}

/* The journal tells of this image as another thing, so what the target holds is not believed. */
static void update_as_another_type_does_not_go_on(void **state)
{
  Cli *cli = *state;
  Loose loose = make_loose(cli, "8192");
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 }, other = { 0 };

  cli_start_target(cli, CLI_ARGS("--air-us", "3000"));
  run = cli_start(
    cli, CLI_ARGS("update", loose.bin, "--dat", loose.dat, "--type", "application", TO_DEVICE));
  dfu_test_wait_for(run, FALSE, " 50 %");
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  other = cli_run(
    cli, CLI_ARGS("update", loose.bin, "--dat", loose.dat, "--type", "bootloader", TO_DEVICE));
  cli_assert_status(&other, 7);
}

static void wrong_usage_gives_2_and_names_the_options(void **state)
{
  static const struct {
    const char *arguments;
    const char *says;
  } rows[] = {
    { "app.bin", "'app.bin' is an image and no package: give both its init packet, --dat FILE, "
                 "and --type application, bootloader or softdevice; or make a package of it with "
                 "dfu-ble pack" },
    { "app.HEX", "'app.HEX' is an image and no package" },
    { "app.bin --dat app.dat", "give both its init packet" },
    { "app.bin --type application", "give both its init packet" },
    { "app.bin --dat app.dat --type app", "--type 'app': must be application, bootloader or" },
    { "app.bin --dat app.dat --type softdevice_bootloader", "together take a package" },
    { "app.zip --dat app.dat", "--dat goes with an image, a file called .bin or .hex" },
    { "app.zip --type application", "--type goes with an image" },
    { "app --dat app.dat --type application", "and 'app' is none" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *info_line = g_strdup_printf("info %s", rows[i].arguments);
    g_autofree char *update_line =
      g_strdup_printf("update --addr " CLI_ADDRESS " %s", rows[i].arguments);
    g_auto(GStrv) info_words = g_strsplit(info_line, " ", -1);
    g_auto(GStrv) update_words = g_strsplit(update_line, " ", -1);
    g_auto(DfuTestResult) info = cli_run(*state, (const char *const *)info_words);
    g_auto(DfuTestResult) update = cli_run(*state, (const char *const *)update_words);

    cli_assert_status(&info, 2);
    cli_assert_status(&update, 2);
    cli_assert_says(info.err, rows[i].says);
    cli_assert_says(update.err, rows[i].says);
  }
}

static void image_with_another_init_packet_gives_3(void **state)
{
  Cli *cli = *state;
  Loose loose = make_loose(cli, "4096");
  g_auto(DfuTestResult) result = { 0 };

  assert_true(g_file_set_contents(loose.dat, "\x12\x34", 2, NULL));
  result = cli_run(cli, CLI_ARGS("update", loose.bin, "--dat", loose.dat, "--type", "application",
                                 TO_DEVICE));
  cli_assert_status(&result, 3);
  cli_assert_says(result.err, "but its init packet app.dat says 0x3412; the two do not belong");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(info_shows_an_image_as_it_does_a_package),
    CLI_TEST(update_sends_a_bin_and_a_hex_file),
    CLI_TEST(update_of_the_hex_file_goes_on_where_the_bin_file_stopped),
    CLI_TEST(update_as_another_type_does_not_go_on),
    CLI_TEST(wrong_usage_gives_2_and_names_the_options),
    CLI_TEST(image_with_another_init_packet_gives_3),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
