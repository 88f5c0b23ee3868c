/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_objects.h"

#include <stdarg.h>
#include <string.h>

#include "emulator/bus/bus_interfaces.h"

#define UNKNOWN_OBJECT "org.freedesktop.DBus.Error.UnknownObject"

struct DfuBusObjects {
  GDBusConnection *connection;
  guint registration;
  guint filter;
  GTree *by_path; /* DfuBusObject, published; guarded by @lock for the filter's thread */
  GMutex lock;
};

struct DfuBusObject {
  DfuBusObjects *objects;
  char *path;
  GDBusInterfaceInfo *info;
  DfuBusObjectFuncs funcs;
  gpointer user_data;
  GHashTable *properties; /* name -> GVariant */
  guint registration;     /* 0: not published */
};

static gint compare_paths(gconstpointer a, gconstpointer b, gpointer user_data G_GNUC_UNUSED)
{
  return strcmp(a, b);
}

static GVariant *list_properties(const DfuBusObject *object)
{
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  g_hash_table_iter_init(&iter, object->properties);
  while (g_hash_table_iter_next(&iter, &name, &value)) {
    g_variant_builder_add(&builder, "{sv}", name, value);
  }
  return g_variant_builder_end(&builder);
}

static GVariant *list_interfaces(const DfuBusObject *object)
{
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sv}}"));
  g_variant_builder_add(&builder, "{sa{sv}}", "org.freedesktop.DBus.Introspectable", NULL);
  g_variant_builder_add(&builder, "{s@a{sv}}", object->info->name, list_properties(object));
  g_variant_builder_add(&builder, "{sa{sv}}", "org.freedesktop.DBus.Properties", NULL);
  return g_variant_builder_end(&builder);
}

static gboolean add_managed_object(gpointer path, gpointer object, gpointer builder)
{
  g_variant_builder_add(builder, "{o@a{sa{sv}}}", path, list_interfaces(object));
  return FALSE;
}

static void on_manager_called(GDBusConnection *connection G_GNUC_UNUSED,
                              const char *sender G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                              const char *interface G_GNUC_UNUSED,
                              const char *method G_GNUC_UNUSED,
                              GVariant *arguments G_GNUC_UNUSED,
                              GDBusMethodInvocation *invocation, gpointer user_data)
{
  DfuBusObjects *objects = user_data;
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
  g_tree_foreach(objects->by_path, add_managed_object, &builder);
  g_dbus_method_invocation_return_value(invocation, g_variant_new("(a{oa{sa{sv}}})", &builder));
}

static gboolean is_ours(const char *path)
{
  return g_str_has_prefix(path, "/org/bluez/");
}

/*
 * GDBus has other words for a path without object than the daemon, and clients
 * tell a vanished device by the daemon's. Runs in GDBus's own thread.
 */
static GDBusMessage *on_message(GDBusConnection *connection, GDBusMessage *message,
                                gboolean incoming, gpointer user_data)
{
  DfuBusObjects *objects = user_data;
  const char *path = g_dbus_message_get_path(message);
  const char *signature = g_dbus_message_get_signature(message);
  g_autoptr(GDBusMessage) reply = NULL;
  gboolean known;

  if (!incoming || g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || path == NULL || !is_ours(path)) {
    return message;
  }
  g_mutex_lock(&objects->lock);
  known = g_tree_lookup(objects->by_path, path) != NULL;
  g_mutex_unlock(&objects->lock);
  if (known) {
    return message;
  }
  reply = g_dbus_message_new_method_error(
    message, UNKNOWN_OBJECT,
    "Method \"%s\" with signature \"%s\" on interface \"%s\" doesn't exist\n",
    g_dbus_message_get_member(message), signature != NULL ? signature : "",
    g_dbus_message_get_interface(message));
  g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref(message);
  return NULL;
}

/* GDBus calls it when no call of the filter can be under way any more. */
static void free_objects(gpointer user_data)
{
  DfuBusObjects *objects = user_data;

  g_tree_unref(objects->by_path);
  g_mutex_clear(&objects->lock);
  g_free(objects);
}

DfuBusObjects *dfu_bus_objects_new(GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable vtable = {.method_call = on_manager_called};
  DfuBusObjects *objects = g_new0(DfuBusObjects, 1);

  objects->connection = g_object_ref(connection);
  objects->by_path = g_tree_new_full(compare_paths, NULL, NULL, NULL);
  g_mutex_init(&objects->lock);
  objects->filter = g_dbus_connection_add_filter(connection, on_message, objects, free_objects);
  objects->registration = g_dbus_connection_register_object(
    connection, "/", dfu_bus_interface(BUS_OBJECT_MANAGER), &vtable, objects, NULL, error);
  if (objects->registration == 0) {
    dfu_bus_objects_free(objects);
    return NULL;
  }
  return objects;
}

void dfu_bus_objects_free(DfuBusObjects *objects)
{
  g_autoptr(GDBusConnection) connection = g_steal_pointer(&objects->connection);

  if (objects->registration != 0) {
    g_dbus_connection_unregister_object(connection, objects->registration);
  }
  g_dbus_connection_remove_filter(connection, objects->filter);
}

GDBusConnection *dfu_bus_objects_get_connection(const DfuBusObjects *objects)
{
  return objects->connection;
}

