/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/cli_fixture.h"

#include <dfu/package.h>
#include <glib/gstdio.h>
#include <signal.h>

const char *cli_program(const char *variable, const char *name)
{
  const char *path = g_getenv(variable);
  g_autofree char *usual = NULL;

  if (path != NULL)
    return path;
  usual = g_build_filename("build/release", name, NULL);
  return g_intern_string(usual);
}

int cli_setup(void **state)
{
  Cli *cli = g_new0(Cli, 1);

  cli->directory = g_dir_make_tmp("dfu-ble-cli-XXXXXX", NULL);
  *state = cli;
  return 0;
}

static void remove_tree(const char *path)
{
  GDir *directory = g_dir_open(path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
    g_autofree char *child = g_build_filename(path, name, NULL);

    remove_tree(child);
  }
  if (directory != NULL)
    g_dir_close(directory);
  g_remove(path);
}

int cli_teardown(void **state)
{
  Cli *cli = *state;

  if (cli->target != NULL)
    cli_stop_target(cli);
  remove_tree(cli->directory);
  g_free(cli->directory);
  g_free(cli);
  return 0;
}

const char *cli_path(Cli *cli, const char *name)
{
  g_autofree char *path = g_build_filename(cli->directory, name, NULL);

  return g_intern_string(path);
}

static void append_all(GPtrArray *argv, const char *const *arguments)
{
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add(argv, (gpointer)*arguments);
}

const char *cli_make_package(Cli *cli, const char *name, const char *const *arguments)
{
  const char *path = cli_path(cli, name);
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  g_auto(DfuTestResult) result = { 0 };

  g_ptr_array_add(argv, (gpointer)cli_program("MAKE_PACKAGE", "tests/make_package"));
  g_ptr_array_add(argv, (gpointer)path);
  append_all(argv, arguments);
  g_ptr_array_add(argv, NULL);
  result = dfu_test_run(&(DfuTestProgram){ .argv = (const char *const *)argv->pdata });
  cli_assert_status(&result, 0);
  return path;
}

void cli_start_target(Cli *cli, const char *const *arguments)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  const char *const usual[] = { cli_program("DFU_BLE_TARGET", "dfu-ble-target"),
                                "--addr", CLI_ADDRESS, "--out", cli_path(cli, "installed"),
                                "--boot-ms", "50", "--disconnect-delay", "50", NULL };
  g_autofree char *out = NULL;

  append_all(argv, usual);
  append_all(argv, arguments);
  g_ptr_array_add(argv, NULL);
  cli->target = dfu_test_start(&(DfuTestProgram){ .argv = (const char *const *)argv->pdata });
  dfu_test_wait_for(cli->target, TRUE, "\n");
  out = dfu_test_peek_stdout(cli->target);
  cli->bus_address = g_strdup(g_strchomp(out));
}

void cli_stop_target(Cli *cli)
{
  g_auto(DfuTestResult) result = { 0 };

  dfu_test_signal(cli->target, SIGTERM);
  result = dfu_test_finish(g_steal_pointer(&cli->target));
  g_clear_pointer(&cli->bus_address, g_free);
  cli_assert_status(&result, 0);
}

DfuTestRun *cli_start_like(Cli *cli, const DfuTestProgram *like, const char *const *arguments)
{
  DfuTestProgram program = *like;
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  g_autoptr(GPtrArray) environment = g_ptr_array_new();
  g_autofree char *bus = g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS=%s",
                                         cli->bus_address != NULL ? cli->bus_address
                                                                  : "unix:path=/nonexistent/bus");
  g_autofree char *state_home = g_strdup_printf("XDG_STATE_HOME=%s", cli_path(cli, "state"));

  g_ptr_array_add(argv, (gpointer)cli_program("DFU_BLE", "dfu-ble"));
  append_all(argv, arguments);
  g_ptr_array_add(argv, NULL);
  g_ptr_array_add(environment, bus);
  g_ptr_array_add(environment, state_home);
  g_ptr_array_add(environment, (gpointer)"SUDO_UID"); /* of who runs the tests */
  if (like->environment != NULL)
    append_all(environment, like->environment);
  g_ptr_array_add(environment, NULL);
  program.argv = (const char *const *)argv->pdata;
  program.environment = (const char *const *)environment->pdata;
  return dfu_test_start(&program);
}

