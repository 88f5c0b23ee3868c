/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/board/gatt_values.h"

#include <string.h>

#include "wire/uuids.h"

static gsize put_u16(guint8 *out, guint16 value)
{
  out[0] = (guint8)value;
  out[1] = (guint8)(value >> 8);
  return 2;
}

static gsize put_bytes(guint8 *out, const void *bytes, gsize len)
{
  len = MIN(len, (gsize)DFU_GATT_MAX_VALUE_BYTES);
  memcpy(out, bytes, len);
  return len;
}

static gsize put_text(guint8 *out, const char *text)
{
  return put_bytes(out, text, strlen(text));
}

static gsize read_cccd(const DfuGattTable *table, const DfuGattRow *row, const DfuGattState *state,
                       guint8 *out)
{
  const DfuGattRow *owner = dfu_gatt_table_owner(table, row);
  gboolean on = state->notify && strcmp(owner->uuid, DFU_UUID_CONTROL_POINT) == 0;

  return put_u16(out, on ? 1 : 0);
}

gsize dfu_gatt_read(const DfuGattTable *table, const DfuGattRow *row, const DfuGattState *state,
                    guint8 *out)
{
  /* 15 to 30 ms, no latency, 4 s: what the SDK's bootloader prefers */
  static const guint8 connection_parameters[] = {0x0c, 0, 0x18, 0, 0, 0, 0x90, 0x01};
  static const guint8 current_time[10] = {0xe8, 0x07, 1, 1}; /* 1 January 2024, midnight */
  const DfuPersonality *personality = state->personality;
  const struct {
    const char *uuid;
    const char *text;
  } texts[] = {
    {DFU_GATT_DEVICE_NAME, state->device_name},
    {DFU_GATT_MANUFACTURER, personality->manufacturer},
    {DFU_GATT_MODEL, personality->model},
    {DFU_GATT_FIRMWARE, personality->firmware},
  };

  if (row->kind == DFU_GATT_DESCRIPTOR) {
    return read_cccd(table, row, state, out);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    if (strcmp(row->uuid, texts[i].uuid) == 0) {
      return put_text(out, texts[i].text);
    }
  }
  if (strcmp(row->uuid, DFU_GATT_CONNECTION_PARAMETERS) == 0) {
    return put_bytes(out, connection_parameters, sizeof connection_parameters);
  }
  if (strcmp(row->uuid, DFU_UUID_REVISION) == 0) {
    return put_u16(out, state->revision);
  }
  if (strcmp(row->uuid, DFU_GATT_SENSOR_LOCATION) == 0) {
    return put_bytes(out, "\x01", 1); /* chest */
  }
  if (strcmp(row->uuid, DFU_GATT_BATTERY_LEVEL) == 0) {
    return put_bytes(out, "\x64", 1); /* percent */
  }
  if (strcmp(row->uuid, DFU_GATT_CURRENT_TIME) == 0) {
    return put_bytes(out, current_time, sizeof current_time);
  }
  return put_u16(out, 0); /* appearance: unknown */
}
