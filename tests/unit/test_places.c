/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/places.h"

#include "lib/cmocka_all.h"

#define DEVICE "/org/bluez/hci0/dev"

static int find(DfuLinkFind asked_for, const char *address, const char *type)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  g_autoptr(GVariant) interfaces = g_variant_ref_sink(g_variant_new_parsed(
      "{%s: {'Address': <%s>, 'AddressType': <%s>}}", DFU_BLUEZ_DEVICE, address, type));
  DfuBluezPlaces places;
  int place;

  dfu_bluez_objects_add(objects, DEVICE, interfaces);
  dfu_bluez_places_init(&places, "c4:12:ab:00:11:ff", asked_for);
  place = dfu_bluez_places_find(&places, objects, DEVICE);
  dfu_bluez_places_clear(&places);
  return place;
}

static void places_depend_on_what_is_asked_for(void **state)
{
  static const struct {
    const char *address;
    const char *type;
    int device;
    int target;
    int any;
  } rows[] = {
    { "C4:12:AB:00:11:FF", "random", DFU_BLUEZ_SAME, DFU_BLUEZ_SAME, DFU_BLUEZ_SAME },
    { "C4:12:AB:00:11:FF", "public", DFU_BLUEZ_SAME, DFU_BLUEZ_SAME, DFU_BLUEZ_SAME },
    { "C4:12:AB:00:11:00", "random", -1, DFU_BLUEZ_ABOVE, DFU_BLUEZ_ABOVE },
    { "C4:12:AB:00:11:FE", "random", -1, -1, DFU_BLUEZ_BELOW },
    { "C4:12:AB:00:11:00", "public", -1, -1, -1 },
    { "C4:12:AB:00:11:FE", "public", -1, -1, -1 },
    { "C4:12:AB:00:12:00", "random", -1, -1, -1 }, /* without a carry */
    { "C4:12:AB:00:11:01", "random", -1, -1, -1 },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    assert_int_equal(find(DFU_LINK_FIND_DEVICE, rows[i].address, rows[i].type), rows[i].device);
    assert_int_equal(find(DFU_LINK_FIND_TARGET, rows[i].address, rows[i].type), rows[i].target);
    assert_int_equal(find(DFU_LINK_FIND_ANY, rows[i].address, rows[i].type), rows[i].any);
  }
}

static void places_know_no_device_without_an_address(void **state)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  DfuBluezPlaces places;

  (void)state;
  dfu_bluez_places_init(&places, "C4:12:AB:00:11:22", DFU_LINK_FIND_ANY);
  assert_int_equal(dfu_bluez_places_find(&places, objects, DEVICE), -1);
  dfu_bluez_places_clear(&places);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(places_depend_on_what_is_asked_for),
    cmocka_unit_test(places_know_no_device_without_an_address),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
