/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From "connected" to the characteristics of the DFU service: waiting until
 * BlueZ has resolved the services, finding them by UUID, reading DFU Revision
 * and Device Information.
 *
 * ServicesResolved is no proof of services: a device that answers nothing gets
 * it after 30 s with no object at all, and after a Service Changed indication
 * BlueZ takes all objects away and adds them again while it stays true.
 */
#ifndef DFU_BLUEZ_SERVICES_H
#define DFU_BLUEZ_SERVICES_H

#include "bluez/bus.h"
#include "bluez/device_info.h"
#include "bluez/gatt.h"

typedef struct DfuBluezServices DfuBluezServices;

typedef enum {
  DFU_BLUEZ_SERVICES_FOUND,
  DFU_BLUEZ_SERVICES_LOST,   /* the link broke, or the device answers nothing */
  DFU_BLUEZ_SERVICES_ABSENT, /* the device answers, and has no legacy DFU service */
} DfuBluezServicesResult;

/** @error: (nullable): of DFU_ERROR, unless the services were found. */
typedef void (*DfuBluezServicesFunc)(DfuBluezServicesResult result, const GError *error,
                                     gpointer user_data);

/**
 * dfu_bluez_services_new:
 * @device: object path of a device that is connected
 * @label: what to call the device in an error
 */
DfuBluezServices *dfu_bluez_services_new(DfuBluezBus *bus, const char *device, const char *label,
                                         DfuBluezServicesFunc func, gpointer user_data);

/** Once, after new: looks whether the services are there; may answer from within. */
void dfu_bluez_services_start(DfuBluezServices *services);

void dfu_bluez_services_on_change(DfuBluezServices *services);

/** What was found; lives as long as @services. */
const DfuBluezGatt *dfu_bluez_services_gatt(const DfuBluezServices *services);

/** DFU Revision; returns FALSE where the device has none or did not tell. */
gboolean dfu_bluez_services_revision(const DfuBluezServices *services, guint16 *revision);

/** Device Information; lives as long as @services. */
const DfuBluezDeviceInfo *dfu_bluez_services_info(const DfuBluezServices *services);

void dfu_bluez_services_free(DfuBluezServices *services);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezServices, dfu_bluez_services_free)

#endif
