/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core, Vol 4, Part E, 4.4 and 5.4.
 */
#include "emulator/air/hci_channel.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/deadline.h"
#include "emulator/air/hci_controller.h"

enum {
  COMMAND_TIMEOUT_US = 2000000, /* as the kernel has it, HCI_CMD_TIMEOUT */
  MAX_PACKETS_AT_ONCE = 64,     /* then others in the main loop have their turn */
  HANDLE_MASK = 0x0fff,
  BOUNDARY_MASK = 0x3000,
  CONTINUATION = 0x1000,
};

typedef struct {
  guint16 opcode;
  guint8 packet[DFU_HCI_COMMAND_HEADER_BYTES + DFU_HCI_MAX_PARAMETER_BYTES];
  gsize len;
  DfuHciCommandFunc func; /* NULL: nobody wants to know */
  gpointer user_data;
} Command;

struct DfuHciChannel {
  int fd;
  const DfuHciChannelFuncs *funcs;
  gpointer user_data;
  GQueue commands;     /* Command, that wait */
  Command *unanswered; /* NULL: none */
  guint8 credits;      /* commands that the controller takes */
  GSource *overdue;
  guint source_id;
  gboolean failed;
};

static void fail(DfuHciChannel *channel, const char *what)
{
  if (!channel->failed) {
    channel->failed = TRUE;
    dfu_deadline_set(channel->overdue, G_MAXINT64);
    channel->funcs->failed(what, channel->user_data);
  }
}

static void send_packet(DfuHciChannel *channel, const struct iovec *parts, int n_parts)
{
  struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)n_parts};

  if (!channel->failed && sendmsg(channel->fd, &message, MSG_NOSIGNAL) < 0) {
    fail(channel, g_strerror(errno));
  }
}

static void send_command(DfuHciChannel *channel)
{
  if (channel->unanswered != NULL || channel->credits == 0
      || g_queue_is_empty(&channel->commands)) {
    return;
  }
  channel->unanswered = g_queue_pop_head(&channel->commands);
  channel->credits--;
  dfu_deadline_set(channel->overdue, g_get_monotonic_time() + COMMAND_TIMEOUT_US);
  send_packet(channel, &(struct iovec){channel->unanswered->packet, channel->unanswered->len}, 1);
}

static void on_overdue(gpointer user_data)
{
  fail(user_data, "it does not answer a command");
}

/* @opcode 0 answers nothing: the controller only tells how many commands it takes. */
static void answered(DfuHciChannel *channel, guint16 opcode, guint8 credits, guint8 status)
{
  channel->credits = credits;
  if (channel->unanswered != NULL && channel->unanswered->opcode == opcode) {
    g_autofree Command *command = g_steal_pointer(&channel->unanswered);

    dfu_deadline_set(channel->overdue, G_MAXINT64);
    if (command->func != NULL) {
      command->func(status, command->user_data);
    }
  }
  send_command(channel);
}

static void receive_event(DfuHciChannel *channel, const guint8 *packet, gsize len)
{
  enum { HEADER_BYTES = 2 };
  const guint8 *bytes = packet + HEADER_BYTES;

  if (len < HEADER_BYTES || len != HEADER_BYTES + (gsize)packet[1]) {
    return;
  }
  len -= HEADER_BYTES;
  if (packet[0] == EVT_CMD_COMPLETE && len >= 3) {
    answered(channel, bt_get_le16(bytes + 1), bytes[0], len > 3 ? bytes[3] : 0);
  } else if (packet[0] == EVT_CMD_STATUS && len >= 4) {
    answered(channel, bt_get_le16(bytes + 2), bytes[1], bytes[0]);
  } else if (packet[0] == EVT_HARDWARE_ERROR) {
    fail(channel, "it reports a hardware error");
  } else {
    channel->funcs->event(packet[0], bytes, len, channel->user_data);
  }
}

static void receive_data(DfuHciChannel *channel, const guint8 *packet, gsize len)
{
  enum { HEADER_BYTES = 4 };
  guint16 handle;

  if (len < HEADER_BYTES || len != HEADER_BYTES + (gsize)bt_get_le16(packet + 2)) {
    return;
  }
  handle = bt_get_le16(packet);
  channel->funcs->data(handle & HANDLE_MASK, (handle & BOUNDARY_MASK) != CONTINUATION,
                       packet + HEADER_BYTES, len - HEADER_BYTES, channel->user_data);
}

/* Returns: FALSE if there is no packet now. */
static gboolean receive_packet(DfuHciChannel *channel)
{
  guint8 packet[DFU_HCI_MAX_PACKET_BYTES];
  ssize_t n = recv(channel->fd, packet, sizeof packet, MSG_DONTWAIT);

  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    return FALSE;
  }
  if (n <= 0) {
    fail(channel, n == 0 ? "it is gone" : g_strerror(errno));
    return FALSE;
  }
  if (packet[0] == HCI_EVENT_PKT) {
    receive_event(channel, packet + 1, (gsize)n - 1);
  } else if (packet[0] == HCI_ACLDATA_PKT) {
    receive_data(channel, packet + 1, (gsize)n - 1);
  }
  return TRUE;
}

static gboolean on_readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
                            gpointer user_data)
{
  DfuHciChannel *channel = user_data;

  for (int i = 0; i < MAX_PACKETS_AT_ONCE && !channel->failed; i++) {
    if (!receive_packet(channel)) {
      break;
    }
  }
  if (channel->failed) {
    channel->source_id = 0;
    return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

gsize dfu_hci_put_command(guint8 *out, guint16 opcode, const guint8 *parameters, gsize len)
{
  out[0] = HCI_COMMAND_PKT;
  bt_put_le16(opcode, out + 1);
  out[3] = (guint8)len;
  if (len > 0) {
    memcpy(out + DFU_HCI_COMMAND_HEADER_BYTES, parameters, len);
  }
  return DFU_HCI_COMMAND_HEADER_BYTES + len;
}

void dfu_hci_channel_command(DfuHciChannel *channel, guint16 opcode, const guint8 *parameters,
                             gsize len, DfuHciCommandFunc func, gpointer user_data)
{
  Command *command = g_new(Command, 1);

  command->opcode = opcode;
  command->len = dfu_hci_put_command(command->packet, opcode, parameters, len);
  command->func = func;
  command->user_data = user_data;
  g_queue_push_tail(&channel->commands, command);
  send_command(channel);
}

void dfu_hci_channel_send_data(DfuHciChannel *channel, const guint8 *packet, gsize len)
{
  static const guint8 type = HCI_ACLDATA_PKT;
  struct iovec parts[] = {{(void *)&type, 1}, {(void *)packet, len}};

  send_packet(channel, parts, G_N_ELEMENTS(parts));
}

DfuHciChannel *dfu_hci_channel_new(int fd, const DfuHciChannelFuncs *funcs, gpointer user_data)
{
  DfuHciChannel *channel = g_new0(DfuHciChannel, 1);

  channel->fd = fd;
  channel->funcs = funcs;
  channel->user_data = user_data;
  channel->credits = 1;
  g_queue_init(&channel->commands);
  channel->overdue = dfu_deadline_new(on_overdue, channel);
  channel->source_id = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, channel);
  return channel;
}

void dfu_hci_channel_free(DfuHciChannel *channel)
{
  g_clear_handle_id(&channel->source_id, g_source_remove);
  dfu_deadline_free(channel->overdue);
  g_queue_clear_full(&channel->commands, g_free);
  g_free(channel->unanswered);
  g_free(channel);
}
