/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the declarations' form: Bluetooth Core, Vol 3, Part G, 3.1 and 3.3.1.
 */
#include "emulator/air/att_attributes.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

#include "emulator/air/att_pdu.h"

/* Attribute @index of a row, counted from 0. Returns: FALSE if the row has no such. */
static gboolean take_attribute(const DfuGattRow *row, guint16 index, DfuAttAttribute *out)
{
  if (index > 1 || (index == 1 && row->kind != DFU_GATT_CHARACTERISTIC)) {
    return FALSE;
  }
  *out = (DfuAttAttribute){
    .handle = row->handle + index,
    .end_handle = row->handle + index,
    .row = row,
    .is_declaration = index == 0 && row->kind != DFU_GATT_DESCRIPTOR,
  };
  if (!out->is_declaration) {
    out->type = dfu_att_uuid_from_text(row->uuid);
  } else if (row->kind == DFU_GATT_SERVICE) {
    out->type = dfu_att_uuid_from_short(ATT_PRIMARY_SERVICE);
    out->end_handle = row->end_handle;
  } else {
    out->type = dfu_att_uuid_from_short(ATT_CHARACTERISTIC);
  }
  return TRUE;
}

gboolean dfu_att_attribute_from(const DfuGattTable *table, guint handle, DfuAttAttribute *out)
{
  for (gsize i = 0; i < table->n_rows; i++) {
    for (guint16 index = 0; take_attribute(&table->rows[i], index, out); index++) {
      if (out->handle >= handle) {
        return TRUE;
      }
    }
  }
  return FALSE;
}

gboolean dfu_att_attribute_at(const DfuGattTable *table, guint16 handle, DfuAttAttribute *out)
{
  return dfu_att_attribute_from(table, handle, out) && out->handle == handle;
}

gsize dfu_att_declaration(const DfuAttAttribute *declaration, guint8 *out)
{
  DfuAttUuid uuid = dfu_att_uuid_from_text(declaration->row->uuid);
  gsize len = 0;

  if (declaration->row->kind == DFU_GATT_CHARACTERISTIC) {
    out[0] = declaration->row->properties;
    bt_put_le16(declaration->handle + 1, out + 1);
    len = 3;
  }
  memcpy(out + len, uuid.bytes, uuid.len);
  return len + uuid.len;
}
