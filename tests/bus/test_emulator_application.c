/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The emulated board as an application with a DFU service, and its ways into the
 * bootloader and back. Replies are those of nRF5 SDK 11, addresses and directed
 * advertising those of its bootloader; what bluetoothd 5.66 makes of them was
 * observed.
 */
#include <string.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

#define OWN "C4:12:AB:00:11:22"
#define NEXT "C4:12:AB:00:11:23"
#define APP_CONTROL "dev/service0016/char0019"
#define APP_PACKET "dev/service0016/char0017"
#define APP_REVISION "dev/service0016/char001c"

static const char *write_hex(Emulator *f, const char *path, const char *type, const char *hex)
{
  guint8 bytes[32];

  return bus_client_write(f->client, path, type, bytes, emulator_parse_hex(hex, bytes));
}

/* The application is connected, with notifications. */
static void start_application(Emulator *f, const char *option, const char *value)
{
  emulator_start(f, "--app-mode", option, value, NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_call(f->client, APP_CONTROL, "StartNotify", NULL),
                      "ok StartNotify");
}

static void start_directed(Emulator *f)
{
  emulator_start(f, "--app-mode", "--jump", "same", "--directed", NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_call(f->client, APP_CONTROL, "StartNotify", NULL),
                      "ok StartNotify");
}

static void jump(Emulator *f)
{
  bus_client_forget(f->client);
  assert_string_equal(write_hex(f, APP_CONTROL, "request", "01 04"), "ok WriteValue");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
}

static void connect_again(Emulator *f)
{
  bus_client_forget(f->client);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait_resolved(f->client);
}

static void application_offers_more_than_dfu(void **state)
{
  static const struct {
    const char *path, *property, *value;
  } expected[] = {
    {"dev", "Name", "'Application'"},
    {"dev", "Address", "'" OWN "'"},
    {"dev/service000c", "UUID", "'0000180d-0000-1000-8000-00805f9b34fb'"},
    {"dev/service0012", "UUID", "'0000180f-0000-1000-8000-00805f9b34fb'"},
    {"dev/service0016", "UUID", "'00001530-1212-efde-1523-785feabcd123'"},
    {APP_CONTROL, "UUID", "'00001531-1212-efde-1523-785feabcd123'"},
    {APP_CONTROL, "Flags", "['write', 'notify']"},
    {APP_PACKET, "UUID", "'00001532-1212-efde-1523-785feabcd123'"},
    {APP_PACKET, "Flags", "['write-without-response']"},
    {APP_REVISION, "UUID", "'00001534-1212-efde-1523-785feabcd123'"},
  };
  Emulator *f = *state;

  emulator_start(f, "--app-mode", NULL);
  bus_client_connect_device(f->client);
  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
    assert_string_equal(bus_client_get(f->client, expected[i].path, expected[i].property),
                        expected[i].value);
  }
  bus_client_call(f->client, APP_REVISION, "ReadValue", g_variant_new_parsed("(@a{sv} {},)"));
  assert_string_equal(bus_client_get(f->client, APP_REVISION, "Value"), "0100");
}

static void application_may_have_no_revision(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--app-mode", "--app-revision", "none", NULL);
  bus_client_connect_device(f->client);
  assert_null(strstr(bus_client_objects(f->client), APP_REVISION));
  assert_non_null(strstr(bus_client_objects(f->client), APP_CONTROL));
}

static void start_enters_the_bootloader_at_the_next_address(void **state)
{
  Emulator *f = *state;

  start_application(f, NULL, NULL);
  jump(f);
  assert_string_equal(bus_client_trace(f->client), "ok WriteValue\n"
                                                   "dev ServicesResolved=false Connected=false\n");
  bus_client_set_device(f->client, NEXT);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_get(f->client, "dev", "Name"), "'DfuTarg'");
  assert_string_equal(bus_client_get(f->client, CONTROL, "UUID"),
                      "'00001531-1212-efde-1523-785feabcd123'");
}

