/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A transfer that was cut off goes on, within a run and in another one, through
 * the built programs; and what happens where it cannot.
 */
#include "lib/cli_fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#define TO_DEVICE "--addr", CLI_ADDRESS
#define IMAGE_BYTES 8192
#define WINDOW_BYTES 160 /* 8 packets of 20 bytes */
/* A packet each 3 ms: 1.2 s for an image, so that a test can step in. */
#define SLOW_AIR "--air-us", "3000"
#define HALF " 50 %"
#define JOURNAL "state/dfu-ble/" CLI_ADDRESS ".journal"
#define DAY_S (24 * 3600)

static gboolean has_journal(Cli *cli)
{
  return g_file_test(cli_path(cli, JOURNAL), G_FILE_TEST_EXISTS);
}

/* Starts an update of the package and ends it with a signal when half of it is there. */
static DfuTestResult cut_at_half(Cli *cli, const char *const *arguments, int signal_number)
{
  DfuTestRun *run = cli_start(cli, arguments);

  dfu_test_wait_for(run, FALSE, HALF);
  dfu_test_signal(run, signal_number);
  return dfu_test_finish(run);
}

/* A device in mid-transfer, and the journal that tells of it. */
static const char *leave_at_half(Cli *cli, const char *const *target)
{
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) cut = { 0 };

  cli_start_target(cli, target);
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE), SIGINT);
  cli_assert_status(&cut, 130);
  assert_true(has_journal(cli));
  return package;
}

static double result_number(const cJSON *events, const char *key)
{
  return cli_number(cli_find_event(events, "result"), key);
}

/* --- another run --- */

static void ctrl_c_and_the_next_run_goes_on(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) rest = { 0 };
  cJSON *before, *after;
  double held;

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), SIGINT);
  cli_assert_status(&cut, 130);
  before = cli_parse_events(cut.out);
  held = result_number(before, "confirmed_bytes");
  assert_true(held >= IMAGE_BYTES / 2 && held < IMAGE_BYTES);
  assert_string_equal(cli_text(cli_find_event(before, "result"), "next"), "resume");

  after = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &rest);
  cli_assert_installed(cli, package, 0);
  assert_int_equal(cli_number(cli_find_event(after, "journal"), "confirmed_bytes"), held);
  assert_int_equal(cli_number(cli_find_event(after, "resumed"), "offset_bytes"), held);
  assert_int_equal(result_number(after, "sent_bytes"), IMAGE_BYTES - held);
  assert_true(result_number(before, "sent_bytes") + result_number(after, "sent_bytes") <=
              IMAGE_BYTES + WINDOW_BYTES);
  assert_null(cli_find_event(after, "warning"));
  cli_assert_says(rest.err, "An earlier run of this package: ");
  cli_assert_says(rest.err, "resumed at byte ");
  assert_false(has_journal(cli));
  cJSON_Delete(before);
  cJSON_Delete(after);
}

static void kill_9_and_the_next_run_goes_on(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) rest = { 0 };
  cJSON *after;
  double offset;

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE), SIGKILL);
  cli_assert_status(&cut, 1000 + SIGKILL);
  after = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &rest);
  cli_assert_installed(cli, package, 0);
  offset = cli_number(cli_find_event(after, "resumed"), "offset_bytes");
  assert_true(offset >= IMAGE_BYTES / 2 && offset < IMAGE_BYTES);
  assert_int_equal(result_number(after, "sent_bytes"), IMAGE_BYTES - offset);
  cJSON_Delete(after);
}

static void ctrl_c_before_the_image_and_the_next_run_goes_on(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  cli_start_target(cli, CLI_ARGS("--erase-ms", "1000"));
  run = cli_start(cli, CLI_ARGS("update", package, TO_DEVICE));
  while (!has_journal(cli)) /* it is there when the sizes go out; before, nothing was begun */
    g_usleep(10000);
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  assert_null(strstr(cut.err, "--restart"));
  rest = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "An earlier run of this package: begun, nothing of its 8192 bytes");
  cli_assert_installed(cli, package, 0);
}

