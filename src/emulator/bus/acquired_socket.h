/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The daemon's end of a descriptor that AcquireWrite or AcquireNotify hands
 * out: a SEQPACKET socket, one ATT value a message.
 */
#ifndef DFU_EMULATOR_BUS_ACQUIRED_SOCKET_H
#define DFU_EMULATOR_BUS_ACQUIRED_SOCKET_H

#include <glib.h>

typedef struct DfuAcquiredSocket DfuAcquiredSocket;

typedef struct {
  /** A message from the client; returns FALSE if the socket was freed by it. NULL: not read. */
  gboolean (*received)(const guint8 *bytes, gsize len, gpointer user_data);
  /** The client closed its end. */
  void (*hung_up)(gpointer user_data);
} DfuAcquiredSocketFuncs;

/**
 * dfu_acquired_socket_new:
 * @client_fd: (out): the other end, close-on-exec and non-blocking; the caller's
 *
 * Errors: those of GUnixFDList's domain, where descriptors run out.
 * Returns: (transfer full) (nullable): the daemon's end
 */
DfuAcquiredSocket *dfu_acquired_socket_new(const DfuAcquiredSocketFuncs *funcs, gpointer user_data,
                                           int *client_fd, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Closes it: the client sees the end of the file, and EPIPE. Unread messages are lost. */
void dfu_acquired_socket_free(DfuAcquiredSocket *socket);

/** One message to the client; lost if there is no room for it, as in the daemon. */
void dfu_acquired_socket_send(DfuAcquiredSocket *socket, const guint8 *bytes, gsize len);

#endif
