/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/personality.h"

#include <string.h>

#include "target/role.h"

enum { PAGE_BYTES_NRF51 = 1024, PAGE_BYTES_NRF52 = 4096, SECTOR_BYTES = 4096 };

/* Data sheets of the chips, t_ERASEPAGE; as reported: 36.75 s for 750 kB at Adafruit's, 8 s for
 * the 116 sectors of InfiniTime. */
enum {
  ERASE_US_NRF51 = 22000,
  ERASE_US_NRF52 = 85000,
  ERASE_US_ADAFRUIT = 200000,
  ERASE_US_SECTOR = 69000,
};

#define SECONDS(n) ((n) * INT64_C(1000000))

/* What the bootloaders of the nRF5 SDK have in common, from 6.1 on: ble_dfu.c (lengths),
 * hci_mem_pool_internal.h (receive buffers), dfu_dual_bank.c (timer). */
#define SDK_BOOTLOADER                                                                             \
  .role = &dfu_role_sdk, .device_name = "DfuTarg", .max_mtu = 23, .packet_max_bytes = 20,          \
  .receive_buffers = 8, .timer_us = SECONDS(120)

/* And their children at Adafruit: single bank, and a cable for whoever has no application. */
#define ADAFRUIT_BOOTLOADER                                                                        \
  .role = &dfu_role_sdk, .device_name = "AdaDFU", .manufacturer = "Adafruit Industries",           \
  .model = "Feather nRF52840 Express", .has_revision = true, .revision = 0x0008,                   \
  .init_rule = DFU_INIT_ADAFRUIT, .page_bytes = PAGE_BYTES_NRF52,                                  \
  .erase_page_us = ERASE_US_ADAFRUIT

#define INFINITIME                                                                                 \
  .role = &dfu_role_infinitime, .device_name = "InfiniTime", .manufacturer = "PINE64",             \
  .model = "PineTime", .is_application = true, .has_revision = true, .revision = 0x0008,           \
  .max_mtu = 256, .packet_max_bytes = 253, .page_bytes = SECTOR_BYTES,                             \
  .erase_page_us = ERASE_US_SECTOR, .slot_bytes = 116 * SECTOR_BYTES, .dual_bank = true

