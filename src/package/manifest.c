/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/manifest.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "package/archive.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)

/** The images that a manifest can name; those of the system, which exclude each other, first. */
static const struct {
  const char *key;
  DfuImageType type;
} image_kinds[] = {
  {"softdevice", DFU_IMAGE_SOFTDEVICE},
  {"bootloader", DFU_IMAGE_BOOTLOADER},
  {"softdevice_bootloader", DFU_IMAGE_SOFTDEVICE_BOOTLOADER},
  {"application", DFU_IMAGE_APPLICATION},
};

static const char byte_order_mark[] = "\xef\xbb\xbf";

static gboolean fail(GError **error, const char *message)
{
  g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE, message);
  return FALSE;
}

/**
 * Bounds what the parser will do: its recursion by the depth of brackets, its
 * memory and the searches for keys by the number of items. Brackets and commas
 * count outside of strings, which end at the first quote without a backslash
 * in front of it; the parser goes by the same rule.
 */
static gboolean check_shape(const char *text, GError **error)
{
  guint depth = 0;
  guint items = 0;
  gboolean in_string = FALSE;

  for (; *text != '\0'; text++) {
    if (in_string && *text == '\\' && text[1] != '\0')
      text++;
    else if (*text == '"')
      in_string = !in_string;
    else if (in_string)
      continue;
    else if (*text == '{' || *text == '[')
      depth++;
    else if ((*text == '}' || *text == ']') && depth > 0)
      depth--;
    else if (*text == ',')
      items++;

    if (depth > DFU_MANIFEST_MAX_DEPTH)
      return fail(error, "the JSON is nested too deeply for a manifest");
    if (items > DFU_MANIFEST_MAX_ITEMS)
      return fail(error, "the JSON has too many items for a manifest");
  }
  return TRUE;
}

static guint line_of(const char *text, const char *at)
{
  guint line = 1;

  for (; text < at; text++)
    line += *text == '\n';
  return line;
}

static cJSON *parse_text(GBytes *bytes, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);

  if (len >= 3 && memcmp(data, byte_order_mark, 3) == 0) {
    data += 3;
    len -= 3;
  }
  if (len == 0 || !g_utf8_validate_len(data, len, NULL)) {
    fail(error, "it is empty or no UTF-8 text; pack the package again");
    return NULL;
  }

  g_autofree char *text = g_strndup(data, len);
  const char *end = text;

  if (!check_shape(text, error))
    return NULL;

  cJSON *root = cJSON_ParseWithOpts(text, &end, TRUE);

  if (root == NULL)
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "it is not valid JSON (line %u); pack the package again", line_of(text, end));
  return root;
}

static const cJSON *find(const cJSON *object, const char *key)
{
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/** A key that stands twice means one thing to this program and another to the next. */
static gboolean check_keys(const cJSON *object, GError **error)
{
  for (const cJSON *item = object->child; item != NULL; item = item->next) {
    if (find(object, item->string) != item) {
      g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                          "a key stands twice in one object; pack the package again");
      return FALSE;
    }
  }
  return TRUE;
}

/** Sets @out to the object called @key, or to NULL if there is none. */
static gboolean find_object(const cJSON *parent, const char *key, const cJSON **out,
                            GError **error)
{
  *out = find(parent, key);
  if (*out == NULL)
    return TRUE;
  if (!cJSON_IsObject(*out)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE, "\"%s\" must be an object", key);
    return FALSE;
  }
  return check_keys(*out, error);
}

static char *read_file_name(const cJSON *image, const char *key, GError **error)
{
  const cJSON *item = find(image, key);

  if (item == NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "\"%s\" is missing; pack the package again: it takes an image (bin_file) and its "
                "init packet (dat_file)", key);
    return NULL;
  }
  if (!cJSON_IsString(item) || item->valuestring[0] == '\0' ||
      strlen(item->valuestring) > DFU_ARCHIVE_MAX_NAME_BYTES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "\"%s\" must be a file name of 1 to %u bytes", key, DFU_ARCHIVE_MAX_NAME_BYTES);
    return NULL;
  }
  return g_strdup(item->valuestring);
}

static gboolean is_integer(const cJSON *item, guint32 max)
{
  /* Compared as a double first: what is out of range must not be converted. */
  return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= max &&
         item->valuedouble == (double)(guint32)item->valuedouble;
}

