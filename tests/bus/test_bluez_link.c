/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The link over BlueZ against the emulated org.bluez: connecting, writing,
 * notifications, every way in which a connection ends, the watch and the scan.
 * The emulator: the first argument, or the environment variable DFU_BLE_TARGET.
 */
#include <dfu/bluez.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/cmocka_all.h"
#include "link/link.h"
#include "lib/link_recorder.h"
#include "lib/run_program.h"

#define ADDRESS "C4:12:AB:00:11:22"
#define BELOW "C4:12:AB:00:11:21"

enum { MAX_OPTIONS = 24, IMAGE_BYTES = 204800, PACKET_BYTES = 20, CONNECT_MS = 5000 };

static const char *program_path;

typedef struct {
  DfuTestRun *run;
  char *bus_address;
  DfuLink *link;
  LinkRecorder *events;
} Fixture;

static int set_up(void **state)
{
  *state = g_new0(Fixture, 1);
  return 0;
}

static int tear_down(void **state)
{
  Fixture *f = *state;
  int status = 0;

  dfu_link_free(f->link);
  if (f->events != NULL)
    link_recorder_free(f->events);
  if (f->run != NULL) {
    g_auto(DfuTestResult) result = { 0 };

    dfu_test_signal(f->run, SIGTERM);
    result = dfu_test_finish(f->run);
    status = result.status;
    if (status != 0)
      g_printerr("the emulator ended with %d: %s", status, result.err);
  }
  g_free(f->bus_address);
  g_free(f);
  return status;
}

/* Starts the emulator with the options given and makes its bus the system bus. */
static void start(Fixture *f, ...) G_GNUC_NULL_TERMINATED;

static void start(Fixture *f, ...)
{
  const char *argv[MAX_OPTIONS] = { program_path, "--disconnect-delay=50", "--boot-ms=50" };
  DfuTestProgram program = { .argv = argv };
  int n = 3;
  va_list args;

  va_start(args, f);
  for (const char *option; (option = va_arg(args, const char *)) != NULL;) {
    assert_true(n < MAX_OPTIONS - 1);
    argv[n++] = option;
  }
  va_end(args);
  f->run = dfu_test_start(&program);
  dfu_test_wait_for(f->run, TRUE, "\n");
  f->bus_address = g_strchomp(dfu_test_peek_stdout(f->run));
  g_setenv("DBUS_SYSTEM_BUS_ADDRESS", f->bus_address, TRUE);
}

static void make_link(Fixture *f, const char *adapter, const char *address, const char *name)
{
  g_autoptr(GError) error = NULL;

  f->link = dfu_bluez_link_new(adapter, address, name, &error);
  assert_null(error);
  f->events = link_recorder_new(f->link);
}

static void connect_link(Fixture *f)
{
  make_link(f, NULL, ADDRESS, NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(f->events, "UP ");
}

static void subscribe(Fixture *f)
{
  dfu_link_subscribe(f->link);
  link_recorder_expect(f->events, "SUBSCRIBED");
}

/* Both events come, in either order: an answer and a notification use two channels. */
static void expect_both(Fixture *f, const char *one, const char *other)
{
  gboolean had_one = FALSE;
  gboolean had_other = other == NULL;

  while (!had_one || !had_other) {
    const char *event = link_recorder_next(f->events);

    if (!had_one && strcmp(event, one) == 0)
      had_one = TRUE;
    else if (!had_other && strcmp(event, other) == 0)
      had_other = TRUE;
    else
      fail_msg("wanted \"%s\" and \"%s\", got \"%s\"", one, other, event);
  }
}

static void request(Fixture *f, const guint8 *bytes, gsize len, const char *response)
{
  dfu_link_write_control(f->link, bytes, len);
  expect_both(f, "CONTROL", response);
}

static void write_ordered(Fixture *f, const guint8 *bytes, gsize len)
{
  dfu_link_write_packets(f->link, bytes, len, PACKET_BYTES, DFU_LINK_ORDERED);
}

#define REQUEST(f, response, ...) \
  request(f, (const guint8[]){ __VA_ARGS__ }, sizeof((const guint8[]){ __VA_ARGS__ }), response)

/* The image is zeroes; its CRC-16, by Python's binascii.crc_hqx(bytes(204800), 0xffff), is 3840. */
static const guint8 image[IMAGE_BYTES];
static const guint8 sizes[12] = { [8] = 0x00, 0x20, 0x03, 0x00 };
static const guint8 init_packet[14] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0x01, 0x00, 0xfe, 0xff, 0x40, 0x38 };

