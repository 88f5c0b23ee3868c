/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Faults of the emulated board, as a client of the emulated BlueZ sees them.
 */
#include <poll.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

#define DISCONNECTED \
  "dev ServicesResolved=false Connected=false\n" CONTROL " NotifyAcquired=false\n" PACKET \
  " WriteAcquired=false\n"

/* A device that is connected, with both descriptors. */
typedef struct {
  Emulator *f;
  int notify_fd;
  int packet_fd;
} Peer;

static void close_peer(Peer *peer)
{
  close(peer->notify_fd);
  close(peer->packet_fd);
}

static void acquire(Peer *peer)
{
  peer->notify_fd = emulator_acquire(peer->f, CONTROL, "AcquireNotify");
  peer->packet_fd = emulator_acquire(peer->f, PACKET, "AcquireWrite");
}

static Peer start_with_fault(Emulator *f, const char *fault, const char *option, const char *value)
{
  Peer peer = {.f = f};

  emulator_start(f, "--fault", fault, option, value, NULL);
  bus_client_connect_device(f->client);
  acquire(&peer);
  return peer;
}

static void reconnect(Peer *peer)
{
  close_peer(peer);
  assert_string_equal(bus_client_call(peer->f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait(peer->f->client, "dev ServicesResolved=true");
  acquire(peer);
}

static void send_image(const Peer *peer, gsize from, gsize to)
{
  guint8 image[EMULATOR_IMAGE_BYTES];

  emulator_fill_image(image);
  for (gsize at = from; at < to; at += 20) {
    emulator_send(peer->packet_fd, image + at, MIN(20, to - at));
  }
}

static void send_whole_image(const Peer *peer)
{
  send_image(peer, 0, EMULATOR_IMAGE_BYTES);
  emulator_expect_notification(peer->notify_fd, "11 a0000000");
  emulator_expect_notification(peer->notify_fd, "10 03 01");
}

/* A control point write that is carried out or not, and not answered. */
static void write_unanswered(const Peer *peer, const char *hex)
{
  guint8 bytes[32];
  gsize len = emulator_parse_hex(hex, bytes);

  assert_string_equal(bus_client_write(peer->f->client, CONTROL, "request", bytes, len),
                      "Failed: Operation failed with ATT error: 0x0e");
}

static void expect_silence(int fd)
{
  struct pollfd ready = {.fd = fd, .events = POLLIN};

  assert_int_equal(poll(&ready, 1, 50), 0);
}

/* Waits until a device is found at @address, which is "dev" from then on. */
static void find(Emulator *f, const char *address)
{
  bus_client_set_device(f->client, address);
  bus_client_call(f->client, "hci0", "StartDiscovery", NULL);
  for (int i = 0; strstr(bus_client_objects(f->client), "\ndev\n") == NULL; i++) {
    assert_true(i < 500);
    g_usleep(20000);
  }
  bus_client_call(f->client, "hci0", "StopDiscovery", NULL);
}

static gboolean is_installed(const Emulator *f)
{
  g_autofree char *path = g_build_filename(f->directory, "application.bin", NULL);

  return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void silence_keeps_the_link_until_the_supervision_timeout(void **state)
{
  Peer peer = start_with_fault(*state, "silence=60:0.4", NULL, NULL);
  Emulator *f = *state;
  gint64 start_us;

  emulator_begin_transfer(f, peer.notify_fd, peer.packet_fd);
  bus_client_forget(f->client);
  start_us = g_get_monotonic_time();
  send_image(&peer, 0, 60);
  emulator_let_through(peer.packet_fd);
  send_image(&peer, 60, 200); /* the host takes them, the device never gets them */
  expect_silence(peer.notify_fd);
  assert_string_equal(bus_client_trace(f->client), "");
  bus_client_wait(f->client, PACKET " WriteAcquired=false");
  assert_in_range(g_get_monotonic_time() - start_us, 400000, 1500000);
  assert_string_equal(bus_client_trace(f->client), DISCONNECTED);
  emulator_expect_end(peer.notify_fd, peer.packet_fd);
  reconnect(&peer); /* at once */
  assert_in_range(g_get_monotonic_time() - start_us, 400000, 1500000);
  emulator_write_control(f, "07");
  emulator_expect_notification(peer.notify_fd, "10 07 01 3c000000");
  close_peer(&peer);
}

static void silence_fails_a_request_when_the_link_ends(void **state)
{
  Peer peer = start_with_fault(*state, "silence-before=receive:0.4", NULL, NULL);
  gint64 start_us;

  emulator_begin_transfer(*state, peer.notify_fd, peer.packet_fd);
  start_us = g_get_monotonic_time();
  send_image(&peer, 0, 20);
  emulator_let_through(peer.packet_fd);
  write_unanswered(&peer, "07");
  assert_in_range(g_get_monotonic_time() - start_us, 400000, 1500000);
  reconnect(&peer);
  emulator_write_control(*state, "07");
  emulator_expect_notification(peer.notify_fd, "10 07 01 00000000");
  close_peer(&peer);
}

static void target_erases_in_silence_and_its_answer_is_gone(void **state)
{
  Peer peer = start_with_fault(*state, "silence-at=start:0.4", "--erase-ms", "200");

  emulator_write_control(*state, "01 04");
  emulator_send_hex(peer.packet_fd, "00000000 00000000 00010000");
  bus_client_wait(peer.f->client, PACKET " WriteAcquired=false");
  emulator_expect_end(peer.notify_fd, peer.packet_fd);
  reconnect(&peer);
  expect_silence(peer.notify_fd);
  emulator_write_control(*state, "02 00");
  emulator_send_hex(peer.packet_fd, "ffffffffffffffff0100feffbd3f");
  emulator_let_through(peer.packet_fd);
  emulator_write_control(*state, "02 01");
  emulator_expect_notification(peer.notify_fd, "10 02 01"); /* ready for it: the erase is over */
  close_peer(&peer);
}

static void device_that_is_silent_is_not_on_the_air_when_the_host_gives_up(void **state)
{
  Peer peer = start_with_fault(*state, "silence=20:1", NULL, NULL);
  gint64 start_us;

  emulator_begin_transfer(*state, peer.notify_fd, peer.packet_fd);
  start_us = g_get_monotonic_time();
  send_image(&peer, 0, 20);
  emulator_let_through(peer.packet_fd);
  bus_client_call(peer.f->client, "dev", "Disconnect", NULL);
  bus_client_wait(peer.f->client, "dev Connected=false");
  assert_in_range(g_get_monotonic_time() - start_us, 0, 900000);
  reconnect(&peer); /* waits for the device, which still believes in its link */
  assert_in_range(g_get_monotonic_time() - start_us, 1000000, 2000000);
  emulator_write_control(*state, "07");
  emulator_expect_notification(peer.notify_fd, "10 07 01 14000000");
  close_peer(&peer);
}

static void power_loss_boots_by_what_is_left_of_the_application(void **state)
{
  static const struct {
    const char *personality, *address;
  } rows[] = {
    {"sdk11-dual", "C4:12:AB:00:11:21"}, /* the application */
    {"sdk11-single", "C4:12:AB:00:11:22"},
  };
  Emulator *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    Peer peer = start_with_fault(f, "restart=60", "--personality", rows[i].personality);

    emulator_begin_transfer(f, peer.notify_fd, peer.packet_fd);
    bus_client_forget(f->client);
    send_image(&peer, 0, 60);
    bus_client_wait(f->client, PACKET " WriteAcquired=false");
    assert_string_equal(bus_client_trace(f->client), DISCONNECTED);
    find(f, rows[i].address);
    if (i == 1) {
      reconnect(&peer);
      emulator_write_control(f, "07");
      emulator_expect_notification(peer.notify_fd, "10 07 01 00000000");
    }
    close_peer(&peer);
    emulator_end(f);
  }
}

static void answers_and_receipts_come_twice(void **state)
{
  Peer peer = start_with_fault(*state, "repeat=report-size", "--fault", "repeat-receipt=1");

  emulator_begin_transfer(*state, peer.notify_fd, peer.packet_fd);
  send_image(&peer, 0, 160);
  emulator_expect_notification(peer.notify_fd, "11 a0000000");
  emulator_expect_notification(peer.notify_fd, "11 a0000000");
  emulator_write_control(*state, "07");
  emulator_expect_notification(peer.notify_fd, "10 07 01 a0000000");
  emulator_expect_notification(peer.notify_fd, "10 07 01 a0000000");
  expect_silence(peer.notify_fd);
  close_peer(&peer);
}

static void link_lost_at_or_before_validate_tells_what_was_carried_out(void **state)
{
  static const struct {
    const char *fault, *second_answer;
  } rows[] = {
    {"lose-at=validate:0", "10 04 02"}, /* it was validated, and is not twice */
    {"lose-before=validate:0", "10 04 01"},
    {"silence-at=validate:0.4", "10 04 02"},
    {"silence-before=validate:0.4", "10 04 01"},
  };
  Emulator *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    Peer peer = start_with_fault(f, rows[i].fault, NULL, NULL);

    emulator_begin_transfer(f, peer.notify_fd, peer.packet_fd);
    send_whole_image(&peer);
    write_unanswered(&peer, "04");
    reconnect(&peer);
    emulator_write_control(f, "04");
    emulator_expect_notification(peer.notify_fd, rows[i].second_answer);
    close_peer(&peer);
    emulator_end(f);
  }
}

static void link_lost_at_or_before_activate_decides_what_comes_back(void **state)
{
  static const struct {
    const char *fault, *address;
    gboolean installed;
  } rows[] = {
    {"lose-at=activate:0.1", "C4:12:AB:00:11:21", TRUE},
    {"lose-before=activate:0.1", "C4:12:AB:00:11:22", FALSE},
    {"silence-at=activate:0.4", "C4:12:AB:00:11:21", TRUE}, /* it has restarted meanwhile */
    {"silence-before=activate:0.4", "C4:12:AB:00:11:22", FALSE},
    {"restart-at=activate", "C4:12:AB:00:11:21", TRUE},
    {"stall-at=activate", "C4:12:AB:00:11:21", TRUE}, /* the restart comes first */
    {"restart-before=activate", "C4:12:AB:00:11:21", FALSE}, /* the old one */
  };
  Emulator *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    Peer peer = start_with_fault(f, rows[i].fault, NULL, NULL);
    g_autofree char *path = g_build_filename(f->directory, "application.bin", NULL);
    g_autofree char *old = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");

    emulator_begin_transfer(f, peer.notify_fd, peer.packet_fd);
    send_whole_image(&peer);
    emulator_write_control(f, "04");
    emulator_expect_notification(peer.notify_fd, "10 04 01");
    write_unanswered(&peer, "05");
    bus_client_wait(f->client, PACKET " WriteAcquired=false");
    close_peer(&peer);
    assert_int_equal(is_installed(f), rows[i].installed);
    unlink(path);
    bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", old));
    find(f, rows[i].address);
    emulator_end(f);
  }
}

