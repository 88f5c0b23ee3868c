/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The journal of a session over the parts of a package: what one run leaves,
 * the next one finds, and nothing else is believed.
 */
#include "lib/cmocka_all.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/zip_builder.h"
#include "session/keeper.h"

#define ADDRESS "C4:12:AB:00:11:22"
#define ADDRESS_ABOVE "C4:12:AB:00:11:23"
#define SYSTEM_BYTES 4096
#define APP_BYTES 2048

typedef struct {
  char *folder;
  char *path;
  DfuPackage *package;
  DfuPackage *other;
  const DfuPart *parts[2];
} Fixture;

static DfuPackage *make_package(guint32 seed)
{
  const DfuTestPart made[] = {
    { .type = DFU_IMAGE_SOFTDEVICE_BOOTLOADER, .bytes = SYSTEM_BYTES, .seed = seed,
      .layout = DFU_INIT_CRC },
    { .type = DFU_IMAGE_APPLICATION, .bytes = APP_BYTES, .seed = seed, .layout = DFU_INIT_CRC },
  };
  g_autoptr(GBytes) zip = dfu_test_package(made, G_N_ELEMENTS(made));

  return dfu_package_read_bytes(zip, "both.zip", NULL);
}

static int set_up(void **state)
{
  Fixture *fixture = g_new0(Fixture, 1);

  fixture->folder = g_dir_make_tmp("dfu-keeper-XXXXXX", NULL);
  fixture->path = dfu_journal_path(fixture->folder, ADDRESS);
  fixture->package = make_package(1);
  fixture->other = make_package(2);
  for (guint i = 0; i < 2; i++)
    fixture->parts[i] = dfu_package_get_part(fixture->package, i);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *fixture = *state;

  g_unlink(fixture->path);
  g_rmdir(fixture->folder);
  dfu_package_free(fixture->package);
  dfu_package_free(fixture->other);
  g_free(fixture->folder);
  g_free(fixture->path);
  g_free(fixture);
  return 0;
}

static const DfuTransfer none;
static const DfuTransfer cut = { .start_sent = true, .start_accepted = true, .init_sent = true,
                                 .init_accepted = true, .packet_bytes = 20, .sent_bytes = 1000,
                                 .confirmed_bytes = 800 };

static DfuKeeper *open_keeper(const Fixture *fixture, const DfuPackage *package,
                              const DfuPart *const *parts, guint n_parts, gboolean may_resume,
                              const DfuJournalRecord **found)
{
  DfuKeeper *keeper =
    dfu_keeper_new(fixture->folder, package, "both.zip", parts, n_parts, may_resume);
  g_autofree char *warning = NULL;
  const DfuJournalRecord *record;

  assert_false(dfu_keeper_is_open(keeper));
  record = dfu_keeper_open(keeper, ADDRESS, &warning, NULL);
  assert_true(dfu_keeper_is_open(keeper));
  assert_null(warning);
  if (found != NULL)
    *found = record;
  else
    assert_null(record);
  return keeper;
}

/* A run with all parts of the package; what it finds. */
static DfuKeeper *open_ours(const Fixture *fixture, const DfuJournalRecord **found)
{
  return open_keeper(fixture, fixture->package, fixture->parts, 2, TRUE, found);
}

static void save(DfuKeeper *keeper, const DfuTransfer *transfer, guint16 most_window_packets)
{
  g_autoptr(GError) error = NULL;

  assert_true(dfu_keeper_save(keeper, transfer, most_window_packets, &error));
  assert_null(error);
}

/* A run that comes to @index, leaves @transfer there and ends. */
static void leave(const Fixture *fixture, guint index, const DfuTransfer *transfer,
                  guint16 most_window_packets)
{
  DfuKeeper *keeper = open_ours(fixture, NULL);

  while (dfu_keeper_get_index(keeper) < index) {
    dfu_keeper_advance(keeper);
    save(keeper, &none, most_window_packets);
  }
  save(keeper, transfer, most_window_packets);
  dfu_keeper_free(keeper);
}

static gboolean has_journal(const Fixture *fixture)
{
  return g_file_test(fixture->path, G_FILE_TEST_EXISTS);
}

static void first_part_that_was_cut_is_gone_on_with(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 0, &cut, 0);
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_int_equal(found->part, DFU_IMAGE_SOFTDEVICE_BOOTLOADER);
  assert_int_equal(found->image_bytes, SYSTEM_BYTES);
  assert_int_equal(found->parts_done, 0);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

