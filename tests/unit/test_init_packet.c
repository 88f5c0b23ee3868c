/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Init packets as pc-nrfutil 0.5.1 and adafruit-nrfutil pack them for the
 * image 00 01 … ff, and what must be refused.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include <dfu/package.h>

#include "lib/expect_error.h"

#define IMAGE_SHA256 "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880"
#define ZEROS_8 "0000000000000000"
#define ZEROS_64 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8
#define SIGNATURE ZEROS_64

static GBytes *from_hex(const char *hex)
{
  GByteArray *bytes = g_byte_array_new();

  for (; hex[0] != '\0'; hex += 2) {
    guint8 byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));

    g_byte_array_append(bytes, &byte, 1);
  }
  return g_byte_array_free_to_bytes(bytes);
}

static DfuInitPacket decode(const char *hex)
{
  g_autoptr(GBytes) bytes = from_hex(hex);
  DfuInitPacket packet;

  assert_true(dfu_init_packet_decode(bytes, &packet, NULL));
  return packet;
}

static void decode_fails(const char *hex, const char *message)
{
  g_autoptr(GBytes) bytes = from_hex(hex);
  GError *error = NULL;
  DfuInitPacket packet;

  memset(&packet, 0xa5, sizeof packet);
  assert_false(dfu_init_packet_decode(bytes, &packet, &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, message);
  assert_int_equal(((guint8 *)&packet)[0], 0xa5);
}

static void decode_crc_layouts_gives_crc(void **state)
{
  static const struct {
    const char *hex;
    DfuInitLayout layout;
    guint16 device_type;
    guint16 device_revision;
    guint n_softdevices;
    guint16 softdevices[2];
    guint16 crc16;
  } cases[] = {
    {"bd3f", DFU_INIT_CRC_ONLY, 0, 0, 0, {0}, 0x3fbd},
    {"ffffffffffffffff0100feffbd3f", DFU_INIT_CRC, 0xffff, 0xffff, 1, {0xfffe}, 0x3fbd},
    {"5200ffffffffffff0100feffbd3f", DFU_INIT_CRC, 0x0052, 0xffff, 1, {0xfffe}, 0x3fbd},
    {"5200ffffffffffff0200b6002301bd3f", DFU_INIT_CRC, 0x0052, 0xffff, 2, {0x00b6, 0x0123}, 0x3fbd},
    {"ffffffffffffffff0100feff00000000bd3f", DFU_INIT_CRC_EXTENDED, 0xffff, 0xffff, 1, {0xfffe},
     0x3fbd},
    /* adafruit/Adafruit_nRF52_Arduino, feather_nrf52840_express */
    {"520068ceffffffff0100feffd856", DFU_INIT_CRC, 0x0052, 0xce68, 1, {0xfffe}, 0x56d8},
    /* NordicSemiconductor/IOS-DFU-Library, nrf51422_sdk_8_app */
    {"ffffffffffffffff0100640091bb", DFU_INIT_CRC, 0xffff, 0xffff, 1, {0x0064}, 0xbb91},
    {"ffffffffffffffff0000bd3f", DFU_INIT_CRC, 0xffff, 0xffff, 0, {0}, 0x3fbd},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    DfuInitPacket packet = decode(cases[i].hex);

    assert_int_equal(packet.layout, cases[i].layout);
    assert_int_equal(packet.has_common, cases[i].layout != DFU_INIT_CRC_ONLY);
    assert_int_equal(packet.device_type, cases[i].device_type);
    assert_int_equal(packet.device_revision, cases[i].device_revision);
    assert_int_equal(packet.application_version, packet.has_common ? 0xffffffff : 0);
    assert_int_equal(packet.n_softdevices, cases[i].n_softdevices);
    assert_memory_equal(packet.softdevices, cases[i].softdevices, sizeof cases[i].softdevices);
    assert_int_equal(packet.crc16, cases[i].crc16);
  }
}

static void decode_hash_layouts_gives_length_and_hash(void **state)
{
  static const struct {
    const char *hex;
    DfuInitLayout layout;
  } cases[] = {
    {"ffffffffffffffff0100feff0100000000010000" IMAGE_SHA256, DFU_INIT_HASH},
    {"ffffffffffffffff0100feff0200000000010000" IMAGE_SHA256 SIGNATURE, DFU_INIT_SIGNED},
  };
  g_autoptr(GBytes) hash = from_hex(IMAGE_SHA256);

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    DfuInitPacket packet = decode(cases[i].hex);

    assert_int_equal(packet.layout, cases[i].layout);
    assert_int_equal(packet.image_bytes, 256);
    assert_int_equal(packet.crc16, 0);
    assert_memory_equal(packet.sha256, g_bytes_get_data(hash, NULL), DFU_SHA256_BYTES);
  }
}

