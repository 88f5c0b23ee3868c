/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host's files, from folders made up in place of the root.
 */
#include "bluez/host.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "lib/cmocka_all.h"

#define DEBUGFS "sys/kernel/debug/bluetooth/"

typedef struct {
  char *root;
} Tree;

static int setup(void **state)
{
  Tree *tree = g_new0(Tree, 1);

  tree->root = g_dir_make_tmp("dfu-ble-test-XXXXXX", NULL);
  *state = tree;
  return tree->root == NULL;
}

static void remove_tree(const char *path)
{
  GDir *directory = g_dir_open(path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
    g_autofree char *child = g_build_filename(path, name, NULL);

    remove_tree(child);
  }
  if (directory != NULL)
    g_dir_close(directory);
  g_remove(path);
}

static int teardown(void **state)
{
  Tree *tree = *state;

  remove_tree(tree->root);
  g_free(tree->root);
  g_free(tree);
  return 0;
}

static void write_bytes(Tree *tree, const char *name, const char *text, gssize len)
{
  g_autofree char *path = g_build_filename(tree->root, name, NULL);
  g_autofree char *folder = g_path_get_dirname(path);

  assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
  assert_true(g_file_set_contents(path, text, len, NULL));
}

static void write_text(Tree *tree, const char *name, const char *text)
{
  write_bytes(tree, name, text, -1);
}

/* A host with adapters that are on ('1') or off: "01" is hci0 off and hci1 on. */
static DfuBluezHost *make_host(const char *powered)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezHost *host = dfu_bluez_host_new();

  for (guint i = 0; powered[i] != '\0'; i++) {
    g_autofree char *path = g_strdup_printf("/org/bluez/hci%u", i);
    g_autoptr(GVariant) interfaces = g_variant_ref_sink(g_variant_new_parsed(
        "{'org.bluez.Adapter1': {'Powered': <%b>}}", powered[i] == '1'));

    dfu_bluez_objects_add(objects, path, interfaces);
  }
  dfu_bluez_host_take_objects(host, objects);
  return host;
}

static void assert_param(const DfuBluezHost *host, DfuConnParam param, guint value,
                         DfuParamOrigin origin)
{
  assert_int_equal(host->params[param].value, value);
  assert_int_equal(host->params[param].origin, origin);
}

static void nothing_to_read_leaves_the_defaults_of_linux(void **state)
{
  Tree *tree = *state;
  g_autoptr(DfuBluezHost) host = make_host("1");

  dfu_bluez_host_read_files(host, tree->root, NULL);
  assert_param(host, DFU_PARAM_MIN_INTERVAL, 24, DFU_FROM_DEFAULTS);
  assert_param(host, DFU_PARAM_MAX_INTERVAL, 40, DFU_FROM_DEFAULTS);
  assert_param(host, DFU_PARAM_LATENCY, 0, DFU_FROM_DEFAULTS);
  assert_param(host, DFU_PARAM_TIMEOUT, 42, DFU_FROM_DEFAULTS);
  assert_int_equal(host->main_conf.state, DFU_CONF_ABSENT);
  assert_false(host->has_rfkill);
  assert_int_equal(host->rfkill, DFU_RFKILL_FREE);
  assert_null(host->kernel_adapters[0]);
}

static void debugfs_of_the_chosen_adapter_counts_most_then_main_conf(void **state)
{
  Tree *tree = *state;
  g_autoptr(DfuBluezHost) host = make_host("01");

  write_text(tree, DEBUGFS "hci0/conn_min_interval", "99\n");
  write_text(tree, DEBUGFS "hci1/conn_min_interval", "6\n");
  write_text(tree, DEBUGFS "hci1/supervision_timeout", "3200\n");
  write_text(tree, "etc/bluetooth/main.conf",
             "[LE]\nMinConnectionInterval=8\nMaxConnectionInterval=16\n");
  dfu_bluez_host_read_files(host, tree->root, NULL);
  assert_string_equal(host->chosen, "hci1");
  assert_param(host, DFU_PARAM_MIN_INTERVAL, 6, DFU_FROM_KERNEL);
  assert_param(host, DFU_PARAM_MAX_INTERVAL, 16, DFU_FROM_MAIN_CONF);
  assert_param(host, DFU_PARAM_LATENCY, 0, DFU_FROM_DEFAULTS);
  assert_param(host, DFU_PARAM_TIMEOUT, 3200, DFU_FROM_KERNEL);
}

