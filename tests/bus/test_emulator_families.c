/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What tells the families of targets apart on the bus: name, DFU Revision,
 * properties of DFU Packet, Device Information, MTU, other services.
 */
#include <string.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

#define MODEL "dev/service0014/char0017"
#define FIRMWARE "dev/service0014/char0019"

static void start(Emulator *f, const char *personality)
{
  emulator_start(f, "--personality", personality, NULL);
  bus_client_connect_device(f->client);
}

static const char *read_value(Emulator *f, const char *path)
{
  assert_string_equal(
    bus_client_call(f->client, path, "ReadValue", g_variant_new_parsed("(@a{sv} {},)")),
    "ok ReadValue");
  return bus_client_get(f->client, path, "Value");
}

static gboolean has(Emulator *f, const char *path)
{
  g_autofree char *text = g_strconcat("\n", bus_client_objects(f->client), NULL);
  g_autofree char *line = g_strconcat("\n", path, "\n", NULL);

  return strstr(text, line) != NULL;
}

static void families_differ_by_what_they_offer(void **state)
{
  static const char only_command[] = "['write-without-response']";
  static const char both[] = "['write-without-response', 'write']";
  static const struct {
    const char *personality, *name, *revision, *packet_flags;
    guint16 mtu;
    gboolean tells_model;
  } families[] = {
    {"sdk5", "'DfuTarg'", NULL, only_command, 23, FALSE},
    {"sdk6.1", "'DfuTarg'", NULL, only_command, 23, FALSE},
    {"sdk7", "'DfuTarg'", "0500", only_command, 23, FALSE},
    {"sdk8", "'DfuTarg'", "0600", only_command, 23, FALSE},
    {"sdk11-dual", "'DfuTarg'", "0800", only_command, 23, FALSE},
    {"sdk11-single", "'DfuTarg'", "0800", only_command, 23, FALSE},
    {"adafruit-0.7", "'AdaDFU'", "0800", only_command, 247, TRUE},
    {"adafruit-0.9", "'AdaDFU'", "0800", only_command, 23, TRUE},
    {"adafruit-0.10", "'AdaDFU'", "0800", both, 247, TRUE},
    {"otafix-2.1", "'4631_DFU'", "0800", NULL, 247, TRUE},
    {"infinitime", "'InfiniTime'", "0800", only_command, 256, TRUE},
  };
  Emulator *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
    guint16 mtu = 0;

    start(f, families[i].personality);
    assert_string_equal(bus_client_get(f->client, "dev", "Name"), families[i].name);
    assert_int_equal(has(f, REVISION), families[i].revision != NULL);
    if (families[i].revision != NULL) {
      assert_string_equal(read_value(f, REVISION), families[i].revision);
    }
    if (families[i].packet_flags != NULL) {
      assert_string_equal(bus_client_get(f->client, PACKET, "Flags"), families[i].packet_flags);
    }
    assert_int_equal(has(f, MODEL), families[i].tells_model);
    close(bus_client_acquire(f->client, PACKET, "AcquireWrite", &mtu));
    assert_int_equal(mtu, families[i].mtu);
    emulator_end(f);
  }
}

static void device_information_is_text(void **state)
{
  Emulator *f = *state;

  start(f, "adafruit-0.9");
  assert_string_equal(bus_client_get(f->client, "dev/service0014", "UUID"),
                      "'0000180a-0000-1000-8000-00805f9b34fb'");
  assert_string_equal(bus_client_get(f->client, FIRMWARE, "UUID"),
                      "'00002a26-0000-1000-8000-00805f9b34fb'");
  /* "0.9.2 s140 6.1.1" */
  assert_string_equal(read_value(f, FIRMWARE), "302e392e32207331343020362e312e31");
}

static void infinitime_is_an_application_among_others(void **state)
{
  static const char *const others[] = {"1805", "180f", "180d"};
  static const char *const paths[] = {"dev/service001b", "dev/service001f", "dev/service0023"};
  Emulator *f = *state;

  start(f, "infinitime");
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
    g_autofree char *uuid =
      g_strdup_printf("'0000%s-0000-1000-8000-00805f9b34fb'", others[i]);

    assert_string_equal(bus_client_get(f->client, paths[i], "UUID"), uuid);
  }
  assert_string_equal(read_value(f, "dev/service001f/char0020"), "64");
}

/* Write Requests on DFU Packet are packets too, where it has that property. */
static void packet_is_written_with_a_response(void **state)
{
  Emulator *f = *state;
  const guint8 sizes[12] = {[9] = 1};
  const guint8 long_packet[248] = {0};
  int notify_fd;
  guint16 mtu;

  start(f, "adafruit-0.10");
  notify_fd = bus_client_acquire(f->client, CONTROL, "AcquireNotify", &mtu);
  emulator_write_control(f, "01 04");
  assert_string_equal(bus_client_write(f->client, PACKET, NULL, sizes, sizeof sizes),
                      "ok WriteValue");
  emulator_expect_notification(notify_fd, "10 01 01");
  assert_string_equal(bus_client_write(f->client, PACKET, "request", long_packet, 248),
                      "Failed: Operation failed with ATT error: 0x82");
  close(notify_fd);
}

/* After a restart in mid-transfer there is nothing but the cable. */
static void stock_adafruit_is_out_of_reach_after_a_reset(void **state)
{
  Emulator *f = *state;
  g_autofree char *path = g_build_filename(f->directory, "log", NULL);
  g_autofree char *object = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");
  g_autofree char *log = NULL;

  emulator_start(f, "--personality", "adafruit-0.9", "--no-application", "--log", path, NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "06");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", object));
  bus_client_call(f->client, "hci0", "StartDiscovery", NULL);
  g_usleep(300000);
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
  assert_true(g_file_get_contents(path, &log, NULL, NULL));
  assert_non_null(strstr(log, "reachable by cable only"));
}

/* The erase of a single-bank target is that of the image: one page of 85 ms here. */
static void erase_takes_the_time_of_the_real_target(void **state)
{
  Emulator *f = *state;
  gint64 start_us;
  int notify_fd, packet_fd;

  emulator_start(f, "--personality", "sdk11-single", "--erase", "2", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  start_us = g_get_monotonic_time();
  emulator_begin_transfer(f, notify_fd, packet_fd);
  assert_in_range(g_get_monotonic_time() - start_us, 170000, 2000000);
  close(notify_fd);
  close(packet_fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(families_differ_by_what_they_offer),
    TEST(device_information_is_text),
    TEST(infinitime_is_an_application_among_others),
    TEST(packet_is_written_with_a_response),
    TEST(stock_adafruit_is_out_of_reach_after_a_reset),
    TEST(erase_takes_the_time_of_the_real_target),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
