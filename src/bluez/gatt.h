/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The characteristics of the DFU service among a device's objects, and those of
 * Device Information that tell bootloaders apart, by UUID. Handles and object paths
 * are never relied on, and neither is GattService1.Primary: BlueZ 5.66 says false
 * for a service that it found again over its cache.
 */
#ifndef DFU_BLUEZ_GATT_H
#define DFU_BLUEZ_GATT_H

#include "bluez/objects.h"

/** Texts of the Device Information service. */
typedef enum {
  DFU_BLUEZ_INFO_MANUFACTURER,
  DFU_BLUEZ_INFO_MODEL,
  DFU_BLUEZ_INFO_FIRMWARE,
  DFU_BLUEZ_N_INFO,
} DfuBluezInfo;

typedef struct {
  char *control;  /* object paths; NULL where there is none */
  char *packet;
  char *revision;
  char *info[DFU_BLUEZ_N_INFO];
  gboolean packet_has_write; /* a property beside Write Without Response */
  guint16 mtu;    /* ATT MTU, bytes; 23 where BlueZ does not tell */
  gboolean has_services; /* any at all: a device that answers nothing has none */
  gboolean has_secure_dfu;
  gboolean has_other_services; /* see DfuLinkUp */
} DfuBluezGatt;

/**
 * dfu_bluez_gatt_find:
 * @gatt: (out): a zeroed or cleared struct
 *
 * Looks below @device. What it finds is filled in also where it returns FALSE.
 *
 * Returns: whether there is a DFU service with a control point
 */
gboolean dfu_bluez_gatt_find(DfuBluezObjects *objects, const char *device, DfuBluezGatt *gatt);

/** @copy: (out): a zeroed or cleared struct */
void dfu_bluez_gatt_copy(const DfuBluezGatt *gatt, DfuBluezGatt *copy);

void dfu_bluez_gatt_clear(DfuBluezGatt *gatt);

#endif
