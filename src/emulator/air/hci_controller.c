/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Linux, net/bluetooth/hci_sock.c, hci_sock_bind(), for what each errno
 * means; Bluetooth Core, Vol 4, Part E, 7, for the commands.
 */
#include "emulator/air/hci_controller.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dfu/error.h"
#include "emulator/air/hci_channel.h"

enum {
  RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024, /* by default some 280 short packets fit, then they go */
  ANSWER_TIMEOUT_MS = 3000,
  MIN_BUFFER_BYTES = 23,
  MAX_BUFFERS = 64, /* to have in flight is as good as any more */
};

/** The answer to a command: Command Complete, from its status on. */
typedef struct {
  guint8 bytes[256];
  gsize len;
} Answer;

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean fail(GError **error, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  g_propagate_error(error, g_error_new_valist(DFU_ERROR, DFU_ERROR_BLUETOOTH, format, args));
  va_end(args);
  return FALSE;
}

static gboolean fail_open(const char *name, int cause, GError **error)
{
  switch (cause) {
  case ENODEV:
    return fail(error, "There is no controller %s; `hciconfig -a` lists those that there are.",
                name);
  case EBUSY:
    return fail(error,
                "%s is in use, by the system or another program. If it is the system, switch it off "
                "first: `btmgmt --index %s power off`, or `hciconfig %s down`.",
                name, name + strlen("hci"), name);
  case EUSERS:
    return fail(error, "Another program has %s for itself. End it, or take another controller.",
                name);
  case EPERM:
  case EACCES:
    return fail(error,
                "No permission to take %s: it needs CAP_NET_ADMIN. Run it as root, or give it that: "
                "`setcap cap_net_admin,cap_net_raw+ep`.", name);
  case ERFKILL:
    return fail(error, "%s is blocked. Unblock it: `rfkill unblock bluetooth`.", name);
  case EAFNOSUPPORT:
  case EPROTONOSUPPORT:
    return fail(error, "This kernel has no Bluetooth. Load it: `modprobe bluetooth`.");
  default:
    return fail(error, "Cannot take %s: %s.", name, g_strerror(cause));
  }
}

static int open_user_channel(guint16 index)
{
  struct sockaddr_hci address = {
    .hci_family = AF_BLUETOOTH,
    .hci_dev = index,
    .hci_channel = HCI_CHANNEL_USER,
  };
  int size = RECEIVE_BUFFER_BYTES;
  int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

  if (fd < 0) {
    return -1;
  }
  /* Without it, packets are lost in a burst; a kernel that refuses will do for less. */
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
    int cause = errno;

    close(fd);
    errno = cause;
    return -1;
  }
  return fd;
}

/* Waits for a packet until @deadline_us. Returns: its length, 0 if there is none. */
static gsize receive_until(int fd, gint64 deadline_us, guint8 *packet, gsize size)
{
  struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
  gint64 left_us = deadline_us - g_get_monotonic_time();
  ssize_t n;

  if (left_us <= 0 || poll(&poll_fd, 1, (int)(left_us / 1000) + 1) < 0) {
    return 0;
  }
  n = recv(fd, packet, size, MSG_DONTWAIT);
  return n > 0 ? (gsize)n : 0;
}

/* Returns: TRUE if @packet answers @opcode; a refusal without parameters counts as an answer. */
static gboolean is_answer(const guint8 *packet, gsize len, guint16 opcode, Answer *answer)
{
  enum { COMPLETE_STATUS_AT = 6, STATUS_AT = 3 };

  if (len > COMPLETE_STATUS_AT && packet[0] == HCI_EVENT_PKT && packet[1] == EVT_CMD_COMPLETE
      && bt_get_le16(packet + 4) == opcode) {
    answer->len = MIN(len - COMPLETE_STATUS_AT, sizeof answer->bytes);
    memcpy(answer->bytes, packet + COMPLETE_STATUS_AT, answer->len);
    return TRUE;
  }
  if (len >= 7 && packet[0] == HCI_EVENT_PKT && packet[1] == EVT_CMD_STATUS
      && bt_get_le16(packet + 5) == opcode) {
    answer->bytes[0] = packet[STATUS_AT];
    answer->len = 1;
    return TRUE;
  }
  return FALSE;
}

