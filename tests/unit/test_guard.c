/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guard against the wrong board: what each family cannot take, or refuses
 * only after it has erased its application, is refused before Start.
 */
#include "lib/cmocka_all.h"

#include <dfu/session.h>
#include <string.h>

#include "lib/expect_error.h"
#include "session/guard.h"

#define DEVICE "C4:12:AB:00:11:22"

static GBytes *repeat(const char *start, gsize len, gsize bytes)
{
  guint8 *image = g_malloc0(bytes);

  memcpy(image, start, len);
  return g_bytes_new_take(image, bytes);
}

static DfuPart make_part(DfuImageType type, gsize init_bytes)
{
  return (DfuPart){
    .type = type,
    .image_name = (char *)"app.bin",
    .image = repeat("\x3d\xb8\xf3\x96", 4, 4096), /* MCUboot, image.h: IMAGE_MAGIC */
    .init_packet = repeat("", 0, init_bytes),
    .init = dfu_init_packet_default,
  };
}

static void clear(DfuPart *part)
{
  g_bytes_unref(part->image);
  g_bytes_unref(part->init_packet);
}

/* @says NULL: it is taken. */
static void check(const DfuPart *part, const char *family, const char *says)
{
  g_autoptr(GError) error = NULL;
  gboolean ok = dfu_guard_check_image(part, dfu_family_find(family), DEVICE, &error);

  if (says == NULL && !ok)
    fail_msg("%s: %s", family, error->message);
  if (says == NULL)
    return;
  assert_false(ok);
  assert_true(strstr(error->message, "Nothing was sent") != NULL);
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, says);
}

static void ordinary_image_goes_to_everything_that_asks_for_nothing(void **state)
{
  static const char *const names[] = { "sdk4", "sdk6", "sdk", "sdk-dual", "sdk-single", "infinitime",
                                       "unknown" };
  DfuPart part = make_part(DFU_IMAGE_APPLICATION, 14);

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    check(&part, names[i], NULL);
  clear(&part);
}

/* Nordic's DFU libraries: SDK 4.3 to 6.0 know applications only; InfiniTime is one itself. */
static void system_images_do_not_go_where_only_applications_do(void **state)
{
  static const DfuImageType types[] = { DFU_IMAGE_SOFTDEVICE, DFU_IMAGE_BOOTLOADER,
                                        DFU_IMAGE_SOFTDEVICE_BOOTLOADER };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
    DfuPart part = make_part(types[i], 14);

    check(&part, "sdk4", "takes applications only, not a ");
    check(&part, "infinitime", "takes applications only, not a ");
    check(&part, "sdk", NULL);
    check(&part, "unknown", NULL);
    clear(&part);
  }
}

/* InfiniTime 1.14: each write of the init stage is read as a whole init packet. */
static void init_packet_of_two_writes_does_not_go_where_it_must_be_one(void **state)
{
  DfuPart fits = make_part(DFU_IMAGE_APPLICATION, 20);
  DfuPart longer = make_part(DFU_IMAGE_APPLICATION, 21);

  (void)state;
  check(&fits, "infinitime", NULL);
  check(&longer, "infinitime", "the init packet has 21 bytes; " DEVICE " (InfiniTime) takes at most 20");
  check(&longer, "sdk4", "takes at most 20");
  check(&longer, "sdk", NULL);
  clear(&fits);
  clear(&longer);
}

/* InfiniTime: 116 sectors of 4096 bytes, and no check of its own. */
static void image_must_fit_the_watch(void **state)
{
  DfuPart part = make_part(DFU_IMAGE_APPLICATION, 14);

  (void)state;
  g_bytes_unref(part.image);
  part.image = repeat("\x3d\xb8\xf3\x96", 4, 475136);
  check(&part, "infinitime", NULL);
  g_bytes_unref(part.image);
  part.image = repeat("\x3d\xb8\xf3\x96", 4, 475140);
  check(&part, "infinitime", "the image has 475140 bytes; " DEVICE " (InfiniTime) has room for 475136");
  check(&part, "sdk", NULL);
  clear(&part);
}

