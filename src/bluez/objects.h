/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What BlueZ's object manager has told: object paths, their interfaces and
 * properties. It makes no call itself; bus.c feeds it.
 *
 * Source: D-Bus specification, org.freedesktop.DBus.ObjectManager and
 * org.freedesktop.DBus.Properties; BlueZ, doc/org.bluez.*.rst.
 */
#ifndef DFU_BLUEZ_OBJECTS_H
#define DFU_BLUEZ_OBJECTS_H

#include <gio/gio.h>

#define DFU_BLUEZ_ADAPTER "org.bluez.Adapter1"
#define DFU_BLUEZ_DEVICE "org.bluez.Device1"
#define DFU_BLUEZ_SERVICE "org.bluez.GattService1"
#define DFU_BLUEZ_CHARACTERISTIC "org.bluez.GattCharacteristic1"

typedef struct DfuBluezObjects DfuBluezObjects;

DfuBluezObjects *dfu_bluez_objects_new(void);
void dfu_bluez_objects_free(DfuBluezObjects *objects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezObjects, dfu_bluez_objects_free)

/** Forgets everything. */
void dfu_bluez_objects_clear(DfuBluezObjects *objects);

/** Takes the answer of GetManagedObjects, a{oa{sa{sv}}}, in place of what was known. */
void dfu_bluez_objects_load(DfuBluezObjects *objects, GVariant *managed);

/** InterfacesAdded: @interfaces is a{sa{sv}}. */
void dfu_bluez_objects_add(DfuBluezObjects *objects, const char *path, GVariant *interfaces);

/** InterfacesRemoved, one interface of it. */
void dfu_bluez_objects_remove(DfuBluezObjects *objects, const char *path, const char *interface);

/** PropertiesChanged: @changed is a{sv}, @invalidated is as. An unknown object is left unknown. */
void dfu_bluez_objects_update(DfuBluezObjects *objects, const char *path, const char *interface,
                              GVariant *changed, GVariant *invalidated);

gboolean dfu_bluez_objects_has(DfuBluezObjects *objects, const char *path, const char *interface);

/**
 * dfu_bluez_objects_get:
 * @type: the type that the property must have
 *
 * Returns: (transfer none) (nullable): the property; NULL where the object, the
 * interface or the property is unknown, or of another type
 */
GVariant *dfu_bluez_objects_get(DfuBluezObjects *objects, const char *path, const char *interface,
                                const char *property, const GVariantType *type);

/** The same for text; NULL where there is none. Lives until the next change. */
const char *dfu_bluez_objects_get_text(DfuBluezObjects *objects, const char *path,
                                       const char *interface, const char *property);

/** The same for flags; FALSE where there is none. */
gboolean dfu_bluez_objects_get_flag(DfuBluezObjects *objects, const char *path,
                                    const char *interface, const char *property);

/** RSSI of a device in dBm; 0 where BlueZ has none, which is so while no discovery hears it. */
gint16 dfu_bluez_objects_get_rssi(DfuBluezObjects *objects, const char *device);

/** Whether Device1.UUIDs holds @uuid: as advertised, and as found on earlier connections. */
gboolean dfu_bluez_objects_device_has_uuid(DfuBluezObjects *objects, const char *device,
                                           const char *uuid);

/**
 * dfu_bluez_objects_list:
 * @below: (nullable): only paths below this one
 *
 * Returns: (transfer full) (element-type utf8): paths with @interface, sorted
 */
GPtrArray *dfu_bluez_objects_list(DfuBluezObjects *objects, const char *interface,
                                  const char *below);

/** The device of @adapter with that address in either case; (transfer full) (nullable). */
char *dfu_bluez_objects_find_device(DfuBluezObjects *objects, const char *adapter,
                                    const char *address);

/** The first object below @below whose @interface has that UUID; (transfer full) (nullable). */
char *dfu_bluez_objects_find_uuid(DfuBluezObjects *objects, const char *interface,
                                  const char *below, const char *uuid);

#endif
