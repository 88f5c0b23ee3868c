/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/state_folder.h"

#include <glib.h>

char *dfu_state_folder(void)
{
  return g_build_filename(g_get_user_state_dir(), "dfu-ble", NULL);
}
