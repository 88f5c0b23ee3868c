/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the program keeps what outlives a run: locks and journals.
 */
#ifndef DFU_CLI_STATE_FOLDER_H
#define DFU_CLI_STATE_FOLDER_H

/** $XDG_STATE_HOME/dfu-ble, which need not exist. (transfer full) */
char *dfu_state_folder(void);

#endif
