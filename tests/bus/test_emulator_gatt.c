/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The emulated BlueZ as a client on the bus sees it: refusals, notifications, and
 * several clients. What is expected was observed of bluetoothd 5.66 on Linux 6.1.
 */
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

static void calls_on_a_disconnected_device_say_so(void **state)
{
  Emulator *f = *state;
  const guint8 report_size[] = {7};

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, "dev", "Disconnect", NULL);
  bus_client_wait(f->client, "dev Connected=false");
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "Failed: Not connected");
  assert_string_equal(bus_client_call(f->client, CONTROL, "StartNotify", NULL),
                      "Failed: Not connected");
  assert_int_equal(bus_client_acquire(f->client, PACKET, "AcquireWrite", NULL), -1);
}

static void control_write_without_cccd_is_fd(void **state)
{
  Emulator *f = *state;
  const guint8 report_size[] = {7};

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "Failed: Operation failed with ATT error: 0xfd");
}

static void att_errors_have_the_words_of_bluetoothd(void **state)
{
  static const struct {
    const char *fault, *answer;
  } expected[] = {
    {"att=report-size:0x01", "Failed: Operation failed with ATT error: 0x01"},
    {"att=report-size:0x02", "NotPermitted: Read not permitted"},
    {"att=report-size:0x03", "NotPermitted: Write not permitted"},
    {"att=report-size:0x05", "NotPermitted: Not paired"},
    {"att=report-size:0x06", "NotSupported: Operation is not supported"},
    {"att=report-size:0x08", "NotAuthorized: Operation Not Authorized"},
    {"att=report-size:0x0d", "InvalidArguments: Invalid Length"},
    {"att=report-size:0x0e", "Failed: Operation failed with ATT error: 0x0e"},
    {"att=report-size:0x0f", "NotPermitted: Not paired"},
    {"att=report-size:0xfe", "Failed: Operation failed with ATT error: 0xfe"},
  };
  Emulator *f = *state;
  const guint8 report_size[] = {7};

  emulator_start(f, "--fault", expected[0].fault, "--fault", expected[1].fault, "--fault",
                 expected[2].fault, "--fault", expected[3].fault, "--fault", expected[4].fault,
                 "--fault", expected[5].fault, "--fault", expected[6].fault, "--fault",
                 expected[7].fault, "--fault", expected[8].fault, "--fault", expected[9].fault,
                 NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
    assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                        expected[i].answer);
  }
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "ok WriteValue");
}

static void local_refusals_have_the_words_of_bluetoothd(void **state)
{
  Emulator *f = *state;
  const guint8 bytes[32] = {7};
  int fd;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_write(f->client, PACKET, "command", bytes, 21),
                      "Failed: Failed to initiate write");
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", bytes, 21),
                      "Failed: Operation failed with ATT error: 0x82");
  assert_string_equal(bus_client_write(f->client, PACKET, "request", bytes, 4),
                      "NotPermitted: Write not permitted");
  assert_string_equal(bus_client_write(f->client, REVISION, NULL, bytes, 1),
                      "NotSupported: Operation is not supported");
  assert_int_equal(bus_client_acquire(f->client, CONTROL, "AcquireWrite", NULL), -1);
  assert_string_equal(bus_client_call(f->client, PACKET, "StartNotify", NULL),
                      "NotSupported: Operation is not supported");
  fd = emulator_acquire(f, PACKET, "AcquireWrite");
  assert_string_equal(bus_client_write(f->client, PACKET, "command", bytes, 4),
                      "NotPermitted: Write acquired");
  assert_int_equal(bus_client_acquire(f->client, PACKET, "AcquireWrite", NULL), -1);
  bus_client_forget(f->client);
  close(fd);
  bus_client_wait(f->client, PACKET " WriteAcquired=false");
  assert_string_equal(bus_client_write(f->client, PACKET, "command", bytes, 4), "ok WriteValue");
}

static void revision_is_read_and_signalled(void **state)
{
  Emulator *f = *state;
  g_autoptr(GVariant) value = NULL;
  gsize len = 0;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  bus_client_forget(f->client);
  assert_string_equal(
    bus_client_call(f->client, REVISION, "ReadValue", g_variant_new_parsed("(@a{sv} {},)")),
    "ok ReadValue");
  assert_string_equal(bus_client_trace(f->client), REVISION " Value=0800\n"
                                                            "ok ReadValue\n");
  value = g_variant_get_child_value(bus_client_result(f->client), 0);
  assert_memory_equal(g_variant_get_fixed_array(value, &len, 1), "\x08\x00", 2);
  assert_int_equal(len, 2);
}

