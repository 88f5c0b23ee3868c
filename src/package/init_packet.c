/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The init packet, the `.dat` member of a package: from bytes to fields and
 * back. Does not see the manifest. All integers are little-endian.
 *
 * Source: pc-nrfutil 0.5.1, nordicsemi/dfu/init_packet.py (layouts); nRF5 SDK
 * 11.0.0, dfu_init_template.c (what a target reads); nRF5 SDK 15.3.0,
 * dfu-cc.proto (how to tell a Secure DFU init packet).
 */
#include <dfu/package.h>
#include <string.h>

#include "package/crc16.h"
#include "package/file.h"

#define COMMON_BYTES 10u /* up to the SoftDevice list */

/** `ext_packet_id` of the extended part. */
enum { EXTENDED_CRC = 0, EXTENDED_HASH = 1, EXTENDED_SIGNED = 2 };

/** Lengths of the extended part, its id included. */
enum {
  CRC_BYTES = 2,
  EXTENDED_CRC_BYTES = 4 + 2,
  EXTENDED_HASH_BYTES = 4 + 4 + 32,
  EXTENDED_SIGNED_BYTES = 4 + 4 + 32 + 64,
};

static guint16 get_u16(const guint8 *in)
{
  return (guint16)(in[0] | in[1] << 8);
}

static guint32 get_u32(const guint8 *in)
{
  return (guint32)get_u16(in) | (guint32)get_u16(in + 2) << 16;
}

/**
 * Steps into a protobuf field of bytes: if @at begins with @tag and a length
 * that fits into @len, both become those of the contents.
 */
static gboolean enter_field(const guint8 **at, gsize *len, guint8 tag)
{
  const guint8 *in = *at;
  gsize header = 2;

  if (*len < 3 || in[0] != tag)
    return FALSE;

  gsize contents = in[1] & 0x7f;

  if (in[1] & 0x80) {
    contents |= (gsize)in[2] << 7;
    header = 3;
  }
  if (contents > *len - header)
    return FALSE;
  *at += header;
  *len = contents;
  return TRUE;
}

/**
 * A Secure DFU init packet is one field that fills the file: a signed command
 * (2) around a command (1), or the bare command. A command begins with its
 * operation code (1). A legacy packet begins with the device type instead.
 */
static gboolean is_secure(const guint8 *data, gsize len)
{
  const guint8 *end = data + len;
  const guint8 *at = data;

  if (enter_field(&at, &len, 0x12)) {
    if (at + len != end || !enter_field(&at, &len, 0x0a))
      return FALSE;
  } else if (!enter_field(&at, &len, 0x0a) || at + len != end) {
    return FALSE;
  }
  return len > 0 && at[0] == 0x08;
}

static gboolean check_length(gsize len, GError **error)
{
  if (len > DFU_PACKAGE_MAX_INIT_BYTES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the init packet has %" G_GSIZE_FORMAT " bytes, but at most %u are allowed", len,
                DFU_PACKAGE_MAX_INIT_BYTES);
    return FALSE;
  }
  if (len != CRC_BYTES && len < COMMON_BYTES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the init packet has %" G_GSIZE_FORMAT " bytes, but it takes 2 (a CRC-16 alone) "
                "or at least %u; pack the package again", len, COMMON_BYTES);
    return FALSE;
  }
  return TRUE;
}

static gboolean decode_common(const guint8 *data, gsize len, DfuInitPacket *out, GError **error)
{
  guint n = get_u16(data + 8);

  if (n > DFU_INIT_MAX_SOFTDEVICES || COMMON_BYTES + 2 * n > len) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the init packet announces %u SoftDevice ids, but it has %" G_GSIZE_FORMAT
                " bytes in all and at most %u ids are allowed; it is damaged, or was packed with "
                "a field left out: pack the package again", n, len, DFU_INIT_MAX_SOFTDEVICES);
    return FALSE;
  }
  out->has_common = TRUE;
  out->device_type = get_u16(data);
  out->device_revision = get_u16(data + 2);
  out->application_version = get_u32(data + 4);
  out->n_softdevices = n;
  for (guint i = 0; i < n; i++)
    out->softdevices[i] = get_u16(data + COMMON_BYTES + 2 * i);
  return TRUE;
}

static void decode_hash(const guint8 *extended, DfuInitLayout layout, DfuInitPacket *out)
{
  out->layout = layout;
  out->image_bytes = get_u32(extended + 4);
  memcpy(out->sha256, extended + 8, sizeof out->sha256);
}

static void decode_extended(const guint8 *extended, gsize len, DfuInitPacket *out)
{
  guint32 id = len >= 4 ? get_u32(extended) : 0;

  if (len == CRC_BYTES) {
    out->layout = DFU_INIT_CRC;
    out->crc16 = get_u16(extended);
  } else if (len == EXTENDED_CRC_BYTES && id == EXTENDED_CRC) {
    out->layout = DFU_INIT_CRC_EXTENDED;
    out->crc16 = get_u16(extended + 4);
  } else if (len == EXTENDED_HASH_BYTES && id == EXTENDED_HASH) {
    decode_hash(extended, DFU_INIT_HASH, out);
  } else if (len == EXTENDED_SIGNED_BYTES && id == EXTENDED_SIGNED) {
    decode_hash(extended, DFU_INIT_SIGNED, out);
  } else {
    out->layout = DFU_INIT_CUSTOM;
  }
}

