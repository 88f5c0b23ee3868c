/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The resume journal on disk: what is written comes back, what is damaged is
 * never believed, and a failed write leaves the old file whole.
 */
#include "lib/cmocka_all.h"

#include <dfu/journal.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

typedef struct {
  char *folder;
  char *path;
} Fixture;

static int set_up(void **state)
{
  Fixture *fixture = g_new0(Fixture, 1);

  fixture->folder = g_dir_make_tmp("dfu-journal-XXXXXX", NULL);
  fixture->path = g_build_filename(fixture->folder, "C4:12:AB:00:11:22.journal", NULL);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *fixture = *state;
  g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);

    g_unlink(path);
  }
  g_rmdir(fixture->folder);
  g_free(fixture->folder);
  g_free(fixture->path);
  g_free(fixture);
  return 0;
}

static DfuJournalRecord example(void)
{
  return (DfuJournalRecord){
    .package_sha256 = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880",
    .package_name = (char *)"app.zip",
    .part = DFU_IMAGE_APPLICATION,
    .image_bytes = 20576,
    .parts_done = 1,
    .most_window_packets = 4,
    .was_entered = true,
    .transfer = {.start_sent = true,
                 .start_accepted = true,
                 .init_sent = true,
                 .init_accepted = true,
                 .sent_bytes = 16384,
                 .confirmed_bytes = 12000},
  };
}

static void save(const Fixture *fixture, const DfuJournalRecord *record)
{
  g_autoptr(GError) error = NULL;

  assert_true(dfu_journal_save(fixture->path, record, &error));
  assert_null(error);
}

static void assert_set_aside(const Fixture *fixture)
{
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;
  g_autofree char *aside = g_strconcat(fixture->path, ".damaged", NULL);

  assert_false(dfu_journal_load(fixture->path, &found, &warning, NULL));
  assert_non_null(warning);
  assert_non_null(strstr(warning, aside));
  assert_false(found.transfer.start_sent);
  assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
  assert_true(g_file_test(aside, G_FILE_TEST_EXISTS));
}

/* A bootloader that was not told the application's address adds 1 to it. */
static void journal_of_an_application_tells_of_its_bootloader(void **state)
{
  const Fixture *fixture = *state;
  DfuJournalRecord record = example();
  g_autofree char *own = dfu_journal_path(fixture->folder, "C4:12:AB:00:11:23");
  g_autofree char *application = dfu_journal_path(fixture->folder, "C4:12:AB:00:11:22");
  g_autofree char *found = NULL;
  g_autofree char *not_entered = NULL;
  g_autofree char *with_own = NULL;
  g_autoptr(GError) error = NULL;

  assert_true(dfu_journal_save(application, &record, &error));
  found = dfu_journal_find(fixture->folder, "c4:12:ab:00:11:23");
  assert_string_equal(found, application);
  record.was_entered = false;
  assert_true(dfu_journal_save(application, &record, &error));
  not_entered = dfu_journal_find(fixture->folder, "C4:12:AB:00:11:23");
  assert_string_equal(not_entered, own);
  record.was_entered = true;
  assert_true(dfu_journal_save(application, &record, &error));
  assert_true(dfu_journal_save(own, &record, &error));
  with_own = dfu_journal_find(fixture->folder, "C4:12:AB:00:11:23");
  assert_string_equal(with_own, own);
  dfu_journal_remove(own);
  dfu_journal_remove(application);
}

/* An application that was entered for its own sake. */
static void without_an_update_no_package_is_named(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord entry = {.package_name = (char *)"", .was_entered = true};
  DfuJournalRecord update = entry;
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;

  save(fixture, &entry);
  assert_true(dfu_journal_load(fixture->path, &found, &warning, NULL));
  assert_true(found.was_entered);
  assert_false(dfu_journal_has_update(&found));
  update.parts_done = 1;
  save(fixture, &update);
  assert_set_aside(fixture);
}

static void what_is_saved_is_loaded(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord record = example();
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;

  save(fixture, &record);
  assert_true(dfu_journal_load(fixture->path, &found, &warning, NULL));
  assert_null(warning);
  assert_string_equal(found.package_sha256, record.package_sha256);
  assert_string_equal(found.package_name, "app.zip");
  assert_int_equal(found.part, DFU_IMAGE_APPLICATION);
  assert_int_equal(found.image_bytes, 20576);
  assert_int_equal(found.parts_done, 1);
  assert_int_equal(found.most_window_packets, 4);
  assert_true(found.was_entered);
  assert_true(found.transfer.init_accepted);
  assert_false(found.transfer.validate_sent);
  assert_false(found.transfer.activate_acknowledged);
  assert_int_equal(found.transfer.sent_bytes, 16384);
  assert_int_equal(found.transfer.confirmed_bytes, 12000);
  assert_in_range(found.saved_unix_s, g_get_real_time() / G_USEC_PER_SEC - 60,
                  g_get_real_time() / G_USEC_PER_SEC);
}

static void missing_journal_is_no_warning(void **state)
{
  const Fixture *fixture = *state;
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;

  assert_false(dfu_journal_load(fixture->path, &found, &warning, NULL));
  assert_null(warning);
}

/* What cannot be read may be sound: it is an error, and the file stays. */
static void journal_that_cannot_be_read_is_an_error_and_stays(void **state)
{
  const Fixture *fixture = *state;
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;
  g_autoptr(GError) error = NULL;
  GStatBuf info;

  assert_int_equal(symlink(fixture->path, fixture->path), 0); /* ELOOP, even for root */
  assert_false(dfu_journal_load(fixture->path, &found, &warning, &error));
  assert_null(warning);
  assert_true(g_error_matches(error, DFU_ERROR, DFU_ERROR_INTERNAL));
  assert_non_null(strstr(error->message, fixture->path));
  assert_int_equal(g_lstat(fixture->path, &info), 0);
}

