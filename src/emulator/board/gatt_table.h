/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The attributes that a program of an emulated board offers, with their handles:
 * a table, the same for every transport.
 */
#ifndef DFU_EMULATOR_BOARD_GATT_TABLE_H
#define DFU_EMULATOR_BOARD_GATT_TABLE_H

#include <glib.h>

#include "target/personality.h"

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

/** Assigned Numbers, 3.4 and 3.8. */
#define DFU_GATT_UUID(digits) "0000" digits "-0000-1000-8000-00805f9b34fb"
#define DFU_GATT_DEVICE_NAME DFU_GATT_UUID("2a00")
#define DFU_GATT_CONNECTION_PARAMETERS DFU_GATT_UUID("2a04")
#define DFU_GATT_SERVICE_CHANGED DFU_GATT_UUID("2a05")
#define DFU_GATT_MODEL DFU_GATT_UUID("2a24")
#define DFU_GATT_FIRMWARE DFU_GATT_UUID("2a26")
#define DFU_GATT_MANUFACTURER DFU_GATT_UUID("2a29")
#define DFU_GATT_BATTERY_LEVEL DFU_GATT_UUID("2a19")
#define DFU_GATT_CURRENT_TIME DFU_GATT_UUID("2a2b")
#define DFU_GATT_SENSOR_LOCATION DFU_GATT_UUID("2a38")
#define DFU_GATT_HEART_RATE_SERVICE DFU_GATT_UUID("180d")

/** One row; rows stand in the order of their handles, each under what it belongs to. */
typedef struct {
  DfuGattKind kind;
  guint16 handle;
  guint16 end_handle; /* SERVICE */
  guint8 properties;  /* CHARACTERISTIC */
  const char *uuid;   /* 128 bits, lower case */
} DfuGattRow;

enum { DFU_GATT_MAX_ROWS = 40 };

typedef struct {
  DfuGattRow rows[DFU_GATT_MAX_ROWS];
  gsize n_rows;
} DfuGattTable;

/** What a target offers: the DFU service, Device Information, and an application's where it is one. */
void dfu_gatt_table_fill_target(DfuGattTable *table, const DfuPersonality *personality);

/**
 * dfu_gatt_table_fill_application:
 * @has_dfu: it has a DFU service, for entering the bootloader
 * @has_revision: with a DFU Revision
 *
 * What a heart rate sensor offers.
 */
void dfu_gatt_table_fill_application(DfuGattTable *table, gboolean has_dfu, gboolean has_revision);

/** The characteristic whose value has @value_handle, or the descriptor there; NULL for neither. */
const DfuGattRow *dfu_gatt_table_find(const DfuGattTable *table, guint16 value_handle);

/** Where the value of the characteristic @uuid is; 0: there is none. */
guint16 dfu_gatt_table_value_handle(const DfuGattTable *table, const char *uuid);

/** The characteristic that @descriptor, a row of @table, belongs to. */
const DfuGattRow *dfu_gatt_table_owner(const DfuGattTable *table, const DfuGattRow *descriptor);

#endif
