/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/buttonless.h"

#include "wire/wire.h"

enum {
  ATT_HEADER_BYTES = 3,
  CONTROL_MAX_BYTES = 23,
  ATT_INVALID_LENGTH = 0x0d,     /* the stack's answer to more than a characteristic holds */
  ATT_LONG_WRITE_REFUSED = 0x82, /* the answer to prepared writes, for which there is no memory */
};

static void respond(DfuButtonlessUpdate *update, uint8_t opcode, uint8_t status)
{
  update->len = dfu_wire_put_response(update->notification, opcode, status);
}

/* An event of the service that the application has no use for, which is all but Start. */
static void refuse_event(DfuButtonlessUpdate *update)
{
  respond(update, DFU_OP_START, DFU_STATUS_NOT_SUPPORTED);
}

static void handle_request(const uint8_t *bytes, size_t len, DfuButtonlessUpdate *update)
{
  switch (bytes[0]) {
  case DFU_OP_START: /* the mode is not looked at */
    if (len < 2)
      respond(update, DFU_OP_START, DFU_STATUS_FAILED);
    else
      update->next = DFU_BUTTONLESS_JUMPS;
    break;
  case DFU_OP_INIT:
    if (len < 2)
      respond(update, DFU_OP_INIT, DFU_STATUS_FAILED);
    else
      refuse_event(update);
    break;
  case DFU_OP_REQUEST_RECEIPTS:
    if (len < 3)
      respond(update, DFU_OP_REQUEST_RECEIPTS, DFU_STATUS_NOT_SUPPORTED);
    else
      refuse_event(update);
    break;
  case DFU_OP_RECEIVE:
  case DFU_OP_VALIDATE:
  case DFU_OP_ACTIVATE:
  case DFU_OP_RESET:
  case DFU_OP_REPORT_SIZE:
    refuse_event(update);
    break;
  default:
    respond(update, bytes[0], DFU_STATUS_NOT_SUPPORTED);
  }
}

void dfu_buttonless_control(const DfuButtonless *buttonless, uint16_t mtu, const uint8_t *bytes,
                            size_t len, DfuButtonlessUpdate *update)
{
  *update = (DfuButtonlessUpdate){ .next = DFU_BUTTONLESS_STAYS };
  if (len > (size_t)mtu - ATT_HEADER_BYTES)
    update->att_error = ATT_LONG_WRITE_REFUSED;
  else if (len > CONTROL_MAX_BYTES)
    update->att_error = ATT_INVALID_LENGTH;
  else if (!buttonless->notify)
    update->att_error = DFU_ATT_CCCD_IMPROPERLY_CONFIGURED;
  else if (len > 0)
    handle_request(bytes, len, update);
}

void dfu_buttonless_packet(const DfuButtonless *buttonless, DfuButtonlessUpdate *update)
{
  *update = (DfuButtonlessUpdate){ .next = DFU_BUTTONLESS_STAYS };
  if (buttonless->notify)
    refuse_event(update);
  else
    update->next = DFU_BUTTONLESS_CRASHES;
}
