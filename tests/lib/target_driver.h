/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Drives a target role by hand: events in as hex text, what it said out as hex
 * text. It holds the clock, the flash, and a 40-byte image with its init packet.
 */
#ifndef TESTS_TARGET_DRIVER_H
#define TESTS_TARGET_DRIVER_H

#include "target/target.h"

enum {
  DRIVER_FLASH_BYTES = 3 * 4096,
  DRIVER_BOOTLOADER_BYTES = 8192,
  DRIVER_ERASE_PAGE_US = 80000,
  DRIVER_WRITE_PACKET_US = 1000,
  DRIVER_TIMER_US = 120 * 1000000,
};

/* The image: bytes 00 to 27, CRC-16 0476 (by Python's binascii.crc_hqx from ffff). */
#define DRIVER_SIZES "00000000 00000000 28000000"
#define DRIVER_INIT "ffff ffff ffffffff 0100 feff 7604"
#define DRIVER_INIT_ADAFRUIT "5200 ffff ffffffff 0100 feff 7604"
#define DRIVER_INIT_CRC "7604"
#define DRIVER_PACKET_1 "00010203 04050607 08090a0b 0c0d0e0f 10111213"
#define DRIVER_PACKET_2 "14151617 18191a1b 1c1d1e1f 20212223 24252627"

/* The columns of the stage and operation matrix. */
typedef enum {
  DRIVER_IDLE,
  DRIVER_PREPARING,
  DRIVER_READY,
  DRIVER_INIT_STAGE,
  DRIVER_DATA,
  DRIVER_DATA_FULL,
  DRIVER_CRC_FAILED,
  DRIVER_VALIDATED,
  DRIVER_SURPLUS,
  DRIVER_N_STAGES,
} DriverStage;

typedef struct {
  DfuTarget target;
  DfuTargetConfig config;
  uint8_t flash[DRIVER_FLASH_BYTES];
  int64_t now_us;
  char said[4096];       /* since driver_said() was last called */
  uint8_t att_error;     /* of the last control point write */
  DfuTargetBoot boot;    /* of the last restart; STAYS: there was none */
  bool activated;
  int64_t wake_us;
} TargetDriver;

/** A fresh target of @personality with an application installed, not connected. */
void driver_init(TargetDriver *driver, const char *personality);

/** The same after a change of @driver->config. */
void driver_restart(TargetDriver *driver);

void driver_connect(TargetDriver *driver);           /* MTU 23, CCCD off */
void driver_connect_with_mtu(TargetDriver *driver, uint16_t mtu);
void driver_subscribe(TargetDriver *driver, bool on);
void driver_disconnect(TargetDriver *driver);
void driver_cut_power(TargetDriver *driver);
void driver_control(TargetDriver *driver, const char *hex);
void driver_packet(TargetDriver *driver, const char *hex);
void driver_packet_bytes(TargetDriver *driver, const uint8_t *bytes, size_t len);
void driver_packet_of(TargetDriver *driver, size_t len); /* bytes ee */
void driver_wait(TargetDriver *driver, int64_t us);

/** Waits until no flash work is under way. */
void driver_settle(TargetDriver *driver);

/**
 * Connects, subscribes, and walks to @stage with the init packet that the personality
 * takes; what was said on the way is forgotten. For bootloaders of SDK 6.1 and later.
 */
void driver_bring_to(TargetDriver *driver, DriverStage stage);

/** Disconnects, connects again and subscribes. */
void driver_reconnect(TargetDriver *driver);

/** Sends "02 00", @init, "02 01". */
void driver_send_init(TargetDriver *driver, const char *init);

/** A failed flash operation. */
void driver_fail_flash(TargetDriver *driver);

/** The notifications since the last call: "10 01 01 | 11 14 00 00 00". */
const char *driver_said(TargetDriver *driver);

/** Hex text, with or without spaces, as bytes. Returns their number. */
size_t driver_hex(const char *hex, uint8_t *out, size_t room);

#endif
