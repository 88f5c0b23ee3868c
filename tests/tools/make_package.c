/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * make_package: writes a DFU package for tests, demo and examples, whole or
 * broken in a given way. Options only; the packages are made in tests/lib.
 */
#include <stdio.h>
#include <string.h>

#include "lib/zip_builder.h"

#define DEFAULT_BYTES 8192

static int n_bytes = DEFAULT_BYTES;
static int seed = 1;
static char *type = NULL;
static char *damage = NULL;
static gboolean deflate = FALSE;
static char *image_path = NULL;
static int device_type = 0;
static int device_revision = 0;
static int softdevice = 0;
static gboolean crc_only = FALSE;
static gboolean is_mcuboot = FALSE;

static const GOptionEntry options[] = {
  {"type", 't', 0, G_OPTION_ARG_STRING, &type,
   "application (default), bootloader, softdevice, softdevice_bootloader, or both: "
   "softdevice_bootloader and application", "TYPE"},
  {"bytes", 'n', 0, G_OPTION_ARG_INT, &n_bytes, "size of each image (8192)", "N"},
  {"seed", 's', 0, G_OPTION_ARG_INT, &seed, "another seed gives another image (1)", "S"},
  {"deflate", 'z', 0, G_OPTION_ARG_NONE, &deflate, "deflate the images", NULL},
  {"image", 'i', 0, G_OPTION_ARG_FILENAME, &image_path,
   "write the first image to FILE too, to compare with", "FILE"},
  {"device-type", 0, 0, G_OPTION_ARG_INT, &device_type, "the init packet's (0xffff)", "N"},
  {"device-revision", 0, 0, G_OPTION_ARG_INT, &device_revision, "the init packet's (0xffff)", "N"},
  {"softdevice", 0, 0, G_OPTION_ARG_INT, &softdevice, "the init packet's (0xfffe, any)", "N"},
  {"crc-only", 0, 0, G_OPTION_ARG_NONE, &crc_only, "the init packet is two bytes, as up to SDK 6.1",
   NULL},
  {"mcuboot-image", 0, 0, G_OPTION_ARG_NONE, &is_mcuboot, "images begin as MCUboot's do", NULL},
  {"break", 'b', 0, G_OPTION_ARG_STRING, &damage,
   "crc, truncate, zip-crc, zip-truncated, not-zip, empty, odd, no-init, no-manifest, duplicate, "
   "hash, custom, secure or mcuboot", "HOW"},
  {NULL, 0, 0, 0, NULL, NULL, NULL},
};

static const struct {
  const char *name;
  gsize n;
  DfuImageType types[2];
} kinds[] = {
  {"application", 1, {DFU_IMAGE_APPLICATION}},
  {"bootloader", 1, {DFU_IMAGE_BOOTLOADER}},
  {"softdevice", 1, {DFU_IMAGE_SOFTDEVICE}},
  {"softdevice_bootloader", 1, {DFU_IMAGE_SOFTDEVICE_BOOTLOADER}},
  {"both", 2, {DFU_IMAGE_SOFTDEVICE_BOOTLOADER, DFU_IMAGE_APPLICATION}},
};

/** Sets up @parts for --type; 0 if there is no such type. */
static gsize set_parts(DfuTestPart *parts)
{
  for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
    if (strcmp(type != NULL ? type : "application", kinds[i].name) != 0)
      continue;
    for (gsize part = 0; part < kinds[i].n; part++)
      parts[part] = (DfuTestPart){
        .type = kinds[i].types[part],
        .bytes = (gsize)n_bytes,
        .seed = (guint32)(seed + (int)part),
        .deflate = deflate,
        .layout = crc_only ? DFU_INIT_CRC_ONLY : DFU_INIT_CRC,
        .device_type = (guint16)device_type,
        .device_revision = (guint16)device_revision,
        .softdevice = (guint16)softdevice,
        .is_mcuboot = is_mcuboot,
      };
    return kinds[i].n;
  }
  return 0;
}

/** The members of a package of one part, each of which a breakage may alter. */
typedef struct {
  GBytes *image;
  GBytes *init;
  char *manifest;
  DfuTestMember members[4];
  gsize n;
} Members;

static Members *members_new(const DfuTestPart *part)
{
  Members *all = g_new0(Members, 1);

  all->image = dfu_test_part_image(part);
  all->init = dfu_test_init_packet(part, all->image);
  all->manifest = dfu_test_manifest(part, &all->image, 1);
  all->members[all->n++] =
    (DfuTestMember){dfu_test_image_name(part->type), g_bytes_get_data(all->image, NULL),
                    g_bytes_get_size(all->image), part->deflate};
  all->members[all->n++] =
    (DfuTestMember){dfu_test_init_name(part->type), g_bytes_get_data(all->init, NULL),
                    g_bytes_get_size(all->init), FALSE};
  all->members[all->n++] =
    (DfuTestMember){"manifest.json", all->manifest, strlen(all->manifest), FALSE};
  return all;
}

static void members_free(Members *all)
{
  g_bytes_unref(all->image);
  g_bytes_unref(all->init);
  g_free(all->manifest);
  g_free(all);
}

