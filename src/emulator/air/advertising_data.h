/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a board advertises, as bytes on the air.
 */
#ifndef DFU_EMULATOR_AIR_ADVERTISING_DATA_H
#define DFU_EMULATOR_AIR_ADVERTISING_DATA_H

#include "emulator/board/board.h"

enum { DFU_ADVERTISING_DATA_BYTES = 31 };

typedef struct {
  guint8 bytes[DFU_ADVERTISING_DATA_BYTES];
  gsize len;
} DfuAdvertisingData;

/**
 * dfu_advertising_data_make:
 * @data: (out): flags, service UUIDs, and the name where it fits
 * @response: (out): of a scan: the name, where it did not fit
 */
void dfu_advertising_data_make(const DfuAdvertisement *advertisement, DfuAdvertisingData *data,
                               DfuAdvertisingData *response);

#endif
