/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble-target as a program: its command line, its end, and what it leaves.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

static void expect_status(const char *const *argv, int status, const char *error)
{
  DfuTestProgram program = {.argv = argv};
  g_auto(DfuTestResult) result = dfu_test_run(&program);

  assert_int_equal(result.status, status);
  if (error != NULL && strstr(result.err, error) == NULL) {
    fail_msg("\"%s\" is missing in: %s", error, result.err);
  }
}

static void run_gives_its_commands_status(void **state)
{
  const char *const exits[] = {emulator_program(), "--run", "sh", "-c",
                               "test -n \"$DBUS_SYSTEM_BUS_ADDRESS\" && exit 7", NULL};
  const char *const dies[] = {emulator_program(), "--run", "sh", "-c", "kill -9 $$", NULL};
  const char *const missing[] = {emulator_program(), "--run", "/nonexistent", NULL};

  (void)state;
  expect_status(exits, 7, NULL);
  expect_status(dies, 128 + SIGKILL, NULL);
  expect_status(missing, 127, "cannot run /nonexistent");
}

static void signals_reach_the_command(void **state)
{
  const char *const argv[] = {emulator_program(), "--run", "sh", "-c",
                              "trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done", NULL};
  DfuTestProgram program = {.argv = argv};
  DfuTestRun *run = dfu_test_start(&program);
  g_auto(DfuTestResult) result = {0};

  (void)state;
  dfu_test_wait_for(run, TRUE, "up");
  dfu_test_signal(run, SIGTERM);
  result = dfu_test_finish(run);
  assert_int_equal(result.status, 9);
}

static void killed_program_takes_its_bus_along(void **state)
{
  Emulator *f = *state;
  g_auto(DfuTestResult) result = {0};
  g_autoptr(GDBusConnection) connection = NULL;

  emulator_start(f, NULL);
  g_clear_pointer(&f->client, bus_client_free);
  dfu_test_signal(f->run, SIGKILL);
  result = dfu_test_finish(g_steal_pointer(&f->run));
  for (int i = 0; i < 100; i++) {
    g_clear_object(&connection);
    connection = g_dbus_connection_new_for_address_sync(
      f->address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, NULL);
    if (connection == NULL) {
      return;
    }
    g_usleep(20000);
  }
  fail_msg("dbus-daemon lives on");
}

static void nothing_is_left_behind(void **state)
{
  Emulator *f = *state;
  g_autoptr(GDir) dir = NULL;

  emulator_start(f, NULL);
  dir = g_dir_open(f->directory, 0, NULL);
  assert_non_null(g_dir_read_name(dir)); /* its bus lives there */
  assert_int_equal(emulator_end(f), 0);
  g_dir_rewind(dir);
  assert_null(g_dir_read_name(dir));
}

