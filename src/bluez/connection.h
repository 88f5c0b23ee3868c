/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A connection that is up: notifications, control writes, packets, and noticing
 * that it is lost, whichever way BlueZ shows that first.
 *
 * BlueZ may take all objects of a connected device away and add them again (a
 * Service Changed indication). Before the first packet that is lived through;
 * later it would not be clear what the device got, and counts as a loss.
 */
#ifndef DFU_BLUEZ_CONNECTION_H
#define DFU_BLUEZ_CONNECTION_H

#include "bluez/bus.h"
#include "bluez/gatt.h"
#include "link/link.h"

typedef struct DfuBluezConnection DfuBluezConnection;

/** Never called from within a call; each may free the connection. */
typedef struct {
  /** SUBSCRIBED, CONTROL_WRITTEN, PACKETS_WRITTEN or NOTIFIED. */
  void (*event)(const DfuLinkEvent *event, gpointer user_data);
  /** It is lost, or good for nothing: the device is to be left. Called once. @why: of DFU_ERROR. */
  void (*ended)(const GError *why, gpointer user_data);
} DfuBluezConnectionFuncs;

/** @gatt: what was found below @device; copied. */
DfuBluezConnection *dfu_bluez_connection_new(DfuBluezBus *bus, const char *device,
                                             const DfuBluezGatt *gatt,
                                             const DfuBluezConnectionFuncs *funcs,
                                             gpointer user_data);

/** See DfuLinkOps for these three. Nothing happens once the connection ended. */
void dfu_bluez_connection_subscribe(DfuBluezConnection *connection);
void dfu_bluez_connection_write_control(DfuBluezConnection *connection, const guint8 *bytes,
                                        gsize len);
void dfu_bluez_connection_write_packets(DfuBluezConnection *connection, const guint8 *bytes,
                                        gsize len, guint packet_bytes, DfuLinkOrder order);

void dfu_bluez_connection_on_change(DfuBluezConnection *connection, const DfuBluezChange *change);

/** Whether it was lost in a way that leaves BlueZ's object of the device useless: it has to go. */
gboolean dfu_bluez_connection_spoilt_object(const DfuBluezConnection *connection);

/** Answers nothing any more; notifications are still told. */
void dfu_bluez_connection_end(DfuBluezConnection *connection);

/** Tells the notifications that came in before the end. */
void dfu_bluez_connection_drain(DfuBluezConnection *connection);

const char *dfu_bluez_connection_device(const DfuBluezConnection *connection);

void dfu_bluez_connection_free(DfuBluezConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezConnection, dfu_bluez_connection_free)

#endif
