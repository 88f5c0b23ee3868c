/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/bluez_error.h"

#include "base/printable.h"

#include <string.h>

#define FREEDESKTOP "org.freedesktop.DBus.Error."
#define BLUEZ "org.bluez.Error."

/* The two hex digits at the end of a message are all that BlueZ tells of most ATT errors. */
#define ATT_TEXT "ATT error: 0x"

/*
 * bluetoothd makes this one up when a link is lost, or when the device does not
 * answer for 30 s; as an answer of a device it means nothing either.
 */
#define ATT_UNLIKELY_ERROR 0x0e

enum { PASSING = 1, REPEATABLE = 2, LOST = 4, IN_PROGRESS = 8, DENIED = 16 };

typedef struct {
  const char *name; /* what the D-Bus name begins with */
  const char *text; /* what the message holds, or NULL for any */
  DfuError code;
  guint flags;
  guint8 att_error;
  const char *advice;
} Rule;

#define ADVISE_START "bluetoothd is not running: start it with `systemctl start bluetooth`"
#define ADVISE_ACCESS \
  "This user may not talk to bluetoothd: run as root or as a member of the group `bluetooth`, " \
  "or see the policy /etc/dbus-1/system.d/bluetooth.conf (of the host, if this is a container)"
#define ADVISE_POWER "The adapter is powered off: `bluetoothctl power on`"
#define ADVISE_IN_PROGRESS "The same is already under way, perhaps by another program"
#define ADVISE_WEAK \
  "The link broke while it was being made: the signal may be weak, or another central has the " \
  "device"
#define ADVISE_BREDR \
  "BlueZ tried BR/EDR: `ControllerMode = le` in /etc/bluetooth/main.conf keeps it to LE"
#define ADDRESS "ADDRESS" /* gives way to the device's, where that is known */
#define ADVISE_BOND \
  "The device asks for a bond: pair with it (`bluetoothctl pair " ADDRESS "`), or, if it was " \
  "paired before, remove that bond first (`bluetoothctl remove " ADDRESS "`)"
#define ADVISE_BUSY \
  "Another program, or another run of this one, has the device: end it or disconnect the device"

/* The first rule that fits counts. */
static const Rule rules[] = {
  { FREEDESKTOP "AccessDenied", NULL, DFU_ERROR_BLUETOOTH, DENIED, 0, ADVISE_ACCESS },
  { FREEDESKTOP "ServiceUnknown", NULL, DFU_ERROR_BLUETOOTH, LOST, 0, ADVISE_START },
  { FREEDESKTOP "NameHasNoOwner", NULL, DFU_ERROR_BLUETOOTH, LOST, 0, ADVISE_START },
  { FREEDESKTOP "Spawn.", NULL, DFU_ERROR_BLUETOOTH, LOST, 0, ADVISE_START },
  { "org.freedesktop.systemd1.", NULL, DFU_ERROR_BLUETOOTH, LOST, 0, ADVISE_START },
  { FREEDESKTOP "NoReply", NULL, DFU_ERROR_LINK_LOST, PASSING | LOST, 0,
    "bluetoothd did not answer; it may have crashed" },
  { FREEDESKTOP "UnknownObject", NULL, DFU_ERROR_LINK_LOST, PASSING | REPEATABLE, 0, NULL },
  { FREEDESKTOP "UnknownMethod", NULL, DFU_ERROR_LINK_LOST, PASSING | REPEATABLE, 0, NULL },
  { FREEDESKTOP "UnknownInterface", NULL, DFU_ERROR_LINK_LOST, PASSING | REPEATABLE, 0, NULL },
  { BLUEZ "NotReady", NULL, DFU_ERROR_BLUETOOTH, 0, 0, ADVISE_POWER },
  { BLUEZ "Failed", "adapter-not-powered", DFU_ERROR_BLUETOOTH, 0, 0, ADVISE_POWER },
  { BLUEZ "InProgress", NULL, DFU_ERROR_LINK_LOST, PASSING | IN_PROGRESS, 0,
    ADVISE_IN_PROGRESS },
  { BLUEZ "NotConnected", NULL, DFU_ERROR_LINK_LOST, PASSING | LOST, 0, NULL },
  { BLUEZ "Failed", "Not connected", DFU_ERROR_LINK_LOST, PASSING | LOST | REPEATABLE, 0, NULL },
  { BLUEZ "Failed", "Operation already in progress", DFU_ERROR_LINK_LOST, PASSING | IN_PROGRESS,
    0, ADVISE_IN_PROGRESS },
  { BLUEZ "NotAvailable", "profile-unavailable", DFU_ERROR_LINK_LOST, PASSING, 0, ADVISE_BREDR },
  { BLUEZ "Failed", "br-connection-canceled", DFU_ERROR_LINK_LOST, PASSING, 0, NULL },
  { BLUEZ "Failed", "br-connection-", DFU_ERROR_LINK_LOST, PASSING, 0, ADVISE_BREDR },
  { BLUEZ "Failed", "-connection-", DFU_ERROR_LINK_LOST, PASSING, 0, ADVISE_WEAK },
  { BLUEZ "Failed", "connection abort", DFU_ERROR_LINK_LOST, PASSING, 0, ADVISE_WEAK },
  { BLUEZ "NotPermitted", "Notify acquired", DFU_ERROR_BUSY, PASSING | REPEATABLE, 0, ADVISE_BUSY },
  { BLUEZ "NotPermitted", "Write acquired", DFU_ERROR_BUSY, PASSING | REPEATABLE, 0, ADVISE_BUSY },
  { BLUEZ "NotPermitted", "Read not permitted", DFU_ERROR_REFUSED, 0, 0x02, NULL },
  { BLUEZ "NotPermitted", "Write not permitted", DFU_ERROR_REFUSED, 0, 0x03, NULL },
  { BLUEZ "NotPermitted", "Not paired", DFU_ERROR_REFUSED, 0, 0x05, NULL },
  { BLUEZ "NotSupported", NULL, DFU_ERROR_REFUSED, 0, 0x06, NULL },
  { BLUEZ "NotAuthorized", NULL, DFU_ERROR_REFUSED, 0, 0x08, NULL },
  { BLUEZ "InvalidArguments", "Invalid Length", DFU_ERROR_REFUSED, 0, 0x0d, NULL },
};

