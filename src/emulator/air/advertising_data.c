/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core Specification Supplement, Part A, 1; for what a DFU
 * target puts there, nRF5 SDK 11.0.0, dfu_transport_ble.c, advertising_init().
 */
#include "emulator/air/advertising_data.h"

#include <string.h>

#include "emulator/air/att_uuid.h"

enum {
  FLAGS = 0x01,
  INCOMPLETE_SHORT_UUIDS = 0x02,
  INCOMPLETE_LONG_UUIDS = 0x06,
  COMPLETE_NAME = 0x09,
};

enum { HEADER_BYTES = 2 };

/* Returns: FALSE, and nothing is added, if it does not fit. */
static gboolean add(DfuAdvertisingData *data, guint8 type, const void *value, gsize len)
{
  if (data->len + HEADER_BYTES + len > sizeof data->bytes) {
    return FALSE;
  }
  data->bytes[data->len] = (guint8)(1 + len);
  data->bytes[data->len + 1] = type;
  memcpy(data->bytes + data->len + HEADER_BYTES, value, len);
  data->len += HEADER_BYTES + len;
  return TRUE;
}

void dfu_advertising_data_make(const DfuAdvertisement *advertisement, DfuAdvertisingData *data,
                               DfuAdvertisingData *response)
{
  static const guint8 general_discoverable_le_only[] = {0x06};
  gsize name_bytes = strlen(advertisement->name);

  *data = *response = (DfuAdvertisingData){.len = 0};
  add(data, FLAGS, general_discoverable_le_only, sizeof general_discoverable_le_only);
  for (const char *const *text = advertisement->uuids; *text != NULL; text++) {
    DfuAttUuid uuid = dfu_att_uuid_from_text(*text);

    add(data, uuid.len == DFU_ATT_SHORT_UUID_BYTES ? INCOMPLETE_SHORT_UUIDS : INCOMPLETE_LONG_UUIDS,
        uuid.bytes, uuid.len);
  }
  if (name_bytes > 0 && !add(data, COMPLETE_NAME, advertisement->name, name_bytes)) {
    add(response, COMPLETE_NAME, advertisement->name, name_bytes);
  }
}