/* Capacities for the init packet: dfu_dual_bank.c and dfu_single_bank.c of each. */
static const DfuPersonality personalities[] = {
  {
    SDK_BOOTLOADER,
    .name = "sdk11-dual",
    .summary = "nRF5 SDK 11 bootloader, dual bank: the application survives until Activate",
    .has_revision = true,
    .revision = 0x0008,
    .init_max_bytes = 128,
    .page_bytes = PAGE_BYTES_NRF52,
    .erase_page_us = ERASE_US_NRF52,
    .dual_bank = true,
  },
  {
    SDK_BOOTLOADER,
    .name = "sdk11-single",
    .summary = "nRF5 SDK 11 bootloader, single bank: Start erases the application",
    .has_revision = true,
    .revision = 0x0008,
    .init_max_bytes = 64,
    .page_bytes = PAGE_BYTES_NRF52,
    .erase_page_us = ERASE_US_NRF52,
  },
  {
    SDK_BOOTLOADER,
    .name = "sdk8",
    .summary = "nRF51 SDK 8 bootloader, dual bank: DFU Revision 0.6, shorter init packets",
    .has_revision = true,
    .revision = 0x0006,
    .init_max_bytes = 64,
    .page_bytes = PAGE_BYTES_NRF51,
    .erase_page_us = ERASE_US_NRF51,
    .dual_bank = true,
  },
  {
    SDK_BOOTLOADER,
    .name = "sdk7",
    .summary = "nRF51 SDK 7 bootloader, dual bank: DFU Revision 0.5",
    .has_revision = true,
    .revision = 0x0005,
    .init_max_bytes = 64,
    .page_bytes = PAGE_BYTES_NRF51,
    .erase_page_us = ERASE_US_NRF51,
    .dual_bank = true,
  },
  {
    SDK_BOOTLOADER,
    .name = "sdk6.1",
    .summary = "nRF51 SDK 6.1 bootloader: no DFU Revision; the init packet is a CRC alone",
    .init_max_bytes = 64,
    .init_rule = DFU_INIT_CRC_ONLY,
    .page_bytes = PAGE_BYTES_NRF51,
    .erase_page_us = ERASE_US_NRF51,
    .dual_bank = true,
  },
  {
    .name = "sdk5",
    .summary = "nRF51 SDK 4.3 to 6.0 bootloader: the first protocol, applications only",
    .role = &dfu_role_v1,
    .device_name = "DfuTarg",
    .max_mtu = 23,
    .packet_max_bytes = 20,
    .init_max_bytes = 64,
    .page_bytes = PAGE_BYTES_NRF51,
    .erase_page_us = ERASE_US_NRF51,
    .dual_bank = true,
    .counts_16_bits = true,
    .timer_us = SECONDS(60),
  },
  {
    ADAFRUIT_BOOTLOADER,
    .name = "adafruit-0.7",
    .summary = "Adafruit 0.4 to 0.7: MTU 247, but packets of more than 20 bytes vanish",
    .firmware = "0.7.0 s140 6.1.1",
    .max_mtu = 247,
    .packet_max_bytes = 20,
    .receive_buffers = 8,
    .init_max_bytes = 64,
    .restart_rule = DFU_RESTARTS_TO_CABLE,
  },
  {
    ADAFRUIT_BOOTLOADER,
    .name = "adafruit-0.9",
    .summary = "Adafruit 0.8 to 0.9.2: after a restart without application only a cable helps",
    .firmware = "0.9.2 s140 6.1.1",
    .max_mtu = 23,
    .packet_max_bytes = 20,
    .receive_buffers = 8,
    .init_max_bytes = 64,
    .restart_rule = DFU_RESTARTS_TO_CABLE,
  },
  {
    ADAFRUIT_BOOTLOADER,
    .name = "adafruit-0.10",
    .summary = "Adafruit 0.10.0: packets of 244 bytes, and 360 s to come back",
    .firmware = "0.10.0 s140 6.1.1",
    .packet_has_write = true,
    .max_mtu = 247,
    .rounds_mtu = true,
    .packet_max_bytes = 244,
    .receive_buffers = 16,
    .init_max_bytes = 128,
    .waits_to_notify = true,
    .timer_us = SECONDS(360),
    .restart_rule = DFU_RESTARTS_BY_CAUSE,
  },
  {
    .name = "otafix-2.1",
    .summary = "OTAFIX 2.1: collects small packets, and counts them only when it writes them",
    .role = &dfu_role_otafix,
    .device_name = "4631_DFU",
    .manufacturer = "RAKwireless",
    .model = "WisBlock RAK4631 Board",
    .firmware = "0.9.2-OTAFIX2.1 s140 6.1.1",
    .has_revision = true,
    .revision = 0x0008,
    .max_mtu = 247,
    .packet_max_bytes = 244,
    .receive_buffers = 10, /* of 16: eight writes wait, two are with the flash driver */
    .init_max_bytes = 64,
    .init_rule = DFU_INIT_ADAFRUIT,
    .page_bytes = PAGE_BYTES_NRF52,
    .erase_page_us = ERASE_US_NRF52,
    .lazy_erase = true,
  },
  {
    INFINITIME,
    .name = "infinitime-1.14",
    .summary = "InfiniTime up to 1.14: a second try after a failed one fails until a restart",
    .firmware = "1.14.0",
    .keeps_counters = true,
  },
  {
    INFINITIME,
    .name = "infinitime",
    .summary = "InfiniTime from 1.15 on: updates while it runs, silent about all errors",
    .firmware = "1.16.0",
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
