/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/discovery.h"

#include <string.h>

#include "emulator/bus/bus_reply.h"

typedef struct {
  gboolean set;     /* SetDiscoveryFilter was called with something */
  gboolean le;      /* Transport includes LE */
  gint16 rssi;      /* weakest wanted; G_MININT16 for any */
  char **uuids;     /* NULL: any */
  char *pattern;    /* NULL: any; else how name or address must begin */
} Filter;

typedef struct {
  DfuDiscovery *discovery;
  char *name;
  guint watch_id;
  gboolean running;
  Filter filter;
} Client;

struct DfuDiscovery {
  GDBusConnection *connection;
  GList *clients;     /* Client */
  gboolean is_halted; /* nobody hears anything, whatever the clients were told */
  void (*changed)(gpointer user_data);
  gpointer user_data;
};

static const Filter no_filter = {.le = TRUE, .rssi = G_MININT16};

static void clear_filter(Filter *filter)
{
  g_strfreev(filter->uuids);
  g_free(filter->pattern);
  *filter = no_filter;
}

static void free_client(gpointer data)
{
  Client *client = data;

  g_bus_unwatch_name(client->watch_id);
  clear_filter(&client->filter);
  g_free(client->name);
  g_free(client);
}

DfuDiscovery *dfu_discovery_new(GDBusConnection *connection, void (*changed)(gpointer user_data),
                                gpointer user_data)
{
  DfuDiscovery *discovery = g_new0(DfuDiscovery, 1);

  discovery->connection = connection;
  discovery->changed = changed;
  discovery->user_data = user_data;
  return discovery;
}

void dfu_discovery_free(DfuDiscovery *discovery)
{
  g_list_free_full(discovery->clients, free_client);
  g_free(discovery);
}

gboolean dfu_discovery_is_running(const DfuDiscovery *discovery)
{
  if (discovery->is_halted) {
    return FALSE;
  }
  for (GList *l = discovery->clients; l != NULL; l = l->next) {
    const Client *client = l->data;

    if (client->running) {
      return TRUE;
    }
  }
  return FALSE;
}

static void set_running(Client *client, gboolean running)
{
  DfuDiscovery *discovery = client->discovery;
  gboolean before = dfu_discovery_is_running(discovery);

  client->running = running;
  discovery->is_halted &= !running;
  if (before != dfu_discovery_is_running(discovery)) {
    discovery->changed(discovery->user_data);
  }
}

/* A client that leaves a filter behind and no discovery ends everybody's: so does bluetoothd 5.66,
 * src/adapter.c, discovery_disconnect. */
static void halt(DfuDiscovery *discovery)
{
  if (dfu_discovery_is_running(discovery)) {
    discovery->is_halted = TRUE;
    discovery->changed(discovery->user_data);
  }
}

static void on_client_vanished(GDBusConnection *connection G_GNUC_UNUSED,
                               const char *name G_GNUC_UNUSED, gpointer user_data)
{
  Client *client = user_data;
  DfuDiscovery *discovery = client->discovery;

  if (client->running) {
    set_running(client, FALSE);
  } else if (client->filter.set) {
    halt(discovery);
  }
  discovery->clients = g_list_remove(discovery->clients, client);
  free_client(client);
}

static Client *find_client(DfuDiscovery *discovery, const char *name)
{
  for (GList *l = discovery->clients; l != NULL; l = l->next) {
    Client *client = l->data;

    if (strcmp(client->name, name) == 0) {
      return client;
    }
  }
  return NULL;
}

static Client *get_client(DfuDiscovery *discovery, GDBusMethodInvocation *invocation)
{
  const char *name = g_dbus_method_invocation_get_sender(invocation);
  Client *client = find_client(discovery, name);

  if (client == NULL) {
    client = g_new0(Client, 1);
    client->discovery = discovery;
    client->name = g_strdup(name);
    client->filter = no_filter;
    client->watch_id =
      g_bus_watch_name_on_connection(discovery->connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                     NULL, on_client_vanished, client, NULL);
    discovery->clients = g_list_append(discovery->clients, client);
  }
  return client;
}

