/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the way to a usable adapter looks like: bus, bluetoothd, adapter, power.
 */
#include <string.h>

#include "bluez/findings.h"

#define OK DFU_FINDING_OK
#define WARNING DFU_FINDING_WARNING
#define PROBLEM DFU_FINDING_PROBLEM

#define START_BUS \
  "systemctl start dbus (in a container hand in the host's: docker run -v /run/dbus:/run/dbus:ro)"
#define GET_ACCESS \
  "run as root or as a member of the group `bluetooth`, or see the policy " \
  "/etc/dbus-1/system.d/bluetooth.conf (of the host, if this is a container)"

/* Faults of bluetoothd that a user of this program meets. */
static const struct {
  DfuBluezVersion from, before;
  const char *fault;
  const char *todo;
} faults[] = {
  /* GitHub, bluez/bluez, issue 317. */
  { { 4, 0 }, { 5, 64 },
    "may answer writes with ATT error 0x0e although nothing is wrong",
    "install BlueZ 5.64 or later" },
  /* Observed with 5.66; mended by BlueZ's commit 476ae809a, which is in 5.84. */
  { { 5, 66 }, { 5, 67 },
    "was seen to crash half a minute after a device had refused notifications; an update goes on "
    "once it is started again",
    "let systemd start it again: `systemctl edit bluetooth`, and there Restart=on-failure under "
    "[Service]" },
};

static gboolean is_before(DfuBluezVersion a, DfuBluezVersion b)
{
  return a.major < b.major || (a.major == b.major && a.minor < b.minor);
}

static void find_version(GPtrArray *findings, DfuBluezVersion version)
{
  gboolean found = FALSE;

  if (version.major == 0) {
    dfu_finding_add(findings, "version", OK,
                    g_strdup("bluetoothd's version is unknown: it does not tell it here"), NULL,
                    "`bluetoothd --version` tells the one that is installed");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
    if (is_before(version, faults[i].from) || !is_before(version, faults[i].before))
      continue;
    found = TRUE;
    dfu_finding_add(findings, "version", WARNING,
                    g_strdup_printf("bluetoothd %u.%u %s", version.major, version.minor,
                                    faults[i].fault),
                    "a version without this fault", faults[i].todo);
  }
  if (!found)
    dfu_finding_add(findings, "version", OK,
                    g_strdup_printf("bluetoothd %u.%u", version.major, version.minor), NULL, NULL);
}

/* Returns: whether bluetoothd answers. */
static gboolean find_bluetoothd(GPtrArray *findings, const DfuBluezHost *host)
{
  if (host->reach == DFU_HOST_NO_BUS) {
    dfu_finding_add(findings, "bus", PROBLEM,
                    g_strdup_printf("no D-Bus system bus: %s", host->reason),
                    "a system bus that this user can reach", START_BUS);
    return FALSE;
  }
  dfu_finding_add(findings, "bus", OK, g_strdup("the D-Bus system bus answers"), NULL, NULL);
  switch (host->reach) {
  case DFU_HOST_DENIED:
    dfu_finding_add(findings, "permission", PROBLEM,
                    g_strdup_printf("this user may not talk to bluetoothd: %s", host->reason),
                    "a bus policy that lets this user send to org.bluez", GET_ACCESS);
    return FALSE;
  case DFU_HOST_NOT_RUNNING:
    dfu_finding_add(findings, "bluetoothd", PROBLEM,
                    g_strdup_printf("bluetoothd is not running, and the bus cannot start it: %s",
                                    host->reason),
                    "a running bluetoothd",
                    "systemctl start bluetooth (where it is missing, install the package bluez)");
    return FALSE;
  case DFU_HOST_NO_ANSWER:
    dfu_finding_add(findings, "bluetoothd", PROBLEM,
                    g_strdup_printf("bluetoothd does not answer: %s", host->reason),
                    "a bluetoothd that answers", "systemctl restart bluetooth");
    return FALSE;
  default:
    dfu_finding_add(findings, "bluetoothd", OK,
                    g_strdup(host->was_started ? "bluetoothd did not run, and was started now"
                                               : "bluetoothd is running, and talks to this user"),
                    NULL, NULL);
    return TRUE;
  }
}

static const char *power_word(const DfuHostAdapter *adapter)
{
  return adapter->is_powered ? "on" : "off";
}

/* "hci0 (on), hci1 (off)" */
static char *list_adapters(const DfuBluezHost *host)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < host->n_adapters; i++)
    g_string_append_printf(text, "%s%s (%s)", i > 0 ? ", " : "", host->adapters[i].name,
                           power_word(&host->adapters[i]));
  return g_string_free(text, FALSE);
}

