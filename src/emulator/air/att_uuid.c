/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the Base UUID: Bluetooth Core, Vol 3, Part B, 2.5.1.
 */
#include "emulator/air/att_uuid.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

/* 0000xxxx-0000-1000-8000-00805f9b34fb; xxxx is at SHORT_AT. */
static const guint8 base_uuid[DFU_ATT_LONG_UUID_BYTES] = {
  0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00, 0x00, 0x80, 0x00, 0x10, 0x00, 0x00, 0, 0, 0x00, 0x00,
};

enum { SHORT_AT = 12 };

DfuAttUuid dfu_att_uuid_from_short(guint16 number)
{
  DfuAttUuid uuid = {.len = DFU_ATT_SHORT_UUID_BYTES};

  bt_put_le16(number, uuid.bytes);
  return uuid;
}

static DfuAttUuid shorten(const guint8 bytes[DFU_ATT_LONG_UUID_BYTES])
{
  DfuAttUuid uuid = {.len = DFU_ATT_LONG_UUID_BYTES};

  if (memcmp(bytes, base_uuid, SHORT_AT) == 0 && bt_get_le16(bytes + SHORT_AT + 2) == 0) {
    return dfu_att_uuid_from_short(bt_get_le16(bytes + SHORT_AT));
  }
  memcpy(uuid.bytes, bytes, sizeof uuid.bytes);
  return uuid;
}

DfuAttUuid dfu_att_uuid_from_text(const char *text)
{
  guint8 bytes[DFU_ATT_LONG_UUID_BYTES] = {0};
  gsize digits = 0;

  for (const char *c = text; *c != '\0' && digits < 2 * sizeof bytes; c++) {
    if (g_ascii_isxdigit(*c)) {
      guint8 *byte = &bytes[sizeof bytes - 1 - digits / 2];

      *byte = (guint8)(*byte << 4 | g_ascii_xdigit_value(*c));
      digits++;
    }
  }
  return shorten(bytes);
}

gboolean dfu_att_uuid_from_bytes(const guint8 *bytes, gsize len, DfuAttUuid *uuid)
{
  if (len == DFU_ATT_SHORT_UUID_BYTES) {
    *uuid = dfu_att_uuid_from_short(bt_get_le16(bytes));
    return TRUE;
  }
  if (len == DFU_ATT_LONG_UUID_BYTES) {
    *uuid = shorten(bytes);
    return TRUE;
  }
  return FALSE;
}

gboolean dfu_att_uuid_equal(const DfuAttUuid *a, const DfuAttUuid *b)
{
  return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