static void acquired_and_started_notifications_exclude_each_other(void **state)
{
  Emulator *f = *state;
  int fd;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_call(f->client, CONTROL, "StartNotify", NULL), "ok StartNotify");
  assert_string_equal(bus_client_get(f->client, CONTROL, "Notifying"), "true");
  assert_string_equal(bus_client_call(f->client, CONTROL, "AcquireNotify",
                                      g_variant_new_parsed("(@a{sv} {},)")),
                      "InProgress: In Progress");
  assert_string_equal(bus_client_call(f->client, CONTROL, "StopNotify", NULL), "ok StopNotify");
  fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  assert_string_equal(bus_client_call(f->client, CONTROL, "StartNotify", NULL),
                      "NotPermitted: Notify acquired");
  assert_string_equal(bus_client_call(f->client, CONTROL, "AcquireNotify",
                                      g_variant_new_parsed("(@a{sv} {},)")),
                      "NotPermitted: Notify acquired");
  close(fd);
}

static void closed_notify_descriptor_clears_the_cccd(void **state)
{
  Emulator *f = *state;
  const guint8 report_size[] = {7};

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  close(emulator_acquire(f, CONTROL, "AcquireNotify"));
  bus_client_wait(f->client, CONTROL " NotifyAcquired=false");
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "Failed: Operation failed with ATT error: 0xfd");
}

static void started_notifications_survive_a_lost_link(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--jump", "same", NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  bus_client_call(f->client, "dev", "Disconnect", NULL);
  bus_client_wait(f->client, "dev Connected=false");
  assert_string_equal(bus_client_get(f->client, CONTROL, "Notifying"), "true");
  bus_client_forget(f->client);
  bus_client_call(f->client, "dev", "Connect", NULL);
  bus_client_wait(f->client, "dev ServicesResolved=true");
  emulator_write_control(f, "07");
  bus_client_wait(f->client, CONTROL " Value=10070100000000");
}

static void acquired_notifications_do_not_survive(void **state)
{
  Emulator *f = *state;
  const guint8 report_size[] = {7};

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  close(emulator_acquire(f, CONTROL, "AcquireNotify"));
  bus_client_call(f->client, "dev", "Disconnect", NULL);
  bus_client_wait(f->client, "dev Connected=false");
  bus_client_call(f->client, "dev", "Connect", NULL);
  bus_client_wait(f->client, "dev ServicesResolved=true");
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "Failed: Operation failed with ATT error: 0xfd");
}

static void second_client_shares_the_link(void **state)
{
  Emulator *f = *state;
  g_autoptr(BusClient) other = NULL;
  const guint8 report_size[] = {7};
  int notify_fd, packet_fd;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  other = bus_client_new(f->address);
  assert_string_equal(bus_client_call(other, "dev", "Connect", NULL), "ok Connect");
  assert_string_equal(bus_client_call(other, CONTROL, "StartNotify", NULL),
                      "NotPermitted: Notify acquired");
  assert_string_equal(bus_client_write(other, PACKET, "command", report_size, 1),
                      "NotPermitted: Write acquired");
  assert_string_equal(bus_client_write(other, CONTROL, "request", report_size, 1),
                      "ok WriteValue");
  emulator_expect_notification(notify_fd, "10 07 01 00000000"); /* the first one gets it */
  assert_string_equal(bus_client_call(other, "dev", "Disconnect", NULL), "ok Disconnect");
  emulator_expect_end(notify_fd, packet_fd);
  close(notify_fd);
  close(packet_fd);
}

static void dead_client_leaves_the_link_up(void **state)
{
  Emulator *f = *state;
  BusClient *other;
  const guint8 report_size[] = {7};

  emulator_start(f, NULL);
  other = bus_client_new(f->address);
  bus_client_connect_device(other);
  bus_client_call(other, CONTROL, "StartNotify", NULL);
  bus_client_forget(f->client);
  bus_client_free(other);
  bus_client_wait(f->client, CONTROL " Notifying=false");
  assert_string_equal(bus_client_get(f->client, "dev", "Connected"), "true");
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "Failed: Operation failed with ATT error: 0xfd");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(calls_on_a_disconnected_device_say_so),
    TEST(control_write_without_cccd_is_fd),
    TEST(att_errors_have_the_words_of_bluetoothd),
    TEST(local_refusals_have_the_words_of_bluetoothd),
    TEST(revision_is_read_and_signalled),
    TEST(acquired_and_started_notifications_exclude_each_other),
    TEST(closed_notify_descriptor_clears_the_cccd),
    TEST(started_notifications_survive_a_lost_link),
    TEST(acquired_notifications_do_not_survive),
    TEST(second_client_shares_the_link),
    TEST(dead_client_leaves_the_link_up),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
