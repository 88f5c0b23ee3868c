/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The packets between this program and a controller: commands go out one at a
 * time, each when the one before is answered and the controller has room;
 * events and data come in.
 */
#ifndef DFU_EMULATOR_AIR_HCI_CHANNEL_H
#define DFU_EMULATOR_AIR_HCI_CHANNEL_H

#include <glib.h>

typedef struct DfuHciChannel DfuHciChannel;

enum {
  DFU_HCI_DISCONNECT = 0x0406,
  DFU_HCI_SET_EVENT_MASK = 0x0c01,
  DFU_HCI_RESET = 0x0c03,
  DFU_HCI_READ_BUFFER_SIZE = 0x1005,
  DFU_HCI_LE_SET_EVENT_MASK = 0x2001,
  DFU_HCI_LE_READ_BUFFER_SIZE = 0x2002,
  DFU_HCI_LE_SET_RANDOM_ADDRESS = 0x2005,
  DFU_HCI_LE_SET_ADVERTISING_PARAMETERS = 0x2006,
  DFU_HCI_LE_SET_ADVERTISING_DATA = 0x2008,
  DFU_HCI_LE_SET_SCAN_RESPONSE_DATA = 0x2009,
  DFU_HCI_LE_SET_ADVERTISE_ENABLE = 0x200a,
  DFU_HCI_LE_LONG_TERM_KEY_NEGATIVE_REPLY = 0x201b,
};

enum { DFU_HCI_MAX_PARAMETER_BYTES = 255, DFU_HCI_COMMAND_HEADER_BYTES = 4 };

typedef struct {
  /** An event other than those that answer a command; @bytes: its parameters. */
  void (*event)(guint8 code, const guint8 *bytes, gsize len, gpointer user_data);
  /** Data of a connection. @first: it begins an L2CAP frame. */
  void (*data)(guint16 handle, gboolean first, const guint8 *bytes, gsize len, gpointer user_data);
  /** Nothing comes any more: the controller is gone, or does not answer. */
  void (*failed)(const char *what, gpointer user_data);
} DfuHciChannelFuncs;

/** The answer to a command: 0 for success, or an HCI error. */
typedef void (*DfuHciCommandFunc)(guint8 status, gpointer user_data);

/** @fd: of a user channel that is set up; it stays the caller's. */
DfuHciChannel *dfu_hci_channel_new(int fd, const DfuHciChannelFuncs *funcs, gpointer user_data);
void dfu_hci_channel_free(DfuHciChannel *channel);

/** @func: (nullable): called once, unless the channel fails or is freed before. */
void dfu_hci_channel_command(DfuHciChannel *channel, guint16 opcode, const guint8 *parameters,
                             gsize len, DfuHciCommandFunc func, gpointer user_data);

/** Sends what dfu_hci_acl_new() gives to its function. */
void dfu_hci_channel_send_data(DfuHciChannel *channel, const guint8 *packet, gsize len);

/** @out: room for DFU_HCI_COMMAND_HEADER_BYTES and @len. Returns: bytes in it: a whole packet. */
gsize dfu_hci_put_command(guint8 *out, guint16 opcode, const guint8 *parameters, gsize len);

#endif