static const struct {
  guint8 att_error;
  const char *name;
  const char *advice;
} att_errors[] = {
  { 0x01, "Invalid Handle", NULL },
  { 0x02, "Read Not Permitted", NULL },
  { 0x03, "Write Not Permitted", NULL },
  { 0x04, "Invalid PDU", NULL },
  { 0x05, "Insufficient Authentication", ADVISE_BOND },
  { 0x06, "Request Not Supported", NULL },
  { 0x07, "Invalid Offset", NULL },
  { 0x08, "Insufficient Authorization",
    "The device does not allow this now: look whether its settings switch firmware updates off" },
  { 0x09, "Prepare Queue Full", NULL },
  { 0x0a, "Attribute Not Found", NULL },
  { 0x0b, "Attribute Not Long", NULL },
  { 0x0c, "Insufficient Encryption Key Size", NULL },
  { 0x0d, "Invalid Attribute Value Length", NULL },
  { 0x0e, "Unlikely Error", NULL },
  { 0x0f, "Insufficient Encryption", ADVISE_BOND },
  { 0x10, "Unsupported Group Type", NULL },
  { 0x11, "Insufficient Resources", NULL },
  { 0xfc, "Write Request Rejected", NULL },
  { 0xfd, "CCCD Improperly Configured",
    "The device's notifications are not switched on for this connection" },
  { 0xfe, "Procedure Already in Progress", "The device is busy: try again in a moment" },
  { 0xff, "Out of Range", NULL },
};

static const char *find_att_advice(guint8 att_error)
{
  for (guint i = 0; i < G_N_ELEMENTS(att_errors); i++) {
    if (att_errors[i].att_error == att_error)
      return att_errors[i].advice;
  }
  return NULL;
}

const char *dfu_bluez_error_att_name(guint8 att_error)
{
  for (guint i = 0; i < G_N_ELEMENTS(att_errors); i++) {
    if (att_errors[i].att_error == att_error)
      return att_errors[i].name;
  }
  return NULL;
}

/* The number in "… ATT error: 0xNN"; 0 where there is none. */
static guint8 parse_att_error(const char *message)
{
  const char *found = strstr(message, ATT_TEXT);

  if (found == NULL)
    return 0;
  found += strlen(ATT_TEXT);
  if (!g_ascii_isxdigit(found[0]) || !g_ascii_isxdigit(found[1]))
    return 0;
  return (guint8)(g_ascii_xdigit_value(found[0]) * 16 + g_ascii_xdigit_value(found[1]));
}

