/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/update_options.h"

#include <string.h>

#include "cli/options.h"

#define MOST_PACKETS 65535
#define MOST_PACKET_BYTES 244
#define MOST_RETRIES 1000
#define MOST_DEADLINE_SECONDS (7 * 24 * 3600)

/* As the user gives them. */
typedef struct {
  char **packages;
  char *packet_size;
  char *family;
  char *type;
  int receipts;
  int window;
  int retries;
  int timeout_s;
  int deadline_s;
  int wait_back_s;
} RawOptions;

static const char summary[] =
  "Sends the firmware in PACKAGE to a device, and watches it come back. A device that\n"
  "runs its application is sent into its bootloader first, where it has the service for\n"
  "that. Of a package with two parts the SoftDevice or bootloader goes first, then the\n"
  "application. A lost link is had back, and the transfer goes on where the target says\n"
  "that it stopped.";

static const char details[] =
  "Many bootloaders have no application left from the start of a transfer until it\n"
  "completes: keep the device powered and near.\n\n"
  "Ctrl-C lets the target come to rest and then ends. The same command again goes on\n"
  "where it stopped: a journal in ~/.local/state/dfu-ble tells it what the target\n"
  "holds. Targets of SDK 7 to 11 forget a cut transfer after 120 s, connected or not.\n\n"
  "Where the journal does not know the transfer that a target is in, or what it holds\n"
  "is of no use, --restart lets the run reset it. That starts the old application on\n"
  "SDK bootloaders with two banks; those with one bank and Adafruit 0.10 stay in DFU\n"
  "mode. Adafruit bootloaders up to 0.9.2 (many RAK, Feather and XIAO boards) can be\n"
  "reached by cable only after a reset in mid-transfer: there, and where the kind is not\n"
  "known, it takes --allow-cable as well.\n\n"
  "--allow-cable sends a SoftDevice or bootloader also to a board that is off the air\n"
  "without an application, as Adafruit's are: it can then be reached by cable only.\n\n"
  "Bootloaders differ in what they bear, and are told apart by what they show; where\n"
  "that is not enough, --family says which it is:\n";

static char *describe(void)
{
  GString *text = g_string_new(details);
  gsize n;
  const DfuFamily *families = dfu_families(&n);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf(text, "  %-14s %s\n", families[i].name, families[i].title);
  return g_string_free(text, FALSE);
}

