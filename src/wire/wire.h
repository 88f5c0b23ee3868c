/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The wire format of the legacy DFU profile: requests, responses and receipts
 * as bytes, and back. The only place that knows an offset or an endianness.
 * Pure: libc's fixed-width integers and nothing else.
 *
 * All integers are little-endian on the wire.
 * Source: nRF5 SDK 11.0.0, components/ble/ble_services/ble_dfu/ble_dfu.c
 * (opcodes, lengths) and components/libraries/bootloader_dfu (status values).
 */
#ifndef DFU_WIRE_WIRE_H
#define DFU_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** First byte of a control point write, or of a notification. */
typedef enum {
  DFU_OP_START = 0x01,
  DFU_OP_INIT = 0x02,
  DFU_OP_RECEIVE = 0x03,
  DFU_OP_VALIDATE = 0x04,
  DFU_OP_ACTIVATE = 0x05,
  DFU_OP_RESET = 0x06,
  DFU_OP_REPORT_SIZE = 0x07,
  DFU_OP_REQUEST_RECEIPTS = 0x08,
  DFU_OP_RESPONSE = 0x10,
  DFU_OP_RECEIPT = 0x11,
} DfuOpcode;

/** Second byte of an Init request. */
typedef enum {
  DFU_INIT_BEGIN = 0x00,
  DFU_INIT_COMPLETE = 0x01,
} DfuInitStep;

/** Status of a response. */
typedef enum {
  DFU_STATUS_SUCCESS = 1,
  DFU_STATUS_INVALID_STATE = 2,
  DFU_STATUS_NOT_SUPPORTED = 3,
  DFU_STATUS_SIZE_LIMIT = 4,
  DFU_STATUS_CRC_ERROR = 5,
  DFU_STATUS_FAILED = 6,
} DfuStatus;

/** Bits of the mode byte of Start. */
enum {
  DFU_MODE_SOFTDEVICE = 0x01,
  DFU_MODE_BOOTLOADER = 0x02,
  DFU_MODE_APPLICATION = 0x04,
};

/** ATT errors with a meaning of their own in this profile. */
enum {
  DFU_ATT_CCCD_IMPROPERLY_CONFIGURED = 0xfd,
  DFU_ATT_PROCEDURE_IN_PROGRESS = 0xfe,
};

enum {
  /** Longest message that an encoder of this file writes, in bytes. */
  DFU_WIRE_MAX_BYTES = 12,
  /** Packet length that every known target takes, in bytes. */
  DFU_WIRE_PACKET_BYTES = 20,
  /** Start, init and image packets are counted in words of this many bytes. */
  DFU_WIRE_WORD_BYTES = 4,
};

/** The three sizes that follow Start on DFU Packet, in bytes. */
typedef struct {
  uint32_t softdevice_bytes;
  uint32_t bootloader_bytes;
  uint32_t application_bytes;
} DfuImageSizes;

/** What a notification of the control point says. */
typedef struct {
  enum { DFU_NOTIFICATION_RESPONSE, DFU_NOTIFICATION_RECEIPT } kind;
  uint8_t opcode;          /* response: the request that it answers */
  uint8_t status;          /* response: a DfuStatus, or a value that the profile does not know */
  uint32_t received_bytes; /* receipt, and response to Report Received Image Size */
} DfuNotification;

/** Result of the parsers; an out parameter is untouched unless it is DFU_WIRE_OK. */
typedef enum {
  DFU_WIRE_OK,
  DFU_WIRE_SHORT,    /* too few bytes for what the first byte announces */
  DFU_WIRE_TRAILING, /* more bytes than the message has */
  DFU_WIRE_UNKNOWN,  /* the first byte is no message of this direction */
} DfuWireResult;

/**
 * dfu_wire_put_*:
 * @out: room for DFU_WIRE_MAX_BYTES
 *
 * Write one message each, and return its length in bytes.
 */
size_t dfu_wire_put_request(uint8_t *out, DfuOpcode opcode); /* one byte: 03 to 07; 01, 02 of v1 */
size_t dfu_wire_put_start(uint8_t *out, uint8_t mode);                   /* 01 mode */
size_t dfu_wire_put_sizes(uint8_t *out, const DfuImageSizes *sizes);     /* 12 bytes, on DFU Packet */
size_t dfu_wire_put_size(uint8_t *out, uint32_t application_bytes);      /* 4 bytes, for a v1 Start */
size_t dfu_wire_put_init(uint8_t *out, DfuInitStep step);                /* 02 step */
size_t dfu_wire_put_receipt_request(uint8_t *out, uint16_t packets);     /* 08 lo hi; 0 turns them off */
size_t dfu_wire_put_response(uint8_t *out, uint8_t opcode, uint8_t status);
size_t dfu_wire_put_size_report(uint8_t *out, uint32_t received_bytes);  /* 10 07 01 and the count */
size_t dfu_wire_put_receipt(uint8_t *out, uint32_t received_bytes);

/**
 * dfu_wire_parse_notification:
 * @data: value of a notification; need not be aligned
 * @len: bytes in @data
 * @out: (out): what it says
 *
 * Reads a response or a receipt. The count in either is cumulative since
 * Start. A size report with a status other than success carries no count and
 * leaves @out->received_bytes 0.
 *
 * Errors: DFU_WIRE_SHORT, DFU_WIRE_TRAILING, DFU_WIRE_UNKNOWN.
 */
DfuWireResult dfu_wire_parse_notification(const uint8_t *data, size_t len, DfuNotification *out);

/**
 * dfu_wire_parse_sizes:
 * @data: a DFU Packet write that follows Start
 * @len: bytes in @data
 * @out: (out): the three sizes
 *
 * Errors: DFU_WIRE_SHORT, DFU_WIRE_TRAILING unless @len is 12.
 */
DfuWireResult dfu_wire_parse_sizes(const uint8_t *data, size_t len, DfuImageSizes *out);

/** The count of a receipt request: bytes 1 and 2. @len must be at least 3. */
uint16_t dfu_wire_receipt_request_packets(const uint8_t *data, size_t len);

/** The profile's word for a request, "Start" for 01; "unknown operation" otherwise. */
const char *dfu_wire_opcode_name(uint8_t opcode);

/** The profile's word for a status, "invalid state" for 2; "unknown status" otherwise. */
const char *dfu_wire_status_name(uint8_t status);

#endif
