/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A notification of the control point, as a device sends it.
 */
#include <assert.h>
#include <string.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What was understood must be all that was said: put back, it is the same bytes. */
static void check_round_trip(const uint8_t *data, size_t len, const DfuNotification *seen)
{
  uint8_t bytes[DFU_WIRE_MAX_BYTES];
  size_t put;

  if (seen->kind == DFU_NOTIFICATION_RECEIPT)
    put = dfu_wire_put_receipt(bytes, seen->received_bytes);
  else if (seen->opcode == DFU_OP_REPORT_SIZE && seen->status == DFU_STATUS_SUCCESS)
    put = dfu_wire_put_size_report(bytes, seen->received_bytes);
  else
    put = dfu_wire_put_response(bytes, seen->opcode, seen->status);
  assert(put == len);
  assert(memcmp(bytes, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  DfuNotification seen, untouched;

  memset(&seen, 0x5a, sizeof seen);
  untouched = seen;
  if (dfu_wire_parse_notification(data, len, &seen) == DFU_WIRE_OK)
    check_round_trip(data, len, &seen);
  else
    assert(memcmp(&seen, &untouched, sizeof seen) == 0);
  return 0;
}
