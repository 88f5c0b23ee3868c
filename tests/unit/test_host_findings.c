/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bluez/findings.h"
#include "lib/cmocka_all.h"

typedef struct {
  const char *adapters; /* a letter each: 1 on, 0 off, s scanning, p peripheral only, u no roles */
  const char *kernel;   /* names, apart by spaces; NULL for none */
  const char *chosen;
  DfuRfkill rfkill;
  DfuHostReach reach;
  guint version;      /* 566 for 5.66 */
  const char *wanted; /* lines of list_faults() */
} Row;

static DfuBluezHost *make_host(const Row *row)
{
  DfuBluezHost *host = dfu_bluez_host_new();

  host->reach = row->reach;
  host->reason = row->reach != DFU_HOST_REACHED ? g_strdup("the reason") : NULL;
  host->version = (DfuBluezVersion){ row->version / 100, row->version % 100 };
  host->n_adapters = (guint)strlen(row->adapters);
  host->adapters = g_new0(DfuHostAdapter, host->n_adapters);
  for (guint i = 0; i < host->n_adapters; i++)
    host->adapters[i] = (DfuHostAdapter){
      .name = g_strdup_printf("hci%u", i),
      .address = g_strdup("00:AA:01:00:00:42"),
      .is_powered = row->adapters[i] != '0',
      .is_discovering = row->adapters[i] == 's',
      .has_roles = row->adapters[i] != 'u',
      .is_central = row->adapters[i] != 'p' && row->adapters[i] != 'u',
    };
  host->kernel_adapters = g_strsplit(row->kernel != NULL ? row->kernel : "", " ", -1);
  host->rfkill = row->rfkill;
  host->chosen = g_strdup(row->chosen);
  return host;
}

static const char *const levels[] = { "ok", "warning", "problem" };

/* All but the findings that are ok: "problem adapter: what was seen". */
static char *list_faults(GPtrArray *findings)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < findings->len; i++) {
    const DfuFinding *finding = findings->pdata[i];

    if (finding->level == DFU_FINDING_OK)
      continue;
    /* What is not as it should be says how it should be, and what to do. */
    assert_non_null(finding->wanted);
    assert_non_null(finding->todo);
    g_string_append_printf(text, "%s %s: %s\n", levels[finding->level], finding->what,
                           finding->seen);
  }
  return g_string_free(text, FALSE);
}

static GPtrArray *find(const Row *row)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)dfu_finding_free);
  g_autoptr(DfuBluezHost) host = make_host(row);

  dfu_bluez_host_findings(findings, host);
  return findings;
}

#define REACHED DFU_HOST_REACHED

static void faults_of_a_host_are_found(void **state)
{
  static const Row rows[] = {
    { "1", "hci0", "hci0", DFU_RFKILL_FREE, REACHED, 572, "" },
    { "u", "hci0", "hci0", DFU_RFKILL_FREE, REACHED, 572, "" },
    { "", NULL, NULL, DFU_RFKILL_FREE, DFU_HOST_NO_BUS, 0,
      "problem bus: no D-Bus system bus: the reason\n" },
    { "", NULL, NULL, DFU_RFKILL_FREE, DFU_HOST_DENIED, 0,
      "problem permission: this user may not talk to bluetoothd: the reason\n" },
    { "", NULL, NULL, DFU_RFKILL_FREE, DFU_HOST_NOT_RUNNING, 0,
      "problem bluetoothd: bluetoothd is not running, and the bus cannot start it: the reason\n" },
    { "", NULL, NULL, DFU_RFKILL_FREE, DFU_HOST_NO_ANSWER, 0,
      "problem bluetoothd: bluetoothd does not answer: the reason\n" },
    { "", NULL, NULL, DFU_RFKILL_FREE, REACHED, 0,
      "problem adapter: this host has no Bluetooth adapter\n" },
    { "", NULL, "hci1", DFU_RFKILL_FREE, REACHED, 0,
      "problem adapter: this host has no Bluetooth adapter\n" },
    { "", "hci0 hci1", "hci0", DFU_RFKILL_FREE, REACHED, 0,
      "problem adapter: the kernel has hci0, hci1, but bluetoothd shows no adapter\n" },
    { "10", "hci0 hci1", "hci7", DFU_RFKILL_FREE, REACHED, 572,
      "problem adapter: there is no adapter hci7, but hci0 (on), hci1 (off)\n" },
    { "0", "hci0", "hci0", DFU_RFKILL_FREE, REACHED, 572, "problem power: hci0 is off\n" },
    { "0", "hci0", "hci0", DFU_RFKILL_SOFT, REACHED, 572,
      "problem rfkill: Bluetooth is blocked by software\nproblem power: hci0 is off\n" },
    { "0", "hci0", "hci0", DFU_RFKILL_HARD, REACHED, 572,
      "problem rfkill: Bluetooth is blocked by a switch of this machine or its firmware\n"
      "problem power: hci0 is off\n" },
    { "10", "hci0 hci1", "hci0", DFU_RFKILL_SOFT, REACHED, 572, "" },
    { "", NULL, NULL, DFU_RFKILL_SOFT, DFU_HOST_NO_BUS, 0,
      "problem bus: no D-Bus system bus: the reason\n"
      "problem rfkill: Bluetooth is blocked by software\n" },
    { "p", "hci0", "hci0", DFU_RFKILL_FREE, REACHED, 572,
      "problem role: hci0 cannot be the central of an LE connection\n" },
    { "s", "hci0", "hci0", DFU_RFKILL_FREE, REACHED, 572,
      "warning discovery: another program scans with hci0; that takes air time from an update, "
      "and may keep it from connecting\n" },
    { "s1", "hci0 hci1", "hci1", DFU_RFKILL_FREE, REACHED, 572, "" },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GPtrArray) findings = find(&rows[i]);
    g_autofree char *faults = list_faults(findings);

    assert_string_equal(faults, rows[i].wanted);
  }
}

