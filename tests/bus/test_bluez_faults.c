/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The link over BlueZ when bluetoothd refuses, fails, vanishes or does what it
 * was seen to do and documentation does not tell. No other program is needed.
 */
#include <dfu/bluez.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/cmocka_all.h"
#include "lib/fake_fixture.h"
#include "wire/uuids.h"

#define FAILED "org.bluez.Error.Failed"
#define NOT_PERMITTED "org.bluez.Error.NotPermitted"
#define HEART_RATE "0000180d-0000-1000-8000-00805f9b34fb"
#define ABORT "le-connection-abort-by-local"

static void subscribe(FakeFixture *f)
{
  dfu_link_subscribe(f->link);
  assert_string_equal(link_recorder_next(f->events), "SUBSCRIBED");
}

static void write_control(FakeFixture *f, guint8 byte)
{
  dfu_link_write_control(f->link, &byte, 1);
}

static void notify(FakeFixture *f, guint8 byte)
{
  fake_bluez_notify(f->fake, &byte, 1);
}

static void connect_tells_of_device_information(void **state)
{
  FakeFixture *f = *state;

  f->fake->info[0] = "Adafruit Industries";
  f->fake->info[1] = "nRF52\033[2J";
  f->fake->info[2] = "0.9.2 s140 6.1.1";
  f->fake->packet_flags = "write-without-response write";
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect(f->events,
                       "UP mtu=23 revision=0008 packet+write " FAKE_ADDRESS
                       " DfuTarg [Adafruit Industries|nRF52\357\277\275[2J|0.9.2 s140 6.1.1]");
  assert_int_equal(fake_bluez_count(f->fake, "ReadValue"), 4);
}

static void connect_does_without_device_information_that_is_refused(void **state)
{
  FakeFixture *f = *state;

  f->fake->info[0] = "Adafruit Industries";
  f->fake->info[1] = "Feather";
  fake_bluez_fail(f->fake, "ReadValue", 2, NOT_PERMITTED, "Read not permitted");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 packet " FAKE_ADDRESS " DfuTarg [|Feather|]");
}

static void connect_does_not_wait_long_for_device_information(void **state)
{
  FakeFixture *f = *state;
  gint64 began_us = g_get_monotonic_time();

  f->fake->info[0] = "Adafruit Industries";
  f->fake->n_reads = 1; /* of DFU Revision */
  fake_fixture_connect(f);
  assert_true(g_get_monotonic_time() - began_us < 3 * G_TIME_SPAN_SECOND);
}

/* bluetoothd 5.66: the socket is connected before the kernel's event says that the device is. */
static void connect_that_no_signal_tells_of_is_asked_for(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_silent = TRUE;
  fake_fixture_connect(f);
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 1);
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 0);
  subscribe(f);
  fake_bluez_drop_link(f->fake);
  link_recorder_expect(f->events, "LOST");
}

static void connect_tries_again_after_a_passing_fault(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_fail(f->fake, "Connect", 1, FAILED, ABORT);
  fake_bluez_fail(f->fake, "Connect", 1, FAILED, "Software caused connection abort");
  fake_fixture_connect(f);
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 3);
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 0);
}

static void connect_gives_up_after_five_tries_and_says_why(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_fail(f->fake, "Connect", 9, FAILED, ABORT);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "FAILED passing 6 after 5 tries: connecting to " FAKE_ADDRESS
                                  ": " FAILED ": " ABORT);
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 5);
}

static void connect_in_progress_elsewhere_is_not_broken_off(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_fail(f->fake, "Connect", 1, "org.bluez.Error.InProgress",
                  "Operation already in progress");
  fake_fixture_connect(f);
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 0);
}

static void connect_that_is_never_answered_is_taken_back(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_mute(f->fake, "Connect");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 300);
  link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 1);
}