gboolean dfu_discovery_is_filtered(const DfuDiscovery *discovery)
{
  for (GList *l = discovery->clients; l != NULL; l = l->next) {
    const Client *client = l->data;

    if (client->running && client->filter.set) {
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean has_wanted_uuid(const Filter *filter, const DfuAdvertisement *advertisement)
{
  for (gsize i = 0; advertisement->uuids[i] != NULL; i++) {
    if (g_strv_contains((const char *const *)filter->uuids, advertisement->uuids[i])) {
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean matches(const Filter *filter, const DfuAdvertisement *advertisement, gint16 rssi)
{
  return filter->le && rssi >= filter->rssi
         && (filter->uuids == NULL || has_wanted_uuid(filter, advertisement))
         && (filter->pattern == NULL || g_str_has_prefix(advertisement->name, filter->pattern)
             || g_str_has_prefix(advertisement->address, filter->pattern));
}

gboolean dfu_discovery_matches(const DfuDiscovery *discovery, const DfuAdvertisement *advertisement,
                               gint16 rssi)
{
  for (GList *l = discovery->clients; l != NULL; l = l->next) {
    const Client *client = l->data;

    if (client->running && matches(&client->filter, advertisement, rssi)) {
      return TRUE;
    }
  }
  return FALSE;
}

/* Pathloss, DuplicateData and Discoverable are taken, as by a daemon whose one device has no
 * Tx power, no changing data and is always discoverable: then they make no difference. */
static gboolean parse_property(Filter *filter, const char *key, GVariant *value)
{
  const char *text = NULL;

  if (strcmp(key, "UUIDs") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING_ARRAY)) {
    g_strfreev(filter->uuids);
    filter->uuids = g_variant_n_children(value) > 0 ? g_variant_dup_strv(value, NULL) : NULL;
  } else if (strcmp(key, "RSSI") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_INT16)) {
    filter->rssi = g_variant_get_int16(value);
  } else if (strcmp(key, "Pattern") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
    g_free(filter->pattern);
    filter->pattern = g_variant_dup_string(value, NULL);
  } else if (strcmp(key, "Transport") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
    text = g_variant_get_string(value, NULL);
    filter->le = strcmp(text, "bredr") != 0;
    return strcmp(text, "auto") == 0 || strcmp(text, "le") == 0 || !filter->le;
  } else {
    return (strcmp(key, "Pathloss") == 0 && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT16))
           || ((strcmp(key, "DuplicateData") == 0 || strcmp(key, "Discoverable") == 0)
               && g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN));
  }
  return TRUE;
}

static gboolean parse_filter(Filter *filter, GVariant *properties)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init(&iter, properties);
  while (g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
    gboolean good = parse_property(filter, key, value);

    g_variant_unref(value);
    if (!good) {
      return FALSE;
    }
    filter->set = TRUE;
  }
  return TRUE;
}

void dfu_discovery_set_filter(DfuDiscovery *discovery, GDBusMethodInvocation *invocation,
                              GVariant *properties)
{
  Filter filter = no_filter;
  Client *client;

  if (!parse_filter(&filter, properties)) {
    clear_filter(&filter);
    dfu_bus_fail_invalid_arguments(invocation);
    return;
  }
  client = get_client(discovery, invocation);
  clear_filter(&client->filter);
  client->filter = filter;
  g_dbus_method_invocation_return_value(invocation, NULL);
}

void dfu_discovery_get_filters(GDBusMethodInvocation *invocation)
{
  static const char *const filters[] = {"UUIDs",         "RSSI",         "Pathloss", "Transport",
                                        "DuplicateData", "Discoverable", "Pattern",  NULL};

  g_dbus_method_invocation_return_value(invocation, g_variant_new("(^as)", filters));
}

void dfu_discovery_start(DfuDiscovery *discovery, GDBusMethodInvocation *invocation)
{
  Client *client = get_client(discovery, invocation);

  if (client->running) {
    dfu_bus_fail_busy(invocation);
    return;
  }
  g_dbus_method_invocation_return_value(invocation, NULL); /* before Discovering: true */
  set_running(client, TRUE);
}

void dfu_discovery_stop(DfuDiscovery *discovery, GDBusMethodInvocation *invocation)
{
  Client *client = find_client(discovery, g_dbus_method_invocation_get_sender(invocation));

  if (client == NULL || !client->running) {
    dfu_bus_fail(invocation, "No discovery started");
    return;
  }
  g_dbus_method_invocation_return_value(invocation, NULL); /* before Discovering: false */
  set_running(client, FALSE);
}

void dfu_discovery_stop_all(DfuDiscovery *discovery)
{
  for (GList *l = discovery->clients; l != NULL; l = l->next) {
    set_running(l->data, FALSE);
  }
}
