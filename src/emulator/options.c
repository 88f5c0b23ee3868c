/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/options.h"

#include <stdio.h>
#include <string.h>

#include "dfu/error.h"

#define DEFAULT_ADDRESS "C4:12:AB:00:11:22"

enum {
  MIN_MTU = 23,
  MAX_MTU = 517,
  MAX_NAME_BYTES = 29, /* what a scan response can hold */
  MAX_MS = 600000,
  MAX_US = 1000000,
  DEFAULT_BOOT_MS = 300,
  DEFAULT_DISCONNECT_DELAY_MS = 2000, /* DISCONNECT_TIMER of bluetoothd, src/device.c */
  DEFAULT_SOFTDEVICE = 0x0080,        /* S130 2.0.0, that nRF5 SDK 11 came with */
  ANY_DEVICE = 0xffff,
  MIN_READVERTISE_MS = 20,
};

/* As GOption fills them in; strings are ours. */
typedef struct {
  char *name;
  char *address;
  int mtu;
  char *personality;
  char *out;
  char *log;
  char **faults;
  int erase_ms;
  int write_us;
  int boot_ms;
  char *after_activate;
  char *device_type;
  char *device_revision;
  char *softdevice;
  gboolean no_application;
  gboolean same_address;
  gboolean absent;
  gboolean no_adapter;
  gboolean powered_off;
  int disconnect_delay_ms;
  int air_us;
  char *bus_address;
  char *hci;
  int readvertise_ms;
  gboolean no_update_request;
  gboolean help;
  gboolean version;
} Raw;

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean fail(GError **error, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  g_propagate_error(error, g_error_new_valist(DFU_ERROR, DFU_ERROR_USAGE, format, args));
  va_end(args);
  return FALSE;
}

static gboolean check_range(const char *option, int value, int min, int max, GError **error)
{
  if (value < min || value > max) {
    return fail(error, "%s is %d; it must be from %d to %d.", option, value, min, max);
  }
  return TRUE;
}

static gboolean parse_address(const char *text, char **out, GError **error)
{
  for (gsize i = 0; i < 17; i++) {
    if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i])) {
      return fail(error, "\"%s\" is no device address; one looks like " DEFAULT_ADDRESS ".", text);
    }
  }
  if (text[17] != '\0') {
    return fail(error, "\"%s\" is no device address; one looks like " DEFAULT_ADDRESS ".", text);
  }
  *out = g_ascii_strup(text, -1);
  return TRUE;
}

/* @text NULL leaves @out as it is. */
static gboolean parse_u16(const char *option, const char *text, guint16 *out, GError **error)
{
  char *end = NULL;
  guint64 value;

  if (text == NULL) {
    return TRUE;
  }
  value = g_ascii_strtoull(text, &end, 0);
  if (!g_ascii_isdigit(text[0]) || *end != '\0' || value > G_MAXUINT16) {
    return fail(error, "%s is \"%s\"; it must be a number from 0 to 0xffff.", option, text);
  }
  *out = (guint16)value;
  return TRUE;
}

static gboolean parse_after(const char *text, DfuBoardAfter *out, GError **error)
{
  static const char *const words[] = {"boot", "application", "dfu", "nothing", NULL};

  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], text) == 0) {
      *out = (DfuBoardAfter)i;
      return TRUE;
    }
  }
  return fail(error,
              "--after-activate is \"%s\"; it must be boot, application, dfu or nothing.", text);
}

static gboolean parse_personality(const char *name, const DfuPersonality **out, GError **error)
{
  gsize n;

  *out = name == NULL ? dfu_personalities(&n) : dfu_personality_find(name);
  if (*out == NULL) {
    return fail(error, "There is no personality \"%s\"; --help lists them.", name);
  }
  return TRUE;
}

static gboolean parse_faults(char **texts, DfuFaults *faults, GError **error)
{
  char message[DFU_FAULTS_MESSAGE_BYTES];

  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++) {
    if (!dfu_faults_parse(faults, texts[i], message)) {
      return fail(error, "--fault %s: %s", texts[i], message);
    }
  }
  return TRUE;
}

static char *keep(DfuOptions *options, char *string)
{
  g_ptr_array_add(options->strings, string);
  return string;
}

