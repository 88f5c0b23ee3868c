/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a link remembers of where its device is, from one connection to the next.
 */
#ifndef DFU_BLUEZ_WHEREABOUTS_H
#define DFU_BLUEZ_WHEREABOUTS_H

#include "bluez/find.h"

typedef struct {
  char *address; /* its own: as asked for, or where it was connected first; NULL until then */
  char *last;    /* where it was connected last; NULL until then */
  char *name;    /* as asked for; NULL where the address was */
  char *target_name; /* (nullable): by which its bootloader is known, wherever it is */
  gboolean has_random_address;
  gboolean must_be_heard; /* it was lost, or did not answer: it may be away, or elsewhere */
} DfuBluezWhereabouts;

/** @where: (out) */
void dfu_bluez_whereabouts_init(DfuBluezWhereabouts *where, const char *address,
                                const char *name);

/** It is connected now: @device, an object path. From here on its address is what it goes by. */
void dfu_bluez_whereabouts_take(DfuBluezWhereabouts *where, DfuBluezObjects *objects,
                                const char *device);

/** Whom to look for; the texts are those of @where. */
DfuBluezWanted dfu_bluez_whereabouts_wanted(const DfuBluezWhereabouts *where, DfuLinkFind find);

/** Where it was last, or should be; NULL where only its name is known. */
const char *dfu_bluez_whereabouts_latest(const DfuBluezWhereabouts *where);

void dfu_bluez_whereabouts_clear(DfuBluezWhereabouts *where);

#endif
