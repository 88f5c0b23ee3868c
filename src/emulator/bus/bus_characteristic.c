/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_characteristic.h"

#include <string.h>

#include "emulator/bus/acquired_socket.h"
#include "emulator/bus/bus_reply.h"
#include "emulator/bus/bus_interfaces.h"
#include "emulator/bus/bus_notifications.h"

struct DfuBusCharacteristic {
  DfuBusObject *object;
  DfuBusLink *link;
  const DfuGattRow *row;
  DfuBusNotifications *notifications;
  gboolean writing;                /* a WriteValue is unanswered */
  DfuAcquiredSocket *write_socket; /* NULL: not acquired */
};

/** A WriteValue that waits for the peer's answer. */
typedef struct {
  DfuBusCharacteristic *characteristic;
  GDBusMethodInvocation *invocation;
} Write;

static guint16 value_handle(const DfuBusCharacteristic *characteristic)
{
  return characteristic->row->handle + 1;
}

static gboolean has_property(const DfuBusCharacteristic *characteristic, guint8 property)
{
  return (characteristic->row->properties & property) != 0;
}

static void read_value(DfuBusCharacteristic *characteristic, GDBusMethodInvocation *invocation)
{
  guint8 bytes[DFU_GATT_MAX_VALUE_BYTES];
  gsize len;
  guint8 att_error = dfu_bus_link_read(characteristic->link, value_handle(characteristic), bytes,
                                       &len);

  if (att_error != 0) {
    dfu_bus_fail_result(invocation, att_error);
    return;
  }
  /* The daemon does not tell a read from a notification. */
  dfu_bus_object_change(characteristic->object, "Value", dfu_bus_bytes(bytes, len), NULL);
  g_dbus_method_invocation_return_value(invocation,
                                        g_variant_new("(@ay)", dfu_bus_bytes(bytes, len)));
}

static void on_written(guint result, gpointer user_data)
{
  g_autofree Write *write = user_data;

  write->characteristic->writing = FALSE;
  if (result == 0) {
    g_dbus_method_invocation_return_value(write->invocation, NULL);
  } else {
    dfu_bus_fail_result(write->invocation, result);
  }
}

static void write_request(DfuBusCharacteristic *characteristic, GDBusMethodInvocation *invocation,
                          const guint8 *bytes, gsize len)
{
  Write *write = g_new(Write, 1);

  *write = (Write){characteristic, invocation};
  characteristic->writing = TRUE;
  dfu_bus_link_write(characteristic->link, value_handle(characteristic), bytes, len, on_written,
                     write);
}

static void write_command(DfuBusCharacteristic *characteristic, GDBusMethodInvocation *invocation,
                          const guint8 *bytes, gsize len)
{
  if (dfu_bus_link_command(characteristic->link, value_handle(characteristic), bytes, len)) {
    g_dbus_method_invocation_return_value(invocation, NULL);
  } else {
    dfu_bus_fail(invocation, "Failed to initiate write");
  }
}

/* Without a type the daemon prefers the request, where the characteristic has it. */
static void write_value(DfuBusCharacteristic *characteristic, GDBusMethodInvocation *invocation,
                        GVariant *arguments)
{
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) options = NULL;
  const char *type = NULL;
  const guint8 *bytes;
  gsize len;

  if (characteristic->write_socket != NULL) {
    dfu_bus_fail_not_permitted(invocation, "Write acquired");
    return;
  }
  if (characteristic->writing) {
    dfu_bus_fail_in_progress(invocation);
    return;
  }
  g_variant_get(arguments, "(@ay@a{sv})", &value, &options);
  g_variant_lookup(options, "type", "&s", &type);
  bytes = g_variant_get_fixed_array(value, &len, 1);
  if (g_strcmp0(type, "request") == 0
      || (type == NULL && has_property(characteristic, DFU_GATT_WRITE))) {
    write_request(characteristic, invocation, bytes, len);
  } else if (g_strcmp0(type, "command") == 0
             || (type == NULL && has_property(characteristic, DFU_GATT_WRITE_WITHOUT_RESPONSE))) {
    write_command(characteristic, invocation, bytes, len);
  } else if (type == NULL) {
    dfu_bus_fail_not_supported(invocation);
  } else {
    dfu_bus_fail_invalid_arguments(invocation);
  }
}

static gboolean on_packet(const guint8 *bytes, gsize len, gpointer user_data)
{
  DfuBusCharacteristic *characteristic = user_data;

  /* What does not fit is thrown away without a word, as the daemon does. */
  dfu_bus_link_command(characteristic->link, value_handle(characteristic), bytes, len);
  return characteristic->write_socket != NULL;
}

static void on_write_released(gpointer user_data)
{
  dfu_bus_characteristic_drop_write(user_data);
}

void dfu_bus_characteristic_drop_write(DfuBusCharacteristic *characteristic)
{
  if (characteristic->write_socket != NULL) {
    g_clear_pointer(&characteristic->write_socket, dfu_acquired_socket_free);
    dfu_bus_object_change(characteristic->object, "WriteAcquired", g_variant_new_boolean(FALSE),
                          NULL);
  }
}