static void link_lost_with_the_last_byte_depends_on_the_flash(void **state)
{
  static const struct {
    const char *write_us, *address;
  } rows[] = {
    {"0", "C4:12:AB:00:11:22"},
    {"2000", "C4:12:AB:00:11:21"}, /* it restarts: nobody is there to tell of the last write */
  };
  Emulator *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    Peer peer = start_with_fault(f, "lose=256:0", "--write-us", rows[i].write_us);
    g_autofree char *old = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");

    emulator_begin_transfer(f, peer.notify_fd, peer.packet_fd);
    send_image(&peer, 0, 160);
    emulator_expect_notification(peer.notify_fd, "11 a0000000");
    g_usleep(100000); /* accepted is not written: more would be too much for its buffers */
    send_image(&peer, 160, EMULATOR_IMAGE_BYTES);
    bus_client_wait(f->client, PACKET " WriteAcquired=false");
    close_peer(&peer);
    bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", old));
    g_usleep(50000);
    find(f, rows[i].address);
    emulator_end(f);
  }
}

static void receipt_that_is_due_with_the_loss_is_not_heard(void **state)
{
  Peer peer = start_with_fault(*state, "silence=160:0.4", NULL, NULL);

  emulator_begin_transfer(*state, peer.notify_fd, peer.packet_fd);
  send_image(&peer, 0, 160);
  expect_silence(peer.notify_fd);
  bus_client_wait(peer.f->client, PACKET " WriteAcquired=false");
  emulator_expect_end(peer.notify_fd, peer.packet_fd);
  close_peer(&peer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(silence_keeps_the_link_until_the_supervision_timeout),
    TEST(silence_fails_a_request_when_the_link_ends),
    TEST(target_erases_in_silence_and_its_answer_is_gone),
    TEST(device_that_is_silent_is_not_on_the_air_when_the_host_gives_up),
    TEST(power_loss_boots_by_what_is_left_of_the_application),
    TEST(answers_and_receipts_come_twice),
    TEST(link_lost_at_or_before_validate_tells_what_was_carried_out),
    TEST(link_lost_at_or_before_activate_decides_what_comes_back),
    TEST(link_lost_with_the_last_byte_depends_on_the_flash),
    TEST(receipt_that_is_due_with_the_loss_is_not_heard),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