static void begun_by_name_goes_on_by_address_and_the_other_way_round(void **state)
{
  static const char *const ways[][2] = { { "--name", "DfuTarg" }, { TO_DEVICE } };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);

  for (guint i = 0; i < 2; i++) {
    const char *const *first = ways[i], *const *second = ways[1 - i];
    g_auto(DfuTestResult) cut = { 0 };
    g_auto(DfuTestResult) rest = { 0 };

    cli_start_target(cli, CLI_ARGS(SLOW_AIR));
    cut = cut_at_half(cli, CLI_ARGS("update", package, first[0], first[1]), SIGINT);
    cli_assert_status(&cut, 130);
    rest = cli_run(cli, CLI_ARGS("update", package, second[0], second[1]));
    cli_assert_status(&rest, 0);
    cli_assert_says(rest.err, "resumed at byte ");
    cli_assert_installed(cli, package, 0);
    cli_stop_target(cli);
  }
}

/* Every bootloader of the SDK has the same name. */
static void journal_of_one_device_is_not_believed_for_its_namesake(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) namesake = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  cut = cut_at_half(cli, CLI_ARGS("update", package, "--name", "DfuTarg"), SIGINT);
  cli_assert_status(&cut, 130);
  cli_stop_target(cli);
  cli_start_target(cli, CLI_ARGS("--addr", "C4:12:AB:00:11:44"));
  namesake = cli_run(cli, CLI_ARGS("update", package, "--name", "DfuTarg"));
  cli_assert_status(&namesake, 0);
  assert_null(strstr(namesake.err, "An earlier run"));
  cli_assert_installed(cli, package, 0);
  assert_true(has_journal(cli)); /* of the other one, still */
}

static void target_that_forgot_is_sent_the_image_from_its_beginning(void **state)
{
  Cli *cli = *state;
  const char *package = leave_at_half(cli, CLI_ARGS(SLOW_AIR));
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_stop_target(cli);
  cli_start_target(cli, CLI_NO_ARGS); /* as after a power cut */
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  cli_assert_says(cli_text(cli_find_event(events, "warning"), "text"), "has forgotten");
  assert_null(cli_find_event(events, "resumed"));
  assert_int_equal(result_number(events, "sent_bytes"), IMAGE_BYTES);
  cJSON_Delete(events);
}

/* --- where it cannot go on --- */

static void another_package_is_named_with_the_choice(void **state)
{
  Cli *cli = *state;
  const char *other = cli_make_package(cli, "other.zip", CLI_ARGS("--seed", "7"));
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) restarted = { 0 };

  leave_at_half(cli, CLI_ARGS(SLOW_AIR, "--personality", "sdk11-single"));
  refused = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE));
  cli_assert_status(&refused, 7);
  cli_assert_says(refused.err, "bytes of a transfer of another package, app.zip (SHA-256 ");
  cli_assert_says(refused.err, "Sending that one goes on where it stopped; --restart resets it");
  cli_assert_says(cli_last_line(refused.err), " update --restart ");
  restarted = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE, "--restart"));
  cli_assert_status(&restarted, 0);
  cli_assert_installed(cli, other, 0);
  assert_false(has_journal(cli));
}

static void another_package_does_not_spoil_the_first_one(void **state)
{
  Cli *cli = *state;
  const char *other = cli_make_package(cli, "other.zip", CLI_ARGS("--seed", "7"));
  const char *package = leave_at_half(cli, CLI_ARGS(SLOW_AIR));
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  refused = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE));
  cli_assert_status(&refused, 7);
  rest = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte ");
  cli_assert_installed(cli, package, 0);
}