/* Start and init packet: ready for the image. */
static void prepare_transfer(Fixture *f)
{
  subscribe(f);
  dfu_link_write_control(f->link, (const guint8[]){ 0x01, 0x04 }, 2);
  link_recorder_expect(f->events, "CONTROL");
  write_ordered(f, sizes, sizeof sizes);
  expect_both(f, "PACKETS", "NOTIFIED 10 01 01");
  REQUEST(f, NULL, 0x02, 0x00);
  write_ordered(f, init_packet, sizeof init_packet);
  link_recorder_expect(f->events, "PACKETS");
  REQUEST(f, "NOTIFIED 10 02 01", 0x02, 0x01);
}

/* Events up to LOST, without PACKETS, whose place among the receipts is not fixed. */
static char *collect_until_lost(Fixture *f)
{
  GString *seen = g_string_new(NULL);
  const char *event;

  do {
    event = link_recorder_next(f->events);
    if (strcmp(event, "PACKETS") != 0)
      g_string_append_printf(seen, "%s;", event);
  } while (strcmp(event, "LOST") != 0);
  return g_string_free(seen, FALSE);
}

static char *describe_receipt(gsize received_bytes)
{
  return g_strdup_printf(
      "NOTIFIED 11 %02x %02x %02x %02x", (guint)received_bytes & 0xff,
      (guint)(received_bytes >> 8) & 0xff, (guint)(received_bytes >> 16) & 0xff,
      (guint)(received_bytes >> 24) & 0xff);
}

