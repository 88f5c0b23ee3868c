/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/raw_options.h"

#include "target/personality.h"

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

GOptionContext *dfu_raw_options_context(DfuRawOptions *raw)
{
  const GOptionEntry entries[] = {
    {"name", 0, 0, G_OPTION_ARG_FILENAME, &raw->name, "Name that the DFU target advertises", "NAME"},
    {"addr", 0, 0, G_OPTION_ARG_STRING, &raw->address,
     "Address where the device is at first (" DFU_DEFAULT_ADDRESS ")", "ADDR"},
    {"app-mode", 0, 0, G_OPTION_ARG_NONE, &raw->app_mode,
     "Run the application at first, from which the bootloader can be entered", NULL},
    {"app-revision", 0, 0, G_OPTION_ARG_STRING, &raw->app_revision,
     "DFU Revision of that application: 0.1, none (as the bootloader has one)", "WHICH"},
    {"jump", 0, 0, G_OPTION_ARG_STRING, &raw->jump,
     "Which address a bootloader has that its application entered: next (default), same",
     "WHICH"},
    {"directed", 0, 0, G_OPTION_ARG_NONE, &raw->directed,
     "That bootloader advertises to the one who entered it alone", NULL},
    {"mtu", 0, 0, G_OPTION_ARG_INT, &raw->mtu, "Largest ATT MTU granted, 23 to 517", "N"},
    {"personality", 0, 0, G_OPTION_ARG_STRING, &raw->personality, "Which target to be; see below",
     "NAME"},
    {"out", 0, 0, G_OPTION_ARG_FILENAME, &raw->out, "Write installed images there", "DIR"},
    {"log", 0, 0, G_OPTION_ARG_FILENAME, &raw->log,
     "Log each control point operation; - for standard error", "FILE"},
    {"fault", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->faults,
     "Something that goes wrong; may be given more than once", "SPEC"},
    {"erase-ms", 0, 0, G_OPTION_ARG_INT, &raw->erase_ms, "Time to erase all flash (0)", "N"},
    {"erase", 0, 0, G_OPTION_ARG_DOUBLE, &raw->erase,
     "Time to erase, in that of the real target: 1.0, or a part or a multiple of it", "FACTOR"},
    {"write-us", 0, 0, G_OPTION_ARG_INT, &raw->write_us, "Time to write one packet (0)", "N"},
    {"notification-buffers", 0, 0, G_OPTION_ARG_INT, &raw->notification_buffers,
     "How many notifications the target's radio stack can hold (0: any number)", "N"},
    {"notify-us", 0, 0, G_OPTION_ARG_INT, &raw->notify_us,
     "Time that a notification stays there (0)", "N"},
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

void dfu_raw_options_clear(DfuRawOptions *raw)
{
  g_free(raw->name);
  g_free(raw->address);
  g_free(raw->personality);
  g_free(raw->app_revision);
  g_free(raw->jump);
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