/* Where no byte of the image is there yet, only the answer to Start tells of the other transfer. */
static void another_package_does_not_take_over_the_journal(void **state)
{
  Cli *cli = *state;
  const char *first = cli_make_package(cli, "app.zip", CLI_ARGS("--softdevice", "1"));
  const char *other = cli_make_package(cli, "other.zip", CLI_ARGS("--bytes", "4096"));
  g_auto(DfuTestResult) begun = { 0 };
  g_auto(DfuTestResult) refused = { 0 };
  g_autofree char *after = NULL;

  cli_start_target(cli, CLI_NO_ARGS);
  begun = cli_run(cli, CLI_ARGS("update", first, TO_DEVICE));
  cli_assert_status(&begun, 7);
  refused = cli_run(cli, CLI_ARGS("update", other, TO_DEVICE));
  cli_assert_status(&refused, 7);
  cli_assert_says(refused.err, "in the middle of a transfer of another package, app.zip");
  cli_assert_says(refused.err, "It waits for a package that is right, with an image of 8192 bytes");
  assert_null(strstr(refused.err, "Sending that one"));
  assert_true(g_file_get_contents(cli_path(cli, JOURNAL), &after, NULL, NULL));
  cli_assert_says(after, "name=app.zip");
  cli_assert_says(after, "init_refused=1");
}

/* All that a target knows of an image whose init packet it refused is its size. */
static void package_with_a_right_init_packet_follows_a_refused_one(void **state)
{
  Cli *cli = *state;
  const char *wrong = cli_make_package(cli, "wrong.zip", CLI_ARGS("--softdevice", "1"));
  const char *right = cli_make_package(cli, "right.zip", CLI_ARGS("--seed", "7"));
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) told = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "sdk11-single"));
  refused = cli_run(cli, CLI_ARGS("update", wrong, TO_DEVICE));
  cli_assert_status(&refused, 7);
  cli_assert_says(refused.err, "It waits for a package that is right");
  assert_null(strstr(refused.err, "--restart"));
  told = cli_run(cli, CLI_ARGS("status", TO_DEVICE));
  cli_assert_status(&told, 0);
  cli_assert_says(told.out, "next update  goes on only with a package that is right, and an image "
                            "of 8192 bytes: the init packet of wrong.zip was refused\n");
  rest = cli_run(cli, CLI_ARGS("update", right, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "An earlier run sent wrong.zip, whose init packet the target refused.");
  cli_assert_installed(cli, right, 0);
}

static void another_part_of_the_package_is_named(void **state)
{
  Cli *cli = *state;
  const char *both = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) refused = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  cut = cut_at_half(cli, CLI_ARGS("update", both, TO_DEVICE, "--only", "system"), SIGINT);
  cli_assert_status(&cut, 130);
  refused = cli_run(cli, CLI_ARGS("update", both, TO_DEVICE, "--only", "app"));
  cli_assert_status(&refused, 7);
  cli_assert_says(refused.err, "of another part of this package, the SoftDevice and bootloader");
}

/* The device has none of the system image that a whole update would send first. */
static void part_sent_alone_does_not_stand_for_the_whole_package(void **state)
{
  Cli *cli = *state;
  const char *both = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  cut = cut_at_half(cli, CLI_ARGS("update", both, TO_DEVICE, "--only", "app"), SIGINT);
  cli_assert_status(&cut, 130);
  refused = cli_run(cli, CLI_ARGS("update", both, TO_DEVICE));
  cli_assert_status(&refused, 7);
  cli_assert_says(refused.err, "of another part of this package, the application");
  cli_assert_says(refused.err, "--only app");
  rest = cli_run(cli, CLI_ARGS("update", both, TO_DEVICE, "--only", "app"));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte ");
  cli_assert_installed(cli, both, 1);
}

/* --- two parts --- */

