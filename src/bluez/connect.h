/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Getting connected within a time limit: attempts, with pauses between them where
 * a fault of the moment was in the way, and a device whose services BlueZ seems
 * to remember wrongly forgotten once.
 */
#ifndef DFU_BLUEZ_CONNECT_H
#define DFU_BLUEZ_CONNECT_H

#include "bluez/attempt.h"
#include "bluez/removal.h"
#include "link/link.h"

/** Whom to connect, and how; texts are the caller's and outlive the connecting. */
typedef struct {
  const char *adapter; /* "hci0", or NULL for the first powered one */
  DfuBluezWanted wanted;
  gboolean is_patient; /* bluetoothd and adapter were there before: wait for their return */
  guint timeout_ms;
} DfuBluezConnectOptions;

typedef struct DfuBluezConnect DfuBluezConnect;

/**
 * Called once, never from within new; it may free the connecting.
 * @error: (nullable): of DFU_ERROR; NULL when connected
 * @trouble: with @error
 * @result: without @error
 */
typedef void (*DfuBluezConnectFunc)(const GError *error, DfuLinkTrouble trouble,
                                    const DfuBluezAttemptResult *result, gpointer user_data);

/** Begins when nothing is being removed any more. */
DfuBluezConnect *dfu_bluez_connect_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                       DfuBluezRemoval *removal,
                                       const DfuBluezConnectOptions *options,
                                       DfuBluezConnectFunc func, gpointer user_data);

void dfu_bluez_connect_on_change(DfuBluezConnect *connect, const DfuBluezChange *change);

/** The device that has to be left if the connecting is freed now; NULL for none. */
const char *dfu_bluez_connect_engaged_device(const DfuBluezConnect *connect);

/** Connecting to it came to nothing: until it is heard again, another Connect would too. */
gboolean dfu_bluez_connect_was_unanswered(const DfuBluezConnect *connect);

/** Ends it without an answer; discovery ends too, the engaged device is the caller's to leave. */
void dfu_bluez_connect_free(DfuBluezConnect *connect);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezConnect, dfu_bluez_connect_free)

#endif
