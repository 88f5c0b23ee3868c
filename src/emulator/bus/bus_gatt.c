/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_gatt.h"

#include <string.h>

#include "emulator/bus/bus_characteristic.h"
#include "emulator/bus/bus_reply.h"
#include "emulator/bus/bus_interfaces.h"
#include "wire/uuids.h"

struct DfuBusGatt {
  DfuBusObjects *objects;
  DfuBusLink *link;
  char *device_path;
  GPtrArray *services; /* Service */
};

typedef struct {
  const DfuGattRow *row;
  DfuBusObject *object;
  GPtrArray *characteristics; /* Characteristic */
} Service;

typedef struct {
  DfuBusCharacteristic *object;
  GPtrArray *descriptors; /* Descriptor */
} Characteristic;

typedef struct {
  const DfuGattRow *row;
  DfuBusLink *link;
  DfuBusObject *object;
} Descriptor;

static void on_descriptor_called(GDBusMethodInvocation *invocation, const char *method,
                                 GVariant *arguments G_GNUC_UNUSED, gpointer user_data)
{
  Descriptor *descriptor = user_data;
  guint8 bytes[DFU_GATT_MAX_VALUE_BYTES];
  gsize len;
  guint8 att_error;

  if (!dfu_bus_link_is_open(descriptor->link)) {
    dfu_bus_fail_not_connected(invocation);
    return;
  }
  if (strcmp(method, "WriteValue") == 0) { /* the only descriptors are CCCDs: the daemon's own */
    dfu_bus_fail_not_permitted(invocation, "Write not permitted");
    return;
  }
  att_error = dfu_bus_link_read(descriptor->link, descriptor->row->handle, bytes, &len);
  if (att_error != 0) {
    dfu_bus_fail_result(invocation, att_error);
    return;
  }
  g_dbus_method_invocation_return_value(invocation,
                                        g_variant_new("(@ay)", dfu_bus_bytes(bytes, len)));
}

static void free_descriptor(gpointer data)
{
  Descriptor *descriptor = data;

  dfu_bus_object_remove(descriptor->object);
  g_free(descriptor);
}

/* What hangs below goes first. */
static void free_characteristic(gpointer data)
{
  Characteristic *characteristic = data;

  g_ptr_array_unref(characteristic->descriptors);
  dfu_bus_characteristic_free(characteristic->object);
  g_free(characteristic);
}

static void free_service(gpointer data)
{
  Service *service = data;

  g_ptr_array_unref(service->characteristics);
  dfu_bus_object_remove(service->object);
  g_free(service);
}

DfuBusGatt *dfu_bus_gatt_new(DfuBusObjects *objects, DfuBusLink *link, const char *device_path)
{
  DfuBusGatt *gatt = g_new0(DfuBusGatt, 1);

  gatt->objects = objects;
  gatt->link = link;
  gatt->device_path = g_strdup(device_path);
  gatt->services = g_ptr_array_new_with_free_func(free_service);
  return gatt;
}

void dfu_bus_gatt_free(DfuBusGatt *gatt)
{
  g_ptr_array_unref(gatt->services);
  g_free(gatt->device_path);
  g_free(gatt);
}

static void add_descriptor(DfuBusGatt *gatt, Characteristic *characteristic, const DfuGattRow *row)
{
  static const DfuBusObjectFuncs funcs = {on_descriptor_called, NULL};
  const char *parent = dfu_bus_characteristic_get_path(characteristic->object);
  g_autofree char *path = g_strdup_printf("%s/desc%04x", parent, row->handle);
  Descriptor *descriptor = g_new0(Descriptor, 1);
  DfuBusObject *object =
    dfu_bus_object_new(gatt->objects, path, BUS_DESCRIPTOR, &funcs, descriptor);

  descriptor->row = row;
  descriptor->link = gatt->link;
  descriptor->object = object;
  dfu_bus_object_set(object, "UUID", g_variant_new_string(row->uuid));
  dfu_bus_object_set(object, "Characteristic", g_variant_new_object_path(parent));
  dfu_bus_object_set(object, "Value", g_variant_new_array(G_VARIANT_TYPE_BYTE, NULL, 0));
  dfu_bus_object_publish(object);
  g_ptr_array_add(characteristic->descriptors, descriptor);
}

/* Adds the characteristic at @at and its descriptors. Returns: the index behind them. */
static gsize add_characteristic(DfuBusGatt *gatt, Service *service, const DfuGattTable *table,
                                gsize at)
{
  const DfuGattRow *row = &table->rows[at];
  gsize end = at + 1;
  guint16 cccd_handle = 0;
  Characteristic *characteristic = g_new0(Characteristic, 1);

  for (; end < table->n_rows && table->rows[end].kind == DFU_GATT_DESCRIPTOR; end++) {
    if (strcmp(table->rows[end].uuid, DFU_UUID_CCCD) == 0) {
      cccd_handle = table->rows[end].handle;
    }
  }
  characteristic->object =
    dfu_bus_characteristic_new(gatt->objects, gatt->link,
                               dfu_bus_object_get_path(service->object), row, cccd_handle);
  characteristic->descriptors = g_ptr_array_new_with_free_func(free_descriptor);
  g_ptr_array_add(service->characteristics, characteristic);
  for (gsize i = at + 1; i < end; i++) {
    add_descriptor(gatt, characteristic, &table->rows[i]);
  }
  return end;
}