DfuTestRun *cli_start(Cli *cli, const char *const *arguments)
{
  return cli_start_like(cli, &(DfuTestProgram){ 0 }, arguments);
}

DfuTestResult cli_run(Cli *cli, const char *const *arguments)
{
  return dfu_test_finish(cli_start(cli, arguments));
}

cJSON *cli_run_json(Cli *cli, const char *const *arguments, int status, DfuTestResult *result)
{
  *result = cli_run(cli, arguments);
  cli_assert_status(result, status);
  return cli_parse_events(result->out);
}

void cli_forget(Cli *cli)
{
  remove_tree(cli_path(cli, "state"));
}

const char *cli_last_line(const char *text)
{
  g_autofree char *trimmed = g_strchomp(g_strdup(text));
  const char *newline = strrchr(trimmed, '\n');

  return g_intern_string(newline != NULL ? newline + 1 : trimmed);
}

void cli_assert_status(const DfuTestResult *result, int status)
{
  if (result->status == status)
    return;
  g_printerr("--- output:\n%s\n--- errors:\n%s\n", result->out, result->err);
  fail_msg("status %d, not %d", result->status, status);
}

void cli_assert_says(const char *in, const char *text)
{
  if (strstr(in, text) != NULL)
    return;
  g_printerr("%s\n", in);
  fail_msg("this is missing in it: \"%s\"", text);
}

cJSON *cli_parse_events(const char *out)
{
  g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
  guint n = g_strv_length(lines);
  cJSON *events = cJSON_CreateArray();

  assert_true(g_utf8_validate(out, -1, NULL));
  assert_true(n >= 2 && lines[n - 1][0] == '\0'); /* the last line ends too */
  for (guint i = 0; i + 1 < n; i++) {
    const char *end = NULL;
    cJSON *event = cJSON_ParseWithOpts(lines[i], &end, TRUE);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(event, "event"));

    if (!cJSON_IsObject(event) || name == NULL)
      fail_msg("no event: %s", lines[i]);
    assert_int_equal(strcmp(name, "result") == 0, i + 2 == n);
    cJSON_AddItemToArray(events, event);
  }
  return events;
}

const cJSON *cli_find_event(const cJSON *events, const char *name)
{
  const cJSON *event;

  cJSON_ArrayForEach(event, events)
  {
    if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(event, "event")), name) == 0)
      return event;
  }
  return NULL;
}

const char *cli_text(const cJSON *object, const char *key)
{
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, key));

  if (text == NULL)
    fail_msg("%s is no string", key);
  return text;
}

double cli_number(const cJSON *object, const char *key)
{
  const cJSON *item = cJSON_GetObjectItem(object, key);

  if (!cJSON_IsNumber(item))
    fail_msg("%s is no number", key);
  return item->valuedouble;
}

static const char *installed_name(DfuImageType type)
{
  switch (type) {
  case DFU_IMAGE_SOFTDEVICE: return "softdevice.bin";
  case DFU_IMAGE_BOOTLOADER: return "bootloader.bin";
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: return "softdevice_bootloader.bin";
  case DFU_IMAGE_APPLICATION: break;
  }
  return "application.bin";
}

gboolean cli_has_installed(Cli *cli, const char *path, guint part_index)
{
  g_autoptr(DfuPackage) package = dfu_package_read_file(path, NULL);
  const DfuPart *part = dfu_package_get_part(package, part_index);
  g_autofree char *file =
    g_build_filename(cli->directory, "installed", installed_name(part->type), NULL);
  gsize len, wanted_len;
  const guint8 *wanted = g_bytes_get_data(part->image, &wanted_len);
  g_autofree char *contents = NULL;

  return g_file_get_contents(file, &contents, &len, NULL) && len == wanted_len &&
         memcmp(contents, wanted, len) == 0;
}

void cli_assert_installed(Cli *cli, const char *path, guint part_index)
{
  if (!cli_has_installed(cli, path, part_index))
    fail_msg("the target did not install part %u of %s, byte for byte", part_index, path);
}