/* The call is never answered then. */
static void connect_to_a_device_that_is_removed_is_made_again_at_once(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_mute(f->fake, "Connect");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 100);
  g_hash_table_remove_all(f->fake->mute);
  fake_bluez_remove_device(f->fake);
  link_recorder_expect(f->events, "UP ");
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 0);
}

static void connect_to_a_bonded_device_that_fails_names_the_remedy(void **state)
{
  FakeFixture *f = *state;
  const char *event;

  f->fake->is_paired = TRUE;
  fake_bluez_fail(f->fake, "Connect", 9, FAILED, ABORT);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 900);
  event = link_recorder_expect(f->events, "FAILED passing 6 after ");
  assert_non_null(strstr(event, "`bluetoothctl remove " FAKE_ADDRESS "`"));
}

static void disconnect_takes_a_connect_back(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_mute(f->fake, "Connect");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 100);
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 1);
}

static void free_takes_a_connect_back(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_mute(f->fake, "Connect");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 100);
  g_clear_pointer(&f->link, dfu_link_free);
  link_recorder_pass(50);
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 1);
}

static void connect_without_permission_names_the_group(void **state)
{
  FakeFixture *f = *state;
  const char *event;

  fake_bluez_fail(f->fake, "GetManagedObjects", 1, "org.freedesktop.DBus.Error.AccessDenied",
                  "Rejected send message");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  event = link_recorder_expect(f->events, "FAILED lasting 4 asking bluetoothd for its objects: ");
  assert_non_null(strstr(event, "the group `bluetooth`"));
}

static void connect_with_stale_services_forgets_them_once(void **state)
{
  FakeFixture *f = *state;
  const char *event;

  f->fake->is_known = TRUE;
  f->fake->has_cache = TRUE;
  f->fake->service = HEART_RATE;
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  event = link_recorder_expect(f->events, "FAILED lasting 7 " FAKE_ADDRESS);
  assert_non_null(strstr(event, "has no legacy DFU service"));
  assert_int_equal(fake_bluez_count(f->fake, "RemoveDevice"), 1);
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 2);
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 2);
}

static void connect_does_not_forget_a_bonded_device(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  f->fake->is_paired = TRUE;
  f->fake->has_cache = TRUE;
  f->fake->service = DFU_UUID_SECURE_SERVICE;
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "FAILED lasting 7 " FAKE_ADDRESS " is a Secure DFU device");
  assert_int_equal(fake_bluez_count(f->fake, "RemoveDevice"), 0);
}

static void connect_to_a_mute_device_is_a_passing_fault(void **state)
{
  FakeFixture *f = *state;

  f->fake->service = NULL; /* resolved, and no object */
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 1500);
  link_recorder_expect(f->events, "FAILED passing 6 ");
}

static void connect_hears_of_an_adapter_that_is_switched_off(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_off = TRUE;
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 400);
  link_recorder_expect_silence(f->events, 100);
  fake_bluez_set_powered(f->fake, FALSE);
  link_recorder_expect(f->events, "FAILED lasting 4 the Bluetooth adapter was switched off");
}

static void a_write_that_needs_a_bond_names_the_remedy(void **state)
{
  FakeFixture *f = *state;
  const char *event;

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "WriteValue", 1, NOT_PERMITTED, "Not paired");
  write_control(f, 0x07);
  event = link_recorder_expect(f->events, "CONTROL att=05 ");
  assert_non_null(strstr(event, "`bluetoothctl remove " FAKE_ADDRESS "`"));
}

static void a_daemon_that_comes_back_is_connected_again(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  subscribe(f);
  fake_bluez_stop(f->fake);
  assert_string_equal(link_recorder_next(f->events), "LOST");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 500);
  fake_bluez_start(f->fake);
  link_recorder_expect(f->events, "UP ");
}

static gboolean on_started(gpointer user_data)
{
  fake_bluez_start(user_data);
  return G_SOURCE_REMOVE;
}

static gboolean on_settled(gpointer user_data)
{
  fake_bluez_set_powered(user_data, TRUE);
  return G_SOURCE_REMOVE;
}

