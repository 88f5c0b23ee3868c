/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/connection.h"

#include "bluez/bluez_error.h"
#include "bluez/notifier.h"
#include "bluez/packet_writer.h"

#include <dfu/bluez.h>
#include <string.h>

#define MAX_CONTROL_BYTES 20

/* An ATT request that is not answered ends after 30 s, and bluetoothd says so. */
#define CONTROL_TIMEOUT_MS 40000

/* BlueZ was seen to replace all objects within 45 ms. */
#define REPLACE_TIMEOUT_MS 1000
#define REPEAT_PAUSE_MS 100

/* Connected: false, or the objects' removal, follows the end of a descriptor within milliseconds;
 * answers that are still on their way over the bus are heard before it. */
#define GRACE_MS 300

struct DfuBluezConnection {
  DfuBluezBus *bus;
  char *device;
  const DfuBluezConnectionFuncs *funcs;
  gpointer user_data;
  GCancellable *cancellable;
  DfuBluezGatt gatt;
  gboolean has_packet;
  gboolean is_ended;
  gboolean is_replacing; /* the objects went away and are to come back */
  guint grace_id;
  guint replace_id;

  DfuBluezNotifier *notifier;
  gboolean is_subscribed; /* SUBSCRIBED was told */
  gboolean is_starting;   /* the notifier is being started, for the first time or again */
  gint64 subscribe_until_us;
  guint subscribe_id;

  enum { CONTROL_NONE, CONTROL_HELD, CONTROL_SENT } control;
  guint8 control_value[MAX_CONTROL_BYTES];
  gsize control_len;
  gint64 control_until_us;
  guint control_id;

  DfuBluezPacketWriter *writer;
  gboolean has_written_packets;
};

static void start_notifier(DfuBluezConnection *connection);
static void send_control(DfuBluezConnection *connection);

/* The last thing done; @why is taken. */
static void end(DfuBluezConnection *connection, GError *why)
{
  g_autoptr(GError) error = why;

  if (connection->is_ended)
    return;
  dfu_bluez_connection_end(connection);
  connection->funcs->ended(error, connection->user_data);
}

static gboolean is_connected(DfuBluezConnection *connection)
{
  return dfu_bluez_objects_get_flag(dfu_bluez_bus_objects(connection->bus), connection->device,
                                    DFU_BLUEZ_DEVICE, "Connected");
}

static gboolean on_grace_over(gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  connection->grace_id = 0;
  end(connection, g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                              "BlueZ closed the connection's descriptors"));
  return G_SOURCE_REMOVE;
}

static void on_hung_up(gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  if (!connection->is_ended && !connection->is_replacing && connection->grace_id == 0)
    connection->grace_id = g_timeout_add(GRACE_MS, on_grace_over, connection);
}

/* Whether to make a call again: nothing was done, and BlueZ may be replacing the objects. */
static gboolean may_repeat(DfuBluezConnection *connection, const DfuBluezFault *fault,
                           gint64 until_us)
{
  return fault->repeatable && is_connected(connection) && g_get_monotonic_time() < until_us;
}