static void second_part_that_was_cut_is_gone_on_with(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 1, &cut, 0);
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 1);
  assert_int_equal(found->part, DFU_IMAGE_APPLICATION);
  assert_int_equal(found->image_bytes, APP_BYTES);
  assert_int_equal(found->parts_done, 1);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

/* Between the parts nothing is on the way, and the journal is all that knows. */
static void second_part_is_next_though_nothing_of_it_was_sent(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 1, &none, 0);
  assert_true(has_journal(fixture));
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 1);
  assert_int_equal(found->part, DFU_IMAGE_APPLICATION);
  assert_int_equal(found->parts_done, 1);
  assert_false(found->transfer.start_sent);
  dfu_keeper_free(keeper);
}

/* Killed between the acknowledgement and the next word in the journal. */
static void part_whose_activate_was_acknowledged_is_done(void **state)
{
  const Fixture *fixture = *state;
  DfuTransfer activated = cut;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  activated.activate_sent = activated.activate_acknowledged = true;
  leave(fixture, 0, &activated, 0);
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 1);
  assert_int_equal(found->part, DFU_IMAGE_APPLICATION);
  assert_int_equal(found->image_bytes, APP_BYTES);
  assert_false(found->transfer.start_sent);
  dfu_keeper_free(keeper);
}

static void last_part_whose_activate_was_acknowledged_leaves_nothing(void **state)
{
  const Fixture *fixture = *state;
  DfuTransfer activated = cut;
  DfuKeeper *keeper;

  activated.activate_sent = activated.activate_acknowledged = true;
  leave(fixture, 1, &activated, 0);
  keeper = open_ours(fixture, NULL); /* and from the beginning, for the user wants it once more */
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_null(dfu_keeper_get_other(keeper));
  dfu_keeper_free(keeper);
}

static void journal_is_gone_when_all_parts_are_done(void **state)
{
  const Fixture *fixture = *state;

  leave(fixture, 2, &none, 0);
  assert_false(has_journal(fixture));
}

static void journal_is_gone_when_nothing_was_begun(void **state)
{
  const Fixture *fixture = *state;

  leave(fixture, 0, &none, 0);
  assert_false(has_journal(fixture));
}

/* --- the window --- */

static void window_is_remembered_with_the_transfer(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 0, &cut, 4);
  keeper = open_ours(fixture, &found);
  assert_non_null(found);
  assert_int_equal(dfu_keeper_get_most_window(keeper), 4);
  dfu_keeper_free(keeper);
}

static void window_outlives_the_update_and_is_no_transfer(void **state)
{
  const Fixture *fixture = *state;
  g_auto(DfuJournalRecord) record = { 0 };
  g_autofree char *warning = NULL;
  DfuKeeper *keeper;

  leave(fixture, 2, &none, 2);
  assert_true(dfu_journal_load(fixture->path, &record, &warning, NULL));
  assert_false(dfu_journal_has_update(&record));
  keeper = open_ours(fixture, NULL);
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_int_equal(dfu_keeper_get_most_window(keeper), 2);
  assert_null(dfu_keeper_get_other(keeper));
  dfu_keeper_free(keeper);
}

/* It is a fact of the device, not of a package. */
static void window_counts_for_another_package_too(void **state)
{
  const Fixture *fixture = *state;
  const DfuPart *const parts[] = { dfu_package_get_part(fixture->other, 1) };
  DfuKeeper *keeper;

  leave(fixture, 2, &none, 2);
  keeper = open_keeper(fixture, fixture->other, parts, 1, TRUE, NULL);
  assert_int_equal(dfu_keeper_get_most_window(keeper), 2);
  dfu_keeper_free(keeper);
}

/* --- the bootloader's address --- */

/* Whatever is sent then: it is a fact of the device too. */
static void bootloader_that_was_entered_is_known_of_until_the_update_is_done(void **state)
{
  const Fixture *fixture = *state;
  const DfuPart *const parts[] = { dfu_package_get_part(fixture->other, 1) };
  DfuKeeper *keeper = open_ours(fixture, NULL);

  assert_false(dfu_keeper_may_be_above(keeper));
  assert_true(dfu_keeper_set_entered(keeper, TRUE));
  assert_false(dfu_keeper_set_entered(keeper, TRUE));
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);

  keeper = open_keeper(fixture, fixture->other, parts, 1, TRUE, NULL);
  assert_true(dfu_keeper_may_be_above(keeper));
  assert_null(dfu_keeper_get_other(keeper));
  dfu_keeper_advance(keeper);
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);
  assert_false(has_journal(fixture));
}

