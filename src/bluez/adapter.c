/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/adapter.h"

#include <dfu/error.h>
#include <string.h>

#define RFKILL_DIRECTORY "/sys/class/rfkill"

gboolean dfu_bluez_adapter_is_name(const char *name)
{
  return g_str_has_prefix(name, "hci") && name[3] != '\0' && strlen(name) <= 8 &&
         strspn(name + 3, "0123456789") == strlen(name + 3);
}

static gboolean file_starts_with(const char *directory, const char *entry, const char *file,
                                 const char *start)
{
  g_autofree char *path = g_build_filename(directory, entry, file, NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents(path, &text, NULL, NULL) && g_str_has_prefix(text, start);
}

DfuRfkill dfu_bluez_adapter_rfkill(const char *directory)
{
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  DfuRfkill found = DFU_RFKILL_FREE;
  const char *entry;

  while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
    if (!file_starts_with(directory, entry, "type", "bluetooth"))
      continue;
    if (file_starts_with(directory, entry, "hard", "1"))
      return DFU_RFKILL_HARD;
    if (file_starts_with(directory, entry, "soft", "1"))
      found = DFU_RFKILL_SOFT;
  }
  return found;
}

static const char *advise_on_power(void)
{
  switch (dfu_bluez_adapter_rfkill(RFKILL_DIRECTORY)) {
  case DFU_RFKILL_SOFT:
    return "it is blocked: `rfkill unblock bluetooth`";
  case DFU_RFKILL_HARD:
    return "it is blocked by a switch of this machine or by its firmware: see `rfkill list`";
  default:
    return "switch it on with `bluetoothctl power on`";
  }
}

static gboolean is_powered(DfuBluezObjects *objects, const char *adapter)
{
  return dfu_bluez_objects_get_flag(objects, adapter, DFU_BLUEZ_ADAPTER, "Powered");
}

static const char *get_name(const char *adapter)
{
  const char *slash = strrchr(adapter, '/');

  return slash != NULL ? slash + 1 : adapter;
}

static char *choose_named(DfuBluezObjects *objects, GPtrArray *adapters, const char *wanted,
                          GError **error)
{
  for (guint i = 0; i < adapters->len; i++) {
    if (strcmp(get_name(adapters->pdata[i]), wanted) != 0)
      continue;
    if (is_powered(objects, adapters->pdata[i]))
      return g_strdup(adapters->pdata[i]);
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "Bluetooth adapter %s is powered off; %s", wanted, advise_on_power());
    return NULL;
  }
  g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
              "there is no Bluetooth adapter %s; `bluetoothctl list` shows those that there are",
              wanted);
  return NULL;
}

char *dfu_bluez_adapter_choose(DfuBluezObjects *objects, const char *wanted, GError **error)
{
  g_autoptr(GPtrArray) adapters = dfu_bluez_objects_list(objects, DFU_BLUEZ_ADAPTER, NULL);

  if (adapters->len == 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH,
                "this host has no Bluetooth adapter, or bluetoothd does not see it; "
                "plug one in, and see `bluetoothctl list` and `rfkill list`");
    return NULL;
  }
  if (wanted != NULL)
    return choose_named(objects, adapters, wanted, error);
  for (guint i = 0; i < adapters->len; i++) {
    if (is_powered(objects, adapters->pdata[i]))
      return g_strdup(adapters->pdata[i]);
  }
  g_set_error(error, DFU_ERROR, DFU_ERROR_BLUETOOTH, "Bluetooth adapter %s is powered off; %s",
              get_name(adapters->pdata[0]), advise_on_power());
  return NULL;
}

gboolean dfu_bluez_adapter_went_off(DfuBluezObjects *objects, const char *adapter,
                                    const DfuBluezChange *change)
{
  return g_strcmp0(change->path, adapter) == 0 &&
         g_strcmp0(change->interface, DFU_BLUEZ_ADAPTER) == 0 &&
         !dfu_bluez_objects_get_flag(objects, adapter, DFU_BLUEZ_ADAPTER, "Powered");
}