/* Whether an error is the link's, not an answer to the call. */
static gboolean is_loss(const GError *error, const DfuBluezFault *fault)
{
  return fault->link_lost || (fault->repeatable && fault->code != DFU_ERROR_BUSY) ||
         g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void tell_failure(DfuBluezConnection *connection, DfuLinkEventType type,
                         const GError *dbus_error, const char *operation)
{
  const char *address =
      dfu_bluez_objects_get_text(dfu_bluez_bus_objects(connection->bus), connection->device,
                                 DFU_BLUEZ_DEVICE, "Address");
  g_autoptr(GError) error =
      dfu_bluez_error_new(dbus_error, dfu_bluez_is_address(address) ? address : NULL, "%s",
                          operation);
  DfuLinkEvent event = {
    .type = type,
    .error = error,
    .att_error = dfu_bluez_error_classify(dbus_error).att_error,
  };

  connection->funcs->event(&event, connection->user_data);
}

static void tell_success(DfuBluezConnection *connection, DfuLinkEventType type)
{
  DfuLinkEvent event = { .type = type };

  connection->funcs->event(&event, connection->user_data);
}

static void on_notified(const guint8 *bytes, gsize len, gpointer user_data)
{
  DfuBluezConnection *connection = user_data;
  DfuLinkEvent event = { .type = DFU_LINK_NOTIFIED, .bytes = bytes, .len = len };

  connection->funcs->event(&event, connection->user_data);
}

static gboolean on_subscribe_again(gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  connection->subscribe_id = 0;
  start_notifier(connection);
  return G_SOURCE_REMOVE;
}

static void on_notifier_failed(DfuBluezConnection *connection, const GError *error)
{
  DfuBluezFault fault = dfu_bluez_error_classify(error);

  g_clear_pointer(&connection->notifier, dfu_bluez_notifier_free);
  if (may_repeat(connection, &fault, connection->subscribe_until_us)) {
    connection->subscribe_id = g_timeout_add(REPEAT_PAUSE_MS, on_subscribe_again, connection);
    return;
  }
  connection->is_starting = FALSE;
  if (fault.link_lost || connection->is_subscribed)
    end(connection, dfu_bluez_error_new(error, NULL, "switching notifications on"));
  else
    tell_failure(connection, DFU_LINK_SUBSCRIBED, error, "switching notifications on");
}

static void on_notifier_started(const GError *error, gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  if (connection->is_ended)
    return;
  if (error != NULL) {
    on_notifier_failed(connection, error);
    return;
  }
  connection->is_starting = FALSE;
  if (connection->is_subscribed) {
    send_control(connection);
    return;
  }
  connection->is_subscribed = TRUE;
  tell_success(connection, DFU_LINK_SUBSCRIBED);
}

static const DfuBluezNotifierFuncs notifier_funcs = { on_notifier_started, on_notified,
                                                      on_hung_up };

static void start_notifier(DfuBluezConnection *connection)
{
  if (!connection->is_replacing)
    connection->notifier = dfu_bluez_notifier_new(connection->bus, connection->gatt.control,
                                                  &notifier_funcs, connection);
}

static void begin_subscribing(DfuBluezConnection *connection)
{
  connection->is_starting = TRUE;
  connection->subscribe_until_us =
      g_get_monotonic_time() + REPLACE_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
  start_notifier(connection);
}

static gboolean on_control_again(gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  connection->control_id = 0;
  send_control(connection);
  return G_SOURCE_REMOVE;
}

static void on_control_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezConnection *connection = user_data;
  DfuBluezFault fault;

  if (dfu_bluez_is_cancelled(error))
    return;
  connection->control = CONTROL_NONE;
  if (!connection->is_replacing)
    g_clear_handle_id(&connection->replace_id, g_source_remove);
  if (error == NULL) {
    tell_success(connection, DFU_LINK_CONTROL_WRITTEN);
    return;
  }
  fault = dfu_bluez_error_classify(error);
  if (may_repeat(connection, &fault, connection->control_until_us)) {
    connection->control = CONTROL_HELD;
    connection->control_id = g_timeout_add(REPEAT_PAUSE_MS, on_control_again, connection);
  } else if (is_loss(error, &fault)) {
    end(connection, dfu_bluez_error_new(error, NULL, "writing the control point"));
  } else {
    tell_failure(connection, DFU_LINK_CONTROL_WRITTEN, error, "writing the control point");
  }
}

/* Sends the write that is held, unless it has to wait for objects or notifications. */
static void send_control(DfuBluezConnection *connection)
{
  GVariantBuilder options;
  GVariant *value;

  if (connection->control != CONTROL_HELD || connection->control_id != 0 ||
      connection->is_replacing || (connection->is_starting && connection->is_subscribed))
    return;
  connection->control = CONTROL_SENT;
  value = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, connection->control_value,
                                    connection->control_len, 1);
  g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&options, "{sv}", "type", g_variant_new_string("request"));
  dfu_bluez_bus_call(connection->bus, connection->gatt.control, DFU_BLUEZ_CHARACTERISTIC,
                     "WriteValue", g_variant_new("(@aya{sv})", value, &options),
                     CONTROL_TIMEOUT_MS, connection->cancellable, on_control_answered, connection);
}

static void on_packets_written(gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  if (!connection->is_ended)
    tell_success(connection, DFU_LINK_PACKETS_WRITTEN);
}

static void on_packets_failed(const GError *error, gpointer user_data)
{
  end(user_data, g_error_copy(error));
}

static const DfuBluezPacketWriterFuncs writer_funcs = { on_packets_written, on_packets_failed,
                                                        on_hung_up };

static gboolean on_replace_time_over(gpointer user_data)
{
  DfuBluezConnection *connection = user_data;

  connection->replace_id = 0;
  end(connection, g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                              "BlueZ took the device's DFU service away while it was connected"));
  return G_SOURCE_REMOVE;
}

static void begin_replacing(DfuBluezConnection *connection)
{
  if (connection->has_written_packets) {
    end(connection, g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                                "BlueZ replaced the device's services during the transfer"));
    return;
  }
  connection->is_replacing = TRUE;
  dfu_bluez_gatt_clear(&connection->gatt);
  g_clear_handle_id(&connection->grace_id, g_source_remove);
  g_clear_handle_id(&connection->subscribe_id, g_source_remove);
  g_clear_pointer(&connection->notifier, dfu_bluez_notifier_free);
  g_clear_handle_id(&connection->replace_id, g_source_remove);
  connection->replace_id = g_timeout_add(REPLACE_TIMEOUT_MS, on_replace_time_over, connection);
}

static void look_for_replacement(DfuBluezConnection *connection)
{
  dfu_bluez_gatt_clear(&connection->gatt);
  if (!dfu_bluez_gatt_find(dfu_bluez_bus_objects(connection->bus), connection->device,
                           &connection->gatt) ||
      (connection->has_packet && connection->gatt.packet == NULL))
    return;
  connection->is_replacing = FALSE;
  /* A request that was under way may have gone with the old objects, and is never answered then. */
  if (connection->control != CONTROL_SENT)
    g_clear_handle_id(&connection->replace_id, g_source_remove);
  /* The subscription went with the objects. */
  if (connection->is_subscribed || connection->is_starting)
    begin_subscribing(connection);
  send_control(connection);
}

