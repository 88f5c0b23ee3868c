/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs in the child, between fork and exec: async-signal-safe calls only.
 */
#include "emulator/child_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void dfu_child_unblock_signals(gpointer user_data G_GNUC_UNUSED)
{
  sigset_t none;

  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void dfu_child_die_with_parent(gpointer parent_pid)
{
  const pid_t *parent = parent_pid;

  dfu_child_unblock_signals(NULL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != *parent) { /* it died before the line above */
    _exit(1);
  }
}
