/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One Device1: a device that was heard at one address, from its first
 * advertisement until it is forgotten. Connects to the board and disconnects,
 * with the signals in bluetoothd's order.
 */
#ifndef DFU_EMULATOR_BUS_BUS_DEVICE_H
#define DFU_EMULATOR_BUS_BUS_DEVICE_H

#include "emulator/board/board.h"
#include "emulator/bus/bus_objects.h"

typedef struct DfuBusDevice DfuBusDevice;

/** What every device shares with the others; outlives them. */
typedef struct {
  DfuBusObjects *objects;
  DfuBoard *board;
  guint disconnect_delay_ms;
  gint64 air_us;
  /** Whether the adapter is powered. */
  gboolean (*is_powered)(gpointer user_data);
  /** Whether anybody's discovery runs. */
  gboolean (*is_discovering)(gpointer user_data);
  /** Nobody needs it any more: free it. */
  void (*expired)(DfuBusDevice *device, gpointer user_data);
  gpointer user_data;
} DfuBusHost;

/** Puts it on the bus with what @advertisement says. */
DfuBusDevice *dfu_bus_device_new(const DfuBusHost *host, const DfuAdvertisement *advertisement,
                                 gint16 rssi);

/** Takes it off the bus, with all that hangs below. A connection ends first. */
void dfu_bus_device_free(DfuBusDevice *device);

const char *dfu_bus_device_get_path(const DfuBusDevice *device);
const char *dfu_bus_device_get_address(const DfuBusDevice *device);
gboolean dfu_bus_device_is_connected(const DfuBusDevice *device);

/** It was heard again. @always: report an RSSI that has not changed much. */
void dfu_bus_device_heard(DfuBusDevice *device, const DfuAdvertisement *advertisement, gint16 rssi,
                          gboolean always);

/** No discovery runs any more: what was heard of it is history. */
void dfu_bus_device_discovery_ended(DfuBusDevice *device);

/** The board's advertising has changed: a Connect that waits for it may go on. */
void dfu_bus_device_try_connect(DfuBusDevice *device);

/** RemoveDevice: disconnects if need be, answers @invocation, and expires. */
void dfu_bus_device_forget(DfuBusDevice *device, GDBusMethodInvocation *invocation);

/** The adapter loses its power. */
void dfu_bus_device_power_lost(DfuBusDevice *device);

/* From the board, for the device that is connected to it. */
void dfu_bus_device_answered(DfuBusDevice *device, guint8 att_error);
void dfu_bus_device_notified(DfuBusDevice *device, guint16 handle, const guint8 *bytes, gsize len);
void dfu_bus_device_link_lost(DfuBusDevice *device);

#endif
