/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The signalling channel and the Security Manager's, as a peripheral has them
 * that pairs with nobody: PDU in, PDU out.
 */
#ifndef DFU_EMULATOR_AIR_L2CAP_SIGNALLING_H
#define DFU_EMULATOR_AIR_L2CAP_SIGNALLING_H

#include <glib.h>

enum { DFU_SIGNALLING_MAX_BYTES = 23, DFU_SMP_MAX_BYTES = 2 };

/** How a request for other connection parameters ended. */
typedef enum {
  DFU_UPDATE_NOT_ANSWERED, /* the PDU was something else */
  DFU_UPDATE_ACCEPTED,
  DFU_UPDATE_REJECTED,
} DfuUpdateAnswer;

/**
 * dfu_signalling_receive:
 * @pdu: any bytes
 * @out: room for DFU_SIGNALLING_MAX_BYTES
 * @update: (out): what it says about dfu_signalling_put_update_request()
 *
 * Returns: bytes in @out to be sent back, 0 for none
 */
gsize dfu_signalling_receive(const guint8 *pdu, gsize len, guint8 *out, DfuUpdateAnswer *update);

/** 15 to 30 ms, no latency, 4 s; @out: room for DFU_SIGNALLING_MAX_BYTES. Returns: bytes in it. */
gsize dfu_signalling_put_update_request(guint8 *out);

/** @pdu: any bytes; @out: DFU_SMP_MAX_BYTES. Returns: bytes in it to be sent back, 0 for none. */
gsize dfu_smp_receive(const guint8 *pdu, gsize len, guint8 *out);

#endif
