/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one Adapter1, hci0: power, discovery, and the rhythm of advertisements
 * while a discovery runs.
 */
#ifndef DFU_EMULATOR_BUS_BUS_ADAPTER_H
#define DFU_EMULATOR_BUS_BUS_ADAPTER_H

#include "emulator/bus/bus_objects.h"
#include "emulator/bus/discovery.h"

typedef struct DfuBusAdapter DfuBusAdapter;

typedef struct {
  /** It is time for every device that advertises to be heard. */
  void (*advertised)(gpointer user_data);
  /** Nobody listens any more; before this is signalled. */
  void (*discovery_ended)(gpointer user_data);
  /** The power goes; before this is signalled. */
  void (*power_lost)(gpointer user_data);
  /** RemoveDevice was called; answers @invocation. */
  void (*remove_device)(const char *path, GDBusMethodInvocation *invocation, gpointer user_data);
} DfuBusAdapterFuncs;

/** Puts it on the bus. */
DfuBusAdapter *dfu_bus_adapter_new(DfuBusObjects *objects, gboolean powered,
                                   const DfuBusAdapterFuncs *funcs, gpointer user_data);
void dfu_bus_adapter_free(DfuBusAdapter *adapter);

gboolean dfu_bus_adapter_is_powered(const DfuBusAdapter *adapter);

/** Who listens, and for what. */
const DfuDiscovery *dfu_bus_adapter_get_discovery(const DfuBusAdapter *adapter);

#endif
