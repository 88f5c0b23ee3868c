/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/gatt.h"

#include "lib/cmocka_all.h"
#include "wire/uuids.h"

#define DEVICE "/org/bluez/hci0/dev_C4_12_AB_00_11_22"
#define HEART_RATE "0000180d-0000-1000-8000-00805f9b34fb"

static void add(DfuBluezObjects *objects, const char *path, const char *interface,
                const char *uuid)
{
  g_autofree char *whole = g_strconcat(DEVICE, path, NULL);
  g_autoptr(GVariant) interfaces = g_variant_ref_sink(g_variant_new_parsed(
      "{%s: {'UUID': <%s>, 'Primary': <false>, 'MTU': <uint16 247>,"
      " 'Flags': <['write', 'write-without-response']>}}", interface, uuid));

  dfu_bluez_objects_add(objects, whole, interfaces);
}

static void add_service(DfuBluezObjects *objects, const char *path, const char *uuid)
{
  add(objects, path, DFU_BLUEZ_SERVICE, uuid);
}

static void add_characteristic(DfuBluezObjects *objects, const char *path, const char *uuid)
{
  add(objects, path, DFU_BLUEZ_CHARACTERISTIC, uuid);
}

static void gatt_find_goes_by_uuid(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezGatt gatt = { 0 };

  (void)state;
  add_service(objects, "/service0008", DFU_UUID_GENERIC_ATTRIBUTE);
  add_service(objects, "/service000c", "00001530-1212-EFDE-1523-785FEABCD123");
  add_characteristic(objects, "/service000c/char000d", DFU_UUID_PACKET);
  add_characteristic(objects, "/service000c/char000f", DFU_UUID_CONTROL_POINT);
  add_characteristic(objects, "/service000c/char0012", DFU_UUID_REVISION);
  assert_true(dfu_bluez_gatt_find(objects, DEVICE, &gatt));
  assert_string_equal(gatt.control, DEVICE "/service000c/char000f");
  assert_string_equal(gatt.packet, DEVICE "/service000c/char000d");
  assert_string_equal(gatt.revision, DEVICE "/service000c/char0012");
  assert_true(gatt.packet_has_write);
  assert_int_equal(gatt.mtu, 247);
  assert_false(gatt.has_other_services);
  dfu_bluez_gatt_clear(&gatt);
}

static void gatt_find_takes_device_information_along(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezGatt gatt = { 0 };
  DfuBluezGatt copy = { 0 };

  (void)state;
  add_service(objects, "/service000c", DFU_UUID_SERVICE);
  add_characteristic(objects, "/service000c/char000f", DFU_UUID_CONTROL_POINT);
  add_service(objects, "/service0020", DFU_UUID_DEVICE_INFORMATION);
  add_characteristic(objects, "/service0020/char0021", DFU_UUID_MODEL_NUMBER);
  assert_true(dfu_bluez_gatt_find(objects, DEVICE, &gatt));
  dfu_bluez_gatt_copy(&gatt, &copy);
  dfu_bluez_gatt_clear(&gatt);
  assert_string_equal(copy.info[DFU_BLUEZ_INFO_MODEL], DEVICE "/service0020/char0021");
  assert_null(copy.info[DFU_BLUEZ_INFO_MANUFACTURER]);
  assert_false(copy.has_other_services);
  assert_false(copy.packet_has_write);
  dfu_bluez_gatt_clear(&copy);
}

static void gatt_find_wants_the_characteristics_under_the_service(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezGatt gatt = { 0 };

  (void)state;
  add_service(objects, "/service000c", DFU_UUID_SERVICE);
  add_service(objects, "/service0010", HEART_RATE);
  add_characteristic(objects, "/service0010/char0011", DFU_UUID_CONTROL_POINT);
  add_service(objects, "/service0020", DFU_UUID_SECURE_SERVICE);
  assert_false(dfu_bluez_gatt_find(objects, DEVICE, &gatt));
  assert_null(gatt.control);
  assert_true(gatt.has_services);
  assert_true(gatt.has_other_services);
  assert_true(gatt.has_secure_dfu);
  dfu_bluez_gatt_clear(&gatt);
}

static void gatt_find_without_packet_tells_an_application(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezGatt gatt = { 0 };

  (void)state;
  add_service(objects, "/service000c", DFU_UUID_SERVICE);
  add_characteristic(objects, "/service000c/char000f", DFU_UUID_CONTROL_POINT);
  add_service(objects, "/service0020", HEART_RATE);
  assert_true(dfu_bluez_gatt_find(objects, DEVICE, &gatt));
  assert_null(gatt.packet);
  assert_null(gatt.revision);
  assert_true(gatt.has_other_services);
  dfu_bluez_gatt_clear(&gatt);
}

static void gatt_find_without_objects_finds_nothing(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezGatt gatt = { 0 };

  (void)state;
  assert_false(dfu_bluez_gatt_find(objects, DEVICE, &gatt));
  assert_false(gatt.has_services);
  dfu_bluez_gatt_clear(&gatt);
}

/* BlueZ before 5.62 has no property MTU. */
static void gatt_find_without_mtu_takes_the_smallest(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  g_autoptr(GVariant) interfaces = g_variant_ref_sink(g_variant_new_parsed(
      "{%s: {'UUID': <%s>}}", DFU_BLUEZ_CHARACTERISTIC, DFU_UUID_CONTROL_POINT));
  DfuBluezGatt gatt = { 0 };

  (void)state;
  add_service(objects, "/service000c", DFU_UUID_SERVICE);
  dfu_bluez_objects_add(objects, DEVICE "/service000c/char000f", interfaces);
  assert_true(dfu_bluez_gatt_find(objects, DEVICE, &gatt));
  assert_int_equal(gatt.mtu, 23);
  dfu_bluez_gatt_clear(&gatt);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(gatt_find_goes_by_uuid),
    cmocka_unit_test(gatt_find_takes_device_information_along),
    cmocka_unit_test(gatt_find_wants_the_characteristics_under_the_service),
    cmocka_unit_test(gatt_find_without_packet_tells_an_application),
    cmocka_unit_test(gatt_find_without_objects_finds_nothing),
    cmocka_unit_test(gatt_find_without_mtu_takes_the_smallest),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
