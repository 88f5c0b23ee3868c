/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names and texts are those that bluetoothd 5.66 was seen to send, or that its
 * src/error.c has.
 */
#include <gio/gio.h>
#include <string.h>

#include "bluez/bluez_error.h"
#include "lib/cmocka_all.h"

#define BLUEZ "org.bluez.Error."
#define FREEDESKTOP "org.freedesktop.DBus.Error."

enum { PASSING = 1, REPEATABLE = 2, LOST = 4, IN_PROGRESS = 8 };

static const struct {
  const char *name;
  const char *message;
  DfuError code;
  guint flags;
  guint8 att_error;
  const char *said; /* stands in the message, or NULL */
} rows[] = {
  /* ATT errors of a write request, all that were seen */
  { BLUEZ "Failed", "Operation failed with ATT error: 0x01", DFU_ERROR_REFUSED, 0, 0x01,
    "Invalid Handle" },
  { BLUEZ "NotPermitted", "Read not permitted", DFU_ERROR_REFUSED, 0, 0x02, "Read Not Permitted" },
  { BLUEZ "NotPermitted", "Write not permitted", DFU_ERROR_REFUSED, 0, 0x03,
    "Write Not Permitted" },
  { BLUEZ "NotPermitted", "Not paired", DFU_ERROR_REFUSED, 0, 0x05, "bluetoothctl pair" },
  { BLUEZ "NotSupported", "Operation is not supported", DFU_ERROR_REFUSED, 0, 0x06, NULL },
  { BLUEZ "NotAuthorized", "Operation Not Authorized", DFU_ERROR_REFUSED, 0, 0x08,
    "its settings" },
  { BLUEZ "InvalidArguments", "Invalid Length", DFU_ERROR_REFUSED, 0, 0x0d, NULL },
  { BLUEZ "Failed", "Operation failed with ATT error: 0x11", DFU_ERROR_REFUSED, 0, 0x11,
    "Insufficient Resources" },
  { BLUEZ "Failed", "Operation failed with ATT error: 0x82", DFU_ERROR_REFUSED, 0, 0x82,
    "(ATT error 0x82)" },
  { BLUEZ "Failed", "Operation failed with ATT error: 0xfd", DFU_ERROR_REFUSED, 0, 0xfd,
    "(ATT error 0xfd, CCCD Improperly Configured). The device's notifications" },
  { BLUEZ "Failed", "Operation failed with ATT error: 0xFE", DFU_ERROR_REFUSED, 0, 0xfe,
    "Procedure Already in Progress" },
  /* no answer of the device */
  { BLUEZ "Failed", "Operation failed with ATT error: 0x0e", DFU_ERROR_LINK_LOST, PASSING | LOST,
    0, NULL },
  { BLUEZ "Failed", "Not connected", DFU_ERROR_LINK_LOST, PASSING | LOST | REPEATABLE, 0, NULL },
  { BLUEZ "NotConnected", "Not Connected", DFU_ERROR_LINK_LOST, PASSING | LOST, 0, NULL },
  /* refused by bluetoothd */
  { BLUEZ "NotPermitted", "Notify acquired", DFU_ERROR_BUSY, PASSING | REPEATABLE, 0,
    "Another program" },
  { BLUEZ "NotPermitted", "Write acquired", DFU_ERROR_BUSY, PASSING | REPEATABLE, 0,
    "Another program" },
  { BLUEZ "InProgress", "In Progress", DFU_ERROR_LINK_LOST, PASSING | IN_PROGRESS, 0, NULL },
  { BLUEZ "Failed", "Failed to initiate write", DFU_ERROR_LINK_LOST, PASSING, 0, NULL },
  { BLUEZ "InvalidArguments", "Invalid arguments in method call", DFU_ERROR_LINK_LOST, PASSING, 0,
    NULL },
  /* connecting */
  { BLUEZ "Failed", "le-connection-abort-by-local", DFU_ERROR_LINK_LOST, PASSING, 0, "signal" },
  { BLUEZ "Failed", "Software caused connection abort", DFU_ERROR_LINK_LOST, PASSING, 0,
    "signal" },
  { BLUEZ "Failed", "br-connection-canceled", DFU_ERROR_LINK_LOST, PASSING, 0, NULL },
  { BLUEZ "NotAvailable", "br-connection-profile-unavailable", DFU_ERROR_LINK_LOST, PASSING, 0,
    "ControllerMode" },
  { BLUEZ "Failed", "br-connection-page-timeout", DFU_ERROR_LINK_LOST, PASSING, 0,
    "ControllerMode" },
  { BLUEZ "Failed", "Operation already in progress", DFU_ERROR_LINK_LOST, PASSING | IN_PROGRESS,
    0, "already under way" },
  { BLUEZ "Failed", "le-connection-adapter-not-powered", DFU_ERROR_BLUETOOTH, 0, 0,
    "bluetoothctl power on" },
  { BLUEZ "NotReady", "Resource Not Ready", DFU_ERROR_BLUETOOTH, 0, 0, "bluetoothctl power on" },
  /* the bus */
  { FREEDESKTOP "AccessDenied", "Rejected send message", DFU_ERROR_BLUETOOTH, 0, 0, "group" },
  { FREEDESKTOP "ServiceUnknown", "The name is not activatable", DFU_ERROR_BLUETOOTH, LOST, 0,
    "systemctl start bluetooth" },
  { FREEDESKTOP "Spawn.ChildExited", "exited with status 1", DFU_ERROR_BLUETOOTH, LOST, 0,
    "systemctl start bluetooth" },
  { FREEDESKTOP "NoReply", "Message recipient disconnected", DFU_ERROR_LINK_LOST, PASSING | LOST,
    0, "crashed" },
  { FREEDESKTOP "UnknownObject", "Method \"Connect\" doesn't exist", DFU_ERROR_LINK_LOST,
    PASSING | REPEATABLE, 0, NULL },
  /* nothing known of it */
  { BLUEZ "Failed", "Operation failed with ATT error: 0x", DFU_ERROR_LINK_LOST, PASSING, 0, NULL },
  { BLUEZ "DoesNotExist", "Does Not Exist", DFU_ERROR_LINK_LOST, PASSING, 0, NULL },
};

