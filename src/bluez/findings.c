/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/findings.h"

void dfu_finding_free(DfuFinding *finding)
{
  if (finding == NULL)
    return;
  g_free(finding->seen);
  g_free(finding->wanted);
  g_free(finding->todo);
  g_free(finding);
}

void dfu_finding_add(GPtrArray *findings, const char *what, DfuFindingLevel level, char *seen,
                     const char *wanted, const char *todo)
{
  DfuFinding *finding = g_new0(DfuFinding, 1);

  finding->what = what;
  finding->level = level;
  finding->seen = seen;
  finding->wanted = g_strdup(wanted);
  finding->todo = g_strdup(todo);
  g_ptr_array_add(findings, finding);
}

static void free_finding(gpointer finding)
{
  dfu_finding_free(finding);
}

GPtrArray *dfu_bluez_examine_host(const char *adapter)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func(free_finding);
  g_autoptr(DfuBluezHost) host = dfu_bluez_host_new();

  dfu_bluez_host_ask(host);
  dfu_bluez_host_read_files(host, "/", adapter);
  dfu_bluez_host_findings(findings, host);
  dfu_bluez_link_findings(findings, host);
  return findings;
}
