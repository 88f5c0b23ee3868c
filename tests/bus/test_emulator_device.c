/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The emulated BlueZ as a client on the bus sees it: finding a device, connecting,
 * disconnecting, and what BlueZ keeps of it. What is expected was observed of
 * bluetoothd 5.66 on Linux 6.1.
 */
#include <string.h>
#include <unistd.h>

#include "lib/cmocka_all.h"
#include "lib/emulator_fixture.h"

static void tree_is_one_adapter_before_discovery(void **state)
{
  Emulator *f = *state;

  emulator_start(f, NULL);
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
  assert_string_equal(bus_client_get(f->client, "hci0", "Powered"), "true");
  assert_string_equal(bus_client_get(f->client, "hci0", "Discovering"), "false");
}

static void no_adapter_leaves_an_empty_tree(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--no-adapter", NULL);
  assert_string_equal(bus_client_objects(f->client), "");
}

static void first_connection_has_the_order_of_bluetoothd(void **state)
{
  Emulator *f = *state;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_trace(f->client),
                      "ok StartDiscovery\n"
                      "hci0 Discovering=true\n"
                      "added dev\n"
                      "ok StopDiscovery\n"
                      "dev -RSSI\n"
                      "hci0 Discovering=false\n"
                      "dev Connected=true\n"
                      "ok Connect\n"
                      "added dev/service0008\n"
                      "added dev/service0008/char0009\n"
                      "added dev/service0008/char0009/desc000b\n"
                      "added dev/service000c\n"
                      "added dev/service000c/char000d\n"
                      "added dev/service000c/char000f\n"
                      "added dev/service000c/char000f/desc0011\n"
                      "added dev/service000c/char0012\n"
                      "dev UUIDs[3] ServicesResolved=true\n");
}

static void properties_are_those_of_a_dfu_target(void **state)
{
  static const struct {
    const char *path, *property, *value;
  } expected[] = {
    {"dev", "Address", "'C4:12:AB:00:11:22'"},
    {"dev", "AddressType", "'random'"},
    {"dev", "Name", "'DfuTarg'"},
    {"dev", "Paired", "false"},
    {"dev", "Connected", "true"},
    {"dev", "RSSI", "org.freedesktop.DBus.Error.InvalidArgs: No such property 'RSSI'"},
    {"dev/service000c", "UUID", "'00001530-1212-efde-1523-785feabcd123'"},
    {"dev/service000c", "Primary", "true"},
    {PACKET, "UUID", "'00001532-1212-efde-1523-785feabcd123'"},
    {PACKET, "Flags", "['write-without-response']"},
    {PACKET, "MTU", "23"},
    {CONTROL, "UUID", "'00001531-1212-efde-1523-785feabcd123'"},
    {CONTROL, "Flags", "['write', 'notify']"},
    {REVISION, "UUID", "'00001534-1212-efde-1523-785feabcd123'"},
    {REVISION, "Flags", "['read']"},
  };
  Emulator *f = *state;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
    assert_string_equal(bus_client_get(f->client, expected[i].path, expected[i].property),
                        expected[i].value);
  }
}

static void name_address_and_mtu_are_options(void **state)
{
  Emulator *f = *state;
  guint16 mtu = 0;

  emulator_start(f, "--name", "Rig 7", "--addr", "ee:00:00:00:00:ff", "--mtu", "247", NULL);
  bus_client_set_device(f->client, "EE:00:00:00:00:FF");
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_get(f->client, "dev", "Name"), "'Rig 7'");
  close(bus_client_acquire(f->client, PACKET, "AcquireWrite", &mtu));
  assert_int_equal(mtu, 247);
}

static void discovery_filter_decides_what_is_heard(void **state)
{
  Emulator *f = *state;
  g_autoptr(BusClient) other = NULL;

  emulator_start(f, NULL);
  other = bus_client_new(f->address);
  assert_string_equal(bus_client_call(f->client, "hci0", "SetDiscoveryFilter",
                                      g_variant_new_parsed("({'Transport': <'bredr'>},)")),
                      "ok SetDiscoveryFilter");
  bus_client_call(f->client, "hci0", "StartDiscovery", NULL);
  g_usleep(100000);
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
  assert_string_equal(
    bus_client_call(f->client, "hci0", "SetDiscoveryFilter",
                    g_variant_new_parsed("({'Transport': <'le'>, 'UUIDs': "
                                         "<['00001530-1212-efde-1523-785feabcd123']>},)")),
    "ok SetDiscoveryFilter");
  bus_client_wait(f->client, "added dev");
  assert_string_equal(bus_client_call(f->client, "hci0", "SetDiscoveryFilter",
                                      g_variant_new_parsed("({'Transport': <7>},)")),
                      "InvalidArguments: Invalid arguments in method call");
}

