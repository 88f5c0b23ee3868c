/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A running dfu-ble-target with a client on its bus, and what the tests of it
 * do again and again. All of it fails the test where something is not as wanted.
 * The program is the one that the environment variable DFU_BLE_TARGET names.
 */
#ifndef DFU_TESTS_EMULATOR_FIXTURE_H
#define DFU_TESTS_EMULATOR_FIXTURE_H

#include "lib/bus_client.h"
#include "lib/run_program.h"

#define CONTROL "dev/service000c/char000f"
#define PACKET "dev/service000c/char000d"
#define REVISION "dev/service000c/char0012"

enum { EMULATOR_IMAGE_BYTES = 256 };

typedef struct {
  DfuTestRun *run;   /* NULL: not started */
  BusClient *client;
  char *address;     /* of its bus */
  char *directory;   /* its --out and TMPDIR; ours */
} Emulator;

const char *emulator_program(void);

/* For cmocka: *state is an Emulator, not started; what runs must end with 0. */
int emulator_set_up(void **state);
int emulator_tear_down(void **state);

/** Starts it with short times and the options given, and connects a client. */
void emulator_start(Emulator *f, ...) G_GNUC_NULL_TERMINATED;

/** Ends it with SIGTERM. Returns: its exit status. */
int emulator_end(Emulator *f);

/** Bytes of "01 04", spaces or not. Returns: how many. */
gsize emulator_parse_hex(const char *text, guint8 *out);

/** WriteValue of type request on the control point, which succeeds. */
void emulator_write_control(Emulator *f, const char *hex);

/** AcquireNotify or AcquireWrite, which succeeds with an MTU of 23. */
int emulator_acquire(Emulator *f, const char *path, const char *method);

/** One message to an acquired descriptor. */
void emulator_send(int fd, const guint8 *bytes, gsize len);
void emulator_send_hex(int fd, const char *hex);

/**
 * Waits until the emulator has read all of it: a descriptor and a call are two channels, and what
 * is called next may overtake it.
 */
void emulator_let_through(int fd);

/** The next message of an acquired descriptor, within five seconds. */
void emulator_expect_notification(int fd, const char *hex);

/** Both descriptors show what they show when the connection is gone. */
void emulator_expect_end(int notify_fd, int write_fd);

/** The 256 bytes 00 01 ... ff, whose CRC-16 is 3fbd. */
void emulator_fill_image(guint8 image[EMULATOR_IMAGE_BYTES]);

/** Start, init packet and receipts of 8 for that image, up to its first packet. */
void emulator_begin_transfer(Emulator *f, int notify_fd, int packet_fd);

#endif
