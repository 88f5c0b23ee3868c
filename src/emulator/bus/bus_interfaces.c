/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_interfaces.h"

#define METHOD(name, arguments) "<method name='" name "'>" arguments "</method>"
#define IN(type, name) "<arg type='" type "' name='" name "' direction='in'/>"
#define OUT(type, name) "<arg type='" type "' name='" name "' direction='out'/>"
#define PROPERTY(type, name) "<property type='" type "' name='" name "' access='read'/>"
#define WRITABLE(type, name) "<property type='" type "' name='" name "' access='readwrite'/>"

static const char xml[] =
  "<node>"
  "<interface name='" BUS_OBJECT_MANAGER "'>"
  METHOD("GetManagedObjects", OUT("a{oa{sa{sv}}}", "objects"))
  "<signal name='InterfacesAdded'><arg type='o' name='object'/>"
  "<arg type='a{sa{sv}}' name='interfaces'/></signal>"
  "<signal name='InterfacesRemoved'><arg type='o' name='object'/>"
  "<arg type='as' name='interfaces'/></signal>"
  "</interface>"

  "<interface name='" BUS_ADAPTER "'>"
  METHOD("StartDiscovery", "")
  METHOD("StopDiscovery", "")
  METHOD("SetDiscoveryFilter", IN("a{sv}", "properties"))
  METHOD("GetDiscoveryFilters", OUT("as", "filters"))
  METHOD("RemoveDevice", IN("o", "device"))
  PROPERTY("s", "Address")
  PROPERTY("s", "AddressType")
  PROPERTY("s", "Name")
  PROPERTY("s", "Alias")
  PROPERTY("u", "Class")
  WRITABLE("b", "Powered")
  PROPERTY("b", "Discoverable")
  PROPERTY("u", "DiscoverableTimeout")
  PROPERTY("b", "Pairable")
  PROPERTY("u", "PairableTimeout")
  PROPERTY("b", "Discovering")
  PROPERTY("as", "UUIDs")
  PROPERTY("s", "Modalias")
  PROPERTY("as", "Roles")
  "</interface>"

  "<interface name='" BUS_DEVICE "'>"
  METHOD("Connect", "")
  METHOD("Disconnect", "")
  PROPERTY("s", "Address")
  PROPERTY("s", "AddressType")
  PROPERTY("s", "Name")
  PROPERTY("s", "Alias")
  PROPERTY("b", "Paired")
  PROPERTY("b", "Bonded")
  PROPERTY("b", "Trusted")
  PROPERTY("b", "Blocked")
  PROPERTY("b", "LegacyPairing")
  PROPERTY("n", "RSSI")
  PROPERTY("b", "Connected")
  PROPERTY("as", "UUIDs")
  PROPERTY("o", "Adapter")
  PROPERTY("b", "ServicesResolved")
  "</interface>"

  "<interface name='" BUS_SERVICE "'>"
  PROPERTY("s", "UUID")
  PROPERTY("o", "Device")
  PROPERTY("b", "Primary")
  PROPERTY("ao", "Includes")
  "</interface>"

  "<interface name='" BUS_CHARACTERISTIC "'>"
  METHOD("ReadValue", IN("a{sv}", "options") OUT("ay", "value"))
  METHOD("WriteValue", IN("ay", "value") IN("a{sv}", "options"))
  METHOD("AcquireWrite", IN("a{sv}", "options") OUT("h", "fd") OUT("q", "mtu"))
  METHOD("AcquireNotify", IN("a{sv}", "options") OUT("h", "fd") OUT("q", "mtu"))
  METHOD("StartNotify", "")
  METHOD("StopNotify", "")
  PROPERTY("s", "UUID")
  PROPERTY("o", "Service")
  PROPERTY("ay", "Value")
  PROPERTY("b", "Notifying")
  PROPERTY("as", "Flags")
  PROPERTY("b", "WriteAcquired")
  PROPERTY("b", "NotifyAcquired")
  PROPERTY("q", "MTU")
  "</interface>"

  "<interface name='" BUS_DESCRIPTOR "'>"
  METHOD("ReadValue", IN("a{sv}", "options") OUT("ay", "value"))
  METHOD("WriteValue", IN("ay", "value") IN("a{sv}", "options"))
  PROPERTY("s", "UUID")
  PROPERTY("o", "Characteristic")
  PROPERTY("ay", "Value")
  "</interface>"
  "</node>";

GDBusInterfaceInfo *dfu_bus_interface(const char *name)
{
  static gsize node;

  if (g_once_init_enter(&node)) {
    g_autoptr(GError) error = NULL;
    GDBusNodeInfo *parsed = g_dbus_node_info_new_for_xml(xml, &error);

    g_assert_no_error(error);
    g_once_init_leave(&node, (gsize)parsed);
  }
  return g_dbus_node_info_lookup_interface((GDBusNodeInfo *)node, name);
}