static void decode_application_version_is_little_endian(void **state)
{
  (void)state;
  assert_int_equal(decode("ffffffff040302010100feffbd3f").application_version, 0x01020304);
}

static void decode_other_extended_part_is_custom(void **state)
{
  static const char *const cases[] = {
    "ffffffffffffffff0100feff",             /* nothing after the list */
    "ffffffffffffffff0100feffbd",           /* one byte */
    "ffffffffffffffff0100feffbd3f0000",     /* padded to a word */
    "ffffffffffffffff0100feff01000000bd3f", /* six bytes, but not of id 0 */
    "ffffffffffffffff0100feff0200000000010000" IMAGE_SHA256,           /* id 2, no signature */
    "ffffffffffffffff0100feff0100000000010000" IMAGE_SHA256 SIGNATURE, /* id 1 and a signature */
    "ffffffffffffffff0100feff0300000000010000" IMAGE_SHA256,           /* unknown id */
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    DfuInitPacket packet = decode(cases[i]);

    assert_int_equal(packet.layout, DFU_INIT_CUSTOM);
    assert_true(packet.has_common);
    assert_int_equal(packet.n_softdevices, 1);
  }
}

static void decode_longest_softdevice_list_is_taken(void **state)
{
  g_autoptr(GString) hex = g_string_new("ffffffffffffffff4000");

  (void)state;
  for (int i = 0; i < 64; i++)
    g_string_append_printf(hex, "%02x01", i);
  g_string_append(hex, "bd3f");

  DfuInitPacket packet = decode(hex->str);

  assert_int_equal(packet.layout, DFU_INIT_CRC);
  assert_int_equal(packet.n_softdevices, 64);
  assert_int_equal(packet.softdevices[63], 0x013f);
}

