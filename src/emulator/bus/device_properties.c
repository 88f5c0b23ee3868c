/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/device_properties.h"

#include <string.h>

#include "emulator/bus/bus_interfaces.h"

/* Less is no news to a discovery without a filter: RSSI_THRESHOLD of bluetoothd, src/device.c. */
enum { RSSI_THRESHOLD = 8 };

/* Adds @uuids to the property. Returns: the new value, NULL if nothing is new. */
static GVariant *merge_uuids(DfuBusObject *object, const char *const *uuids)
{
  g_autoptr(GPtrArray) merged = g_ptr_array_new();
  g_autofree const char **known = g_variant_get_strv(dfu_bus_object_get(object, "UUIDs"), NULL);
  gboolean grown = FALSE;

  for (gsize i = 0; known[i] != NULL; i++) {
    g_ptr_array_add(merged, (gpointer)known[i]);
  }
  for (gsize i = 0; uuids[i] != NULL; i++) {
    if (!g_strv_contains(known, uuids[i])) {
      g_ptr_array_add(merged, (gpointer)uuids[i]);
      grown = TRUE;
    }
  }
  return grown ? g_variant_new_strv((const char *const *)merged->pdata, (gssize)merged->len) : NULL;
}

/* The two top bits of a static random address are set. */
static const char *address_type(const char *address)
{
  return g_ascii_xdigit_value(address[0]) >= 0xc ? "random" : "public";
}

/* Who tells an empty one has no Name, and is called by the address. */
static void set_name(DfuBusObject *object, const DfuAdvertisement *advertisement)
{
  g_autofree char *address = g_strdelimit(g_strdup(advertisement->address), ":", '-');
  gboolean told = *advertisement->name != '\0';

  if (told) {
    dfu_bus_object_set(object, "Name", g_variant_new_string(advertisement->name));
  }
  dfu_bus_object_set(object, "Alias", g_variant_new_string(told ? advertisement->name : address));
}

void dfu_device_properties_set(DfuBusObject *object, const DfuAdvertisement *advertisement,
                               gint16 rssi)
{
  static const char *const off[] = {"Paired",        "Bonded",    "Trusted",         "Blocked",
                                    "LegacyPairing", "Connected", "ServicesResolved"};

  dfu_bus_object_set(object, "Address", g_variant_new_string(advertisement->address));
  dfu_bus_object_set(object, "AddressType",
                     g_variant_new_string(address_type(advertisement->address)));
  set_name(object, advertisement);
  dfu_bus_object_set(object, "RSSI", g_variant_new_int16(rssi));
  dfu_bus_object_set(object, "UUIDs", g_variant_new_strv(advertisement->uuids, -1));
  dfu_bus_object_set(object, "Adapter", g_variant_new_object_path(BUS_ADAPTER_PATH));
  for (gsize i = 0; i < G_N_ELEMENTS(off); i++) {
    dfu_bus_object_set(object, off[i], g_variant_new_boolean(FALSE));
  }
}

void dfu_device_properties_name(DfuBusObject *object, const char *name)
{
  GVariant *old = dfu_bus_object_get(object, "Name");

  if (*name == '\0') {
    return;
  }
  if (old == NULL || strcmp(g_variant_get_string(old, NULL), name) != 0) {
    dfu_bus_object_change(object, "Name", g_variant_new_string(name), NULL);
    dfu_bus_object_change(object, "Alias", g_variant_new_string(name), NULL);
  }
}

void dfu_device_properties_heard(DfuBusObject *object, const DfuAdvertisement *advertisement,
                                 gint16 rssi, gboolean always)
{
  GVariant *old = dfu_bus_object_get(object, "RSSI");
  GVariant *uuids = merge_uuids(object, advertisement->uuids);

  if (old == NULL || always || ABS(g_variant_get_int16(old) - rssi) >= RSSI_THRESHOLD) {
    dfu_bus_object_change(object, "RSSI", g_variant_new_int16(rssi), NULL);
  }
  dfu_device_properties_name(object, advertisement->name);
  if (uuids != NULL) {
    dfu_bus_object_change(object, "UUIDs", uuids, NULL);
  }
}

void dfu_device_properties_forget_rssi(DfuBusObject *object)
{
  if (dfu_bus_object_get(object, "RSSI") != NULL) {
    dfu_bus_object_change(object, "RSSI", NULL, NULL);
  }
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those of the services in @table, in the order of bluetoothd; empty if there are none. */
static GPtrArray *list_services(const DfuGattTable *table)
{
  GPtrArray *uuids = g_ptr_array_new();

  for (gsize i = 0; i < table->n_rows; i++) {
    if (table->rows[i].kind == DFU_GATT_SERVICE) {
      g_ptr_array_add(uuids, (gpointer)table->rows[i].uuid);
    }
  }
  g_ptr_array_sort(uuids, compare_texts);
  return uuids;
}

void dfu_device_properties_resolved(DfuBusObject *object, const DfuGattTable *table)
{
  g_autoptr(GPtrArray) uuids = list_services(table);
  g_autoptr(GVariant) value = g_variant_ref_sink(
    g_variant_new_strv((const char *const *)uuids->pdata, (gssize)uuids->len));
  GVariant *yes = g_variant_new_boolean(TRUE);

  /* What was advertised, or offered before, and is no service now does not stay. */
  if (uuids->len > 0 && !g_variant_equal(value, dfu_bus_object_get(object, "UUIDs"))) {
    dfu_bus_object_change(object, "UUIDs", value, "ServicesResolved", yes, NULL);
  } else {
    dfu_bus_object_change(object, "ServicesResolved", yes, NULL);
  }
}

void dfu_device_properties_unresolved(DfuBusObject *object)
{
  if (dfu_bus_object_is(object, "ServicesResolved")) {
    dfu_bus_object_change(object, "ServicesResolved", g_variant_new_boolean(FALSE), NULL);
  }
}

void dfu_device_properties_lost(DfuBusObject *object)
{
  if (dfu_bus_object_is(object, "ServicesResolved")) {
    dfu_bus_object_change(object, "ServicesResolved", g_variant_new_boolean(FALSE), "Connected",
                          g_variant_new_boolean(FALSE), NULL);
  } else {
    dfu_bus_object_change(object, "Connected", g_variant_new_boolean(FALSE), NULL);
  }
}