static GBytes *flip_byte(GBytes *bytes, gsize at)
{
  gsize len = g_bytes_get_size(bytes);
  guint8 *copy = g_memdup2(g_bytes_get_data(bytes, NULL), len);

  copy[at] ^= 0x01;
  return g_bytes_new_take(copy, len);
}

/** A package whose zip file is in order, but not what it holds. */
static GBytes *break_contents(const DfuTestPart *part)
{
  Members *all = members_new(part);
  g_autoptr(GBytes) flipped = flip_byte(all->image, part->bytes / 2);
  GBytes *zip = NULL;

  if (strcmp(damage, "crc") == 0)
    all->members[0].data = g_bytes_get_data(flipped, NULL);
  else if (strcmp(damage, "no-init") == 0)
    all->members[1] = all->members[--all->n];
  else if (strcmp(damage, "no-manifest") == 0)
    all->n--;
  else if (strcmp(damage, "custom") == 0)
    all->members[1].len--;
  else
    all->n = 0;
  if (all->n > 0)
    zip = dfu_test_zip(all->members, all->n);
  members_free(all);
  return zip;
}

/** A second member of the first one's name: its headers are made to say so. */
static GBytes *duplicate_member(const DfuTestPart *part)
{
  Members *all = members_new(part);
  const char *name = all->members[0].name;
  g_autofree char *twin = g_strdup(name);

  twin[0] = '#';
  all->members[all->n] = all->members[0];
  all->members[all->n++].name = twin;

  g_autoptr(GBytes) zip = dfu_test_zip(all->members, all->n);
  gsize len = g_bytes_get_size(zip);
  guint8 *copy = g_memdup2(g_bytes_get_data(zip, NULL), len);

  for (guint8 *at = copy; (at = memmem(at, (gsize)(copy + len - at), twin, strlen(twin))) != NULL;)
    *at = (guint8)name[0];
  members_free(all);
  return g_bytes_new_take(copy, len);
}

/** A package whose zip file is damaged. */
static GBytes *break_zip(const DfuTestPart *part)
{
  g_autoptr(GBytes) zip = dfu_test_package(part, 1);
  gsize len = g_bytes_get_size(zip);

  if (strcmp(damage, "zip-truncated") == 0)
    return g_bytes_new_from_bytes(zip, 0, len / 2);
  if (strcmp(damage, "truncate") == 0)
    return dfu_test_patch_header(zip, 0, 24, 4, (guint32)part->bytes + 4);
  if (strcmp(damage, "zip-crc") == 0)
    return dfu_test_patch_header(zip, 0, 16, 4, 0x12345678);
  if (strcmp(damage, "empty") == 0)
    return g_bytes_new(NULL, 0);
  if (strcmp(damage, "not-zip") == 0)
    return dfu_test_image(part->bytes, part->seed);
  return NULL;
}

static GBytes *make_broken(DfuTestPart *part)
{
  GBytes *zip;

  if (strcmp(damage, "secure") == 0)
    return dfu_test_secure_package(part->bytes, part->seed);
  if (strcmp(damage, "mcuboot") == 0)
    return dfu_test_mcuboot_package(part->bytes, part->seed);
  if (strcmp(damage, "duplicate") == 0)
    return duplicate_member(part);
  if (strcmp(damage, "odd") == 0) {
    part->bytes -= 2;
    return dfu_test_package(part, 1);
  }
  if (strcmp(damage, "hash") == 0) {
    part->layout = DFU_INIT_HASH;
    return dfu_test_package(part, 1);
  }
  zip = break_contents(part);
  return zip != NULL ? zip : break_zip(part);
}

static gboolean write_image(const DfuTestPart *part, GError **error)
{
  g_autoptr(GBytes) image = dfu_test_part_image(part);

  return g_file_set_contents(image_path, g_bytes_get_data(image, NULL),
                             (gssize)g_bytes_get_size(image), error);
}

int main(int argc, char **argv)
{
  g_autoptr(GOptionContext) context = g_option_context_new("OUT.zip");
  g_autoptr(GError) error = NULL;
  DfuTestPart parts[2];

  g_option_context_add_main_entries(context, options, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    fprintf(stderr, "make_package: %s\n", error->message);
    return 2;
  }

  gsize n = set_parts(parts);

  if (argc != 2 || n == 0 || n_bytes < 64 || n_bytes % 4 != 0) {
    fprintf(stderr, "make_package: wrong usage, see --help (N is a multiple of 4, from 64)\n");
    return 2;
  }

  g_autoptr(GBytes) zip = damage != NULL ? make_broken(parts) : dfu_test_package(parts, n);

  if (zip == NULL) {
    fprintf(stderr, "make_package: no such way to break a package: %s\n", damage);
    return 2;
  }
  if (!g_file_set_contents(argv[1], g_bytes_get_data(zip, NULL), (gssize)g_bytes_get_size(zip),
                           &error) ||
      (image_path != NULL && !write_image(&parts[0], &error))) {
    fprintf(stderr, "make_package: %s\n", error->message);
    return 1;
  }
  return 0;
}
