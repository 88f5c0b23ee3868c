/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the errors of BlueZ, of D-Bus and of the device's ATT server mean, and
 * what to advise. The only file that knows their names and texts.
 *
 * Sources: BlueZ 5.66, src/error.c and src/gatt-client.c; the texts as its
 * bluetoothd was seen to send them; Bluetooth Core, Vol 3, Part F, 3.4.1.1, and
 * Supplement to the Core Specification, Part B, for the ATT errors.
 */
#ifndef DFU_BLUEZ_BLUEZ_ERROR_H
#define DFU_BLUEZ_BLUEZ_ERROR_H

#include <dfu/error.h>
#include <gio/gio.h>

/** What an error means for whoever made the call. */
typedef struct {
  DfuError code;
  gboolean passing;    /* a fault of the moment: connecting again may help */
  gboolean repeatable; /* nothing was done: the same call may be made again shortly */
  gboolean link_lost;  /* the connection is gone, or as good as */
  gboolean denied;     /* the bus's policy does not allow the call */
  gboolean in_progress; /* somebody, perhaps another program, does the same thing right now */
  guint8 att_error;    /* what the device's ATT server answered, 0 for nothing */
} DfuBluezFault;

/** Reads an error as GDBus returns it. */
DfuBluezFault dfu_bluez_error_classify(const GError *dbus_error);

/**
 * dfu_bluez_error_new:
 * @dbus_error: as GDBus returned it
 * @address: (nullable): of the device, for the advice
 * @operation: what was being done, as in "connecting to AA:BB:CC:DD:EE:FF"
 *
 * Returns: (transfer full): an error of DFU_ERROR with the operation, the name
 * and number of the fault, and what to do about it
 */
GError *dfu_bluez_error_new(const GError *dbus_error, const char *address, const char *operation,
                            ...) G_GNUC_PRINTF(3, 4);

/** The name of an ATT error, "Write Not Permitted" for 03; NULL where it has none. */
const char *dfu_bluez_error_att_name(guint8 att_error);

#endif
