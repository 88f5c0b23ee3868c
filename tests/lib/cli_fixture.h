/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the tests of the built programs share: a scratch directory, packages
 * from make_package, an emulated target on a private bus, and dfu-ble run
 * against it. The programs' paths come from DFU_BLE, DFU_BLE_TARGET and
 * MAKE_PACKAGE; without these, build/release.
 */
#ifndef DFU_TESTS_LIB_CLI_FIXTURE_H
#define DFU_TESTS_LIB_CLI_FIXTURE_H

#include <cjson/cJSON.h>
#include <glib.h>
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/run_program.h"

#define CLI_ADDRESS "C4:12:AB:00:11:22"

/** Arguments of a program: CLI_ARGS("info", path). */
#define CLI_ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CLI_NO_ARGS ((const char *const[]){ NULL })

typedef struct {
  char *directory;
  DfuTestRun *target; /* the emulator, once started */
  char *bus_address;
} Cli;

/** cmocka's setup and teardown of a test; the state is a Cli. */
int cli_setup(void **state);
int cli_teardown(void **state);

/** A test in cmocka's list, with both. */
#define CLI_TEST(function) cmocka_unit_test_setup_teardown(function, cli_setup, cli_teardown)

/** Path of @name in the scratch directory; valid for the test. */
const char *cli_path(Cli *cli, const char *name);

/** Runs make_package with @arguments behind the file's name. Returns: the path, as cli_path(). */
const char *cli_make_package(Cli *cli, const char *name, const char *const *arguments);

/** Starts the emulator; what it installs goes to "installed" in the scratch directory. */
void cli_start_target(Cli *cli, const char *const *arguments);

/** Ends the emulator and checks that it ended well. */
void cli_stop_target(Cli *cli);

/** dfu-ble with @arguments, on the emulator's bus if there is one. */
DfuTestRun *cli_start(Cli *cli, const char *const *arguments);
DfuTestResult cli_run(Cli *cli, const char *const *arguments);

/** The same with the terminal, output and environment of @like; its argv is left alone. */
DfuTestRun *cli_start_like(Cli *cli, const DfuTestProgram *like, const char *const *arguments);

/** The same; checks the status too. Returns: (transfer full): the events of its JSON output. */
cJSON *cli_run_json(Cli *cli, const char *const *arguments, int status, DfuTestResult *result);

/** Removes what dfu-ble keeps from run to run. */
void cli_forget(Cli *cli);

/** The last line of @text; valid for the test. */
const char *cli_last_line(const char *text);

/** Checks the status; prints what the program said where it is another. */
void cli_assert_status(const DfuTestResult *result, int status);

/** Checks that @text stands in @in. */
void cli_assert_says(const char *in, const char *text);

/** Checks the form of JSON output. Returns: (transfer full): an array of the events. */
cJSON *cli_parse_events(const char *out);

/** The first event of that name; NULL if there is none. */
const cJSON *cli_find_event(const cJSON *events, const char *name);

/** Value of a string, checked to be one. */
const char *cli_text(const cJSON *object, const char *key);

/** Value of a number, checked to be one. */
double cli_number(const cJSON *object, const char *key);

/** Checks that the target installed the image of @part of the package at @path, byte for byte. */
void cli_assert_installed(Cli *cli, const char *path, guint part);

/** Whether it did. */
gboolean cli_has_installed(Cli *cli, const char *path, guint part);

/** Path of a built program. */
const char *cli_program(const char *variable, const char *name);

#endif
