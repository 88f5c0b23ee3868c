/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding a device's object. BlueZ only connects devices that it has heard, and
 * forgets one that it has no bond with 30 s after that: so what is known is
 * looked at first, and the rest is a discovery.
 */
#ifndef DFU_BLUEZ_FIND_H
#define DFU_BLUEZ_FIND_H

#include "bluez/discovery.h"

/** Which device; texts are the caller's and outlive the search. */
typedef struct {
  const char *address; /* NULL to go by the name */
  const char *name;    /* as advertised, byte for byte */
  gboolean must_be_heard; /* a device that is merely known from before does not count */
} DfuBluezWanted;

typedef struct DfuBluezFind DfuBluezFind;

/**
 * @device: (nullable): its object path; NULL with @error
 * @error: (nullable): as GDBus returned it: no discovery could be started
 */
typedef void (*DfuBluezFoundFunc)(const char *device, gint16 rssi, const GError *error,
                                  gpointer user_data);

/** The device among the objects of @adapter; (transfer full) (nullable). */
char *dfu_bluez_find_known(DfuBluezObjects *objects, const char *adapter,
                           const DfuBluezWanted *wanted);

/** Listens until the device is heard, stops listening, and tells; never from within. */
DfuBluezFind *dfu_bluez_find_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                 const char *adapter, const DfuBluezWanted *wanted,
                                 DfuBluezFoundFunc func, gpointer user_data);

void dfu_bluez_find_on_change(DfuBluezFind *find, const DfuBluezChange *change);

/** Ends the search and its discovery. */
void dfu_bluez_find_free(DfuBluezFind *find);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezFind, dfu_bluez_find_free)

#endif
