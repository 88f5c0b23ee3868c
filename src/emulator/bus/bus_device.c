/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_device.h"

#include <string.h>

#include "emulator/bus/bus_reply.h"
#include "emulator/bus/bus_gatt.h"
#include "emulator/bus/bus_interfaces.h"
#include "emulator/bus/bus_link.h"
#include "emulator/bus/device_properties.h"
#include "base/deadline.h"

/* How long bluetoothd 5.66 and the kernel under it take, observed. */
enum {
  CONNECT_TIMEOUT_MS = 42000, /* nobody advertises: the kernel gives up */
  RESOLVE_MS = 10,            /* from Connected to ServicesResolved; with a radio it is more */
  SETTLE_MS = 20,             /* from the answer to Disconnect to Connected: false */
  DEAD_LINK_MS = 2000,        /* from an ATT timeout to the daemon's own disconnect */
  TEMPORARY_S = 30,           /* [General] TemporaryTimeout of main.conf */
  DROP_MS = 30,               /* from Connected to the answer, when the peer drops the link at once */
  MUTE_MS = 30000,            /* from Connected to giving up on a peer that never answers */
  CHANGE_MS = 20,             /* from Service Changed to the removal of the old objects */
  REREAD_MS = 45,             /* and from there to the new ones */
};

typedef enum {
  STATE_IDLE,
  STATE_CONNECTING,
  STATE_DROPPED,  /* connected, and disconnected by the peer; Connected is still true */
  STATE_CONNECTED,
  STATE_SETTLING, /* disconnected by us; Connected is still true */
} State;

struct DfuBusDevice {
  const DfuBusHost *host;
  DfuBusObject *object;
  DfuBusLink *link;
  DfuBusGatt *gatt;
  State state;
  GDBusMethodInvocation *connect; /* while CONNECTING and DROPPED */
  GQueue disconnects;             /* unanswered Disconnect calls */
  GQueue forgets;                 /* unanswered RemoveDevice calls */
  guint timer_id;      /* CONNECTING: gives up; CONNECTED: resolves, or dead; DROPPED and
                        * SETTLING: ends */
  guint change_id;     /* CONNECTED: services are read anew */
  guint disconnect_id; /* CONNECTED: Disconnect was called */
  GSource *expiry;
};

static char *make_path(const char *address)
{
  char *path = g_strconcat(BUS_ADAPTER_PATH "/dev_", address, NULL);

  return g_strdelimit(path, ":", '_');
}

static void start_expiry(DfuBusDevice *device)
{
  dfu_deadline_set(device->expiry, g_get_monotonic_time() + TEMPORARY_S * G_USEC_PER_SEC);
}

static void on_expired(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  device->host->expired(device, device->host->user_data);
}

void dfu_bus_device_heard(DfuBusDevice *device, const DfuAdvertisement *advertisement, gint16 rssi,
                          gboolean always)
{
  dfu_device_properties_heard(device->object, advertisement, rssi, always);
  if (device->state == STATE_IDLE) {
    start_expiry(device);
  }
}

void dfu_bus_device_discovery_ended(DfuBusDevice *device)
{
  dfu_device_properties_forget_rssi(device->object);
}

static void answer_all(GQueue *invocations)
{
  GDBusMethodInvocation *invocation;

  while ((invocation = g_queue_pop_head(invocations)) != NULL) {
    g_dbus_method_invocation_return_value(invocation, NULL);
  }
}

static gboolean on_forget_due(gpointer user_data)
{
  DfuBusDevice *device = user_data;
  GQueue forgets = device->forgets;

  device->timer_id = 0;
  g_queue_init(&device->forgets);
  device->host->expired(device, device->host->user_data);
  answer_all(&forgets);
  return G_SOURCE_REMOVE;
}

/* Disconnected in every respect. RemoveDevice goes on later: the way here may lead through a
 * characteristic that is just being written. */
static void become_idle(DfuBusDevice *device)
{
  device->state = STATE_IDLE;
  answer_all(&device->disconnects);
  start_expiry(device);
  if (!g_queue_is_empty(&device->forgets) && device->timer_id == 0) {
    device->timer_id = g_idle_add_full(G_PRIORITY_HIGH, on_forget_due, device, NULL);
  }
}

