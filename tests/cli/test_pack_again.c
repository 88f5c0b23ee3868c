/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packages taken apart and made again by dfu-ble pack: real ones as their
 * makers published them, and one whose init packet is taken over.
 */
#include "lib/cli_fixture.h"

#include <zip.h>

#include "lib/real_packages.h"

#define LEGACY_PACKAGES 13 /* all but the one of Secure DFU */

typedef struct {
  GHashTable *members; /* name to GBytes */
  cJSON *manifest;     /* the object of that name */
} Unpacked;

static GBytes *read_member(zip_t *zip, zip_uint64_t index)
{
  zip_stat_t stat;
  zip_file_t *file = zip_fopen_index(zip, index, 0);
  guint8 *data;

  assert_non_null(file);
  assert_int_equal(zip_stat_index(zip, index, 0, &stat), 0);
  data = g_malloc(stat.size);
  assert_int_equal(zip_fread(file, data, stat.size), stat.size);
  zip_fclose(file);
  return g_bytes_new_take(data, stat.size);
}

static char *member_text(const Unpacked *unpacked, const char *name)
{
  gsize len;
  const char *data = g_bytes_get_data(g_hash_table_lookup(unpacked->members, name), &len);

  return g_strndup(data, len);
}

static Unpacked unpack(const char *path)
{
  Unpacked unpacked = { .members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                         (GDestroyNotify)g_bytes_unref) };
  zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
  g_autofree char *text = NULL;
  cJSON *root;

  assert_non_null(zip);
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); i++)
    g_hash_table_insert(unpacked.members, g_strdup(zip_get_name(zip, (zip_uint64_t)i, 0)),
                        read_member(zip, (zip_uint64_t)i));
  zip_discard(zip);
  text = member_text(&unpacked, "manifest.json");
  root = cJSON_Parse(text);
  unpacked.manifest = cJSON_DetachItemFromObject(root, "manifest");
  cJSON_Delete(root);
  assert_non_null(unpacked.manifest);
  return unpacked;
}

