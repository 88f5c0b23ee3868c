/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * manifest.json, byte for byte as the usual packers write it. They write the
 * line ends of their system; here they are those of Linux.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include "package/manifest_writer.h"

#define COMMON \
  (DFU_MANIFEST_DEVICE_TYPE | DFU_MANIFEST_DEVICE_REVISION | DFU_MANIFEST_APPLICATION_VERSION | \
   DFU_MANIFEST_SOFTDEVICES)

static void write_gives(const DfuManifest *manifest, const char *wanted)
{
  g_autofree char *text = dfu_manifest_write(manifest);

  assert_string_equal(text, wanted);
}

/* nRF5 SDK 11.0.0, examples/dfu/ble_dfu_send_hex, dfu_test_app_hrm_s130.zip. */
static void write_application_as_in_sdk_11(void **state)
{
  const DfuManifest manifest = {
    .version = (char *)"0.5",
    .n_images = 1,
    .images[0] = {.type = DFU_IMAGE_APPLICATION,
                  .image_name = (char *)"dfu_test_app_hrm_s130.bin",
                  .init_name = (char *)"dfu_test_app_hrm_s130.dat",
                  .fields = COMMON | DFU_MANIFEST_CRC16,
                  .device_type = 65535,
                  .device_revision = 65535,
                  .application_version = 4294967295,
                  .n_softdevices = 1,
                  .softdevices = {65534},
                  .crc16 = 9292},
  };

  (void)state;
  write_gives(&manifest, "{\n"
                         "    \"manifest\": {\n"
                         "        \"application\": {\n"
                         "            \"bin_file\": \"dfu_test_app_hrm_s130.bin\",\n"
                         "            \"dat_file\": \"dfu_test_app_hrm_s130.dat\",\n"
                         "            \"init_packet_data\": {\n"
                         "                \"application_version\": 4294967295,\n"
                         "                \"device_revision\": 65535,\n"
                         "                \"device_type\": 65535,\n"
                         "                \"firmware_crc16\": 9292,\n"
                         "                \"softdevice_req\": [\n"
                         "                    65534\n"
                         "                ]\n"
                         "            }\n"
                         "        },\n"
                         "        \"dfu_version\": 0.5\n"
                         "    }\n"
                         "}");
}

/* Adafruit_nRF52_Arduino, feather_nrf52840_express, bootloader 0.9.1. */
static void write_softdevice_and_bootloader_as_adafruit(void **state)
{
  const DfuManifest manifest = {
    .version = (char *)"0.5",
    .n_images = 1,
    .images[0] = {.type = DFU_IMAGE_SOFTDEVICE_BOOTLOADER,
                  .image_name = (char *)"sd_bl.bin",
                  .init_name = (char *)"sd_bl.dat",
                  .softdevice_bytes = 151016,
                  .bootloader_bytes = 39000,
                  .fields = COMMON | DFU_MANIFEST_CRC16,
                  .device_type = 82,
                  .device_revision = 52840,
                  .application_version = 4294967295,
                  .n_softdevices = 1,
                  .softdevices = {65534},
                  .crc16 = 22232},
  };

  (void)state;
  write_gives(&manifest, "{\n"
                         "    \"manifest\": {\n"
                         "        \"dfu_version\": 0.5,\n"
                         "        \"softdevice_bootloader\": {\n"
                         "            \"bin_file\": \"sd_bl.bin\",\n"
                         "            \"bl_size\": 39000,\n"
                         "            \"dat_file\": \"sd_bl.dat\",\n"
                         "            \"init_packet_data\": {\n"
                         "                \"application_version\": 4294967295,\n"
                         "                \"device_revision\": 52840,\n"
                         "                \"device_type\": 82,\n"
                         "                \"firmware_crc16\": 22232,\n"
                         "                \"softdevice_req\": [\n"
                         "                    65534\n"
                         "                ]\n"
                         "            },\n"
                         "            \"sd_size\": 151016\n"
                         "        }\n"
                         "    }\n"
                         "}");
}

/* The keys of versions 0.6 to 0.8, from pc-nrfutil 0.5.1, manifest.py; an empty list as Python
 * writes it. */
static void write_two_parts_with_the_keys_of_08(void **state)
{
  DfuManifest manifest = {
    .version = (char *)"0.8",
    .n_images = 2,
    .images[0] = {.type = DFU_IMAGE_BOOTLOADER,
                  .image_name = (char *)"b.bin",
                  .init_name = (char *)"b.dat",
                  .fields = DFU_MANIFEST_SOFTDEVICES | DFU_MANIFEST_EXTENDED_ID |
                            DFU_MANIFEST_CRC16,
                  .extended_id = 0,
                  .crc16 = 1},
    .images[1] = {.type = DFU_IMAGE_APPLICATION,
                  .image_name = (char *)"a\"\\.bin",
                  .init_name = (char *)"a.dat",
                  .fields = DFU_MANIFEST_EXTENDED_ID | DFU_MANIFEST_IMAGE_BYTES |
                            DFU_MANIFEST_SHA256 | DFU_MANIFEST_SIGNATURE,
                  .extended_id = 2,
                  .image_bytes = 256},
  };

  (void)state;
  memset(manifest.images[1].sha256, 0xab, sizeof manifest.images[1].sha256);
  memset(manifest.images[1].signature, 0x0c, sizeof manifest.images[1].signature);
  write_gives(&manifest,
              "{\n"
              "    \"manifest\": {\n"
              "        \"application\": {\n"
              "            \"bin_file\": \"a\\\"\\\\.bin\",\n"
              "            \"dat_file\": \"a.dat\",\n"
              "            \"init_packet_data\": {\n"
              "                \"ext_packet_id\": 2,\n"
              "                \"firmware_hash\": "
              "\"abababababababababababababababababababababababababababababababab\",\n"
              "                \"firmware_length\": 256,\n"
              "                \"init_packet_ecds\": "
              "\"0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c"
              "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c\"\n"
              "            }\n"
              "        },\n"
              "        \"bootloader\": {\n"
              "            \"bin_file\": \"b.bin\",\n"
              "            \"dat_file\": \"b.dat\",\n"
              "            \"init_packet_data\": {\n"
              "                \"ext_packet_id\": 0,\n"
              "                \"firmware_crc16\": 1,\n"
              "                \"softdevice_req\": []\n"
              "            }\n"
              "        },\n"
              "        \"dfu_version\": 0.8\n"
              "    }\n"
              "}");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(write_application_as_in_sdk_11),
    cmocka_unit_test(write_softdevice_and_bootloader_as_adafruit),
    cmocka_unit_test(write_two_parts_with_the_keys_of_08),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
