/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the handles: what the SoftDevice of nRF5 SDK 11 hands out when
 * examples/dfu/bootloader (dfu_transport_ble.c, ble_dfu.c) adds its services.
 */
#include "emulator/board/gatt_table.h"

#include <string.h>

#include "wire/uuids.h"

static DfuGattRow *add_row(DfuGattTable *table, DfuGattKind kind, guint16 handle, const char *uuid)
{
  DfuGattRow *row = &table->rows[table->n_rows++];

  g_assert(table->n_rows <= DFU_GATT_MAX_ROWS);
  *row = (DfuGattRow){.kind = kind, .handle = handle, .uuid = uuid};
  return row;
}

static guint16 next_handle(const DfuGattTable *table)
{
  const DfuGattRow *last;

  if (table->n_rows == 0) {
    return 1;
  }
  last = &table->rows[table->n_rows - 1];
  return last->handle + (last->kind == DFU_GATT_CHARACTERISTIC ? 2 : 1);
}

/* Whatever is added from now on belongs to it. */
static void add_service(DfuGattTable *table, const char *uuid)
{
  add_row(table, DFU_GATT_SERVICE, next_handle(table), uuid);
}

static void add_characteristic(DfuGattTable *table, guint8 properties, const char *uuid)
{
  add_row(table, DFU_GATT_CHARACTERISTIC, next_handle(table), uuid)->properties = properties;
  if ((properties & (DFU_GATT_NOTIFY | DFU_GATT_INDICATE)) != 0) {
    add_row(table, DFU_GATT_DESCRIPTOR, next_handle(table), DFU_UUID_CCCD);
  }
}

/* The stack brings these two with it, under any program. */
static void add_generic_services(DfuGattTable *table)
{
  add_service(table, DFU_UUID_GENERIC_ACCESS);
  add_characteristic(table, DFU_GATT_READ, DFU_GATT_DEVICE_NAME);
  add_characteristic(table, DFU_GATT_READ, DFU_GATT_UUID("2a01"));
  add_characteristic(table, DFU_GATT_READ, DFU_GATT_CONNECTION_PARAMETERS);
  add_service(table, DFU_UUID_GENERIC_ATTRIBUTE);
  add_characteristic(table, DFU_GATT_INDICATE, DFU_GATT_SERVICE_CHANGED);
}

static void add_dfu(DfuGattTable *table, gboolean packet_has_write, gboolean has_revision)
{
  guint8 write = packet_has_write ? DFU_GATT_WRITE : 0;

  add_service(table, DFU_UUID_SERVICE);
  add_characteristic(table, write | DFU_GATT_WRITE_WITHOUT_RESPONSE, DFU_UUID_PACKET);
  add_characteristic(table, DFU_GATT_WRITE | DFU_GATT_NOTIFY, DFU_UUID_CONTROL_POINT);
  if (has_revision) {
    add_characteristic(table, DFU_GATT_READ, DFU_UUID_REVISION);
  }
}

static void add_where_told(DfuGattTable *table, const char *text, const char *uuid)
{
  if (text != NULL) {
    add_characteristic(table, DFU_GATT_READ, uuid);
  }
}

static void add_device_information(DfuGattTable *table, const DfuPersonality *personality)
{
  if (personality->manufacturer == NULL && personality->model == NULL
      && personality->firmware == NULL) {
    return;
  }
  add_service(table, DFU_GATT_UUID("180a"));
  add_where_told(table, personality->manufacturer, DFU_GATT_MANUFACTURER);
  add_where_told(table, personality->model, DFU_GATT_MODEL);
  add_where_told(table, personality->firmware, DFU_GATT_FIRMWARE);
}

static void add_heart_rate(DfuGattTable *table)
{
  add_service(table, DFU_GATT_HEART_RATE_SERVICE);
  add_characteristic(table, DFU_GATT_NOTIFY, DFU_GATT_UUID("2a37"));
  add_characteristic(table, DFU_GATT_READ, DFU_GATT_SENSOR_LOCATION);
}

static void add_battery(DfuGattTable *table)
{
  add_service(table, DFU_GATT_UUID("180f"));
  add_characteristic(table, DFU_GATT_READ | DFU_GATT_NOTIFY, DFU_GATT_BATTERY_LEVEL);
}

static void add_current_time(DfuGattTable *table)
{
  add_service(table, DFU_GATT_UUID("1805"));
  add_characteristic(table, DFU_GATT_READ | DFU_GATT_NOTIFY, DFU_GATT_CURRENT_TIME);
}

/* A service reaches up to the next one. */
static void end_services(DfuGattTable *table)
{
  guint16 end = next_handle(table) - 1;

  for (gsize i = table->n_rows; i > 0; i--) {
    if (table->rows[i - 1].kind == DFU_GATT_SERVICE) {
      table->rows[i - 1].end_handle = end;
      end = table->rows[i - 1].handle - 1;
    }
  }
}

void dfu_gatt_table_fill_target(DfuGattTable *table, const DfuPersonality *personality)
{
  table->n_rows = 0;
  add_generic_services(table);
  add_dfu(table, personality->packet_has_write, personality->has_revision);
  add_device_information(table, personality);
  if (personality->is_application) {
    add_current_time(table);
    add_battery(table);
    add_heart_rate(table);
  }
  end_services(table);
}

void dfu_gatt_table_fill_application(DfuGattTable *table, gboolean has_dfu, gboolean has_revision)
{
  table->n_rows = 0;
  add_generic_services(table);
  add_heart_rate(table);
  if (has_dfu) {
    add_battery(table);
    add_dfu(table, FALSE, has_revision);
  }
  end_services(table);
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

guint16 dfu_gatt_table_value_handle(const DfuGattTable *table, const char *uuid)
{
  for (gsize i = 0; i < table->n_rows; i++) {
    const DfuGattRow *row = &table->rows[i];

    if (row->kind == DFU_GATT_CHARACTERISTIC && strcmp(row->uuid, uuid) == 0) {
      return row->handle + 1;
    }
  }
  return 0;
}

const DfuGattRow *dfu_gatt_table_owner(const DfuGattTable *table, const DfuGattRow *descriptor)
{
  const DfuGattRow *row = descriptor;

  while (row > table->rows && row->kind == DFU_GATT_DESCRIPTOR) {
    row--;
  }
  return row;
}