static void find_no_adapter(GPtrArray *findings, const DfuBluezHost *host)
{
  g_autofree char *kernel = g_strjoinv(", ", host->kernel_adapters);
  g_autofree char *shown = list_adapters(host);

  if (host->chosen != NULL && host->n_adapters > 0)
    dfu_finding_add(findings, "adapter", PROBLEM,
                    g_strdup_printf("there is no adapter %s, but %s", host->chosen, shown),
                    "the adapter that --adapter names", "bluetoothctl list");
  else if (kernel[0] != '\0')
    dfu_finding_add(findings, "adapter", PROBLEM,
                    g_strdup_printf("the kernel has %s, but bluetoothd shows no adapter", kernel),
                    "an adapter that bluetoothd shows",
                    "end what else holds it (`dfu-ble-target --hci`, say), or plug it in anew; "
                    "`journalctl -u bluetooth` and `dmesg` tell more");
  else
    dfu_finding_add(findings, "adapter", PROBLEM,
                    g_strdup("this host has no Bluetooth adapter"),
                    "an adapter for Bluetooth Low Energy",
                    "plug one in, and see `rfkill list` and `dmesg`");
}

static void find_adapter(GPtrArray *findings, const DfuBluezHost *host,
                         const DfuHostAdapter *adapter)
{
  g_autofree char *shown = list_adapters(host);
  g_autofree char *others =
      host->n_adapters > 1 ? g_strdup_printf("; there are %s", shown) : g_strdup("");

  dfu_finding_add(findings, "adapter", OK,
                  g_strdup_printf("%s, %s%s", adapter->name, adapter->address, others), NULL, NULL);
}

static void find_rfkill(GPtrArray *findings, const DfuBluezHost *host, gboolean is_powered)
{
  if (host->rfkill == DFU_RFKILL_FREE) {
    dfu_finding_add(findings, "rfkill", OK,
                    g_strdup(host->has_rfkill ? "no switch blocks Bluetooth"
                                              : "this kernel shows no rfkill switches"),
                    NULL, NULL);
    return;
  }
  if (is_powered) {
    dfu_finding_add(findings, "rfkill", OK,
                    g_strdup("a switch blocks a Bluetooth radio, but not the one in use"), NULL,
                    NULL);
    return;
  }
  if (host->rfkill == DFU_RFKILL_SOFT)
    dfu_finding_add(findings, "rfkill", PROBLEM, g_strdup("Bluetooth is blocked by software"),
                    "no block", "rfkill unblock bluetooth");
  else
    dfu_finding_add(findings, "rfkill", PROBLEM,
                    g_strdup("Bluetooth is blocked by a switch of this machine or its firmware"),
                    "no block", "turn that switch (`rfkill list` names it), or see the firmware "
                    "setup");
}

static void find_power(GPtrArray *findings, const DfuHostAdapter *adapter, guint n_adapters)
{
  g_autofree char *command = NULL;

  if (adapter->is_powered) {
    dfu_finding_add(findings, "power", OK, g_strdup_printf("%s is on", adapter->name), NULL, NULL);
    return;
  }
  command = n_adapters == 1
                ? g_strdup("bluetoothctl power on")
                : g_strdup_printf("bluetoothctl, and there: select %s, power on", adapter->address);
  dfu_finding_add(findings, "power", PROBLEM, g_strdup_printf("%s is off", adapter->name),
                  "an adapter that is on", command);
}

/* Older versions of BlueZ do not tell roles. */
static void find_role(GPtrArray *findings, const DfuHostAdapter *adapter)
{
  if (!adapter->has_roles)
    return;
  if (adapter->is_central)
    dfu_finding_add(findings, "role", OK,
                    g_strdup_printf("%s can be the central of a connection", adapter->name), NULL,
                    NULL);
  else
    dfu_finding_add(findings, "role", PROBLEM,
                    g_strdup_printf("%s cannot be the central of an LE connection", adapter->name),
                    "an adapter of Bluetooth 4.0 or later, with LE on",
                    "use another adapter: --adapter hciN");
}

static void find_discovery(GPtrArray *findings, const DfuHostAdapter *adapter)
{
  if (adapter->is_discovering)
    dfu_finding_add(findings, "discovery", WARNING,
                    g_strdup_printf("another program scans with %s; that takes air time from an "
                                    "update, and may keep it from connecting",
                                    adapter->name),
                    "nobody else who scans",
                    "end what scans: a Bluetooth settings window, a `bluetoothctl`, a gateway");
  else
    dfu_finding_add(findings, "discovery", OK, g_strdup("no other program scans"), NULL, NULL);
}

void dfu_bluez_host_findings(GPtrArray *findings, const DfuBluezHost *host)
{
  gboolean answers = find_bluetoothd(findings, host);
  const DfuHostAdapter *adapter =
      host->chosen != NULL ? dfu_bluez_host_find(host, host->chosen) : NULL;

  if (answers && host->n_adapters > 0)
    find_version(findings, host->version);
  if (answers && adapter == NULL)
    find_no_adapter(findings, host);
  if (adapter != NULL)
    find_adapter(findings, host, adapter);
  find_rfkill(findings, host, adapter != NULL && adapter->is_powered);
  if (adapter == NULL)
    return;
  find_power(findings, adapter, host->n_adapters);
  find_role(findings, adapter);
  find_discovery(findings, adapter);
}
