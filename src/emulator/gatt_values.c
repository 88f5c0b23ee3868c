/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/gatt_values.h"

#include <string.h>

enum {
  HANDLE_DEVICE_NAME = 0x0002,
  HANDLE_CONNECTION_PARAMETERS = 0x0006,
  HANDLE_REVISION = 0x0012,        /* bootloader */
  HANDLE_SENSOR_LOCATION = 0x0010, /* application */
};

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

gsize dfu_gatt_read(const DfuGattTable *table, const DfuGattRow *row, const DfuGattState *state,
                    guint8 *out)
{
  /* 15 to 30 ms, no latency, 4 s: what the SDK's bootloader prefers */
  static const guint8 connection_parameters[] = {0x0c, 0, 0x18, 0, 0, 0, 0x90, 0x01};
  gboolean bootloader = table == dfu_gatt_table_bootloader();

  if (row->handle == HANDLE_DEVICE_NAME) {
    return put_bytes(out, state->device_name, strlen(state->device_name));
  }
  if (row->handle == HANDLE_CONNECTION_PARAMETERS) {
    return put_bytes(out, connection_parameters, sizeof connection_parameters);
  }
  if (bootloader && row->handle == HANDLE_REVISION) {
    return put_u16(out, state->revision);
  }
  if (bootloader && row->handle == DFU_HANDLE_CONTROL_POINT_CCCD) {
    return put_u16(out, state->notify ? 1 : 0);
  }
  if (!bootloader && row->handle == HANDLE_SENSOR_LOCATION) {
    return put_bytes(out, "\x01", 1); /* chest */
  }
  return put_u16(out, 0); /* appearance: unknown; the other CCCDs: off */
}