static void stop_timers(DfuBusDevice *device)
{
  g_clear_handle_id(&device->timer_id, g_source_remove);
  g_clear_handle_id(&device->disconnect_id, g_source_remove);
  g_clear_handle_id(&device->change_id, g_source_remove);
}

void dfu_bus_device_link_lost(DfuBusDevice *device)
{
  stop_timers(device);
  dfu_device_properties_lost(device->object);
  dfu_bus_link_close(device->link);
  dfu_bus_gatt_drop(device->gatt);
  become_idle(device);
}

/* The daemon has given up on a peer that does not answer. */
static gboolean on_link_dead(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  device->timer_id = 0;
  dfu_board_disconnect(device->host->board);
  dfu_bus_device_link_lost(device);
  return G_SOURCE_REMOVE;
}

static void on_att_timeout(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  dfu_bus_gatt_drop(device->gatt);
  g_clear_handle_id(&device->timer_id, g_source_remove);
  g_clear_handle_id(&device->change_id, g_source_remove);
  device->timer_id = g_timeout_add(DEAD_LINK_MS, on_link_dead, device);
}

static gboolean on_settled(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  device->timer_id = 0;
  dfu_bus_object_change(device->object, "Connected", g_variant_new_boolean(FALSE), NULL);
  become_idle(device);
  return G_SOURCE_REMOVE;
}

static gboolean on_disconnect_due(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  device->disconnect_id = 0;
  stop_timers(device);
  device->state = STATE_SETTLING;
  dfu_bus_link_close(device->link);
  dfu_board_disconnect(device->host->board);
  dfu_device_properties_unresolved(device->object);
  dfu_bus_gatt_drop(device->gatt);
  answer_all(&device->disconnects);
  device->timer_id = g_timeout_add(SETTLE_MS, on_settled, device);
  return G_SOURCE_REMOVE;
}

static void start_disconnect(DfuBusDevice *device)
{
  if (device->disconnect_id == 0) {
    device->disconnect_id =
      g_timeout_add(device->host->disconnect_delay_ms, on_disconnect_due, device);
  }
}

static void fail_connect(DfuBusDevice *device, const char *message)
{
  g_clear_handle_id(&device->timer_id, g_source_remove);
  dfu_bus_fail(g_steal_pointer(&device->connect), message);
  become_idle(device);
}

static gboolean on_connect_timeout(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  device->timer_id = 0;
  fail_connect(device, "le-connection-abort-by-local");
  return G_SOURCE_REMOVE;
}

/* The daemon's own GAP profile reads it at each connection. */
static void read_name(DfuBusDevice *device, const DfuGattTable *table)
{
  guint16 handle = dfu_gatt_table_value_handle(table, DFU_GATT_DEVICE_NAME);
  guint8 bytes[DFU_GATT_MAX_VALUE_BYTES];
  gsize len;

  if (dfu_bus_link_read(device->link, handle, bytes, &len) == 0) {
    g_autofree char *name = g_strndup((const char *)bytes, len);

    dfu_device_properties_name(device->object, name);
  }
}

static gboolean on_resolve_due(gpointer user_data)
{
  DfuBusDevice *device = user_data;
  const DfuGattTable *table = dfu_board_get_table(device->host->board);

  device->timer_id = 0;
  read_name(device, table);
  dfu_bus_gatt_resolve(device->gatt, table);
  dfu_device_properties_resolved(device->object, table);
  dfu_bus_gatt_watch_services(device->gatt, table);
  return G_SOURCE_REMOVE;
}

/* The services count as resolved, though none was read, and the daemon gives the link up. */
static gboolean on_mute(gpointer user_data)
{
  static const DfuGattTable nothing = {.n_rows = 0};
  DfuBusDevice *device = user_data;

  dfu_device_properties_resolved(device->object, &nothing);
  device->timer_id = g_timeout_add(DEAD_LINK_MS, on_link_dead, device);
  return G_SOURCE_REMOVE;
}