static void watch_wants_an_image_of_mcuboot(void **state)
{
  static const struct {
    const char *start;
    gsize len;
  } rows[] = { { "\x00\x00\x01\x20", 4 }, { "\x96\xf3\xb8\x3d", 4 }, { "\x3d\xb8\xf3", 3 } };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    DfuPart part = make_part(DFU_IMAGE_APPLICATION, 14);

    g_bytes_unref(part.image);
    part.image = repeat(rows[i].start, rows[i].len, 4096);
    check(&part, "infinitime", "starts images of MCUboot only, and app.bin is none");
    clear(&part);
  }
}

/* Adafruit_nRF52_Bootloader, dfu_init.c: device type 0x0052; for system images the chip too. */
static void adafruit_wants_its_device_type_and_for_system_images_its_chip(void **state)
{
  static const struct {
    DfuImageType type;
    guint16 device_type;
    guint16 device_revision;
    const char *says; /* NULL: it is taken */
  } rows[] = {
    { DFU_IMAGE_APPLICATION, 0x0052, 0xffff, NULL },
    { DFU_IMAGE_APPLICATION, 0x0052, 52840, NULL },
    { DFU_IMAGE_APPLICATION, 0xffff, 0xffff, "is made for device type 0xffff; " DEVICE },
    { DFU_IMAGE_APPLICATION, 0x0051, 52840, "pack it with --dev-type 0x0052" },
    { DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 0x0052, 52840, NULL },
    { DFU_IMAGE_BOOTLOADER, 0x0052, 52833, NULL },
    { DFU_IMAGE_SOFTDEVICE, 0x0052, 0xadaf, NULL },
    { DFU_IMAGE_BOOTLOADER, 0x0052, 0xffff, "is made for device revision 65535; " DEVICE },
    { DFU_IMAGE_SOFTDEVICE_BOOTLOADER, 0x0052, 52832, "is made for device revision 52832" },
  };
  static const char *const names[] = { "adafruit-0.7", "adafruit-0.9", "adafruit-0.10", "otafix" };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    DfuPart part = make_part(rows[i].type, 14);

    part.init.device_type = rows[i].device_type;
    part.init.device_revision = rows[i].device_revision;
    for (gsize j = 0; j < G_N_ELEMENTS(names); j++)
      check(&part, names[j], rows[i].says);
    check(&part, "sdk", NULL); /* a device of the SDK may have any type */
    clear(&part);
  }
}

static void adafruit_wants_an_init_packet_that_names_a_type(void **state)
{
  DfuPart part = make_part(DFU_IMAGE_APPLICATION, 2);

  (void)state;
  part.init = (DfuInitPacket){ .layout = DFU_INIT_CRC_ONLY };
  check(&part, "adafruit-0.9", "wants an init packet with a device type");
  check(&part, "sdk6", NULL);
  clear(&part);
}

/* Adafruit_nRF52_Bootloader, main.c: without an application it waits for USB. */
static void system_image_that_ends_at_a_cable_needs_consent(void **state)
{
  static const char *const to_cable[] = { "adafruit-0.7", "adafruit-0.9", "adafruit-0.10" };
  static const char *const to_radio[] = { "sdk", "sdk-single", "otafix", "unknown" };
  DfuPart bootloader = make_part(DFU_IMAGE_BOOTLOADER, 14);
  DfuPart application = make_part(DFU_IMAGE_APPLICATION, 14);
  GError *error = NULL;

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(to_cable); i++) {
    dfu_guard_check_radio(&bootloader, dfu_family_find(to_cable[i]), DEVICE, &error);
    dfu_expect_error(&error, DFU_ERROR_USAGE, "--allow-cable");
    dfu_guard_check_radio(&application, dfu_family_find(to_cable[i]), DEVICE, &error);
    assert_null(error);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(to_radio); i++) {
    dfu_guard_check_radio(&bootloader, dfu_family_find(to_radio[i]), DEVICE, &error);
    assert_null(error);
  }
  clear(&bootloader);
  clear(&application);
}

/*
 * InfiniTime, DfuService.cpp: a buffer of 200 bytes that is written when it is exactly full, and
 * one byte of the interval; Nordic's DFU libraries: SDK 4.3 to 6.1 take at most 10 in a row.
 */