/* Checks each loss with its resume, which must be at @offsets, 0 at their end. */
static void check_losses(const cJSON *events, const guint *offsets)
{
  const cJSON *event;

  cJSON_ArrayForEach(event, events)
  {
    const char *name = cli_text(event, "event");

    if (strcmp(name, "link_lost") == 0) {
      assert_in_range((int)cli_number(event, "offset_bytes"), *offsets - WINDOW_BYTES, *offsets);
      assert_int_equal(cli_number(event, "retry"), 1);
      assert_int_equal(cli_number(event, "retries"), 10);
      assert_true(cli_number(event, "pause_s") == 0.5);
      assert_in_range((int)cli_number(event, "forgets_in_s"), 110, 120);
    } else if (strcmp(name, "resumed") == 0) {
      assert_int_equal(cli_number(event, "offset_bytes"), *offsets++);
    }
  }
  assert_int_equal(*offsets, 0);
}

#define PART_TWO " 70 %"      /* of both images: in the middle of the second */
#define PART_TWO_BYTES 3276   /* of the second, at least */

/* Cut in the middle of part 2; the next run goes on there, and with nothing else. */
static void cut_in_part_two(Cli *cli, int signal_number, int status)
{
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) rest = { 0 };
  g_autofree char *log = NULL;
  const cJSON *end;
  cJSON *events;
  double offset;

  cli_start_target(cli, CLI_ARGS(SLOW_AIR, "--log", cli_path(cli, "target.log")));
  run = cli_start(cli, CLI_ARGS("update", package, TO_DEVICE));
  dfu_test_wait_for(run, FALSE, PART_TWO);
  dfu_test_signal(run, signal_number);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, status);
  assert_true(has_journal(cli));

  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &rest);
  offset = cli_number(cli_find_event(events, "resumed"), "offset_bytes"); /* in its image */
  assert_true(offset >= PART_TWO_BYTES && offset < IMAGE_BYTES);
  assert_string_equal(cli_text(cli_find_event(events, "journal"), "part"), "application");
  assert_int_equal(cli_number(cli_find_event(events, "journal"), "parts_done"), 1);
  assert_null(cli_find_event(events, "part")); /* the one that begins is the last */
  end = cli_find_event(events, "result");
  assert_int_equal(cli_number(end, "image_bytes"), 2 * IMAGE_BYTES);
  assert_int_equal(cli_number(end, "sent_bytes"), IMAGE_BYTES - offset);
  assert_int_equal(cli_number(end, "confirmed_bytes"), 2 * IMAGE_BYTES);
  cJSON_Delete(events);
  cli_assert_installed(cli, package, 0);
  cli_assert_installed(cli, package, 1);
  assert_false(has_journal(cli));
  g_file_get_contents(cli_path(cli, "target.log"), &log, NULL, NULL);
  cli_assert_says(log, "> 01 03 ");
  assert_null(strstr(strstr(log, "> 01 03 ") + 1, "> 01 03 ")); /* once in both runs */
}

static void kill_9_in_part_two_and_the_next_run_goes_on_there(void **state)
{
  cut_in_part_two(*state, SIGKILL, 1000 + SIGKILL);
}

static void ctrl_c_in_part_two_and_the_next_run_goes_on_there(void **state)
{
  cut_in_part_two(*state, SIGINT, 130);
}

/* Between the parts the device is empty, and only the journal knows that one is done. */
static void kill_9_between_the_parts_and_the_next_run_sends_the_second(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "both.zip", CLI_ARGS("--type", "both"));
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) told = { 0 };
  g_auto(DfuTestResult) rest = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--erase-ms", "3000"));
  run = cli_start(cli, CLI_ARGS("update", package, TO_DEVICE));
  dfu_test_wait_for(run, FALSE, "\nNow application ");
  dfu_test_signal(run, SIGKILL);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 1000 + SIGKILL);
  cli_stop_target(cli);
  cli_start_target(cli, CLI_ARGS("--no-application"));
  events = cli_run_json(cli, CLI_ARGS("status", TO_DEVICE, "--json"), 0, &told);
  assert_string_equal(cli_text(cli_find_event(events, "status"), "next_update"),
                      "goes on with both.zip, part 2 (application), from its first byte");
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cli_find_event(events, "status"), "would_resume")));
  cJSON_Delete(events);
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &rest);
  assert_int_equal(result_number(events, "sent_bytes"), IMAGE_BYTES);
  assert_int_equal(result_number(events, "confirmed_bytes"), 2 * IMAGE_BYTES);
  cli_assert_says(rest.err, "An earlier run of this package: next, after 1 part of the package, ");
  cli_assert_installed(cli, package, 1);
  cJSON_Delete(events);
}

