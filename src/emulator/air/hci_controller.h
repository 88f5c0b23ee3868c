/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An HCI user channel: a controller for this program alone, past the kernel's
 * Bluetooth stack. One message on the socket is one packet, packet type first.
 */
#ifndef DFU_EMULATOR_AIR_HCI_CONTROLLER_H
#define DFU_EMULATOR_AIR_HCI_CONTROLLER_H

#include <glib.h>

#include "emulator/air/hci_acl.h"

enum { DFU_HCI_MAX_PACKET_BYTES = 1 + 4 + 4096 };

/** What the program needs to know of a controller that it has for itself. */
typedef struct {
  int fd;
  char name[16]; /* "hci1" */
  DfuHciBuffers buffers;
} DfuHciController;

/**
 * dfu_hci_controller_open:
 * @index: the N of hciN
 *
 * Takes the controller and resets it. Waits for it, some seconds at most.
 *
 * Errors: %DFU_ERROR_BLUETOOTH: there is none, it is in use, no permission, it does not answer.
 */
gboolean dfu_hci_controller_open(guint16 index, DfuHciController *controller, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * Resets the controller at @controller's fd and fills in its buffers; the second half of opening.
 *
 * Errors: %DFU_ERROR_BLUETOOTH
 */
gboolean dfu_hci_controller_set_up(DfuHciController *controller, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** The controller falls silent, and the kernel has it back. Waits for it, some seconds at most. */
void dfu_hci_controller_close(DfuHciController *controller);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuHciController, dfu_hci_controller_close)

#endif
