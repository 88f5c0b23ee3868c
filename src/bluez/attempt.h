/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One attempt to get connected: bluetoothd, an adapter, the device, Connect, its
 * services. What it began and did not finish (a discovery, a Connect) is ended
 * before it answers.
 */
#ifndef DFU_BLUEZ_ATTEMPT_H
#define DFU_BLUEZ_ATTEMPT_H

#include "bluez/device_info.h"
#include "bluez/find.h"
#include "bluez/gatt.h"

/** Whom to connect; texts are the caller's and outlive the attempt. */
typedef struct {
  const char *adapter; /* "hci0", or NULL for the first powered one */
  DfuBluezWanted wanted;
} DfuBluezAttemptOptions;

typedef enum {
  DFU_BLUEZ_ATTEMPT_CONNECTED,
  DFU_BLUEZ_ATTEMPT_FAULT, /* of the moment: another attempt may succeed */
  DFU_BLUEZ_ATTEMPT_HOST,  /* bluetoothd or the adapter is not usable */
  DFU_BLUEZ_ATTEMPT_STALE, /* no DFU service, but BlueZ remembered services from before */
  DFU_BLUEZ_ATTEMPT_NO_DFU, /* no DFU service */
  DFU_BLUEZ_ATTEMPT_STOPPED, /* by dfu_bluez_attempt_stop() */
} DfuBluezAttemptVerdict;

/** How it ended; pointers live for the call. */
typedef struct {
  DfuBluezAttemptVerdict verdict;
  const GError *error; /* of DFU_ERROR; NULL when connected */
  gboolean was_host_ready; /* bluetoothd and an adapter were there */
  gboolean was_heard;      /* the device showed itself */
  gboolean was_unanswered; /* Connect came to nothing within its time limit */
  const char *device; /* object path, NULL where it did not come so far */
  const DfuBluezGatt *gatt; /* when connected, and these */
  gboolean has_revision;
  guint16 revision;
  const DfuBluezDeviceInfo *info;
  gint16 rssi;
} DfuBluezAttemptResult;

/** Called once, never from within new; it may free the attempt. */
typedef void (*DfuBluezAttemptFunc)(const DfuBluezAttemptResult *result, gpointer user_data);

typedef struct DfuBluezAttempt DfuBluezAttempt;

DfuBluezAttempt *dfu_bluez_attempt_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                       const DfuBluezAttemptOptions *options,
                                       DfuBluezAttemptFunc func, gpointer user_data);

void dfu_bluez_attempt_on_change(DfuBluezAttempt *attempt, const DfuBluezChange *change);

/** The time is over: ends it, and answers, perhaps from within, once the device is left. */
void dfu_bluez_attempt_stop(DfuBluezAttempt *attempt);

/** The device that has to be left if the attempt is freed now; NULL for none. */
const char *dfu_bluez_attempt_engaged_device(const DfuBluezAttempt *attempt);

/** Ends it without an answer; discovery ends too, the engaged device is the caller's to leave. */
void dfu_bluez_attempt_free(DfuBluezAttempt *attempt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezAttempt, dfu_bluez_attempt_free)

#endif
