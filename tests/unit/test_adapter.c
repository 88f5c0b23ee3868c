/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/adapter.h"

#include <glib/gstdio.h>

#include "lib/cmocka_all.h"
#include "lib/expect_error.h"

/* Of each adapter whether it is powered: "01" is hci0 off and hci1 on. */
static DfuBluezObjects *make_objects(const char *powered)
{
  DfuBluezObjects *objects = dfu_bluez_objects_new();

  for (guint i = 0; powered[i] != '\0'; i++) {
    g_autofree char *path = g_strdup_printf("/org/bluez/hci%u", i);
    g_autoptr(GVariant) interfaces = g_variant_ref_sink(g_variant_new_parsed(
        "{'org.bluez.Adapter1': {'Powered': <%b>}}", powered[i] == '1'));

    dfu_bluez_objects_add(objects, path, interfaces);
  }
  return objects;
}

static void adapter_choose_takes_the_named_or_the_first_powered_one(void **state)
{
  static const struct {
    const char *powered;
    const char *wanted;
    const char *chosen; /* NULL: an error that says `said` */
    const char *said;
  } rows[] = {
    { "1", NULL, "/org/bluez/hci0", NULL },
    { "01", NULL, "/org/bluez/hci1", NULL },
    { "11", "hci1", "/org/bluez/hci1", NULL },
    { "", NULL, NULL, "no Bluetooth adapter" },
    { "", "hci0", NULL, "no Bluetooth adapter" },
    { "00", NULL, NULL, "hci0 is powered off; " },
    { "10", "hci1", NULL, "hci1 is powered off; " },
    { "1", "hci1", NULL, "there is no Bluetooth adapter hci1; " },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(DfuBluezObjects) objects = make_objects(rows[i].powered);
    GError *error = NULL;
    g_autofree char *chosen = dfu_bluez_adapter_choose(objects, rows[i].wanted, &error);

    if (rows[i].chosen != NULL)
      assert_string_equal(chosen, rows[i].chosen);
    else
      dfu_expect_error(&error, DFU_ERROR_BLUETOOTH, rows[i].said);
  }
}

static void write_switch(const char *directory, const char *type, const char *soft,
                         const char *hard)
{
  const char *const files[][2] = { { "type", type }, { "soft", soft }, { "hard", hard } };
  g_autofree char *entry = g_build_filename(directory, "rfkill0", NULL);

  g_mkdir_with_parents(entry, 0700);
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(entry, files[i][0], NULL);

    assert_true(g_file_set_contents(path, files[i][1], -1, NULL));
  }
}

static void remove_switch(const char *directory)
{
  static const char *const names[] = { "rfkill0/type", "rfkill0/soft", "rfkill0/hard", "rfkill0",
                                       "" };

  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path = g_build_filename(directory, names[i], NULL);

    g_remove(path);
  }
}

static void adapter_rfkill_reads_the_switches_of_the_kernel(void **state)
{
  static const struct {
    const char *type;
    const char *soft;
    const char *hard;
    DfuRfkill wanted;
  } rows[] = {
    { "bluetooth\n", "0\n", "0\n", DFU_RFKILL_FREE },
    { "bluetooth\n", "1\n", "0\n", DFU_RFKILL_SOFT },
    { "bluetooth\n", "0\n", "1\n", DFU_RFKILL_HARD },
    { "bluetooth\n", "1\n", "1\n", DFU_RFKILL_HARD },
    { "wlan\n", "1\n", "1\n", DFU_RFKILL_FREE },
  };
  g_autofree char *directory = g_dir_make_tmp("dfu-ble-test-XXXXXX", NULL);

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    write_switch(directory, rows[i].type, rows[i].soft, rows[i].hard);
    assert_int_equal(dfu_bluez_adapter_rfkill(directory), rows[i].wanted);
  }
  remove_switch(directory);
  assert_int_equal(dfu_bluez_adapter_rfkill(directory), DFU_RFKILL_FREE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(adapter_choose_takes_the_named_or_the_first_powered_one),
    cmocka_unit_test(adapter_rfkill_reads_the_switches_of_the_kernel),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