static void address_that_follows_ff_is_00(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--app-mode", "--addr", "C4:12:AB:00:11:FF", NULL);
  bus_client_set_device(f->client, "C4:12:AB:00:11:FF");
  bus_client_connect_device(f->client);
  bus_client_call(f->client, APP_CONTROL, "StartNotify", NULL);
  jump(f);
  bus_client_set_device(f->client, "C4:12:AB:00:11:00");
  bus_client_connect_device(f->client);
}

static void bootloader_at_the_same_address_replaces_the_services(void **state)
{
  Emulator *f = *state;

  start_application(f, "--jump", "same");
  jump(f);
  assert_non_null(strstr(bus_client_objects(f->client), APP_CONTROL)); /* from the cache */
  connect_again(f);
  assert_null(strstr(bus_client_objects(f->client), "dev/service0016"));
  assert_string_equal(bus_client_get(f->client, REVISION, "UUID"),
                      "'00001534-1212-efde-1523-785feabcd123'");
}

static void other_operations_are_answered_and_change_nothing(void **state)
{
  static const struct {
    const char *request, *reply;
  } expected[] = {
    {"07", "100103"}, {"04", "100103"}, {"01", "100106"}, {"08 01", "100803"}, {"09", "100903"},
  };
  Emulator *f = *state;

  start_application(f, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
    g_autofree char *line = g_strdup_printf(APP_CONTROL " Value=%s", expected[i].reply);

    bus_client_forget(f->client);
    assert_string_equal(write_hex(f, APP_CONTROL, "request", expected[i].request),
                        "ok WriteValue");
    bus_client_wait(f->client, line);
  }
  bus_client_forget(f->client);
  assert_string_equal(write_hex(f, APP_PACKET, "command", "00000000"), "ok WriteValue");
  bus_client_wait(f->client, APP_CONTROL " Value=100103");
  assert_string_equal(bus_client_get(f->client, "dev", "Connected"), "true");
}

static void jump_without_notifications_is_fd(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--app-mode", NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(write_hex(f, APP_CONTROL, "request", "01 04"),
                      "Failed: Operation failed with ATT error: 0xfd");
  assert_string_equal(bus_client_get(f->client, "dev", "Connected"), "true");
}

static void packet_without_notifications_crashes_the_application(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--app-mode", NULL);
  bus_client_connect_device(f->client);
  bus_client_forget(f->client);
  write_hex(f, APP_PACKET, "command", "00000000");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  connect_again(f); /* it is the application again */
  assert_non_null(strstr(bus_client_objects(f->client), APP_CONTROL));
}

static void jump_may_come_before_its_response(void **state)
{
  Emulator *f = *state;

  start_application(f, "--fault", "jump-unheard=1");
  bus_client_forget(f->client);
  assert_string_equal(write_hex(f, APP_CONTROL, "request", "01 04"),
                      "Failed: Operation failed with ATT error: 0x0e");
  bus_client_set_device(f->client, NEXT);
  bus_client_connect_device(f->client);
}

static void att_error_keeps_the_application(void **state)
{
  Emulator *f = *state;

  start_application(f, "--fault", "att=start:0xfe");
  assert_string_equal(write_hex(f, APP_CONTROL, "request", "01 04"),
                      "Failed: Operation failed with ATT error: 0xfe");
  jump(f);
}

/* From the bootloader, and what it boots is the application with its DFU service. */
static void reset_leads_back_to_the_application(void **state)
{
  Emulator *f = *state;

  start_application(f, NULL, NULL);
  jump(f);
  bus_client_set_device(f->client, NEXT);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "06");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  bus_client_set_device(f->client, OWN);
  connect_again(f); /* and the host still wants its notifications */
  jump(f);
}

