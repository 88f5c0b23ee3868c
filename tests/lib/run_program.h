/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running the built programs from a test: what they print goes to files, or
 * through a pseudo-terminal, and every wait has a limit.
 */
#ifndef DFU_TESTS_LIB_RUN_PROGRAM_H
#define DFU_TESTS_LIB_RUN_PROGRAM_H

#include <glib.h>

/** No test waits longer for a program, or for a text; then it fails. */
#define DFU_TEST_PATIENCE_SECONDS 60

typedef struct {
  const char *const *argv;        /* NULL-terminated; argv[0] is the path */
  const char *const *environment; /* (nullable): "NAME=value", "NAME" to take it away; NULL ends */
  const char *stdout_path;        /* (nullable): instead of what result.out collects */
  gboolean close_stdout;          /* the program starts without one */
  gboolean ignores_hangup;        /* as after nohup; else as after login */
  guint terminal_columns;         /* standard error is a terminal so wide; 0: it is a file */
} DfuTestProgram;

typedef struct DfuTestRun DfuTestRun;

/** How a program ended. */
typedef struct {
  int status; /* exit status, or 1000 + the signal that ended it */
  char *out;
  char *err;
} DfuTestResult;

/** Starts @program; fails the test where that is impossible. */
DfuTestRun *dfu_test_start(const DfuTestProgram *program);

/** Waits until @text stands in what the program wrote to standard error (@on_stdout: output). */
void dfu_test_wait_for(DfuTestRun *run, gboolean on_stdout, const char *text);

void dfu_test_signal(DfuTestRun *run, int signal_number);

/** What it wrote to standard output so far. */
char *dfu_test_peek_stdout(const DfuTestRun *run);

/** Waits for the end. The result is to be cleared, @run is gone. */
DfuTestResult dfu_test_finish(DfuTestRun *run);

/** Start and finish. */
DfuTestResult dfu_test_run(const DfuTestProgram *program);

void dfu_test_result_clear(DfuTestResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuTestResult, dfu_test_result_clear)

#endif
