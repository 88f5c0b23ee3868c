/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/package_report.h"

/* What packing tools write where nothing was asked for. A device that has a type wants that one. */
#define UNSET_16 0xffffu
#define UNSET_32 0xffffffffu

static char *to_hex(const guint8 *bytes, gsize len)
{
  GString *hex = g_string_new(NULL);

  for (gsize i = 0; i < len; i++)
    g_string_append_printf(hex, "%02x", bytes[i]);
  return g_string_free(hex, FALSE);
}

static char *bytes_to_hex(GBytes *bytes)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(bytes, &len);

  return to_hex(data, len);
}

static gboolean has_crc(const DfuInitPacket *init)
{
  return init->layout == DFU_INIT_CRC_ONLY || init->layout == DFU_INIT_CRC ||
         init->layout == DFU_INIT_CRC_EXTENDED;
}

static gboolean has_hash(const DfuInitPacket *init)
{
  return init->layout == DFU_INIT_HASH || init->layout == DFU_INIT_SIGNED;
}

const char *dfu_package_report_word(const DfuPart *part)
{
  return part->type == DFU_IMAGE_APPLICATION ? "app" : "system";
}

/* --- JSON --- */

static void add_crc16(cJSON *object, guint16 crc16)
{
  char text[5];

  g_snprintf(text, sizeof text, "%04x", crc16);
  cJSON_AddStringToObject(object, "crc16", text);
}

static void add_common_fields(cJSON *object, const DfuInitPacket *init)
{
  cJSON *softdevices;

  cJSON_AddNumberToObject(object, "device_type", init->device_type);
  cJSON_AddNumberToObject(object, "device_revision", init->device_revision);
  cJSON_AddNumberToObject(object, "application_version", init->application_version);
  softdevices = cJSON_AddArrayToObject(object, "softdevices");
  for (guint i = 0; i < init->n_softdevices; i++)
    cJSON_AddItemToArray(softdevices, cJSON_CreateNumber(init->softdevices[i]));
}

static cJSON *make_init(const DfuPart *part)
{
  const DfuInitPacket *init = &part->init;
  g_autofree char *hex = bytes_to_hex(part->init_packet);
  g_autofree char *sha256 = to_hex(init->sha256, DFU_SHA256_BYTES);
  cJSON *object = cJSON_CreateObject();

  dfu_json_add_text(object, "layout", dfu_init_layout_to_string(init->layout));
  cJSON_AddNumberToObject(object, "bytes", (double)g_bytes_get_size(part->init_packet));
  cJSON_AddStringToObject(object, "hex", hex);
  if (init->has_common)
    add_common_fields(object, init);
  if (has_crc(init))
    add_crc16(object, init->crc16);
  if (has_hash(init)) {
    cJSON_AddNumberToObject(object, "image_bytes", init->image_bytes);
    cJSON_AddStringToObject(object, "sha256", sha256);
  }
  return object;
}

/* The manifest's words, which scripts know. */
const char *dfu_package_report_type(DfuImageType type)
{
  switch (type) {
  case DFU_IMAGE_SOFTDEVICE: return "softdevice";
  case DFU_IMAGE_BOOTLOADER: return "bootloader";
  case DFU_IMAGE_SOFTDEVICE_BOOTLOADER: return "softdevice_bootloader";
  case DFU_IMAGE_APPLICATION: break;
  }
  return "application";
}

static cJSON *make_part(const DfuPart *part)
{
  cJSON *object = cJSON_CreateObject();

  dfu_json_add_text(object, "type", dfu_package_report_type(part->type));
  dfu_json_add_text(object, "only", dfu_package_report_word(part));
  dfu_json_add_text(object, "image", part->image_name);
  cJSON_AddNumberToObject(object, "image_bytes", (double)g_bytes_get_size(part->image));
  cJSON_AddNumberToObject(object, "softdevice_bytes", part->softdevice_bytes);
  cJSON_AddNumberToObject(object, "bootloader_bytes", part->bootloader_bytes);
  cJSON_AddNumberToObject(object, "application_bytes", part->application_bytes);
  add_crc16(object, part->crc16);
  dfu_json_add_text(object, "init_packet", part->init_name);
  cJSON_AddItemToObject(object, "init", make_init(part));
  return object;
}

