/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/signals.h"

#include <glib-unix.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

typedef struct {
  DfuSignalFunc func;
  gpointer user_data;
  int fd;
} Watch;

static gboolean on_signal(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
  Watch *watch = user_data;
  struct signalfd_siginfo info;

  if (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
    watch->func((int)info.ssi_signo, info.ssi_code == SI_KERNEL, watch->user_data);
  }
  return G_SOURCE_CONTINUE;
}

static void free_watch(gpointer user_data)
{
  Watch *watch = user_data;

  close(watch->fd);
  g_free(watch);
}

guint dfu_signals_watch(DfuSignalFunc func, gpointer user_data)
{
  Watch *watch = g_new(Watch, 1);
  sigset_t set;

  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  *watch = (Watch){func, user_data, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  return g_unix_fd_add_full(G_PRIORITY_DEFAULT, watch->fd, G_IO_IN, on_signal, watch, free_watch);
}
