/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The DFU service of an application: all that it can do is to enter the
 * bootloader. It has no timer and stores nothing but its CCCD.
 * Pure: libc headers and wire/ only.
 *
 * Source: nRF5 SDK 11.0.0, ble_dfu.c and dfu_app_handler.c, executed on a host
 * for each operation.
 */
#ifndef DFU_TARGET_BUTTONLESS_H
#define DFU_TARGET_BUTTONLESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The value of DFU Revision there: 0.1, whatever the bootloader has. */
enum { DFU_BUTTONLESS_REVISION = 0x0001, DFU_BUTTONLESS_NOTIFICATION_BYTES = 3 };

/** State of one connection; zeroed when that begins. */
typedef struct {
  bool notify; /* the control point's CCCD is on */
} DfuButtonless;

typedef enum {
  DFU_BUTTONLESS_STAYS,
  DFU_BUTTONLESS_JUMPS,   /* the link drops, the bootloader starts */
  DFU_BUTTONLESS_CRASHES, /* the link drops, the application starts again */
} DfuButtonlessNext;

/** What to do about a write, in this order. */
typedef struct {
  uint8_t att_error; /* of the response, 0 for Write Response */
  uint8_t notification[DFU_BUTTONLESS_NOTIFICATION_BYTES];
  size_t len;        /* of it; 0: none */
  DfuButtonlessNext next;
} DfuButtonlessUpdate;

/**
 * dfu_buttonless_control:
 * @mtu: of the connection
 *
 * Write Request on the control point.
 */
void dfu_buttonless_control(const DfuButtonless *buttonless, uint16_t mtu, const uint8_t *bytes,
                            size_t len, DfuButtonlessUpdate *update);

/**
 * Write Command on DFU Packet. The response that is due to it cannot be sent
 * while the CCCD is off, which is asserted.
 */
void dfu_buttonless_packet(const DfuButtonless *buttonless, DfuButtonlessUpdate *update);

#endif