static void on_called(GDBusConnection *connection G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                      const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                      const char *method, GVariant *arguments, GDBusMethodInvocation *invocation,
                      gpointer user_data)
{
  DfuBusObject *object = user_data;

  object->funcs.called(invocation, method, arguments, object->user_data);
}

static GVariant *on_property_read(GDBusConnection *connection G_GNUC_UNUSED,
                                  const char *sender G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                                  const char *interface G_GNUC_UNUSED, const char *property,
                                  GError **error, gpointer user_data)
{
  GVariant *value = dfu_bus_object_get(user_data, property);

  if (value == NULL) {
    g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "No such property '%s'", property);
    return NULL;
  }
  return g_variant_ref(value);
}

static gboolean on_property_written(GDBusConnection *connection G_GNUC_UNUSED,
                                    const char *sender G_GNUC_UNUSED,
                                    const char *path G_GNUC_UNUSED,
                                    const char *interface G_GNUC_UNUSED, const char *property,
                                    GVariant *value, GError **error, gpointer user_data)
{
  DfuBusObject *object = user_data;

  return object->funcs.set(property, value, error, object->user_data);
}

DfuBusObject *dfu_bus_object_new(DfuBusObjects *objects, const char *path, const char *interface,
                                 const DfuBusObjectFuncs *funcs, gpointer user_data)
{
  DfuBusObject *object = g_new0(DfuBusObject, 1);

  object->objects = objects;
  object->path = g_strdup(path);
  object->info = dfu_bus_interface(interface);
  object->funcs = *funcs;
  object->user_data = user_data;
  object->properties =
    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_variant_unref);
  return object;
}

static void emit(const DfuBusObjects *objects, const char *path, const char *interface,
                 const char *signal, GVariant *arguments)
{
  g_dbus_connection_emit_signal(objects->connection, NULL, path, interface, signal, arguments,
                                NULL);
}

void dfu_bus_object_publish(DfuBusObject *object)
{
  static const GDBusInterfaceVTable vtable = {on_called, on_property_read, on_property_written,
                                              {NULL}};
  DfuBusObjects *objects = object->objects;
  g_autoptr(GError) error = NULL;

  object->registration = g_dbus_connection_register_object(
    objects->connection, object->path, object->info, &vtable, object, NULL, &error);
  g_assert_no_error(error); /* only a path that is taken makes it fail */
  g_mutex_lock(&objects->lock);
  g_tree_insert(objects->by_path, object->path, object);
  g_mutex_unlock(&objects->lock);
  emit(objects, "/", BUS_OBJECT_MANAGER, "InterfacesAdded",
       g_variant_new("(o@a{sa{sv}})", object->path, list_interfaces(object)));
}

static void withdraw(DfuBusObject *object)
{
  DfuBusObjects *objects = object->objects;
  const char *interfaces[] = {"org.freedesktop.DBus.Introspectable", object->info->name,
                              "org.freedesktop.DBus.Properties", NULL};

  g_mutex_lock(&objects->lock);
  g_tree_remove(objects->by_path, object->path);
  g_mutex_unlock(&objects->lock);
  g_dbus_connection_unregister_object(objects->connection, object->registration);
  emit(objects, "/", BUS_OBJECT_MANAGER, "InterfacesRemoved",
       g_variant_new("(o^as)", object->path, interfaces));
}

void dfu_bus_object_remove(DfuBusObject *object)
{
  if (object->registration != 0) {
    withdraw(object);
  }
  g_hash_table_unref(object->properties);
  g_free(object->path);
  g_free(object);
}

const char *dfu_bus_object_get_path(const DfuBusObject *object)
{
  return object->path;
}

/* The keys of the table are the interface's own strings. */
static const char *find_property(const DfuBusObject *object, const char *property)
{
  GDBusPropertyInfo *info = g_dbus_interface_info_lookup_property(object->info, property);

  g_assert(info != NULL);
  return info->name;
}

void dfu_bus_object_set(DfuBusObject *object, const char *property, GVariant *value)
{
  const char *name = find_property(object, property);

  if (value != NULL) {
    g_hash_table_insert(object->properties, (gpointer)name, g_variant_ref_sink(value));
  } else {
    g_hash_table_remove(object->properties, name);
  }
}

void dfu_bus_object_change(DfuBusObject *object, ...)
{
  GVariantBuilder changed;
  GVariantBuilder invalidated;
  const char *name;
  va_list args;

  g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_init(&invalidated, G_VARIANT_TYPE_STRING_ARRAY);
  va_start(args, object);
  while ((name = va_arg(args, const char *)) != NULL) {
    GVariant *value = va_arg(args, GVariant *);

    dfu_bus_object_set(object, name, value);
    if (value != NULL) {
      g_variant_builder_add(&changed, "{sv}", name, value);
    } else {
      g_variant_builder_add(&invalidated, "s", name);
    }
  }
  va_end(args);
  emit(object->objects, object->path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
       g_variant_new("(sa{sv}as)", object->info->name, &changed, &invalidated));
}

GVariant *dfu_bus_object_get(const DfuBusObject *object, const char *property)
{
  return g_hash_table_lookup(object->properties, property);
}

gboolean dfu_bus_object_is(const DfuBusObject *object, const char *property)
{
  GVariant *value = dfu_bus_object_get(object, property);

  return value != NULL && g_variant_get_boolean(value);
}