static void pace_that_a_family_cannot_bear_is_refused(void **state)
{
  static const struct {
    const char *family;
    guint packet_bytes, receipt_packets;
    const char *says; /* NULL: it is right */
  } rows[] = {
    { "infinitime", 0, 0, NULL },
    { "infinitime", 20, 255, NULL },
    { "infinitime", 16, 0, "takes packets of 20 bytes only" },
    { "infinitime", 244, 0, "takes packets of 20 bytes only" },
    { "infinitime", 0, 256, "at most 255 packets to a receipt, and --prn is 256" },
    { "sdk", 16, 300, NULL },
    { "otafix", 244, 60, NULL },
    { "sdk4", 0, 10, NULL },
    { "sdk4", 0, 11, "at most 10 packets to a receipt, and --prn is 11" },
    { "sdk6", 0, 11, "at most 10 packets to a receipt" },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    const DfuSessionOptions options = { .packet_bytes = rows[i].packet_bytes,
                                        .receipt_packets = rows[i].receipt_packets };
    GError *error = NULL;
    gboolean ok =
      dfu_guard_check_pace(&options, dfu_family_find(rows[i].family), DEVICE, &error);

    assert_int_equal(ok, rows[i].says == NULL);
    if (rows[i].says != NULL)
      dfu_expect_error(&error, DFU_ERROR_USAGE, rows[i].says);
  }
}

static void model_must_be_the_one_that_is_expected(void **state)
{
  static const struct {
    const char *model;
    const char *expected;
    const char *says; /* NULL: it is right */
  } rows[] = {
    { "WisBlock RAK4631 Board", NULL, NULL },
    { NULL, NULL, NULL },
    { "WisBlock RAK4631 Board", "WisBlock RAK4631 Board", NULL },
    { "WisBlock RAK4631 Board", "RAK4631", "is a 'WisBlock RAK4631 Board', and --expect-model" },
    { "RAK4631", "rak4631", "is a 'RAK4631', and --expect-model wants 'rak4631'" },
    { "", "RAK4631", "does not tell its model" },
    { NULL, "RAK4631", "does not tell its model" },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    const DfuLinkFacts facts = { .model = rows[i].model };
    GError *error = NULL;
    gboolean ok = dfu_guard_check_model(&facts, rows[i].expected, DEVICE, &error);

    assert_int_equal(ok, rows[i].says == NULL);
    if (rows[i].says != NULL)
      dfu_expect_error(&error, DFU_ERROR_NOT_FOUND, rows[i].says);
  }
}

/* Adafruit_nRF52_Bootloader, issue 399. */
static void release_that_is_known_not_to_answer_is_warned_of(void **state)
{
  static const char *const quiet[] = { NULL, "", "0.10.0 s140 6.1.1", "0.11.1 s140 6.1.1",
                                       "10.11.0 s140" };
  DfuLinkFacts facts = { .firmware = "0.11.0 s140 6.1.1" };

  (void)state;
  assert_non_null(dfu_guard_get_warning(&facts));
  for (gsize i = 0; i < G_N_ELEMENTS(quiet); i++) {
    facts.firmware = quiet[i];
    assert_null(dfu_guard_get_warning(&facts));
  }
}

static void part_is_checked_without_a_device_at_hand(void **state)
{
  DfuPart part = make_part(DFU_IMAGE_APPLICATION, 14);
  GError *error = NULL;

  (void)state;
  assert_true(dfu_session_check_part(&part, dfu_family_find("sdk"), &error));
  assert_false(dfu_session_check_part(&part, dfu_family_find("adafruit-0.9"), &error));
  dfu_expect_error(&error, DFU_ERROR_PACKAGE, "the device (Adafruit bootloader 0.8 to 0.9.2)");
  clear(&part);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ordinary_image_goes_to_everything_that_asks_for_nothing),
    cmocka_unit_test(system_images_do_not_go_where_only_applications_do),
    cmocka_unit_test(init_packet_of_two_writes_does_not_go_where_it_must_be_one),
    cmocka_unit_test(image_must_fit_the_watch),
    cmocka_unit_test(watch_wants_an_image_of_mcuboot),
    cmocka_unit_test(adafruit_wants_its_device_type_and_for_system_images_its_chip),
    cmocka_unit_test(adafruit_wants_an_init_packet_that_names_a_type),
    cmocka_unit_test(system_image_that_ends_at_a_cable_needs_consent),
    cmocka_unit_test(pace_that_a_family_cannot_bear_is_refused),
    cmocka_unit_test(model_must_be_the_one_that_is_expected),
    cmocka_unit_test(release_that_is_known_not_to_answer_is_warned_of),
    cmocka_unit_test(part_is_checked_without_a_device_at_hand),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
