/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A client of org.bluez for tests: calls that return their outcome as text, and
 * a trace of all that came over the bus, in the order of the wire.
 *
 * Lines of the trace, paths without /org/bluez/, and the device as "dev":
 *   ok METHOD                   METHOD of this client was answered
 *   NAME: MESSAGE               METHOD was refused; NAME without org.bluez.Error.
 *   added PATH, removed PATH    of the ObjectManager
 *   PATH PROPERTY=VALUE ...     one PropertiesChanged; -PROPERTY was invalidated; of
 *                               UUIDs only the number, of RSSI nothing at all; bytes as hex
 *   name org.bluez gone, name org.bluez here
 */
#ifndef DFU_TESTS_BUS_CLIENT_H
#define DFU_TESTS_BUS_CLIENT_H

#include <gio/gio.h>

typedef struct BusClient BusClient;

/** Connects, or fails the test. */
BusClient *bus_client_new(const char *address);
void bus_client_free(BusClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BusClient, bus_client_free)

/**
 * Calls a method of the object at @path ("hci0", "dev", "dev/service000c/char000f", …)
 * on the BlueZ interface that such a path has. @arguments may be floating, NULL for
 * none. Returns: "ok METHOD", or "NAME: MESSAGE"; the client's, until the next call.
 */
const char *bus_client_call(BusClient *client, const char *path, const char *method,
                            GVariant *arguments);

/** The same without waiting: the outcome stands in the trace. */
void bus_client_send(BusClient *client, const char *path, const char *method, GVariant *arguments);

/** What the last successful bus_client_call() returned; the client's. */
GVariant *bus_client_result(BusClient *client);

/** AcquireWrite or AcquireNotify. Returns: the descriptor, the caller's; -1 if it was refused. */
int bus_client_acquire(BusClient *client, const char *path, const char *method, guint16 *mtu);

/** WriteValue with a type of "request", "command", or NULL for none. */
const char *bus_client_write(BusClient *client, const char *path, const char *type,
                             const guint8 *bytes, gsize len);

/** A property, as g_variant_print() shows it (bytes as hex), or "NAME: MESSAGE"; the client's. */
const char *bus_client_get(BusClient *client, const char *path, const char *property);

/** Sets "Powered" of hci0. */
const char *bus_client_set_powered(BusClient *client, gboolean powered);

/** Paths of all objects, one a line; the client's. */
const char *bus_client_objects(BusClient *client);

/** The trace since the last bus_client_forget(); the client's, until the next call. */
const char *bus_client_trace(BusClient *client);
void bus_client_forget(BusClient *client);

/** Waits until @line stands in the trace; fails the test after five seconds. */
void bus_client_wait(BusClient *client, const char *line);

/** Waits until the services of some device were resolved, however many UUIDs that told. */
void bus_client_wait_resolved(BusClient *client);

/** Which device "dev" is; at first C4:12:AB:00:11:22. */
void bus_client_set_device(BusClient *client, const char *address);

/** Discovers "dev", stops the discovery, connects, and waits until its services are resolved. */
void bus_client_connect_device(BusClient *client);

#endif