static const Rule *find_rule(const char *name, const char *message)
{
  for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
    if (g_str_has_prefix(name, rules[i].name) &&
        (rules[i].text == NULL || strstr(message, rules[i].text) != NULL))
      return &rules[i];
  }
  return NULL;
}

static DfuBluezFault classify_remote(const char *name, const char *message)
{
  const Rule *rule = find_rule(name, message);
  guint8 att_error = parse_att_error(message);

  if (att_error == ATT_UNLIKELY_ERROR)
    return (DfuBluezFault){ .code = DFU_ERROR_LINK_LOST, .passing = TRUE, .link_lost = TRUE };
  if (att_error != 0)
    return (DfuBluezFault){ .code = DFU_ERROR_REFUSED, .att_error = att_error };
  if (rule == NULL)
    return (DfuBluezFault){ .code = DFU_ERROR_LINK_LOST, .passing = TRUE };
  return (DfuBluezFault){
    .code = rule->code,
    .passing = (rule->flags & PASSING) != 0,
    .repeatable = (rule->flags & REPEATABLE) != 0,
    .link_lost = (rule->flags & LOST) != 0,
    .denied = (rule->flags & DENIED) != 0,
    .in_progress = (rule->flags & IN_PROGRESS) != 0,
    .att_error = rule->att_error,
  };
}

DfuBluezFault dfu_bluez_error_classify(const GError *dbus_error)
{
  g_autofree char *name = g_dbus_error_get_remote_error(dbus_error);

  if (name != NULL)
    return classify_remote(name, dbus_error->message);
  /* No answer within our own time limit: bluetoothd or the device is stuck. */
  if (g_error_matches(dbus_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return (DfuBluezFault){ .code = DFU_ERROR_LINK_LOST, .passing = TRUE };
  return (DfuBluezFault){ .code = DFU_ERROR_BLUETOOTH, .link_lost = TRUE };
}

static const char *find_advice(const char *name, const GError *dbus_error, guint8 att_error)
{
  const Rule *rule = name != NULL ? find_rule(name, dbus_error->message) : NULL;

  if (att_error != 0)
    return find_att_advice(att_error);
  if (rule != NULL)
    return rule->advice;
  if (g_error_matches(dbus_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return "The device or bluetoothd is stuck: switch the adapter off and on; or the device, but "
           "not in mid-update";
  return NULL;
}

static GError *take_error(DfuError code, GString *text)
{
  GError *error = g_error_new_literal(DFU_ERROR, code, text->str);

  g_string_free(text, TRUE);
  return error;
}

static void append_advice(GString *text, const char *advice, const char *address)
{
  GString *filled = g_string_new(advice);

  if (address != NULL)
    g_string_replace(filled, ADDRESS, address, 0);
  g_string_append_printf(text, ". %s", filled->str);
  g_string_free(filled, TRUE);
}

GError *dfu_bluez_error_new(const GError *dbus_error, const char *address, const char *operation,
                            ...)
{
  DfuBluezFault fault = dfu_bluez_error_classify(dbus_error);
  g_autofree char *name = g_dbus_error_get_remote_error(dbus_error);
  g_autoptr(GError) plain = g_error_copy(dbus_error);
  g_autofree char *message = NULL;
  const char *att_name = dfu_bluez_error_att_name(fault.att_error);
  const char *advice = find_advice(name, dbus_error, fault.att_error);
  GString *text = g_string_new(NULL);
  va_list args;

  va_start(args, operation);
  g_string_append_vprintf(text, operation, args);
  va_end(args);
  g_dbus_error_strip_remote_error(plain);
  message = dfu_printable(plain->message, -1);
  g_string_append_printf(text, ": %s%s%s", name != NULL ? name : "", name != NULL ? ": " : "",
                         message);
  if (fault.att_error != 0)
    g_string_append_printf(text, " (ATT error 0x%02x%s%s)", fault.att_error,
                           att_name != NULL ? ", " : "", att_name != NULL ? att_name : "");
  if (advice != NULL)
    append_advice(text, advice, address);
  return take_error(fault.code, text);
}
