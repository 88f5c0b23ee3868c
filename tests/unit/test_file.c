/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Writing a file whole or not at all. Reading is tested with packages.
 */
#include "lib/cmocka_all.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/expect_error.h"
#include "package/file.h"

typedef struct {
  char *folder;
  char *path;
} Fixture;

static int setup(void **state)
{
  Fixture *fixture = g_new0(Fixture, 1);

  fixture->folder = g_dir_make_tmp("dfu-ble-file-XXXXXX", NULL);
  fixture->path = g_build_filename(fixture->folder, "out.zip", NULL);
  *state = fixture;
  return 0;
}

static int teardown(void **state)
{
  Fixture *fixture = *state;

  g_remove(fixture->path);
  assert_int_equal(g_rmdir(fixture->folder), 0); /* nothing else was left behind */
  g_free(fixture->path);
  g_free(fixture->folder);
  g_free(fixture);
  return 0;
}

static gboolean write_text(const char *text, const char *path, gboolean replace, GError **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

  return dfu_file_write(bytes, path, replace, error);
}

static void file_holds(const char *path, const char *wanted)
{
  g_autofree char *text = NULL;

  assert_true(g_file_get_contents(path, &text, NULL, NULL));
  assert_string_equal(text, wanted);
}

static void write_makes_a_file_with_the_mode_of_others(void **state)
{
  Fixture *fixture = *state;
  struct stat status;
  mode_t mask = umask(0027);

  assert_true(write_text("one", fixture->path, FALSE, NULL));
  umask(mask);
  file_holds(fixture->path, "one");
  assert_int_equal(stat(fixture->path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0640);
}

static void write_leaves_a_file_that_is_there(void **state)
{
  Fixture *fixture = *state;
  GError *error = NULL;

  assert_true(write_text("one", fixture->path, FALSE, NULL));
  assert_false(write_text("two", fixture->path, FALSE, &error));
  dfu_expect_error(&error, DFU_ERROR_USAGE, "is there already and was left as it is");
  file_holds(fixture->path, "one");
}

static void write_replaces_a_file_on_request(void **state)
{
  Fixture *fixture = *state;

  assert_true(write_text("one", fixture->path, TRUE, NULL));
  assert_true(write_text("two", fixture->path, TRUE, NULL));
  file_holds(fixture->path, "two");
}

static void write_replaces_nothing_but_a_regular_file(void **state)
{
  Fixture *fixture = *state;
  GError *error = NULL;

  assert_false(write_text("one", fixture->folder, TRUE, &error));
  dfu_expect_error(&error, DFU_ERROR_USAGE, "is no regular file");
  assert_int_equal(symlink("/nonexistent", fixture->path), 0);
  assert_false(write_text("one", fixture->path, TRUE, &error));
  dfu_expect_error(&error, DFU_ERROR_USAGE, "is no regular file");
  assert_false(write_text("one", fixture->path, FALSE, &error));
  dfu_expect_error(&error, DFU_ERROR_USAGE, "is there already");
}

static void write_that_fails_leaves_nothing(void **state)
{
  Fixture *fixture = *state;
  g_autofree char *path = g_build_filename(fixture->folder, "no", "out.zip", NULL);
  GError *error = NULL;

  assert_false(write_text("one", path, FALSE, &error));
  dfu_expect_error(&error, DFU_ERROR_INTERNAL, "cannot be written: No such file or directory");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(write_makes_a_file_with_the_mode_of_others, setup, teardown),
    cmocka_unit_test_setup_teardown(write_leaves_a_file_that_is_there, setup, teardown),
    cmocka_unit_test_setup_teardown(write_replaces_a_file_on_request, setup, teardown),
    cmocka_unit_test_setup_teardown(write_replaces_nothing_but_a_regular_file, setup, teardown),
    cmocka_unit_test_setup_teardown(write_that_fails_leaves_nothing, setup, teardown),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
