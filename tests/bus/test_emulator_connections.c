/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connections that go wrong from the start, services that change on the way,
 * flash that fails, notifications that nobody takes: what bluetoothd 5.66 makes
 * of them was observed on Linux 6.1.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

static void find(Emulator *f)
{
  bus_client_call(f->client, "hci0", "StartDiscovery", NULL);
  bus_client_wait(f->client, "added dev");
  bus_client_call(f->client, "hci0", "StopDiscovery", NULL);
  bus_client_wait(f->client, "hci0 Discovering=false");
  bus_client_forget(f->client);
}

static void dropped_connection_fails_after_it_was_told(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--fault", "drop-connection=2", NULL);
  find(f);
  for (int i = 0; i < 2; i++) {
    bus_client_forget(f->client);
    assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL),
                        "Failed: le-connection-abort-by-local");
    bus_client_wait(f->client, "dev Connected=false");
    assert_string_equal(bus_client_trace(f->client), "dev Connected=true\n"
                                                     "Failed: le-connection-abort-by-local\n"
                                                     "dev Connected=false\n");
  }
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait(f->client, "dev UUIDs[3] ServicesResolved=true");
}

static void dropped_connection_can_be_removed_meanwhile(void **state)
{
  Emulator *f = *state;
  g_autofree char *path = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");

  emulator_start(f, "--fault", "drop-connection=1", NULL);
  find(f);
  bus_client_send(f->client, "dev", "Connect", NULL);
  bus_client_wait(f->client, "dev Connected=true");
  assert_string_equal(
    bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", path)),
    "ok RemoveDevice");
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
}

/* For half a minute it is connected and nothing else; a program does not wait so long. */
static void mute_connection_is_never_resolved(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--fault", "mute-connection=1", NULL);
  find(f);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  g_usleep(300000);
  assert_string_equal(bus_client_trace(f->client), "dev Connected=true\n"
                                                   "ok Connect\n");
  assert_string_equal(bus_client_objects(f->client), "hci0\ndev\n");
  assert_string_equal(bus_client_call(f->client, "dev", "Disconnect", NULL), "ok Disconnect");
  bus_client_wait(f->client, "dev Connected=false");
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait(f->client, "dev UUIDs[3] ServicesResolved=true");
}

static void changed_services_are_removed_and_come_back(void **state)
{
  Emulator *f = *state;
  guint16 mtu;
  int fd;

  emulator_start(f, "--fault", "service-changed=1", NULL);
  bus_client_connect_device(f->client);
  fd = bus_client_acquire(f->client, PACKET, "AcquireWrite", &mtu);
  bus_client_wait(f->client, "removed dev/service000c");
  for (int i = 0; strstr(bus_client_objects(f->client), REVISION) == NULL; i++) {
    assert_true(i < 250);
    g_usleep(20000);
  }
  assert_non_null(strstr(bus_client_trace(f->client),
                         "dev UUIDs[3] ServicesResolved=true\n"));
  assert_null(strstr(bus_client_trace(f->client), "ServicesResolved=false"));
  assert_non_null(strstr(bus_client_trace(f->client), "removed dev/service000c/char000f\n"
                                                      "removed dev/service000c/char0012\n"
                                                      "removed dev/service000c\n"));
  if (fd >= 0) { /* it was in time: it is dead now */
    assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
    close(fd);
  }
  assert_string_equal(bus_client_get(f->client, "dev", "ServicesResolved"), "true");
  fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  emulator_write_control(f, "07");
  emulator_expect_notification(fd, "10 07 01 00000000");
  close(fd);
}

static void failing_erase_is_told_and_restarts(void **state)
{
  Emulator *f = *state;
  int notify_fd, packet_fd;

  emulator_start(f, "--fault", "flash-error-at=start", "--erase-ms", "300", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_write_control(f, "01 04");
  emulator_send_hex(packet_fd, "00000000 00000000 00010000");
  emulator_expect_notification(notify_fd, "10 01 06");
  emulator_expect_end(notify_fd, packet_fd);
  close(notify_fd);
  close(packet_fd);
}

static void notification_without_a_buffer_restarts(void **state)
{
  Emulator *f = *state;
  int notify_fd;

  emulator_start(f, "--notification-buffers", "1", "--notify-us", "1000000", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  emulator_write_control(f, "07");
  emulator_expect_notification(notify_fd, "10 07 01 00000000");
  bus_client_forget(f->client);
  emulator_write_control(f, "07");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  close(notify_fd);
}

static void end_of_init_can_be_refused_alone(void **state)
{
  Emulator *f = *state;
  const guint8 end[] = {2, 1};
  int notify_fd, packet_fd;

  emulator_start(f, "--fault", "att=init-end:0xfd", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_write_control(f, "01 04");
  emulator_send_hex(packet_fd, "00000000 00000000 00010000");
  emulator_expect_notification(notify_fd, "10 01 01");
  emulator_write_control(f, "02 00");
  emulator_send_hex(packet_fd, "ffffffffffffffff0100feffbd3f");
  emulator_let_through(packet_fd);
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", end, 2),
                      "Failed: Operation failed with ATT error: 0xfd");
  emulator_write_control(f, "02 01");
  emulator_expect_notification(notify_fd, "10 02 01");
  close(notify_fd);
  close(packet_fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(dropped_connection_fails_after_it_was_told),
    TEST(dropped_connection_can_be_removed_meanwhile),
    TEST(mute_connection_is_never_resolved),
    TEST(changed_services_are_removed_and_come_back),
    TEST(failing_erase_is_told_and_restarts),
    TEST(notification_without_a_buffer_restarts),
    TEST(end_of_init_can_be_refused_alone),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
