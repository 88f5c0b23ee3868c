/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/objects.h"

#include "lib/cmocka_all.h"

#define HCI0 "/org/bluez/hci0"
#define HCI1 "/org/bluez/hci1"
#define DEVICE HCI0 "/dev_C4_12_AB_00_11_22"
#define SERVICE DEVICE "/service000c"

static GVariant *sink(GVariant *variant)
{
  return g_variant_ref_sink(variant);
}

static int set_up(void **state)
{
  DfuBluezObjects *objects = dfu_bluez_objects_new();
  g_autoptr(GVariant) managed = sink(g_variant_new_parsed(
      "@a{oa{sa{sv}}} {"
      " %o: {'org.bluez.Adapter1': {'Powered': <true>, 'Address': <'00:00:00:00:00:01'>}},"
      " %o: {'org.bluez.Adapter1': {'Powered': <false>}, 'org.bluez.Media1': {}},"
      " %o: {'org.bluez.Device1': {'Address': <'C4:12:AB:00:11:22'>, 'RSSI': <int16 -40>,"
      "   'UUIDs': <['0000180A-0000-1000-8000-00805F9B34FB', '1530']>}},"
      " %o: {'org.bluez.GattService1': {'UUID': <'1530'>}},"
      " '/org/bluez/hci0/dev_C4_12_AB_00_11_22/service000c/char000d':"
      "   {'org.bluez.GattCharacteristic1': {'UUID': <'1532'>}},"
      " '/org/bluez/hci0/dev_C4_12_AB_00_11_22/service000cc/char000e':"
      "   {'org.bluez.GattCharacteristic1': {'UUID': <'1531'>}}}",
      HCI1, HCI0, DEVICE, SERVICE));

  dfu_bluez_objects_load(objects, managed);
  *state = objects;
  return 0;
}

static int tear_down(void **state)
{
  dfu_bluez_objects_free(*state);
  return 0;
}

static void change(DfuBluezObjects *objects, const char *changed, const char *invalidated)
{
  g_autoptr(GVariant) values = sink(g_variant_new_parsed(changed));
  g_autoptr(GVariant) names = sink(g_variant_new_parsed(invalidated));

  dfu_bluez_objects_update(objects, DEVICE, DFU_BLUEZ_DEVICE, values, names);
}

static void objects_load_replaces_what_was_known(void **state)
{
  DfuBluezObjects *objects = *state;
  g_autoptr(GVariant) nothing = sink(g_variant_new_parsed("@a{oa{sa{sv}}} {}"));

  assert_true(dfu_bluez_objects_has(objects, DEVICE, DFU_BLUEZ_DEVICE));
  dfu_bluez_objects_load(objects, nothing);
  assert_false(dfu_bluez_objects_has(objects, DEVICE, DFU_BLUEZ_DEVICE));
}

static void objects_list_is_sorted_and_below_the_path(void **state)
{
  DfuBluezObjects *objects = *state;
  g_autoptr(GPtrArray) adapters = dfu_bluez_objects_list(objects, DFU_BLUEZ_ADAPTER, NULL);
  g_autoptr(GPtrArray) below = dfu_bluez_objects_list(objects, DFU_BLUEZ_CHARACTERISTIC, SERVICE);

  assert_int_equal(adapters->len, 2);
  assert_string_equal(adapters->pdata[0], HCI0);
  assert_string_equal(adapters->pdata[1], HCI1);
  assert_int_equal(below->len, 1); /* service000cc is another service */
  assert_string_equal(below->pdata[0], SERVICE "/char000d");
}

static void objects_find_device_takes_either_case_and_one_adapter(void **state)
{
  DfuBluezObjects *objects = *state;
  g_autofree char *found = dfu_bluez_objects_find_device(objects, HCI0, "c4:12:ab:00:11:22");
  g_autofree char *elsewhere = dfu_bluez_objects_find_device(objects, HCI1, "C4:12:AB:00:11:22");

  assert_string_equal(found, DEVICE);
  assert_null(elsewhere);
}

