/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/state_folder.h"

#include <glib.h>
#include <pwd.h>
#include <unistd.h>

#define VARIABLE "XDG_STATE_HOME"

static gboolean is_place(const char *path)
{
  return path != NULL && g_path_is_absolute(path);
}

/* What is relative would be another place in each directory that the program is run in. */
static const char *find_home(void)
{
  const char *home = g_getenv("HOME");
  const struct passwd *user;

  if (is_place(home))
    return home;
  user = getpwuid(geteuid());
  return user != NULL && is_place(user->pw_dir) ? user->pw_dir : "/";
}

char *dfu_state_folder(void)
{
  const char *given = g_getenv(VARIABLE);

  if (is_place(given))
    return g_build_filename(given, "dfu-ble", NULL);
  return g_build_filename(find_home(), ".local", "state", "dfu-ble", NULL);
}

char *dfu_state_folder_get_warning(void)
{
  const char *given = g_getenv(VARIABLE);
  g_autofree char *folder = dfu_state_folder();

  if (given == NULL || given[0] == '\0' || is_place(given))
    return NULL;
  return g_strdup_printf(VARIABLE " is '%s', which is no absolute path and is ignored; locks and "
                                  "journals go to %s",
                         given, folder);
}
