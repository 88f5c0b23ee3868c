/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a read of an attribute of the emulated board gives.
 */
#ifndef DFU_EMULATOR_BOARD_GATT_VALUES_H
#define DFU_EMULATOR_BOARD_GATT_VALUES_H

#include "emulator/board/gatt_table.h"

enum { DFU_GATT_MAX_VALUE_BYTES = 64 };

/** What the values depend on. */
typedef struct {
  const char *device_name;
  const DfuPersonality *personality; /* for Device Information */
  guint16 revision; /* of DFU */
  gboolean notify;  /* the control point's CCCD is on */
} DfuGattState;

/**
 * dfu_gatt_read:
 * @row: a readable characteristic or a descriptor of @table
 * @out: room for DFU_GATT_MAX_VALUE_BYTES
 *
 * Returns: bytes in @out
 */
gsize dfu_gatt_read(const DfuGattTable *table, const DfuGattRow *row, const DfuGattState *state,
                    guint8 *out);

#endif