DfuBluezConnection *dfu_bluez_connection_new(DfuBluezBus *bus, const char *device,
                                             const DfuBluezGatt *gatt,
                                             const DfuBluezConnectionFuncs *funcs,
                                             gpointer user_data)
{
  DfuBluezConnection *connection = g_new0(DfuBluezConnection, 1);

  connection->bus = bus;
  connection->device = g_strdup(device);
  connection->funcs = funcs;
  connection->user_data = user_data;
  connection->cancellable = g_cancellable_new();
  dfu_bluez_gatt_copy(gatt, &connection->gatt);
  connection->has_packet = gatt->packet != NULL;
  return connection;
}

void dfu_bluez_connection_subscribe(DfuBluezConnection *connection)
{
  g_return_if_fail(!connection->is_starting);
  if (connection->is_ended)
    return;
  connection->is_subscribed = FALSE;
  g_clear_pointer(&connection->notifier, dfu_bluez_notifier_free);
  begin_subscribing(connection);
}

void dfu_bluez_connection_write_control(DfuBluezConnection *connection, const guint8 *bytes,
                                        gsize len)
{
  g_return_if_fail(connection->control == CONTROL_NONE && len <= MAX_CONTROL_BYTES);
  if (connection->is_ended)
    return;
  memcpy(connection->control_value, bytes, len);
  connection->control_len = len;
  connection->control_until_us =
      g_get_monotonic_time() + REPLACE_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
  connection->control = CONTROL_HELD;
  send_control(connection);
}

void dfu_bluez_connection_write_packets(DfuBluezConnection *connection, const guint8 *bytes,
                                        gsize len, guint packet_bytes, DfuLinkOrder order)
{
  g_return_if_fail(connection->has_packet);
  if (connection->is_ended)
    return;
  /* There is no object to write to just now: give the connection up. */
  if (connection->is_replacing) {
    g_clear_handle_id(&connection->grace_id, g_source_remove);
    connection->grace_id = g_timeout_add(0, on_grace_over, connection);
    return;
  }
  if (connection->writer == NULL)
    connection->writer =
        dfu_bluez_packet_writer_new(connection->bus, connection->gatt.packet,
                                    connection->gatt.mtu, &writer_funcs, connection);
  connection->has_written_packets = TRUE;
  dfu_bluez_packet_writer_write(connection->writer, bytes, len, packet_bytes, order);
}

void dfu_bluez_connection_on_change(DfuBluezConnection *connection, const DfuBluezChange *change)
{
  if (connection->is_ended)
    return;
  if (change->type == DFU_BLUEZ_GONE) {
    end(connection, g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST, "bluetoothd went away"));
  } else if (!is_connected(connection)) {
    end(connection, g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST, "the link was lost"));
  } else if (change->type == DFU_BLUEZ_REMOVED && !connection->is_replacing &&
             !dfu_bluez_objects_has(dfu_bluez_bus_objects(connection->bus),
                                    connection->gatt.control, DFU_BLUEZ_CHARACTERISTIC)) {
    begin_replacing(connection);
  } else if (change->type == DFU_BLUEZ_ADDED && connection->is_replacing) {
    look_for_replacement(connection);
  } else if (connection->notifier != NULL) {
    dfu_bluez_notifier_on_change(connection->notifier, change);
  }
}

gboolean dfu_bluez_connection_spoilt_object(const DfuBluezConnection *connection)
{
  return connection->notifier != NULL && dfu_bluez_notifier_is_waiting(connection->notifier);
}

void dfu_bluez_connection_end(DfuBluezConnection *connection)
{
  connection->is_ended = TRUE;
  if (connection->notifier != NULL && is_connected(connection))
    dfu_bluez_notifier_cancel(connection->notifier);
  g_cancellable_cancel(connection->cancellable);
  g_clear_handle_id(&connection->grace_id, g_source_remove);
  g_clear_handle_id(&connection->replace_id, g_source_remove);
  g_clear_handle_id(&connection->subscribe_id, g_source_remove);
  g_clear_handle_id(&connection->control_id, g_source_remove);
}

void dfu_bluez_connection_drain(DfuBluezConnection *connection)
{
  if (connection->notifier != NULL)
    dfu_bluez_notifier_drain(connection->notifier);
}

const char *dfu_bluez_connection_device(const DfuBluezConnection *connection)
{
  return connection->device;
}

void dfu_bluez_connection_free(DfuBluezConnection *connection)
{
  if (connection == NULL)
    return;
  dfu_bluez_connection_end(connection);
  g_object_unref(connection->cancellable);
  dfu_bluez_notifier_free(connection->notifier);
  dfu_bluez_packet_writer_free(connection->writer);
  dfu_bluez_gatt_clear(&connection->gatt);
  g_free(connection->device);
  g_free(connection);
}
