/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/gatt.h"

#include "wire/uuids.h"

#include <string.h>

/* Bluetooth Core, Vol 3, Part G, 5.2.1: the MTU of an LE link before any exchange. */
#define DEFAULT_MTU 23

static const char *const expected_services[] = {
  DFU_UUID_SERVICE,
  DFU_UUID_GENERIC_ACCESS,
  DFU_UUID_GENERIC_ATTRIBUTE,
  DFU_UUID_DEVICE_INFORMATION,
  NULL,
};

static const char *const info_uuids[DFU_BLUEZ_N_INFO] = {
  [DFU_BLUEZ_INFO_MANUFACTURER] = DFU_UUID_MANUFACTURER_NAME,
  [DFU_BLUEZ_INFO_MODEL] = DFU_UUID_MODEL_NUMBER,
  [DFU_BLUEZ_INFO_FIRMWARE] = DFU_UUID_FIRMWARE_REVISION,
};

static guint16 get_mtu(DfuBluezObjects *objects, const char *characteristic)
{
  GVariant *mtu = dfu_bluez_objects_get(objects, characteristic, DFU_BLUEZ_CHARACTERISTIC, "MTU",
                                        G_VARIANT_TYPE_UINT16);

  return mtu != NULL ? MAX(g_variant_get_uint16(mtu), DEFAULT_MTU) : DEFAULT_MTU;
}

static gboolean has_write_flag(DfuBluezObjects *objects, const char *characteristic)
{
  GVariant *value = dfu_bluez_objects_get(objects, characteristic, DFU_BLUEZ_CHARACTERISTIC,
                                          "Flags", G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **flags = value != NULL ? g_variant_get_strv(value, NULL) : NULL;

  return flags != NULL && g_strv_contains(flags, "write");
}

static void find_info(DfuBluezObjects *objects, const char *service, DfuBluezGatt *gatt)
{
  for (guint i = 0; i < DFU_BLUEZ_N_INFO; i++) {
    if (gatt->info[i] == NULL)
      gatt->info[i] = dfu_bluez_objects_find_uuid(objects, DFU_BLUEZ_CHARACTERISTIC, service,
                                                  info_uuids[i]);
  }
}

static void find_characteristics(DfuBluezObjects *objects, const char *service, DfuBluezGatt *gatt)
{
  gatt->control = dfu_bluez_objects_find_uuid(objects, DFU_BLUEZ_CHARACTERISTIC, service,
                                              DFU_UUID_CONTROL_POINT);
  if (gatt->control == NULL)
    return;
  gatt->packet =
      dfu_bluez_objects_find_uuid(objects, DFU_BLUEZ_CHARACTERISTIC, service, DFU_UUID_PACKET);
  gatt->revision =
      dfu_bluez_objects_find_uuid(objects, DFU_BLUEZ_CHARACTERISTIC, service, DFU_UUID_REVISION);
  gatt->packet_has_write = gatt->packet != NULL && has_write_flag(objects, gatt->packet);
  gatt->mtu = get_mtu(objects, gatt->packet != NULL ? gatt->packet : gatt->control);
}

gboolean dfu_bluez_gatt_find(DfuBluezObjects *objects, const char *device, DfuBluezGatt *gatt)
{
  g_autoptr(GPtrArray) services = dfu_bluez_objects_list(objects, DFU_BLUEZ_SERVICE, device);

  for (guint i = 0; i < services->len; i++) {
    const char *path = services->pdata[i];
    const char *uuid = dfu_bluez_objects_get_text(objects, path, DFU_BLUEZ_SERVICE, "UUID");
    g_autofree char *lower = g_ascii_strdown(uuid != NULL ? uuid : "", -1);

    gatt->has_services = TRUE;
    gatt->has_secure_dfu |= strcmp(lower, DFU_UUID_SECURE_SERVICE) == 0;
    gatt->has_other_services |= !g_strv_contains(expected_services, lower);
    if (strcmp(lower, DFU_UUID_SERVICE) == 0 && gatt->control == NULL)
      find_characteristics(objects, path, gatt);
    if (strcmp(lower, DFU_UUID_DEVICE_INFORMATION) == 0)
      find_info(objects, path, gatt);
  }
  return gatt->control != NULL;
}

void dfu_bluez_gatt_copy(const DfuBluezGatt *gatt, DfuBluezGatt *copy)
{
  *copy = *gatt;
  copy->control = g_strdup(gatt->control);
  copy->packet = g_strdup(gatt->packet);
  copy->revision = g_strdup(gatt->revision);
  for (guint i = 0; i < DFU_BLUEZ_N_INFO; i++)
    copy->info[i] = g_strdup(gatt->info[i]);
}

void dfu_bluez_gatt_clear(DfuBluezGatt *gatt)
{
  for (guint i = 0; i < DFU_BLUEZ_N_INFO; i++)
    g_free(gatt->info[i]);
  g_free(gatt->control);
  g_free(gatt->packet);
  g_free(gatt->revision);
  *gatt = (DfuBluezGatt){ 0 };
}