/* It may be the one that tells of the bootloader. */
static void journal_of_an_application_that_cannot_be_read_is_found(void **state)
{
  const Fixture *fixture = *state;
  g_autofree char *found = NULL;

  assert_int_equal(symlink(fixture->path, fixture->path), 0);
  found = dfu_journal_find(fixture->folder, "C4:12:AB:00:11:23");
  assert_string_equal(found, fixture->path);
}

static void every_single_changed_byte_is_noticed(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord record = example();
  g_autofree char *text = NULL;
  gsize len;

  save(fixture, &record);
  assert_true(g_file_get_contents(fixture->path, &text, &len, NULL));
  for (gsize i = 0; i < len; i++) {
    text[i] ^= 0x04;
    assert_true(g_file_set_contents(fixture->path, text, (gssize)len, NULL));
    assert_set_aside(fixture);
    text[i] ^= 0x04;
  }
}

static void every_truncation_is_noticed(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord record = example();
  g_autofree char *text = NULL;
  gsize len;

  save(fixture, &record);
  assert_true(g_file_get_contents(fixture->path, &text, &len, NULL));
  for (gsize i = 0; i < len; i++) {
    assert_true(g_file_set_contents(fixture->path, text, (gssize)i, NULL));
    assert_set_aside(fixture);
  }
}

static void contradictions_are_not_believed(void **state)
{
  const Fixture *fixture = *state;
  DfuJournalRecord record = example();

  record.transfer.confirmed_bytes = record.transfer.sent_bytes + 4;
  save(fixture, &record);
  assert_set_aside(fixture);

  record = example();
  record.transfer.sent_bytes = record.image_bytes + 4;
  save(fixture, &record);
  assert_set_aside(fixture);
}

static void huge_file_is_not_read(void **state)
{
  const Fixture *fixture = *state;
  g_autofree char *huge = g_strnfill(1 << 20, 'x');

  assert_true(g_file_set_contents(fixture->path, huge, -1, NULL));
  assert_set_aside(fixture);
}

static void hostile_name_is_made_printable(void **state)
{
  const Fixture *fixture = *state;
  DfuJournalRecord record = example();
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;

  record.package_name = (char *)"a\033[2Jb";
  save(fixture, &record);
  assert_true(dfu_journal_load(fixture->path, &found, &warning, NULL));
  assert_null(strchr(found.package_name, '\033'));
}

static void folder_that_cannot_be_made_is_an_error(void **state G_GNUC_UNUSED)
{
  const DfuJournalRecord record = example();
  g_autoptr(GError) error = NULL;

  assert_false(dfu_journal_save("/dev/null/dfu-ble/x.journal", &record, &error));
  assert_true(g_error_matches(error, DFU_ERROR, DFU_ERROR_INTERNAL));
}

/* The new file's name is too long for the file system, as a full disk has no room for it. */
static void journal_is_written_over_where_no_second_file_can_be_made(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord record = example();
  g_autofree char *name = g_strnfill(254, 'x');
  g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
  g_autofree char *longer = g_strnfill(2048, 'x');
  g_auto(DfuJournalRecord) found = {0};
  g_autofree char *warning = NULL;
  FILE *file;

  assert_false(dfu_journal_save(path, &record, NULL)); /* there is none to write over */
  assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  file = g_fopen(path, "w");
  assert_true(fputs(longer, file) >= 0 && fclose(file) == 0);
  assert_true(dfu_journal_save(path, &record, NULL));
  assert_true(dfu_journal_load(path, &found, &warning, NULL));
  assert_int_equal(found.transfer.sent_bytes, 16384);
}

static void removing_leaves_nothing(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord record = example();

  save(fixture, &record);
  dfu_journal_remove(fixture->path);
  assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
  dfu_journal_remove(fixture->path);
}

static void only_old_journals_are_cleaned_up(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord record = example();
  const gint64 now_s = g_get_real_time() / G_USEC_PER_SEC;
  const struct utimbuf old = {now_s - 31 * 24 * 3600, now_s - 31 * 24 * 3600};
  g_autofree char *old_path = g_build_filename(fixture->folder, "00:00:00:00:00:01.journal", NULL);
  g_autofree char *other = g_build_filename(fixture->folder, "00:00:00:00:00:01.lock", NULL);

  save(fixture, &record);
  assert_true(dfu_journal_save(old_path, &record, NULL));
  assert_true(g_file_set_contents(other, "", 0, NULL));
  assert_int_equal(utime(old_path, &old), 0);
  assert_int_equal(utime(other, &old), 0);
  dfu_journal_clean_up(fixture->folder);
  assert_true(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
  assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
  assert_false(g_file_test(old_path, G_FILE_TEST_EXISTS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(journal_of_an_application_tells_of_its_bootloader),
    TEST(without_an_update_no_package_is_named),
    TEST(what_is_saved_is_loaded),
    TEST(missing_journal_is_no_warning),
    TEST(journal_that_cannot_be_read_is_an_error_and_stays),
    TEST(journal_of_an_application_that_cannot_be_read_is_found),
    TEST(every_single_changed_byte_is_noticed),
    TEST(every_truncation_is_noticed),
    TEST(contradictions_are_not_believed),
    TEST(huge_file_is_not_read),
    TEST(hostile_name_is_made_printable),
    TEST(folder_that_cannot_be_made_is_an_error),
    TEST(journal_is_written_over_where_no_second_file_can_be_made),
    TEST(removing_leaves_nothing),
    TEST(only_old_journals_are_cleaned_up),
  };

  return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
