/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The way to bluetoothd: a bus connection of our own, the name org.bluez on it,
 * and the objects behind that name. Its own connection, because bluetoothd ends
 * what a client began (discovery, notifications) when that client leaves the bus.
 *
 * It knows nothing of devices. It has one user at a time.
 */
#ifndef DFU_BLUEZ_BUS_H
#define DFU_BLUEZ_BUS_H

#include "bluez/objects.h"

typedef struct DfuBluezBus DfuBluezBus;

typedef enum {
  DFU_BLUEZ_ADDED,   /* an object got this interface */
  DFU_BLUEZ_REMOVED, /* an object lost this interface */
  DFU_BLUEZ_CHANGED, /* properties changed: `properties`, or were invalidated */
  DFU_BLUEZ_GONE,    /* bluetoothd or the bus went away, and with it all objects */
} DfuBluezChangeType;

/** A change, told after the objects show it. Pointers live for the call. */
typedef struct {
  DfuBluezChangeType type;
  const char *path;      /* NULL for GONE */
  const char *interface; /* NULL for GONE */
  GVariant *properties;  /* a{sv} for ADDED and CHANGED */
} DfuBluezChange;

typedef void (*DfuBluezChangeFunc)(const DfuBluezChange *change, gpointer user_data);

/** @error: (nullable): of DFU_ERROR, or NULL when the objects are there. */
typedef void (*DfuBluezOpenFunc)(const GError *error, gpointer user_data);

DfuBluezBus *dfu_bluez_bus_new(DfuBluezChangeFunc func, gpointer user_data);

/** Leaves the bus, after what was sent without waiting for an answer has gone out. */
void dfu_bluez_bus_free(DfuBluezBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezBus, dfu_bluez_bus_free)

/**
 * Connects where there is no connection, starts bluetoothd where the bus can
 * (and gives it three seconds to have an adapter that is on), and reads the
 * objects afresh. Answers with one call of @func, never from within, unless
 * cancelled first. Errors: DFU_ERROR_BLUETOOTH.
 */
void dfu_bluez_bus_open(DfuBluezBus *bus, DfuBluezOpenFunc func, gpointer user_data);

/** No answer to dfu_bluez_bus_open() will come. */
void dfu_bluez_bus_cancel_open(DfuBluezBus *bus);

/** Whether bluetoothd is there, as far as is known. */
gboolean dfu_bluez_bus_is_open(const DfuBluezBus *bus);

DfuBluezObjects *dfu_bluez_bus_objects(DfuBluezBus *bus);

/**
 * dfu_bluez_bus_call:
 * @args: (nullable): a tuple; taken where floating
 * @func: (nullable): NULL to ask for no answer; then @cancellable is ignored
 *
 * Calls a method of org.bluez. Only after a first successful open. @func gets the
 * GDBusConnection as its source; dfu_bluez_bus_finish() reads the answer.
 */
void dfu_bluez_bus_call(DfuBluezBus *bus, const char *path, const char *interface,
                        const char *method, GVariant *args, int timeout_ms,
                        GCancellable *cancellable, GAsyncReadyCallback func, gpointer user_data);

/**
 * The answer to a call, or an error to classify; where @fd is not NULL, the answer
 * must begin with a descriptor, which goes to the caller.
 */
GVariant *dfu_bluez_bus_finish(GObject *source, GAsyncResult *result, int *fd, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** Whether a call ended because its cancellable did: its user data may be gone. */
gboolean dfu_bluez_is_cancelled(const GError *error);

#endif
