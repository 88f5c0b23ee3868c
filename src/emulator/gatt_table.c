/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the handles: what the SoftDevice of nRF5 SDK 11 hands out when
 * examples/dfu/bootloader (dfu_transport_ble.c, ble_dfu.c) adds its services.
 */
#include "emulator/gatt_table.h"

#include "wire/uuids.h"

#define UUID16(digits) "0000" digits "-0000-1000-8000-00805f9b34fb"

/* The SoftDevice brings these two with it, under any program. */
#define SOFTDEVICE_ROWS                                                                      \
  {DFU_GATT_SERVICE, 0x0001, 0x0007, 0, DFU_UUID_GENERIC_ACCESS},                            \
    {DFU_GATT_CHARACTERISTIC, 0x0002, 0, DFU_GATT_READ, UUID16("2a00")},                     \
    {DFU_GATT_CHARACTERISTIC, 0x0004, 0, DFU_GATT_READ, UUID16("2a01")},                     \
    {DFU_GATT_CHARACTERISTIC, 0x0006, 0, DFU_GATT_READ, UUID16("2a04")},                     \
    {DFU_GATT_SERVICE, 0x0008, 0x000b, 0, DFU_UUID_GENERIC_ATTRIBUTE},                       \
    {DFU_GATT_CHARACTERISTIC, 0x0009, 0, DFU_GATT_INDICATE, UUID16("2a05")},                 \
    {DFU_GATT_DESCRIPTOR, 0x000b, 0, 0, DFU_UUID_CCCD}

static const DfuGattRow bootloader_rows[] = {
  SOFTDEVICE_ROWS,
  {DFU_GATT_SERVICE, 0x000c, 0x0013, 0, DFU_UUID_SERVICE},
  {DFU_GATT_CHARACTERISTIC, 0x000d, 0, DFU_GATT_WRITE_WITHOUT_RESPONSE, DFU_UUID_PACKET},
  {DFU_GATT_CHARACTERISTIC, 0x000f, 0, DFU_GATT_WRITE | DFU_GATT_NOTIFY, DFU_UUID_CONTROL_POINT},
  {DFU_GATT_DESCRIPTOR, 0x0011, 0, 0, DFU_UUID_CCCD},
  {DFU_GATT_CHARACTERISTIC, 0x0012, 0, DFU_GATT_READ, DFU_UUID_REVISION},
};

static const DfuGattRow application_rows[] = {
  SOFTDEVICE_ROWS,
  {DFU_GATT_SERVICE, 0x000c, 0x0011, 0, UUID16("180d")},
  {DFU_GATT_CHARACTERISTIC, 0x000d, 0, DFU_GATT_NOTIFY, UUID16("2a37")},
  {DFU_GATT_DESCRIPTOR, 0x000f, 0, 0, DFU_UUID_CCCD},
  {DFU_GATT_CHARACTERISTIC, 0x0010, 0, DFU_GATT_READ, UUID16("2a38")},
};

static const DfuGattTable bootloader = {bootloader_rows, G_N_ELEMENTS(bootloader_rows)};
static const DfuGattTable application = {application_rows, G_N_ELEMENTS(application_rows)};

const DfuGattTable *dfu_gatt_table_bootloader(void)
{
  return &bootloader;
}

const DfuGattTable *dfu_gatt_table_application(void)
{
  return &application;
}

const DfuGattRow *dfu_gatt_table_find(const DfuGattTable *table, guint16 value_handle)
{
  for (gsize i = 0; i < table->n_rows; i++) {
    const DfuGattRow *row = &table->rows[i];

    if ((row->kind == DFU_GATT_CHARACTERISTIC && row->handle + 1 == value_handle)
        || (row->kind == DFU_GATT_DESCRIPTOR && row->handle == value_handle)) {
      return row;
    }
  }
  return NULL;
}