/* SoftDevice of 4096 bytes, application of 8192: the second loss can only be in that. */
static void link_lost_in_each_part_is_resumed(void **state)
{
  static const guint offsets[] = { 2000, 6000, 0 };
  Cli *cli = *state;
  const char *package = cli_path(cli, "both.zip");
  g_auto(DfuTestResult) packed = { 0 };
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_make_package(cli, "a.zip", CLI_ARGS("--bytes", "4096", "--image", cli_path(cli, "sd.bin")));
  cli_make_package(cli, "b.zip", CLI_ARGS("--image", cli_path(cli, "app.bin")));
  packed = cli_run(cli, CLI_ARGS("pack", package, "--softdevice", cli_path(cli, "sd.bin"),
                                 "--application", cli_path(cli, "app.bin")));
  cli_assert_status(&packed, 0);
  cli_start_target(cli, CLI_ARGS("--fault", "lose=2000:0", "--fault", "lose=6000:0"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  cli_assert_installed(cli, package, 1);
  check_losses(events, offsets);
  assert_int_equal(result_number(events, "resumes"), 2);
  assert_int_equal(result_number(events, "link_losses"), 2);
  assert_int_equal(result_number(events, "confirmed_bytes"), 4096 + IMAGE_BYTES);
  cJSON_Delete(events);
}

/* --- journals that are not to be gone by --- */

static void no_resume_leaves_the_journal_aside(void **state)
{
  Cli *cli = *state;
  const char *package = leave_at_half(cli, CLI_ARGS(SLOW_AIR));
  g_auto(DfuTestResult) refused = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  refused = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--no-resume"));
  cli_assert_status(&refused, 7);
  cli_assert_says(refused.err, "Leave out --no-resume");
  assert_null(strstr(refused.err, "An earlier run"));
  assert_null(strstr(refused.err, "--restart"));
  assert_null(strstr(cli_last_line(refused.err), "--no-resume")); /* that goes on */
  rest = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte ");
}

static void no_resume_still_writes_the_journal(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) cut = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE, "--no-resume"), SIGINT);
  cli_assert_status(&cut, 130);
  assert_true(has_journal(cli));
  assert_null(strstr(cli_last_line(cut.err), "--no-resume")); /* or it would not go on */
}

static void damaged_journal_is_a_warning_and_as_good_as_none(void **state)
{
  Cli *cli = *state;
  const char *package = leave_at_half(cli, CLI_ARGS(SLOW_AIR));
  g_auto(DfuTestResult) result = { 0 };

  assert_true(g_file_set_contents(cli_path(cli, JOURNAL), "# dfu-ble journal 1 00\n", -1, NULL));
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"));
  cli_assert_status(&result, 7);
  cli_assert_says(result.out, "{\"event\":\"warning\",\"text\":\"the journal of an earlier run");
  cli_assert_says(result.err, "bytes of a transfer that no journal here tells of");
  assert_false(has_journal(cli));
  assert_true(g_file_test(cli_path(cli, JOURNAL ".damaged"), G_FILE_TEST_EXISTS));
}

