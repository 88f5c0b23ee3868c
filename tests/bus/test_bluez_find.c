/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the link over BlueZ looks for the device, when it connects one that it has
 * not heard, and what it does about what BlueZ remembers. No other program is needed.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/fake_fixture.h"
#include "wire/uuids.h"

#define BELOW "C4:12:AB:00:11:21"
#define ABOVE "C4:12:AB:00:11:23"
#define HEART_RATE "0000180d-0000-1000-8000-00805f9b34fb"

static void connect_after_one_that_was_not_answered_waits_to_hear_the_device(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  f->fake->is_off = TRUE;
  fake_bluez_mute(f->fake, "Connect");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 300);
  link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  g_hash_table_remove_all(f->fake->mute);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 300);
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 1);
  fake_bluez_advertise(f->fake);
  link_recorder_expect(f->events, "UP ");
}

static void connect_after_a_loss_waits_to_hear_the_device(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  f->fake->is_off = TRUE;
  fake_bluez_drop_link(f->fake);
  assert_string_equal(link_recorder_next(f->events), "LOST");
  g_string_truncate(f->fake->calls, 0);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 300);
  assert_string_equal(f->fake->calls->str,
                      "GetManagedObjects;SetDiscoveryFilter;StartDiscovery;");
  fake_bluez_advertise(f->fake);
  link_recorder_expect(f->events, "UP ");
  assert_true(g_str_has_suffix(f->fake->calls->str,
                               "StartDiscovery;StopDiscovery;SetDiscoveryFilter;Connect;"
                               "GetManagedObjects;ReadValue;"));
}

/* As a bootloader that advertises to its bonded central alone is. */
static void connect_tries_a_device_that_is_not_heard_for_long(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  f->fake->is_off = TRUE;
  fake_bluez_drop_link(f->fake);
  assert_string_equal(link_recorder_next(f->events), "LOST");
  fake_fixture_connect(f);
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 2);
}

static void target_is_found_at_its_own_address(void **state)
{
  FakeFixture *f = *state;

  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 revision=0008 packet " FAKE_ADDRESS " DfuTarg");
}

static void target_is_found_at_the_address_above(void **state)
{
  FakeFixture *f = *state;

  f->fake->left_behind = FAKE_ADDRESS;
  f->fake->address = ABOVE;
  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 revision=0008 packet " ABOVE " DfuTarg");
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 1);
}

/* Its own address stays what it was, however often the device moves. */
static void target_is_found_at_its_own_address_after_it_was_above(void **state)
{
  FakeFixture *f = *state;

  f->fake->address = ABOVE;
  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 revision=0008 packet " ABOVE);
  fake_bluez_drop_link(f->fake);
  assert_string_equal(link_recorder_next(f->events), "LOST");
  f->fake->address = FAKE_ADDRESS;
  f->fake->is_known = FALSE;
  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 revision=0008 packet " FAKE_ADDRESS);
}

static void neighbours_that_are_not_the_device_are_passed_over(void **state)
{
  static const struct {
    const char *address;
    const char *type;
    const char *service;
    DfuLinkFind find;
  } rows[] = {
    { ABOVE, "random", DFU_UUID_SERVICE, DFU_LINK_FIND_DEVICE },
    { ABOVE, "random", HEART_RATE, DFU_LINK_FIND_TARGET },
    { ABOVE, "random", HEART_RATE, DFU_LINK_FIND_ANY },
    { ABOVE, "public", DFU_UUID_SERVICE, DFU_LINK_FIND_TARGET },
    { BELOW, "public", HEART_RATE, DFU_LINK_FIND_ANY },
    { BELOW, "random", DFU_UUID_SERVICE, DFU_LINK_FIND_TARGET },
  };
  FakeFixture *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    f->fake->is_known = FALSE;
    f->fake->address = rows[i].address;
    f->fake->address_type = rows[i].type;
    f->fake->service = rows[i].service;
    dfu_link_connect(f->link, rows[i].find, 200);
    link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  }
  assert_int_equal(fake_bluez_count(f->fake, "Connect"), 0);
}

/* Only where its name is told, and it advertises the service too. */
static void target_at_any_address_is_found_by_its_name(void **state)
{
  static const char elsewhere[] = "E6:DF:00:00:00:99";
  FakeFixture *f = *state;

  f->fake->is_known = FALSE;
  f->fake->address = elsewhere;
  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, 200);
  link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  dfu_bluez_link_set_target_name(f->link, "DfuTarg");
  f->fake->is_known = FALSE;
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 200);
  link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  f->fake->is_known = FALSE;
  f->fake->service = HEART_RATE;
  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, 200);
  link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  f->fake->is_known = FALSE;
  f->fake->service = DFU_UUID_SERVICE;
  dfu_link_connect(f->link, DFU_LINK_FIND_TARGET, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 revision=0008 packet E6:DF:00:00:00:99 DfuTarg");
}

static void anything_is_found_at_the_address_below(void **state)
{
  FakeFixture *f = *state;

  f->fake->address = BELOW;
  f->fake->service = HEART_RATE;
  dfu_link_connect(f->link, DFU_LINK_FIND_ANY, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "FAILED lasting 7 " BELOW " has no legacy DFU service");
}

static void device_that_is_not_heard_is_said_to_be_above(void **state)
{
  FakeFixture *f = *state;
  const char *event;

  f->fake->address = ABOVE;
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 200);
  event = link_recorder_expect(f->events, "FAILED not-found 5 " FAKE_ADDRESS " was not heard");
  assert_non_null(strstr(event, "`--addr " ABOVE "`"));
}