static gboolean fill_board(DfuOptions *options, Raw *raw, GError **error)
{
  DfuBoardConfig *board = &options->board;
  g_autofree char *address = NULL;

  board->device_type = ANY_DEVICE;
  board->device_revision = ANY_DEVICE;
  board->softdevice_id = DEFAULT_SOFTDEVICE;
  if (!parse_personality(raw->personality, &board->personality, error)
      || !parse_address(raw->address != NULL ? raw->address : DEFAULT_ADDRESS, &address, error)
      || !parse_u16("--device-type", raw->device_type, &board->device_type, error)
      || !parse_u16("--device-revision", raw->device_revision, &board->device_revision, error)
      || !parse_u16("--softdevice", raw->softdevice, &board->softdevice_id, error)
      || !parse_faults(raw->faults, &board->faults, error)
      || (raw->after_activate != NULL
          && !parse_after(raw->after_activate, &board->after_activate, error))
      || (raw->mtu != 0 && !check_range("--mtu", raw->mtu, MIN_MTU, MAX_MTU, error))
      || !check_range("--erase-ms", raw->erase_ms, 0, MAX_MS, error)
      || !check_range("--write-us", raw->write_us, 0, MAX_US, error)
      || !check_range("--boot-ms", raw->boot_ms, 0, MAX_MS, error)) {
    return FALSE;
  }
  if (raw->name != NULL
      && (strlen(raw->name) > MAX_NAME_BYTES || !g_utf8_validate(raw->name, -1, NULL))) {
    return fail(error, "--name must be UTF-8 of at most %d bytes.", MAX_NAME_BYTES);
  }
  board->address = keep(options, g_steal_pointer(&address));
  board->same_address = raw->same_address;
  board->name = keep(options, g_steal_pointer(&raw->name));
  board->mtu = (guint16)raw->mtu;
  board->has_application = !raw->no_application;
  board->erase_us = raw->erase_ms * INT64_C(1000);
  board->write_us = raw->write_us;
  board->boot_us = raw->boot_ms * INT64_C(1000);
  board->absent = raw->absent;
  board->out_directory = keep(options, g_steal_pointer(&raw->out));
  return TRUE;
}

static gboolean parse_hci(const char *text, guint16 *out, GError **error)
{
  if (g_str_has_prefix(text, "hci") && g_ascii_isdigit(text[3])) {
    char *end = NULL;
    guint64 index = g_ascii_strtoull(text + 3, &end, 10);

    if (*end == '\0' && index < G_MAXUINT16) {
      *out = (guint16)index;
      return TRUE;
    }
  }
  return fail(error, "--hci is \"%s\"; a controller is called hci0, hci1, ...", text);
}

/* Two most significant bits of the address: Bluetooth Core, Vol 6, Part B, 1.3.2.1. */
static gboolean is_static_random(const char *address)
{
  return g_ascii_xdigit_value(address[0]) >= 0xc;
}

static gboolean refuse_bus_options(const Raw *raw, GError **error)
{
  if (raw->no_adapter || raw->powered_off || raw->air_us != 0 || raw->bus_address != NULL
      || raw->disconnect_delay_ms != DEFAULT_DISCONNECT_DELAY_MS) {
    return fail(error, "--no-adapter, --powered-off, --air-us, --disconnect-delay and "
                "--bus-address are about an emulated host; with --hci the host is a real one.");
  }
  return TRUE;
}

static gboolean fill_hci(DfuOptions *options, const Raw *raw, GError **error)
{
  options->on_air = raw->hci != NULL;
  if (raw->hci == NULL) {
    return (raw->readvertise_ms == 0 && !raw->no_update_request)
           || fail(error, "--readvertise and --no-update-request need --hci.");
  }
  if (!parse_hci(raw->hci, &options->hci_index, error) || !refuse_bus_options(raw, error)
      || (raw->readvertise_ms != 0
          && !check_range("--readvertise", raw->readvertise_ms, MIN_READVERTISE_MS, MAX_MS,
                          error))) {
    return FALSE;
  }
  if (!is_static_random(options->board.address)) {
    return fail(error, "--addr is %s; on the air it must be a static random address, which begins "
                "with C0 to FF.", options->board.address);
  }
  options->hci = (DfuHciConfig){
    .renew_ms = (guint)raw->readvertise_ms,
    .asks_for_update = !raw->no_update_request,
  };
  return TRUE;
}

