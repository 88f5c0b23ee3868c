/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Starts and ends a dbus-daemon. Knows nothing of what is said on the bus.
 */
#include "emulator/private_bus.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dfu/error.h"
#include "emulator/child_process.h"

/* Only this user can connect (the daemon's own rule); among them all is allowed. The limits are
 * those of a session bus: a sender with many calls under way must not meet the bus's limit. */
static const char config_template[] =
  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
  "<busconfig>\n"
  "  <type>session</type>\n"
  "  <listen>unix:path=%s/bus</listen>\n"
  "  <auth>EXTERNAL</auth>\n"
  "  <policy context=\"default\">\n"
  "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
  "    <allow eavesdrop=\"true\"/>\n"
  "    <allow own=\"*\"/>\n"
  "  </policy>\n"
  "  <limit name=\"max_replies_per_connection\">50000</limit>\n"
  "  <limit name=\"max_match_rules_per_connection\">50000</limit>\n"
  "</busconfig>\n";

struct DfuPrivateBus {
  char *directory;
  char *config_path;
  char *log_path; /* what the daemon says; shown only if it does not start */
  char *socket_path;
  char *address;
  GPid pid; /* 0: not running */
};

static gboolean make_directory(DfuPrivateBus *bus, GError **error)
{
  g_autoptr(GError) cause = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *config = NULL;

  bus->directory = g_dir_make_tmp("dfu-ble-target-XXXXXX", &cause);
  if (bus->directory == NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL,
                "Cannot make a directory for the private bus: %s. Set TMPDIR to a writable one.",
                cause->message);
    return FALSE;
  }
  bus->config_path = g_build_filename(bus->directory, "bus.conf", NULL);
  bus->log_path = g_build_filename(bus->directory, "bus.log", NULL);
  bus->socket_path = g_build_filename(bus->directory, "bus", NULL);
  escaped = g_markup_escape_text(bus->directory, -1);
  config = g_strdup_printf(config_template, escaped);
  if (!g_file_set_contents(bus->config_path, config, -1, &cause)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL,
                "Cannot write the private bus's configuration: %s.", cause->message);
    return FALSE;
  }
  return TRUE;
}

static gboolean spawn_daemon(DfuPrivateBus *bus, int address_fd, int log_fd, GError **error)
{
  g_autoptr(GError) cause = NULL;
  g_autofree char *config = g_strdup_printf("--config-file=%s", bus->config_path);
  const char *argv[] = {"dbus-daemon", config, "--nofork", "--nopidfile", "--nosyslog",
                        "--print-address=1", NULL};
  pid_t self = getpid();

  if (!g_spawn_async_with_fds(NULL, (char **)argv, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                              dfu_child_die_with_parent, &self, &bus->pid, -1, address_fd, log_fd,
                              &cause)) {
    bus->pid = 0;
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "Cannot start dbus-daemon: %s. Install the package dbus-daemon (Debian, Fedora) or "
                "dbus (Arch, openSUSE), or name a running bus with --bus-address.",
                cause->message);
    return FALSE;
  }
  return TRUE;
}

/* The daemon prints one line when it is ready, or ends without one. Consumes @fd. */
static char *read_address(int fd)
{
  FILE *stream = fdopen(fd, "r");
  char line[512];
  char *address = NULL;

  if (fgets(line, sizeof line, stream) != NULL && strchr(line, '\n') != NULL) {
    address = g_strdup(g_strchomp(line));
  }
  fclose(stream);
  return address;
}

static gboolean set_errno_error(GError **error, const char *what)
{
  g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "Cannot start the private bus: %s: %s.", what,
              g_strerror(errno));
  return FALSE;
}

static gboolean start_daemon(DfuPrivateBus *bus, GError **error)
{
  int pipe_fds[2];
  int log_fd;
  gboolean started;

  if (!g_unix_open_pipe(pipe_fds, FD_CLOEXEC, NULL)) {
    return set_errno_error(error, "pipe");
  }
  log_fd = open(bus->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) {
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return set_errno_error(error, bus->log_path);
  }
  started = spawn_daemon(bus, pipe_fds[1], log_fd, error);
  close(pipe_fds[1]);
  close(log_fd);
  bus->address = read_address(pipe_fds[0]); /* at its end already, if nothing was started */
  return started;
}

DfuPrivateBus *dfu_private_bus_new(GError **error)
{
  g_autoptr(DfuPrivateBus) bus = g_new0(DfuPrivateBus, 1);
  g_autofree char *said = NULL;

  if (!make_directory(bus, error) || !start_daemon(bus, error)) {
    return NULL;
  }
  if (bus->address == NULL) {
    g_file_get_contents(bus->log_path, &said, NULL, NULL);
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "dbus-daemon ended before it was ready: %s. Its socket was to be %s: if that path "
                "is too long, set TMPDIR to a shorter one.",
                said != NULL ? g_strstrip(said) : "", bus->socket_path);
    return NULL;
  }
  g_unlink(bus->config_path); /* both are in use no more, or by the daemon alone; after a */
  g_unlink(bus->log_path);    /* SIGKILL of ours, nothing but an empty directory is left */
  return g_steal_pointer(&bus);
}

static void end_daemon(DfuPrivateBus *bus)
{
  kill(bus->pid, SIGTERM);
  while (waitpid(bus->pid, NULL, 0) < 0 && errno == EINTR) {
  }
  g_spawn_close_pid(bus->pid);
}

void dfu_private_bus_free(DfuPrivateBus *bus)
{
  if (bus->pid != 0) {
    end_daemon(bus);
  }
  if (bus->directory != NULL) {
    g_unlink(bus->socket_path);
    g_unlink(bus->config_path);
    g_unlink(bus->log_path);
    g_rmdir(bus->directory);
  }
  g_free(bus->directory);
  g_free(bus->config_path);
  g_free(bus->log_path);
  g_free(bus->socket_path);
  g_free(bus->address);
  g_free(bus);
}

const char *dfu_private_bus_get_address(const DfuPrivateBus *bus)
{
  return bus->address;
}
