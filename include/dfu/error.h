/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one error domain. A code names what a caller can act on, and is at the
 * same time the exit status of the program `dfu-ble`: a value is never reused.
 */
#ifndef DFU_ERROR_H
#define DFU_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

#define DFU_ERROR (dfu_error_quark())

/**
 * DfuError:
 * @DFU_ERROR_INTERNAL: unexpected error inside the program
 * @DFU_ERROR_USAGE: wrong usage
 * @DFU_ERROR_PACKAGE: the package is unreadable, damaged, or not for this protocol
 * @DFU_ERROR_BLUETOOTH: Bluetooth is not usable: no adapter, powered off or
 *   blocked, bluetoothd not running, no permission
 * @DFU_ERROR_NOT_FOUND: the device was not found
 * @DFU_ERROR_LINK_LOST: the link was lost and could not be had back
 * @DFU_ERROR_REFUSED: the target refused, or broke the protocol
 * @DFU_ERROR_VALIDATION: what the target holds is not what was sent
 * @DFU_ERROR_NOT_BACK: activated, but the device came back in DFU mode, or did
 *   not come back where that was required
 * @DFU_ERROR_BUSY: another run is working on this device
 * @DFU_ERROR_INTERRUPTED: interrupted by the user
 */
typedef enum {
  DFU_ERROR_INTERNAL = 1,
  DFU_ERROR_USAGE = 2,
  DFU_ERROR_PACKAGE = 3,
  DFU_ERROR_BLUETOOTH = 4,
  DFU_ERROR_NOT_FOUND = 5,
  DFU_ERROR_LINK_LOST = 6,
  DFU_ERROR_REFUSED = 7,
  DFU_ERROR_VALIDATION = 8,
  DFU_ERROR_NOT_BACK = 9,
  DFU_ERROR_BUSY = 10,
  DFU_ERROR_INTERRUPTED = 130,
} DfuError;

GQuark dfu_error_quark(void);

G_END_DECLS

#endif