static gboolean fill(DfuOptions *options, Raw *raw, GError **error)
{
  if (!fill_board(options, raw, error)
      || !check_range("--disconnect-delay", raw->disconnect_delay_ms, 0, MAX_MS, error)
      || !check_range("--air-us", raw->air_us, 0, MAX_US, error)
      || !fill_hci(options, raw, error)) {
    return FALSE;
  }
  options->bus = (DfuBusConfig){
    .has_adapter = !raw->no_adapter,
    .powered = !raw->powered_off,
    .disconnect_delay_ms = (guint)raw->disconnect_delay_ms,
    .air_us = raw->air_us,
  };
  options->bus_address = keep(options, g_steal_pointer(&raw->bus_address));
  options->log_path = keep(options, g_steal_pointer(&raw->log));
  return TRUE;
}

static char *describe(void)
{
  GString *text = g_string_new("Personalities:\n");
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  for (gsize i = 0; i < n; i++) {
    g_string_append_printf(text, "  %-18s %s%s\n", rows[i].name, rows[i].summary,
                           i == 0 ? " (default)" : "");
  }
  g_string_append(text,
                  "\n"
                  "Everything after --run is a command that is run with "
                  "DBUS_SYSTEM_BUS_ADDRESS set; its\n"
                  "exit status becomes that of dfu-ble-target. Without it the bus's address is "
                  "printed, and\n"
                  "the program runs until SIGTERM; with --hci there is no bus, and the device's "
                  "address\nis printed. Faults are listed in dfu-ble-target(1).");
  return g_string_free(text, FALSE);
}

