/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include <dfu/bluez.h>
#include <dfu/error.h>
#include <string.h>

typedef struct {
  gboolean json;
  gboolean quiet;
  gboolean help;
  int verbosity;
} SharedOptions;

static gboolean on_verbose(const char *name, const char *value, gpointer data, GError **error)
{
  SharedOptions *shared = data;

  (void)name;
  (void)value;
  (void)error;
  shared->verbosity++;
  return TRUE;
}

static GOptionContext *make_context(const DfuUsage *usage, const GOptionEntry *own,
                                    SharedOptions *shared)
{
  const GOptionEntry levels[] = {
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &shared->quiet,
      "Print only errors and what was asked for", NULL },
    { "verbose", 'v', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, on_verbose,
      usage->verbose_help, NULL },
    G_OPTION_ENTRY_NULL,
  };
  const GOptionEntry always[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &shared->json,
      "Print one JSON object a line", NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &shared->help, "Show this help", NULL },
    G_OPTION_ENTRY_NULL,
  };
  GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, shared, NULL);
  GOptionContext *context = g_option_context_new(usage->arguments);

  g_option_group_add_entries(group, own);
  if (usage->verbose_help != NULL)
    g_option_group_add_entries(group, levels);
  g_option_group_add_entries(group, always);
  g_option_context_set_main_group(context, group);
  /* GLib's own --help would end the process from inside the parser. */
  g_option_context_set_help_enabled(context, FALSE);
  g_option_context_set_summary(context, usage->summary);
  g_option_context_set_description(context, usage->details);
  return context;
}

static void print_help(GOptionContext *context, const DfuUsage *usage, DfuOutput *output)
{
  g_autofree char *name = g_strdup_printf("dfu-ble %s", usage->command);
  g_autofree char *help = NULL;

  g_set_prgname(name);
  help = g_option_context_get_help(context, TRUE, NULL);
  dfu_output_say(output, "%s", g_strchomp(help));
}

static gboolean apply(const SharedOptions *shared, DfuOutput *output, GError **error)
{
  DfuLevel level = shared->quiet ? DFU_LEVEL_QUIET : MIN(shared->verbosity, DFU_LEVEL_BYTES);

  if (shared->quiet && shared->verbosity > 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "--quiet and --verbose exclude each other");
    return FALSE;
  }
  dfu_output_configure(output, shared->json, level);
  return TRUE;
}

/** What GLib left of @words, the program's name first: arguments that nobody asked for. */
static gboolean refuse_arguments(const DfuUsage *usage, char **words, GError **error)
{
  if (words[0] == NULL || words[1] == NULL)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s takes no arguments, '%s' was given",
              usage->command, words[1]);
  return FALSE;
}

gboolean dfu_options_parse(const DfuUsage *usage, const GOptionEntry *own, char **argv,
                           DfuOutput *output, gboolean *helped, GError **error)
{
  SharedOptions shared = { 0 };
  g_autoptr(GOptionContext) context = make_context(usage, own, &shared);
  g_autoptr(GError) failure = NULL;
  g_auto(GStrv) words = g_strdupv(argv + 1);

  *helped = FALSE;
  if (!g_option_context_parse_strv(context, &words, &failure)) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s", failure->message);
    return FALSE;
  }
  if (!apply(&shared, output, error))
    return FALSE;
  if (shared.help) {
    print_help(context, usage, output);
    *helped = TRUE;
    return TRUE;
  }
  return refuse_arguments(usage, words, error);
}

gboolean dfu_options_check_range(const char *option, int value, int least, int most,
                                 GError **error)
{
  if (value >= least && value <= most)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s %d: must be from %d to %d", option, value,
              least, most);
  return FALSE;
}

gboolean dfu_options_check_address(const char *address, GError **error)
{
  if (address == NULL)
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "which device? Give --addr ADDR");
  else if (!dfu_bluez_is_address(address))
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "--addr '%s': must be six pairs of hex digits such as C4:12:AB:00:11:22", address);
  else
    return TRUE;
  return FALSE;
}

gboolean dfu_options_check_adapter(const char *adapter, GError **error)
{
  const char *digits;

  if (adapter == NULL)
    return TRUE;
  digits = g_str_has_prefix(adapter, "hci") ? adapter + strlen("hci") : "";
  if (digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits))
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
              "--adapter '%s': must be an adapter's name such as hci0", adapter);
  return FALSE;
}

gboolean dfu_options_has_flag(char **argv, const char *flag)
{
  for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
    if (strcmp(*argv, flag) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean dfu_options_take_family(const char *name, const DfuFamily **family, GError **error)
{
  g_autoptr(GString) names = g_string_new(NULL);
  gsize n;
  const DfuFamily *families = dfu_families(&n);

  if (name == NULL)
    return TRUE;
  *family = dfu_family_find(name);
  if (*family != NULL)
    return TRUE;
  for (gsize i = 0; i < n; i++)
    g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", families[i].name);
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "--family '%s': must be one of %s", name,
              names->str);
  return FALSE;
}

gboolean dfu_options_check_name(const char *option, const char *name, GError **error)
{
  if (name != NULL && name[0] == '\0')
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s '': must not be empty", option);
  else if (name != NULL && !g_utf8_validate(name, -1, NULL))
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s: must be UTF-8, as names on the air are",
                option);
  else
    return TRUE;
  return FALSE;
}

gboolean dfu_device_options_check(const DfuDeviceOptions *device, const DfuFamily **family,
                                  GError **error)
{
  return dfu_options_check_address(device->address, error) &&
         dfu_options_check_adapter(device->adapter, error) &&
         dfu_options_take_family(device->family, family, error) &&
         dfu_options_check_range("--timeout", device->timeout_s, 1, DFU_MOST_SECONDS, error);
}

void dfu_device_options_clear(DfuDeviceOptions *device)
{
  g_clear_pointer(&device->address, g_free);
  g_clear_pointer(&device->adapter, g_free);
  g_clear_pointer(&device->family, g_free);
}
