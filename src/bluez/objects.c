/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/objects.h"

#include <string.h>

struct DfuBluezObjects {
  GHashTable *paths; /* path -> table of interfaces -> table of properties -> GVariant */
};

static GHashTable *new_table(GDestroyNotify free_value)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
}

static void free_table(gpointer table)
{
  g_hash_table_unref(table);
}

static void free_variant(gpointer variant)
{
  g_variant_unref(variant);
}

static void set_properties(GHashTable *properties, GVariant *values)
{
  GVariantIter iter;
  char *name;
  GVariant *value;

  g_variant_iter_init(&iter, values);
  while (g_variant_iter_next(&iter, "{sv}", &name, &value))
    g_hash_table_replace(properties, name, value);
}

static GHashTable *find_properties(DfuBluezObjects *objects, const char *path,
                                   const char *interface)
{
  GHashTable *interfaces = path != NULL ? g_hash_table_lookup(objects->paths, path) : NULL;

  return interfaces != NULL ? g_hash_table_lookup(interfaces, interface) : NULL;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean is_below(const char *path, const char *below)
{
  return below == NULL || (g_str_has_prefix(path, below) && path[strlen(below)] == '/');
}

DfuBluezObjects *dfu_bluez_objects_new(void)
{
  DfuBluezObjects *objects = g_new0(DfuBluezObjects, 1);

  objects->paths = new_table(free_table);
  return objects;
}

void dfu_bluez_objects_free(DfuBluezObjects *objects)
{
  if (objects == NULL)
    return;
  g_hash_table_unref(objects->paths);
  g_free(objects);
}

void dfu_bluez_objects_clear(DfuBluezObjects *objects)
{
  g_hash_table_remove_all(objects->paths);
}

void dfu_bluez_objects_load(DfuBluezObjects *objects, GVariant *managed)
{
  GVariantIter iter;
  const char *path;
  GVariant *interfaces;

  dfu_bluez_objects_clear(objects);
  g_variant_iter_init(&iter, managed);
  while (g_variant_iter_loop(&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    dfu_bluez_objects_add(objects, path, interfaces);
}

void dfu_bluez_objects_add(DfuBluezObjects *objects, const char *path, GVariant *interfaces)
{
  GHashTable *known = g_hash_table_lookup(objects->paths, path);
  GVariantIter iter;
  const char *interface;
  GVariant *values;

  if (known == NULL) {
    known = new_table(free_table);
    g_hash_table_insert(objects->paths, g_strdup(path), known);
  }
  g_variant_iter_init(&iter, interfaces);
  while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &interface, &values)) {
    GHashTable *properties = new_table(free_variant);

    set_properties(properties, values);
    g_hash_table_replace(known, g_strdup(interface), properties);
  }
}

void dfu_bluez_objects_remove(DfuBluezObjects *objects, const char *path, const char *interface)
{
  GHashTable *interfaces = g_hash_table_lookup(objects->paths, path);

  if (interfaces == NULL)
    return;
  g_hash_table_remove(interfaces, interface);
  if (g_hash_table_size(interfaces) == 0)
    g_hash_table_remove(objects->paths, path);
}

void dfu_bluez_objects_update(DfuBluezObjects *objects, const char *path, const char *interface,
                              GVariant *changed, GVariant *invalidated)
{
  GHashTable *properties = find_properties(objects, path, interface);
  GVariantIter iter;
  const char *name;

  if (properties == NULL)
    return;
  set_properties(properties, changed);
  g_variant_iter_init(&iter, invalidated);
  while (g_variant_iter_next(&iter, "&s", &name))
    g_hash_table_remove(properties, name);
}

gboolean dfu_bluez_objects_has(DfuBluezObjects *objects, const char *path, const char *interface)
{
  return find_properties(objects, path, interface) != NULL;
}

GVariant *dfu_bluez_objects_get(DfuBluezObjects *objects, const char *path, const char *interface,
                                const char *property, const GVariantType *type)
{
  GHashTable *properties = find_properties(objects, path, interface);
  GVariant *value = properties != NULL ? g_hash_table_lookup(properties, property) : NULL;

  return value != NULL && g_variant_is_of_type(value, type) ? value : NULL;
}

const char *dfu_bluez_objects_get_text(DfuBluezObjects *objects, const char *path,
                                       const char *interface, const char *property)
{
  GVariant *value =
      dfu_bluez_objects_get(objects, path, interface, property, G_VARIANT_TYPE_STRING);

  if (value == NULL)
    value = dfu_bluez_objects_get(objects, path, interface, property, G_VARIANT_TYPE_OBJECT_PATH);
  return value != NULL ? g_variant_get_string(value, NULL) : NULL;
}

gboolean dfu_bluez_objects_get_flag(DfuBluezObjects *objects, const char *path,
                                    const char *interface, const char *property)
{
  GVariant *value =
      dfu_bluez_objects_get(objects, path, interface, property, G_VARIANT_TYPE_BOOLEAN);

  return value != NULL && g_variant_get_boolean(value);
}

gint16 dfu_bluez_objects_get_rssi(DfuBluezObjects *objects, const char *device)
{
  GVariant *value =
      dfu_bluez_objects_get(objects, device, DFU_BLUEZ_DEVICE, "RSSI", G_VARIANT_TYPE_INT16);

  return value != NULL ? g_variant_get_int16(value) : 0;
}

gboolean dfu_bluez_objects_device_has_uuid(DfuBluezObjects *objects, const char *device,
                                           const char *uuid)
{
  GVariant *uuids = dfu_bluez_objects_get(objects, device, DFU_BLUEZ_DEVICE, "UUIDs",
                                          G_VARIANT_TYPE_STRING_ARRAY);
  GVariantIter iter;
  const char *one;

  if (uuids == NULL)
    return FALSE;
  g_variant_iter_init(&iter, uuids);
  while (g_variant_iter_next(&iter, "&s", &one)) {
    if (g_ascii_strcasecmp(one, uuid) == 0)
      return TRUE;
  }
  return FALSE;
}

GPtrArray *dfu_bluez_objects_list(DfuBluezObjects *objects, const char *interface,
                                  const char *below)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
  GHashTableIter iter;
  gpointer path;
  gpointer interfaces;

  g_hash_table_iter_init(&iter, objects->paths);
  while (g_hash_table_iter_next(&iter, &path, &interfaces)) {
    if (is_below(path, below) && g_hash_table_contains(interfaces, interface))
      g_ptr_array_add(paths, g_strdup(path));
  }
  g_ptr_array_sort(paths, compare_paths);
  return paths;
}

/* The first of the listed paths whose text property is @wanted in either case. */
static char *find_by_text(DfuBluezObjects *objects, const char *interface, const char *below,
                          const char *property, const char *wanted)
{
  g_autoptr(GPtrArray) paths = dfu_bluez_objects_list(objects, interface, below);

  for (guint i = 0; i < paths->len; i++) {
    const char *text = dfu_bluez_objects_get_text(objects, paths->pdata[i], interface, property);

    if (text != NULL && g_ascii_strcasecmp(text, wanted) == 0)
      return g_strdup(paths->pdata[i]);
  }
  return NULL;
}

char *dfu_bluez_objects_find_device(DfuBluezObjects *objects, const char *adapter,
                                    const char *address)
{
  return find_by_text(objects, DFU_BLUEZ_DEVICE, adapter, "Address", address);
}

char *dfu_bluez_objects_find_uuid(DfuBluezObjects *objects, const char *interface,
                                  const char *below, const char *uuid)
{
  return find_by_text(objects, interface, below, "UUID", uuid);
}
