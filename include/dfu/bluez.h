/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reaching devices through BlueZ: links, scanning, and what of this host would
 * stand in the way. Everything goes over the D-Bus system bus,
 * DBUS_SYSTEM_BUS_ADDRESS where that is set.
 */
#ifndef DFU_BLUEZ_H
#define DFU_BLUEZ_H

#include <dfu/link.h>

G_BEGIN_DECLS

/**
 * dfu_bluez_link_new:
 * @adapter: (nullable): "hci0", or NULL for the first powered one
 * @address: (nullable): "AA:BB:CC:DD:EE:FF" in either case, or NULL to go by @name
 * @name: (nullable): the name that the device advertises, if @address is NULL
 * @error: return location for a #GError
 *
 * A link to one device. Nothing is asked of BlueZ before a session connects;
 * whatever stands in the way is reported then.
 *
 * Errors: %DFU_ERROR_USAGE: an address or adapter name of another form, or
 * neither address nor name.
 * Returns: (transfer full) (nullable): the link
 */
DfuLink *dfu_bluez_link_new(const char *adapter, const char *address, const char *name,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_bluez_link_set_target_name:
 * @link: of dfu_bluez_link_new(), before a session uses it
 * @name: (nullable): the name that the device's bootloader advertises
 *
 * A bootloader is looked for at the device's address and at that plus 1. One
 * that has another address is found by @name and the DFU service together.
 */
void dfu_bluez_link_set_target_name(DfuLink *link, const char *name);

/**
 * DfuDeviceKind:
 *
 * What an advertisement tells of a device.
 */
typedef enum {
  DFU_DEVICE_DFU,        /* advertises the legacy DFU service: a DFU target */
  DFU_DEVICE_SECURE_DFU, /* advertises the Secure DFU service: not for this program */
  DFU_DEVICE_OTHER,
} DfuDeviceKind;

/** A device as heard by a scan; strings are the scan's and live for the call. */
typedef struct {
  const char *address;
  const char *address_type; /* "public" or "random" */
  const char *name;         /* printable; may be empty */
  gint16 rssi;              /* dBm; 0 where unknown */
  gboolean connected;       /* somebody on this host is connected to it */
  DfuDeviceKind kind;
} DfuDevice;

typedef struct DfuBluezScan DfuBluezScan;

/**
 * DfuBluezScanFunc:
 * @device: (nullable): a device heard for the first time, or with a name, kind
 *   or connection state other than before; NULL when the scan has ended
 * @error: (nullable): why it ended early; %DFU_ERROR_BLUETOOTH
 */
typedef void (*DfuBluezScanFunc)(const DfuDevice *device, const GError *error, gpointer user_data);

/**
 * dfu_bluez_scan_new:
 * @adapter: (nullable): "hci0", or NULL for the first powered one
 * @seconds: how long to listen
 *
 * Starts an LE scan that reports to @func from the main context. Devices that
 * are connected to this host do not advertise; they are reported too.
 *
 * Returns: (transfer full): the scan; freeing it ends it silently
 */
DfuBluezScan *dfu_bluez_scan_new(const char *adapter, guint seconds, DfuBluezScanFunc func,
                                 gpointer user_data);

void dfu_bluez_scan_free(DfuBluezScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezScan, dfu_bluez_scan_free)

typedef enum {
  DFU_FINDING_OK,
  DFU_FINDING_WARNING, /* updates work, but slower or less surely than they could */
  DFU_FINDING_PROBLEM, /* no update is possible */
} DfuFindingLevel;

/** One thing that was looked at on this host. The texts are printable. */
typedef struct {
  const char *what; /* a word that stays the same: "adapter" */
  DfuFindingLevel level;
  char *seen;
  char *wanted; /* (nullable): where that is not OK */
  char *todo;   /* (nullable): a command, or advice */
} DfuFinding;

void dfu_finding_free(DfuFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuFinding, dfu_finding_free)

/**
 * dfu_bluez_examine_host:
 * @adapter: (nullable): "hci0", or NULL for the first powered one
 *
 * Looks at bluetoothd, the adapter, and what a connection begins with. Starts
 * bluetoothd where the bus can, as a link does; changes nothing else. Blocks
 * for as long as that takes, up to a minute or so. What cannot be looked at,
 * because something before it is in the way, is left out.
 *
 * Returns: (transfer full) (element-type DfuFinding): the findings, in the order
 * in which to see to them
 */
GPtrArray *dfu_bluez_examine_host(const char *adapter);

/** Whether @text is "AA:BB:CC:DD:EE:FF" in either case. */
gboolean dfu_bluez_is_address(const char *text);

G_END_DECLS

#endif
