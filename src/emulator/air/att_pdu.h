/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Numbers of the Attribute Protocol: Bluetooth Core, Vol 3, Part F, 3.4; types
 * of declarations: Part G, 3.
 */
#ifndef DFU_EMULATOR_AIR_ATT_PDU_H
#define DFU_EMULATOR_AIR_ATT_PDU_H

enum {
  ATT_ERROR_RESPONSE = 0x01,
  ATT_EXCHANGE_MTU = 0x02, /* each response is its request's opcode plus one */
  ATT_FIND_INFORMATION = 0x04,
  ATT_FIND_BY_TYPE_VALUE = 0x06,
  ATT_READ_BY_TYPE = 0x08,
  ATT_READ = 0x0a,
  ATT_READ_BLOB = 0x0c,
  ATT_READ_BY_GROUP_TYPE = 0x10,
  ATT_WRITE = 0x12,
  ATT_PREPARE_WRITE = 0x16,
  ATT_EXECUTE_WRITE = 0x18,
  ATT_NOTIFICATION = 0x1b,
  ATT_INDICATION = 0x1d,
  ATT_CONFIRMATION = 0x1e,
  ATT_WRITE_COMMAND = 0x52,
  ATT_COMMAND_FLAG = 0x40, /* in an opcode: nothing answers it */
};

enum {
  ATT_INVALID_HANDLE = 0x01,
  ATT_WRITE_NOT_PERMITTED = 0x03,
  ATT_INVALID_PDU = 0x04,
  ATT_REQUEST_NOT_SUPPORTED = 0x06,
  ATT_INVALID_OFFSET = 0x07,
  ATT_ATTRIBUTE_NOT_FOUND = 0x0a,
  ATT_UNSUPPORTED_GROUP_TYPE = 0x10,
  ATT_LONG_WRITE_REFUSED = 0x82, /* nRF5 SDK 11: SoftDevice's answer where no memory is lent */
};

enum {
  ATT_PRIMARY_SERVICE = 0x2800,
  ATT_SECONDARY_SERVICE = 0x2801,
  ATT_CHARACTERISTIC = 0x2803,
};

enum { ATT_DEFAULT_MTU = 23, ATT_MAX_MTU = 517 };

#endif