static gboolean parse(DfuUpdateOptions *options, RawOptions *raw, char **argv, DfuOutput *output,
                      gboolean *helped, GError **error)
{
  g_autofree char *description = describe();
  const DfuUsage usage = {
    .command = "update",
    .arguments = "PACKAGE {--addr ADDR | --name NAME}",
    .summary = summary,
    .details = description,
    .verbose_help = "Say what happens; twice: bytes on the control point",
  };
  const GOptionEntry own[] = {
    { "addr", 0, 0, G_OPTION_ARG_STRING, &options->address,
      "Address of the device, as `dfu-ble scan` shows it", "ADDR" },
    { "name", 0, 0, G_OPTION_ARG_FILENAME, &options->name,
      "Name that the device advertises, instead of --addr", "NAME" },
    { "bootloader-name", 0, 0, G_OPTION_ARG_FILENAME, &options->bootloader_name,
      "Name of its bootloader, if that has an address of its own", "NAME" },
    { "only", 0, 0, G_OPTION_ARG_STRING, &options->only,
      "Of a package with two parts, send this one alone", "app|system" },
    DFU_PACKAGE_INPUT_OPTIONS(&options->package),
    DFU_ADAPTER_OPTION(&options->adapter),
    { "timeout", 0, 0, G_OPTION_ARG_INT, &raw->timeout_s,
      "Time for one try to connect (default 30)", "SECONDS" },
    { "retries", 0, 0, G_OPTION_ARG_INT, &raw->retries,
      "Tries to connect that bring nothing new (default 10)", "N" },
    { "deadline", 0, 0, G_OPTION_ARG_INT, &raw->deadline_s,
      "No reconnecting after so long (default 0: no limit)", "SECONDS" },
    { "no-resume", 0, 0, G_OPTION_ARG_NONE, &options->no_resume,
      "Do not go on by the journal of an earlier run", NULL },
    { "restart", 0, 0, G_OPTION_ARG_NONE, &options->session.restart,
      "Allow a reset of the bootloader; see below", NULL },
    { "wait-back", 0, 0, G_OPTION_ARG_INT, &raw->wait_back_s,
      "Watch so long for the device's return (default 15)", "SECONDS" },
    { "require-back", 0, 0, G_OPTION_ARG_NONE, &options->session.require_back,
      "Fail (status 9) where the return is not seen", NULL },
    { "allow-cable", 0, 0, G_OPTION_ARG_NONE, &options->session.allow_cable,
      "Also where the device may be left to a cable", NULL },
    { "family", 0, 0, G_OPTION_ARG_STRING, &raw->family,
      "Kind of bootloader, where it is not recognised; see below", "NAME" },
    { "expect-model", 0, 0, G_OPTION_ARG_FILENAME, &options->expected_model,
      "Refuse a device that tells another model number", "TEXT" },
    { "expect-type", 0, 0, G_OPTION_ARG_STRING, &raw->type,
      "Refuse a package for another device type (0x0052)", "N" },
    { "prn", 0, 0, G_OPTION_ARG_INT, &raw->receipts,
      "Ask for a receipt every N packets (default by family)", "N" },
    { "window", 0, 0, G_OPTION_ARG_INT, &raw->window,
      "Most packets on the way (default by family, or 2N)", "W" },
    { "packet-size", 0, 0, G_OPTION_ARG_STRING, &raw->packet_size,
      "Bytes in a packet, a multiple of 4 (default auto)", "N|auto" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options->dry_run,
      "Only check command line and package; no Bluetooth", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->packages, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };

  return dfu_options_parse(&usage, own, argv, output, helped, error);
}

static gboolean fail(GError **error, const char *message)
{
  g_set_error_literal(error, DFU_ERROR, DFU_ERROR_USAGE, message);
  return FALSE;
}

static gboolean check_device(const DfuUpdateOptions *options, GError **error)
{
  if ((options->address == NULL) == (options->name == NULL))
    return fail(error, "which device? Give one of --addr ADDR and --name NAME");
  if (!dfu_options_check_name("--name", options->name, error) ||
      !dfu_options_check_name("--bootloader-name", options->bootloader_name, error) ||
      !dfu_options_check_name("--expect-model", options->expected_model, error))
    return FALSE;
  if (options->address != NULL && !dfu_options_check_address(options->address, error))
    return FALSE;
  return dfu_options_check_adapter(options->adapter, error);
}

static gboolean take_package(DfuUpdateOptions *options, char **packages, GError **error)
{
  if (packages == NULL)
    return fail(error, "no PACKAGE given");
  if (packages[1] != NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "update takes one PACKAGE; what is '%s'?",
                packages[1]);
    return FALSE;
  }
  options->package.path = g_strdup(packages[0]);
  return dfu_package_input_check(&options->package, error);
}

static gboolean check_only(const char *only, GError **error)
{
  if (only == NULL || g_str_equal(only, "app") || g_str_equal(only, "system"))
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "--only '%s': must be app or system", only);
  return FALSE;
}

static gboolean take_packet_size(DfuSessionOptions *session, const char *text, GError **error)
{
  guint64 bytes;

  if (text == NULL || g_str_equal(text, "auto"))
    return TRUE;
  if (!g_ascii_string_to_unsigned(text, 10, 4, MOST_PACKET_BYTES, &bytes, NULL) || bytes % 4 != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "--packet-size '%s': must be auto, or a multiple of 4 from 4 to %d", text,
                MOST_PACKET_BYTES);
    return FALSE;
  }
  session->packet_bytes = (guint)bytes;
  return TRUE;
}

