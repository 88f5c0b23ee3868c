/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading a command's options, and the ones that several commands share.
 */
#ifndef DFU_CLI_OPTIONS_H
#define DFU_CLI_OPTIONS_H

#include <dfu/family.h>

#include "cli/output.h"

/** Initial value of a number that the user may leave out. */
#define DFU_OPTION_UNSET G_MININT

/** How a command is used. */
typedef struct {
  const char *command;   /* "update" */
  const char *arguments; /* "PACKAGE {--addr ADDR | --name NAME}" */
  const char *summary;
  const char *details;   /* (nullable): after the options */
  const char *verbose_help; /* (nullable): what --verbose does; without, no --quiet either */
} DfuUsage;

/**
 * dfu_options_parse:
 * @own: the command's own options, without --json, --quiet, --verbose, --help; with
 *   G_OPTION_REMAINING where it takes arguments
 * @argv: all arguments of the program; left as they are
 * @output: is told about --json, --quiet and --verbose
 * @helped: (out): the help was asked for and has been printed; nothing else is to be done
 *
 * Errors: %DFU_ERROR_USAGE; arguments to a command that takes none are one.
 */
gboolean dfu_options_parse(const DfuUsage *usage, const GOptionEntry *own, char **argv,
                           DfuOutput *output, gboolean *helped, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_options_check_range:
 * @option: "--prn"
 *
 * Errors: %DFU_ERROR_USAGE: @value is not from @least to @most.
 */
gboolean dfu_options_check_range(const char *option, int value, int least, int most,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_options_check_address:
 * @address: (nullable): what `--addr` was given
 *
 * Errors: %DFU_ERROR_USAGE: none, or not of the form AA:BB:CC:DD:EE:FF.
 */
gboolean dfu_options_check_address(const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Of the commands that talk to one device: which it is, and how it is reached. */
typedef struct {
  char *address;
  char *adapter; /* (nullable) */
  char *family;  /* (nullable) */
  int timeout_s;
} DfuDeviceOptions;

/** The options of @device, for the table of a command. */
#define DFU_DEVICE_OPTIONS(device) \
  { "addr", 0, 0, G_OPTION_ARG_STRING, &(device)->address, \
    "Address of the device, as `dfu-ble scan` shows it", "ADDR" }, \
  DFU_ADAPTER_OPTION(&(device)->adapter), \
  { "timeout", 0, 0, G_OPTION_ARG_INT, &(device)->timeout_s, \
    "Time for one try to connect (default 30)", "SECONDS" }, \
  { "family", 0, 0, G_OPTION_ARG_STRING, &(device)->family, \
    "Kind of bootloader, where it is not recognised", "NAME" }

#define DFU_ADAPTER_OPTION(adapter) \
  { "adapter", 0, 0, G_OPTION_ARG_STRING, adapter, \
    "Bluetooth adapter (default: the first that is on)", "hciN" }

/** Longest --timeout. */
#define DFU_MOST_SECONDS 3600

/**
 * dfu_device_options_check:
 * @family: (out): set where one is named
 *
 * Errors: %DFU_ERROR_USAGE.
 */
gboolean dfu_device_options_check(const DfuDeviceOptions *device, const DfuFamily **family,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Frees what @device holds. */
void dfu_device_options_clear(DfuDeviceOptions *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DfuDeviceOptions, dfu_device_options_clear)

/**
 * dfu_options_check_adapter:
 * @adapter: (nullable): what `--adapter` was given
 *
 * Errors: %DFU_ERROR_USAGE: not of the form hciN.
 */
gboolean dfu_options_check_adapter(const char *adapter, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the word @flag stands among @argv: for what must be known even where parsing fails. */
gboolean dfu_options_has_flag(char **argv, const char *flag);

/**
 * @name: (nullable): as --family takes it
 * @family: (out): set where @name is
 *
 * Errors: %DFU_ERROR_USAGE, with all names.
 */
gboolean dfu_options_take_family(const char *name, const DfuFamily **family, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Whether @name (nullable) can be a name on the air. */
gboolean dfu_options_check_name(const char *option, const char *name, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