/* It is there already: what is above it is another device. */
static void nothing_is_above_the_address_of_the_bootloader(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper = open_ours(fixture, NULL);
  g_autofree char *warning = NULL;

  dfu_keeper_set_entered(keeper, TRUE);
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);
  keeper = dfu_keeper_new(fixture->folder, fixture->package, "both.zip", fixture->parts, 2, TRUE);
  assert_null(dfu_keeper_open(keeper, ADDRESS_ABOVE, &warning, NULL));
  assert_false(dfu_keeper_may_be_above(keeper));
  dfu_keeper_advance(keeper);
  dfu_keeper_advance(keeper);
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);
  assert_false(has_journal(fixture)); /* for both addresses it is one device */
}

static void enter(const Fixture *fixture)
{
  DfuKeeper *keeper = open_keeper(fixture, NULL, NULL, 0, TRUE, NULL);

  dfu_keeper_set_entered(keeper, TRUE);
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);
}

static void run_without_a_package_leaves_the_entry_alone(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper;

  enter(fixture);
  keeper = open_keeper(fixture, NULL, NULL, 0, TRUE, NULL);
  assert_true(dfu_keeper_may_be_above(keeper));
  assert_true(dfu_keeper_set_entered(keeper, FALSE));
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);
  assert_false(has_journal(fixture));
}

static void run_without_a_package_takes_nothing_from_an_update(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 1, &cut, 4);
  enter(fixture);
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 1);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  assert_int_equal(dfu_keeper_get_most_window(keeper), 4);
  assert_true(dfu_keeper_may_be_above(keeper));
  dfu_keeper_free(keeper);
}

/* --- what is not ours --- */

static void another_package_is_named(void **state)
{
  const Fixture *fixture = *state;
  const DfuPart *const parts[] = { dfu_package_get_part(fixture->other, 0),
                                   dfu_package_get_part(fixture->other, 1) };
  DfuKeeper *keeper;

  leave(fixture, 0, &cut, 0);
  keeper = open_keeper(fixture, fixture->other, parts, 2, TRUE, NULL);
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_true(g_str_has_prefix(dfu_keeper_get_other(keeper),
                               "another package, both.zip (SHA-256 "));
  dfu_keeper_free(keeper);
}

static void another_part_of_the_package_is_named(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper;

  leave(fixture, 0, &cut, 0);
  keeper = open_keeper(fixture, fixture->package, fixture->parts + 1, 1, TRUE, NULL);
  assert_string_equal(dfu_keeper_get_other(keeper),
                      "another part of this package, the SoftDevice and bootloader (--only "
                      "system). Sending that one goes on where it stopped");
  dfu_keeper_free(keeper);
}

/* The journal counts 1 part done; this run has that one alone, as its first. */
static void part_is_found_wherever_it_stands_among_ours(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 1, &cut, 0);
  keeper = open_keeper(fixture, fixture->package, fixture->parts + 1, 1, TRUE, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

/* A run of a later part alone has done none of those before it. */
static void part_that_was_sent_alone_does_not_pass_over_those_before_it(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper = open_keeper(fixture, fixture->package, fixture->parts + 1, 1, TRUE, NULL);

  save(keeper, &cut, 0);
  dfu_keeper_free(keeper);
  keeper = open_ours(fixture, NULL);
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_string_equal(dfu_keeper_get_other(keeper),
                      "another part of this package, the application (--only app). Sending that "
                      "one goes on where it stopped");
  dfu_keeper_free(keeper);
  keeper = open_keeper(fixture, fixture->package, fixture->parts + 1, 1, TRUE, &found);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

/* What was done before it stays known, whichever run goes on with it. */
static void parts_that_are_done_are_known_to_a_run_of_the_next_alone(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 1, &cut, 0);
  keeper = open_keeper(fixture, fixture->package, fixture->parts + 1, 1, TRUE, &found);
  save(keeper, &cut, 0);
  dfu_keeper_free(keeper);
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 1);
  assert_int_equal(found->parts_done, 1);
  dfu_keeper_free(keeper);
}