static gboolean take_window(DfuSessionOptions *session, const RawOptions *raw, GError **error)
{
  gboolean has_receipts = raw->receipts != DFU_OPTION_UNSET;
  gboolean has_window = raw->window != DFU_OPTION_UNSET;

  if (has_receipts && !dfu_options_check_range("--prn", raw->receipts, 1, MOST_PACKETS, error))
    return FALSE;
  if (has_window && has_receipts && raw->window < raw->receipts) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "--window %d: must be at least --prn (%d), or no receipt would ever be due",
                raw->window, raw->receipts);
    return FALSE;
  }
  if (has_window && !dfu_options_check_range("--window", raw->window, 1, MOST_PACKETS, error))
    return FALSE;
  session->receipt_packets = has_receipts ? (guint)raw->receipts : 0;
  session->window_packets = has_window ? (guint)raw->window : MIN(2 * session->receipt_packets,
                                                                  MOST_PACKETS);
  return TRUE;
}

static gboolean take_expectations(DfuUpdateOptions *options, const char *type, GError **error)
{
  guint64 value;
  const char *digits = type;
  guint base = 10;

  options->session.expect_model = options->expected_model;
  if (type == NULL)
    return TRUE;
  if (g_str_has_prefix(type, "0x")) {
    digits = type + 2;
    base = 16;
  }
  if (!g_ascii_string_to_unsigned(digits, base, 0, G_MAXUINT16, &value, NULL)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "--expect-type '%s': must be a number from 0 to 65535, or 0x0 to 0xffff", type);
    return FALSE;
  }
  options->has_expected_type = TRUE;
  options->expected_type = (guint16)value;
  return TRUE;
}

static gboolean take_times(DfuSessionOptions *session, const RawOptions *raw, GError **error)
{
  if (!dfu_options_check_range("--timeout", raw->timeout_s, 1, DFU_MOST_SECONDS, error) ||
      !dfu_options_check_range("--retries", raw->retries, 0, MOST_RETRIES, error) ||
      !dfu_options_check_range("--deadline", raw->deadline_s, 0, MOST_DEADLINE_SECONDS, error) ||
      !dfu_options_check_range("--wait-back", raw->wait_back_s, 0, DFU_MOST_SECONDS, error))
    return FALSE;
  if (session->require_back && raw->wait_back_s == 0)
    return fail(error, "--require-back needs time to watch: --wait-back must not be 0");
  session->timeout_s = (guint)raw->timeout_s;
  session->retries = (guint)raw->retries;
  session->deadline_s = (guint)raw->deadline_s;
  session->wait_back_s = (guint)raw->wait_back_s;
  return TRUE;
}

static gboolean check(DfuUpdateOptions *options, const RawOptions *raw, GError **error)
{
  return take_package(options, raw->packages, error) && check_device(options, error) &&
         check_only(options->only, error) &&
         take_packet_size(&options->session, raw->packet_size, error) &&
         take_window(&options->session, raw, error) &&
         dfu_options_take_family(raw->family, &options->session.family, error) &&
         take_expectations(options, raw->type, error) &&
         take_times(&options->session, raw, error) &&
         dfu_session_options_check(&options->session, error);
}

gboolean dfu_update_options_parse(DfuUpdateOptions *options, char **argv, DfuOutput *output,
                                  gboolean *helped, GError **error)
{
  const DfuSessionOptions *defaults = &dfu_session_options_default;
  RawOptions raw = {
    .receipts = DFU_OPTION_UNSET,
    .window = DFU_OPTION_UNSET,
    .retries = (int)defaults->retries,
    .timeout_s = (int)defaults->timeout_s,
    .deadline_s = (int)defaults->deadline_s,
    .wait_back_s = (int)defaults->wait_back_s,
  };
  gboolean ok;

  options->session = *defaults;
  ok = parse(options, &raw, argv, output, helped, error) &&
       (*helped || check(options, &raw, error));
  g_strfreev(raw.packages);
  g_free(raw.packet_size);
  g_free(raw.family);
  g_free(raw.type);
  return ok;
}

void dfu_update_options_clear(DfuUpdateOptions *options)
{
  dfu_package_input_clear(&options->package);
  g_clear_pointer(&options->address, g_free);
  g_clear_pointer(&options->name, g_free);
  g_clear_pointer(&options->bootloader_name, g_free);
  g_clear_pointer(&options->adapter, g_free);
  g_clear_pointer(&options->only, g_free);
  g_clear_pointer(&options->expected_model, g_free);
}
