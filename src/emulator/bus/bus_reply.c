/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_reply.h"

#include <gio/gunixfdlist.h>

#include "emulator/bus/bus_link.h"

static void fail(GDBusMethodInvocation *invocation, const char *name, const char *message)
{
  g_autofree char *full_name = g_strconcat("org.bluez.Error.", name, NULL);

  g_dbus_method_invocation_return_dbus_error(invocation, full_name, message);
}

void dfu_bus_fail(GDBusMethodInvocation *invocation, const char *message)
{
  fail(invocation, "Failed", message);
}

void dfu_bus_fail_not_connected(GDBusMethodInvocation *invocation)
{
  fail(invocation, "Failed", "Not connected");
}

void dfu_bus_fail_not_permitted(GDBusMethodInvocation *invocation, const char *message)
{
  fail(invocation, "NotPermitted", message);
}

void dfu_bus_fail_not_supported(GDBusMethodInvocation *invocation)
{
  fail(invocation, "NotSupported", "Operation is not supported");
}

void dfu_bus_fail_invalid_arguments(GDBusMethodInvocation *invocation)
{
  fail(invocation, "InvalidArguments", "Invalid arguments in method call");
}

void dfu_bus_fail_not_ready(GDBusMethodInvocation *invocation)
{
  fail(invocation, "NotReady", "Resource Not Ready");
}

void dfu_bus_fail_does_not_exist(GDBusMethodInvocation *invocation)
{
  fail(invocation, "DoesNotExist", "Does Not Exist");
}

void dfu_bus_fail_in_progress(GDBusMethodInvocation *invocation)
{
  fail(invocation, "InProgress", "In Progress");
}

void dfu_bus_fail_busy(GDBusMethodInvocation *invocation)
{
  fail(invocation, "InProgress", "Operation already in progress");
}

void dfu_bus_fail_result(GDBusMethodInvocation *invocation, guint result)
{
  static const struct {
    guint result;
    const char *name;
    const char *message;
  } known[] = {
    {DFU_BUS_LINK_NOT_SENT, "Failed", "Not connected"},
    {0x02, "NotPermitted", "Read not permitted"},
    {0x03, "NotPermitted", "Write not permitted"},
    {0x05, "NotPermitted", "Not paired"},
    {0x06, "NotSupported", "Operation is not supported"},
    {0x08, "NotAuthorized", "Operation Not Authorized"},
    {0x0d, "InvalidArguments", "Invalid Length"},
    {0x0f, "NotPermitted", "Not paired"},
  };
  g_autofree char *message = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
    if (known[i].result == result) {
      fail(invocation, known[i].name, known[i].message);
      return;
    }
  }
  message = g_strdup_printf("Operation failed with ATT error: 0x%02x", result);
  fail(invocation, "Failed", message);
}

void dfu_bus_return_socket(GDBusMethodInvocation *invocation, int client_fd, guint16 mtu)
{
  g_autoptr(GUnixFDList) list = g_unix_fd_list_new_from_array(&client_fd, 1);

  g_dbus_method_invocation_return_value_with_unix_fd_list(invocation, g_variant_new("(hq)", 0, mtu),
                                                          list);
}

GVariant *dfu_bus_bytes(const guint8 *bytes, gsize len)
{
  return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, len, 1);
}
