/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source: Bluetooth Core, Vol 3, Part F, 3.4.3 and 3.4.4.
 */
#include "emulator/air/att_reading.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

#include "emulator/air/att_attributes.h"

/** Parameters that the finding requests begin with. */
typedef struct {
  guint16 first;
  guint16 last;
} Range;

static guint8 take_range(const guint8 *pdu, Range *range, DfuAttReply *reply)
{
  *range = (Range){bt_get_le16(pdu + 1), bt_get_le16(pdu + 3)};
  reply->error_handle = range->first;
  return range->first == 0 || range->first > range->last ? ATT_INVALID_HANDLE : 0;
}

/* The next attribute of @range from @handle on. Returns: FALSE after the last. */
static gboolean next_in(const DfuBoard *board, Range range, guint handle, DfuAttAttribute *out)
{
  return dfu_att_attribute_from(dfu_board_get_table(board), MAX(handle, range.first), out)
         && out->handle <= range.last;
}

static gboolean has_room(const DfuAttReply *reply, gsize len)
{
  return reply->len + len <= reply->max_bytes;
}

static void put_u16(DfuAttReply *reply, guint16 value)
{
  bt_put_le16(value, reply->bytes + reply->len);
  reply->len += 2;
}

static void put_bytes(DfuAttReply *reply, const guint8 *bytes, gsize len)
{
  memcpy(reply->bytes + reply->len, bytes, len);
  reply->len += len;
}

static guint8 read_value(const DfuBoard *board, const DfuAttAttribute *attribute, guint8 *out,
                         gsize *len)
{
  if (attribute->is_declaration) {
    *len = dfu_att_declaration(attribute, out);
    return 0;
  }
  return dfu_board_read(board, attribute->handle, out, len);
}

guint8 dfu_att_find_information(const DfuBoard *board, const guint8 *pdu, gsize len G_GNUC_UNUSED,
                                DfuAttReply *reply)
{
  enum { SHORT_UUIDS = 1, LONG_UUIDS = 2 };
  DfuAttAttribute attribute;
  gsize uuid_bytes = 0;
  Range range;
  guint8 error = take_range(pdu, &range, reply);

  if (error != 0) {
    return error;
  }
  for (guint handle = range.first; next_in(board, range, handle, &attribute);
       handle = attribute.handle + 1u) {
    if (uuid_bytes == 0) { /* the first decides which size of UUID is listed */
      uuid_bytes = attribute.type.len;
      reply->bytes[reply->len++] = uuid_bytes == DFU_ATT_SHORT_UUID_BYTES ? SHORT_UUIDS
                                                                           : LONG_UUIDS;
    }
    if (attribute.type.len != uuid_bytes || !has_room(reply, 2 + uuid_bytes)) {
      break;
    }
    put_u16(reply, attribute.handle);
    put_bytes(reply, attribute.type.bytes, uuid_bytes);
  }
  return uuid_bytes == 0 ? ATT_ATTRIBUTE_NOT_FOUND : 0;
}

/* A UUID counts as equal in either of its lengths, as it does where it is a type. */
static gboolean has_value(const DfuBoard *board, const DfuAttAttribute *attribute,
                          const guint8 *wanted, gsize wanted_len)
{
  guint8 value[DFU_GATT_MAX_VALUE_BYTES];
  DfuAttUuid own, other;
  gsize len;

  if (read_value(board, attribute, value, &len) != 0) {
    return FALSE;
  }
  if (attribute->is_declaration && attribute->row->kind == DFU_GATT_SERVICE) {
    return dfu_att_uuid_from_bytes(wanted, wanted_len, &other)
           && dfu_att_uuid_from_bytes(value, len, &own) && dfu_att_uuid_equal(&own, &other);
  }
  return len == wanted_len && memcmp(value, wanted, len) == 0;
}

guint8 dfu_att_find_by_type_value(const DfuBoard *board, const guint8 *pdu, gsize len,
                                  DfuAttReply *reply)
{
  enum { VALUE_AT = 7 };
  DfuAttUuid type = dfu_att_uuid_from_short(bt_get_le16(pdu + 5));
  gsize empty = reply->len;
  DfuAttAttribute attribute;
  Range range;
  guint8 error = take_range(pdu, &range, reply);

  if (error != 0) {
    return error;
  }
  for (guint handle = range.first;
       has_room(reply, 4) && next_in(board, range, handle, &attribute);
       handle = attribute.handle + 1u) {
    if (dfu_att_uuid_equal(&attribute.type, &type)
        && has_value(board, &attribute, pdu + VALUE_AT, len - VALUE_AT)) {
      put_u16(reply, attribute.handle);
      put_u16(reply, attribute.end_handle);
    }
  }
  return reply->len == empty ? ATT_ATTRIBUTE_NOT_FOUND : 0;
}

