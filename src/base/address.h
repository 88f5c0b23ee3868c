/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bluetooth device addresses as text, most significant byte first.
 */
#ifndef DFU_BASE_ADDRESS_H
#define DFU_BASE_ADDRESS_H

#include <glib.h>

/**
 * dfu_address_step:
 * @address: "AA:BB:CC:DD:EE:FF"
 * @step: what to add to the least significant byte
 *
 * The address that a device uses in its other mode: a bootloader that was not
 * told the application's address adds 1 to the least significant byte, modulo
 * 256 and without a carry ("…:FF" becomes "…:00").
 *
 * Returns: (transfer full): the address in upper case
 * Source: nRF5 SDK 11.0.0, examples/dfu/bootloader, dfu_transport_ble.c, gap_params_init().
 */
char *dfu_address_step(const char *address, int step);

#endif
