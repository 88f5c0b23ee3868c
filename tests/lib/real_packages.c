/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/real_packages.h"

#include "lib/cmocka_all.h"

#define USUAL_FOLDER "../shared/packages"

const char *dfu_test_real_packages(void)
{
  const char *folder = g_getenv("DFU_TEST_PACKAGES");

  if (folder == NULL)
    folder = USUAL_FOLDER;
  if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
    print_message("no folder %s with real packages; set DFU_TEST_PACKAGES\n", folder);
    skip();
  }
  return folder;
}

const char *dfu_test_real_package(const char *file)
{
  g_autofree char *path = g_build_filename(dfu_test_real_packages(), file, NULL);

  return g_intern_string(path);
}