/* One command, and its answer with at least @wanted bytes, status included. */
static gboolean request(const DfuHciController *controller, guint16 opcode,
                        const guint8 *parameters, gsize len, Answer *answer, gsize wanted,
                        GError **error)
{
  gint64 deadline_us = g_get_monotonic_time() + ANSWER_TIMEOUT_MS * 1000;
  guint8 packet[DFU_HCI_MAX_PACKET_BYTES];
  gsize n = dfu_hci_put_command(packet, opcode, parameters, len);

  if (send(controller->fd, packet, n, MSG_NOSIGNAL) < 0) {
    return fail(error, "Cannot write to %s: %s.", controller->name, g_strerror(errno));
  }
  do {
    n = receive_until(controller->fd, deadline_us, packet, sizeof packet);
    if (n == 0 && g_get_monotonic_time() >= deadline_us) {
      return fail(error, "%s does not answer command 0x%04x within %d s. Unplug it and plug it in.",
                  controller->name, opcode, ANSWER_TIMEOUT_MS / 1000);
    }
  } while (!is_answer(packet, n, opcode, answer));
  if (answer->bytes[0] != 0) {
    return fail(error, "%s refuses command 0x%04x with status 0x%02x. It does not do for an LE "
                "peripheral.", controller->name, opcode, answer->bytes[0]);
  }
  if (answer->len < wanted) {
    return fail(error, "%s answers command 0x%04x with %u bytes, not %u.", controller->name, opcode,
                (guint)answer->len, (guint)wanted);
  }
  return TRUE;
}

/* Data for LE has buffers of its own, or shares those of BR/EDR if it has none. */
static gboolean read_buffers(DfuHciController *controller, GError **error)
{
  Answer answer;

  if (!request(controller, DFU_HCI_LE_READ_BUFFER_SIZE, NULL, 0, &answer, 4, error)) {
    return FALSE;
  }
  controller->buffers = (DfuHciBuffers){bt_get_le16(answer.bytes + 1), answer.bytes[3]};
  if (controller->buffers.bytes == 0 || controller->buffers.buffers == 0) {
    if (!request(controller, DFU_HCI_READ_BUFFER_SIZE, NULL, 0, &answer, 8, error)) {
      return FALSE;
    }
    controller->buffers = (DfuHciBuffers){bt_get_le16(answer.bytes + 1),
                                          bt_get_le16(answer.bytes + 4)};
  }
  if (controller->buffers.bytes < MIN_BUFFER_BYTES || controller->buffers.buffers == 0) {
    return fail(error, "%s has %u buffers of %u bytes; it must have one of 23 at least.",
                controller->name, controller->buffers.buffers, controller->buffers.bytes);
  }
  controller->buffers.buffers = MIN(controller->buffers.buffers, MAX_BUFFERS);
  return TRUE;
}

gboolean dfu_hci_controller_set_up(DfuHciController *controller, GError **error)
{
  /* Disconnection Complete, Hardware Error, Number Of Completed Packets is never masked, LE Meta */
  static const guint8 events[] = {0x10, 0x80, 0, 0, 0, 0, 0, 0x20};
  /* Connection Complete, Connection Update Complete, Long Term Key Request */
  static const guint8 le_events[] = {0x15, 0, 0, 0, 0, 0, 0, 0};
  Answer answer;

  return request(controller, DFU_HCI_RESET, NULL, 0, &answer, 1, error)
         && request(controller, DFU_HCI_SET_EVENT_MASK, events, sizeof events, &answer, 1, error)
         && request(controller, DFU_HCI_LE_SET_EVENT_MASK, le_events, sizeof le_events, &answer, 1,
                    error)
         && read_buffers(controller, error);
}

gboolean dfu_hci_controller_open(guint16 index, DfuHciController *controller, GError **error)
{
  *controller = (DfuHciController){.fd = -1};
  g_snprintf(controller->name, sizeof controller->name, "hci%u", index);
  controller->fd = open_user_channel(index);
  if (controller->fd < 0) {
    return fail_open(controller->name, errno, error);
  }
  if (!dfu_hci_controller_set_up(controller, error)) {
    dfu_hci_controller_close(controller);
    return FALSE;
  }
  return TRUE;
}

/* Else it goes on advertising, and is connected to, with nobody behind it. */
static void silence(DfuHciController *controller)
{
  g_autoptr(GError) error = NULL;
  Answer answer;

  if (!request(controller, DFU_HCI_RESET, NULL, 0, &answer, 1, &error))
    g_debug("%s", error->message); /* it is gone itself, then */
}

void dfu_hci_controller_close(DfuHciController *controller)
{
  if (controller->fd >= 0) {
    silence(controller);
    close(controller->fd);
    controller->fd = -1;
  }
}
