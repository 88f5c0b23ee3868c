/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An inquiry: connects to a device, sees what it is, asks a DFU target how much
 * of an image it has received, and leaves. It changes nothing on the device.
 */
#ifndef DFU_INQUIRY_H
#define DFU_INQUIRY_H

#include <dfu/family.h>
#include <dfu/link.h>

G_BEGIN_DECLS

/** What a device is. */
typedef enum {
  DFU_DEVICE_MODE_DFU,         /* its bootloader runs, or a target that needs none */
  DFU_DEVICE_MODE_APPLICATION, /* an application that can be sent into its bootloader */
  DFU_DEVICE_MODE_OTHER,       /* nothing of this profile: `why_other` */
} DfuDeviceMode;

/** What came of an inquiry; strings live for the call. */
typedef struct {
  const GError *error; /* (nullable): domain DFU_ERROR; then the rest says nothing */
  DfuDeviceMode mode;
  const char *why_other; /* (nullable) */
  const char *address;   /* (nullable): this and all that follows is not known of MODE_OTHER */
  const char *name;      /* this and the next three: printable; may be empty */
  const char *manufacturer;
  const char *model;
  const char *firmware;
  gint16 rssi;           /* dBm; 0 where unknown */
  guint16 mtu;
  gint revision;         /* -1 where the device has none */
  const DfuFamily *family; /* (nullable): of a device in DFU mode */
  const char *family_why;  /* with it: by what sign */
  gint64 received_bytes; /* -1: not asked, or it does not tell */
} DfuInquiryResult;

/** Hears the result, once, never from inside a call to the inquiry; may free it. */
typedef void (*DfuInquiryFunc)(const DfuInquiryResult *result, gpointer user_data);

typedef struct DfuInquiry DfuInquiry;

/**
 * dfu_inquiry_new:
 * @link: to whom; must outlive the inquiry
 * @family: (nullable): of the device, where the user names it; else it is recognised
 * @timeout_s: to find the device and connect
 *
 * Begins. A device in application mode is not written to; a DFU target is asked
 * with Report Received Image Size, which changes no stage of any known one. One
 * whose family does not answer that is not written to either: on a watch with
 * InfiniTime it would prolong a session that was cut.
 *
 * Returns: (transfer full): the inquiry
 */
DfuInquiry *dfu_inquiry_new(DfuLink *link, const DfuFamily *family, guint timeout_s,
                            DfuInquiryFunc func, gpointer user_data);

/** Leaves the device; the result is %DFU_ERROR_INTERRUPTED. */
void dfu_inquiry_cancel(DfuInquiry *inquiry);

void dfu_inquiry_free(DfuInquiry *inquiry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuInquiry, dfu_inquiry_free)

G_END_DECLS

#endif
