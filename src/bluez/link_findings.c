/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a connection begins with: interval, latency, supervision timeout; and
 * main.conf, which sets them.
 *
 * Sources: Bluetooth Core, Vol 6, Part B, 4.5; the supervision timeout of 420 ms
 * as a cause of lost links: GitHub, analogdevicesinc/msdk, issue 1508.
 */
#include "bluez/findings.h"

/* Bytes of an image in a connection interval: six packets of 20, as many as most radios take. */
#define BYTES_PER_INTERVAL 120

/* In units of 1.25 ms and 10 ms. */
enum { SLOW_INTERVAL = 24, SHORT_TIMEOUT = 100 };

#define EDIT_CONF "under [LE] of /etc/bluetooth/main.conf, then `systemctl restart bluetooth`"

static const char *const origins[] = {
  [DFU_FROM_KERNEL] = "in force",
  [DFU_FROM_MAIN_CONF] = "as main.conf says; what is in force could not be read",
  [DFU_FROM_DEFAULTS] = "Linux's default; what is in force could not be read",
};

static double interval_ms(const DfuHostParam *param)
{
  return param->value * 1.25;
}

/* kB/s; a byte a millisecond is as much. */
static double speed(const DfuHostParam *interval)
{
  return BYTES_PER_INTERVAL / interval_ms(interval);
}

static const char *advise_on_interval(gboolean is_slow, DfuParamOrigin origin)
{
  if (is_slow)
    return "set MinConnectionInterval=6 and MaxConnectionInterval=24 " EDIT_CONF;
  return origin != DFU_FROM_KERNEL ? "to read what is in force, run this as root, with debugfs "
                                     "mounted on /sys/kernel/debug"
                                   : NULL;
}

static void find_interval(GPtrArray *findings, const DfuBluezHost *host)
{
  const DfuHostParam *min = &host->params[DFU_PARAM_MIN_INTERVAL];
  const DfuHostParam *max = &host->params[DFU_PARAM_MAX_INTERVAL];
  DfuParamOrigin origin = MAX(min->origin, max->origin);
  gboolean is_slow = min->value > SLOW_INTERVAL;

  dfu_finding_add(findings, "interval", is_slow ? DFU_FINDING_WARNING : DFU_FINDING_OK,
                  g_strdup_printf("a connection begins at an interval of %g to %g ms (%s): %.1f to "
                                  "%.1f kB/s, until the device asks for another",
                                  interval_ms(min), interval_ms(max), origins[origin], speed(min),
                                  speed(max)),
                  is_slow ? "30 ms or less: 4 kB/s or more" : NULL,
                  advise_on_interval(is_slow, origin));
}

static void find_latency(GPtrArray *findings, const DfuBluezHost *host)
{
  const DfuHostParam *latency = &host->params[DFU_PARAM_LATENCY];

  if (latency->value == 0)
    dfu_finding_add(findings, "latency", DFU_FINDING_OK,
                    g_strdup_printf("0: the device listens in every interval (%s)",
                                    origins[latency->origin]),
                    NULL, NULL);
  else
    dfu_finding_add(findings, "latency", DFU_FINDING_WARNING,
                    g_strdup_printf("the device may leave out %u intervals in a row (%s)",
                                    latency->value, origins[latency->origin]),
                    "0: it listens in every interval", "set ConnectionLatency=0 " EDIT_CONF);
}

static void find_timeout(GPtrArray *findings, const DfuBluezHost *host)
{
  const DfuHostParam *timeout = &host->params[DFU_PARAM_TIMEOUT];
  gboolean is_short = timeout->value < SHORT_TIMEOUT;

  dfu_finding_add(findings, "supervision_timeout",
                  is_short ? DFU_FINDING_WARNING : DFU_FINDING_OK,
                  g_strdup_printf("a link counts as lost after %u ms of silence (%s)%s",
                                  timeout->value * 10, origins[timeout->origin],
                                  is_short ? "; a device that writes its flash may be silent for "
                                             "longer"
                                           : ""),
                  is_short ? "1000 ms or more; devices ask for 4000 ms themselves" : NULL,
                  is_short ? "set ConnectionSupervisionTimeout=400 " EDIT_CONF : NULL);
}

static void find_mode(GPtrArray *findings, const DfuMainConf *conf)
{
  switch (conf->mode) {
  case DFU_CONTROLLER_BREDR:
    dfu_finding_add(findings, "controller_mode", DFU_FINDING_WARNING,
                    g_strdup("ControllerMode = bredr in /etc/bluetooth/main.conf switches LE off "
                             "from bluetoothd's next start on"),
                    "ControllerMode = dual or le",
                    "change it in /etc/bluetooth/main.conf, then `systemctl restart bluetooth`");
    return;
  case DFU_CONTROLLER_LE:
    dfu_finding_add(findings, "controller_mode", DFU_FINDING_OK, g_strdup("LE only"), NULL, NULL);
    return;
  case DFU_CONTROLLER_DUAL: break;
  }
  dfu_finding_add(findings, "controller_mode", DFU_FINDING_OK,
                  g_strdup("BR/EDR and LE; where connecting fails with br-connection-…, "
                           "ControllerMode = le in /etc/bluetooth/main.conf helps"),
                  NULL, NULL);
}

static void find_main_conf(GPtrArray *findings, const DfuMainConf *conf)
{
  switch (conf->state) {
  case DFU_CONF_READ:
    find_mode(findings, conf);
    return;
  case DFU_CONF_BROKEN:
    dfu_finding_add(findings, "main_conf", DFU_FINDING_WARNING,
                    g_strdup("/etc/bluetooth/main.conf has a fault of form, so that bluetoothd "
                             "takes nothing of it"),
                    "lines such as [LE] and Key=value",
                    "look for the line that `journalctl -u bluetooth` names");
    return;
  case DFU_CONF_UNREADABLE:
    dfu_finding_add(findings, "main_conf", DFU_FINDING_OK,
                    g_strdup("/etc/bluetooth/main.conf cannot be read by this user"), NULL, NULL);
    return;
  case DFU_CONF_ABSENT: return;
  }
}

void dfu_bluez_link_findings(GPtrArray *findings, const DfuBluezHost *host)
{
  if (host->chosen == NULL)
    return;
  find_interval(findings, host);
  find_latency(findings, host);
  find_timeout(findings, host);
  find_main_conf(findings, &host->main_conf);
}
