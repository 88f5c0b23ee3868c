/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The port of link/link.h over BlueZ: which of its operations is under way, and
 * what the session hears. It knows no opcode; how BlueZ does each thing is in
 * the other files of this folder.
 */
#include "base/printable.h"
#include "bluez/adapter.h"
#include "bluez/connect.h"
#include "bluez/connection.h"
#include "bluez/discovery.h"
#include "bluez/leaving.h"
#include "bluez/watch.h"
#include "bluez/whereabouts.h"
#include "link/link.h"

#include <dfu/bluez.h>

#define CALL_TIMEOUT_MS 10000

typedef enum {
  IDLE,       /* nothing, or a watch */
  CONNECTING,
  UP,
  LEAVING,    /* the device is being disconnected, or LOST is about to be told */
} State;

/* Counted, because whoever hears of a notification may free the link while more are read. */
typedef struct {
  DfuLink base;
  char *adapter;
  DfuBluezWhereabouts where;

  State state;
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  DfuBluezRemoval *removal;
  DfuBluezWatch *watch;
  DfuBluezConnect *connect;
  DfuBluezConnection *connection;
  DfuBluezLeaving *leaving;
  guint lost_id;
  GError *why_lost;
} BluezLink;

static void release_link(gpointer user_data)
{
  BluezLink *link = user_data;

  g_free(link->adapter);
  dfu_bluez_whereabouts_clear(&link->where);
  g_clear_error(&link->why_lost);
}

static void unref_link(BluezLink *link)
{
  g_rc_box_release_full(link, release_link);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BluezLink, unref_link)

/* The end of a connection, or of a connecting: what came in before is told first, then LOST. */
static gboolean on_lost(gpointer user_data)
{
  g_autoptr(BluezLink) link = g_rc_box_acquire(user_data);
  g_autoptr(GError) why = g_steal_pointer(&link->why_lost);
  DfuLinkEvent event = { .type = DFU_LINK_LOST, .error = why };

  link->lost_id = 0;
  if (link->connection != NULL)
    dfu_bluez_connection_drain(link->connection);
  g_clear_pointer(&link->connection, dfu_bluez_connection_free);
  link->state = IDLE;
  dfu_link_emit(&link->base, &event);
  return G_SOURCE_REMOVE;
}

static void tell_lost_soon(BluezLink *link)
{
  link->state = LEAVING;
  if (link->lost_id == 0)
    link->lost_id = g_idle_add_full(G_PRIORITY_DEFAULT, on_lost, link, NULL);
}

static void on_left(gpointer user_data)
{
  BluezLink *link = user_data;

  g_clear_pointer(&link->leaving, dfu_bluez_leaving_free);
  tell_lost_soon(link);
}

static void leave(BluezLink *link, const char *device)
{
  link->state = LEAVING;
  link->leaving = dfu_bluez_leaving_new(link->bus, device, on_left, link);
}

static void on_connection_event(const DfuLinkEvent *event, gpointer user_data)
{
  BluezLink *link = user_data;

  dfu_link_emit(&link->base, event);
}

static void on_connection_ended(const GError *why, gpointer user_data)
{
  BluezLink *link = user_data;
  const char *device = dfu_bluez_connection_device(link->connection);

  if (link->state != UP)
    return;
  link->why_lost = g_error_copy(why);
  link->where.must_be_heard = TRUE;
  if (dfu_bluez_objects_get_flag(dfu_bluez_bus_objects(link->bus), device, DFU_BLUEZ_DEVICE,
                                 "Connected"))
    leave(link, device);
  else
    tell_lost_soon(link);
  if (dfu_bluez_connection_spoilt_object(link->connection))
    dfu_bluez_removal_begin(link->removal, device);
}

static const DfuBluezConnectionFuncs connection_funcs = { on_connection_event,
                                                          on_connection_ended };

static void tell_failed(BluezLink *link, const GError *why, DfuLinkTrouble trouble)
{
  g_autoptr(GError) error = g_error_copy(why);
  DfuLinkEvent event = { .type = DFU_LINK_FAILED, .trouble = trouble, .error = error };

  link->where.must_be_heard |= dfu_bluez_connect_was_unanswered(link->connect);
  g_clear_pointer(&link->connect, dfu_bluez_connect_free);
  link->state = IDLE;
  dfu_link_emit(&link->base, &event);
}

/* The result ends with the connecting, and the event is told after that. */
static char *copy_info(const DfuBluezAttemptResult *result, DfuBluezInfo which)
{
  return g_strdup(dfu_bluez_device_info_get(result->info, which));
}