static void faults_of_bluetoothds_version_are_warned_of(void **state)
{
  static const struct {
    guint version;
    const char *says; /* of the first finding "version" */
    DfuFindingLevel level;
  } rows[] = {
    { 0, "unknown", DFU_FINDING_OK },
    { 499, "bluetoothd 4.99 may answer writes with ATT error 0x0e", DFU_FINDING_WARNING },
    { 563, "bluetoothd 5.63 may answer writes with ATT error 0x0e", DFU_FINDING_WARNING },
    { 564, "bluetoothd 5.64", DFU_FINDING_OK },
    { 565, "bluetoothd 5.65", DFU_FINDING_OK },
    { 566, "bluetoothd 5.66 was seen to crash", DFU_FINDING_WARNING },
    { 567, "bluetoothd 5.67", DFU_FINDING_OK },
    { 600, "bluetoothd 6.0", DFU_FINDING_OK },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    Row row = { "1", "hci0", "hci0", DFU_RFKILL_FREE, REACHED, rows[i].version, NULL };
    g_autoptr(GPtrArray) findings = find(&row);
    const DfuFinding *version = findings->pdata[2]; /* behind bus and bluetoothd */

    assert_string_equal(version->what, "version");
    assert_int_equal(version->level, rows[i].level);
    assert_non_null(strstr(version->seen, rows[i].says));
  }
}

static const DfuFinding *find_what(GPtrArray *findings, const char *what)
{
  for (guint i = 0; i < findings->len; i++) {
    const DfuFinding *finding = findings->pdata[i];

    if (strcmp(finding->what, what) == 0)
      return finding;
  }
  fail_msg("nothing is said of %s", what);
  return NULL;
}

static void power_is_switched_on_by_a_command_that_names_the_adapter_where_need_be(void **state)
{
  const Row one = { "0", NULL, "hci0", DFU_RFKILL_FREE, REACHED, 572, NULL };
  const Row two = { "00", NULL, "hci1", DFU_RFKILL_FREE, REACHED, 572, NULL };
  g_autoptr(GPtrArray) of_one = find(&one);
  g_autoptr(GPtrArray) of_two = find(&two);

  (void)state;
  assert_string_equal(find_what(of_one, "power")->todo, "bluetoothctl power on");
  assert_string_equal(find_what(of_two, "power")->todo,
                      "bluetoothctl, and there: select 00:AA:01:00:00:42, power on");
}

static void bluetoothd_that_was_started_just_now_is_said_to_be(void **state)
{
  g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)dfu_finding_free);
  const Row row = { "1", NULL, "hci0", DFU_RFKILL_FREE, REACHED, 572, NULL };
  g_autoptr(DfuBluezHost) host = make_host(&row);

  (void)state;
  host->was_started = TRUE;
  dfu_bluez_host_findings(findings, host);
  assert_string_equal(find_what(findings, "bluetoothd")->seen,
                      "bluetoothd did not run, and was started now");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(faults_of_a_host_are_found),
    cmocka_unit_test(faults_of_bluetoothds_version_are_warned_of),
    cmocka_unit_test(power_is_switched_on_by_a_command_that_names_the_adapter_where_need_be),
    cmocka_unit_test(bluetoothd_that_was_started_just_now_is_said_to_be),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