static void debugfs_that_holds_no_number_is_passed_over(void **state)
{
  static const char *const texts[] = { "", "\n", "-1\n", "6 ms\n", "0x18\n", "65536\n",
                                       "0000000000000000000000000000000024\n" };
  Tree *tree = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(DfuBluezHost) host = make_host("1");

    write_text(tree, DEBUGFS "hci0/conn_min_interval", texts[i]);
    dfu_bluez_host_read_files(host, tree->root, NULL);
    assert_param(host, DFU_PARAM_MIN_INTERVAL, 24, DFU_FROM_DEFAULTS);
  }
}

static void adapter_is_the_wanted_the_first_powered_or_the_kernels(void **state)
{
  static const struct {
    const char *powered;
    const char *wanted;
    const char *kernel; /* an entry of the kernel's folder */
    const char *chosen;
  } rows[] = {
    { "01", NULL, "hci0", "hci1" },
    { "00", NULL, "hci0", "hci0" },
    { "01", "hci0", "hci0", "hci0" },
    { "01", "hci7", "hci0", "hci7" },
    { "", NULL, "hci3", "hci3" },
    { "", NULL, "hci3:64", NULL },
  };
  Tree *tree = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(DfuBluezHost) host = make_host(rows[i].powered);
    g_autofree char *root = g_strdup_printf("%s/%zu", tree->root, i);
    g_autofree char *entry = g_strdup_printf("%zu/sys/class/bluetooth/%s/type", i, rows[i].kernel);

    write_text(tree, entry, "");
    dfu_bluez_host_read_files(host, root, rows[i].wanted);
    if (rows[i].chosen == NULL)
      assert_null(host->chosen);
    else
      assert_string_equal(host->chosen, rows[i].chosen);
  }
}

static void kernel_adapters_are_listed_by_name(void **state)
{
  Tree *tree = *state;
  g_autoptr(DfuBluezHost) host = make_host("");

  write_text(tree, "sys/class/bluetooth/hci1/type", "");
  write_text(tree, "sys/class/bluetooth/hci0/type", "");
  write_text(tree, "sys/class/bluetooth/hci0:64/type", "");
  write_text(tree, "sys/class/bluetooth/rfcomm0/type", "");
  dfu_bluez_host_read_files(host, tree->root, NULL);
  assert_string_equal(host->kernel_adapters[0], "hci0");
  assert_string_equal(host->kernel_adapters[1], "hci1");
  assert_null(host->kernel_adapters[2]);
}

static void rfkill_block_is_seen(void **state)
{
  Tree *tree = *state;
  g_autoptr(DfuBluezHost) host = make_host("0");

  write_text(tree, "sys/class/rfkill/rfkill0/type", "bluetooth\n");
  write_text(tree, "sys/class/rfkill/rfkill0/soft", "1\n");
  write_text(tree, "sys/class/rfkill/rfkill0/hard", "0\n");
  dfu_bluez_host_read_files(host, tree->root, NULL);
  assert_true(host->has_rfkill);
  assert_int_equal(host->rfkill, DFU_RFKILL_SOFT);
}

/* Told like a file that this user may not read: root may be who runs this test. */
static void main_conf_beyond_any_sense_is_not_read(void **state)
{
  Tree *tree = *state;
  g_autoptr(DfuBluezHost) host = make_host("1");
  g_autofree char *huge = g_strnfill(256 * 1024 + 1, '\n');

  write_bytes(tree, "etc/bluetooth/main.conf", huge, 256 * 1024 + 1);
  dfu_bluez_host_read_files(host, tree->root, NULL);
  assert_int_equal(host->main_conf.state, DFU_CONF_UNREADABLE);
}

static void main_conf_that_is_a_folder_is_not_read(void **state)
{
  Tree *tree = *state;
  g_autoptr(DfuBluezHost) host = make_host("1");

  write_text(tree, "etc/bluetooth/main.conf/inside", "");
  dfu_bluez_host_read_files(host, tree->root, NULL);
  assert_int_equal(host->main_conf.state, DFU_CONF_UNREADABLE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(nothing_to_read_leaves_the_defaults_of_linux),
    TEST(debugfs_of_the_chosen_adapter_counts_most_then_main_conf),
    TEST(debugfs_that_holds_no_number_is_passed_over),
    TEST(adapter_is_the_wanted_the_first_powered_or_the_kernels),
    TEST(kernel_adapters_are_listed_by_name),
    TEST(rfkill_block_is_seen),
    TEST(main_conf_beyond_any_sense_is_not_read),
    TEST(main_conf_that_is_a_folder_is_not_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
