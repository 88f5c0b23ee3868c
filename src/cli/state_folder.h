/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the program keeps what outlives a run: locks and journals.
 */
#ifndef DFU_CLI_STATE_FOLDER_H
#define DFU_CLI_STATE_FOLDER_H

/**
 * dfu_state_folder:
 *
 * Returns: (transfer full): $XDG_STATE_HOME/dfu-ble, or the same in ~/.local/state where the
 * variable is unset or relative; it need not exist
 */
char *dfu_state_folder(void);

/** Why the folder is not where the environment says; (transfer full) (nullable). */
char *dfu_state_folder_get_warning(void);

#endif
