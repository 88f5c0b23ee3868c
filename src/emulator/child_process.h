/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What both kinds of child processes of dfu-ble-target need between fork and
 * exec, where little is allowed.
 */
#ifndef DFU_EMULATOR_CHILD_PROCESS_H
#define DFU_EMULATOR_CHILD_PROCESS_H

#include <glib.h>

/** GSpawnChildSetupFunc: lets through the signals that this program takes from a descriptor. */
void dfu_child_unblock_signals(gpointer user_data);

/** GSpawnChildSetupFunc: the same, and it ends when this process does. @parent_pid: a pid_t *. */
void dfu_child_die_with_parent(gpointer parent_pid);

#endif
