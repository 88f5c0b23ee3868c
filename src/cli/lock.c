/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/lock.h"

#include <dfu/bluez.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/state_folder.h"

struct DfuLock {
  int fd;
};

/* An address is its own file name; a name that a radio sends is not fit to be one. */
static char *make_path(const char *key)
{
  g_autofree char *folder = dfu_state_folder();
  g_autofree char *word = NULL;
  g_autofree char *file = NULL;

  if (dfu_bluez_is_address(key)) {
    word = g_ascii_strup(key, -1);
  } else {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);

    word = g_strdup_printf("name-%.16s", hash);
  }
  file = g_strdup_printf("%s.lock", word);
  return g_build_filename(folder, file, NULL);
}

static int open_lock_file(const char *path)
{
  g_autofree char *directory = g_path_get_dirname(path);

  if (g_mkdir_with_parents(directory, 0700) != 0)
    return -1;
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* The holder writes its process id after it has the lock, so none may be there yet. */
static int read_pid(int fd)
{
  char text[16] = "";
  ssize_t len = pread(fd, text, sizeof text - 1, 0);

  return len > 0 ? atoi(text) : 0;
}

static void set_busy_error(const char *key, int pid, GError **error)
{
  g_autofree char *who = pid > 0 ? g_strdup_printf(" (process %d)", pid) : g_strdup("");

  g_set_error(error, DFU_ERROR, DFU_ERROR_BUSY,
              "another dfu-ble%s is working on %s; let it finish, or stop it with Ctrl-C, and "
              "run this again",
              who, key);
}

static char *explain(const char *path, int error_number)
{
  return g_strdup_printf("cannot lock %s: %s; nothing keeps a second run away from this device "
                         "(XDG_STATE_HOME chooses another place)",
                         path, g_strerror(error_number));
}

/* Where the file system knows no locks, @warning tells; only another holder is an error. */
static gboolean lock_file(int fd, DfuLockKind kind, const char *key, const char *path,
                          char **warning, GError **error)
{
  int error_number;

  if (flock(fd, (kind == DFU_LOCK_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    error_number = errno;
    if (error_number == EWOULDBLOCK) {
      set_busy_error(key, read_pid(fd), error);
      return FALSE;
    }
    *warning = explain(path, error_number);
  } else if (ftruncate(fd, 0) != 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
    *warning = g_strdup_printf("cannot write %s: %s", path, g_strerror(errno));
  }
  return TRUE;
}

gboolean dfu_lock_acquire(const char *key, DfuLockKind kind, DfuLock **lock, char **warning,
                          GError **error)
{
  g_autofree char *path = make_path(key);
  int fd = open_lock_file(path);

  *lock = NULL;
  *warning = NULL;
  if (fd < 0) {
    *warning = explain(path, errno);
    return TRUE;
  }
  if (!lock_file(fd, kind, key, path, warning, error)) {
    close(fd);
    return FALSE;
  }
  *lock = g_new(DfuLock, 1);
  (*lock)->fd = fd;
  return TRUE;
}

void dfu_lock_free(DfuLock *lock)
{
  if (lock == NULL)
    return;
  close(lock->fd);
  g_free(lock);
}
