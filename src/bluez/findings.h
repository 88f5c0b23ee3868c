/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From facts of this host to findings in words: pure functions of DfuBluezHost.
 */
#ifndef DFU_BLUEZ_FINDINGS_H
#define DFU_BLUEZ_FINDINGS_H

#include <dfu/bluez.h>

#include "bluez/host.h"

/**
 * dfu_finding_add:
 * @seen: (transfer full)
 * @wanted: (nullable)
 * @todo: (nullable)
 *
 * Appends a finding to @findings.
 */
void dfu_finding_add(GPtrArray *findings, const char *what, DfuFindingLevel level, char *seen,
                     const char *wanted, const char *todo);

/** Bus, bluetoothd, its version, adapters, power, role, other programs. */
void dfu_bluez_host_findings(GPtrArray *findings, const DfuBluezHost *host);

/** What a connection begins with, and main.conf. Nothing where there is no adapter. */
void dfu_bluez_link_findings(GPtrArray *findings, const DfuBluezHost *host);

#endif
