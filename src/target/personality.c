/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/personality.h"

#include <string.h>

#define SECONDS(n) ((n) * INT64_C(1000000))

/* nRF5 SDK 11.0.0: ble_dfu.c (lengths), hci_mem_pool_internal.h (receive buffers),
 * dfu_dual_bank.c and dfu_single_bank.c (init capacity, timer); page size of the nRF52. */
static const DfuPersonality personalities[] = {
  {
    .name = "sdk11-dual",
    .summary = "nRF5 SDK 11 bootloader, dual bank: the application survives until Activate",
    .device_name = "DfuTarg",
    .has_revision = true,
    .revision = 0x0008,
    .max_mtu = 23,
    .packet_max_bytes = 20,
    .receive_buffers = 8,
    .init_max_bytes = 128,
    .page_bytes = 4096,
    .dual_bank = true,
    .timer_us = SECONDS(120),
  },
  {
    .name = "sdk11-single",
    .summary = "nRF5 SDK 11 bootloader, single bank: Start erases the application",
    .device_name = "DfuTarg",
    .has_revision = true,
    .revision = 0x0008,
    .max_mtu = 23,
    .packet_max_bytes = 20,
    .receive_buffers = 8,
    .init_max_bytes = 64,
    .page_bytes = 4096,
    .dual_bank = false,
    .timer_us = SECONDS(120),
  },
};

enum { N_PERSONALITIES = sizeof personalities / sizeof personalities[0] };

const DfuPersonality *dfu_personalities(size_t *n)
{
  *n = N_PERSONALITIES;
  return personalities;
}

const DfuPersonality *dfu_personality_find(const char *name)
{
  for (size_t i = 0; i < N_PERSONALITIES; i++)
    if (strcmp(personalities[i].name, name) == 0)
      return &personalities[i];
  return NULL;
}
