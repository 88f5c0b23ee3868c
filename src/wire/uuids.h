/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * UUIDs of the services and characteristics that this program knows, in the
 * lower-case form that BlueZ uses on D-Bus.
 *
 * Source: nRF5 SDK 11.0.0, components/ble/ble_services/ble_dfu/ble_dfu.h, for
 * the DFU service; Bluetooth Assigned Numbers for the 16-bit ones.
 */
#ifndef DFU_WIRE_UUIDS_H
#define DFU_WIRE_UUIDS_H

#define DFU_UUID_SERVICE "00001530-1212-efde-1523-785feabcd123"
#define DFU_UUID_CONTROL_POINT "00001531-1212-efde-1523-785feabcd123"
#define DFU_UUID_PACKET "00001532-1212-efde-1523-785feabcd123"
#define DFU_UUID_REVISION "00001534-1212-efde-1523-785feabcd123"

/* The Secure DFU service of SDK 12 and later: recognised only to be refused. */
#define DFU_UUID_SECURE_SERVICE "0000fe59-0000-1000-8000-00805f9b34fb"

#define DFU_UUID_GENERIC_ACCESS "00001800-0000-1000-8000-00805f9b34fb"
#define DFU_UUID_GENERIC_ATTRIBUTE "00001801-0000-1000-8000-00805f9b34fb"
#define DFU_UUID_DEVICE_INFORMATION "0000180a-0000-1000-8000-00805f9b34fb"
#define DFU_UUID_MODEL_NUMBER "00002a24-0000-1000-8000-00805f9b34fb"
#define DFU_UUID_FIRMWARE_REVISION "00002a26-0000-1000-8000-00805f9b34fb"
#define DFU_UUID_MANUFACTURER_NAME "00002a29-0000-1000-8000-00805f9b34fb"
#define DFU_UUID_CCCD "00002902-0000-1000-8000-00805f9b34fb"

#endif
