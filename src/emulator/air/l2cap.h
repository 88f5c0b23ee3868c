/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * L2CAP basic frames over an LE link: put together from the fragments that a
 * controller hands over. Only the three fixed channels of LE are of interest.
 */
#ifndef DFU_EMULATOR_AIR_L2CAP_H
#define DFU_EMULATOR_AIR_L2CAP_H

#include <glib.h>

enum {
  DFU_L2CAP_ATT = 4,
  DFU_L2CAP_SIGNALLING = 5,
  DFU_L2CAP_SMP = 6,
};

enum {
  DFU_L2CAP_HEADER_BYTES = 4,
  DFU_L2CAP_MAX_PAYLOAD_BYTES = 1024, /* twice what ATT can fill; longer frames are dropped */
};

/** What has come of a frame. Zeroed: nothing yet. */
typedef struct {
  guint8 bytes[DFU_L2CAP_HEADER_BYTES + DFU_L2CAP_MAX_PAYLOAD_BYTES];
  gsize len;
  gboolean under_way;
} DfuL2capReceiver;

typedef struct {
  guint16 channel;
  const guint8 *payload; /* the receiver's, until the next fragment */
  gsize len;
} DfuL2capFrame;

/**
 * dfu_l2cap_receive:
 * @first: the fragment begins a frame; what was incomplete is dropped
 * @bytes: any bytes; what exceeds the frame drops it, and so does a continuation of nothing
 * @frame: (out): the frame, once it is complete
 *
 * Returns: TRUE if @frame is complete
 */
gboolean dfu_l2cap_receive(DfuL2capReceiver *receiver, gboolean first, const guint8 *bytes,
                           gsize len, DfuL2capFrame *frame);

/** Writes the header of a frame with @len bytes of payload. @out: DFU_L2CAP_HEADER_BYTES. */
void dfu_l2cap_put_header(guint8 *out, guint16 channel, gsize len);

#endif