/** Reads @key if it is there, and then puts @field into @image->fields. */
static gboolean read_number(const cJSON *object, const char *key, guint32 max, guint field,
                            DfuManifestImage *image, guint32 *out, GError **error)
{
  const cJSON *item = find(object, key);

  if (item == NULL)
    return TRUE;
  if (!is_integer(item, max)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "\"%s\" must be a whole number from 0 to %u", key, max);
    return FALSE;
  }
  *out = (guint32)item->valuedouble;
  image->fields |= field;
  return TRUE;
}

static gboolean read_softdevices(const cJSON *object, DfuManifestImage *image, GError **error)
{
  const cJSON *list = find(object, "softdevice_req");
  const cJSON *item;

  if (list == NULL)
    return TRUE;
  if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > (int)DFU_INIT_MAX_SOFTDEVICES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "\"softdevice_req\" must be a list of at most %u SoftDevice ids",
                DFU_INIT_MAX_SOFTDEVICES);
    return FALSE;
  }
  cJSON_ArrayForEach(item, list) {
    if (!is_integer(item, G_MAXUINT16))
      return fail(error, "\"softdevice_req\" must hold whole numbers from 0 to 65535");
    image->softdevices[image->n_softdevices++] = (guint16)item->valuedouble;
  }
  image->fields |= DFU_MANIFEST_SOFTDEVICES;
  return TRUE;
}

static gboolean read_hash(const cJSON *object, DfuManifestImage *image, GError **error)
{
  const cJSON *item = find(object, "firmware_hash");

  if (item == NULL)
    return TRUE;

  const char *hex = cJSON_IsString(item) ? item->valuestring : "";

  if (strlen(hex) != 2 * sizeof image->sha256 ||
      strspn(hex, "0123456789abcdefABCDEF") != 2 * sizeof image->sha256)
    return fail(error, "\"firmware_hash\" must be a string of 64 hexadecimal digits");
  for (gsize i = 0; i < sizeof image->sha256; i++)
    image->sha256[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
                                g_ascii_xdigit_value(hex[2 * i + 1]));
  image->fields |= DFU_MANIFEST_SHA256;
  return TRUE;
}

static gboolean read_init_copy(const cJSON *object, DfuManifestImage *image, GError **error)
{
  return read_number(object, "device_type", G_MAXUINT16, DFU_MANIFEST_DEVICE_TYPE, image,
                     &image->device_type, error) &&
         read_number(object, "device_revision", G_MAXUINT16, DFU_MANIFEST_DEVICE_REVISION, image,
                     &image->device_revision, error) &&
         read_number(object, "application_version", G_MAXUINT32, DFU_MANIFEST_APPLICATION_VERSION,
                     image, &image->application_version, error) &&
         read_number(object, "firmware_crc16", G_MAXUINT16, DFU_MANIFEST_CRC16, image,
                     &image->crc16, error) &&
         read_number(object, "ext_packet_id", G_MAXUINT32, DFU_MANIFEST_EXTENDED_ID, image,
                     &image->extended_id, error) &&
         read_number(object, "firmware_length", G_MAXUINT32, DFU_MANIFEST_IMAGE_BYTES, image,
                     &image->image_bytes, error) &&
         read_softdevices(object, image, error) && read_hash(object, image, error);
}

static gboolean read_sizes(const cJSON *object, DfuManifestImage *image, GError **error)
{
  const cJSON *softdevice = find(object, "sd_size");
  const cJSON *bootloader = find(object, "bl_size");

  if (!is_integer(softdevice, DFU_PACKAGE_MAX_IMAGE_BYTES) || softdevice->valuedouble < 1 ||
      !is_integer(bootloader, DFU_PACKAGE_MAX_IMAGE_BYTES) || bootloader->valuedouble < 1) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "\"sd_size\" and \"bl_size\" must be there, whole numbers from 1 to %u",
                DFU_PACKAGE_MAX_IMAGE_BYTES);
    return FALSE;
  }
  image->softdevice_bytes = (guint32)softdevice->valuedouble;
  image->bootloader_bytes = (guint32)bootloader->valuedouble;
  return TRUE;
}