static void acquire_write(DfuBusCharacteristic *characteristic, GDBusMethodInvocation *invocation)
{
  static const DfuAcquiredSocketFuncs funcs = {on_packet, on_write_released};
  g_autoptr(GError) error = NULL;
  int client_fd;

  if (characteristic->write_socket != NULL) {
    dfu_bus_fail_not_permitted(invocation, "Write acquired");
    return;
  }
  if (!has_property(characteristic, DFU_GATT_WRITE_WITHOUT_RESPONSE)) {
    dfu_bus_fail_not_supported(invocation);
    return;
  }
  characteristic->write_socket =
    dfu_acquired_socket_new(&funcs, characteristic, &client_fd, &error);
  if (characteristic->write_socket == NULL) {
    dfu_bus_fail(invocation, error->message);
    return;
  }
  dfu_bus_object_change(characteristic->object, "WriteAcquired", g_variant_new_boolean(TRUE), NULL);
  dfu_bus_return_socket(invocation, client_fd, dfu_bus_link_get_mtu(characteristic->link));
}

static void on_called(GDBusMethodInvocation *invocation, const char *method, GVariant *arguments,
                      gpointer user_data)
{
  DfuBusCharacteristic *characteristic = user_data;

  if (strcmp(method, "StopNotify") == 0) {
    dfu_bus_notifications_stop(characteristic->notifications, invocation);
  } else if (!dfu_bus_link_is_open(characteristic->link)) {
    dfu_bus_fail_not_connected(invocation);
  } else if (strcmp(method, "ReadValue") == 0) {
    read_value(characteristic, invocation);
  } else if (strcmp(method, "WriteValue") == 0) {
    write_value(characteristic, invocation, arguments);
  } else if (strcmp(method, "AcquireWrite") == 0) {
    acquire_write(characteristic, invocation);
  } else if (strcmp(method, "AcquireNotify") == 0) {
    dfu_bus_notifications_acquire(characteristic->notifications, invocation);
  } else {
    dfu_bus_notifications_start(characteristic->notifications, invocation);
  }
}

static GVariant *list_flags(const DfuBusCharacteristic *characteristic)
{
  static const struct {
    guint8 property;
    const char *flag;
  } flags[] = {
    {DFU_GATT_READ, "read"},
    {DFU_GATT_WRITE_WITHOUT_RESPONSE, "write-without-response"},
    {DFU_GATT_WRITE, "write"},
    {DFU_GATT_NOTIFY, "notify"},
    {DFU_GATT_INDICATE, "indicate"},
  };
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
    if (has_property(characteristic, flags[i].property)) {
      g_variant_builder_add(&builder, "s", flags[i].flag);
    }
  }
  return g_variant_builder_end(&builder);
}

void dfu_bus_characteristic_show_mtu(DfuBusCharacteristic *characteristic)
{
  dfu_bus_object_set(characteristic->object, "MTU",
                     g_variant_new_uint16(dfu_bus_link_get_mtu(characteristic->link)));
}

void dfu_bus_characteristic_hide_mtu(DfuBusCharacteristic *characteristic)
{
  dfu_bus_object_set(characteristic->object, "MTU", NULL);
}

static void set_properties(DfuBusCharacteristic *characteristic, const char *service_path)
{
  DfuBusObject *object = characteristic->object;

  dfu_bus_object_set(object, "UUID", g_variant_new_string(characteristic->row->uuid));
  dfu_bus_object_set(object, "Service", g_variant_new_object_path(service_path));
  dfu_bus_object_set(object, "Value", dfu_bus_bytes(NULL, 0));
  dfu_bus_object_set(object, "Flags", list_flags(characteristic));
  dfu_bus_characteristic_show_mtu(characteristic);
  if (has_property(characteristic, DFU_GATT_WRITE_WITHOUT_RESPONSE)) {
    dfu_bus_object_set(object, "WriteAcquired", g_variant_new_boolean(FALSE));
  }
}

DfuBusCharacteristic *dfu_bus_characteristic_new(DfuBusObjects *objects, DfuBusLink *link,
                                                 const char *service_path, const DfuGattRow *row,
                                                 guint16 cccd_handle)
{
  static const DfuBusObjectFuncs funcs = {on_called, NULL};
  DfuBusCharacteristic *characteristic = g_new0(DfuBusCharacteristic, 1);
  g_autofree char *path = g_strdup_printf("%s/char%04x", service_path, row->handle);

  characteristic->link = link;
  characteristic->row = row;
  characteristic->object =
    dfu_bus_object_new(objects, path, BUS_CHARACTERISTIC, &funcs, characteristic);
  characteristic->notifications =
    dfu_bus_notifications_new(characteristic->object, link, row, cccd_handle);
  set_properties(characteristic, service_path);
  dfu_bus_object_publish(characteristic->object);
  return characteristic;
}

void dfu_bus_characteristic_free(DfuBusCharacteristic *characteristic)
{
  dfu_bus_notifications_free(characteristic->notifications);
  dfu_bus_characteristic_drop_write(characteristic);
  dfu_bus_object_remove(characteristic->object);
  g_free(characteristic);
}

void dfu_bus_characteristic_resubscribe(DfuBusCharacteristic *characteristic)
{
  dfu_bus_notifications_resubscribe(characteristic->notifications);
}

void dfu_bus_characteristic_drop_notify(DfuBusCharacteristic *characteristic)
{
  dfu_bus_notifications_drop(characteristic->notifications);
}

void dfu_bus_characteristic_notified(DfuBusCharacteristic *characteristic, guint16 handle,
                                     const guint8 *bytes, gsize len)
{
  if (handle == value_handle(characteristic)) {
    dfu_bus_notifications_deliver(characteristic->notifications, bytes, len);
  }
}

const char *dfu_bus_characteristic_get_path(const DfuBusCharacteristic *characteristic)
{
  return dfu_bus_object_get_path(characteristic->object);
}
