/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The properties of a Device1: what bluetoothd makes of advertisements and of
 * services, and which changes it tells in one signal.
 */
#ifndef DFU_EMULATOR_BUS_DEVICE_PROPERTIES_H
#define DFU_EMULATOR_BUS_DEVICE_PROPERTIES_H

#include "emulator/board/board.h"
#include "emulator/bus/bus_objects.h"

/** What is known of a device when it is heard for the first time; no signal. */
void dfu_device_properties_set(DfuBusObject *object, const DfuAdvertisement *advertisement,
                               gint16 rssi);

/** It was heard again. @always: report an RSSI that has not changed much. */
void dfu_device_properties_heard(DfuBusObject *object, const DfuAdvertisement *advertisement,
                                 gint16 rssi, gboolean always);

/** Its name was told, in an advertisement or as a value; "" is none. */
void dfu_device_properties_name(DfuBusObject *object, const char *name);

/** No discovery runs any more: the RSSI is history. */
void dfu_device_properties_forget_rssi(DfuBusObject *object);

/** ServicesResolved becomes true, with the UUIDs of the services in @table, if there are any. */
void dfu_device_properties_resolved(DfuBusObject *object, const DfuGattTable *table);

/** ServicesResolved becomes false, if it was true. */
void dfu_device_properties_unresolved(DfuBusObject *object);

/** The link was lost: Connected becomes false, in one signal with ServicesResolved. */
void dfu_device_properties_lost(DfuBusObject *object);

#endif
