/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding a device's object. BlueZ only connects devices that it has heard, and
 * forgets one that it has no bond with 30 s after that. What is known and there is
 * taken at once; the rest is a discovery.
 *
 * A device that advertises to one central alone (a bootloader that knows its bond)
 * is in no discovery, and may yet be connected to where its object is known. So one
 * that was not heard for a while is told all the same, unheard.
 */
#ifndef DFU_BLUEZ_FIND_H
#define DFU_BLUEZ_FIND_H

#include "bluez/discovery.h"
#include "bluez/places.h"

/** Which device; texts are the caller's and outlive the search. */
typedef struct {
  const char *address; /* its own; NULL to go by the name */
  const char *last;    /* where it was connected last; NULL where it never was */
  const char *name;    /* as advertised, byte for byte */
  const char *target_name; /* (nullable): of its bootloader, which may then be anywhere */
  DfuLinkFind find;
  gboolean must_be_heard; /* it may be away, or elsewhere: what BlueZ remembers does not count */
} DfuBluezWanted;

/** What was found; pointers live for the call. */
typedef struct {
  const char *device; /* object path */
  gboolean was_heard; /* rather than remembered */
  gint16 rssi;        /* dBm; 0 where unknown */
} DfuBluezFound;

typedef struct DfuBluezFind DfuBluezFind;

/**
 * @found: (nullable): NULL with @error
 * @error: (nullable): as GDBus returned it: no discovery could be started
 */
typedef void (*DfuBluezFoundFunc)(const DfuBluezFound *found, const GError *error,
                                  gpointer user_data);

/** Tells the device once, never from within new; it may free the search. */
DfuBluezFind *dfu_bluez_find_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                 const char *adapter, const DfuBluezWanted *wanted,
                                 DfuBluezFoundFunc func, gpointer user_data);

void dfu_bluez_find_on_change(DfuBluezFind *find, const DfuBluezChange *change);

/** Ends the search and its discovery. */
void dfu_bluez_find_free(DfuBluezFind *find);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezFind, dfu_bluez_find_free)

#endif
