/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble scan: lists what can be heard, a line for each device as it is
 * found. Ctrl-C ends it like the end of its time.
 */
#include <dfu/bluez.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/stop_signals.h"

#define DEFAULT_SECONDS 10

typedef struct {
  char *adapter;
  int seconds;
  gboolean all;
} ScanOptions;

typedef struct {
  DfuOutput *output;
  gboolean all;
  GMainLoop *loop;
  GHashTable *listed; /* address -> line, as it was last printed */
  guint n_secure;     /* reports of devices that speak Secure DFU */
  GError *error;
} ScanRun;

static const DfuUsage usage = {
  .command = "scan",
  .arguments = "",
  .summary = "Lists the devices in DFU mode that can be heard: address, address type,\n"
             "signal, kind and name.",
  .details = "A device is listed again when more becomes known of it, such as its name.\n"
             "The exit status is 0 when something was listed and 5 when nothing was.",
  .verbose_help = "Say what else is heard",
};

static gboolean parse_options(ScanOptions *options, char **argv, DfuOutput *output,
                              gboolean *helped, GError **error)
{
  const GOptionEntry own[] = {
    { "all", 0, 0, G_OPTION_ARG_NONE, &options->all,
      "List everything that is heard", NULL },
    DFU_ADAPTER_OPTION(&options->adapter),
    { "timeout", 0, 0, G_OPTION_ARG_INT, &options->seconds, "How long to listen (default 10)",
      "SECONDS" },
    G_OPTION_ENTRY_NULL,
  };

  if (!dfu_options_parse(&usage, own, argv, output, helped, error))
    return FALSE;
  return *helped ||
         (dfu_options_check_adapter(options->adapter, error) &&
          dfu_options_check_range("--timeout", options->seconds, 1, DFU_MOST_SECONDS, error));
}

static const char *kind_word(DfuDeviceKind kind)
{
  switch (kind) {
  case DFU_DEVICE_DFU: return "dfu";
  case DFU_DEVICE_SECURE_DFU: return "secure-dfu";
  case DFU_DEVICE_OTHER: break;
  }
  return "other";
}

static void send_device_event(DfuOutput *output, const DfuDevice *device)
{
  cJSON *fields = cJSON_CreateObject();

  dfu_json_add_text(fields, "address", device->address);
  dfu_json_add_text(fields, "address_type", device->address_type);
  if (device->rssi != 0)
    cJSON_AddNumberToObject(fields, "rssi", device->rssi);
  cJSON_AddStringToObject(fields, "kind", kind_word(device->kind));
  dfu_json_add_text(fields, "name", device->name);
  cJSON_AddBoolToObject(fields, "connected", device->connected);
  dfu_output_event(output, "device", fields);
}

static void print_device(ScanRun *run, const DfuDevice *device)
{
  g_autofree char *signal = device->rssi == 0 ? g_strdup("-")
                                              : g_strdup_printf("%d dBm", device->rssi);

  if (dfu_output_is_json(run->output)) {
    send_device_event(run->output, device);
    return;
  }
  if (g_hash_table_size(run->listed) == 0 && dfu_output_shows(run->output, DFU_LEVEL_NORMAL))
    dfu_output_say(run->output, "%-17s  %-6s  %8s  %-10s  %s", "ADDRESS", "TYPE", "SIGNAL", "KIND",
                   "NAME");
  dfu_output_say(run->output, "%-17s  %-6s  %8s  %-10s  %s%s", device->address,
                 device->address_type, signal, kind_word(device->kind), device->name,
                 device->connected ? "  (connected to this host)" : "");
}

/* What makes a device worth another line; its signal alone does not. */
static char *describe(const DfuDevice *device)
{
  return g_strdup_printf("%s %d %s", kind_word(device->kind), device->connected, device->name);
}

static void on_device(const DfuDevice *device, const GError *error, gpointer data)
{
  ScanRun *run = data;
  g_autofree char *line = NULL;

  if (device == NULL) {
    if (error != NULL)
      run->error = g_error_copy(error);
    g_main_loop_quit(run->loop);
    return;
  }
  if (device->kind == DFU_DEVICE_SECURE_DFU)
    run->n_secure++;
  if (device->kind != DFU_DEVICE_DFU && !run->all) {
    dfu_output_note(run->output, DFU_LEVEL_VERBOSE, "not in DFU mode: %s '%s' (%s)",
                    device->address, device->name, kind_word(device->kind));
    return;
  }
  line = describe(device);
  if (g_strcmp0(g_hash_table_lookup(run->listed, device->address), line) == 0)
    return;
  print_device(run, device);
  g_hash_table_replace(run->listed, g_strdup(device->address), g_steal_pointer(&line));
}

static gboolean on_signal(gpointer data)
{
  ScanRun *run = data;

  g_main_loop_quit(run->loop);
  return G_SOURCE_CONTINUE;
}

static void set_nothing_heard(const ScanRun *run, GError **error)
{
  const char *hint = "press its DFU button or send it into its bootloader, bring it nearer, or see "
                     "everything that is heard with --all";

  if (run->n_secure > 0)
    hint = "but one that speaks Secure DFU was, which this program does not: see --all";
  else if (run->all)
    hint = "bring it nearer, or try another --adapter";
  g_set_error(error, DFU_ERROR, DFU_ERROR_NOT_FOUND, "no device%s was heard; %s",
              run->all ? "" : " in DFU mode", hint);
}

static gboolean listen(ScanRun *run, const ScanOptions *options, GError **error)
{
  DfuStopSignals signals;
  g_autoptr(DfuBluezScan) scan =
    dfu_bluez_scan_new(options->adapter, (guint)options->seconds, on_device, run);

  dfu_stop_signals_take(&signals, on_signal, run);
  dfu_output_note(run->output, DFU_LEVEL_NORMAL, "Listening for %d s; Ctrl-C ends it.",
                  options->seconds);
  g_main_loop_run(run->loop);
  dfu_stop_signals_give_back(&signals);
  cJSON_AddNumberToObject(dfu_output_get_result(run->output), "devices",
                          g_hash_table_size(run->listed));
  if (run->error != NULL) {
    g_propagate_error(error, g_steal_pointer(&run->error));
    return FALSE;
  }
  if (g_hash_table_size(run->listed) > 0)
    return TRUE;
  set_nothing_heard(run, error);
  return FALSE;
}

gboolean dfu_cmd_scan(char **argv, DfuOutput *output, GError **error)
{
  ScanOptions options = { .seconds = DEFAULT_SECONDS };
  ScanRun run = { .output = output };
  gboolean helped;
  gboolean ok = parse_options(&options, argv, output, &helped, error);

  if (ok && !helped) {
    run.all = options.all;
    run.loop = g_main_loop_new(NULL, FALSE);
    run.listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    ok = listen(&run, &options, error);
    g_hash_table_unref(run.listed);
    g_main_loop_unref(run.loop);
  }
  g_free(options.adapter);
  return ok;
}
