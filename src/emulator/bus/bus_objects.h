/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Objects on the bus in the manner of BlueZ: one interface each, an
 * ObjectManager at "/", and signals sent where the caller says, so that their
 * order is the caller's. Knows nothing of Bluetooth.
 */
#ifndef DFU_EMULATOR_BUS_BUS_OBJECTS_H
#define DFU_EMULATOR_BUS_BUS_OBJECTS_H

#include <gio/gio.h>

typedef struct DfuBusObjects DfuBusObjects;
typedef struct DfuBusObject DfuBusObject;

/** What an object does. */
typedef struct {
  /** A method was called; @invocation is answered or unreffed, now or later. */
  void (*called)(GDBusMethodInvocation *invocation, const char *method, GVariant *arguments,
                 gpointer user_data);
  /** A client sets a writable property; NULL where there is none. */
  gboolean (*set)(const char *property, GVariant *value, GError **error, gpointer user_data);
} DfuBusObjectFuncs;

/** Errors: those of GDBus, where "/" is taken. */
DfuBusObjects *dfu_bus_objects_new(GDBusConnection *connection, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
/** After the last object is gone. */
void dfu_bus_objects_free(DfuBusObjects *objects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBusObjects, dfu_bus_objects_free)

GDBusConnection *dfu_bus_objects_get_connection(const DfuBusObjects *objects);

/** An object with one interface, nowhere to be seen before dfu_bus_object_publish(). */
DfuBusObject *dfu_bus_object_new(DfuBusObjects *objects, const char *path, const char *interface,
                                 const DfuBusObjectFuncs *funcs, gpointer user_data);

/** Registers it and sends InterfacesAdded. */
void dfu_bus_object_publish(DfuBusObject *object);

/** Sends InterfacesRemoved if it was published, and frees it. */
void dfu_bus_object_remove(DfuBusObject *object);

const char *dfu_bus_object_get_path(const DfuBusObject *object);

/** Sets a property without a signal; @value may be floating, NULL removes it. */
void dfu_bus_object_set(DfuBusObject *object, const char *property, GVariant *value);

/**
 * dfu_bus_object_change:
 * @...: pairs of a property name and its GVariant (which may be floating, or
 *   NULL to invalidate the property), then NULL
 *
 * Sets them all and sends one PropertiesChanged.
 */
void dfu_bus_object_change(DfuBusObject *object, ...) G_GNUC_NULL_TERMINATED;

/** The value of a boolean property. */
gboolean dfu_bus_object_is(const DfuBusObject *object, const char *property);

/** (transfer none) (nullable): the value of a property. */
GVariant *dfu_bus_object_get(const DfuBusObject *object, const char *property);

#endif
