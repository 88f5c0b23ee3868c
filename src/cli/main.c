/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dfu-ble: the table of commands, the options without a command, and the only
 * place that ends the process.
 */
#include <dfu/error.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/options.h"

typedef struct {
  const char *name;
  DfuCommandFunc run;
  const char *summary;
} Command;

static gboolean print_help(char **argv, DfuOutput *output, GError **error);
static gboolean print_version(char **argv, DfuOutput *output, GError **error);

static const Command commands[] = {
  { "update", dfu_cmd_update, "send a package to a device" },
  { "scan", dfu_cmd_scan, "list the devices in DFU mode that can be heard" },
  { "status", dfu_cmd_status, "show what is known of a device, on it and here" },
  { "enter", dfu_cmd_enter, "send a device from its application into its bootloader" },
  { "reset", dfu_cmd_reset, "reset a bootloader, on request only" },
  { "info", dfu_cmd_info, "check a package and show what is in it" },
  { "pack", dfu_cmd_pack, "make a package of firmware images" },
  { "doctor", dfu_cmd_doctor, "look for what of this host would stand in the way" },
  { "--help", print_help, "show this help; dfu-ble COMMAND --help shows a command's" },
  { "--version", print_version, "show the version" },
};

static gboolean print_help(char **argv, DfuOutput *output, GError **error)
{
  GString *text = g_string_new("Usage:\n  dfu-ble COMMAND [OPTION…]\n\n"
                               "Updates Bluetooth devices that run a DFU target of Nordic's "
                               "legacy DFU profile.\n\nCommands:\n");

  (void)argv;
  (void)error;
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    g_string_append_printf(text, "  %-10s %s\n", commands[i].name, commands[i].summary);
  g_string_append(text, "\nExit status:\n");
  for (const DfuExitCode *row = dfu_exit_codes; row->meaning != NULL; row++)
    g_string_append_printf(text, "  %3d  %s\n", row->code, row->meaning);
  g_string_append(text, "\nmanual: man dfu-ble");
  dfu_output_say(output, "%s", text->str);
  g_string_free(text, TRUE);
  return TRUE;
}

static gboolean print_version(char **argv, DfuOutput *output, GError **error)
{
  (void)argv;
  (void)error;
  dfu_output_say(output, "dfu-ble %s", DFU_VERSION);
  return TRUE;
}

static const Command *find_command(const char *name, GError **error)
{
  if (name == NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "no command given");
    return NULL;
  }
  if (strcmp(name, "-h") == 0)
    name = "--help";
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  }
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "unknown %s '%s'",
              name[0] == '-' ? "option" : "command", name);
  return NULL;
}

static gboolean run_command(char **argv, DfuOutput *output, GError **error)
{
  const Command *command = find_command(argv[1], error);
  g_autofree char *advice = NULL;

  if (command == NULL) {
    dfu_output_set_advice(output, "Try: dfu-ble --help");
    return FALSE;
  }
  if (command->run(argv, output, error))
    return TRUE;
  if (g_error_matches(*error, DFU_ERROR, DFU_ERROR_USAGE)) {
    advice = g_strdup_printf("Try: dfu-ble %s --help", command->name);
    dfu_output_set_advice(output, advice);
  }
  return FALSE;
}

/*
 * A caller may have closed standard descriptors; the next file or socket
 * would then be taken for standard output. Read-only, so that what is written
 * there still counts as lost.
 */
static gboolean keep_standard_descriptors(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
      return FALSE;
  }
  return TRUE;
}

int main(int argc, char **argv)
{
  g_autoptr(DfuOutput) output = NULL;
  g_autoptr(GError) error = NULL;

  if (argc < 1 || !keep_standard_descriptors())
    return DFU_ERROR_INTERNAL;
  /* A closed pipe is an error to be reported, not a reason to drop a target half-way. */
  signal(SIGPIPE, SIG_IGN);
  output = dfu_output_new();
  /* Until the options are parsed; where that fails, the error is JSON already. */
  dfu_output_configure(output, dfu_options_has_flag(argv, "--json"), DFU_LEVEL_NORMAL);
  run_command(argv, output, &error);
  return dfu_output_finish(output, error);
}
