/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/host.h"

#include "lib/cmocka_all.h"

/* @properties is a{sv} in text. */
static DfuBluezHost *take_adapter(const char *properties)
{
  g_autoptr(DfuBluezObjects) objects = dfu_bluez_objects_new();
  g_autofree char *text = g_strdup_printf("@a{sa{sv}} {'org.bluez.Adapter1': %s}", properties);
  g_autoptr(GVariant) interfaces = g_variant_ref_sink(g_variant_new_parsed(text));
  DfuBluezHost *host = dfu_bluez_host_new();

  dfu_bluez_objects_add(objects, "/org/bluez/hci0", interfaces);
  dfu_bluez_host_take_objects(host, objects);
  return host;
}

static void adapter_is_read(void **state)
{
  g_autoptr(DfuBluezHost) host = take_adapter(
      "{'Address': <'00:AA:01:00:00:42'>, 'Powered': <true>, 'Discovering': <true>,"
      " 'Roles': <['peripheral', 'central']>}");
  const DfuHostAdapter *adapter = dfu_bluez_host_find(host, "hci0");

  (void)state;
  assert_int_equal(host->reach, DFU_HOST_REACHED);
  assert_int_equal(host->n_adapters, 1);
  assert_string_equal(adapter->address, "00:AA:01:00:00:42");
  assert_true(adapter->is_powered);
  assert_true(adapter->is_discovering);
  assert_true(adapter->has_roles);
  assert_true(adapter->is_central);
  assert_null(dfu_bluez_host_find(host, "hci1"));
}

static void adapter_that_tells_nothing_is_off_without_roles(void **state)
{
  g_autoptr(DfuBluezHost) host = take_adapter("{}");

  (void)state;
  assert_string_equal(host->adapters[0].address, "");
  assert_false(host->adapters[0].is_powered);
  assert_false(host->adapters[0].has_roles);
  assert_false(host->adapters[0].is_central);
}

static void peripheral_only_is_no_central(void **state)
{
  g_autoptr(DfuBluezHost) host = take_adapter("{'Roles': <['peripheral']>}");

  (void)state;
  assert_true(host->adapters[0].has_roles);
  assert_false(host->adapters[0].is_central);
}

/* BlueZ 5.66, src/main.c, init_defaults(): vendor 1d6b, product 0246, version in two bytes. */
static void version_is_read_from_the_modalias(void **state)
{
  static const struct {
    const char *modalias;
    guint major, minor;
  } rows[] = {
    { "usb:v1D6Bp0246d0542", 5, 66 },
    { "usb:v1D6Bp0246d0537", 5, 55 },
    { "usb:v1D6Bp0246d", 0, 0 },
    { "usb:v1D6Bp0246d05", 0, 0 },
    { "usb:v1D6Bp0246d05421", 0, 0 },
    { "usb:v1D6Bp0247d0542", 0, 0 },
    { "bluetooth:v1234p5678dABCD", 0, 0 },
    { "", 0, 0 },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *properties = g_strdup_printf("{'Modalias': <'%s'>}", rows[i].modalias);
    g_autoptr(DfuBluezHost) host = take_adapter(properties);

    assert_int_equal(host->version.major, rows[i].major);
    assert_int_equal(host->version.minor, rows[i].minor);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(adapter_is_read),
    cmocka_unit_test(adapter_that_tells_nothing_is_off_without_roles),
    cmocka_unit_test(peripheral_only_is_no_central),
    cmocka_unit_test(version_is_read_from_the_modalias),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
