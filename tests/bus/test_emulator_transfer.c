/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The emulated board behind the emulated BlueZ: images, their way to a file, and
 * what can happen to them. Answers are those of an nRF5 SDK 11 bootloader, the
 * rest was observed of bluetoothd 5.66 on Linux 6.1.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

static void assert_file(Emulator *f, const char *name, const guint8 *bytes, gsize len)
{
  g_autofree char *path = g_build_filename(f->directory, name, NULL);
  g_autofree char *contents = NULL;
  gsize contents_len;

  assert_true(g_file_get_contents(path, &contents, &contents_len, NULL));
  assert_int_equal(contents_len, len);
  assert_memory_equal(contents, bytes, len);
}

static void update_by_hand_is_installed(void **state)
{
  Emulator *f = *state;
  guint8 image[EMULATOR_IMAGE_BYTES];
  guint8 init[14];
  g_autofree char *path = NULL;
  int notify_fd, packet_fd;

  emulator_fill_image(image);
  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_begin_transfer(f, notify_fd, packet_fd);
  for (gsize at = 0; at < 160; at += 20) {
    emulator_send(packet_fd, image + at, 20);
  }
  emulator_expect_notification(notify_fd, "11 a0000000");
  for (gsize at = 160; at < 240; at += 20) {
    emulator_send(packet_fd, image + at, 20);
  }
  emulator_send(packet_fd, image + 240, 16);
  emulator_expect_notification(notify_fd, "10 03 01");
  emulator_write_control(f, "04");
  emulator_expect_notification(notify_fd, "10 04 01");
  path = g_build_filename(f->directory, "application.bin", NULL);
  assert_false(g_file_test(path, G_FILE_TEST_EXISTS)); /* not before it is activated */
  bus_client_forget(f->client);
  emulator_write_control(f, "05");
  bus_client_wait(f->client, PACKET " WriteAcquired=false");
  assert_string_equal(bus_client_trace(f->client), "ok WriteValue\n"
                                                   "dev ServicesResolved=false Connected=false\n"
                                                   CONTROL " NotifyAcquired=false\n"
                                                   PACKET " WriteAcquired=false\n");
  emulator_expect_end(notify_fd, packet_fd);
  assert_file(f, "application.bin", image, sizeof image);
  assert_file(f, "application.dat", init, emulator_parse_hex("ffffffffffffffff0100feffbd3f", init));
  close(notify_fd);
  close(packet_fd);
}

/* One small image, received, validated and activated. */
static void update_device(Emulator *f)
{
  guint8 image[EMULATOR_IMAGE_BYTES];
  int notify_fd, packet_fd;

  emulator_fill_image(image);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_begin_transfer(f, notify_fd, packet_fd);
  for (gsize at = 0; at < EMULATOR_IMAGE_BYTES; at += 16) {
    emulator_send(packet_fd, image + at, 16);
  }
  emulator_expect_notification(notify_fd, "11 80000000"); /* none for the last packet */
  emulator_expect_notification(notify_fd, "10 03 01");
  emulator_write_control(f, "04");
  emulator_expect_notification(notify_fd, "10 04 01");
  emulator_write_control(f, "05");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  close(notify_fd);
  close(packet_fd);
}

static void after_activate_decides_what_comes_back(void **state)
{
  static const struct {
    const char *what, *objects;
  } expected[] = {
    {"application", "hci0\ndev\n"}, /* "dev" is then the address below */
    {"dfu", "hci0\nhci0/dev_C4_12_AB_00_11_22\n"},
    {"nothing", "hci0\n"},
  };
  Emulator *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
    g_autofree char *path = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");

    emulator_start(f, "--after-activate", expected[i].what, NULL);
    update_device(f);
    bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", path));
    bus_client_set_device(f->client, "C4:12:AB:00:11:21");
    bus_client_call(f->client, "hci0", "StartDiscovery", NULL);
    g_usleep(400000);
    assert_string_equal(bus_client_objects(f->client), expected[i].objects);
    emulator_end(f);
  }
}

static void lost_link_is_one_signal_and_the_target_resumes(void **state)
{
  Emulator *f = *state;
  guint8 image[EMULATOR_IMAGE_BYTES];
  int notify_fd, packet_fd;

  emulator_fill_image(image);
  emulator_start(f, "--fault", "lose=60:0", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_begin_transfer(f, notify_fd, packet_fd);
  bus_client_forget(f->client);
  for (gsize at = 0; at < 60; at += 20) {
    emulator_send(packet_fd, image + at, 20);
  }
  /* The fourth is not heard any more; the other end may even be closed by now, which is EPIPE. */
  send(packet_fd, image + 60, 20, MSG_NOSIGNAL);
  bus_client_wait(f->client, PACKET " WriteAcquired=false");
  assert_string_equal(bus_client_trace(f->client), "dev ServicesResolved=false Connected=false\n"
                                                   CONTROL " NotifyAcquired=false\n"
                                                   PACKET " WriteAcquired=false\n");
  emulator_expect_end(notify_fd, packet_fd);
  close(notify_fd);
  close(packet_fd);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait(f->client, "dev ServicesResolved=true");
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  emulator_write_control(f, "07");
  emulator_expect_notification(notify_fd, "10 07 01 3c000000");
  close(notify_fd);
}

static GVariant *write_arguments(const guint8 *bytes, gsize len)
{
  return g_variant_new("(@ay@a{sv})", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, len, 1),
                       g_variant_new_parsed("@a{sv} {'type': <'request'>}"));
}