static void tell_up(BluezLink *link, const DfuBluezAttemptResult *result)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(link->bus);
  g_autofree char *name = dfu_printable(
      dfu_bluez_objects_get_text(objects, result->device, DFU_BLUEZ_DEVICE, "Name"), -1);
  g_autofree char *manufacturer = copy_info(result, DFU_BLUEZ_INFO_MANUFACTURER);
  g_autofree char *model = copy_info(result, DFU_BLUEZ_INFO_MODEL);
  g_autofree char *firmware = copy_info(result, DFU_BLUEZ_INFO_FIRMWARE);
  DfuLinkEvent event = {
    .type = DFU_LINK_UP,
    .up = {
      .mtu = result->gatt->mtu,
      .has_revision = result->has_revision,
      .revision = result->revision,
      .has_packet = result->gatt->packet != NULL,
      .packet_has_write = result->gatt->packet_has_write,
      .has_other_services = result->gatt->has_other_services,
      .name = name,
      .manufacturer = manufacturer,
      .model = model,
      .firmware = firmware,
      .rssi = result->rssi,
    },
  };

  dfu_bluez_whereabouts_take(&link->where, objects, result->device);
  event.up.address = link->where.last;
  link->connection = dfu_bluez_connection_new(link->bus, result->device, result->gatt,
                                              &connection_funcs, link);
  g_clear_pointer(&link->connect, dfu_bluez_connect_free);
  link->state = UP;
  dfu_link_emit(&link->base, &event);
}

static void on_connect_ended(const GError *error, DfuLinkTrouble trouble,
                             const DfuBluezAttemptResult *result, gpointer user_data)
{
  if (error != NULL)
    tell_failed(user_data, error, trouble);
  else
    tell_up(user_data, result);
}

static void on_seen(DfuLinkSeen seen, const char *address, gpointer user_data)
{
  BluezLink *link = user_data;
  DfuLinkEvent event = { .type = DFU_LINK_SEEN, .seen = seen, .seen_address = address };

  dfu_link_emit(&link->base, &event);
}

static void on_change(const DfuBluezChange *change, gpointer user_data)
{
  BluezLink *link = user_data;

  if (change->type == DFU_BLUEZ_GONE)
    dfu_bluez_discovery_forget(link->discovery);
  if (link->leaving != NULL)
    dfu_bluez_leaving_on_change(link->leaving);
  else if (link->watch != NULL)
    dfu_bluez_watch_on_change(link->watch, change);
  else if (link->state == CONNECTING)
    dfu_bluez_connect_on_change(link->connect, change);
  else if (link->state == UP)
    dfu_bluez_connection_on_change(link->connection, change);
}

static void link_connect(DfuLink *base, DfuLinkFind find, guint timeout_ms)
{
  BluezLink *link = (BluezLink *)base;
  DfuBluezConnectOptions options = {
    .adapter = link->adapter,
    .wanted = dfu_bluez_whereabouts_wanted(&link->where, find),
    .is_patient = link->where.last != NULL,
    .timeout_ms = timeout_ms,
  };

  g_return_if_fail(link->state == IDLE);
  g_clear_pointer(&link->watch, dfu_bluez_watch_free);
  link->state = CONNECTING;
  link->connect =
      dfu_bluez_connect_new(link->bus, link->discovery, link->removal, &options,
                            on_connect_ended, link);
}

static void link_subscribe(DfuLink *base)
{
  BluezLink *link = (BluezLink *)base;

  if (link->connection != NULL)
    dfu_bluez_connection_subscribe(link->connection);
}

static void link_write_control(DfuLink *base, const guint8 *bytes, gsize len)
{
  BluezLink *link = (BluezLink *)base;

  if (link->connection != NULL)
    dfu_bluez_connection_write_control(link->connection, bytes, len);
}

static void link_write_packets(DfuLink *base, const guint8 *bytes, gsize len, guint packet_bytes,
                               DfuLinkOrder order)
{
  BluezLink *link = (BluezLink *)base;

  if (link->connection != NULL)
    dfu_bluez_connection_write_packets(link->connection, bytes, len, packet_bytes, order);
}

static void stop_connecting(BluezLink *link)
{
  g_autofree char *device = g_strdup(dfu_bluez_connect_engaged_device(link->connect));

  g_clear_pointer(&link->connect, dfu_bluez_connect_free);
  link->where.must_be_heard |= device != NULL;
  if (device != NULL)
    leave(link, device);
  else
    tell_lost_soon(link);
}

static void link_disconnect(DfuLink *base)
{
  BluezLink *link = (BluezLink *)base;

  switch (link->state) {
  case IDLE:
    g_clear_pointer(&link->watch, dfu_bluez_watch_free);
    tell_lost_soon(link);
    break;
  case CONNECTING:
    stop_connecting(link);
    break;
  case UP:
    dfu_bluez_connection_end(link->connection);
    leave(link, dfu_bluez_connection_device(link->connection));
    break;
  case LEAVING:
    break; /* LOST is on its way */
  }
}

