/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/acquired_socket.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  MAX_MESSAGE_BYTES = 512,  /* what bluetoothd reads of one message */
  MAX_BURST_MESSAGES = 512, /* then the bus has its turn */
};

struct DfuAcquiredSocket {
  int fd;
  guint source_id;
  DfuAcquiredSocketFuncs funcs;
  gpointer user_data;
};

/* Whether the client's end is closed and all that it had sent is read. */
static gboolean is_at_end(const DfuAcquiredSocket *socket)
{
  char byte;

  return socket->funcs.received == NULL
         || recv(socket->fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_PEEK) <= 0;
}

/* Returns FALSE if the socket is gone. */
static gboolean receive_messages(DfuAcquiredSocket *socket)
{
  guint8 bytes[MAX_MESSAGE_BYTES];

  for (int i = 0; i < MAX_BURST_MESSAGES; i++) {
    ssize_t len = recv(socket->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (len < 0 && errno == EINTR) {
      continue;
    }
    if (len <= 0) {
      return TRUE;
    }
    if (!socket->funcs.received(bytes, (gsize)len, socket->user_data)) {
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean on_ready(gint fd G_GNUC_UNUSED, GIOCondition condition, gpointer user_data)
{
  DfuAcquiredSocket *socket = user_data;

  if ((condition & G_IO_IN) != 0 && !receive_messages(socket)) {
    return G_SOURCE_REMOVE;
  }
  if ((condition & (G_IO_HUP | G_IO_ERR)) != 0 && is_at_end(socket)) {
    socket->source_id = 0;
    socket->funcs.hung_up(socket->user_data);
    return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

DfuAcquiredSocket *dfu_acquired_socket_new(const DfuAcquiredSocketFuncs *funcs, gpointer user_data,
                                           int *client_fd, GError **error)
{
  DfuAcquiredSocket *acquired;
  int fds[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "socketpair: %s",
                g_strerror(errno));
    return NULL;
  }
  acquired = g_new0(DfuAcquiredSocket, 1);
  acquired->fd = fds[0];
  acquired->funcs = *funcs;
  acquired->user_data = user_data;
  acquired->source_id =
    g_unix_fd_add(fds[0], (funcs->received != NULL ? G_IO_IN : 0) | G_IO_HUP | G_IO_ERR, on_ready,
                  acquired);
  *client_fd = fds[1];
  return acquired;
}

/* bluetoothd would have read what is still here. Closed over unread messages, the socket would
 * give the client ECONNRESET, where it gets EPIPE. */
static void discard_unread(DfuAcquiredSocket *acquired)
{
  guint8 byte;

  shutdown(acquired->fd, SHUT_RDWR);
  while (recv(acquired->fd, &byte, sizeof byte, MSG_DONTWAIT) > 0) {
  }
}

void dfu_acquired_socket_free(DfuAcquiredSocket *socket)
{
  g_clear_handle_id(&socket->source_id, g_source_remove);
  discard_unread(socket);
  close(socket->fd);
  g_free(socket);
}

void dfu_acquired_socket_send(DfuAcquiredSocket *socket, const guint8 *bytes, gsize len)
{
  if (send(socket->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    g_debug("a notification was lost: %s", g_strerror(errno));
  }
}
