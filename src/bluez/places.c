/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/places.h"

#include "base/address.h"

void dfu_bluez_places_init(DfuBluezPlaces *places, const char *address, DfuLinkFind find)
{
  *places = (DfuBluezPlaces){ 0 };
  places->addresses[DFU_BLUEZ_SAME] = dfu_address_step(address, 0);
  if (find != DFU_LINK_FIND_DEVICE)
    places->addresses[DFU_BLUEZ_ABOVE] = dfu_address_step(address, 1);
  if (find == DFU_LINK_FIND_ANY)
    places->addresses[DFU_BLUEZ_BELOW] = dfu_address_step(address, -1);
}

static gboolean is_random(DfuBluezObjects *objects, const char *device)
{
  return g_strcmp0(dfu_bluez_objects_get_text(objects, device, DFU_BLUEZ_DEVICE, "AddressType"),
                   "random") == 0;
}

int dfu_bluez_places_find(const DfuBluezPlaces *places, DfuBluezObjects *objects,
                          const char *device)
{
  const char *address = dfu_bluez_objects_get_text(objects, device, DFU_BLUEZ_DEVICE, "Address");

  for (int place = 0; place < DFU_BLUEZ_N_PLACES; place++) {
    if (address != NULL && places->addresses[place] != NULL &&
        g_ascii_strcasecmp(address, places->addresses[place]) == 0)
      return place == DFU_BLUEZ_SAME || is_random(objects, device) ? place : -1;
  }
  return -1;
}

void dfu_bluez_places_clear(DfuBluezPlaces *places)
{
  for (guint place = 0; place < DFU_BLUEZ_N_PLACES; place++)
    g_clear_pointer(&places->addresses[place], g_free);
}