void dfu_package_report_event(DfuOutput *output, const DfuPackage *package, const char *path)
{
  const char *const *warnings = dfu_package_get_warnings(package);
  cJSON *fields = cJSON_CreateObject();
  cJSON *array;

  dfu_json_add_text(fields, "path", path);
  dfu_json_add_text(fields, "sha256", dfu_package_get_sha256(package));
  dfu_json_add_text(fields, "dfu_version", dfu_package_get_version(package));
  array = cJSON_AddArrayToObject(fields, "parts");
  for (guint i = 0; i < dfu_package_get_n_parts(package); i++)
    cJSON_AddItemToArray(array, make_part(dfu_package_get_part(package, i)));
  array = cJSON_AddArrayToObject(fields, "warnings");
  for (; *warnings != NULL; warnings++)
    cJSON_AddItemToArray(array, cJSON_CreateString(*warnings));
  dfu_output_event(output, "package", fields);
}

/* --- text --- */

static void say_field(DfuOutput *output, const char *name, const char *value)
{
  dfu_output_say(output, "    %-20s %s", name, value);
}

static void say_number(DfuOutput *output, const char *name, guint32 value, guint32 unset)
{
  g_autofree char *text = value == unset
                            ? g_strdup_printf("not set (0x%x)", value)
                            : g_strdup_printf("%u (0x%04x)", value, value);

  say_field(output, name, text);
}

static void say_softdevices(DfuOutput *output, const DfuInitPacket *init)
{
  GString *text = g_string_new(init->n_softdevices == 0 ? "none" : NULL);

  for (guint i = 0; i < init->n_softdevices; i++) {
    g_string_append_printf(text, "%s0x%04x", i > 0 ? ", " : "", init->softdevices[i]);
    if (init->softdevices[i] == DFU_SOFTDEVICE_ANY)
      g_string_append(text, " (any)");
  }
  say_field(output, "SoftDevices", text->str);
  g_string_free(text, TRUE);
}

/* The package was read: what the init packet announces has been found to be so. */
static void say_checksums(DfuOutput *output, const DfuPart *part)
{
  g_autofree char *sha256 = to_hex(part->init.sha256, DFU_SHA256_BYTES);
  g_autofree char *crc16 = NULL;

  if (has_crc(&part->init))
    crc16 = g_strdup_printf("0x%04x computed, 0x%04x announced", part->crc16, part->init.crc16);
  else
    crc16 = g_strdup_printf("0x%04x computed, none announced", part->crc16);
  say_field(output, "CRC-16", crc16);
  if (has_hash(&part->init))
    say_field(output, "SHA-256 announced", sha256);
}

static void say_sizes(DfuOutput *output, const DfuPart *part)
{
  g_autofree char *text = NULL;

  if (part->type != DFU_IMAGE_SOFTDEVICE_BOOTLOADER)
    return;
  text = g_strdup_printf("SoftDevice %u bytes, bootloader %u bytes", part->softdevice_bytes,
                         part->bootloader_bytes);
  say_field(output, "of that", text);
}

static void say_init_packet(DfuOutput *output, const DfuPart *part)
{
  const DfuInitPacket *init = &part->init;
  g_autofree char *hex = bytes_to_hex(part->init_packet);
  g_autofree char *summary =
    g_strdup_printf("%s, %" G_GSIZE_FORMAT " bytes, %s", part->init_name,
                    g_bytes_get_size(part->init_packet), dfu_init_layout_to_string(init->layout));

  say_field(output, "init packet", summary);
  say_field(output, "in hex", hex);
  if (!init->has_common)
    return;
  say_number(output, "device type", init->device_type, UNSET_16);
  say_number(output, "device revision", init->device_revision, UNSET_16);
  say_number(output, "application version", init->application_version, UNSET_32);
  say_softdevices(output, init);
}

static void say_part(DfuOutput *output, const DfuPackage *package, guint index)
{
  const DfuPart *part = dfu_package_get_part(package, index);
  g_autofree char *image = g_strdup_printf("%s, %" G_GSIZE_FORMAT " bytes", part->image_name,
                                           g_bytes_get_size(part->image));

  dfu_output_say(output, "  part %u of %u: %s", index + 1, dfu_package_get_n_parts(package),
                 dfu_image_type_to_string(part->type));
  say_field(output, "image", image);
  say_sizes(output, part);
  say_checksums(output, part);
  say_init_packet(output, part);
}

void dfu_package_report_text(DfuOutput *output, const DfuPackage *package, const char *path)
{
  const char *const *warnings = dfu_package_get_warnings(package);

  dfu_output_say(output, "%s", path);
  dfu_output_say(output, "  %-22s %s", "SHA-256", dfu_package_get_sha256(package));
  dfu_output_say(output, "  %-22s %s", "dfu_version", dfu_package_get_version(package));
  for (guint i = 0; i < dfu_package_get_n_parts(package); i++)
    say_part(output, package, i);
  for (; *warnings != NULL; warnings++)
    dfu_output_say(output, "  warning: %s", *warnings);
}
