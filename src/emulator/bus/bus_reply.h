/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Answers on D-Bus: how bluetoothd 5.66 words its refusals, observed there, and
 * values in the form that it gives them.
 */
#ifndef DFU_EMULATOR_BUS_BUS_REPLY_H
#define DFU_EMULATOR_BUS_BUS_REPLY_H

#include <gio/gio.h>

/* Each answers and consumes @invocation. */
void dfu_bus_fail(GDBusMethodInvocation *invocation, const char *message); /* …Error.Failed */
void dfu_bus_fail_not_connected(GDBusMethodInvocation *invocation);
void dfu_bus_fail_not_permitted(GDBusMethodInvocation *invocation, const char *message);
void dfu_bus_fail_not_supported(GDBusMethodInvocation *invocation);
void dfu_bus_fail_invalid_arguments(GDBusMethodInvocation *invocation);
void dfu_bus_fail_not_ready(GDBusMethodInvocation *invocation);
void dfu_bus_fail_does_not_exist(GDBusMethodInvocation *invocation);
void dfu_bus_fail_in_progress(GDBusMethodInvocation *invocation); /* "In Progress" */
/** InProgress too, "Operation already in progress": the other way that the daemon has to say it. */
void dfu_bus_fail_busy(GDBusMethodInvocation *invocation);

/** A request ended with @result, not 0: an ATT error, or DFU_BUS_LINK_NOT_SENT. */
void dfu_bus_fail_result(GDBusMethodInvocation *invocation, guint result);

/** Answers AcquireWrite or AcquireNotify; consumes @invocation and @client_fd. */
void dfu_bus_return_socket(GDBusMethodInvocation *invocation, int client_fd, guint16 mtu);

/** A floating "ay". */
GVariant *dfu_bus_bytes(const guint8 *bytes, gsize len);

#endif