/* It may be another user's, and sound: to go on without it would give the transfer up. */
static void journal_that_cannot_be_read_stops_the_run_before_anything_is_sent(void **state)
{
  static const char *const ways[][2] = { { TO_DEVICE }, { "--name", "DfuTarg" } };
  Cli *cli = *state;
  const char *package = leave_at_half(cli, CLI_ARGS(SLOW_AIR));
  const char *journal = cli_path(cli, JOURNAL);
  const char *away = cli_path(cli, "away");
  g_auto(DfuTestResult) told = { 0 };
  g_auto(DfuTestResult) rest = { 0 };
  cJSON *events;

  assert_int_equal(g_rename(journal, away), 0);
  assert_int_equal(symlink(journal, journal), 0); /* ELOOP, even for root */
  for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
    g_auto(DfuTestResult) stopped = { 0 };

    stopped = cli_run(cli, CLI_ARGS("update", package, ways[i][0], ways[i][1]));
    cli_assert_status(&stopped, 1);
    cli_assert_says(stopped.err, "the journal cannot be read: ");
    assert_null(strstr(stopped.err, "--restart"));
  }
  events = cli_run_json(cli, CLI_ARGS("status", TO_DEVICE, "--json"), 0, &told);
  cli_assert_says(cli_text(cli_find_event(events, "warning"), "text"), "cannot be read");
  assert_string_equal(cli_text(cli_find_event(events, "status"), "next_update"),
                      "stops: the journal cannot be read");
  cJSON_Delete(events);
  assert_int_equal(g_unlink(journal), 0);
  assert_int_equal(g_rename(away, journal), 0);
  rest = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte ");
}

static void state_that_cannot_be_written_is_a_warning(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  DfuTestProgram without = { .environment = CLI_ARGS("XDG_STATE_HOME=/proc/nowhere") };
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  run = cli_start_like(cli, &without, CLI_ARGS("update", package, TO_DEVICE));
  dfu_test_wait_for(run, FALSE, HALF);
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  cli_assert_says(cut.err, "warning: the journal's folder /proc/nowhere/dfu-ble");
  cli_assert_says(cli_last_line(cut.err), " update --restart "); /* nothing tells the next run */
}

/* As on a disk that was full, and has room again before the run is stopped. */
static void journal_that_can_be_written_again_tells_the_next_run(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  const char *folder = cli_path(cli, "state/dfu-ble");
  DfuTestRun *run;
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  assert_int_equal(g_mkdir_with_parents(cli_path(cli, "state"), 0700), 0);
  assert_true(g_file_set_contents(folder, "", 0, NULL)); /* no folder can be made here */
  cli_start_target(cli, CLI_ARGS(SLOW_AIR));
  run = cli_start(cli, CLI_ARGS("update", package, TO_DEVICE));
  dfu_test_wait_for(run, FALSE, HALF);
  assert_int_equal(g_unlink(folder), 0);
  dfu_test_signal(run, SIGINT);
  cut = dfu_test_finish(run);
  cli_assert_status(&cut, 130);
  cli_assert_says(cut.err, "do not interrupt this run");
  assert_null(strstr(cut.err, "--restart"));
  rest = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte ");
}

static void old_journals_are_cleaned_up(void **state)
{
  static const char old[] = "state/dfu-ble/00:11:22:33:44:55.journal";
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  struct utimbuf month_ago = { 0 };
  g_auto(DfuTestResult) result = { 0 };

  month_ago.modtime = (time_t)(g_get_real_time() / G_USEC_PER_SEC - 31 * DAY_S);
  assert_int_equal(g_mkdir_with_parents(cli_path(cli, "state/dfu-ble"), 0700), 0);
  assert_true(g_file_set_contents(cli_path(cli, old), "old", -1, NULL));
  assert_int_equal(g_utime(cli_path(cli, old), &month_ago), 0);
  cli_start_target(cli, CLI_NO_ARGS);
  result = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&result, 0);
  assert_false(g_file_test(cli_path(cli, old), G_FILE_TEST_EXISTS));
}