/*
 * Lists the attributes of @type with their values, as both kinds of Read By ...
 * Type do; with the end of the group where @grouped. All entries have the length
 * of the first, which stands before them.
 */
static guint8 list_values(const DfuBoard *board, Range range, const DfuAttUuid *type,
                          gboolean grouped, DfuAttReply *reply)
{
  gsize head_bytes = grouped ? 4 : 2;
  gsize length_at = reply->len++;
  gsize entry_bytes = 0;
  DfuAttAttribute attribute;

  for (guint handle = range.first; next_in(board, range, handle, &attribute);
       handle = attribute.handle + 1u) {
    guint8 value[DFU_GATT_MAX_VALUE_BYTES];
    gsize len;
    guint8 error;

    if (!dfu_att_uuid_equal(&attribute.type, type)) {
      continue;
    }
    error = read_value(board, &attribute, value, &len);
    if (error != 0 && entry_bytes == 0) {
      reply->error_handle = attribute.handle;
      return error;
    }
    if (entry_bytes == 0) {
      len = MIN(len, reply->max_bytes - reply->len - head_bytes);
      entry_bytes = head_bytes + len;
      reply->bytes[length_at] = (guint8)entry_bytes;
    }
    if (error != 0 || head_bytes + len != entry_bytes || !has_room(reply, entry_bytes)) {
      break;
    }
    put_u16(reply, attribute.handle);
    if (grouped) {
      put_u16(reply, attribute.end_handle);
    }
    put_bytes(reply, value, len);
  }
  return entry_bytes == 0 ? ATT_ATTRIBUTE_NOT_FOUND : 0;
}

static guint8 take_range_and_type(const guint8 *pdu, gsize len, Range *range, DfuAttUuid *type,
                                  DfuAttReply *reply)
{
  enum { TYPE_AT = 5 };

  if (!dfu_att_uuid_from_bytes(pdu + TYPE_AT, len - TYPE_AT, type)) {
    return ATT_INVALID_PDU;
  }
  return take_range(pdu, range, reply);
}

guint8 dfu_att_read_by_type(const DfuBoard *board, const guint8 *pdu, gsize len,
                            DfuAttReply *reply)
{
  DfuAttUuid type;
  Range range;
  guint8 error = take_range_and_type(pdu, len, &range, &type, reply);

  return error != 0 ? error : list_values(board, range, &type, FALSE, reply);
}

guint8 dfu_att_read_by_group_type(const DfuBoard *board, const guint8 *pdu, gsize len,
                                  DfuAttReply *reply)
{
  DfuAttUuid primary = dfu_att_uuid_from_short(ATT_PRIMARY_SERVICE);
  DfuAttUuid secondary = dfu_att_uuid_from_short(ATT_SECONDARY_SERVICE);
  DfuAttUuid type;
  Range range;
  guint8 error = take_range_and_type(pdu, len, &range, &type, reply);

  if (error != 0) {
    return error;
  }
  if (!dfu_att_uuid_equal(&type, &primary) && !dfu_att_uuid_equal(&type, &secondary)) {
    return ATT_UNSUPPORTED_GROUP_TYPE;
  }
  return list_values(board, range, &type, TRUE, reply);
}

static guint8 read_from(const DfuBoard *board, guint16 handle, gsize offset, DfuAttReply *reply)
{
  guint8 value[DFU_GATT_MAX_VALUE_BYTES];
  DfuAttAttribute attribute;
  gsize len;
  guint8 error;

  reply->error_handle = handle;
  if (!dfu_att_attribute_at(dfu_board_get_table(board), handle, &attribute)) {
    return ATT_INVALID_HANDLE;
  }
  error = read_value(board, &attribute, value, &len);
  if (error != 0) {
    return error;
  }
  if (offset > len) {
    return ATT_INVALID_OFFSET;
  }
  put_bytes(reply, value + offset, MIN(len - offset, reply->max_bytes - reply->len));
  return 0;
}

guint8 dfu_att_read(const DfuBoard *board, const guint8 *pdu, gsize len G_GNUC_UNUSED,
                    DfuAttReply *reply)
{
  return read_from(board, bt_get_le16(pdu + 1), 0, reply);
}

guint8 dfu_att_read_blob(const DfuBoard *board, const guint8 *pdu, gsize len G_GNUC_UNUSED,
                         DfuAttReply *reply)
{
  return read_from(board, bt_get_le16(pdu + 1), bt_get_le16(pdu + 3), reply);
}
