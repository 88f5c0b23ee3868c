/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The attributes that an emulated board offers, with their handles: constant
 * tables, the same for every transport.
 */
#ifndef DFU_EMULATOR_GATT_TABLE_H
#define DFU_EMULATOR_GATT_TABLE_H

#include <glib.h>

typedef enum {
  DFU_GATT_SERVICE,        /* handle, end_handle */
  DFU_GATT_CHARACTERISTIC, /* handle of the declaration; the value is at the next one */
  DFU_GATT_DESCRIPTOR,
} DfuGattKind;

/** Bits of the properties of a characteristic; Bluetooth Core, Vol 3, Part G, 3.3.1.1. */
enum {
  DFU_GATT_READ = 0x02,
  DFU_GATT_WRITE_WITHOUT_RESPONSE = 0x04,
  DFU_GATT_WRITE = 0x08,
  DFU_GATT_NOTIFY = 0x10,
  DFU_GATT_INDICATE = 0x20,
};

/** One row; rows stand in the order of their handles, each under what it belongs to. */
typedef struct {
  DfuGattKind kind;
  guint16 handle;
  guint16 end_handle; /* SERVICE */
  guint8 properties;  /* CHARACTERISTIC */
  const char *uuid;   /* 128 bits, lower case */
} DfuGattRow;

typedef struct {
  const DfuGattRow *rows;
  gsize n_rows;
} DfuGattTable;

/** Handles that the board acts on, in the bootloader's table. */
enum {
  DFU_HANDLE_CONTROL_POINT = 0x0010,
  DFU_HANDLE_CONTROL_POINT_CCCD = 0x0011,
};

/** What a bootloader in DFU mode offers. */
const DfuGattTable *dfu_gatt_table_bootloader(void);

/** What the application offers: a heart rate sensor, without the DFU service. */
const DfuGattTable *dfu_gatt_table_application(void);

/** The characteristic whose value has @value_handle, or the descriptor there; NULL for neither. */
const DfuGattRow *dfu_gatt_table_find(const DfuGattTable *table, guint16 value_handle);

#endif