static void unpacked_clear(Unpacked *unpacked)
{
  g_hash_table_unref(unpacked->members);
  cJSON_Delete(unpacked->manifest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Unpacked, unpacked_clear)

static void add_option(GPtrArray *arguments, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_option(GPtrArray *arguments, const char *format, ...)
{
  va_list values;

  va_start(values, format);
  g_ptr_array_add(arguments, g_strdup_vprintf(format, values));
  va_end(values);
}

/* Writes bytes [from, to) of a member to a file in the scratch directory, and names it. */
static void add_file(Cli *cli, GPtrArray *arguments, const char *option, const char *name,
                     GBytes *bytes, gsize from, gsize to)
{
  const char *path = cli_path(cli, name);
  const char *data = g_bytes_get_data(bytes, NULL);

  assert_true(g_file_set_contents(path, data + from, (gssize)(to - from), NULL));
  add_option(arguments, "%s%s", option, path);
}

static void add_images(Cli *cli, GPtrArray *arguments, const cJSON *image, GBytes *bytes)
{
  g_autofree char *option = g_strdup_printf("--%s=", image->string);
  gsize len = g_bytes_get_size(bytes);

  if (g_str_equal(image->string, "softdevice_bootloader")) {
    gsize softdevice = (gsize)cli_number(image, "sd_size");

    add_file(cli, arguments, "--softdevice=", "sd.bin", bytes, 0, softdevice);
    add_file(cli, arguments, "--bootloader=", "bl.bin", bytes, softdevice, len);
  } else {
    add_file(cli, arguments, option, cli_text(image, "bin_file"), bytes, 0, len);
  }
}

/* Whether the manifest's SoftDevice ids are not those of the 14 bytes or more of @init. */
static gboolean names_other_softdevices(const cJSON *copy, GBytes *init)
{
  const guint8 *data = g_bytes_get_data(init, NULL);
  const cJSON *list = cJSON_GetObjectItem(copy, "softdevice_req");

  assert_int_equal(cJSON_GetArraySize(list), 1);
  assert_int_equal(data[8], 1);
  return cJSON_GetArrayItem(list, 0)->valueint != (data[10] | data[11] << 8);
}

/* The options that make the init packet anew. Returns: whether it had to be given as it is. */
static gboolean add_init_options(Cli *cli, GPtrArray *arguments, const cJSON *image, GBytes *init)
{
  const char *part = g_str_equal(image->string, "application") ? "app" : "system";
  const cJSON *copy = cJSON_GetObjectItem(image, "init_packet_data");
  g_autofree char *dat_option = g_strdup_printf("--dat=%s:", part);

  add_option(arguments, "--dev-type=%s:%.0f", part, cli_number(copy, "device_type"));
  add_option(arguments, "--dev-revision=%s:%.0f", part, cli_number(copy, "device_revision"));
  add_option(arguments, "--application-version=%s:%.0f", part,
             cli_number(copy, "application_version"));
  add_option(arguments, "--sd-req=%s:%d", part,
             cJSON_GetArrayItem(cJSON_GetObjectItem(copy, "softdevice_req"), 0)->valueint);
  if (g_bytes_get_size(init) == 2) {
    add_option(arguments, "--dfu-ver=%s:crc", part);
  } else if (names_other_softdevices(copy, init)) {
    add_file(cli, arguments, dat_option, cli_text(image, "dat_file"), init, 0,
             g_bytes_get_size(init));
    return TRUE;
  }
  return FALSE;
}

/* Manifest and members are the same, the manifest even in its bytes but for the line ends. */
static void assert_same_package(const Unpacked *made, const Unpacked *real)
{
  g_autofree char *made_text = member_text(made, "manifest.json");
  g_autofree char *real_text = member_text(real, "manifest.json");
  g_auto(GStrv) lines = g_strsplit(real_text, "\r\n", -1);
  g_autofree char *with_line_feeds = g_strjoinv("\n", lines);
  GHashTableIter iter;
  gpointer name, bytes;

  assert_true(cJSON_Compare(made->manifest, real->manifest, TRUE));
  assert_string_equal(made_text, with_line_feeds);
  assert_int_equal(g_hash_table_size(made->members), g_hash_table_size(real->members));
  g_hash_table_iter_init(&iter, real->members);
  while (g_hash_table_iter_next(&iter, &name, &bytes)) {
    GBytes *again = g_hash_table_lookup(made->members, name);

    if (again == NULL || (!g_str_equal(name, "manifest.json") && !g_bytes_equal(again, bytes)))
      fail_msg("%s is missing or other than it was", (char *)name);
  }
}

/* Returns: whether it was a package of legacy DFU. */
static gboolean check_round_trip(Cli *cli, const char *path)
{
  g_auto(Unpacked) real = unpack(path);
  g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
  g_auto(DfuTestResult) result = { 0 };
  gboolean had_to_be_given = FALSE;
  const cJSON *image;

  if (!cJSON_HasObjectItem(real.manifest, "dfu_version"))
    return FALSE;
  add_option(arguments, "pack");
  add_option(arguments, "--force");
  add_option(arguments, "%s", cli_path(cli, "again.zip"));
  cJSON_ArrayForEach(image, real.manifest) {
    if (!cJSON_IsObject(image))
      continue;
    add_images(cli, arguments, image,
               g_hash_table_lookup(real.members, cli_text(image, "bin_file")));
    if (add_init_options(cli, arguments, image,
                         g_hash_table_lookup(real.members, cli_text(image, "dat_file"))))
      had_to_be_given = TRUE;
  }
  g_ptr_array_add(arguments, NULL);
  result = cli_run(cli, (const char *const *)arguments->pdata);
  cli_assert_status(&result, 0);

  g_auto(Unpacked) made = unpack(cli_path(cli, "again.zip"));

  assert_same_package(&made, &real);
  /* Its manifest says any SoftDevice, its init packet 0x0080: no options make that. */
  assert_int_equal(had_to_be_given, g_str_has_suffix(path, "sdk11_nrf51_sd_bl_then_app.zip"));
  return TRUE;
}

static void real_packages_are_made_again_of_their_parts(void **state)
{
  const char *folder = dfu_test_real_packages();
  g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
  guint n_legacy = 0;
  const char *name;

  while ((name = g_dir_read_name(directory)) != NULL) {
    if (g_str_has_suffix(name, ".zip") && check_round_trip(*state, dfu_test_real_package(name)))
      n_legacy++;
  }
  assert_in_range(n_legacy, LEGACY_PACKAGES, G_MAXUINT);
}

/* What the init packet says goes into the manifest too, unless an option says otherwise. */
static void given_init_packet_is_described(void **state)
{
  Cli *cli = *state;
  const char *image = cli_path(cli, "a.bin");
  const char *dat = cli_path(cli, "given.dat");
  const char *out = cli_path(cli, "out.zip");
  g_auto(DfuTestResult) first = { 0 }, second = { 0 };

  cli_make_package(cli, "source.zip", CLI_ARGS("--image", image));
  first = cli_run(cli, CLI_ARGS("pack", out, "--application", image, "--sd-req", "0x64",
                                "--dfu-ver", "0.7"));
  cli_assert_status(&first, 0);

  g_auto(Unpacked) one = unpack(out);
  GBytes *init = g_hash_table_lookup(one.members, "a.dat");

  assert_true(g_file_set_contents(dat, g_bytes_get_data(init, NULL),
                                  (gssize)g_bytes_get_size(init), NULL));
  second = cli_run(cli, CLI_ARGS("pack", "--force", out, "--application", image, "--dat", dat));
  cli_assert_status(&second, 0);

  g_auto(Unpacked) other = unpack(out);

  assert_same_package(&one, &other);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    CLI_TEST(real_packages_are_made_again_of_their_parts),
    CLI_TEST(given_init_packet_is_described),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