gboolean dfu_init_packet_decode(GBytes *bytes, DfuInitPacket *out, GError **error)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(bytes, &len);
  DfuInitPacket packet = {.layout = DFU_INIT_CRC_ONLY};

  if (!check_length(len, error))
    return FALSE;
  if (is_secure(data, len)) {
    g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                        "the init packet is one of Nordic's Secure DFU (nRF5 SDK 12 and later), "
                        "and this program speaks legacy DFU; use a Secure DFU tool such as "
                        "nrfutil or nRF Connect");
    return FALSE;
  }
  if (len == CRC_BYTES) {
    packet.crc16 = get_u16(data);
  } else {
    if (!decode_common(data, len, &packet, error))
      return FALSE;

    gsize extended = COMMON_BYTES + 2 * packet.n_softdevices;

    decode_extended(data + extended, len - extended, &packet);
  }
  *out = packet;
  return TRUE;
}

GBytes *dfu_init_packet_read_file(const char *path, DfuInitPacket *out, GError **error)
{
  g_autofree char *shown = dfu_file_shown_name(path);
  g_autoptr(GBytes) bytes = dfu_file_read(path, DFU_PACKAGE_MAX_INIT_BYTES, error);

  if (bytes == NULL)
    return NULL;
  if (!dfu_init_packet_decode(bytes, out, error)) {
    g_prefix_error(error, "%s: ", shown);
    return NULL;
  }
  return g_steal_pointer(&bytes);
}

const DfuInitPacket dfu_init_packet_default = {
  .layout = DFU_INIT_CRC,
  .has_common = TRUE,
  .device_type = 0xffff,
  .device_revision = 0xffff,
  .application_version = 0xffffffff,
  .n_softdevices = 1,
  .softdevices = {DFU_SOFTDEVICE_ANY},
};

void dfu_init_packet_measure(DfuInitPacket *packet, GBytes *image)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(image, &len);
  gsize sha256_len = sizeof packet->sha256;
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

  g_checksum_update(sum, data, (gssize)len);
  g_checksum_get_digest(sum, packet->sha256, &sha256_len);
  packet->image_bytes = (guint32)len;
  packet->crc16 = dfu_crc16(data, len);
}

static void append_u16(GByteArray *out, guint16 value)
{
  const guint8 bytes[2] = {(guint8)value, (guint8)(value >> 8)};

  g_byte_array_append(out, bytes, sizeof bytes);
}

static void append_u32(GByteArray *out, guint32 value)
{
  append_u16(out, (guint16)value);
  append_u16(out, (guint16)(value >> 16));
}

static void append_common(GByteArray *out, const DfuInitPacket *packet)
{
  append_u16(out, packet->device_type);
  append_u16(out, packet->device_revision);
  append_u32(out, packet->application_version);
  append_u16(out, (guint16)packet->n_softdevices);
  for (guint i = 0; i < packet->n_softdevices; i++)
    append_u16(out, packet->softdevices[i]);
}

static void append_hash(GByteArray *out, guint32 id, const DfuInitPacket *packet)
{
  append_u32(out, id);
  append_u32(out, packet->image_bytes);
  g_byte_array_append(out, packet->sha256, sizeof packet->sha256);
}

GBytes *dfu_init_packet_encode(const DfuInitPacket *packet)
{
  g_autoptr(GByteArray) out = g_byte_array_new();

  g_return_val_if_fail(packet->layout != DFU_INIT_CUSTOM, NULL);
  if (packet->layout != DFU_INIT_CRC_ONLY)
    append_common(out, packet);

  switch (packet->layout) {
  case DFU_INIT_CRC_EXTENDED:
    append_u32(out, EXTENDED_CRC);
    append_u16(out, packet->crc16);
    break;
  case DFU_INIT_HASH:
    append_hash(out, EXTENDED_HASH, packet);
    break;
  case DFU_INIT_SIGNED:
    append_hash(out, EXTENDED_SIGNED, packet);
    break;
  default:
    append_u16(out, packet->crc16);
    break;
  }
  return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

const char *dfu_init_layout_to_string(DfuInitLayout layout)
{
  switch (layout) {
  case DFU_INIT_CRC_ONLY: return "CRC-16 only";
  case DFU_INIT_CRC: return "CRC-16";
  case DFU_INIT_CRC_EXTENDED: return "extended, CRC-16";
  case DFU_INIT_HASH: return "extended, SHA-256";
  case DFU_INIT_SIGNED: return "extended, SHA-256, signed";
  case DFU_INIT_CUSTOM: return "custom";
  }
  return "unknown";
}