static gboolean read_image(const cJSON *object, DfuManifestImage *image, GError **error)
{
  const cJSON *init_copy;

  image->image_name = read_file_name(object, "bin_file", error);
  if (image->image_name == NULL)
    return FALSE;
  image->init_name = read_file_name(object, "dat_file", error);
  if (image->init_name == NULL)
    return FALSE;
  if (image->type == DFU_IMAGE_SOFTDEVICE_BOOTLOADER && !read_sizes(object, image, error))
    return FALSE;
  if (!find_object(object, "init_packet_data", &init_copy, error))
    return FALSE;
  return init_copy == NULL || read_init_copy(init_copy, image, error);
}

/** Secure DFU: SoftDevice and bootloader sizes in an object that legacy packages do not have. */
static gboolean is_secure(const cJSON *object, const cJSON *image)
{
  return find(object, "dfu_version") == NULL && find(image, "info_read_only_metadata") != NULL;
}

static gboolean add_image(const cJSON *object, const cJSON *child, DfuImageType type,
                          DfuManifest *manifest, GError **error)
{
  if (is_secure(object, child))
    return fail(error, "this is a package of Nordic's Secure DFU (nRF5 SDK 12 and later), and "
                       "this program speaks legacy DFU; use a Secure DFU tool such as nrfutil "
                       "or nRF Connect");
  if (type != DFU_IMAGE_APPLICATION && manifest->n_images > 0)
    return fail(error, "there is another image for the system; SoftDevice and bootloader go into "
                       "one (softdevice_bootloader): pack the package again");

  DfuManifestImage *image = &manifest->images[manifest->n_images++];

  image->type = type;
  return read_image(child, image, error);
}

static gboolean read_images(const cJSON *object, DfuManifest *manifest, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS(image_kinds); i++) {
    const char *key = image_kinds[i].key;
    const cJSON *child;

    if (!find_object(object, key, &child, error))
      return FALSE;
    if (child != NULL && !add_image(object, child, image_kinds[i].type, manifest, error)) {
      g_prefix_error(error, "%s: ", key);
      return FALSE;
    }
  }
  return manifest->n_images > 0 ||
         fail(error, "it names no application, bootloader, softdevice or softdevice_bootloader; "
                     "pack the package again");
}

static gboolean read_version(const cJSON *object, DfuManifest *manifest, GError **error)
{
  const cJSON *item = find(object, "dfu_version");
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (item == NULL) {
    manifest->version = g_strdup("0.5");
    return TRUE;
  }
  if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 100)
    return fail(error, "\"dfu_version\" must be a number such as 0.5");
  manifest->version = g_strdup(g_ascii_formatd(text, sizeof text, "%g", item->valuedouble));
  return TRUE;
}

static gboolean is_mcuboot(const cJSON *root)
{
  return find(root, "manifest") == NULL &&
         (find(root, "format-version") != NULL || cJSON_IsArray(find(root, "files")));
}

static gboolean read_manifest(const cJSON *root, DfuManifest *manifest, GError **error)
{
  const cJSON *object;

  if (!cJSON_IsObject(root))
    return fail(error, "it must be a JSON object; pack the package again");
  if (!check_keys(root, error))
    return FALSE;
  if (is_mcuboot(root))
    return fail(error, "this is an MCUboot package (mcumgr), and this program speaks Nordic's "
                       "legacy DFU; use an mcumgr tool");
  if (!find_object(root, "manifest", &object, error))
    return FALSE;
  if (object == NULL)
    return fail(error, "it has no object \"manifest\", so this is not a DFU package");
  return read_version(object, manifest, error) && read_images(object, manifest, error);
}

DfuManifest *dfu_manifest_parse(GBytes *bytes, GError **error)
{
  g_autoptr(cJSON) root = parse_text(bytes, error);
  g_autoptr(DfuManifest) manifest = g_new0(DfuManifest, 1);

  if (root == NULL || !read_manifest(root, manifest, error))
    return NULL;
  return g_steal_pointer(&manifest);
}

void dfu_manifest_free(DfuManifest *manifest)
{
  if (manifest == NULL)
    return;
  for (guint i = 0; i < manifest->n_images; i++) {
    g_free(manifest->images[i].image_name);
    g_free(manifest->images[i].init_name);
  }
  g_free(manifest->version);
  g_free(manifest);
}