static void discovery_belongs_to_its_client(void **state)
{
  Emulator *f = *state;
  BusClient *other;

  emulator_start(f, NULL);
  other = bus_client_new(f->address);
  assert_string_equal(bus_client_call(other, "hci0", "StartDiscovery", NULL), "ok StartDiscovery");
  assert_string_equal(bus_client_call(other, "hci0", "StartDiscovery", NULL),
                      "InProgress: Operation already in progress");
  assert_string_equal(bus_client_call(f->client, "hci0", "StopDiscovery", NULL),
                      "Failed: No discovery started");
  bus_client_free(other); /* and with it goes its discovery */
  bus_client_wait(f->client, "hci0 Discovering=false");
}

static void adapter_without_power_refuses(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--powered-off", NULL);
  assert_string_equal(bus_client_call(f->client, "hci0", "StartDiscovery", NULL),
                      "NotReady: Resource Not Ready");
  assert_string_equal(bus_client_set_powered(f->client, TRUE), "ok Set");
  bus_client_connect_device(f->client);
  bus_client_forget(f->client);
  assert_string_equal(bus_client_set_powered(f->client, FALSE), "ok Set");
  bus_client_wait(f->client, "hci0 Powered=false");
  assert_string_equal(bus_client_trace(f->client), "dev ServicesResolved=false Connected=false\n"
                                                   "hci0 Powered=false\n");
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL),
                      "Failed: le-connection-adapter-not-powered");
}

static void unknown_device_is_an_unknown_object(void **state)
{
  Emulator *f = *state;

  emulator_start(f, NULL);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL),
                      "org.freedesktop.DBus.Error.UnknownObject: Method \"Connect\" with signature "
                      "\"\" on interface \"org.bluez.Device1\" doesn't exist\n");
}

static void absent_device_is_not_found(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--absent", NULL);
  assert_string_equal(bus_client_call(f->client, "hci0", "StartDiscovery", NULL),
                      "ok StartDiscovery");
  g_usleep(300000);
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
}

static void second_connect_is_in_progress_and_disconnect_cancels(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--boot-ms", "60000", NULL);
  bus_client_connect_device(f->client);
  close(emulator_acquire(f, CONTROL, "AcquireNotify"));
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "06"); /* System Reset: now it is away for a minute */
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  bus_client_forget(f->client);
  bus_client_send(f->client, "dev", "Connect", NULL);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL),
                      "InProgress: Operation already in progress");
  assert_string_equal(bus_client_call(f->client, "dev", "Disconnect", NULL), "ok Disconnect");
  assert_string_equal(bus_client_trace(f->client),
                      "InProgress: Operation already in progress\n"
                      "Failed: br-connection-canceled\n"
                      "ok Disconnect\n");
}

static void connect_waits_for_the_device(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--boot-ms", "200", "--jump", "same", NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "06");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
}

static void reconnection_adds_nothing(void **state)
{
  Emulator *f = *state;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  bus_client_forget(f->client);
  assert_string_equal(bus_client_call(f->client, "dev", "Disconnect", NULL), "ok Disconnect");
  bus_client_wait(f->client, "dev Connected=false");
  assert_string_equal(bus_client_trace(f->client), "dev ServicesResolved=false\n"
                                                   "ok Disconnect\n"
                                                   "dev Connected=false\n");
  bus_client_forget(f->client);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_wait(f->client, "dev ServicesResolved=true");
  assert_string_equal(bus_client_trace(f->client), "dev Connected=true\n"
                                                   "ok Connect\n"
                                                   "dev ServicesResolved=true\n");
}

static void connect_when_connected_is_ok(void **state)
{
  Emulator *f = *state;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
}

static void disconnect_takes_as_long_as_it_is_told(void **state)
{
  Emulator *f = *state;
  gint64 start_us;

  emulator_start(f, "--disconnect-delay", "300", NULL);
  bus_client_connect_device(f->client);
  start_us = g_get_monotonic_time();
  bus_client_call(f->client, "dev", "Disconnect", NULL);
  assert_in_range(g_get_monotonic_time() - start_us, 300000, 2000000);
}

