/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One GattCharacteristic1: reading, writing, the two acquired descriptors, and
 * who wants its notifications. Refuses what bluetoothd 5.66 refuses, in its
 * words.
 */
#ifndef DFU_EMULATOR_BUS_BUS_CHARACTERISTIC_H
#define DFU_EMULATOR_BUS_BUS_CHARACTERISTIC_H

#include "emulator/bus/bus_link.h"
#include "emulator/bus/bus_objects.h"

typedef struct DfuBusCharacteristic DfuBusCharacteristic;

/** Puts it on the bus, under @service_path. @row is constant; @cccd_handle 0: it has none. */
DfuBusCharacteristic *dfu_bus_characteristic_new(DfuBusObjects *objects, DfuBusLink *link,
                                                 const char *service_path, const DfuGattRow *row,
                                                 guint16 cccd_handle);
/** Takes it off the bus; acquired descriptors end. */
void dfu_bus_characteristic_free(DfuBusCharacteristic *characteristic);

const char *dfu_bus_characteristic_get_path(const DfuBusCharacteristic *characteristic);

/** A connection is up again: writes the CCCD for those whose StartNotify is still in force. */
void dfu_bus_characteristic_resubscribe(DfuBusCharacteristic *characteristic);

/** The connection is gone: the descriptor of AcquireNotify ends. */
void dfu_bus_characteristic_drop_notify(DfuBusCharacteristic *characteristic);

/** The connection is gone: the descriptor of AcquireWrite ends. */
void dfu_bus_characteristic_drop_write(DfuBusCharacteristic *characteristic);

/** MTU is there while a connection is, and no signal tells of it (BlueZ 5.66, gatt-client.c). */
void dfu_bus_characteristic_show_mtu(DfuBusCharacteristic *characteristic);
void dfu_bus_characteristic_hide_mtu(DfuBusCharacteristic *characteristic);

/** A notification came, if it is from this characteristic. */
void dfu_bus_characteristic_notified(DfuBusCharacteristic *characteristic, guint16 handle,
                                     const guint8 *bytes, gsize len);

#endif