static void stalled_device_leaves_a_write_pending(void **state)
{
  Emulator *f = *state;
  const guint8 report_size[] = {7};
  guint8 image[EMULATOR_IMAGE_BYTES];
  int notify_fd, packet_fd;

  emulator_fill_image(image);
  emulator_start(f, "--fault", "stall=40", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_begin_transfer(f, notify_fd, packet_fd);
  emulator_send(packet_fd, image, 20);
  emulator_send(packet_fd, image + 20, 20);
  emulator_let_through(packet_fd);
  bus_client_forget(f->client);
  bus_client_send(f->client, CONTROL, "WriteValue", write_arguments(report_size, 1));
  assert_string_equal(bus_client_write(f->client, CONTROL, "request", report_size, 1),
                      "InProgress: In Progress");
  bus_client_call(f->client, "dev", "Disconnect", NULL);
  bus_client_wait(f->client, "dev Connected=false");
  assert_string_equal(bus_client_trace(f->client),
                      "InProgress: In Progress\n"
                      "Failed: Operation failed with ATT error: 0x0e\n"
                      "dev ServicesResolved=false\n" CONTROL " NotifyAcquired=false\n"
                      PACKET " WriteAcquired=false\n"
                      "ok Disconnect\n"
                      "dev Connected=false\n");
  close(notify_fd);
  close(packet_fd);
}

static void expect_silence(int fd)
{
  struct pollfd ready = {.fd = fd, .events = POLLIN};

  assert_int_equal(poll(&ready, 1, 50), 0);
}

static void packet_longer_than_the_mtu_vanishes(void **state)
{
  Emulator *f = *state;
  guint8 image[EMULATOR_IMAGE_BYTES];
  int notify_fd, packet_fd;

  emulator_fill_image(image);
  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_begin_transfer(f, notify_fd, packet_fd);
  emulator_send(packet_fd, image, 21);
  emulator_send(packet_fd, image, 20);
  emulator_send(packet_fd, image, 24);
  expect_silence(notify_fd);
  emulator_write_control(f, "07");
  emulator_expect_notification(notify_fd, "10 07 01 14000000");
  close(notify_fd);
  close(packet_fd);
}

static void packets_are_taken_as_fast_as_they_come(void **state)
{
  Emulator *f = *state;
  const guint8 packet[20] = {0};
  int notify_fd, packet_fd;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_write_control(f, "01 04");
  emulator_send_hex(packet_fd, "00000000 00000000 400d0300"); /* 200000 bytes */
  emulator_expect_notification(notify_fd, "10 01 01");
  emulator_write_control(f, "02 00");
  emulator_send_hex(packet_fd, "ffffffffffffffff0100feff0000");
  emulator_let_through(packet_fd);
  emulator_write_control(f, "02 01");
  emulator_expect_notification(notify_fd, "10 02 01");
  emulator_write_control(f, "08 0000");
  emulator_write_control(f, "03");
  for (int i = 0; i < 10000; i++) {
    while (send(packet_fd, packet, sizeof packet, MSG_NOSIGNAL) < 0) {
      struct pollfd writable = {.fd = packet_fd, .events = POLLOUT};

      assert_int_equal(errno, EAGAIN);
      assert_int_equal(poll(&writable, 1, 5000), 1);
    }
  }
  emulator_expect_notification(notify_fd, "10 03 01");
  close(notify_fd);
  close(packet_fd);
}

static void request_waits_behind_packets_on_a_slow_air(void **state)
{
  Emulator *f = *state;
  guint8 image[EMULATOR_IMAGE_BYTES];
  int notify_fd, packet_fd;
  gint64 start_us;

  emulator_fill_image(image);
  emulator_start(f, "--air-us", "20000", NULL);
  bus_client_connect_device(f->client);
  notify_fd = emulator_acquire(f, CONTROL, "AcquireNotify");
  packet_fd = emulator_acquire(f, PACKET, "AcquireWrite");
  emulator_begin_transfer(f, notify_fd, packet_fd);
  start_us = g_get_monotonic_time();
  for (gsize at = 0; at < 200; at += 20) { /* taken at once, whatever the air does */
    emulator_send(packet_fd, image + at, 20);
  }
  emulator_let_through(packet_fd);
  assert_in_range(g_get_monotonic_time() - start_us, 0, 200000);
  emulator_write_control(f, "07");
  assert_in_range(g_get_monotonic_time() - start_us, 200000, 2000000);
  emulator_expect_notification(notify_fd, "11 a0000000");
  emulator_expect_notification(notify_fd, "10 07 01 c8000000");
  close(notify_fd);
  close(packet_fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(update_by_hand_is_installed),
    TEST(after_activate_decides_what_comes_back),
    TEST(lost_link_is_one_signal_and_the_target_resumes),
    TEST(stalled_device_leaves_a_write_pending),
    TEST(packet_longer_than_the_mtu_vanishes),
    TEST(packets_are_taken_as_fast_as_they_come),
    TEST(request_waits_behind_packets_on_a_slow_air),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