static GOptionContext *make_context(Raw *raw)
{
  const GOptionEntry entries[] = {
    {"name", 0, 0, G_OPTION_ARG_STRING, &raw->name, "Name that the DFU target advertises", "NAME"},
    {"addr", 0, 0, G_OPTION_ARG_STRING, &raw->address,
     "Address of the DFU target (" DEFAULT_ADDRESS ")", "ADDR"},
    {"same-address", 0, 0, G_OPTION_ARG_NONE, &raw->same_address,
     "The application has the same address, not the one below", NULL},
    {"mtu", 0, 0, G_OPTION_ARG_INT, &raw->mtu, "Largest ATT MTU granted, 23 to 517", "N"},
    {"personality", 0, 0, G_OPTION_ARG_STRING, &raw->personality, "Which target to be; see below",
     "NAME"},
    {"out", 0, 0, G_OPTION_ARG_FILENAME, &raw->out, "Write installed images there", "DIR"},
    {"log", 0, 0, G_OPTION_ARG_FILENAME, &raw->log,
     "Log each control point operation; - for standard error", "FILE"},
    {"fault", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->faults,
     "Something that goes wrong; may be given more than once", "SPEC"},
    {"erase-ms", 0, 0, G_OPTION_ARG_INT, &raw->erase_ms, "Time to erase all flash (0)", "N"},
    {"write-us", 0, 0, G_OPTION_ARG_INT, &raw->write_us, "Time to write one packet (0)", "N"},
    {"boot-ms", 0, 0, G_OPTION_ARG_INT, &raw->boot_ms, "Time off the air at a restart (300)", "N"},
    {"no-application", 0, 0, G_OPTION_ARG_NONE, &raw->no_application,
     "No valid application is installed at first", NULL},
    {"after-activate", 0, 0, G_OPTION_ARG_STRING, &raw->after_activate,
     "What is on the air after Activate: boot (default), application, dfu, nothing", "WHAT"},
    {"device-type", 0, 0, G_OPTION_ARG_STRING, &raw->device_type,
     "Device type that an init packet must name (any)", "N"},
    {"device-revision", 0, 0, G_OPTION_ARG_STRING, &raw->device_revision,
     "Device revision that an init packet must name (any)", "N"},
    {"softdevice", 0, 0, G_OPTION_ARG_STRING, &raw->softdevice,
     "Firmware id of the installed SoftDevice (0x0080)", "N"},
    {"absent", 0, 0, G_OPTION_ARG_NONE, &raw->absent, "The device is not on the air", NULL},
    {"no-adapter", 0, 0, G_OPTION_ARG_NONE, &raw->no_adapter, "The host has no adapter", NULL},
    {"powered-off", 0, 0, G_OPTION_ARG_NONE, &raw->powered_off, "The adapter is off at first",
     NULL},
    {"air-us", 0, 0, G_OPTION_ARG_INT, &raw->air_us,
     "Time that a write takes on the air (0); the host queues without bound", "N"},
    {"disconnect-delay", 0, 0, G_OPTION_ARG_INT, &raw->disconnect_delay_ms,
     "How long Disconnect takes, in ms (2000, as in BlueZ)", "MS"},
    {"bus-address", 0, 0, G_OPTION_ARG_STRING, &raw->bus_address,
     "Serve on this D-Bus bus instead of a private one", "ADDRESS"},
    {"hci", 0, 0, G_OPTION_ARG_STRING, &raw->hci,
     "Be on the air, on a controller that is switched off, instead of on a bus", "hciN"},
    {"readvertise", 0, 0, G_OPTION_ARG_INT, &raw->readvertise_ms,
     "With --hci: switch advertising off and on so often, as btvirt needs it", "MS"},
    {"no-update-request", 0, 0, G_OPTION_ARG_NONE, &raw->no_update_request,
     "With --hci: do not ask for another connection interval", NULL},
    {"help", 'h', 0, G_OPTION_ARG_NONE, &raw->help, "Print this help", NULL},
    {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version", NULL},
    G_OPTION_ENTRY_NULL,
  };
  g_autofree char *description = describe();
  GOptionContext *context = g_option_context_new("[--run COMMAND [ARG...]]");

  g_option_context_set_summary(context,
                               "An emulated DFU target, shown on D-Bus the way BlueZ shows a "
                               "device, or on the air.");
  g_option_context_set_description(context, description);
  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_set_help_enabled(context, FALSE);
  return context;
}

static void clear_raw(Raw *raw)
{
  g_free(raw->name);
  g_free(raw->address);
  g_free(raw->personality);
  g_free(raw->out);
  g_free(raw->log);
  g_strfreev(raw->faults);
  g_free(raw->after_activate);
  g_free(raw->device_type);
  g_free(raw->device_revision);
  g_free(raw->softdevice);
  g_free(raw->bus_address);
  g_free(raw->hci);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Raw, clear_raw)

/* Cuts the command of --run off. */
static gboolean split_command(DfuOptions *options, char **arguments, char **argv, GError **error)
{
  for (int i = 1; arguments[i] != NULL; i++) {
    if (strcmp(arguments[i], "--run") == 0) {
      options->command = argv + i + 1;
      if (options->command[0] == NULL) {
        return fail(error, "--run needs a command after it.");
      }
      for (int j = i; arguments[j] != NULL; j++) {
        g_clear_pointer(&arguments[j], g_free);
      }
      break;
    }
  }
  return TRUE;
}

static gboolean parse_arguments(GOptionContext *context, char ***arguments, GError **error)
{
  g_autoptr(GError) cause = NULL;

  if (!g_option_context_parse_strv(context, arguments, &cause)) {
    return fail(error, "%s.", cause->message);
  }
  if ((*arguments)[0] != NULL && (*arguments)[1] != NULL) {
    return fail(error, "Unexpected argument \"%s\"; a command goes after --run.", (*arguments)[1]);
  }
  return TRUE;
}

gboolean dfu_options_parse(DfuOptions *options, char **argv, GError **error)
{
  g_auto(GStrv) arguments = g_strdupv(argv);
  g_auto(Raw) raw = {
    .boot_ms = DEFAULT_BOOT_MS,
    .disconnect_delay_ms = DEFAULT_DISCONNECT_DELAY_MS,
  };
  g_autoptr(GOptionContext) context = make_context(&raw);

  options->strings = g_ptr_array_new_with_free_func(g_free);
  if (!split_command(options, arguments, argv, error)
      || !parse_arguments(context, &arguments, error)) {
    return FALSE;
  }
  options->exit_now = raw.help || raw.version;
  if (raw.help) {
    g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);

    fputs(help, stdout);
  } else if (raw.version) {
    puts("dfu-ble-target " DFU_VERSION);
  }
  return options->exit_now || fill(options, &raw, error);
}

void dfu_options_clear(DfuOptions *options)
{
  g_clear_pointer(&options->strings, g_ptr_array_unref);
}
