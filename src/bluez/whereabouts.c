/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/whereabouts.h"

#include "base/address.h"

#include <dfu/bluez.h>

void dfu_bluez_whereabouts_init(DfuBluezWhereabouts *where, const char *address, const char *name)
{
  *where = (DfuBluezWhereabouts){
    .address = address != NULL ? dfu_address_step(address, 0) : NULL,
    .name = g_strdup(name),
  };
}

void dfu_bluez_whereabouts_take(DfuBluezWhereabouts *where, DfuBluezObjects *objects,
                                const char *device)
{
  const char *type =
      dfu_bluez_objects_get_text(objects, device, DFU_BLUEZ_DEVICE, "AddressType");
  const char *address = dfu_bluez_objects_get_text(objects, device, DFU_BLUEZ_DEVICE, "Address");

  where->must_be_heard = FALSE;
  where->has_random_address = g_strcmp0(type, "random") == 0;
  if (!dfu_bluez_is_address(address))
    return;
  g_free(where->last);
  where->last = dfu_address_step(address, 0);
  if (where->address == NULL)
    where->address = g_strdup(where->last);
}

DfuBluezWanted dfu_bluez_whereabouts_wanted(const DfuBluezWhereabouts *where, DfuLinkFind find)
{
  return (DfuBluezWanted){
    .address = where->address,
    .last = where->last,
    .name = where->name,
    .target_name = where->target_name,
    .find = find,
    .must_be_heard = where->must_be_heard,
  };
}

const char *dfu_bluez_whereabouts_latest(const DfuBluezWhereabouts *where)
{
  return where->last != NULL ? where->last : where->address;
}

void dfu_bluez_whereabouts_clear(DfuBluezWhereabouts *where)
{
  g_free(where->address);
  g_free(where->last);
  g_free(where->name);
  g_free(where->target_name);
}