/* Receives an image, as mode @mode of Start, validates and activates it. */
static void update(Emulator *f, int mode)
{
  guint8 image[EMULATOR_IMAGE_BYTES];
  g_autofree char *start = g_strdup_printf("01 %02x", (guint)mode);
  int notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  int packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");

  emulator_fill_image(image);
  emulator_write_control(f, start);
  emulator_send_hex(packet_fd, mode == 4   ? "00000000 00000000 00010000"
                               : mode == 3 ? "80000000 80000000 00000000"
                                           : "00010000 00000000 00000000");
  emulator_expect_notification(notify_fd, "10 01 01");
  emulator_write_control(f, "02 00");
  emulator_send_hex(packet_fd, "ffffffffffffffff0100feffbd3f");
  emulator_let_through(packet_fd);
  emulator_write_control(f, "02 01");
  emulator_expect_notification(notify_fd, "10 02 01");
  emulator_write_control(f, "03");
  for (gsize at = 0; at < EMULATOR_IMAGE_BYTES; at += 16) {
    emulator_send(packet_fd, image + at, 16);
    if (at % 64 == 48) {
      g_usleep(5000);
    }
  }
  emulator_expect_notification(notify_fd, "10 03 01");
  emulator_write_control(f, "04");
  emulator_expect_notification(notify_fd, "10 04 01");
  bus_client_forget(f->client);
  emulator_write_control(f, "05");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  close(notify_fd);
  close(packet_fd);
}

static gboolean is_installed(const Emulator *f, const char *name)
{
  g_autofree char *path = g_build_filename(f->directory, name, NULL);

  return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void update_in_two_passes_installs_both_parts(void **state)
{
  Emulator *f = *state;

  start_application(f, "--jump", "same");
  jump(f);
  connect_again(f); /* the bootloader, at the application's address */
  update(f, 3);
  bus_client_set_device(f->client, NEXT); /* the new one, to which nobody was handed over */
  bus_client_connect_device(f->client);
  update(f, 4);
  assert_true(is_installed(f, "softdevice_bootloader.bin"));
  assert_true(is_installed(f, "softdevice_bootloader.dat"));
  assert_true(is_installed(f, "application.bin"));
  assert_true(is_installed(f, "application.dat"));
  bus_client_set_device(f->client, OWN);
  connect_again(f);
  assert_non_null(strstr(bus_client_objects(f->client), APP_CONTROL));
}

/* One above the chip's own address, however often it restarts. */
static void address_of_a_bootloader_does_not_drift(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--app-mode", "--personality", "sdk11-single", NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, APP_CONTROL, "StartNotify", NULL);
  jump(f);
  bus_client_set_device(f->client, NEXT);
  bus_client_connect_device(f->client);
  for (int i = 0; i < 2; i++) {
    update(f, 1);
    connect_again(f);
  }
}

static void directed_bootloader_is_connected_to_by_whoever_knows_it(void **state)
{
  Emulator *f = *state;

  start_directed(f);
  jump(f);
  connect_again(f);
  bus_client_wait(f->client, "dev Alias='DfuTarg'"); /* read, not advertised */
  assert_string_equal(bus_client_get(f->client, REVISION, "UUID"),
                      "'00001534-1212-efde-1523-785feabcd123'");
}

/* Seen so with btvirt controllers, with a filter and without. */
static void directed_bootloader_is_not_found_by_a_discovery(void **state)
{
  Emulator *f = *state;
  g_autofree char *path = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");

  start_directed(f);
  jump(f);
  bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", path));
  bus_client_call(f->client, "hci0", "SetDiscoveryFilter",
                  g_variant_new_parsed("({'Transport': <'le'>},)"));
  bus_client_call(f->client, "hci0", "StartDiscovery", NULL);
  g_usleep(400000);
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(application_offers_more_than_dfu),
    TEST(application_may_have_no_revision),
    TEST(start_enters_the_bootloader_at_the_next_address),
    TEST(address_that_follows_ff_is_00),
    TEST(bootloader_at_the_same_address_replaces_the_services),
    TEST(other_operations_are_answered_and_change_nothing),
    TEST(jump_without_notifications_is_fd),
    TEST(packet_without_notifications_crashes_the_application),
    TEST(jump_may_come_before_its_response),
    TEST(att_error_keeps_the_application),
    TEST(reset_leads_back_to_the_application),
    TEST(update_in_two_passes_installs_both_parts),
    TEST(address_of_a_bootloader_does_not_drift),
    TEST(directed_bootloader_is_connected_to_by_whoever_knows_it),
    TEST(directed_bootloader_is_not_found_by_a_discovery),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
