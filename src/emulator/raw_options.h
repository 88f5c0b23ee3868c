/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The options of dfu-ble-target as they are written: names, types, help. What
 * values make sense is not known here.
 */
#ifndef DFU_EMULATOR_RAW_OPTIONS_H
#define DFU_EMULATOR_RAW_OPTIONS_H

#include <glib.h>

/** Defaults that the help tells. */
#define DFU_DEFAULT_ADDRESS "C4:12:AB:00:11:22"
enum {
  DFU_DEFAULT_BOOT_MS = 300,
  DFU_DEFAULT_DISCONNECT_DELAY_MS = 2000, /* DISCONNECT_TIMER of bluetoothd, src/device.c */
};

/** As GOption fills them in; strings are owned. Zeroed, but for what has another default. */
typedef struct {
  char *name;
  char *address;
  int mtu;
  char *personality;
  gboolean app_mode;
  char *app_revision;
  char *jump;
  gboolean directed;
  char *out;
  char *log;
  char **faults;
  int erase_ms;
  double erase;
  int write_us;
  int notification_buffers;
  int notify_us;
  int boot_ms;
  char *after_activate;
  char *device_type;
  char *device_revision;
  char *softdevice;
  gboolean no_application;
  gboolean absent;
  gboolean no_adapter;
  gboolean powered_off;
  int disconnect_delay_ms;
  int air_us;
  char *bus_address;
  char *hci;
  int readvertise_ms;
  gboolean no_update_request;
  gboolean help;
  gboolean version;
} DfuRawOptions;

/** (transfer full): a context that fills @raw in, which outlives it. */
GOptionContext *dfu_raw_options_context(DfuRawOptions *raw);

void dfu_raw_options_clear(DfuRawOptions *raw);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuRawOptions, dfu_raw_options_clear)

#endif