static void removed_device_is_disconnected_first(void **state)
{
  Emulator *f = *state;
  g_autofree char *path = g_strdup("/org/bluez/hci0/dev_C4_12_AB_00_11_22");

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  bus_client_forget(f->client);
  assert_string_equal(
    bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", path)),
    "ok RemoveDevice");
  assert_string_equal(bus_client_trace(f->client),
                      "dev ServicesResolved=false\n"
                      "dev Connected=false\n"
                      "removed dev/service0008/char0009/desc000b\n"
                      "removed dev/service0008/char0009\n"
                      "removed dev/service0008\n"
                      "removed dev/service000c/char000d\n"
                      "removed dev/service000c/char000f/desc0011\n"
                      "removed dev/service000c/char000f\n"
                      "removed dev/service000c/char0012\n"
                      "removed dev/service000c\n"
                      "removed dev\n"
                      "ok RemoveDevice\n");
  assert_string_equal(bus_client_objects(f->client), "hci0\n");
  assert_string_equal(
    bus_client_call(f->client, "hci0", "RemoveDevice", g_variant_new("(o)", path)),
    "DoesNotExist: Does Not Exist");
}

static void services_that_changed_are_replaced(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--jump", "same", NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "06");
  bus_client_wait(f->client, "dev ServicesResolved=false Connected=false");
  assert_string_equal(bus_client_call(f->client, "dev", "Connect", NULL), "ok Connect");
  bus_client_forget(f->client); /* the bootloader's objects are still there, after Connect */
  bus_client_wait(f->client, "dev UUIDs[3] ServicesResolved=true");
  assert_string_equal(bus_client_trace(f->client),
                      "dev Name='Application'\n"
                      "dev Alias='Application'\n"
                      "removed dev/service000c/char000d\n"
                      "removed dev/service000c/char000f/desc0011\n"
                      "removed dev/service000c/char000f\n"
                      "removed dev/service000c/char0012\n"
                      "removed dev/service000c\n"
                      "added dev/service000c\n"
                      "added dev/service000c/char000d\n"
                      "added dev/service000c/char000d/desc000f\n"
                      "added dev/service000c/char0010\n"
                      "dev UUIDs[3] ServicesResolved=true\n");
  assert_string_equal(bus_client_get(f->client, "dev/service000c", "Primary"), "false");
}

static void device_without_a_name_is_called_by_its_address(void **state)
{
  Emulator *f = *state;

  emulator_start(f, "--name", "", NULL);
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_get(f->client, "dev", "Alias"), "'C4-12-AB-00-11-22'");
  assert_non_null(strstr(bus_client_get(f->client, "dev", "Name"), "InvalidArgs"));
}

static void installed_application_advertises_one_below(void **state)
{
  Emulator *f = *state;

  emulator_start(f, NULL);
  bus_client_connect_device(f->client);
  bus_client_call(f->client, CONTROL, "StartNotify", NULL);
  emulator_write_control(f, "06"); /* with two banks, the old application is still there */
  bus_client_set_device(f->client, "C4:12:AB:00:11:21");
  bus_client_connect_device(f->client);
  assert_string_equal(bus_client_get(f->client, "dev", "Name"), "'Application'");
  assert_string_equal(bus_client_get(f->client, "dev/service000c", "UUID"),
                      "'0000180d-0000-1000-8000-00805f9b34fb'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, emulator_set_up, emulator_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(tree_is_one_adapter_before_discovery),
    TEST(no_adapter_leaves_an_empty_tree),
    TEST(first_connection_has_the_order_of_bluetoothd),
    TEST(properties_are_those_of_a_dfu_target),
    TEST(name_address_and_mtu_are_options),
    TEST(discovery_filter_decides_what_is_heard),
    TEST(discovery_belongs_to_its_client),
    TEST(adapter_without_power_refuses),
    TEST(unknown_device_is_an_unknown_object),
    TEST(absent_device_is_not_found),
    TEST(second_connect_is_in_progress_and_disconnect_cancels),
    TEST(connect_waits_for_the_device),
    TEST(reconnection_adds_nothing),
    TEST(connect_when_connected_is_ok),
    TEST(disconnect_takes_as_long_as_it_is_told),
    TEST(removed_device_is_disconnected_first),
    TEST(services_that_changed_are_replaced),
    TEST(device_without_a_name_is_called_by_its_address),
    TEST(installed_application_advertises_one_below),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
