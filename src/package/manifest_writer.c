/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/manifest_writer.h"

#include <cjson/cJSON.h>

#define INDENT 4

/* The keys are added in the order of the alphabet. */

static void add_hex(cJSON *object, const char *key, const guint8 *bytes, gsize len)
{
  g_autoptr(GString) hex = g_string_new(NULL);

  for (gsize i = 0; i < len; i++)
    g_string_append_printf(hex, "%02x", bytes[i]);
  cJSON_AddStringToObject(object, key, hex->str);
}

static void add_number(cJSON *object, const char *key, const DfuManifestImage *image,
                       DfuManifestFields field, guint32 value)
{
  if (image->fields & field)
    cJSON_AddNumberToObject(object, key, value);
}

static cJSON *make_init_copy(const DfuManifestImage *image)
{
  cJSON *object = cJSON_CreateObject();

  add_number(object, "application_version", image, DFU_MANIFEST_APPLICATION_VERSION,
             image->application_version);
  add_number(object, "device_revision", image, DFU_MANIFEST_DEVICE_REVISION,
             image->device_revision);
  add_number(object, "device_type", image, DFU_MANIFEST_DEVICE_TYPE, image->device_type);
  add_number(object, "ext_packet_id", image, DFU_MANIFEST_EXTENDED_ID, image->extended_id);
  add_number(object, "firmware_crc16", image, DFU_MANIFEST_CRC16, image->crc16);
  if (image->fields & DFU_MANIFEST_SHA256)
    add_hex(object, "firmware_hash", image->sha256, sizeof image->sha256);
  add_number(object, "firmware_length", image, DFU_MANIFEST_IMAGE_BYTES, image->image_bytes);
  if (image->fields & DFU_MANIFEST_SIGNATURE)
    add_hex(object, "init_packet_ecds", image->signature, sizeof image->signature);
  if (image->fields & DFU_MANIFEST_SOFTDEVICES) {
    cJSON *list = cJSON_AddArrayToObject(object, "softdevice_req");

    for (guint i = 0; i < image->n_softdevices; i++)
      cJSON_AddItemToArray(list, cJSON_CreateNumber(image->softdevices[i]));
  }
  return object;
}

static cJSON *make_image(const DfuManifestImage *image)
{
  gboolean has_sizes = image->type == DFU_IMAGE_SOFTDEVICE_BOOTLOADER;
  cJSON *object = cJSON_CreateObject();

  cJSON_AddStringToObject(object, "bin_file", image->image_name);
  if (has_sizes)
    cJSON_AddNumberToObject(object, "bl_size", image->bootloader_bytes);
  cJSON_AddStringToObject(object, "dat_file", image->init_name);
  cJSON_AddItemToObject(object, "init_packet_data", make_init_copy(image));
  if (has_sizes)
    cJSON_AddNumberToObject(object, "sd_size", image->softdevice_bytes);
  return object;
}

static void add_image(cJSON *object, const DfuManifest *manifest, const char *key,
                      DfuImageType type)
{
  for (guint i = 0; i < manifest->n_images; i++) {
    if (manifest->images[i].type == type)
      cJSON_AddItemToObject(object, key, make_image(&manifest->images[i]));
  }
}

static void append_value(GString *text, const cJSON *value, int depth);

/** The items of an object or list, each on a line of its own. */
static void append_items(GString *text, const cJSON *parent, int depth)
{
  for (const cJSON *item = parent->child; item != NULL; item = item->next) {
    g_string_append_printf(text, "\n%*s", INDENT * depth, "");
    if (cJSON_IsObject(parent))
      g_string_append_printf(text, "\"%s\": ", item->string);
    append_value(text, item, depth);
    if (item->next != NULL)
      g_string_append_c(text, ',');
  }
  if (parent->child != NULL)
    g_string_append_printf(text, "\n%*s", INDENT * (depth - 1), "");
}

static void append_value(GString *text, const cJSON *value, int depth)
{
  if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
    g_string_append_c(text, cJSON_IsObject(value) ? '{' : '[');
    append_items(text, value, depth + 1);
    g_string_append_c(text, cJSON_IsObject(value) ? '}' : ']');
  } else {
    char *printed = cJSON_PrintUnformatted(value);

    g_string_append(text, printed);
    cJSON_free(printed);
  }
}

char *dfu_manifest_write(const DfuManifest *manifest)
{
  cJSON *root = cJSON_CreateObject();
  cJSON *object = cJSON_AddObjectToObject(root, "manifest");
  GString *text = g_string_new(NULL);

  add_image(object, manifest, "application", DFU_IMAGE_APPLICATION);
  add_image(object, manifest, "bootloader", DFU_IMAGE_BOOTLOADER);
  cJSON_AddNumberToObject(object, "dfu_version", g_ascii_strtod(manifest->version, NULL));
  add_image(object, manifest, "softdevice", DFU_IMAGE_SOFTDEVICE);
  add_image(object, manifest, "softdevice_bootloader", DFU_IMAGE_SOFTDEVICE_BOOTLOADER);
  append_value(text, root, 0);
  cJSON_Delete(root);
  return g_string_free(text, FALSE);
}
