/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/acquired_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The longest attribute value; Bluetooth Core, Vol 3, Part F, 3.2.9. */
#define MAX_MESSAGE_BYTES 512

struct DfuAcquiredFd {
  int fd;
  const DfuAcquiredFdFuncs *funcs;
  gpointer user_data;
  guint read_id;
  guint write_id;
  gboolean *freed; /* set while messages are being handed out: whether one of them freed us */
};

/*
 * An empty message and the end of the stream both read as 0 bytes. Only after a
 * hang-up with nothing left to read is it the end.
 */
static gboolean is_at_end(int fd)
{
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLRDHUP };
  int unread_bytes = 0;

  if (poll(&poll_fd, 1, 0) <= 0 || (poll_fd.revents & (POLLHUP | POLLRDHUP | POLLERR)) == 0)
    return FALSE;
  return ioctl(fd, FIONREAD, &unread_bytes) != 0 || unread_bytes == 0;
}

typedef enum { READ_EMPTIED, READ_ENDED, READ_FREED } ReadResult;

static ReadResult read_messages(DfuAcquiredFd *acquired)
{
  guint8 bytes[MAX_MESSAGE_BYTES];
  gboolean freed = FALSE;

  /* Called from within message(): the call that is under way goes on reading. */
  if (acquired->freed != NULL)
    return READ_EMPTIED;
  acquired->freed = &freed;
  for (;;) {
    ssize_t len = recv(acquired->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (len < 0 && errno == EINTR)
      continue;
    if (len < 0 || (len == 0 && is_at_end(acquired->fd))) {
      acquired->freed = NULL;
      return len < 0 && errno == EAGAIN ? READ_EMPTIED : READ_ENDED;
    }
    if (acquired->funcs->message != NULL)
      acquired->funcs->message(bytes, (gsize)len, acquired->user_data);
    if (freed)
      return READ_FREED;
  }
}

static gboolean on_readable(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition,
                            gpointer user_data)
{
  DfuAcquiredFd *acquired = user_data;
  ReadResult result = read_messages(acquired);

  if (result == READ_EMPTIED)
    return G_SOURCE_CONTINUE;
  if (result == READ_ENDED) {
    acquired->read_id = 0;
    acquired->funcs->hung_up(acquired->user_data);
  }
  return G_SOURCE_REMOVE;
}

static gboolean on_writable(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition,
                            gpointer user_data)
{
  DfuAcquiredFd *acquired = user_data;

  acquired->write_id = 0;
  acquired->funcs->writable(acquired->user_data);
  return G_SOURCE_REMOVE;
}

DfuAcquiredFd *dfu_acquired_fd_new(int fd, const DfuAcquiredFdFuncs *funcs, gpointer user_data)
{
  DfuAcquiredFd *acquired = g_new0(DfuAcquiredFd, 1);

  acquired->fd = fd;
  acquired->funcs = funcs;
  acquired->user_data = user_data;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  acquired->read_id = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, acquired);
  return acquired;
}

DfuAcquiredFdResult dfu_acquired_fd_send(DfuAcquiredFd *acquired, const guint8 *bytes, gsize len)
{
  ssize_t sent;

  do
    sent = send(acquired->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0)
    return DFU_ACQUIRED_FD_SENT;
  return errno == EAGAIN || errno == ENOBUFS ? DFU_ACQUIRED_FD_FULL : DFU_ACQUIRED_FD_BROKEN;
}

void dfu_acquired_fd_await_writable(DfuAcquiredFd *acquired)
{
  if (acquired->write_id == 0)
    acquired->write_id =
        g_unix_fd_add(acquired->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, on_writable, acquired);
}

void dfu_acquired_fd_drain(DfuAcquiredFd *acquired)
{
  read_messages(acquired);
}

void dfu_acquired_fd_free(DfuAcquiredFd *acquired)
{
  if (acquired == NULL)
    return;
  if (acquired->freed != NULL)
    *acquired->freed = TRUE;
  g_clear_handle_id(&acquired->read_id, g_source_remove);
  g_clear_handle_id(&acquired->write_id, g_source_remove);
  close(acquired->fd);
  g_free(acquired);
}
