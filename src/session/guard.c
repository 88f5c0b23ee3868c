/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sources: Adafruit_nRF52_Bootloader 0.9.2 and 0.10.0, dfu_init.c (device type
 * and revision), main.c (what starts without an application); InfiniTime 1.14,
 * DfuService.cpp (size, packets, init packet in one write); MCUboot, image.h
 * (magic).
 */
#include "session/guard.h"

#include "dfu/session.h"

#include <string.h>

#include "wire/wire.h"

#define MCUBOOT_MAGIC 0x96f3b83du
#define ADAFRUIT_DEVICE_TYPE 0x0052u

/* Of the nRF52840, the nRF52833 and the nRF52832, each as Adafruit numbers it. */
static const guint16 adafruit_revisions[] = {52840, 52833, 0xadaf};

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start(args, format);
  message = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE, message);
  return FALSE;
}

static gboolean check_size(const DfuPart *part, const DfuFamily *family, const char *device,
                           GError **error)
{
  gsize bytes = g_bytes_get_size(part->image);

  if (family->max_image_bytes == 0 || bytes <= family->max_image_bytes)
    return TRUE;
  return refuse(error,
                "the image has %" G_GSIZE_FORMAT " bytes; %s (%s) has room for %u and does not "
                "check it. Nothing was sent",
                bytes, device, family->title, family->max_image_bytes);
}

static gboolean is_mcuboot(GBytes *image)
{
  gsize len;
  const guint8 *bytes = g_bytes_get_data(image, &len);
  guint32 magic = 0;

  for (gsize i = 0; i < sizeof(magic) && i < len; i++)
    magic |= (guint32)bytes[i] << 8 * i;
  return magic == MCUBOOT_MAGIC;
}

static gboolean check_mcuboot(const DfuPart *part, const DfuFamily *family, const char *device,
                              GError **error)
{
  if (!family->wants_mcuboot || is_mcuboot(part->image))
    return TRUE;
  return refuse(error,
                "%s (%s) starts images of MCUboot only, and %s is none: it does not begin with "
                "3d b8 f3 96. Nothing was sent",
                device, family->title, part->image_name);
}

static gboolean check_protocol(const DfuPart *part, const DfuFamily *family, const char *device,
                               GError **error)
{
  gsize init_bytes = g_bytes_get_size(part->init_packet);

  if ((family->has_v1_start || family->is_application) && part->type != DFU_IMAGE_APPLICATION)
    return refuse(error, "%s (%s) takes applications only, not a %s. Nothing was sent", device,
                  family->title, dfu_image_type_to_string(part->type));
  if (family->takes_init_whole && init_bytes > DFU_WIRE_PACKET_BYTES)
    return refuse(error,
                  "the init packet has %" G_GSIZE_FORMAT " bytes; %s (%s) takes at most %d, in one "
                  "write. Nothing was sent",
                  init_bytes, device, family->title, DFU_WIRE_PACKET_BYTES);
  return TRUE;
}

static gboolean is_adafruit_revision(guint16 revision)
{
  for (gsize i = 0; i < G_N_ELEMENTS(adafruit_revisions); i++)
    if (adafruit_revisions[i] == revision)
      return TRUE;
  return FALSE;
}

static gboolean check_device_type(const DfuPart *part, const DfuFamily *family, const char *device,
                                  GError **error)
{
  const DfuInitPacket *init = &part->init;

  if (!family->checks_device)
    return TRUE;
  if (!init->has_common)
    return refuse(error,
                  "%s (%s) wants an init packet with a device type, and that of %s has none. "
                  "Nothing was sent",
                  device, family->title, part->image_name);
  if (init->device_type != ADAFRUIT_DEVICE_TYPE)
    return refuse(error,
                  "the package is made for device type 0x%04x; %s (%s) takes 0x%04x only, and would "
                  "refuse it after erasing its application. Nothing was sent; pack it with "
                  "--dev-type 0x0052",
                  init->device_type, device, family->title, ADAFRUIT_DEVICE_TYPE);
  if (part->type != DFU_IMAGE_APPLICATION && !is_adafruit_revision(init->device_revision))
    return refuse(error,
                  "the package is made for device revision %u; %s (%s) takes a %s for 52840, 52833 "
                  "or 44463 (nRF52832) only. Nothing was sent",
                  init->device_revision, device, family->title,
                  dfu_image_type_to_string(part->type));
  return TRUE;
}

gboolean dfu_guard_check_image(const DfuPart *part, const DfuFamily *family, const char *device,
                               GError **error)
{
  return check_protocol(part, family, device, error) && check_size(part, family, device, error) &&
         check_mcuboot(part, family, device, error) &&
         check_device_type(part, family, device, error);
}

void dfu_guard_check_radio(const DfuPart *part, const DfuFamily *family, const char *device,
                           GError **error)
{
  if (part->type != DFU_IMAGE_APPLICATION && family->system_to_cable)
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "a %s takes the application's place, and %s (%s) is off the air without one: it "
                "then wants a cable. Nothing was sent; --allow-cable sends it all the same",
                dfu_image_type_to_string(part->type), device, family->title);
}

gboolean dfu_guard_check_pace(const DfuSessionOptions *options, const DfuFamily *family,
                              const char *device, GError **error)
{
  guint most = family->most_receipt_packets;

  if (family->has_fixed_packets && options->packet_bytes != 0 &&
      options->packet_bytes != family->large_packet_bytes)
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "%s (%s) takes packets of %u bytes only, and --packet-size is %u. Nothing was sent; "
                "leave that out",
                device, family->title, family->large_packet_bytes, options->packet_bytes);
  else if (most > 0 && options->receipt_packets > most)
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "%s (%s) bears at most %u packets to a receipt, and --prn is %u. Nothing was sent",
                device, family->title, most, options->receipt_packets);
  else
    return TRUE;
  return FALSE;
}

gboolean dfu_guard_check_model(const DfuLinkFacts *facts, const char *expected, const char *device,
                               GError **error)
{
  const char *model = facts->model != NULL ? facts->model : "";

  if (expected == NULL || g_str_equal(model, expected))
    return TRUE;
  if (model[0] == '\0')
    g_set_error(error, DFU_ERROR, DFU_ERROR_NOT_FOUND,
                "%s does not tell its model, and --expect-model wants '%s'. Nothing was sent",
                device, expected);
  else
    g_set_error(error, DFU_ERROR, DFU_ERROR_NOT_FOUND,
                "%s is a '%s', and --expect-model wants '%s'. Nothing was sent", device, model,
                expected);
  return FALSE;
}

const char *dfu_guard_get_warning(const DfuLinkFacts *facts)
{
  if (facts->firmware != NULL && g_str_has_prefix(facts->firmware, "0.11.0 "))
    return "Adafruit's bootloader 0.11.0 is known not to answer Start where it was entered from the "
           "application; if that happens, enter it by its button";
  return NULL;
}

gboolean dfu_session_check_part(const DfuPart *part, const DfuFamily *family, GError **error)
{
  return dfu_guard_check_image(part, family, "the device", error);
}
