/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who on the bus has a discovery running, and what they want to hear of. Each
 * client has its own filter and its own discovery, and loses both when it
 * leaves the bus.
 */
#ifndef DFU_EMULATOR_BUS_DISCOVERY_H
#define DFU_EMULATOR_BUS_DISCOVERY_H

#include <gio/gio.h>

#include "emulator/board/board.h"

typedef struct DfuDiscovery DfuDiscovery;

/** @changed: it began (before this, nobody had one running) or ended. */
DfuDiscovery *dfu_discovery_new(GDBusConnection *connection, void (*changed)(gpointer user_data),
                                gpointer user_data);
void dfu_discovery_free(DfuDiscovery *discovery);

gboolean dfu_discovery_is_running(const DfuDiscovery *discovery);

/** Whether some running discovery has a filter: then each advertisement is reported. */
gboolean dfu_discovery_is_filtered(const DfuDiscovery *discovery);

/** Whether some running discovery wants to hear of a device like this. */
gboolean dfu_discovery_matches(const DfuDiscovery *discovery, const DfuAdvertisement *advertisement,
                               gint16 rssi);

/** Ends all of them; filters stay. */
void dfu_discovery_stop_all(DfuDiscovery *discovery);

/* The methods of Adapter1, each answers @invocation. */
void dfu_discovery_start(DfuDiscovery *discovery, GDBusMethodInvocation *invocation);
void dfu_discovery_stop(DfuDiscovery *discovery, GDBusMethodInvocation *invocation);
void dfu_discovery_set_filter(DfuDiscovery *discovery, GDBusMethodInvocation *invocation,
                              GVariant *properties);
void dfu_discovery_get_filters(GDBusMethodInvocation *invocation);

#endif
