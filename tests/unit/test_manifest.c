/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Manifests as pc-nrfutil 0.3 to 0.5 and adafruit-nrfutil write them, those of
 * other protocols, and malformed ones.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include "lib/expect_error.h"
#include "package/manifest.h"

#define FILES "\"bin_file\": \"app.bin\", \"dat_file\": \"app.dat\""

static DfuManifest *parse(const char *text)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  g_autoptr(GError) error = NULL;
  DfuManifest *manifest = dfu_manifest_parse(bytes, &error);

  if (manifest == NULL)
    fail_msg("%s: %s", text, error->message);
  return manifest;
}

static void parse_bytes_fails(const void *data, gsize len, const char *message)
{
  g_autoptr(GBytes) bytes = g_bytes_new(data, len);
  GError *error = NULL;

  assert_null(dfu_manifest_parse(bytes, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
}

static void parse_fails(const char *text, const char *message)
{
  parse_bytes_fails(text, strlen(text), message);
}

/* mlaz/nRF5_SDK_11.0.0_89a8197, dfu_test_app_hrm_s132.zip: CR LF, no newline at the end. */
static void parse_sdk11_application(void **state)
{
  g_autoptr(DfuManifest) manifest =
    parse("{\r\n    \"manifest\": {\r\n        \"application\": {\r\n"
          "            \"bin_file\": \"dfu_test_app_hrm_s132.bin\",\r\n"
          "            \"dat_file\": \"dfu_test_app_hrm_s132.dat\",\r\n"
          "            \"init_packet_data\": {\r\n"
          "                \"application_version\": 4294967295,\r\n"
          "                \"device_revision\": 65535,\r\n"
          "                \"device_type\": 65535,\r\n"
          "                \"firmware_crc16\": 27581,\r\n"
          "                \"softdevice_req\": [\r\n                    65534\r\n"
          "                ]\r\n            }\r\n        },\r\n"
          "        \"dfu_version\": 0.5\r\n    }\r\n}");
  const DfuManifestImage *image = &manifest->images[0];

  (void)state;
  assert_string_equal(manifest->version, "0.5");
  assert_int_equal(manifest->n_images, 1);
  assert_int_equal(image->type, DFU_IMAGE_APPLICATION);
  assert_string_equal(image->image_name, "dfu_test_app_hrm_s132.bin");
  assert_string_equal(image->init_name, "dfu_test_app_hrm_s132.dat");
  assert_int_equal(image->fields, DFU_MANIFEST_DEVICE_TYPE | DFU_MANIFEST_DEVICE_REVISION |
                                    DFU_MANIFEST_APPLICATION_VERSION | DFU_MANIFEST_SOFTDEVICES |
                                    DFU_MANIFEST_CRC16);
  assert_int_equal(image->device_type, 0xffff);
  assert_int_equal(image->device_revision, 0xffff);
  assert_int_equal(image->application_version, 0xffffffff);
  assert_int_equal(image->crc16, 27581);
  assert_int_equal(image->n_softdevices, 1);
  assert_int_equal(image->softdevices[0], 0xfffe);
}

/* adafruit/Adafruit_nRF52_Arduino, feather_nrf52840_express. */
static void parse_adafruit_softdevice_bootloader(void **state)
{
  g_autoptr(DfuManifest) manifest =
    parse("{\"manifest\": {\"dfu_version\": 0.5, \"softdevice_bootloader\": {"
          "\"bin_file\": \"sd_bl.bin\", \"bl_size\": 39000, \"dat_file\": \"sd_bl.dat\","
          "\"init_packet_data\": {\"application_version\": 4294967295, \"device_revision\": 52840,"
          "\"device_type\": 82, \"firmware_crc16\": 22232, \"softdevice_req\": [65534]},"
          "\"sd_size\": 151016}}}");
  const DfuManifestImage *image = &manifest->images[0];

  (void)state;
  assert_int_equal(image->type, DFU_IMAGE_SOFTDEVICE_BOOTLOADER);
  assert_int_equal(image->softdevice_bytes, 151016);
  assert_int_equal(image->bootloader_bytes, 39000);
  assert_int_equal(image->device_type, 0x0052);
  assert_int_equal(image->device_revision, 0xce68);
}

static void parse_signed_fields(void **state)
{
  g_autoptr(DfuManifest) manifest =
    parse("{\"manifest\": {\"dfu_version\": 0.8, \"application\": {" FILES ","
          "\"init_packet_data\": {\"ext_packet_id\": 2, \"firmware_length\": 256,"
          "\"firmware_hash\": \"40AFf2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880\","
          "\"init_packet_ecds\": \"00\"}}}}");
  const DfuManifestImage *image = &manifest->images[0];

  (void)state;
  assert_string_equal(manifest->version, "0.8");
  assert_int_equal(image->fields, DFU_MANIFEST_EXTENDED_ID | DFU_MANIFEST_IMAGE_BYTES |
                                    DFU_MANIFEST_SHA256);
  assert_int_equal(image->extended_id, 2);
  assert_int_equal(image->image_bytes, 256);
  assert_int_equal(image->sha256[0], 0x40);
  assert_int_equal(image->sha256[1], 0xaf);
  assert_int_equal(image->sha256[31], 0x80);
}

static void parse_two_images_puts_system_first(void **state)
{
  g_autoptr(DfuManifest) manifest =
    parse("{\"manifest\": {\"application\": {" FILES "}, \"bootloader\": {\"bin_file\": \"b.bin\","
          "\"dat_file\": \"b.dat\"}}}");

  (void)state;
  assert_int_equal(manifest->n_images, 2);
  assert_int_equal(manifest->images[0].type, DFU_IMAGE_BOOTLOADER);
  assert_string_equal(manifest->images[0].image_name, "b.bin");
  assert_int_equal(manifest->images[1].type, DFU_IMAGE_APPLICATION);
}

/* Early pc-nrfutil writes neither dfu_version nor all of init_packet_data. */
static void parse_minimal_manifests(void **state)
{
  static const char *const cases[] = {
    "{\"manifest\":{\"application\":{" FILES "}}}",
    "\xef\xbb\xbf{\"manifest\":{\"application\":{" FILES "}}}", /* byte order mark */
    " \t\r\n{\"manifest\":{\"application\":{" FILES ",\"init_packet_data\":{}}}}\n\n",
    "{\"manifest\":{\"application\":{" FILES "},\"future\":[[[{}]]]},\"note\":\"} ] \\\" {\"}",
    "{\"format-version\":1,\"manifest\":{\"application\":{" FILES "}}}",
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(DfuManifest) manifest = parse(cases[i]);

    assert_string_equal(manifest->version, "0.5");
    assert_int_equal(manifest->n_images, 1);
    assert_string_equal(manifest->images[0].image_name, "app.bin");
    assert_int_equal(manifest->images[0].fields, 0);
  }
}

static void parse_name_in_folder_is_kept(void **state)
{
  g_autoptr(DfuManifest) manifest = parse("{\"manifest\":{\"application\":{"
                                          "\"bin_file\":\"out/\\u00e4pp.bin\","
                                          "\"dat_file\":\"out/app.dat\"}}}");

  (void)state;
  assert_string_equal(manifest->images[0].image_name, "out/äpp.bin");
}

/* pc-nrfutil 6 for nRF5 SDK 12 and later, SoftDevice and bootloader. */
static void parse_secure_dfu_is_recognised(void **state)
{
  (void)state;
  parse_fails("{\"manifest\": {\"softdevice_bootloader\": {\"bin_file\": \"sd_bl.bin\","
              "\"dat_file\": \"sd_bl.dat\", \"info_read_only_metadata\": {\"bl_size\": 13328,"
              "\"sd_size\": 106484}}}}", "Secure DFU");
}

/* zephyrproject-rtos/zephyr with MCUboot, nRF Connect SDK: dfu_application.zip. */
static void parse_mcuboot_is_recognised(void **state)
{
  static const char *const cases[] = {
    "{\"format-version\": 0, \"time\": 1600000000, \"files\": [{\"type\": \"application\","
    "\"board\": \"nrf52840dk_nrf52840\", \"file\": \"app_update.bin\"}]}",
    "{\"files\": []}",
    "{\"format-version\": 1}",
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    parse_fails(cases[i], "MCUboot");
}

static void parse_two_system_images_is_rejected(void **state)
{
  static const char *const cases[] = {
    "{\"manifest\":{\"softdevice\":{" FILES "},\"bootloader\":{" FILES "}}}",
    "{\"manifest\":{\"softdevice\":{" FILES "},\"softdevice_bootloader\":{" FILES
    ",\"sd_size\":4,\"bl_size\":4}}}",
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    parse_fails(cases[i], "another image for the system");
}

static void parse_wrong_structure_is_rejected(void **state)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    {"", "empty or no UTF-8"},
    {"\xef\xbb\xbf", "empty or no UTF-8"},
    {"\"\xff\"", "empty or no UTF-8"},
    {"null", "must be a JSON object"},
    {"[]", "must be a JSON object"},
    {"{}", "no object \"manifest\""},
    {"{\"Manifest\":{}}", "no object \"manifest\""},
    {"{\"manifest\":[]}", "\"manifest\" must be an object"},
    {"{\"manifest\":{}}", "names no application"},
    {"{\"manifest\":{\"dfu_version\":0.5}}", "names no application"},
    {"{\"manifest\":{\"application\":1}}", "\"application\" must be an object"},
    {"{\"manifest\":{\"application\":{}}}", "application: \"bin_file\" is missing"},
    {"{\"manifest\":{\"application\":{\"bin_file\":\"a\"}}}", "\"dat_file\" is missing"},
    {"{\"manifest\":{\"application\":{\"bin_file\":1}}}", "\"bin_file\" must be a file name"},
    {"{\"manifest\":{\"application\":{\"bin_file\":\"\"}}}", "\"bin_file\" must be a file name"},
    {"{\"manifest\":{\"application\":{" FILES ",\"init_packet_data\":[]}}}",
     "application: \"init_packet_data\" must be an object"},
    {"{\"manifest\":{\"softdevice_bootloader\":{" FILES "}}}", "\"sd_size\" and \"bl_size\""},
    {"{\"manifest\":{},\"manifest\":{}}", "key stands twice"},
    {"{\"manifest\":{\"application\":{" FILES ",\"bin_file\":\"b\"}}}", "key stands twice"},
    {"{\"manifest\":{\"application\":{" FILES "},\"application\":{" FILES "}}}",
     "key stands twice"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    parse_fails(cases[i].text, cases[i].message);
}

static void parse_no_json_names_the_line(void **state)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    {"{", "not valid JSON (line 1)"},
    {"{\n\"manifest\": oops}", "not valid JSON (line 2)"},
    {"{\n\n\"manifest\": {},}", "not valid JSON (line 3)"},
    {"{\"manifest\":{\"application\":{" FILES "}}} trailing", "not valid JSON (line 1)"},
    {"{\"manifest\":{\"application\":{" FILES "}}", "not valid JSON (line 1)"},
    {"{\"manifest\":{\"application\":{" FILES "}}}}", "not valid JSON (line 1)"},
    {"'manifest'", "not valid JSON (line 1)"},
    {"{\"a\":\"unterminated \\", "not valid JSON (line 1)"},
    {"{\"a\":\"\\ud800\"}", "not valid JSON (line 1)"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    parse_fails(cases[i].text, cases[i].message);
}

static void parse_nul_inside_is_rejected(void **state)
{
  static const char text[] = "{\"manifest\":{\"application\":{" FILES "}}}\0{}";

  (void)state;
  parse_bytes_fails(text, sizeof text - 1, "no UTF-8");
}

static void parse_number_out_of_range_is_rejected(void **state)
{
  static const char *const fields[] = {
    "\"device_type\": 65536", "\"device_type\": -1", "\"device_type\": 1.5",
    "\"device_type\": \"82\"", "\"device_type\": null", "\"device_revision\": 1e300",
    "\"application_version\": 4294967296", "\"firmware_crc16\": 65536",
    "\"firmware_length\": -0.5", "\"ext_packet_id\": [1]", "\"softdevice_req\": 65534",
    "\"softdevice_req\": [65536]", "\"softdevice_req\": [\"0xfffe\"]", "\"softdevice_req\": {}",
    "\"firmware_hash\": 1", "\"firmware_hash\": \"40\"",
    "\"firmware_hash\": \"z0aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880\"",
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
    g_autofree char *text = g_strdup_printf(
      "{\"manifest\":{\"application\":{" FILES ",\"init_packet_data\":{%s}}}}", fields[i]);

    parse_fails(text, " must ");
  }
}

static void parse_size_out_of_range_is_rejected(void **state)
{
  static const char *const sizes[] = {
    "\"sd_size\": 0, \"bl_size\": 4", "\"sd_size\": 4, \"bl_size\": 0",
    "\"sd_size\": 4", "\"bl_size\": 4", "\"sd_size\": 8388609, \"bl_size\": 4",
    "\"sd_size\": -4, \"bl_size\": 8", "\"sd_size\": 4.5, \"bl_size\": 4",
    "\"sd_size\": 1e999, \"bl_size\": 4",
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
    g_autofree char *text = g_strdup_printf(
      "{\"manifest\":{\"softdevice_bootloader\":{" FILES ",%s}}}", sizes[i]);

    parse_fails(text, "\"sd_size\" and \"bl_size\" must be there");
  }
}

static void parse_versions(void **state)
{
  static const char *const good[] = {"0.5", "0.6", "0.7", "0.8", "1"};
  static const char *const bad[] = {"\"0.5\"", "-1", "1e9", "{}", "null"};

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    g_autofree char *text = g_strdup_printf(
      "{\"manifest\":{\"application\":{" FILES "},\"dfu_version\":%s}}", good[i]);
    g_autoptr(DfuManifest) manifest = parse(text);

    assert_string_equal(manifest->version, good[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autofree char *text = g_strdup_printf(
      "{\"manifest\":{\"application\":{" FILES "},\"dfu_version\":%s}}", bad[i]);

    parse_fails(text, "\"dfu_version\" must be a number");
  }
}

/** A manifest with one more key, whose value is @n times @open around @n times @close. */
static char *nested(guint n, const char *open, const char *close)
{
  GString *text = g_string_new("{\"manifest\":{\"application\":{" FILES "}},\"x\":");

  for (guint i = 0; i < n; i++)
    g_string_append(text, open);
  g_string_append(text, "0");
  for (guint i = 0; i < n; i++)
    g_string_append(text, close);
  g_string_append(text, "}");
  return g_string_free(text, FALSE);
}

static void parse_depth_is_bounded(void **state)
{
  g_autofree char *deepest = nested(15, "[", "]");
  g_autofree char *too_deep = nested(16, "[", "]");
  g_autofree char *objects = nested(16, "{\"y\":", "}");
  g_autofree char *unclosed = nested(20000, "[", "");
  g_autoptr(DfuManifest) manifest = parse(deepest);

  (void)state;
  assert_int_equal(manifest->n_images, 1);
  parse_fails(too_deep, "nested too deeply");
  parse_fails(objects, "nested too deeply");
  parse_fails(unclosed, "nested too deeply");
}

static void parse_items_are_bounded(void **state)
{
  g_autoptr(GString) text = g_string_new("{\"manifest\":{\"application\":{" FILES "}},\"x\":[0");

  (void)state;
  for (int i = 0; i < 2000; i++)
    g_string_append(text, ",0");
  g_string_append(text, "]}");
  parse_fails(text->str, "too many items");
}

static void parse_name_length_is_bounded(void **state)
{
  g_autofree char *longest = g_strnfill(255, 'a');
  g_autofree char *good = g_strdup_printf(
    "{\"manifest\":{\"application\":{\"bin_file\":\"%s\",\"dat_file\":\"a\"}}}", longest);
  g_autofree char *bad = g_strdup_printf(
    "{\"manifest\":{\"application\":{\"bin_file\":\"%sa\",\"dat_file\":\"a\"}}}", longest);
  g_autoptr(DfuManifest) manifest = parse(good);

  (void)state;
  assert_string_equal(manifest->images[0].image_name, longest);
  parse_fails(bad, "\"bin_file\" must be a file name of 1 to 255 bytes");
}

static void parse_softdevice_list_is_bounded(void **state)
{
  g_autoptr(GString) text = g_string_new(
    "{\"manifest\":{\"application\":{" FILES ",\"init_packet_data\":{\"softdevice_req\":[0");

  (void)state;
  for (int i = 0; i < 64; i++)
    g_string_append(text, ",1");
  g_string_append(text, "]}}}}");
  parse_fails(text->str, "at most 64");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_sdk11_application),
    cmocka_unit_test(parse_adafruit_softdevice_bootloader),
    cmocka_unit_test(parse_signed_fields),
    cmocka_unit_test(parse_two_images_puts_system_first),
    cmocka_unit_test(parse_minimal_manifests),
    cmocka_unit_test(parse_name_in_folder_is_kept),
    cmocka_unit_test(parse_secure_dfu_is_recognised),
    cmocka_unit_test(parse_mcuboot_is_recognised),
    cmocka_unit_test(parse_two_system_images_is_rejected),
    cmocka_unit_test(parse_wrong_structure_is_rejected),
    cmocka_unit_test(parse_no_json_names_the_line),
    cmocka_unit_test(parse_nul_inside_is_rejected),
    cmocka_unit_test(parse_number_out_of_range_is_rejected),
    cmocka_unit_test(parse_size_out_of_range_is_rejected),
    cmocka_unit_test(parse_versions),
    cmocka_unit_test(parse_depth_is_bounded),
    cmocka_unit_test(parse_items_are_bounded),
    cmocka_unit_test(parse_name_length_is_bounded),
    cmocka_unit_test(parse_softdevice_list_is_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