/* It has its name before it has its adapter on. */
static void a_daemon_that_is_started_is_given_time(void **state)
{
  FakeFixture *f = *state;

  fake_bluez_free(f->fake);
  f->fake = fake_bluez_new_activatable();
  fake_bluez_stop(f->fake);
  f->fake->is_powered = FALSE;
  g_timeout_add(100, on_started, f->fake);
  g_timeout_add(600, on_settled, f->fake);
  fake_fixture_connect(f);
}

static void a_daemon_that_goes_while_connecting_is_waited_for(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_bluez_mute(f->fake, "Connect");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  while (fake_bluez_count(f->fake, "Connect") == 0)
    link_recorder_expect_silence(f->events, 10);
  fake_bluez_stop(f->fake);
  g_hash_table_remove_all(f->fake->mute);
  link_recorder_expect_silence(f->events, 100);
  fake_bluez_start(f->fake);
  link_recorder_expect(f->events, "UP ");
}

static void notifications_come_before_the_loss_that_follows_them(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  subscribe(f);
  for (guint8 i = 0; i < 100; i++)
    notify(f, i);
  fake_bluez_drop_link(f->fake);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *wanted = g_strdup_printf("NOTIFIED %02x", i);

    assert_string_equal(link_recorder_next(f->events), wanted);
  }
  assert_string_equal(link_recorder_next(f->events), "LOST");
  link_recorder_expect_silence(f->events, 400);
}

static void an_empty_notification_is_no_loss(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  subscribe(f);
  fake_bluez_notify(f->fake, NULL, 0);
  notify(f, 7);
  assert_string_equal(link_recorder_next(f->events), "NOTIFIED");
  assert_string_equal(link_recorder_next(f->events), "NOTIFIED 07");
}

static void a_descriptor_that_ends_alone_ends_the_connection(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  subscribe(f);
  shutdown(f->fake->notify_fd, SHUT_RDWR);
  assert_string_equal(link_recorder_next(f->events), "LOST");
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 1);
}

static void subscribe_goes_by_signals_where_there_is_no_descriptor(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "AcquireNotify", 1, "org.bluez.Error.NotSupported",
                  "Operation is not supported");
  subscribe(f);
  notify(f, 0x10);
  notify(f, 0x10);
  assert_string_equal(link_recorder_next(f->events), "NOTIFIED 10");
  assert_string_equal(link_recorder_next(f->events), "NOTIFIED 10");
}

static void subscribe_tells_the_att_error(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "AcquireNotify", 1, FAILED, "Operation failed with ATT error: 0x80");
  fake_bluez_fail(f->fake, "StartNotify", 1, FAILED, "Operation failed with ATT error: 0x80");
  dfu_link_subscribe(f->link);
  link_recorder_expect(f->events, "SUBSCRIBED att=80 switching notifications on: ");
}

static void services_that_are_replaced_after_connecting_are_found_again(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  subscribe(f);
  fake_bluez_replace_services(f->fake, "service0010");
  write_control(f, 0x07); /* to the object that is gone, as the link does not know yet */
  assert_string_equal(link_recorder_next(f->events), "CONTROL");
  assert_true(g_str_has_suffix(f->fake->calls->str, "AcquireNotify;Write 07;"));
  assert_int_equal(fake_bluez_count(f->fake, "AcquireNotify"), 2);
  notify(f, 0x10);
  assert_string_equal(link_recorder_next(f->events), "NOTIFIED 10");
}

/* bluetoothd drops a request that is under way when it takes the objects away, and says nothing. */
static void a_control_write_that_replaced_services_swallow_ends_the_connection(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  subscribe(f);
  fake_bluez_mute(f->fake, "WriteValue");
  write_control(f, 0x07);
  link_recorder_expect_silence(f->events, 50);
  fake_bluez_replace_services(f->fake, "service0010");
  assert_string_equal(link_recorder_next(f->events), "LOST");
}

