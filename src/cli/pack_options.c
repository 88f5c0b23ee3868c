/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names and defaults of the options are those of pc-nrfutil 0.5.1 and
 * adafruit-nrfutil, so that a command line for these works here too. That a
 * value may be for one part only is new.
 */
#include "cli/pack_options.h"

#include <string.h>
#include <sys/stat.h>

#include "cli/options.h"

/* As the user gives them. */
typedef struct {
  char **paths;
  char **device_types;
  char **device_revisions;
  char **application_versions;
  char **softdevices;
  char **versions;
  char **init_packets;
} RawOptions;

static const DfuUsage usage = {
  .command = "pack",
  .arguments = "OUT.zip {--application FILE | --bootloader FILE | --softdevice FILE}...",
  .summary =
    "Makes a package of firmware images (.bin or .hex) that dfu-ble, nRF Connect and\n"
    "Nordic's mobile libraries take. SoftDevice and bootloader together become one\n"
    "part, the system; it goes to the device before the application.",
  .details =
    "A value holds for both parts, or for one with a word in front: --sd-req app:0x80,\n"
    "--dev-type system:0x52. Numbers are decimal, or hexadecimal with 0x.\n\n"
    "Init packets by --dfu-ver: 0.5 ends with a CRC-16, for Nordic's bootloaders of SDK 7\n"
    "to 11, Adafruit's, OTAFIX and InfiniTime. 0.6, 0.7 (SHA-256) and 0.8 (signed) are for\n"
    "bootloaders made for them. crc is a CRC-16 alone, for SDK 6.1 and before.\n"
    "Adafruit's bootloaders want --dev-type 0x52.",
};

static gboolean parse(DfuPackOptions *options, RawOptions *raw, char **argv, DfuOutput *output,
                      gboolean *helped, GError **error)
{
  const GOptionEntry own[] = {
    { "application", 0, 0, G_OPTION_ARG_FILENAME, &options->application,
      "Image of the application", "FILE" },
    { "bootloader", 0, 0, G_OPTION_ARG_FILENAME, &options->bootloader,
      "Image of the bootloader", "FILE" },
    { "softdevice", 0, 0, G_OPTION_ARG_FILENAME, &options->softdevice,
      "Image of the SoftDevice", "FILE" },
    { "dev-type", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->device_types,
      "Device type (default 0xFFFF: not set)", "[PART:]N" },
    { "dev-revision", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->device_revisions,
      "Device revision (default 0xFFFF: not set)", "[PART:]N" },
    { "application-version", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->application_versions,
      "Version of it (default 0xFFFFFFFF: not set)", "[PART:]N" },
    { "sd-req", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->softdevices,
      "SoftDevice ids, as 0x64,0x80 (default 0xFFFE: any)", "[PART:]LIST" },
    { "dfu-ver", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->versions,
      "0.5 (default), 0.6, 0.7, 0.8 or crc: see below", "[PART:]V" },
    { "dat", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->init_packets,
      "Take this init packet as it is", "[PART:]FILE" },
    { "key-file", 0, 0, G_OPTION_ARG_FILENAME, &options->key,
      "Sign with this P-256 private key (PEM); version 0.8", "FILE" },
    { "force", 0, 0, G_OPTION_ARG_NONE, &options->force, "Replace OUT.zip if it is there", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->paths, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };

  return dfu_options_parse(&usage, own, argv, output, helped, error);
}

static gboolean fail(GError **error, const char *message)
{
  g_set_error_literal(error, DFU_ERROR, DFU_ERROR_USAGE, message);
  return FALSE;
}

static gboolean take_images(DfuPackOptions *options, char **paths, GError **error)
{
  DfuPackPlan *plan = &options->plan;

  if (paths == NULL)
    return fail(error, "no OUT.zip given, the package to be made");
  if (paths[1] != NULL) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "pack makes one OUT.zip; what is '%s'? Images go behind --application, "
                "--bootloader and --softdevice", paths[1]);
    return FALSE;
  }
  options->path = g_strdup(paths[0]);
  plan->application = options->application;
  plan->bootloader = options->bootloader;
  plan->softdevice = options->softdevice;
  plan->key = options->key;
  if (plan->application == NULL && plan->bootloader == NULL && plan->softdevice == NULL)
    return fail(error, "no image given: --application, --bootloader or --softdevice FILE");
  return TRUE;
}

/* --- values, each for one part or both --- */

typedef gboolean (*ApplyFunc)(DfuPackPart *part, const char *value, GError **error);

/** A leading zero means octal to some packers and nothing to others, so it is no number here. */
static gboolean read_number(const char *text, guint64 most, guint64 *value, GError **error)
{
  gboolean is_hex = g_ascii_strncasecmp(text, "0x", 2) == 0;
  const char *digits = is_hex ? text + 2 : text;

  if ((is_hex || text[0] != '0' || text[1] == '\0') &&
      g_ascii_string_to_unsigned(digits, is_hex ? 16 : 10, 0, most, value, NULL))
    return TRUE;
  if (g_ascii_strcasecmp(text, "none") == 0)
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "a field cannot be left out: what follows would move to its place, and no "
                "bootloader would find it; without the option the field says that it is not set");
  else
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "must be a number from 0 to %" G_GUINT64_FORMAT " (0x%" G_GINT64_MODIFIER
                "X), decimal without leading zeros or hexadecimal with 0x", most, most);
  return FALSE;
}