static void link_forget(DfuLink *base)
{
  BluezLink *link = (BluezLink *)base;
  DfuBluezObjects *objects = dfu_bluez_bus_objects(link->bus);
  const char *address = dfu_bluez_whereabouts_latest(&link->where);
  g_autofree char *adapter = NULL;
  g_autofree char *device = NULL;

  if (address == NULL || !dfu_bluez_bus_is_open(link->bus))
    return;
  adapter = dfu_bluez_adapter_choose(objects, link->adapter, NULL);
  if (adapter != NULL)
    device = dfu_bluez_objects_find_device(objects, adapter, address);
  if (device != NULL)
    dfu_bluez_removal_begin(link->removal, device);
}

static void link_watch(DfuLink *base, guint timeout_ms)
{
  BluezLink *link = (BluezLink *)base;
  DfuBluezWatchOptions options = {
    .adapter = link->adapter,
    .address = dfu_bluez_whereabouts_latest(&link->where),
    .find = link->where.has_random_address ? DFU_LINK_FIND_ANY : DFU_LINK_FIND_DEVICE,
    .timeout_ms = timeout_ms,
  };

  g_return_if_fail(link->state == IDLE);
  g_clear_pointer(&link->watch, dfu_bluez_watch_free);
  /* A device that was only ever asked for by its name has no place to look at. */
  if (options.address != NULL)
    link->watch = dfu_bluez_watch_new(link->bus, link->discovery, link->removal, &options,
                                      on_seen, link);
}

/* The device that this link has connected, or is connecting. */
static const char *get_engaged_device(const BluezLink *link)
{
  if (link->state == CONNECTING)
    return dfu_bluez_connect_engaged_device(link->connect);
  return link->state == UP ? dfu_bluez_connection_device(link->connection) : NULL;
}

static void link_free(DfuLink *base)
{
  BluezLink *link = (BluezLink *)base;
  const char *device = get_engaged_device(link);

  if (device != NULL && dfu_bluez_bus_is_open(link->bus))
    dfu_bluez_bus_call(link->bus, device, DFU_BLUEZ_DEVICE, "Disconnect", NULL, CALL_TIMEOUT_MS,
                       NULL, NULL, NULL);
  g_clear_handle_id(&link->lost_id, g_source_remove);
  g_clear_pointer(&link->watch, dfu_bluez_watch_free);
  g_clear_pointer(&link->connect, dfu_bluez_connect_free);
  g_clear_pointer(&link->connection, dfu_bluez_connection_free);
  g_clear_pointer(&link->leaving, dfu_bluez_leaving_free);
  g_clear_pointer(&link->removal, dfu_bluez_removal_free);
  g_clear_pointer(&link->discovery, dfu_bluez_discovery_free);
  g_clear_pointer(&link->bus, dfu_bluez_bus_free);
  unref_link(link);
}

static const DfuLinkOps bluez_link_ops = {
  .connect = link_connect,
  .subscribe = link_subscribe,
  .write_control = link_write_control,
  .write_packets = link_write_packets,
  .disconnect = link_disconnect,
  .forget = link_forget,
  .watch = link_watch,
  .free = link_free,
};

static gboolean check_arguments(const char *adapter, const char *address, const char *name,
                                GError **error)
{
  if (adapter != NULL && !dfu_bluez_adapter_is_name(adapter)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "\"%s\" is no adapter name; one is like hci0", adapter);
    return FALSE;
  }
  if (address != NULL && !dfu_bluez_is_address(address)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "\"%s\" is no device address; one is like C4:12:AB:00:11:22", address);
    return FALSE;
  }
  if (address == NULL && (name == NULL || name[0] == '\0')) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "which device? Its address or its name is needed");
    return FALSE;
  }
  return TRUE;
}

DfuLink *dfu_bluez_link_new(const char *adapter, const char *address, const char *name,
                            GError **error)
{
  BluezLink *link;

  if (!check_arguments(adapter, address, name, error))
    return NULL;
  link = g_rc_box_new0(BluezLink);
  link->base.ops = &bluez_link_ops;
  link->adapter = g_strdup(adapter);
  dfu_bluez_whereabouts_init(&link->where, address, name);
  link->bus = dfu_bluez_bus_new(on_change, link);
  link->discovery = dfu_bluez_discovery_new(link->bus);
  link->removal = dfu_bluez_removal_new(link->bus);
  return &link->base;
}

void dfu_bluez_link_set_target_name(DfuLink *base, const char *name)
{
  BluezLink *link = (BluezLink *)base;

  g_free(link->where.target_name);
  link->where.target_name = g_strdup(name);
}