static void connect_tells_what_the_device_shows(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  make_link(f, NULL, "c4:12:ab:00:11:22", NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  assert_string_equal(link_recorder_next(f->events),
                      "UP mtu=23 revision=0008 packet " ADDRESS " DfuTarg");
}

static void connect_finds_a_device_by_its_name(void **state)
{
  Fixture *f = *state;

  start(f, "--name=Bench \xe2\x80\xae" "7", "--mtu=247", NULL);
  make_link(f, "hci0", NULL, "Bench \xe2\x80\xae" "7");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  assert_string_equal(link_recorder_next(f->events),
                      "UP mtu=247 revision=0008 packet " ADDRESS " Bench \xef\xbf\xbd" "7");
}

static void connect_without_a_device_is_not_found(void **state)
{
  Fixture *f = *state;

  start(f, "--absent", NULL);
  make_link(f, NULL, ADDRESS, NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 1000);
  link_recorder_expect(f->events, "FAILED not-found 5 " ADDRESS " was not heard within 1 s; ");
}

static void connect_without_an_adapter_says_so(void **state)
{
  Fixture *f = *state;

  start(f, "--no-adapter", NULL);
  make_link(f, NULL, ADDRESS, NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(f->events, "FAILED lasting 4 this host has no Bluetooth adapter");
}

static void connect_with_the_adapter_off_says_how_to_switch_it_on(void **state)
{
  Fixture *f = *state;
  const char *event;

  start(f, "--powered-off", NULL);
  make_link(f, NULL, ADDRESS, NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  event = link_recorder_expect(f->events, "FAILED lasting 4 Bluetooth adapter hci0 is powered off");
  assert_true(strstr(event, "bluetoothctl power on") != NULL || strstr(event, "rfkill") != NULL);
}

static void connect_with_another_adapter_than_there_is_says_so(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  make_link(f, "hci7", ADDRESS, NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(f->events, "FAILED lasting 4 there is no Bluetooth adapter hci7");
}

static void connect_without_a_bus_says_so(void **state)
{
  Fixture *f = *state;

  g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  make_link(f, NULL, ADDRESS, NULL);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(f->events, "FAILED lasting 4 no D-Bus system bus: ");
}

static void disconnect_is_answered_in_every_state(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  make_link(f, NULL, ADDRESS, NULL);
  dfu_link_disconnect(f->link); /* never connected */
  link_recorder_expect(f->events, "LOST");
  for (guint ms = 0; ms < 60; ms += 5) { /* at whatever step of connecting that is */
    dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
    link_recorder_pass(ms);
    dfu_link_disconnect(f->link);
    while (strcmp(link_recorder_next(f->events), "LOST") != 0)
      continue;
  }
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(f->events, "UP ");
  dfu_link_disconnect(f->link);
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  link_recorder_expect_silence(f->events, 200);
}

static void connect_again_after_a_disconnect_succeeds(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  connect_link(f);
  for (int round = 0; round < 3; round++) {
    subscribe(f);
    REQUEST(f, "NOTIFIED 10 07 01 00 00 00 00", 0x07);
    dfu_link_disconnect(f->link);
    link_recorder_expect(f->events, "LOST");
    dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
    link_recorder_expect(f->events, "UP ");
  }
}

static void connect_again_tells_the_mtu_again(void **state)
{
  Fixture *f = *state;

  start(f, "--mtu=247", NULL);
  make_link(f, NULL, ADDRESS, NULL);
  for (int round = 0; round < 2; round++) {
    dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
    link_recorder_expect(f->events, "UP mtu=247 revision=0008 packet " ADDRESS " DfuTarg");
    dfu_link_disconnect(f->link);
    link_recorder_expect(f->events, "LOST");
  }
}

static void a_device_left_connected_is_taken_over(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  connect_link(f);
  {
    g_autoptr(GError) error = NULL;
    g_autoptr(DfuLink) second = dfu_bluez_link_new(NULL, ADDRESS, NULL, &error);
    g_autoptr(LinkRecorder) events = link_recorder_new(second);

    dfu_link_connect(second, DFU_LINK_FIND_DEVICE, CONNECT_MS);
    link_recorder_expect(events, "UP ");
    link_recorder_expect_silence(f->events, 50);
  }
  /* The second one ended the connection for both. */
  link_recorder_expect(f->events, "LOST");
}

static void subscribe_while_another_has_the_descriptor_says_so(void **state)
{
  Fixture *f = *state;
  g_autoptr(GError) error = NULL;
  g_autoptr(DfuLink) second = dfu_bluez_link_new(NULL, ADDRESS, NULL, &error);
  g_autoptr(LinkRecorder) events = link_recorder_new(second);

  start(f, NULL);
  connect_link(f);
  subscribe(f);
  dfu_link_connect(second, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(events, "UP ");
  dfu_link_subscribe(second);
  link_recorder_expect(events, "SUBSCRIBED att=00 switching notifications on: "
                               "org.bluez.Error.NotPermitted: Notify acquired. Another program");
}

static void write_control_tells_the_att_error(void **state)
{
  Fixture *f = *state;

  start(f, "--fault=att=start:0x80", NULL);
  connect_link(f);
  dfu_link_write_control(f->link, (const guint8[]){ 0x07 }, 1); /* not subscribed */
  link_recorder_expect(f->events, "CONTROL att=fd writing the control point: ");
  subscribe(f);
  dfu_link_write_control(f->link, (const guint8[]){ 0x01, 0x04 }, 2);
  link_recorder_expect(f->events, "CONTROL att=80 writing the control point: "
                                  "org.bluez.Error.Failed: Operation failed with ATT error: 0x80");
  REQUEST(f, "NOTIFIED 10 07 01 00 00 00 00", 0x07);
}

static void packets_arrive_in_order_by_either_way(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  connect_link(f);
  prepare_transfer(f);
  REQUEST(f, NULL, 0x08, 0x01, 0x00);
  REQUEST(f, NULL, 0x03);
  for (int packet = 0; packet < 12; packet++) {
    /* The descriptor is acquired, released for a call, and acquired again. */
    DfuLinkOrder order = packet % 4 < 2 ? DFU_LINK_STREAM : DFU_LINK_ORDERED;

    g_autofree char *receipt = describe_receipt((gsize)(packet + 1) * PACKET_BYTES);

    dfu_link_write_packets(f->link, image, PACKET_BYTES, PACKET_BYTES, order);
    expect_both(f, "PACKETS", receipt);
    if (packet % 4 == 3)
      link_recorder_pass(20);
  }
}

typedef struct {
  Fixture *f;
  gsize sent_bytes;
  gsize received_bytes;
  guint n_receipts;
  gboolean is_writing;
  gboolean is_complete;
} Transfer;

static void send_window(Transfer *transfer)
{
  gsize limit = MIN(IMAGE_BYTES, transfer->received_bytes + 8 * PACKET_BYTES);

  if (transfer->is_writing || limit <= transfer->sent_bytes)
    return;
  transfer->is_writing = TRUE;
  dfu_link_write_packets(transfer->f->link, image + transfer->sent_bytes,
                         limit - transfer->sent_bytes, PACKET_BYTES, DFU_LINK_STREAM);
  transfer->sent_bytes = limit;
}

static void on_transfer_event(const DfuLinkEvent *event, gpointer user_data)
{
  Transfer *transfer = user_data;

  if (event->type == DFU_LINK_PACKETS_WRITTEN)
    transfer->is_writing = FALSE;
  else if (event->type == DFU_LINK_NOTIFIED && event->len == 5 && event->bytes[0] == 0x11)
    transfer->received_bytes = ++transfer->n_receipts * 4 * PACKET_BYTES;
  else if (event->type == DFU_LINK_NOTIFIED && memcmp(event->bytes, "\x10\x03\x01", 3) == 0)
    transfer->is_complete = TRUE;
  else
    fail_msg("event %d after %u receipts", event->type, transfer->n_receipts);
  send_window(transfer);
}

static gint64 cpu_us(void)
{
  struct rusage usage;

  getrusage(RUSAGE_SELF, &usage);
  return (gint64)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
         usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* The whole of an image, a receipt every 4 packets and 8 in flight. */
static void a_whole_image_goes_out_fast(void **state)
{
  Fixture *f = *state;
  Transfer transfer = { .f = f };
  gint64 began_us;
  gint64 began_cpu_us;

  start(f, NULL);
  connect_link(f);
  prepare_transfer(f);
  REQUEST(f, NULL, 0x08, 0x04, 0x00);
  REQUEST(f, NULL, 0x03);
  began_us = g_get_monotonic_time();
  began_cpu_us = cpu_us();
  dfu_link_set_handler(f->link, on_transfer_event, &transfer);
  send_window(&transfer);
  while (!transfer.is_complete)
    g_main_context_iteration(NULL, TRUE);
  assert_int_equal(transfer.n_receipts, IMAGE_BYTES / PACKET_BYTES / 4 - 1);
  print_message("%d bytes in %d-byte packets: %.2f s, %.2f s of CPU time here\n", IMAGE_BYTES,
                PACKET_BYTES, (double)(g_get_monotonic_time() - began_us) / G_USEC_PER_SEC,
                (double)(cpu_us() - began_cpu_us) / G_USEC_PER_SEC);
  link_recorder_free(f->events);
  f->events = link_recorder_new(f->link);
  REQUEST(f, "NOTIFIED 10 04 01", 0x04);
}

static void a_link_lost_in_the_middle_is_told_once_after_what_came_before(void **state)
{
  Fixture *f = *state;
  g_autofree char *seen = NULL;

  start(f, "--fault=lose=100:1", NULL);
  connect_link(f);
  prepare_transfer(f);
  REQUEST(f, NULL, 0x08, 0x02, 0x00);
  REQUEST(f, NULL, 0x03);
  dfu_link_write_packets(f->link, image, 200, PACKET_BYTES, DFU_LINK_STREAM);
  seen = collect_until_lost(f);
  assert_string_equal(seen, "NOTIFIED 11 28 00 00 00;NOTIFIED 11 50 00 00 00;LOST;");
  link_recorder_expect_silence(f->events, 500);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
  link_recorder_expect(f->events, "UP ");
  subscribe(f);
  REQUEST(f, "NOTIFIED 10 07 01 64 00 00 00", 0x07);
}

static void a_daemon_that_ends_is_a_lost_link_and_then_no_bluetooth(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  connect_link(f);
  subscribe(f);
  dfu_test_signal(f->run, SIGTERM);
  link_recorder_expect(f->events, "LOST");
  link_recorder_expect_silence(f->events, 100);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 1500);
  link_recorder_expect(f->events, "FAILED lasting 4 ");
}

static void watch_tells_the_application_from_the_bootloader(void **state)
{
  static const struct {
    const char *after;
    const char *seen;
  } rows[] = {
    { "--after-activate=application", "SEEN application " BELOW },
    { "--after-activate=dfu", "SEEN dfu " ADDRESS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    Fixture *f = NULL;

    set_up((void **)&f);
    start(f, rows[i].after, NULL);
    connect_link(f);
    subscribe(f);
    dfu_link_write_control(f->link, (const guint8[]){ 0x06 }, 1); /* restarts */
    while (strcmp(link_recorder_next(f->events), "LOST") != 0)
      continue;
    dfu_link_watch(f->link, CONNECT_MS);
    link_recorder_expect(f->events, "SEEN ");
    dfu_link_disconnect(f->link);
    while (strcmp(link_recorder_next(f->events), "LOST") != 0)
      continue;
    assert_int_equal(tear_down((void **)&f), 0);
  }
  (void)state;
}

static void on_scanned(const DfuDevice *device, const GError *error, gpointer user_data)
{
  GString *seen = user_data;

  assert_null(error);
  if (device == NULL)
    g_string_append(seen, "end");
  else
    g_string_append_printf(seen, "%s %s %s %d;", device->address, device->address_type,
                           device->name, device->kind);
}

static void scan_reports_the_device_and_ends(void **state)
{
  Fixture *f = *state;
  g_autoptr(GString) seen = g_string_new(NULL);
  g_autoptr(DfuBluezScan) scan = NULL;

  start(f, "--name=A\x1b[2J", NULL);
  scan = dfu_bluez_scan_new(NULL, 1, on_scanned, seen);
  while (!g_str_has_suffix(seen->str, "end"))
    g_main_context_iteration(NULL, TRUE);
  assert_string_equal(seen->str, ADDRESS " random A\xef\xbf\xbd[2J 0;end");
}

static void free_in_every_state_leaves_nothing_behind(void **state)
{
  Fixture *f = *state;

  start(f, NULL);
  for (guint ms = 0; ms < 100; ms += 10) {
    make_link(f, NULL, ADDRESS, NULL);
    dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, CONNECT_MS);
    link_recorder_pass(ms);
    g_clear_pointer(&f->link, dfu_link_free);
    g_clear_pointer(&f->events, link_recorder_free);
  }
  connect_link(f);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    TEST(connect_tells_what_the_device_shows),
    TEST(connect_finds_a_device_by_its_name),
    TEST(connect_without_a_device_is_not_found),
    TEST(connect_without_an_adapter_says_so),
    TEST(connect_with_the_adapter_off_says_how_to_switch_it_on),
    TEST(connect_with_another_adapter_than_there_is_says_so),
    TEST(connect_without_a_bus_says_so),
    TEST(disconnect_is_answered_in_every_state),
    TEST(connect_again_after_a_disconnect_succeeds),
    TEST(connect_again_tells_the_mtu_again),
    TEST(a_device_left_connected_is_taken_over),
    TEST(subscribe_while_another_has_the_descriptor_says_so),
    TEST(write_control_tells_the_att_error),
    TEST(packets_arrive_in_order_by_either_way),
    TEST(a_whole_image_goes_out_fast),
    TEST(a_link_lost_in_the_middle_is_told_once_after_what_came_before),
    TEST(a_daemon_that_ends_is_a_lost_link_and_then_no_bluetooth),
    TEST(watch_tells_the_application_from_the_bootloader),
    TEST(scan_reports_the_device_and_ends),
    TEST(free_in_every_state_leaves_nothing_behind),
  };

  program_path = argc > 1 ? argv[1] : g_getenv("DFU_BLE_TARGET");
  if (program_path == NULL) {
    g_printerr("usage: %s PATH-OF-dfu-ble-target\n", argv[0]);
    return 77;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
