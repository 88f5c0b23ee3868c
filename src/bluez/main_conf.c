/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/main_conf.h"

#include <stdlib.h>
#include <string.h>

/* A value beyond these is no value: later versions of bluetoothd pass over it. */
static const struct {
  const char *key;
  int least;
  int most;
} rows[DFU_N_PARAMS] = {
  [DFU_PARAM_MIN_INTERVAL] = { "MinConnectionInterval", 0x0006, 0x0c80 },
  [DFU_PARAM_MAX_INTERVAL] = { "MaxConnectionInterval", 0x0006, 0x0c80 },
  [DFU_PARAM_LATENCY] = { "ConnectionLatency", 0x0000, 0x01f3 },
  [DFU_PARAM_TIMEOUT] = { "ConnectionSupervisionTimeout", 0x000a, 0x0c80 },
};

void dfu_main_conf_init(DfuMainConf *conf, DfuConfState state)
{
  *conf = (DfuMainConf){ .state = state, .mode = DFU_CONTROLLER_DUAL };
  for (guint i = 0; i < DFU_N_PARAMS; i++)
    conf->params[i] = DFU_CONF_UNSET;
}

/* Decimal, or hexadecimal with 0x; bluetoothd passes over anything else. */
static int parse_param(GKeyFile *file, DfuConnParam param)
{
  g_autofree char *text = g_key_file_get_string(file, "LE", rows[param].key, NULL);
  char *end;
  long value;

  if (text == NULL)
    return DFU_CONF_UNSET;
  value = strtol(text, &end, 0);
  if (end == text || *end != '\0' || value < rows[param].least || value > rows[param].most)
    return DFU_CONF_UNSET;
  return (int)value;
}

static DfuControllerMode parse_mode(GKeyFile *file)
{
  g_autofree char *text = g_key_file_get_string(file, "General", "ControllerMode", NULL);

  if (g_strcmp0(text, "le") == 0)
    return DFU_CONTROLLER_LE;
  if (g_strcmp0(text, "bredr") == 0)
    return DFU_CONTROLLER_BREDR;
  return DFU_CONTROLLER_DUAL;
}

void dfu_main_conf_parse(DfuMainConf *conf, const char *text, gsize len)
{
  g_autoptr(GKeyFile) file = g_key_file_new();

  dfu_main_conf_init(conf, DFU_CONF_READ);
  if (len == 0)
    return;
  if (!g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL)) {
    conf->state = DFU_CONF_BROKEN;
    return;
  }
  conf->mode = parse_mode(file);
  if (conf->mode == DFU_CONTROLLER_BREDR)
    return;
  for (guint i = 0; i < DFU_N_PARAMS; i++)
    conf->params[i] = parse_param(file, i);
}