static void wrong_usage_is_2(void **state)
{
  static const struct {
    const char *option, *value, *error;
  } wrong[] = {
    {"--nonsense", NULL, "--nonsense"},
    {"extra", NULL, "Unexpected argument \"extra\""},
    {"--addr", "C4:12:AB:00:11", "is no device address"},
    {"--mtu", "22", "--mtu is 22; it must be from 23 to 517."},
    {"--personality", "toaster", "There is no personality \"toaster\""},
    {"--after-activate", "party", "--after-activate is \"party\""},
    {"--fault", "answer=start", "--fault answer=start: "},
    {"--softdevice", "0x10000", "--softdevice is \"0x10000\""},
    {"--name", "a name of more than twenty-nine bytes", "--name must be"},
    {"--run", NULL, "--run needs a command"},
    {"--log", "/nonexistent/log", "Cannot write the log /nonexistent/log"},
    {"--hci", "1", "--hci is \"1\"; a controller is called hci0, hci1, ..."},
    {"--hci", "hci1x", "--hci is \"hci1x\""},
    {"--readvertise", "150", "need --hci"},
    {"--jump", "far", "--jump is \"far\"; it must be next or same."},
    {"--app-revision", "0.8", "--app-revision is \"0.8\"; it must be none or 0.1."},
    {"--app-revision", "0.1", "need --app-mode"},
    {"--directed", NULL, "need --app-mode"},
    {"--erase", "-1", "--erase is -1; it must be from 0 to 1000."},
    {"--notification-buffers", "-1", "--notification-buffers is -1; it must be from 0 to 1000."},
    {"--fault", "drop-connection", "is not of the form drop-connection=N"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
    const char *const argv[] = {emulator_program(), wrong[i].option, wrong[i].value, NULL};

    expect_status(argv, 2, wrong[i].error);
  }
}

static void host_of_its_own_excludes_an_emulated_one(void **state)
{
  const char *const powered_off[] = {emulator_program(), "--hci", "hci1", "--powered-off", NULL};
  const char *const public_address[] = {emulator_program(), "--hci",  "hci1", "--addr",
                                        "00:11:22:33:44:55", NULL};
  const char *const too_often[] = {emulator_program(), "--hci", "hci1", "--readvertise", "5", NULL};

  (void)state;
  expect_status(powered_off, 2, "with --hci the host is a real one");
  expect_status(public_address, 2, "must be a static random address");
  expect_status(too_often, 2, "--readvertise is 5; it must be from 20 to 600000.");
}

static void options_that_contradict_each_other_are_named(void **state)
{
  static const struct {
    const char *options[5];
    const char *error;
  } wrong[] = {
    {{"--app-mode", "--directed"}, "--directed needs --jump same"},
    {{"--app-mode", "--personality", "infinitime"}, "infinitime is an application itself"},
    {{"--jump", "same", "--personality", "infinitime"}, "infinitime is an application itself"},
    {{"--erase", "1", "--erase-ms", "100"}, "--erase and --erase-ms say the same thing"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
    const char *const *options = wrong[i].options;
    const char *const argv[] = {emulator_program(), options[0], options[1], options[2], options[3],
                                NULL};

    expect_status(argv, 2, wrong[i].error);
  }
}

static void trouble_is_1(void **state)
{
  const char *const no_bus[] = {emulator_program(), "--bus-address", "unix:path=/nonexistent",
                                NULL};
  const char *const no_daemon[] = {emulator_program(), NULL};
  const char *const environment[] = {"PATH=/nonexistent", NULL};
  DfuTestProgram program = {.argv = no_daemon, .environment = environment};
  g_auto(DfuTestResult) result = {0};

  (void)state;
  expect_status(no_bus, 1, "Cannot connect to the bus unix:path=/nonexistent");
  result = dfu_test_run(&program);
  assert_int_equal(result.status, 1);
  assert_non_null(strstr(result.err, "Install the package dbus-daemon"));
}

static void too_long_a_tmpdir_is_named(void **state)
{
  Emulator *f = *state;
  const char *const argv[] = {emulator_program(), NULL};
  g_autofree char *name = g_strnfill(90, 'x');
  g_autofree char *directory = g_build_filename(f->directory, name, NULL);
  g_autofree char *tmpdir = g_strconcat("TMPDIR=", directory, NULL);
  const char *const environment[] = {tmpdir, NULL};
  DfuTestProgram program = {.argv = argv, .environment = environment};
  g_auto(DfuTestResult) result = {0};

  assert_int_equal(g_mkdir(directory, 0700), 0);
  result = dfu_test_run(&program);
  assert_int_equal(result.status, 1);
  assert_non_null(strstr(result.err, "set TMPDIR to a shorter one"));
}

static void second_daemon_on_one_bus_is_refused(void **state)
{
  Emulator *f = *state;
  const char *argv[] = {emulator_program(), "--bus-address", NULL, NULL};

  emulator_start(f, NULL);
  argv[2] = f->address;
  expect_status(argv, 1, "Somebody else is org.bluez on this bus");
}

static void log_tells_each_operation(void **state)
{
  Emulator *f = *state;
  g_autofree char *path = g_build_filename(f->directory, "log", NULL);
  g_autofree char *log = NULL;

  emulator_start(f, "--log", path, NULL);
  bus_client_connect_device(f->client);
  close(emulator_acquire(f, CONTROL, "AcquireNotify"));
  bus_client_wait(f->client, CONTROL " NotifyAcquired=false");
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "07");
  bus_client_wait(f->client, CONTROL " Value=10070100000000");
  assert_true(g_file_get_contents(path, &log, NULL, NULL));
  assert_non_null(strstr(log, "connected, MTU 23\n"));
  assert_non_null(strstr(log, "> 07                   Report Received Image Size -> ok\n"));
  assert_non_null(strstr(log, "< 10 07 01 00 00 00 00 Report Received Image Size: success\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(run_gives_its_commands_status),
    TEST(signals_reach_the_command),
    TEST(killed_program_takes_its_bus_along),
    TEST(nothing_is_left_behind),
    TEST(wrong_usage_is_2),
    TEST(host_of_its_own_excludes_an_emulated_one),
    TEST(options_that_contradict_each_other_are_named),
    TEST(trouble_is_1),
    TEST(too_long_a_tmpdir_is_named),
    TEST(second_daemon_on_one_bus_is_refused),
    TEST(log_tells_each_operation),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
