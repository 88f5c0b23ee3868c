/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_notifications.h"

#include <string.h>

#include "emulator/bus/acquired_socket.h"
#include "emulator/bus/bus_reply.h"

struct DfuBusNotifications {
  DfuBusObject *object;
  DfuBusLink *link;
  guint8 properties;
  guint16 cccd_handle;       /* 0: it has none */
  DfuAcquiredSocket *socket; /* NULL: not acquired */
  gboolean is_stuck;         /* it is taken for acquired, by nobody */
  GList *subscribers;        /* Subscriber: who called StartNotify */
};

typedef struct {
  DfuBusNotifications *owner;
  char *name;
  guint watch_id;
} Subscriber;

/** A call that waits for the CCCD to be written. */
typedef struct {
  DfuBusNotifications *owner;
  GDBusMethodInvocation *invocation;
} Call;

static Call *new_call(DfuBusNotifications *notifications, GDBusMethodInvocation *invocation)
{
  Call *call = g_new(Call, 1);

  *call = (Call){notifications, invocation};
  return call;
}

static gboolean can_notify(const DfuBusNotifications *notifications)
{
  return (notifications->properties & DFU_GATT_NOTIFY) != 0;
}

static void on_cccd_cleared(guint result G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void write_cccd(DfuBusNotifications *notifications, gboolean on, DfuBusLinkFunc func,
                       gpointer user_data)
{
  const guint8 off_bytes[] = {0, 0};
  const guint8 notify_bytes[] = {1, 0};
  const guint8 indicate_bytes[] = {2, 0};
  const guint8 *on_bytes = can_notify(notifications) ? notify_bytes : indicate_bytes;

  dfu_bus_link_write(notifications->link, notifications->cccd_handle, on ? on_bytes : off_bytes,
                     2, func, user_data);
}

/* The last one who wanted notifications has gone, while the connection stays. */
static void unsubscribe_unless_wanted(DfuBusNotifications *notifications)
{
  if (notifications->socket == NULL && notifications->subscribers == NULL
      && dfu_bus_link_is_open(notifications->link)) {
    write_cccd(notifications, FALSE, on_cccd_cleared, NULL);
  }
}

static void on_released(gpointer user_data)
{
  DfuBusNotifications *notifications = user_data;

  dfu_bus_notifications_drop(notifications);
  unsubscribe_unless_wanted(notifications);
}

void dfu_bus_notifications_drop(DfuBusNotifications *notifications)
{
  if (notifications->socket != NULL) {
    g_clear_pointer(&notifications->socket, dfu_acquired_socket_free);
    dfu_bus_object_change(notifications->object, "NotifyAcquired", g_variant_new_boolean(FALSE),
                          NULL);
  }
}

/*
 * A CCCD that is refused, or lost with the link, leaves the caller without any answer, and the
 * characteristic acquired for as long as its object lives: so does bluetoothd up to 5.83.
 * Dropping the last reference to an invocation is how GDBus sends nothing.
 */
static void on_acquired(guint result, gpointer user_data)
{
  static const DfuAcquiredSocketFuncs funcs = {NULL, on_released};
  g_autofree Call *call = user_data;
  DfuBusNotifications *notifications = call->owner;
  g_autoptr(GError) error = NULL;
  int client_fd;

  if (result != 0) {
    notifications->is_stuck = TRUE;
    g_object_unref(call->invocation);
    return;
  }
  if (notifications->socket != NULL) { /* two calls before the first was through */
    dfu_bus_fail_not_permitted(call->invocation, "Notify acquired");
    return;
  }
  notifications->socket = dfu_acquired_socket_new(&funcs, notifications, &client_fd, &error);
  if (notifications->socket == NULL) {
    dfu_bus_fail(call->invocation, error->message);
    return;
  }
  dfu_bus_object_change(notifications->object, "NotifyAcquired", g_variant_new_boolean(TRUE),
                        NULL);
  dfu_bus_return_socket(call->invocation, client_fd, dfu_bus_link_get_mtu(notifications->link));
}

static gboolean is_acquired(const DfuBusNotifications *notifications)
{
  return notifications->socket != NULL || notifications->is_stuck;
}

void dfu_bus_notifications_acquire(DfuBusNotifications *notifications,
                                   GDBusMethodInvocation *invocation)
{
  if (notifications->subscribers != NULL) {
    dfu_bus_fail_in_progress(invocation);
  } else if (is_acquired(notifications)) {
    dfu_bus_fail_not_permitted(invocation, "Notify acquired");
  } else if (!can_notify(notifications)) {
    dfu_bus_fail_not_supported(invocation);
  } else {
    write_cccd(notifications, TRUE, on_acquired, new_call(notifications, invocation));
  }
}

static Subscriber *find_subscriber(DfuBusNotifications *notifications, const char *name)
{
  for (GList *l = notifications->subscribers; l != NULL; l = l->next) {
    Subscriber *subscriber = l->data;

    if (strcmp(subscriber->name, name) == 0) {
      return subscriber;
    }
  }
  return NULL;
}

static void free_subscriber(gpointer data)
{
  Subscriber *subscriber = data;

  g_bus_unwatch_name(subscriber->watch_id);
  g_free(subscriber->name);
  g_free(subscriber);
}

static void remove_subscriber(Subscriber *subscriber)
{
  DfuBusNotifications *notifications = subscriber->owner;

  notifications->subscribers = g_list_remove(notifications->subscribers, subscriber);
  free_subscriber(subscriber);
  if (notifications->subscribers == NULL
      && dfu_bus_object_is(notifications->object, "Notifying")) {
    dfu_bus_object_change(notifications->object, "Notifying", g_variant_new_boolean(FALSE), NULL);
  }
  unsubscribe_unless_wanted(notifications);
}

static void on_subscriber_vanished(GDBusConnection *connection G_GNUC_UNUSED,
                                   const char *name G_GNUC_UNUSED, gpointer user_data)
{
  remove_subscriber(user_data);
}

static void add_subscriber(DfuBusNotifications *notifications, GDBusMethodInvocation *invocation)
{
  Subscriber *subscriber = g_new0(Subscriber, 1);

  subscriber->owner = notifications;
  subscriber->name = g_strdup(g_dbus_method_invocation_get_sender(invocation));
  subscriber->watch_id = g_bus_watch_name_on_connection(
    g_dbus_method_invocation_get_connection(invocation), subscriber->name,
    G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_subscriber_vanished, subscriber, NULL);
  notifications->subscribers = g_list_append(notifications->subscribers, subscriber);
}

static void on_subscribed(guint result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  DfuBusNotifications *notifications = call->owner;

  if (result != 0) {
    Subscriber *subscriber =
      find_subscriber(notifications, g_dbus_method_invocation_get_sender(call->invocation));

    if (subscriber != NULL) { /* it may have left the bus meanwhile */
      remove_subscriber(subscriber);
    }
    dfu_bus_fail_result(call->invocation, result);
    return;
  }
  if (!dfu_bus_object_is(notifications->object, "Notifying")) {
    dfu_bus_object_change(notifications->object, "Notifying", g_variant_new_boolean(TRUE), NULL);
  }
  g_dbus_method_invocation_return_value(call->invocation, NULL);
}

void dfu_bus_notifications_start(DfuBusNotifications *notifications,
                                 GDBusMethodInvocation *invocation)
{
  if (notifications->cccd_handle == 0) {
    dfu_bus_fail_not_supported(invocation);
    return;
  }
  if (is_acquired(notifications)) {
    dfu_bus_fail_not_permitted(invocation, "Notify acquired");
    return;
  }
  if (find_subscriber(notifications, g_dbus_method_invocation_get_sender(invocation)) != NULL) {
    dfu_bus_fail(invocation, "Already notifying");
    return;
  }
  add_subscriber(notifications, invocation);
  write_cccd(notifications, TRUE, on_subscribed, new_call(notifications, invocation));
}

void dfu_bus_notifications_stop(DfuBusNotifications *notifications,
                                GDBusMethodInvocation *invocation)
{
  Subscriber *subscriber =
    find_subscriber(notifications, g_dbus_method_invocation_get_sender(invocation));

  if (subscriber == NULL) {
    dfu_bus_fail(invocation, "No notify session started");
    return;
  }
  remove_subscriber(subscriber);
  g_dbus_method_invocation_return_value(invocation, NULL);
}

void dfu_bus_notifications_resubscribe(DfuBusNotifications *notifications)
{
  if (notifications->subscribers != NULL) {
    write_cccd(notifications, TRUE, on_cccd_cleared, NULL);
  }
}

void dfu_bus_notifications_deliver(DfuBusNotifications *notifications, const guint8 *bytes,
                                   gsize len)
{
  if (notifications->socket != NULL) {
    dfu_acquired_socket_send(notifications->socket, bytes, len);
  }
  if (notifications->subscribers != NULL) {
    dfu_bus_object_change(notifications->object, "Value", dfu_bus_bytes(bytes, len), NULL);
  }
}

DfuBusNotifications *dfu_bus_notifications_new(DfuBusObject *object, DfuBusLink *link,
                                               const DfuGattRow *row, guint16 cccd_handle)
{
  DfuBusNotifications *notifications = g_new0(DfuBusNotifications, 1);

  notifications->object = object;
  notifications->link = link;
  notifications->properties = row->properties;
  notifications->cccd_handle = cccd_handle;
  if (cccd_handle != 0) {
    dfu_bus_object_set(object, "Notifying", g_variant_new_boolean(FALSE));
  }
  if (can_notify(notifications)) {
    dfu_bus_object_set(object, "NotifyAcquired", g_variant_new_boolean(FALSE));
  }
  return notifications;
}

void dfu_bus_notifications_free(DfuBusNotifications *notifications)
{
  dfu_bus_notifications_drop(notifications);
  g_list_free_full(notifications->subscribers, free_subscriber);
  g_free(notifications);
}
