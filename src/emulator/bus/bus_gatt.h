/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The GATT objects of one device, as bluetoothd keeps them: read from the board
 * at each connection, kept on the bus while it is disconnected.
 */
#ifndef DFU_EMULATOR_BUS_BUS_GATT_H
#define DFU_EMULATOR_BUS_BUS_GATT_H

#include "emulator/bus/bus_link.h"
#include "emulator/bus/bus_objects.h"

typedef struct DfuBusGatt DfuBusGatt;

/** No objects at first. Strings are copied; the rest outlives it. */
DfuBusGatt *dfu_bus_gatt_new(DfuBusObjects *objects, DfuBusLink *link, const char *device_path);
void dfu_bus_gatt_free(DfuBusGatt *gatt);

/**
 * The services of the connection have been read: notifications that are still
 * wanted are switched on, objects of services that changed are removed, new
 * ones are added.
 */
void dfu_bus_gatt_resolve(DfuBusGatt *gatt, const DfuGattTable *table);

/** Asks the board for Service Changed indications, as the daemon itself does at each connection. */
void dfu_bus_gatt_watch_services(DfuBusGatt *gatt, const DfuGattTable *table);

/** Removes all objects: what hangs on them ends. No request of them may be under way. */
void dfu_bus_gatt_clear(DfuBusGatt *gatt);

/** The connection is gone: acquired descriptors end, the objects stay. */
void dfu_bus_gatt_drop(DfuBusGatt *gatt);

void dfu_bus_gatt_notified(DfuBusGatt *gatt, guint16 handle, const guint8 *bytes, gsize len);

#endif