static void services_that_are_replaced_in_the_transfer_end_the_connection(void **state)
{
  FakeFixture *f = *state;
  static const guint8 packet[20];

  fake_fixture_connect(f);
  subscribe(f);
  dfu_link_write_packets(f->link, packet, sizeof packet, 20, DFU_LINK_STREAM);
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
  fake_bluez_replace_services(f->fake, "service0010");
  assert_string_equal(link_recorder_next(f->events), "LOST");
}

static void a_control_write_to_an_object_that_is_gone_is_repeated(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "WriteValue", 2, "org.freedesktop.DBus.Error.UnknownObject",
                  "Method \"WriteValue\" doesn't exist");
  write_control(f, 0x07);
  assert_string_equal(link_recorder_next(f->events), "CONTROL");
  assert_int_equal(fake_bluez_count(f->fake, "Write 07"), 3);
}

static void an_answer_of_0x0e_is_a_lost_link(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "WriteValue", 1, FAILED, "Operation failed with ATT error: 0x0e");
  write_control(f, 0x07);
  assert_string_equal(link_recorder_next(f->events), "LOST");
  assert_int_equal(fake_bluez_count(f->fake, "Disconnect"), 1);
}

static void packets_go_as_calls_where_there_is_no_descriptor(void **state)
{
  FakeFixture *f = *state;
  guint8 bytes[12];
  GString *wanted = g_string_new(NULL);

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "AcquireWrite", 1, "org.bluez.Error.NotSupported",
                  "Operation is not supported");
  g_string_truncate(f->fake->calls, 0);
  g_string_append(wanted, "AcquireWrite;");
  for (guint8 i = 0; i < sizeof bytes; i++) {
    bytes[i] = i;
    g_string_append_printf(wanted, "Write %02x;", i);
  }
  dfu_link_write_packets(f->link, bytes, sizeof bytes, 1, DFU_LINK_STREAM);
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
  assert_string_equal(f->fake->calls->str, wanted->str);
  g_string_free(wanted, TRUE);
}

static void packets_go_as_calls_where_a_descriptor_is_denied(void **state)
{
  FakeFixture *f = *state;
  static const guint8 bytes[] = { 1, 2 };

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "AcquireWrite", 1, "org.freedesktop.DBus.Error.AccessDenied",
                  "Rejected send message");
  g_string_truncate(f->fake->calls, 0);
  dfu_link_write_packets(f->link, bytes, sizeof bytes, 1, DFU_LINK_STREAM);
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
  assert_string_equal(f->fake->calls->str, "AcquireWrite;Write 01;Write 02;");
}

static void an_empty_packet_is_written_once_the_descriptor_is_released(void **state)
{
  FakeFixture *f = *state;
  static const guint8 bytes[] = { 1 };

  fake_fixture_connect(f);
  dfu_link_write_packets(f->link, bytes, sizeof bytes, 20, DFU_LINK_STREAM);
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
  fake_bluez_fail(f->fake, "WriteValue", 2, NOT_PERMITTED, "Write acquired");
  g_string_truncate(f->fake->calls, 0);
  dfu_link_write_packets(f->link, NULL, 0, 20, DFU_LINK_ORDERED);
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
  assert_string_equal(f->fake->calls->str, "Write;Write;Write;");
}

static void a_packet_waits_until_the_descriptor_is_released(void **state)
{
  FakeFixture *f = *state;
  static const guint8 bytes[3] = { 1, 2, 3 };

  fake_fixture_connect(f);
  fake_bluez_fail(f->fake, "WriteValue", 3, NOT_PERMITTED, "Write acquired");
  g_string_truncate(f->fake->calls, 0);
  dfu_link_write_packets(f->link, bytes, sizeof bytes, 2, DFU_LINK_ORDERED);
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
  assert_string_equal(f->fake->calls->str,
                      "Write 01 02;Write 01 02;Write 01 02;Write 01 02;Write 03;");
}