/* Some bootloaders keep a transfer as long as they have power. */
static void old_journal_of_the_device_itself_is_gone_on_with(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_ARGS("--device-type", "0x52"));
  struct utimbuf month_ago = { 0 };
  g_auto(DfuTestResult) cut = { 0 };
  g_auto(DfuTestResult) unreached = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  cli_start_target(cli, CLI_ARGS(SLOW_AIR, "--personality", "adafruit-0.9"));
  cut = cut_at_half(cli, CLI_ARGS("update", package, TO_DEVICE), SIGINT);
  cli_assert_status(&cut, 130);
  month_ago.modtime = (time_t)(g_get_real_time() / G_USEC_PER_SEC - 31 * DAY_S);
  assert_int_equal(g_utime(cli_path(cli, JOURNAL), &month_ago), 0);
  unreached = cli_run(cli, CLI_ARGS("update", package, "--name", "elsewhere", "--timeout", "1"));
  cli_assert_status(&unreached, 5); /* nor is it cleaned up before a device is known */
  rest = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE));
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte ");
}

/* --- link losses in one run --- */

static void losses_in_one_run_are_told_and_resumed(void **state)
{
  static const guint offsets[] = { 1000, 4100, 8180, 0 };
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "lose=1000:0", "--fault", "lose=4100", "--fault",
                                 "lose=8180:0"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  check_losses(events, offsets);
  assert_int_equal(result_number(events, "link_losses"), 3);
  assert_int_equal(result_number(events, "resumes"), 3);
  assert_true(result_number(events, "sent_bytes") <= IMAGE_BYTES + 3 * WINDOW_BYTES);
  cli_assert_says(result.err, "connecting again in 0.5 s, try 1 of 10; the target forgets the "
                              "transfer in 1");
  cJSON_Delete(events);
}

static void loss_before_the_first_byte_is_told_without_an_offset(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *loss;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "lose=20:0"));
  events = cli_run_json(cli, CLI_ARGS("update", package, TO_DEVICE, "--json"), 0, &result);
  cli_assert_installed(cli, package, 0);
  loss = cli_find_event(events, "link_lost");
  assert_int_equal(cli_number(loss, "offset_bytes"), 0);
  assert_null(cJSON_GetObjectItem(loss, "forgets_in_s")); /* nothing was confirmed to count from */
  assert_int_equal(cli_number(cli_find_event(events, "resumed"), "offset_bytes"), 20);
  cJSON_Delete(events);
}

static void tries_that_fail_are_told_one_by_one(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "app.zip", CLI_NO_ARGS);
  g_auto(DfuTestResult) result = { 0 };
  const cJSON *retry;
  cJSON *events;

  cli_start_target(cli, CLI_ARGS("--fault", "lose=4000:3"));
  events = cli_run_json(
    cli, CLI_ARGS("update", package, TO_DEVICE, "--json", "--timeout", "1", "--retries", "5"), 0,
    &result);
  cli_assert_installed(cli, package, 0);
  retry = cli_find_event(events, "retry");
  assert_int_equal(cli_number(retry, "retry"), 2);
  assert_int_equal(cli_number(retry, "retries"), 5);
  assert_true(cli_number(retry, "pause_s") == 1.0);
  cli_assert_says(cli_text(retry, "text"), "was not heard within 1 s");
  assert_int_equal(result_number(events, "link_losses"), 1);
  cJSON_Delete(events);
}

static void retries_exhausted_give_6_and_a_command_that_goes_on(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "it's.zip", CLI_NO_ARGS);
  g_autofree char *bus = NULL;
  g_autofree char *state_home = g_strdup_printf("XDG_STATE_HOME=%s", cli_path(cli, "state"));
  g_autofree char *command = NULL;
  g_auto(DfuTestResult) lost = { 0 };
  g_auto(DfuTestResult) rest = { 0 };

  cli_start_target(cli, CLI_ARGS("--fault", "lose=4000:4"));
  lost = cli_run(cli, CLI_ARGS("update", package, TO_DEVICE, "--retries", "1", "--timeout", "1"));
  cli_assert_status(&lost, 6);
  cli_assert_says(lost.err, "could not be had back");
  command = g_strdup_printf("until %s --timeout 5; do :; done", cli_last_line(lost.err));
  bus = g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS=%s", cli->bus_address);
  rest = dfu_test_run(&(DfuTestProgram){ .argv = CLI_ARGS("/bin/sh", "-c", command),
                                         .environment = CLI_ARGS(bus, state_home) });
  cli_assert_status(&rest, 0);
  cli_assert_says(rest.err, "resumed at byte 4000 of 8192");
  cli_assert_installed(cli, package, 0);
}