static gboolean on_reread(gpointer user_data)
{
  DfuBusDevice *device = user_data;
  const DfuGattTable *table = dfu_board_get_table(device->host->board);

  device->change_id = 0;
  dfu_bus_gatt_resolve(device->gatt, table);
  return G_SOURCE_REMOVE;
}

/* Reading anew waits behind the requests that are under way. */
static gboolean on_services_changed(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  if (!dfu_bus_link_is_idle(device->link)) {
    return G_SOURCE_CONTINUE;
  }
  dfu_bus_gatt_clear(device->gatt);
  device->change_id = g_timeout_add(REREAD_MS, on_reread, device);
  return G_SOURCE_REMOVE;
}

/* The error comes before Connected: false. */
static gboolean on_dropped(gpointer user_data)
{
  DfuBusDevice *device = user_data;

  device->timer_id = 0;
  dfu_bus_fail(g_steal_pointer(&device->connect), "le-connection-abort-by-local");
  dfu_device_properties_lost(device->object);
  become_idle(device);
  return G_SOURCE_REMOVE;
}

static void drop(DfuBusDevice *device)
{
  device->state = STATE_DROPPED;
  dfu_bus_link_close(device->link);
  device->timer_id = g_timeout_add(DROP_MS, on_dropped, device);
}

static void start_resolving(DfuBusDevice *device)
{
  gboolean mute = dfu_board_is_stalled(device->host->board);

  device->state = STATE_CONNECTED;
  g_dbus_method_invocation_return_value(g_steal_pointer(&device->connect), NULL);
  device->timer_id = mute ? g_timeout_add(MUTE_MS, on_mute, device)
                          : g_timeout_add(RESOLVE_MS, on_resolve_due, device);
}

/* With a discovery's events before it, the kernel's event of the connection is read after the ATT
 * socket is connected; Connected is true by then, and no signal tells of it. */
static void become_connected(DfuBusDevice *device)
{
  if (device->host->is_discovering(device->host->user_data)) {
    dfu_bus_object_set(device->object, "Connected", g_variant_new_boolean(TRUE));
  } else {
    dfu_bus_object_change(device->object, "Connected", g_variant_new_boolean(TRUE), NULL);
  }
}

void dfu_bus_device_try_connect(DfuBusDevice *device)
{
  const DfuAdvertisement *advertisement = dfu_board_get_advertisement(device->host->board);

  if (device->state != STATE_CONNECTING || advertisement == NULL
      || strcmp(advertisement->address, dfu_bus_device_get_address(device)) != 0
      || !dfu_bus_link_open(device->link)) {
    return;
  }
  g_clear_handle_id(&device->timer_id, g_source_remove);
  become_connected(device);
  if (dfu_board_is_connected(device->host->board)) {
    start_resolving(device);
  } else {
    drop(device);
  }
}

static void connect_device(DfuBusDevice *device, GDBusMethodInvocation *invocation)
{
  if (!device->host->is_powered(device->host->user_data)) {
    dfu_bus_fail(invocation, "le-connection-adapter-not-powered");
    return;
  }
  if (!g_queue_is_empty(&device->forgets)) { /* it is as good as removed */
    dfu_bus_fail_does_not_exist(invocation);
    return;
  }
  switch (device->state) {
  case STATE_CONNECTING:
  case STATE_DROPPED:
    dfu_bus_fail_busy(invocation);
    return;
  case STATE_CONNECTED:
  case STATE_SETTLING: /* the daemon looks at Connected, which is still true */
    g_dbus_method_invocation_return_value(invocation, NULL);
    return;
  case STATE_IDLE:
    break;
  }
  device->state = STATE_CONNECTING;
  device->connect = invocation;
  dfu_deadline_set(device->expiry, G_MAXINT64);
  device->timer_id = g_timeout_add(CONNECT_TIMEOUT_MS, on_connect_timeout, device);
  dfu_bus_device_try_connect(device);
}

