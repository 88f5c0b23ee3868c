/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_adapter.h"

#include <string.h>

#include "emulator/bus/bus_interfaces.h"
#include "emulator/bus/bus_reply.h"

enum { FIRST_ADVERTISEMENT_MS = 10, ADVERTISING_INTERVAL_MS = 150 };

struct DfuBusAdapter {
  DfuBusObject *object;
  DfuDiscovery *discovery;
  guint advertising_id;
  const DfuBusAdapterFuncs *funcs;
  gpointer user_data;
};

static gboolean on_advertisement(gpointer user_data)
{
  DfuBusAdapter *adapter = user_data;

  adapter->funcs->advertised(adapter->user_data);
  adapter->advertising_id = g_timeout_add(ADVERTISING_INTERVAL_MS, on_advertisement, adapter);
  return G_SOURCE_REMOVE;
}

static void on_discovery_changed(gpointer user_data)
{
  DfuBusAdapter *adapter = user_data;
  gboolean running = dfu_discovery_is_running(adapter->discovery);

  g_clear_handle_id(&adapter->advertising_id, g_source_remove);
  if (running) {
    adapter->advertising_id = g_timeout_add(FIRST_ADVERTISEMENT_MS, on_advertisement, adapter);
  } else {
    adapter->funcs->discovery_ended(adapter->user_data);
  }
  dfu_bus_object_change(adapter->object, "Discovering", g_variant_new_boolean(running), NULL);
}

/* Powered is the only property that can be written. */
static gboolean on_property_set(const char *property G_GNUC_UNUSED, GVariant *value,
                                GError **error G_GNUC_UNUSED, gpointer user_data)
{
  DfuBusAdapter *adapter = user_data;
  gboolean powered = g_variant_get_boolean(value);

  if (powered == dfu_bus_adapter_is_powered(adapter)) {
    return TRUE;
  }
  if (!powered) {
    adapter->funcs->power_lost(adapter->user_data);
    dfu_discovery_stop_all(adapter->discovery);
  }
  dfu_bus_object_change(adapter->object, "Powered", value, NULL);
  return TRUE;
}

static void on_called(GDBusMethodInvocation *invocation, const char *method, GVariant *arguments,
                      gpointer user_data)
{
  DfuBusAdapter *adapter = user_data;
  g_autoptr(GVariant) argument =
    g_variant_n_children(arguments) > 0 ? g_variant_get_child_value(arguments, 0) : NULL;

  if (strcmp(method, "GetDiscoveryFilters") == 0) {
    dfu_discovery_get_filters(invocation);
  } else if (strcmp(method, "RemoveDevice") == 0) {
    adapter->funcs->remove_device(g_variant_get_string(argument, NULL), invocation,
                                  adapter->user_data);
  } else if (!dfu_bus_adapter_is_powered(adapter)) {
    dfu_bus_fail_not_ready(invocation);
  } else if (strcmp(method, "StartDiscovery") == 0) {
    dfu_discovery_start(adapter->discovery, invocation);
  } else if (strcmp(method, "StopDiscovery") == 0) {
    dfu_discovery_stop(adapter->discovery, invocation);
  } else {
    dfu_discovery_set_filter(adapter->discovery, invocation, argument);
  }
}

static void set_properties(DfuBusObject *adapter, gboolean powered)
{
  static const char *const roles[] = {"central", "peripheral", NULL};
  static const char *const no_uuids[] = {NULL};

  dfu_bus_object_set(adapter, "Address", g_variant_new_string("00:AA:01:00:00:42"));
  dfu_bus_object_set(adapter, "AddressType", g_variant_new_string("public"));
  dfu_bus_object_set(adapter, "Name", g_variant_new_string("dfu-ble-target"));
  dfu_bus_object_set(adapter, "Alias", g_variant_new_string("dfu-ble-target"));
  dfu_bus_object_set(adapter, "Class", g_variant_new_uint32(0));
  dfu_bus_object_set(adapter, "Powered", g_variant_new_boolean(powered));
  dfu_bus_object_set(adapter, "Discoverable", g_variant_new_boolean(FALSE));
  dfu_bus_object_set(adapter, "DiscoverableTimeout", g_variant_new_uint32(180));
  dfu_bus_object_set(adapter, "Pairable", g_variant_new_boolean(FALSE));
  dfu_bus_object_set(adapter, "PairableTimeout", g_variant_new_uint32(0));
  dfu_bus_object_set(adapter, "Discovering", g_variant_new_boolean(FALSE));
  dfu_bus_object_set(adapter, "UUIDs", g_variant_new_strv(no_uuids, -1));
  dfu_bus_object_set(adapter, "Modalias", g_variant_new_string("usb:v1D6Bp0246d0542"));
  dfu_bus_object_set(adapter, "Roles", g_variant_new_strv(roles, -1));
}

DfuBusAdapter *dfu_bus_adapter_new(DfuBusObjects *objects, gboolean powered,
                                   const DfuBusAdapterFuncs *funcs, gpointer user_data)
{
  static const DfuBusObjectFuncs object_funcs = {on_called, on_property_set};
  DfuBusAdapter *adapter = g_new0(DfuBusAdapter, 1);

  adapter->funcs = funcs;
  adapter->user_data = user_data;
  adapter->discovery = dfu_discovery_new(dfu_bus_objects_get_connection(objects),
                                         on_discovery_changed, adapter);
  adapter->object =
    dfu_bus_object_new(objects, BUS_ADAPTER_PATH, BUS_ADAPTER, &object_funcs, adapter);
  set_properties(adapter->object, powered);
  dfu_bus_object_publish(adapter->object);
  return adapter;
}

void dfu_bus_adapter_free(DfuBusAdapter *adapter)
{
  g_clear_handle_id(&adapter->advertising_id, g_source_remove);
  dfu_discovery_free(adapter->discovery);
  dfu_bus_object_remove(adapter->object);
  g_free(adapter);
}

gboolean dfu_bus_adapter_is_powered(const DfuBusAdapter *adapter)
{
  return dfu_bus_object_is(adapter->object, "Powered");
}

const DfuDiscovery *dfu_bus_adapter_get_discovery(const DfuBusAdapter *adapter)
{
  return adapter->discovery;
}
