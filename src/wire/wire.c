/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/wire.h"

static void put_u32(uint8_t *out, uint32_t value)
{
  out[0] = (uint8_t)value;
  out[1] = (uint8_t)(value >> 8);
  out[2] = (uint8_t)(value >> 16);
  out[3] = (uint8_t)(value >> 24);
}

static uint32_t get_u32(const uint8_t *in)
{
  return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static DfuWireResult check_length(size_t len, size_t wanted)
{
  if (len < wanted)
    return DFU_WIRE_SHORT;
  return len > wanted ? DFU_WIRE_TRAILING : DFU_WIRE_OK;
}

size_t dfu_wire_put_request(uint8_t *out, DfuOpcode opcode)
{
  out[0] = (uint8_t)opcode;
  return 1;
}

size_t dfu_wire_put_start(uint8_t *out, uint8_t mode)
{
  out[0] = DFU_OP_START;
  out[1] = mode;
  return 2;
}

size_t dfu_wire_put_sizes(uint8_t *out, const DfuImageSizes *sizes)
{
  put_u32(out, sizes->softdevice_bytes);
  put_u32(out + 4, sizes->bootloader_bytes);
  put_u32(out + 8, sizes->application_bytes);
  return 12;
}

size_t dfu_wire_put_size(uint8_t *out, uint32_t application_bytes)
{
  put_u32(out, application_bytes);
  return 4;
}

size_t dfu_wire_put_init(uint8_t *out, DfuInitStep step)
{
  out[0] = DFU_OP_INIT;
  out[1] = (uint8_t)step;
  return 2;
}

size_t dfu_wire_put_receipt_request(uint8_t *out, uint16_t packets)
{
  out[0] = DFU_OP_REQUEST_RECEIPTS;
  out[1] = (uint8_t)packets;
  out[2] = (uint8_t)(packets >> 8);
  return 3;
}

size_t dfu_wire_put_response(uint8_t *out, uint8_t opcode, uint8_t status)
{
  out[0] = DFU_OP_RESPONSE;
  out[1] = opcode;
  out[2] = status;
  return 3;
}

size_t dfu_wire_put_size_report(uint8_t *out, uint32_t received_bytes)
{
  size_t len = dfu_wire_put_response(out, DFU_OP_REPORT_SIZE, DFU_STATUS_SUCCESS);

  put_u32(out + len, received_bytes);
  return len + 4;
}

size_t dfu_wire_put_receipt(uint8_t *out, uint32_t received_bytes)
{
  out[0] = DFU_OP_RECEIPT;
  put_u32(out + 1, received_bytes);
  return 5;
}

static DfuWireResult parse_response(const uint8_t *data, size_t len, DfuNotification *out)
{
  if (len < 3)
    return DFU_WIRE_SHORT;

  bool has_count = data[1] == DFU_OP_REPORT_SIZE && data[2] == DFU_STATUS_SUCCESS;
  DfuWireResult result = check_length(len, has_count ? 7 : 3);

  if (result == DFU_WIRE_OK)
    *out = (DfuNotification){
      .kind = DFU_NOTIFICATION_RESPONSE,
      .opcode = data[1],
      .status = data[2],
      .received_bytes = has_count ? get_u32(data + 3) : 0,
    };
  return result;
}

DfuWireResult dfu_wire_parse_notification(const uint8_t *data, size_t len, DfuNotification *out)
{
  if (len == 0)
    return DFU_WIRE_SHORT;
  if (data[0] == DFU_OP_RESPONSE)
    return parse_response(data, len, out);
  if (data[0] != DFU_OP_RECEIPT)
    return DFU_WIRE_UNKNOWN;

  DfuWireResult result = check_length(len, 5);

  if (result == DFU_WIRE_OK)
    *out = (DfuNotification){
      .kind = DFU_NOTIFICATION_RECEIPT,
      .received_bytes = get_u32(data + 1),
    };
  return result;
}

DfuWireResult dfu_wire_parse_sizes(const uint8_t *data, size_t len, DfuImageSizes *out)
{
  DfuWireResult result = check_length(len, 12);

  if (result == DFU_WIRE_OK)
    *out = (DfuImageSizes){
      .softdevice_bytes = get_u32(data),
      .bootloader_bytes = get_u32(data + 4),
      .application_bytes = get_u32(data + 8),
    };
  return result;
}

uint16_t dfu_wire_receipt_request_packets(const uint8_t *data, size_t len)
{
  return len < 3 ? 0 : (uint16_t)(data[1] | data[2] << 8);
}

const char *dfu_wire_opcode_name(uint8_t opcode)
{
  switch (opcode) {
  case DFU_OP_START: return "Start";
  case DFU_OP_INIT: return "Init";
  case DFU_OP_RECEIVE: return "Receive";
  case DFU_OP_VALIDATE: return "Validate";
  case DFU_OP_ACTIVATE: return "Activate";
  case DFU_OP_RESET: return "System Reset";
  case DFU_OP_REPORT_SIZE: return "Report Received Image Size";
  case DFU_OP_REQUEST_RECEIPTS: return "Packet Receipt Notification Request";
  case DFU_OP_RESPONSE: return "Response";
  case DFU_OP_RECEIPT: return "Packet Receipt Notification";
  default: return "unknown operation";
  }
}

const char *dfu_wire_status_name(uint8_t status)
{
  switch (status) {
  case DFU_STATUS_SUCCESS: return "success";
  case DFU_STATUS_INVALID_STATE: return "invalid state";
  case DFU_STATUS_NOT_SUPPORTED: return "not supported";
  case DFU_STATUS_SIZE_LIMIT: return "data size exceeds limit";
  case DFU_STATUS_CRC_ERROR: return "CRC error";
  case DFU_STATUS_FAILED: return "operation failed";
  default: return "unknown status";
  }
}