/* A copied line has to find the journal of this run, and the file it is about. */
static void command_that_goes_on_names_user_and_file(void **state)
{
  Cli *cli = *state;
  const char *package = cli_make_package(cli, "it's\xc2\x9b\xff.zip", CLI_NO_ARGS);
  const DfuTestProgram sudo = { .environment = CLI_ARGS("SUDO_UID=1000") };
  const char *const update[] = { "update", package, TO_DEVICE, "--timeout", "1", NULL };
  g_auto(DfuTestResult) plain = { 0 };
  g_auto(DfuTestResult) by_sudo = { 0 };

  cli_start_target(cli, CLI_ARGS("--absent"));
  plain = cli_run(cli, update);
  by_sudo = dfu_test_finish(cli_start_like(cli, &sudo, update));
  cli_assert_status(&plain, 5);
  cli_assert_says(cli_last_line(plain.err), "/it\\047s\\302\\233\\377.zip' --addr ");
  assert_true(g_str_has_prefix(cli_last_line(plain.err), "  /"));
  assert_int_equal(g_str_has_prefix(cli_last_line(by_sudo.err), "  sudo /"), geteuid() == 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(ctrl_c_and_the_next_run_goes_on),
    CLI_TEST(kill_9_and_the_next_run_goes_on),
    CLI_TEST(ctrl_c_before_the_image_and_the_next_run_goes_on),
    CLI_TEST(begun_by_name_goes_on_by_address_and_the_other_way_round),
    CLI_TEST(journal_of_one_device_is_not_believed_for_its_namesake),
    CLI_TEST(target_that_forgot_is_sent_the_image_from_its_beginning),
    CLI_TEST(another_package_is_named_with_the_choice),
    CLI_TEST(another_package_does_not_spoil_the_first_one),
    CLI_TEST(another_package_does_not_take_over_the_journal),
    CLI_TEST(package_with_a_right_init_packet_follows_a_refused_one),
    CLI_TEST(another_part_of_the_package_is_named),
    CLI_TEST(part_sent_alone_does_not_stand_for_the_whole_package),
    CLI_TEST(kill_9_in_part_two_and_the_next_run_goes_on_there),
    CLI_TEST(ctrl_c_in_part_two_and_the_next_run_goes_on_there),
    CLI_TEST(kill_9_between_the_parts_and_the_next_run_sends_the_second),
    CLI_TEST(link_lost_in_each_part_is_resumed),
    CLI_TEST(no_resume_leaves_the_journal_aside),
    CLI_TEST(no_resume_still_writes_the_journal),
    CLI_TEST(damaged_journal_is_a_warning_and_as_good_as_none),
    CLI_TEST(journal_that_cannot_be_read_stops_the_run_before_anything_is_sent),
    CLI_TEST(state_that_cannot_be_written_is_a_warning),
    CLI_TEST(journal_that_can_be_written_again_tells_the_next_run),
    CLI_TEST(old_journals_are_cleaned_up),
    CLI_TEST(old_journal_of_the_device_itself_is_gone_on_with),
    CLI_TEST(losses_in_one_run_are_told_and_resumed),
    CLI_TEST(loss_before_the_first_byte_is_told_without_an_offset),
    CLI_TEST(tries_that_fail_are_told_one_by_one),
    CLI_TEST(retries_exhausted_give_6_and_a_command_that_goes_on),
    CLI_TEST(command_that_goes_on_names_user_and_file),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