static void objects_find_uuid_stays_below_the_path(void **state)
{
  DfuBluezObjects *objects = *state;
  g_autofree char *found =
      dfu_bluez_objects_find_uuid(objects, DFU_BLUEZ_CHARACTERISTIC, SERVICE, "1532");
  g_autofree char *other =
      dfu_bluez_objects_find_uuid(objects, DFU_BLUEZ_CHARACTERISTIC, SERVICE, "1531");

  assert_string_equal(found, SERVICE "/char000d");
  assert_null(other);
}

static void objects_update_changes_and_invalidates(void **state)
{
  DfuBluezObjects *objects = *state;

  assert_int_equal(dfu_bluez_objects_get_rssi(objects, DEVICE), -40);
  change(objects, "{'Connected': <true>}", "@as ['RSSI']");
  assert_int_equal(dfu_bluez_objects_get_rssi(objects, DEVICE), 0);
  assert_true(dfu_bluez_objects_get_flag(objects, DEVICE, DFU_BLUEZ_DEVICE, "Connected"));
  change(objects, "{'Connected': <false>}", "@as []");
  assert_false(dfu_bluez_objects_get_flag(objects, DEVICE, DFU_BLUEZ_DEVICE, "Connected"));
}

static void objects_update_of_an_unknown_object_makes_none(void **state)
{
  DfuBluezObjects *objects = *state;

  dfu_bluez_objects_remove(objects, DEVICE, DFU_BLUEZ_DEVICE);
  change(objects, "{'Connected': <true>}", "@as []");
  assert_false(dfu_bluez_objects_has(objects, DEVICE, DFU_BLUEZ_DEVICE));
}

static void objects_remove_takes_one_interface(void **state)
{
  DfuBluezObjects *objects = *state;

  dfu_bluez_objects_remove(objects, HCI0, "org.bluez.Media1");
  dfu_bluez_objects_remove(objects, "/unknown", "org.bluez.Media1");
  assert_true(dfu_bluez_objects_has(objects, HCI0, DFU_BLUEZ_ADAPTER));
}

static void objects_add_to_a_known_object_keeps_its_other_interfaces(void **state)
{
  DfuBluezObjects *objects = *state;
  g_autoptr(GVariant) interfaces =
      sink(g_variant_new_parsed("{'org.bluez.Battery1': {'Percentage': <byte 7>}}"));

  dfu_bluez_objects_add(objects, DEVICE, interfaces);
  assert_true(dfu_bluez_objects_has(objects, DEVICE, "org.bluez.Battery1"));
  assert_true(dfu_bluez_objects_has(objects, DEVICE, DFU_BLUEZ_DEVICE));
}

static void objects_get_wants_the_right_type(void **state)
{
  DfuBluezObjects *objects = *state;

  change(objects, "{'RSSI': <'loud'>, 'Connected': <uint32 1>, 'UUIDs': <'1530'>}", "@as []");
  assert_int_equal(dfu_bluez_objects_get_rssi(objects, DEVICE), 0);
  assert_false(dfu_bluez_objects_get_flag(objects, DEVICE, DFU_BLUEZ_DEVICE, "Connected"));
  assert_false(dfu_bluez_objects_device_has_uuid(objects, DEVICE, "1530"));
  assert_null(dfu_bluez_objects_get_text(objects, DEVICE, DFU_BLUEZ_DEVICE, "Connected"));
  assert_null(dfu_bluez_objects_get_text(objects, NULL, DFU_BLUEZ_DEVICE, "Address"));
}

static void objects_device_has_uuid_takes_either_case(void **state)
{
  DfuBluezObjects *objects = *state;

  assert_true(dfu_bluez_objects_device_has_uuid(objects, DEVICE,
                                                "0000180a-0000-1000-8000-00805f9b34fb"));
  assert_false(dfu_bluez_objects_device_has_uuid(objects, DEVICE, "1531"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    TEST(objects_load_replaces_what_was_known),
    TEST(objects_list_is_sorted_and_below_the_path),
    TEST(objects_find_device_takes_either_case_and_one_adapter),
    TEST(objects_find_uuid_stays_below_the_path),
    TEST(objects_update_changes_and_invalidates),
    TEST(objects_update_of_an_unknown_object_makes_none),
    TEST(objects_remove_takes_one_interface),
    TEST(objects_add_to_a_known_object_keeps_its_other_interfaces),
    TEST(objects_get_wants_the_right_type),
    TEST(objects_device_has_uuid_takes_either_case),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