static void connect_stops_its_discovery_before_it_connects(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  assert_string_equal(f->fake->calls->str,
                      "GetManagedObjects;SetDiscoveryFilter;StartDiscovery;StopDiscovery;"
                      "SetDiscoveryFilter;"
                      "Connect;GetManagedObjects;ReadValue;");
}

/* bluetoothd loses the answer to a StartDiscovery when another client's comes in between. */
static void discovery_that_is_on_already_is_used(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_discovering = TRUE;
  fake_bluez_fail(f->fake, "StartDiscovery", 9, "org.bluez.Error.InProgress",
                  "Operation already in progress");
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 100);
  fake_bluez_advertise(f->fake);
  link_recorder_expect(f->events, "UP ");
}

static void connect_to_a_known_device_needs_no_discovery(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_known = TRUE;
  fake_fixture_connect(f);
  assert_string_equal(f->fake->calls->str, "GetManagedObjects;Connect;GetManagedObjects;ReadValue;");
}

static void disconnect_ends_the_discovery(void **state)
{
  FakeFixture *f = *state;

  f->fake->is_off = TRUE;
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect_silence(f->events, 100);
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  link_recorder_pass(50);
  assert_int_equal(fake_bluez_count(f->fake, "StartDiscovery"), 1);
  assert_int_equal(fake_bluez_count(f->fake, "StopDiscovery"), 1);
}

static void watch_passes_over_what_bluez_remembers(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  f->fake->is_paired = TRUE;
  f->fake->is_off = TRUE;
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  /* BlueZ tells of a bonded device's pairing with the objects, which the watch reads. */
  dfu_link_watch(f->link, 2000);
  link_recorder_expect_silence(f->events, 100);
  fake_bluez_advertise(f->fake);
  link_recorder_expect_silence(f->events, 200);
}

static void watch_tells_what_is_advertised_afresh(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  f->fake->is_off = TRUE;
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  dfu_link_watch(f->link, 500);
  link_recorder_expect_silence(f->events, 100);
  assert_int_equal(fake_bluez_count(f->fake, "RemoveDevice"), 1);
  fake_bluez_advertise(f->fake);
  assert_string_equal(link_recorder_next(f->events), "SEEN dfu " FAKE_ADDRESS);
  link_recorder_expect_silence(f->events, 500);
  fake_bluez_advertise(f->fake); /* the time is over */
  link_recorder_expect_silence(f->events, 50);
  assert_int_equal(fake_bluez_count(f->fake, "StopDiscovery"), 2);
}

static void watch_outlasts_a_restart_of_the_daemon(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  f->fake->is_off = TRUE;
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  fake_bluez_mute(f->fake, "RemoveDevice");
  dfu_link_watch(f->link, 5000);
  link_recorder_expect_silence(f->events, 50);
  fake_bluez_stop(f->fake);
  link_recorder_expect_silence(f->events, 50);
  fake_bluez_start(f->fake);
  f->fake->is_off = FALSE;
  assert_string_equal(link_recorder_next(f->events), "SEEN dfu " FAKE_ADDRESS);
}

/* With the power goes the discovery, and nobody says so. */
static void watch_outlasts_an_adapter_that_is_switched_off_and_on(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  f->fake->is_off = TRUE;
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  dfu_link_watch(f->link, 5000);
  link_recorder_expect_silence(f->events, 50);
  fake_bluez_set_powered(f->fake, FALSE);
  link_recorder_expect_silence(f->events, 50);
  fake_bluez_set_powered(f->fake, TRUE);
  f->fake->is_off = FALSE;
  assert_string_equal(link_recorder_next(f->events), "SEEN dfu " FAKE_ADDRESS);
}

static void forget_removes_the_device(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  dfu_link_forget(f->link);
  fake_fixture_connect(f);
  assert_int_equal(fake_bluez_count(f->fake, "RemoveDevice"), 1);
  assert_int_equal(fake_bluez_count(f->fake, "StartDiscovery"), 2);
}

static void connect_waits_until_the_device_is_forgotten(void **state)
{
  FakeFixture *f = *state;

  fake_fixture_connect(f);
  dfu_link_disconnect(f->link);
  link_recorder_expect(f->events, "LOST");
  fake_bluez_mute(f->fake, "RemoveDevice");
  dfu_link_forget(f->link);
  g_string_truncate(f->fake->calls, 0);
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, 300);
  link_recorder_expect(f->events, "FAILED ");
  assert_string_equal(f->fake->calls->str, "RemoveDevice;");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, fake_fixture_set_up, fake_fixture_tear_down)
    TEST(connect_after_one_that_was_not_answered_waits_to_hear_the_device),
    TEST(connect_after_a_loss_waits_to_hear_the_device),
    TEST(connect_tries_a_device_that_is_not_heard_for_long),
    TEST(target_is_found_at_its_own_address),
    TEST(target_is_found_at_the_address_above),
    TEST(target_is_found_at_its_own_address_after_it_was_above),
    TEST(neighbours_that_are_not_the_device_are_passed_over),
    TEST(target_at_any_address_is_found_by_its_name),
    TEST(anything_is_found_at_the_address_below),
    TEST(device_that_is_not_heard_is_said_to_be_above),
    TEST(connect_stops_its_discovery_before_it_connects),
    TEST(discovery_that_is_on_already_is_used),
    TEST(connect_to_a_known_device_needs_no_discovery),
    TEST(disconnect_ends_the_discovery),
    TEST(watch_passes_over_what_bluez_remembers),
    TEST(watch_tells_what_is_advertised_afresh),
    TEST(watch_outlasts_a_restart_of_the_daemon),
    TEST(watch_outlasts_an_adapter_that_is_switched_off_and_on),
    TEST(forget_removes_the_device),
    TEST(connect_waits_until_the_device_is_forgotten),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