static gboolean apply_device_type(DfuPackPart *part, const char *value, GError **error)
{
  guint64 number;

  if (!read_number(value, G_MAXUINT16, &number, error))
    return FALSE;
  part->init.device_type = (guint16)number;
  return TRUE;
}

static gboolean apply_device_revision(DfuPackPart *part, const char *value, GError **error)
{
  guint64 number;

  if (!read_number(value, G_MAXUINT16, &number, error))
    return FALSE;
  part->init.device_revision = (guint16)number;
  return TRUE;
}

static gboolean apply_application_version(DfuPackPart *part, const char *value, GError **error)
{
  guint64 number;

  if (!read_number(value, G_MAXUINT32, &number, error))
    return FALSE;
  part->init.application_version = (guint32)number;
  return TRUE;
}

/** "0x64,0x80"; "none" is an empty list to the usual packers too. */
static gboolean apply_softdevices(DfuPackPart *part, const char *value, GError **error)
{
  g_auto(GStrv) ids = g_strsplit(value, ",", -1);
  guint n = g_strv_length(ids);
  guint64 number;

  if (g_ascii_strcasecmp(value, "none") == 0)
    n = 0;
  if (n > DFU_INIT_MAX_SOFTDEVICES) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "at most %u ids are allowed, %u were given",
                DFU_INIT_MAX_SOFTDEVICES, n);
    return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    if (!read_number(ids[i], G_MAXUINT16, &number, error))
      return FALSE;
    part->init.softdevices[i] = (guint16)number;
  }
  part->init.n_softdevices = n;
  return TRUE;
}

static gboolean check_made_here(const DfuPackPart *part, GError **error)
{
  return part->init_packet == NULL ||
         fail(error, "the init packet of this part is given with --dat, and is not made anew");
}

static gboolean apply_version(DfuPackPart *part, const char *value, GError **error)
{
  static const struct {
    const char *version;
    DfuInitLayout layout;
  } rows[] = {
    { "0.5", DFU_INIT_CRC },
    { "0.6", DFU_INIT_CRC_EXTENDED },
    { "0.7", DFU_INIT_HASH },
    { "0.8", DFU_INIT_SIGNED },
    { "crc", DFU_INIT_CRC_ONLY },
  };

  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    if (strcmp(value, rows[i].version) == 0) {
      part->init.layout = rows[i].layout;
      return check_made_here(part, error);
    }
  }
  return fail(error, "must be 0.5, 0.6, 0.7, 0.8 or crc");
}

static gboolean apply_init_packet(DfuPackPart *part, const char *path, GError **error)
{
  DfuInitPacket init;
  g_autoptr(GBytes) bytes = dfu_init_packet_read_file(path, &init, error);

  if (bytes == NULL)
    return FALSE;
  /* A CRC-16 alone says nothing of the device; the manifest then says that nothing is set. */
  if (init.has_common)
    part->init = init;
  part->init.layout = init.layout;
  g_clear_pointer(&part->init_packet, g_bytes_unref);
  part->init_packet = g_steal_pointer(&bytes);
  return TRUE;
}

static gboolean apply_to(DfuPackPlan *plan, gboolean system, const char *option,
                         const char *value, ApplyFunc apply, GError **error)
{
  gboolean is_there = system ? plan->softdevice != NULL || plan->bootloader != NULL
                             : plan->application != NULL;

  if (!is_there) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s is for the part %s, and no image of that "
                "part is given", option, system ? "system" : "app");
    return FALSE;
  }
  if (apply(system ? &plan->system_part : &plan->application_part, value, error))
    return TRUE;
  g_prefix_error(error, "%s '%s': ", option, value);
  return FALSE;
}

/** The part that "app:VALUE" or "system:VALUE" is for, and sets @value; NULL: both. */
static const char *split_value(const char *text, const char **value)
{
  static const char *const parts[] = { "app", "system" };

  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    gsize len = strlen(parts[i]);

    if (g_str_has_prefix(text, parts[i]) && text[len] == ':') {
      *value = text + len + 1;
      return parts[i];
    }
  }
  *value = text;
  return NULL;
}

/** Applies those of @values that are for both parts, or those for one of them. */
static gboolean apply_values(DfuPackPlan *plan, const char *option, char **values,
                             gboolean for_both, ApplyFunc apply, GError **error)
{
  for (; values != NULL && *values != NULL; values++) {
    const char *value;
    const char *part = split_value(*values, &value);

    if ((part == NULL) != for_both)
      continue;
    if (part != NULL) {
      if (!apply_to(plan, strcmp(part, "system") == 0, option, value, apply, error))
        return FALSE;
      continue;
    }
    if ((plan->softdevice != NULL || plan->bootloader != NULL) &&
        !apply_to(plan, TRUE, option, value, apply, error))
      return FALSE;
    if (plan->application != NULL && !apply_to(plan, FALSE, option, value, apply, error))
      return FALSE;
  }
  return TRUE;
}

