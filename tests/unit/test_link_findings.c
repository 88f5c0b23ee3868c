/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bluez/findings.h"
#include "lib/cmocka_all.h"

#define KERNEL DFU_FROM_KERNEL
#define CONF DFU_FROM_MAIN_CONF
#define DEFAULTS DFU_FROM_DEFAULTS

typedef struct {
  DfuHostParam params[DFU_N_PARAMS]; /* least and greatest interval, latency, timeout */
  const char *what;
  DfuFindingLevel level;
  const char *says;
} Row;

static GPtrArray *find(const DfuBluezHost *host)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)dfu_finding_free);

  dfu_bluez_link_findings(findings, host);
  return findings;
}

static const DfuFinding *find_what(GPtrArray *findings, const char *what)
{
  for (guint i = 0; i < findings->len; i++) {
    const DfuFinding *finding = findings->pdata[i];

    if (strcmp(finding->what, what) == 0)
      return finding;
  }
  return NULL;
}

/* Speeds: six packets of 20 bytes in each interval. */
static void what_a_connection_begins_with_is_judged(void **state)
{
  static const Row rows[] = {
    { { { 24, DEFAULTS }, { 40, DEFAULTS }, { 0, DEFAULTS }, { 42, DEFAULTS } }, "interval",
      DFU_FINDING_OK,
      "30 to 50 ms (Linux's default; what is in force could not be read): 4.0 to 2.4 kB/s" },
    { { { 6, KERNEL }, { 12, KERNEL }, { 0, KERNEL }, { 400, KERNEL } }, "interval",
      DFU_FINDING_OK, "7.5 to 15 ms (in force): 16.0 to 8.0 kB/s" },
    { { { 25, KERNEL }, { 40, KERNEL }, { 0, KERNEL }, { 400, KERNEL } }, "interval",
      DFU_FINDING_WARNING, "31.25 to 50 ms (in force): 3.8 to 2.4 kB/s" },
    { { { 6, CONF }, { 40, DEFAULTS }, { 0, KERNEL }, { 400, KERNEL } }, "interval",
      DFU_FINDING_OK, "7.5 to 50 ms (Linux's default; " },
    { { { 6, KERNEL }, { 12, CONF }, { 0, KERNEL }, { 400, KERNEL } }, "interval",
      DFU_FINDING_OK, "7.5 to 15 ms (as main.conf says; " },
    { { { 6, KERNEL }, { 12, KERNEL }, { 0, KERNEL }, { 400, KERNEL } }, "latency",
      DFU_FINDING_OK, "0: " },
    { { { 6, KERNEL }, { 12, KERNEL }, { 4, KERNEL }, { 400, KERNEL } }, "latency",
      DFU_FINDING_WARNING, "leave out 4 intervals in a row (in force)" },
    { { { 24, DEFAULTS }, { 40, DEFAULTS }, { 0, DEFAULTS }, { 42, DEFAULTS } },
      "supervision_timeout", DFU_FINDING_WARNING,
      "after 420 ms of silence (Linux's default; what is in force could not be read)" },
    { { { 24, KERNEL }, { 40, KERNEL }, { 0, KERNEL }, { 42, KERNEL } }, "supervision_timeout",
      DFU_FINDING_WARNING, "after 420 ms of silence (in force)" },
    { { { 24, KERNEL }, { 40, KERNEL }, { 0, KERNEL }, { 99, KERNEL } }, "supervision_timeout",
      DFU_FINDING_WARNING, "after 990 ms" },
    { { { 24, KERNEL }, { 40, KERNEL }, { 0, KERNEL }, { 100, CONF } }, "supervision_timeout",
      DFU_FINDING_OK, "after 1000 ms of silence (as main.conf says; " },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    DfuBluezHost host = { .chosen = (char *)"hci0" };
    g_autoptr(GPtrArray) findings = NULL;
    const DfuFinding *finding;

    memcpy(host.params, rows[i].params, sizeof(host.params));
    findings = find(&host);
    finding = find_what(findings, rows[i].what);
    assert_non_null(finding);
    assert_int_equal(finding->level, rows[i].level);
    assert_non_null(strstr(finding->seen, rows[i].says));
    if (finding->level != DFU_FINDING_OK) {
      assert_non_null(finding->wanted);
      assert_non_null(strstr(finding->todo, "/etc/bluetooth/main.conf"));
    }
  }
}

static void short_timeout_names_the_setting(void **state)
{
  DfuBluezHost host = { .chosen = (char *)"hci0",
                        .params = { { 24, KERNEL }, { 40, KERNEL }, { 0, KERNEL },
                                    { 42, KERNEL } } };
  g_autoptr(GPtrArray) findings = find(&host);

  (void)state;
  assert_non_null(strstr(find_what(findings, "supervision_timeout")->todo,
                         "ConnectionSupervisionTimeout=400 under [LE]"));
}

static void without_an_adapter_nothing_is_said(void **state)
{
  DfuBluezHost host = { .chosen = NULL };
  g_autoptr(GPtrArray) findings = find(&host);

  (void)state;
  assert_int_equal(findings->len, 0);
}

static void main_conf_is_judged(void **state)
{
  static const struct {
    DfuMainConf conf;
    const char *what; /* NULL: nothing is said */
    DfuFindingLevel level;
    const char *says;
  } rows[] = {
    { { .state = DFU_CONF_ABSENT }, NULL, DFU_FINDING_OK, NULL },
    { { .state = DFU_CONF_READ }, "controller_mode", DFU_FINDING_OK, "ControllerMode = le" },
    { { .state = DFU_CONF_READ, .mode = DFU_CONTROLLER_LE }, "controller_mode", DFU_FINDING_OK,
      "LE only" },
    { { .state = DFU_CONF_READ, .mode = DFU_CONTROLLER_BREDR }, "controller_mode",
      DFU_FINDING_WARNING, "switches LE off" },
    { { .state = DFU_CONF_UNREADABLE }, "main_conf", DFU_FINDING_OK, "cannot be read" },
    { { .state = DFU_CONF_BROKEN }, "main_conf", DFU_FINDING_WARNING, "fault of form" },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    DfuBluezHost host = { .chosen = (char *)"hci0", .main_conf = rows[i].conf };
    g_autoptr(GPtrArray) findings = NULL;
    const DfuFinding *finding;

    for (guint param = 0; param < DFU_N_PARAMS; param++)
      host.params[param].value = 400;
    findings = find(&host);
    if (rows[i].what == NULL) {
      assert_int_equal(findings->len, 3);
      continue;
    }
    finding = find_what(findings, rows[i].what);
    assert_non_null(finding);
    assert_int_equal(finding->level, rows[i].level);
    assert_non_null(strstr(finding->seen, rows[i].says));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_a_connection_begins_with_is_judged),
    cmocka_unit_test(short_timeout_names_the_setting),
    cmocka_unit_test(without_an_adapter_nothing_is_said),
    cmocka_unit_test(main_conf_is_judged),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
