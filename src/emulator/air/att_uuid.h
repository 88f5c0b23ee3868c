/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * UUIDs as the Attribute Protocol and advertisements carry them: 16 bits where
 * the Bluetooth Base UUID allows it, else 128, least significant byte first.
 */
#ifndef DFU_EMULATOR_AIR_ATT_UUID_H
#define DFU_EMULATOR_AIR_ATT_UUID_H

#include <glib.h>

enum { DFU_ATT_SHORT_UUID_BYTES = 2, DFU_ATT_LONG_UUID_BYTES = 16 };

typedef struct {
  guint8 bytes[DFU_ATT_LONG_UUID_BYTES];
  gsize len; /* 2 or 16 */
} DfuAttUuid;

/** @text: "00001530-1212-efde-1523-785feabcd123"; one of our own tables, not input. */
DfuAttUuid dfu_att_uuid_from_text(const char *text);
DfuAttUuid dfu_att_uuid_from_short(guint16 number);

/** @bytes: from outside. Returns: FALSE if @len is neither 2 nor 16. */
gboolean dfu_att_uuid_from_bytes(const guint8 *bytes, gsize len, DfuAttUuid *uuid);

gboolean dfu_att_uuid_equal(const DfuAttUuid *a, const DfuAttUuid *b);

#endif
