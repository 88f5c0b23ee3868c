/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The board's table as the Attribute Protocol sees it: one attribute a handle,
 * declarations included.
 */
#ifndef DFU_EMULATOR_AIR_ATT_ATTRIBUTES_H
#define DFU_EMULATOR_AIR_ATT_ATTRIBUTES_H

#include "emulator/air/att_uuid.h"
#include "emulator/board/gatt_table.h"

typedef struct {
  guint16 handle;
  guint16 end_handle; /* of the service that it declares; otherwise @handle */
  DfuAttUuid type;
  const DfuGattRow *row;
  gboolean is_declaration; /* of a service or a characteristic: its value is in @row */
} DfuAttAttribute;

/** The first attribute from @handle on. Returns: FALSE if there is none. */
gboolean dfu_att_attribute_from(const DfuGattTable *table, guint handle, DfuAttAttribute *out);

/** The attribute at @handle. Returns: FALSE if there is none. */
gboolean dfu_att_attribute_at(const DfuGattTable *table, guint16 handle, DfuAttAttribute *out);

/** @out: room for DFU_GATT_MAX_VALUE_BYTES. Returns: the length of the declaration in it. */
gsize dfu_att_declaration(const DfuAttAttribute *declaration, guint8 *out);

#endif
