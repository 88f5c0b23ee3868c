/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The addresses at which one device may be: its own; the one above, where its
 * bootloader is when nobody handed a connection over to it; and the one below,
 * where its application is when its own is the bootloader's. Only a random address
 * has such neighbours: of public ones, which are given out in a row, they are other
 * devices.
 *
 * Source: nRF5 SDK 11, dfu_transport_ble.c, gap_params_init: the last byte plus 1,
 * without a carry.
 */
#ifndef DFU_BLUEZ_PLACES_H
#define DFU_BLUEZ_PLACES_H

#include "bluez/objects.h"
#include "link/link.h"

typedef enum {
  DFU_BLUEZ_BELOW,
  DFU_BLUEZ_SAME,
  DFU_BLUEZ_ABOVE,
  DFU_BLUEZ_N_PLACES,
} DfuBluezPlace;

typedef struct {
  char *addresses[DFU_BLUEZ_N_PLACES]; /* NULL for one that is not looked at */
} DfuBluezPlaces;

/** @places: (out): the places of the device of @address that @find asks for */
void dfu_bluez_places_init(DfuBluezPlaces *places, const char *address, DfuLinkFind find);

/** At which of them @device is, an object path; -1 for none. */
int dfu_bluez_places_find(const DfuBluezPlaces *places, DfuBluezObjects *objects,
                          const char *device);

void dfu_bluez_places_clear(DfuBluezPlaces *places);

#endif
