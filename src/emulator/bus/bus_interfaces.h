/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The D-Bus interfaces of BlueZ that the emulated bus serves: what of them a
 * GATT client needs. Names and signatures are those of BlueZ 5.66, doc/.
 */
#ifndef DFU_EMULATOR_BUS_BUS_INTERFACES_H
#define DFU_EMULATOR_BUS_BUS_INTERFACES_H

#include <gio/gio.h>

#define BUS_OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define BUS_ADAPTER "org.bluez.Adapter1"
#define BUS_DEVICE "org.bluez.Device1"
#define BUS_SERVICE "org.bluez.GattService1"
#define BUS_CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define BUS_DESCRIPTOR "org.bluez.GattDescriptor1"

#define BUS_ADAPTER_PATH "/org/bluez/hci0"

/** The interface called @name, one of the above; static. */
GDBusInterfaceInfo *dfu_bus_interface(const char *name);

#endif
