/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/device_info.h"

#include "base/printable.h"

#include <string.h>

/* Three reads take some 300 ms at a connection interval of 50 ms. */
#define TIME_LIMIT_MS 2000

typedef struct {
  DfuBluezDeviceInfo *info;
  char *text;
} Reading;

struct DfuBluezDeviceInfo {
  DfuBluezDeviceInfoFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  guint n_calls; /* not yet answered */
  guint timer_id;
  Reading readings[DFU_BLUEZ_N_INFO];
};

static gboolean on_time_over(gpointer user_data)
{
  DfuBluezDeviceInfo *info = user_data;

  info->timer_id = 0;
  g_cancellable_cancel(info->cancellable);
  info->func(info->user_data);
  return G_SOURCE_REMOVE;
}

/* Some devices count the NUL at the end as part of the text. */
static char *parse_text(GVariant *answer)
{
  g_autoptr(GVariant) value = NULL;
  const char *bytes;
  gsize len;

  if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(ay)")))
    return NULL;
  value = g_variant_get_child_value(answer, 0);
  bytes = g_variant_get_fixed_array(value, &len, 1);
  return dfu_printable(bytes, len > 0 ? (gssize)strnlen(bytes, len) : 0);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  Reading *reading = user_data;
  DfuBluezDeviceInfo *info;

  if (dfu_bluez_is_cancelled(error))
    return;
  info = reading->info;
  if (answer != NULL)
    reading->text = parse_text(answer);
  if (--info->n_calls > 0)
    return;
  g_clear_handle_id(&info->timer_id, g_source_remove);
  info->func(info->user_data);
}

DfuBluezDeviceInfo *dfu_bluez_device_info_new(DfuBluezBus *bus, const DfuBluezGatt *gatt,
                                              DfuBluezDeviceInfoFunc func, gpointer user_data)
{
  DfuBluezDeviceInfo *info = g_new0(DfuBluezDeviceInfo, 1);

  info->func = func;
  info->user_data = user_data;
  info->cancellable = g_cancellable_new();
  for (guint i = 0; i < DFU_BLUEZ_N_INFO; i++) {
    info->readings[i].info = info;
    if (gatt->info[i] == NULL)
      continue;
    info->n_calls++;
    dfu_bluez_bus_call(bus, gatt->info[i], DFU_BLUEZ_CHARACTERISTIC, "ReadValue",
                       g_variant_new("(a{sv})", NULL), TIME_LIMIT_MS, info->cancellable, on_read,
                       &info->readings[i]);
  }
  info->timer_id = g_timeout_add(info->n_calls > 0 ? TIME_LIMIT_MS : 0, on_time_over, info);
  return info;
}

const char *dfu_bluez_device_info_get(const DfuBluezDeviceInfo *info, DfuBluezInfo which)
{
  const char *text = info->readings[which].text;

  return text != NULL ? text : "";
}

void dfu_bluez_device_info_free(DfuBluezDeviceInfo *info)
{
  if (info == NULL)
    return;
  g_cancellable_cancel(info->cancellable);
  g_object_unref(info->cancellable);
  g_clear_handle_id(&info->timer_id, g_source_remove);
  for (guint i = 0; i < DFU_BLUEZ_N_INFO; i++)
    g_free(info->readings[i].text);
  g_free(info);
}