static void journal_that_is_not_to_be_looked_at_is_still_written(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 1, &cut, 4);
  keeper = open_keeper(fixture, fixture->package, fixture->parts, 2, FALSE, NULL);
  assert_true(dfu_keeper_looks_away(keeper));
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_null(dfu_keeper_get_other(keeper));
  save(keeper, &cut, 0);
  dfu_keeper_free(keeper);
  keeper = open_ours(fixture, &found);
  assert_int_equal(dfu_keeper_get_index(keeper), 0);
  assert_non_null(found);
  dfu_keeper_free(keeper);
}

/* Until the target takes our Start, it holds what it held. */
static void journal_that_was_left_aside_outlives_a_run_that_began_nothing(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper;

  leave(fixture, 0, &cut, 0);
  keeper = open_keeper(fixture, fixture->package, fixture->parts, 2, FALSE, NULL);
  save(keeper, &none, 0);
  dfu_keeper_free(keeper);
  keeper = open_ours(fixture, &found);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

static void journal_of_another_package_is_named_though_none_is_to_be_gone_by(void **state)
{
  const Fixture *fixture = *state;
  const DfuPart *const parts[] = { dfu_package_get_part(fixture->other, 1) };
  DfuKeeper *keeper = open_keeper(fixture, fixture->package, fixture->parts, 2, FALSE, NULL);

  assert_false(dfu_keeper_looks_away(keeper)); /* there is nothing to look away from */
  save(keeper, &cut, 0);
  dfu_keeper_free(keeper);
  keeper = open_keeper(fixture, fixture->other, parts, 1, FALSE, NULL);
  assert_false(dfu_keeper_looks_away(keeper));
  assert_non_null(dfu_keeper_get_other(keeper));
  dfu_keeper_free(keeper);
}

static void nothing_is_written_before_the_device_is_known(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper =
    dfu_keeper_new(fixture->folder, fixture->package, "both.zip", fixture->parts, 2, TRUE);

  save(keeper, &cut, 0);
  assert_false(dfu_keeper_is_kept(keeper));
  assert_false(has_journal(fixture));
  dfu_keeper_free(keeper);
}

/* Nor is it written over: nobody knows what it tells. */
static void journal_that_cannot_be_read_is_left_alone(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper =
    dfu_keeper_new(fixture->folder, fixture->package, "both.zip", fixture->parts, 2, TRUE);
  g_autofree char *warning = NULL;
  g_autoptr(GError) error = NULL;

  assert_int_equal(symlink(fixture->path, fixture->path), 0);
  assert_null(dfu_keeper_open(keeper, ADDRESS, &warning, &error));
  assert_int_equal(error->code, DFU_ERROR_INTERNAL);
  save(keeper, &cut, 0);
  assert_false(dfu_keeper_is_kept(keeper));
  assert_true(g_file_test(fixture->path, G_FILE_TEST_IS_SYMLINK));
  dfu_keeper_free(keeper);
}

/* --- a disk that is full --- */

/* No file can be written while it lasts, not even over itself. */
static void set_disk_full(gboolean is_full)
{
  struct rlimit limit;

  signal(SIGXFSZ, SIG_IGN); /* the write fails then */
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = is_full ? 0 : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void save_in_vain(DfuKeeper *keeper, const DfuTransfer *transfer)
{
  gboolean is_saved;

  set_disk_full(TRUE);
  is_saved = dfu_keeper_save(keeper, transfer, 0, NULL);
  set_disk_full(FALSE);
  assert_false(is_saved);
  assert_false(dfu_keeper_is_kept(keeper));
}

/* It tells less than is true, and what it does tell is. */
static void journal_of_the_part_under_way_stays_where_a_write_fails(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuTransfer later = cut;
  DfuKeeper *keeper;

  later.sent_bytes = later.confirmed_bytes = 2000;
  leave(fixture, 0, &cut, 0);
  keeper = open_ours(fixture, &found);
  save_in_vain(keeper, &later);
  dfu_keeper_free(keeper);
  keeper = open_ours(fixture, &found);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

/* Of another transfer than the target's: believed, it would be wrong bytes. */
static void journal_of_another_transfer_goes_where_a_write_fails(void **state)
{
  const Fixture *fixture = *state;
  const DfuPart *const parts[] = { dfu_package_get_part(fixture->other, 0) };
  DfuKeeper *keeper;

  leave(fixture, 0, &cut, 0);
  keeper = open_keeper(fixture, fixture->other, parts, 1, TRUE, NULL);
  save_in_vain(keeper, &cut);
  assert_false(has_journal(fixture));
  dfu_keeper_free(keeper);
}

static void journal_of_the_part_before_goes_where_a_write_fails(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper = open_ours(fixture, NULL);

  save(keeper, &cut, 0);
  dfu_keeper_advance(keeper);
  save_in_vain(keeper, &cut);
  assert_false(has_journal(fixture));
  dfu_keeper_free(keeper);
}

/* What the target holds of it is ruined, and must not be gone on with. */
static void journal_of_a_transfer_that_is_over_goes_where_a_write_fails(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper = open_ours(fixture, NULL);
  gboolean is_saved;

  save(keeper, &cut, 0);
  set_disk_full(TRUE);
  is_saved = dfu_keeper_save(keeper, &none, 4, NULL); /* the window is still to be told of */
  set_disk_full(FALSE);
  assert_false(is_saved);
  assert_false(has_journal(fixture));
  dfu_keeper_free(keeper);
}

static void journal_is_written_again_once_it_can_be(void **state)
{
  const Fixture *fixture = *state;
  const DfuJournalRecord *found;
  DfuKeeper *keeper = open_ours(fixture, NULL);

  save_in_vain(keeper, &cut);
  save(keeper, &cut, 0);
  assert_true(dfu_keeper_is_kept(keeper));
  dfu_keeper_free(keeper);
  keeper = open_ours(fixture, &found);
  assert_memory_equal(&found->transfer, &cut, sizeof cut);
  dfu_keeper_free(keeper);
}

static void journal_that_cannot_be_written_is_told_once(void **state)
{
  const Fixture *fixture = *state;
  DfuKeeper *keeper = dfu_keeper_new("/proc/nowhere", fixture->package, "both.zip", fixture->parts,
                                     2, TRUE);
  g_autofree char *warning = NULL;
  g_autoptr(GError) error = NULL;

  assert_null(dfu_keeper_open(keeper, ADDRESS, &warning, NULL));
  assert_true(dfu_keeper_is_kept(keeper));
  assert_false(dfu_keeper_save(keeper, &cut, 0, &error));
  assert_int_equal(error->code, DFU_ERROR_INTERNAL);
  assert_false(dfu_keeper_is_kept(keeper));
  save(keeper, &cut, 0);
  dfu_keeper_free(keeper);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(first_part_that_was_cut_is_gone_on_with),
    TEST(second_part_that_was_cut_is_gone_on_with),
    TEST(second_part_is_next_though_nothing_of_it_was_sent),
    TEST(part_whose_activate_was_acknowledged_is_done),
    TEST(last_part_whose_activate_was_acknowledged_leaves_nothing),
    TEST(journal_is_gone_when_all_parts_are_done),
    TEST(journal_is_gone_when_nothing_was_begun),
    TEST(window_is_remembered_with_the_transfer),
    TEST(window_outlives_the_update_and_is_no_transfer),
    TEST(window_counts_for_another_package_too),
    TEST(bootloader_that_was_entered_is_known_of_until_the_update_is_done),
    TEST(nothing_is_above_the_address_of_the_bootloader),
    TEST(run_without_a_package_leaves_the_entry_alone),
    TEST(run_without_a_package_takes_nothing_from_an_update),
    TEST(another_package_is_named),
    TEST(another_part_of_the_package_is_named),
    TEST(part_is_found_wherever_it_stands_among_ours),
    TEST(part_that_was_sent_alone_does_not_pass_over_those_before_it),
    TEST(parts_that_are_done_are_known_to_a_run_of_the_next_alone),
    TEST(journal_that_is_not_to_be_looked_at_is_still_written),
    TEST(journal_that_was_left_aside_outlives_a_run_that_began_nothing),
    TEST(journal_of_another_package_is_named_though_none_is_to_be_gone_by),
    TEST(nothing_is_written_before_the_device_is_known),
    TEST(journal_that_cannot_be_read_is_left_alone),
    TEST(journal_of_the_part_under_way_stays_where_a_write_fails),
    TEST(journal_of_another_transfer_goes_where_a_write_fails),
    TEST(journal_of_the_part_before_goes_where_a_write_fails),
    TEST(journal_of_a_transfer_that_is_over_goes_where_a_write_fails),
    TEST(journal_is_written_again_once_it_can_be),
    TEST(journal_that_cannot_be_written_is_told_once),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