static void publish_service(DfuBusGatt *gatt, Service *service, gboolean primary)
{
  static const DfuBusObjectFuncs funcs = {NULL, NULL}; /* it has no methods */
  g_autofree char *path =
    g_strdup_printf("%s/service%04x", gatt->device_path, service->row->handle);
  DfuBusObject *object = dfu_bus_object_new(gatt->objects, path, BUS_SERVICE, &funcs, NULL);

  dfu_bus_object_set(object, "UUID", g_variant_new_string(service->row->uuid));
  dfu_bus_object_set(object, "Device", g_variant_new_object_path(gatt->device_path));
  dfu_bus_object_set(object, "Primary", g_variant_new_boolean(primary));
  dfu_bus_object_set(object, "Includes", g_variant_new_array(G_VARIANT_TYPE_OBJECT_PATH, NULL, 0));
  dfu_bus_object_publish(object);
  service->object = object;
}

static void add_service(DfuBusGatt *gatt, const DfuGattTable *table, gsize at, gboolean primary)
{
  Service *service = g_new0(Service, 1);
  gsize i = at + 1;

  service->row = &table->rows[at];
  service->characteristics = g_ptr_array_new_with_free_func(free_characteristic);
  g_ptr_array_add(gatt->services, service);
  publish_service(gatt, service, primary);
  while (i < table->n_rows && table->rows[i].kind == DFU_GATT_CHARACTERISTIC) {
    i = add_characteristic(gatt, service, table, i);
  }
}

/* The same range and UUID make a service the same to bluetoothd, which does not look inside. */
static gboolean is_same_service(const DfuGattRow *a, const DfuGattRow *b)
{
  return a->handle == b->handle && a->end_handle == b->end_handle && strcmp(a->uuid, b->uuid) == 0;
}

static gboolean is_in_table(const DfuGattTable *table, const Service *service)
{
  for (gsize i = 0; i < table->n_rows; i++) {
    if (table->rows[i].kind == DFU_GATT_SERVICE && is_same_service(&table->rows[i], service->row)) {
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean is_on_bus(const DfuBusGatt *gatt, const DfuGattRow *row)
{
  for (guint i = 0; i < gatt->services->len; i++) {
    const Service *service = g_ptr_array_index(gatt->services, i);

    if (is_same_service(service->row, row)) {
      return TRUE;
    }
  }
  return FALSE;
}

static void remove_changed_services(DfuBusGatt *gatt, const DfuGattTable *table)
{
  for (guint i = gatt->services->len; i > 0; i--) {
    if (!is_in_table(table, g_ptr_array_index(gatt->services, i - 1))) {
      g_ptr_array_remove_index(gatt->services, i - 1);
    }
  }
}

/* BlueZ 5.66 calls a service secondary that it finds new over a cache: a bug of its own. */
static void add_new_services(DfuBusGatt *gatt, const DfuGattTable *table)
{
  gboolean primary = gatt->services->len == 0;

  for (gsize i = 0; i < table->n_rows; i++) {
    const DfuGattRow *row = &table->rows[i];

    if (row->kind == DFU_GATT_SERVICE && strcmp(row->uuid, DFU_UUID_GENERIC_ACCESS) != 0
        && !is_on_bus(gatt, row)) {
      add_service(gatt, table, i, primary);
    }
  }
}

static void for_each_characteristic(DfuBusGatt *gatt, void (*func)(DfuBusCharacteristic *))
{
  for (guint i = 0; i < gatt->services->len; i++) {
    Service *service = g_ptr_array_index(gatt->services, i);

    for (guint j = 0; j < service->characteristics->len; j++) {
      const Characteristic *characteristic = g_ptr_array_index(service->characteristics, j);

      func(characteristic->object);
    }
  }
}

void dfu_bus_gatt_resolve(DfuBusGatt *gatt, const DfuGattTable *table)
{
  remove_changed_services(gatt, table);
  for_each_characteristic(gatt, dfu_bus_characteristic_show_mtu);
  for_each_characteristic(gatt, dfu_bus_characteristic_resubscribe);
  add_new_services(gatt, table);
}

static void on_watched(guint result G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

void dfu_bus_gatt_watch_services(DfuBusGatt *gatt, const DfuGattTable *table)
{
  static const guint8 indicate[] = {2, 0};
  guint16 value_handle = dfu_gatt_table_value_handle(table, DFU_GATT_SERVICE_CHANGED);

  dfu_bus_link_write(gatt->link, value_handle + 1, indicate, sizeof indicate, on_watched, NULL);
}

void dfu_bus_gatt_clear(DfuBusGatt *gatt)
{
  g_ptr_array_set_size(gatt->services, 0);
}

void dfu_bus_gatt_drop(DfuBusGatt *gatt)
{
  for_each_characteristic(gatt, dfu_bus_characteristic_drop_notify);
  for_each_characteristic(gatt, dfu_bus_characteristic_drop_write);
  for_each_characteristic(gatt, dfu_bus_characteristic_hide_mtu);
}

void dfu_bus_gatt_notified(DfuBusGatt *gatt, guint16 handle, const guint8 *bytes, gsize len)
{
  for (guint i = 0; i < gatt->services->len; i++) {
    Service *service = g_ptr_array_index(gatt->services, i);

    for (guint j = 0; j < service->characteristics->len; j++) {
      const Characteristic *characteristic = g_ptr_array_index(service->characteristics, j);

      dfu_bus_characteristic_notified(characteristic->object, handle, bytes, len);
    }
  }
}