static void disconnect_device(DfuBusDevice *device, GDBusMethodInvocation *invocation)
{
  if (device->state == STATE_CONNECTED) {
    g_queue_push_tail(&device->disconnects, invocation);
    start_disconnect(device);
    return;
  }
  if (device->state == STATE_CONNECTING) {
    fail_connect(device, "br-connection-canceled"); /* "br" even over LE */
  }
  g_dbus_method_invocation_return_value(invocation, NULL);
}

void dfu_bus_device_forget(DfuBusDevice *device, GDBusMethodInvocation *invocation)
{
  g_queue_push_tail(&device->forgets, invocation);
  if (device->state == STATE_CONNECTED) {
    start_disconnect(device);
  } else if (device->state == STATE_CONNECTING) {
    fail_connect(device, "br-connection-canceled");
  } else if (device->state == STATE_IDLE) {
    become_idle(device);
  }
}

void dfu_bus_device_power_lost(DfuBusDevice *device)
{
  if (device->state == STATE_CONNECTED) {
    dfu_board_disconnect(device->host->board);
    dfu_bus_device_link_lost(device);
  } else if (device->state == STATE_CONNECTING) {
    fail_connect(device, "le-connection-abort-by-local");
  }
}

static void on_called(GDBusMethodInvocation *invocation, const char *method,
                      GVariant *arguments G_GNUC_UNUSED, gpointer user_data)
{
  if (strcmp(method, "Connect") == 0) {
    connect_device(user_data, invocation);
  } else {
    disconnect_device(user_data, invocation);
  }
}

DfuBusDevice *dfu_bus_device_new(const DfuBusHost *host, const DfuAdvertisement *advertisement,
                                 gint16 rssi)
{
  static const DfuBusObjectFuncs funcs = {on_called, NULL};
  DfuBusDevice *device = g_new0(DfuBusDevice, 1);
  g_autofree char *path = make_path(advertisement->address);

  device->host = host;
  device->object = dfu_bus_object_new(host->objects, path, BUS_DEVICE, &funcs, device);
  device->link = dfu_bus_link_new(host->board, host->air_us, on_att_timeout, device);
  device->gatt = dfu_bus_gatt_new(host->objects, device->link, path);
  device->expiry = dfu_deadline_new(on_expired, device);
  g_queue_init(&device->disconnects);
  g_queue_init(&device->forgets);
  dfu_device_properties_set(device->object, advertisement, rssi);
  dfu_bus_object_publish(device->object);
  start_expiry(device);
  return device;
}

static void drop_invocation(gpointer invocation)
{
  g_object_unref(invocation);
}

void dfu_bus_device_free(DfuBusDevice *device)
{
  stop_timers(device);
  dfu_bus_link_free(device->link);
  if (device->state == STATE_CONNECTED) {
    dfu_board_disconnect(device->host->board);
  }
  g_clear_object(&device->connect);
  g_queue_clear_full(&device->disconnects, drop_invocation);
  g_queue_clear_full(&device->forgets, drop_invocation);
  dfu_bus_gatt_free(device->gatt);
  dfu_bus_object_remove(device->object);
  dfu_deadline_free(device->expiry);
  g_free(device);
}

const char *dfu_bus_device_get_path(const DfuBusDevice *device)
{
  return dfu_bus_object_get_path(device->object);
}

const char *dfu_bus_device_get_address(const DfuBusDevice *device)
{
  return g_variant_get_string(dfu_bus_object_get(device->object, "Address"), NULL);
}

gboolean dfu_bus_device_is_connected(const DfuBusDevice *device)
{
  return device->state == STATE_CONNECTED;
}

void dfu_bus_device_answered(DfuBusDevice *device, guint8 att_error)
{
  dfu_bus_link_answered(device->link, att_error);
}

void dfu_bus_device_notified(DfuBusDevice *device, guint16 handle, const guint8 *bytes, gsize len)
{
  const DfuGattTable *table = dfu_board_get_table(device->host->board);

  if (handle == dfu_gatt_table_value_handle(table, DFU_GATT_SERVICE_CHANGED)
      && device->change_id == 0) {
    device->change_id = g_timeout_add(CHANGE_MS, on_services_changed, device);
  }
  dfu_bus_gatt_notified(device->gatt, handle, bytes, len);
}