/** What is for one part counts more than what is for both, wherever it stands. */
static gboolean apply_all(DfuPackPlan *plan, const char *option, char **values, ApplyFunc apply,
                          GError **error)
{
  return apply_values(plan, option, values, TRUE, apply, error) &&
         apply_values(plan, option, values, FALSE, apply, error);
}

/* --- what is read must not be replaced --- */

static gboolean is_same_file(const char *a, const char *b)
{
  struct stat of_a, of_b;

  return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

static gboolean check_input(const char *out, const char *option, const char *input, GError **error)
{
  if (input == NULL || !is_same_file(out, input))
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
              "'%s' is the file of %s, which the package would replace; give OUT.zip a name of its "
              "own", out, option);
  return FALSE;
}

static gboolean check_inputs(const DfuPackOptions *options, const RawOptions *raw, GError **error)
{
  const char *out = options->path;

  for (char **text = raw->init_packets; text != NULL && *text != NULL; text++) {
    const char *path;

    split_value(*text, &path);
    if (!check_input(out, "--dat", path, error))
      return FALSE;
  }
  return check_input(out, "--application", options->application, error) &&
         check_input(out, "--bootloader", options->bootloader, error) &&
         check_input(out, "--softdevice", options->softdevice, error) &&
         check_input(out, "--key-file", options->key, error);
}

/* --- the key --- */

static void sign_by_default(DfuPackPlan *plan)
{
  plan->application_part.init.layout = DFU_INIT_SIGNED;
  plan->system_part.init.layout = DFU_INIT_SIGNED;
}

static gboolean is_signed_here(const DfuPackPart *part, gboolean is_there)
{
  return is_there && part->init_packet == NULL && part->init.layout == DFU_INIT_SIGNED;
}

static gboolean check_key(const DfuPackPlan *plan, GError **error)
{
  gboolean has_system = plan->softdevice != NULL || plan->bootloader != NULL;
  gboolean is_signed = is_signed_here(&plan->system_part, has_system) ||
                       is_signed_here(&plan->application_part, plan->application != NULL);

  if (is_signed && plan->key == NULL)
    return fail(error, "--dfu-ver 0.8 is a signed init packet: give the private key with "
                       "--key-file");
  if (!is_signed && plan->key != NULL)
    return fail(error, "--key-file signs an init packet of version 0.8, and the other options ask "
                       "for none: leave out --key-file, or --dfu-ver and --dat");
  if (plan->key != NULL && !dfu_pack_can_sign())
    return fail(error, "--key-file: this build of dfu-ble cannot sign; build it where the "
                       "development files of GnuTLS are installed");
  return TRUE;
}

static gboolean take(DfuPackOptions *options, const RawOptions *raw, GError **error)
{
  DfuPackPlan *plan = &options->plan;

  if (!take_images(options, raw->paths, error) || !check_inputs(options, raw, error))
    return FALSE;
  if (plan->key != NULL)
    sign_by_default(plan);
  /* First what the fields begin with, then what is said of each. */
  return apply_all(plan, "--dat", raw->init_packets, apply_init_packet, error) &&
         apply_all(plan, "--dfu-ver", raw->versions, apply_version, error) &&
         apply_all(plan, "--dev-type", raw->device_types, apply_device_type, error) &&
         apply_all(plan, "--dev-revision", raw->device_revisions, apply_device_revision, error) &&
         apply_all(plan, "--application-version", raw->application_versions,
                   apply_application_version, error) &&
         apply_all(plan, "--sd-req", raw->softdevices, apply_softdevices, error) &&
         check_key(plan, error);
}

static void raw_clear(RawOptions *raw)
{
  g_strfreev(raw->paths);
  g_strfreev(raw->device_types);
  g_strfreev(raw->device_revisions);
  g_strfreev(raw->application_versions);
  g_strfreev(raw->softdevices);
  g_strfreev(raw->versions);
  g_strfreev(raw->init_packets);
}

gboolean dfu_pack_options_parse(DfuPackOptions *options, char **argv, DfuOutput *output,
                                gboolean *helped, GError **error)
{
  RawOptions raw = { 0 };
  gboolean ok;

  options->plan.application_part.init = dfu_init_packet_default;
  options->plan.system_part.init = dfu_init_packet_default;
  ok = parse(options, &raw, argv, output, helped, error) &&
       (*helped || take(options, &raw, error));
  raw_clear(&raw);
  return ok;
}

void dfu_pack_options_clear(DfuPackOptions *options)
{
  g_clear_pointer(&options->path, g_free);
  g_clear_pointer(&options->application, g_free);
  g_clear_pointer(&options->bootloader, g_free);
  g_clear_pointer(&options->softdevice, g_free);
  g_clear_pointer(&options->key, g_free);
  g_clear_pointer(&options->plan.application_part.init_packet, g_bytes_unref);
  g_clear_pointer(&options->plan.system_part.init_packet, g_bytes_unref);
}
