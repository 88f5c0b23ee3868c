/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cmocka_all.h"

#define POLL_US 5000

struct DfuTestRun {
  pid_t pid;
  char *directory;
  char *out_path;
  char *err_path;
  int terminal; /* the test's end of it, or -1 */
  GString *terminal_text;
  gboolean owns_out;
};

static void must(gboolean condition, const char *what)
{
  if (!condition)
    fail_msg("%s: %s", what, g_strerror(errno));
}

static int open_terminal(DfuTestRun *run, guint columns)
{
  struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = 24 };
  int fd;

  run->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  must(run->terminal >= 0 && grantpt(run->terminal) == 0 && unlockpt(run->terminal) == 0, "openpt");
  fd = open(ptsname(run->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  must(fd >= 0 && ioctl(fd, TIOCSWINSZ, &size) == 0, "terminal");
  return fd;
}

static char **make_environment(const char *const *changes)
{
  char **environment = g_get_environ();

  for (; changes != NULL && *changes != NULL; changes++) {
    g_auto(GStrv) pair = g_strsplit(*changes, "=", 2);

    if (pair[1] != NULL)
      environment = g_environ_setenv(environment, pair[0], pair[1], TRUE);
    else
      environment = g_environ_unsetenv(environment, pair[0]);
  }
  return environment;
}

/* Only what is safe between fork and exec. */
static void become(const DfuTestProgram *program, char **environment, int out, int err)
{
  if (program->close_stdout)
    close(STDOUT_FILENO);
  else
    dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  signal(SIGHUP, program->ignores_hangup ? SIG_IGN : SIG_DFL);
  execve(program->argv[0], (char *const *)program->argv, environment);
  _exit(127);
}

DfuTestRun *dfu_test_start(const DfuTestProgram *program)
{
  DfuTestRun *run = g_new0(DfuTestRun, 1);
  g_auto(GStrv) environment = make_environment(program->environment);
  int out, err;

  run->directory = g_dir_make_tmp("dfu-ble-test-XXXXXX", NULL);
  run->terminal = -1;
  run->terminal_text = g_string_new(NULL);
  run->owns_out = program->stdout_path == NULL;
  run->out_path = run->owns_out ? g_build_filename(run->directory, "out", NULL)
                                : g_strdup(program->stdout_path);
  run->err_path = g_build_filename(run->directory, "err", NULL);
  out = open(run->out_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  err = program->terminal_columns > 0
          ? open_terminal(run, program->terminal_columns)
          : open(run->err_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  must(out >= 0 && err >= 0, "output files");
  run->pid = fork();
  must(run->pid >= 0, "fork");
  if (run->pid == 0)
    become(program, environment, out, err);
  close(out);
  close(err);
  return run;
}

/* A terminal holds little: whoever waits also empties it. */
static void drain_terminal(DfuTestRun *run)
{
  char bytes[4096];
  ssize_t len;

  while (run->terminal >= 0 && (len = read(run->terminal, bytes, sizeof bytes)) > 0)
    g_string_append_len(run->terminal_text, bytes, len);
}

static char *read_file(const char *path)
{
  char *text = NULL;

  return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static char *read_stderr(DfuTestRun *run)
{
  drain_terminal(run);
  return run->terminal >= 0 ? g_strdup(run->terminal_text->str) : read_file(run->err_path);
}

char *dfu_test_peek_stdout(const DfuTestRun *run)
{
  return run->owns_out ? read_file(run->out_path) : g_strdup("");
}

/* Without taking its status away. */
static gboolean has_ended(const DfuTestRun *run)
{
  siginfo_t info = { 0 };

  return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static gint64 patience_ends(void)
{
  return g_get_monotonic_time() + DFU_TEST_PATIENCE_SECONDS * G_USEC_PER_SEC;
}

void dfu_test_wait_for(DfuTestRun *run, gboolean on_stdout, const char *text)
{
  gint64 end_us = patience_ends();

  for (;;) {
    gboolean ended = has_ended(run);
    g_autofree char *seen = on_stdout ? dfu_test_peek_stdout(run) : read_stderr(run);

    if (strstr(seen, text) != NULL)
      return;
    if (ended || g_get_monotonic_time() > end_us) {
      kill(run->pid, SIGKILL);
      fail_msg("waited in vain for \"%s\" in:\n%s", text, seen);
    }
    g_usleep(POLL_US);
  }
}

void dfu_test_signal(DfuTestRun *run, int signal_number)
{
  must(kill(run->pid, signal_number) == 0, "kill");
}

static int wait_status(DfuTestRun *run)
{
  gint64 end_us = patience_ends();
  int status;

  while (waitpid(run->pid, &status, WNOHANG) == 0) {
    drain_terminal(run);
    if (g_get_monotonic_time() > end_us) {
      kill(run->pid, SIGKILL);
      end_us = G_MAXINT64;
    }
    g_usleep(POLL_US);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

DfuTestResult dfu_test_finish(DfuTestRun *run)
{
  DfuTestResult result = { .status = wait_status(run) };

  result.out = dfu_test_peek_stdout(run);
  result.err = read_stderr(run);
  if (run->owns_out)
    g_unlink(run->out_path);
  g_unlink(run->err_path);
  g_rmdir(run->directory);
  if (run->terminal >= 0)
    close(run->terminal);
  g_string_free(run->terminal_text, TRUE);
  g_free(run->out_path);
  g_free(run->err_path);
  g_free(run->directory);
  g_free(run);
  return result;
}

DfuTestResult dfu_test_run(const DfuTestProgram *program)
{
  return dfu_test_finish(dfu_test_start(program));
}

void dfu_test_result_clear(DfuTestResult *result)
{
  g_free(result->out);
  g_free(result->err);
}
