/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One descriptor of AcquireWrite or AcquireNotify: a SEQPACKET socket to
 * bluetoothd on which a message is one packet or one notification. Its end is
 * the sign of a lost link. It knows nothing of D-Bus.
 *
 * Source: BlueZ 5.66, src/gatt-client.c (sock_read, sock_io_send), and how its
 * descriptors were seen to behave when a link is lost.
 */
#ifndef DFU_BLUEZ_ACQUIRED_FD_H
#define DFU_BLUEZ_ACQUIRED_FD_H

#include <glib.h>

typedef struct DfuAcquiredFd DfuAcquiredFd;

typedef enum {
  DFU_ACQUIRED_FD_SENT,
  DFU_ACQUIRED_FD_FULL,   /* nothing was sent: wait until it is writable */
  DFU_ACQUIRED_FD_BROKEN, /* the other end is closed */
} DfuAcquiredFdResult;

/** Who hears of it; called from the main context only. Each may free the descriptor. */
typedef struct {
  /** (nullable): a message came, of any length. */
  void (*message)(const guint8 *bytes, gsize len, gpointer user_data);
  /** (nullable): asked for with dfu_acquired_fd_await_writable(). */
  void (*writable)(gpointer user_data);
  /** The other end closed, and every message was read. Called once. */
  void (*hung_up)(gpointer user_data);
} DfuAcquiredFdFuncs;

/**
 * dfu_acquired_fd_new:
 * @fd: (transfer full): the socket; made non-blocking and close-on-exec
 * @funcs: outlive the descriptor
 *
 * Returns: (transfer full): the descriptor, already listening; freeing it closes @fd
 */
DfuAcquiredFd *dfu_acquired_fd_new(int fd, const DfuAcquiredFdFuncs *funcs, gpointer user_data);

/** Sends one message. */
DfuAcquiredFdResult dfu_acquired_fd_send(DfuAcquiredFd *acquired, const guint8 *bytes, gsize len);

/** Calls writable() once, as soon as the socket takes another message. */
void dfu_acquired_fd_await_writable(DfuAcquiredFd *acquired);

/** Hands over every message that is there, without waiting and without hung_up(). */
void dfu_acquired_fd_drain(DfuAcquiredFd *acquired);

void dfu_acquired_fd_free(DfuAcquiredFd *acquired);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuAcquiredFd, dfu_acquired_fd_free)

#endif
