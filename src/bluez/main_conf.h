/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What bluetoothd's main.conf says that matters to a link: read as bluetoothd
 * reads it. Of its other settings nothing is known here.
 *
 * Source: BlueZ, src/main.c, load_config(), get_mode(), parse_mode_config(),
 * parse_le_config().
 */
#ifndef DFU_BLUEZ_MAIN_CONF_H
#define DFU_BLUEZ_MAIN_CONF_H

#include <glib.h>

typedef enum {
  DFU_CONF_ABSENT,
  DFU_CONF_READ,
  DFU_CONF_UNREADABLE, /* it is there, but not for this user */
  DFU_CONF_BROKEN,     /* bluetoothd passes over a file that it cannot parse */
} DfuConfState;

typedef enum { DFU_CONTROLLER_DUAL, DFU_CONTROLLER_BREDR, DFU_CONTROLLER_LE } DfuControllerMode;

/** What a connection begins with. */
typedef enum {
  DFU_PARAM_MIN_INTERVAL, /* in units of 1.25 ms */
  DFU_PARAM_MAX_INTERVAL,
  DFU_PARAM_LATENCY, /* in connection events */
  DFU_PARAM_TIMEOUT, /* supervision timeout, in units of 10 ms */
  DFU_N_PARAMS,
} DfuConnParam;

/** In place of a value that is not set. */
#define DFU_CONF_UNSET (-1)

typedef struct {
  DfuConfState state;
  DfuControllerMode mode;
  int params[DFU_N_PARAMS]; /* DFU_CONF_UNSET, or what bluetoothd gives the kernel */
} DfuMainConf;

/** As if the file said nothing: dual, and no parameter set. */
void dfu_main_conf_init(DfuMainConf *conf, DfuConfState state);

/** Reads the text of the file. */
void dfu_main_conf_parse(DfuMainConf *conf, const char *text, gsize len);

#endif