static void a_socket_that_is_full_is_waited_for(void **state)
{
  FakeFixture *f = *state;
  static guint8 bytes[200000];
  guint8 packet[32];
  gsize n_packets = 0;

  fake_fixture_connect(f);
  dfu_link_write_packets(f->link, bytes, sizeof bytes, 20, DFU_LINK_STREAM);
  link_recorder_expect_silence(f->events, 100); /* nobody reads: the socket fills */
  while (n_packets < sizeof bytes / 20) {
    if (recv(f->fake->write_fd, packet, sizeof packet, 0) == 20)
      n_packets++;
    else
      link_recorder_pass(1);
  }
  assert_string_equal(link_recorder_next(f->events), "PACKETS");
}

static void link_new_checks_its_arguments(void **state)
{
  static const struct {
    const char *adapter;
    const char *address;
    const char *name;
  } rows[] = {
    { "usb0", FAKE_ADDRESS, NULL }, { "hci", FAKE_ADDRESS, NULL }, { "hci0x", FAKE_ADDRESS, NULL },
    { NULL, "C4:12:AB:00:11", NULL }, { NULL, NULL, NULL }, { NULL, NULL, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;

    assert_null(dfu_bluez_link_new(rows[i].adapter, rows[i].address, rows[i].name, &error));
    assert_true(g_error_matches(error, DFU_ERROR, DFU_ERROR_USAGE));
  }
  (void)state;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, fake_fixture_set_up, fake_fixture_tear_down)
    TEST(connect_tells_of_device_information),
    TEST(connect_does_without_device_information_that_is_refused),
    TEST(connect_does_not_wait_long_for_device_information),
    TEST(connect_that_no_signal_tells_of_is_asked_for),
    TEST(connect_tries_again_after_a_passing_fault),
    TEST(connect_gives_up_after_five_tries_and_says_why),
    TEST(connect_in_progress_elsewhere_is_not_broken_off),
    TEST(connect_that_is_never_answered_is_taken_back),
    TEST(connect_to_a_device_that_is_removed_is_made_again_at_once),
    TEST(connect_to_a_bonded_device_that_fails_names_the_remedy),
    TEST(disconnect_takes_a_connect_back),
    TEST(free_takes_a_connect_back),
    TEST(connect_without_permission_names_the_group),
    TEST(connect_with_stale_services_forgets_them_once),
    TEST(connect_does_not_forget_a_bonded_device),
    TEST(connect_to_a_mute_device_is_a_passing_fault),
    TEST(connect_hears_of_an_adapter_that_is_switched_off),
    TEST(a_write_that_needs_a_bond_names_the_remedy),
    TEST(a_daemon_that_comes_back_is_connected_again),
    TEST(a_daemon_that_is_started_is_given_time),
    TEST(a_daemon_that_goes_while_connecting_is_waited_for),
    TEST(notifications_come_before_the_loss_that_follows_them),
    TEST(an_empty_notification_is_no_loss),
    TEST(a_descriptor_that_ends_alone_ends_the_connection),
    TEST(subscribe_goes_by_signals_where_there_is_no_descriptor),
    TEST(subscribe_tells_the_att_error),
    TEST(services_that_are_replaced_after_connecting_are_found_again),
    TEST(a_control_write_that_replaced_services_swallow_ends_the_connection),
    TEST(services_that_are_replaced_in_the_transfer_end_the_connection),
    TEST(a_control_write_to_an_object_that_is_gone_is_repeated),
    TEST(an_answer_of_0x0e_is_a_lost_link),
    TEST(packets_go_as_calls_where_there_is_no_descriptor),
    TEST(packets_go_as_calls_where_a_descriptor_is_denied),
    TEST(an_empty_packet_is_written_once_the_descriptor_is_released),
    TEST(a_packet_waits_until_the_descriptor_is_released),
    TEST(a_socket_that_is_full_is_waited_for),
    cmocka_unit_test(link_new_checks_its_arguments),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
