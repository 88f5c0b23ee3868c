/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Listening for a device that restarted: whether it is back, and as what.
 *
 * Only what is heard from now on counts. BlueZ keeps a device's object for 30 s
 * after it was last there, and Device1.UUIDs of an object holds, besides what is
 * advertised, the services of earlier connections, that is the DFU service. So
 * such objects are removed first, and what then appears tells what is advertised
 * now. An object that has to stay, for its bond's sake, or that somebody connects
 * to meanwhile, proves nothing where it has the DFU service, and is passed over.
 */
#ifndef DFU_BLUEZ_WATCH_H
#define DFU_BLUEZ_WATCH_H

#include "bluez/discovery.h"
#include "bluez/places.h"
#include "bluez/removal.h"

/** What to watch for; texts are the caller's and outlive the watch. */
typedef struct {
  const char *adapter; /* "hci0", or NULL for the first powered one */
  const char *address; /* where the device was connected */
  DfuLinkFind find;    /* the places beside that one */
  guint timeout_ms;
} DfuBluezWatchOptions;

typedef struct DfuBluezWatch DfuBluezWatch;

/** For each advertisement; never from within. It may free the watch. */
typedef void (*DfuBluezSeenFunc)(DfuLinkSeen seen, const char *address, gpointer user_data);

/** Listens until the time is over or it is freed; trouble with the host is waited out. */
DfuBluezWatch *dfu_bluez_watch_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                   DfuBluezRemoval *removal,
                                   const DfuBluezWatchOptions *options, DfuBluezSeenFunc func,
                                   gpointer user_data);

void dfu_bluez_watch_on_change(DfuBluezWatch *watch, const DfuBluezChange *change);

void dfu_bluez_watch_free(DfuBluezWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezWatch, dfu_bluez_watch_free)

#endif