static void error_classify_knows_what_bluetoothd_says(void **state)
{
  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = g_dbus_error_new_for_dbus_error(rows[i].name, rows[i].message);
    DfuBluezFault fault = dfu_bluez_error_classify(error);
    guint flags = (fault.passing ? PASSING : 0) | (fault.repeatable ? REPEATABLE : 0) |
                  (fault.link_lost ? LOST : 0) | (fault.in_progress ? IN_PROGRESS : 0);

    if (fault.code != rows[i].code || flags != rows[i].flags ||
        fault.att_error != rows[i].att_error)
      fail_msg("%s: %s: code %d, flags %x, ATT %02x", rows[i].name, rows[i].message, fault.code,
               flags, fault.att_error);
  }
}

static void error_new_says_operation_name_and_advice(void **state)
{
  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) dbus_error = g_dbus_error_new_for_dbus_error(rows[i].name, rows[i].message);
    g_autoptr(GError) error = dfu_bluez_error_new(dbus_error, NULL, "doing %s", "this");
    g_autofree char *start = g_strdup_printf("doing this: %s: %s", rows[i].name, rows[i].message);

    assert_true(g_error_matches(error, DFU_ERROR, (int)rows[i].code));
    if (!g_str_has_prefix(error->message, start) ||
        (rows[i].said != NULL && strstr(error->message, rows[i].said) == NULL))
      fail_msg("wanted \"%s … %s\", got \"%s\"", start, rows[i].said, error->message);
  }
}

static void error_classify_takes_a_time_limit_for_a_passing_fault(void **state)
{
  g_autoptr(GError) error =
      g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "Timeout was reached");
  g_autoptr(GError) shown = dfu_bluez_error_new(error, NULL, "reading");
  DfuBluezFault fault = dfu_bluez_error_classify(error);

  (void)state;
  assert_int_equal(fault.code, DFU_ERROR_LINK_LOST);
  assert_true(fault.passing && !fault.link_lost && !fault.repeatable);
  assert_true(g_str_has_prefix(shown->message, "reading: Timeout was reached. "));
}

static void error_classify_takes_a_closed_bus_for_a_lost_link(void **state)
{
  g_autoptr(GError) error =
      g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection is closed");
  DfuBluezFault fault = dfu_bluez_error_classify(error);

  (void)state;
  assert_int_equal(fault.code, DFU_ERROR_BLUETOOTH);
  assert_true(fault.link_lost && !fault.passing);
}

static void error_new_keeps_control_characters_out(void **state)
{
  g_autoptr(GError) dbus_error = g_dbus_error_new_for_dbus_error(BLUEZ "Failed", "a\x1b[2Jb\n");
  g_autoptr(GError) error = dfu_bluez_error_new(dbus_error, NULL, "reading");

  (void)state;
  assert_string_equal(error->message,
                      "reading: " BLUEZ "Failed: a\xef\xbf\xbd[2Jb\xef\xbf\xbd");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(error_classify_knows_what_bluetoothd_says),
    cmocka_unit_test(error_new_says_operation_name_and_advice),
    cmocka_unit_test(error_classify_takes_a_time_limit_for_a_passing_fault),
    cmocka_unit_test(error_classify_takes_a_closed_bus_for_a_lost_link),
    cmocka_unit_test(error_new_keeps_control_characters_out),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