static void decode_malformed_is_rejected(void **state)
{
  static const struct {
    const char *hex;
    const char *message;
  } cases[] = {
    {"", "has 0 bytes"},
    {"bd", "has 1 bytes"},
    {"bd3f00", "has 3 bytes"},
    {"ffffffffffffffff01", "has 9 bytes"},
    {"ffffffffffffffff0100", "announces 1 SoftDevice ids"},
    {"ffffffffffffffff0200feffbd", "announces 2 SoftDevice ids"},
    {"ffffffffffffffffffffbd3f", "announces 65535 SoftDevice ids"},
    /* device type left out when packed: the SoftDevice id stands where the count should */
    {"ffffffffffff0100feffbd3f", "announces 65534 SoftDevice ids"},
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    decode_fails(cases[i].hex, cases[i].message);
}

static void decode_too_many_softdevices_is_rejected(void **state)
{
  g_autoptr(GString) hex = g_string_new("ffffffffffffffff4100");

  (void)state;
  for (int i = 0; i < 65; i++)
    g_string_append(hex, "feff");
  g_string_append(hex, "bd3f");
  decode_fails(hex->str, "announces 65 SoftDevice ids");
}

static void decode_too_long_is_rejected(void **state)
{
  g_autoptr(GString) hex = g_string_new("ffffffffffffffff0100feff");

  (void)state;
  while (hex->len < 2 * 512)
    g_string_append(hex, "00");
  assert_int_equal(decode(hex->str).layout, DFU_INIT_CUSTOM);
  g_string_append(hex, "00");
  decode_fails(hex->str, "has 513 bytes");
}

/* The first is NordicSemiconductor/IOS-DFU-Library, nRF52 app of SDK 15.3. */
static void decode_secure_dfu_is_recognised(void **state)
{
  static const char *const cases[] = {
    "128a010a4408011240080110341a02b701200028003000388494034224080312208a38d079dad3e56940b4a5"
    "b9584fabf7c22f5553fe91bd02efbd6bbbe4526d5a480052040801120010001a4011522d9359de8e51516689"
    "a58764a41486fae15fde0d6ab53207b2d797c8778af372f06bf44d1dc25eb163a4046a300b990d8da726fae7"
    "1d294b93393e5e261f",
    "0a0a08011206080110341a00", /* an unsigned command */
    "120c0a0808011204080110341000", /* lengths of one byte */
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    decode_fails(cases[i], "Secure DFU");
}

/* Device types whose low byte is a protobuf tag are still legacy packets. */
static void decode_legacy_that_begins_like_protobuf_is_legacy(void **state)
{
  static const char *const cases[] = {
    "1200ffffffffffff0100feffbd3f",
    "120cffffffffffff0100feffbd3f", /* even with a length that fits */
    "120c0a00ffffffff0100feffbd3f",
    "0a00ffffffffffff0100feffbd3f",
    "0a0cffffffffffff0100feffbd3f",
    "1203ffffffffffff0100feffbd3f",
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    assert_int_equal(decode(cases[i]).layout, DFU_INIT_CRC);
}

/* The image 00 01 … ff, packed by pc-nrfutil 0.5.1 with the options that the rows stand for. */
static void encode_gives_the_bytes_of_the_packers(void **state)
{
  static const struct {
    DfuInitLayout layout;
    guint16 device_type;
    guint n_softdevices;
    guint16 softdevices[2];
    const char *hex;
  } cases[] = {
    {DFU_INIT_CRC, 0xffff, 1, {0xfffe}, "ffffffffffffffff0100feffbd3f"},
    {DFU_INIT_CRC, 0x0052, 1, {0xfffe}, "5200ffffffffffff0100feffbd3f"},
    {DFU_INIT_CRC, 0x0052, 2, {0x00b6, 0x0123}, "5200ffffffffffff0200b6002301bd3f"},
    {DFU_INIT_CRC_EXTENDED, 0xffff, 1, {0xfffe}, "ffffffffffffffff0100feff00000000bd3f"},
    {DFU_INIT_HASH, 0xffff, 1, {0xfffe},
     "ffffffffffffffff0100feff010000000001000040aff2e9d2d8922e47afd4648e6967497158785fbd1da870e711"
     "0266bf944880"},
    {DFU_INIT_SIGNED, 0xffff, 1, {0xfffe}, /* what is signed; the signature goes behind it */
     "ffffffffffffffff0100feff020000000001000040aff2e9d2d8922e47afd4648e6967497158785fbd1da870e711"
     "0266bf944880"},
    {DFU_INIT_CRC_ONLY, 0xffff, 1, {0xfffe}, "bd3f"},
  };
  g_autoptr(GByteArray) all_bytes = g_byte_array_new();

  (void)state;
  for (guint i = 0; i < 256; i++)
    g_byte_array_append(all_bytes, &(guint8){(guint8)i}, 1);

  g_autoptr(GBytes) image = g_byte_array_free_to_bytes(g_steal_pointer(&all_bytes));

  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    DfuInitPacket packet = dfu_init_packet_default;

    packet.layout = cases[i].layout;
    packet.device_type = cases[i].device_type;
    packet.n_softdevices = cases[i].n_softdevices;
    memcpy(packet.softdevices, cases[i].softdevices, sizeof cases[i].softdevices);
    dfu_init_packet_measure(&packet, image);

    g_autoptr(GBytes) encoded = dfu_init_packet_encode(&packet);
    g_autoptr(GBytes) wanted = from_hex(cases[i].hex);

    assert_true(g_bytes_equal(encoded, wanted));
  }
}

/* Each field another, so that none can stand in another's place. */
static void encode_places_each_field(void **state)
{
  const DfuInitPacket packet = {
    .layout = DFU_INIT_CRC,
    .has_common = TRUE,
    .device_type = 0x1122,
    .device_revision = 0x3344,
    .application_version = 0x55667788,
    .n_softdevices = 1,
    .softdevices = {0x99aa},
    .crc16 = 0xbbcc,
  };
  g_autoptr(GBytes) encoded = dfu_init_packet_encode(&packet);
  g_autoptr(GBytes) wanted = from_hex("22114433887766550100aa99ccbb");

  (void)state;
  assert_true(g_bytes_equal(encoded, wanted));
}

static void encode_without_softdevices_has_an_empty_list(void **state)
{
  DfuInitPacket packet = dfu_init_packet_default;

  (void)state;
  packet.n_softdevices = 0;
  packet.crc16 = 0x3fbd;

  g_autoptr(GBytes) encoded = dfu_init_packet_encode(&packet);
  g_autoptr(GBytes) wanted = from_hex("ffffffffffffffff0000bd3f");

  assert_true(g_bytes_equal(encoded, wanted));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(decode_crc_layouts_gives_crc),
    cmocka_unit_test(decode_hash_layouts_gives_length_and_hash),
    cmocka_unit_test(decode_application_version_is_little_endian),
    cmocka_unit_test(decode_other_extended_part_is_custom),
    cmocka_unit_test(decode_longest_softdevice_list_is_taken),
    cmocka_unit_test(decode_malformed_is_rejected),
    cmocka_unit_test(decode_too_many_softdevices_is_rejected),
    cmocka_unit_test(decode_too_long_is_rejected),
    cmocka_unit_test(decode_secure_dfu_is_recognised),
    cmocka_unit_test(decode_legacy_that_begins_like_protobuf_is_legacy),
    cmocka_unit_test(encode_gives_the_bytes_of_the_packers),
    cmocka_unit_test(encode_places_each_field),
    cmocka_unit_test(encode_without_softdevices_has_an_empty_list),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
