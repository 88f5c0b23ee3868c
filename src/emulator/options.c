/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/options.h"

#include <stdio.h>
#include <string.h>

#include "dfu/error.h"
#include "emulator/raw_options.h"

enum {
  MIN_MTU = 23,
  MAX_MTU = 517,
  MAX_NAME_BYTES = 29, /* what a scan response can hold */
  MAX_MS = 600000,
  MAX_US = 1000000,
  MAX_ERASE_FACTOR = 1000,
  MAX_BUFFERS = 1000,
  DEFAULT_SOFTDEVICE = 0x0080,        /* S130 2.0.0, that nRF5 SDK 11 came with */
  ANY_DEVICE = 0xffff,
  MIN_READVERTISE_MS = 20,
};

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
      return fail(error, "\"%s\" is no device address; one looks like " DFU_DEFAULT_ADDRESS ".", text);
    }
  }
  if (text[17] != '\0') {
    return fail(error, "\"%s\" is no device address; one looks like " DFU_DEFAULT_ADDRESS ".", text);
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

/* One of two words; @text NULL leaves @out as it is. */
static gboolean parse_choice(const char *option, const char *text, const char *no, const char *yes,
                             gboolean *out, GError **error)
{
  if (text != NULL && strcmp(text, no) != 0 && strcmp(text, yes) != 0) {
    return fail(error, "%s is \"%s\"; it must be %s or %s.", option, text, no, yes);
  }
  *out = text != NULL ? strcmp(text, yes) == 0 : *out;
  return TRUE;
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

/* The application's side, and how it and the bootloader follow each other. */
static gboolean fill_application(DfuBoardConfig *board, const DfuRawOptions *raw, GError **error)
{
  board->app_has_revision = board->personality->has_revision;
  if (!parse_choice("--app-revision", raw->app_revision, "none", "0.1", &board->app_has_revision,
                    error)
      || !parse_choice("--jump", raw->jump, "next", "same", &board->same_address, error)) {
    return FALSE;
  }
  if (board->personality->is_application && (raw->app_mode || raw->jump != NULL)) {
    return fail(error, "%s is an application itself, and has no bootloader to enter: leave "
                "--app-mode and --jump out.", board->personality->name);
  }
  if (!raw->app_mode && (raw->app_revision != NULL || raw->directed)) {
    return fail(error, "--app-revision and --directed need --app-mode.");
  }
  if (raw->directed && !board->same_address) {
    return fail(error, "--directed needs --jump same: a bootloader that knows whom to advertise "
                "to has the application's address too.");
  }
  board->app_mode = raw->app_mode;
  board->directed = raw->directed;
  return TRUE;
}

static gboolean fill_flash(DfuBoardConfig *board, const DfuRawOptions *raw, GError **error)
{
  if (!check_range("--erase-ms", raw->erase_ms, 0, MAX_MS, error)
      || !check_range("--write-us", raw->write_us, 0, MAX_US, error)) {
    return FALSE;
  }
  if (!(raw->erase >= 0 && raw->erase <= MAX_ERASE_FACTOR)) {
    return fail(error, "--erase is %g; it must be from 0 to %d.", raw->erase, MAX_ERASE_FACTOR);
  }
  if (raw->erase_ms != 0 && raw->erase != 0) {
    return fail(error, "--erase and --erase-ms say the same thing; give one of them.");
  }
  board->erase_us = raw->erase_ms * INT64_C(1000);
  board->erase_scale = raw->erase;
  board->write_us = raw->write_us;
  return TRUE;
}

static gboolean fill_board(DfuOptions *options, DfuRawOptions *raw, GError **error)
{
  DfuBoardConfig *board = &options->board;
  g_autofree char *address = NULL;

  board->device_type = ANY_DEVICE;
  board->device_revision = ANY_DEVICE;
  board->softdevice_id = DEFAULT_SOFTDEVICE;
  if (!parse_personality(raw->personality, &board->personality, error)
      || !parse_address(raw->address != NULL ? raw->address : DFU_DEFAULT_ADDRESS, &address, error)
      || !parse_u16("--device-type", raw->device_type, &board->device_type, error)
      || !parse_u16("--device-revision", raw->device_revision, &board->device_revision, error)
      || !parse_u16("--softdevice", raw->softdevice, &board->softdevice_id, error)
      || !parse_faults(raw->faults, &board->faults, error)
      || (raw->after_activate != NULL
          && !parse_after(raw->after_activate, &board->after_activate, error))
      || (raw->mtu != 0 && !check_range("--mtu", raw->mtu, MIN_MTU, MAX_MTU, error))
      || !fill_application(board, raw, error) || !fill_flash(board, raw, error)
      || !check_range("--notification-buffers", raw->notification_buffers, 0, MAX_BUFFERS, error)
      || !check_range("--notify-us", raw->notify_us, 0, MAX_US, error)
      || !check_range("--boot-ms", raw->boot_ms, 0, MAX_MS, error)) {
    return FALSE;
  }
  if (raw->name != NULL
      && (strlen(raw->name) > MAX_NAME_BYTES || !g_utf8_validate(raw->name, -1, NULL))) {
    return fail(error, "--name must be UTF-8 of at most %d bytes.", MAX_NAME_BYTES);
  }
  board->address = keep(options, g_steal_pointer(&address));
  board->name = keep(options, g_steal_pointer(&raw->name));
  board->mtu = (guint16)raw->mtu;
  board->has_application = !raw->no_application;
  board->notification_buffers = (guint16)raw->notification_buffers;
  board->notify_us = raw->notify_us;
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

static gboolean refuse_bus_options(const DfuRawOptions *raw, GError **error)
{
  if (raw->no_adapter || raw->powered_off || raw->air_us != 0 || raw->bus_address != NULL
      || raw->disconnect_delay_ms != DFU_DEFAULT_DISCONNECT_DELAY_MS) {
    return fail(error, "--no-adapter, --powered-off, --air-us, --disconnect-delay and "
                "--bus-address are about an emulated host; with --hci the host is a real one.");
  }
  return TRUE;
}

static gboolean fill_hci(DfuOptions *options, const DfuRawOptions *raw, GError **error)
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

static gboolean fill(DfuOptions *options, DfuRawOptions *raw, GError **error)
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
  g_auto(DfuRawOptions) raw = {
    .boot_ms = DFU_DEFAULT_BOOT_MS,
    .disconnect_delay_ms = DFU_DEFAULT_DISCONNECT_DELAY_MS,
  };
  g_autoptr(GOptionContext) context = dfu_raw_options_context(&raw);

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
