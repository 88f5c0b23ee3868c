/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of families, and how one is told from another.
 *
 * Sources: nRF5 SDK 8 to 11 (dfu_dual_bank.c, dfu_single_bank.c,
 * dfu_transport_ble.c), Adafruit_nRF52_Bootloader 0.3 to 0.10 and its
 * OTAFIX fork 2.1, InfiniTime 1.14 to 1.16 (DfuService.cpp), executed or read;
 * what is known of SDK 4.3 to 7 comes from Nordic's DFU libraries for phones.
 */
#include "dfu/family.h"

#include <string.h>

#define SECONDS(n) ((n) * INT64_C(1000000))
#define KIB 1024u

/*
 * Windows. SDK 8 to 11 and Adafruit up to 0.9.2 have 8 receive buffers, and the
 * packet that finds them full ruins the transfer: 4 packets a receipt and 8 in
 * flight keep within them. Where a ruined transfer means a cable, only 4 are in
 * flight. Adafruit 0.10 has 16 buffers. OTAFIX collects short packets into 240
 * bytes, 12 packets, and writes them when a receipt is due.
 */
static const DfuFamily families[] = {
  {
    .name = "sdk4",
    .title = "nRF5 SDK 4.3 to 6.0",
    .receipt_packets = 4,
    .most_receipt_packets = 10,
    .window_packets = 8,
    .large_packet_bytes = 20,
    .has_v1_start = true,
    .has_short_counts = true,
    .reports_size = true,
    .takes_init_whole = true,
    .data_pause_us = SECONDS(1),
    .forgets_us = SECONDS(60),
    .reset_to = DFU_RESET_TO_APPLICATION,
    .application = DFU_APPLICATION_KEPT,
  },
  {
    .name = "sdk6",
    .title = "nRF5 SDK 6.1, or older",
    .receipt_packets = 4,
    .most_receipt_packets = 10,
    .window_packets = 8,
    .large_packet_bytes = 20,
    .has_short_counts = true,
    .reports_size = true,
    .data_pause_us = SECONDS(1),
    .forgets_us = SECONDS(60),
    .reset_to = DFU_RESET_TO_APPLICATION,
    .application = DFU_APPLICATION_KEPT,
  },
  {
    .name = "sdk",
    .title = "nRF5 SDK 7 to 11",
    .receipt_packets = 4,
    .window_packets = 8,
    .large_packet_bytes = 20,
    .reports_size = true,
    .forgets_us = SECONDS(120),
    .reset_to = DFU_RESET_TO_EITHER,
    .application = DFU_APPLICATION_MAYBE,
  },
  {
    .name = "sdk-dual",
    .title = "nRF5 SDK 7 to 11, dual bank",
    .receipt_packets = 4,
    .window_packets = 8,
    .large_packet_bytes = 20,
    .reports_size = true,
    .forgets_us = SECONDS(120),
    .reset_to = DFU_RESET_TO_APPLICATION,
    .application = DFU_APPLICATION_KEPT,
  },
  {
    .name = "sdk-single",
    .title = "nRF5 SDK 7 to 11, single bank",
    .receipt_packets = 4,
    .window_packets = 8,
    .large_packet_bytes = 20,
    .reports_size = true,
    .forgets_us = SECONDS(120),
    .reset_to = DFU_RESET_TO_BOOTLOADER,
    .application = DFU_APPLICATION_LOST,
  },
  {
    .name = "adafruit-0.7",
    .title = "Adafruit bootloader up to 0.7",
    .receipt_packets = 4,
    .window_packets = 4,
    .large_packet_bytes = 20, /* whatever the MTU: longer ones vanish without a word */
    .reports_size = true,
    .reset_to = DFU_RESET_TO_CABLE,
    .application = DFU_APPLICATION_LOST,
    .system_to_cable = true,
    .checks_device = true,
  },
  {
    .name = "adafruit-0.9",
    .title = "Adafruit bootloader 0.8 to 0.9.2",
    .receipt_packets = 4,
    .window_packets = 4,
    .large_packet_bytes = 20,
    .reports_size = true,
    .reset_to = DFU_RESET_TO_CABLE,
    .application = DFU_APPLICATION_LOST,
    .system_to_cable = true,
    .checks_device = true,
  },
  {
    .name = "adafruit-0.10",
    .title = "Adafruit bootloader 0.10 and later",
    .receipt_packets = 4,
    .window_packets = 8,
    .large_packet_bytes = 244,
    .large_receipt_packets = 4,
    .large_window_packets = 8,
    .reports_size = true,
    .forgets_us = SECONDS(360),
    .reset_to = DFU_RESET_TO_BOOTLOADER,
    .application = DFU_APPLICATION_LOST,
    .system_to_cable = true,
    .checks_device = true,
  },
  {
    .name = "otafix",
    .title = "OTAFIX bootloader 2",
    .receipt_packets = 12,
    .window_packets = 24,
    .large_packet_bytes = 244,
    .large_receipt_packets = 4,
    .large_window_packets = 8,
    .reports_size = true,
    .hides_packets = true,
    .reset_to = DFU_RESET_TO_BOOTLOADER,
    .application = DFU_APPLICATION_LOST,
    .checks_device = true,
  },
  {
    .name = "infinitime",
    .title = "InfiniTime",
    .receipt_packets = 10,
    .most_receipt_packets = 255, /* it reads the low byte alone */
    .window_packets = 10,
    .large_packet_bytes = 20,
    .has_fixed_packets = true, /* its buffer of 200 bytes is written only when exactly full */
    .takes_init_whole = true,
    .is_application = true,
    .quiet_us = SECONDS(11),
    .validate_us = SECONDS(6), /* a good answer takes 1 s, a bad one does not come */
    .forgets_us = SECONDS(10),
    .reset_to = DFU_RESET_IGNORED,
    .application = DFU_APPLICATION_KEPT,
    .max_image_bytes = 464 * KIB,
    .wants_mcuboot = true,
  },
  {
    .name = "unknown",
    .title = "unknown kind of bootloader",
    .receipt_packets = 4,
    .window_packets = 4,
    .large_packet_bytes = 20,
    .reports_size = true,
    .forgets_us = -1,
    .reset_to = DFU_RESET_TO_UNKNOWN,
    .application = DFU_APPLICATION_LOST,
  },
};

enum { N_FAMILIES = sizeof families / sizeof families[0] };

const DfuFamily *dfu_families(size_t *n)
{
  *n = N_FAMILIES;
  return families;
}

const DfuFamily *dfu_family_find(const char *name)
{
  for (size_t i = 0; i < N_FAMILIES; i++)
    if (strcmp(families[i].name, name) == 0)
      return &families[i];
  return NULL;
}

const DfuFamily *dfu_family_of_v1(void)
{
  return &families[0];
}

/* --- recognising ----------------------------------------------------------------- */

/* Revisions of bootloaders: 0.4 (a fork of SDK 8) to 0.8 (SDK 10 and 11). */
#define FIRST_BOOTLOADER_REVISION 0x0004
#define LAST_BOOTLOADER_REVISION 0x0008
#define INFINITIME_REVISION 0x0008
#define SMALLEST_MTU 23

static bool begins_with(const char *text, const char *start)
{
  return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
  size_t text_len = text != NULL ? strlen(text) : 0;
  size_t end_len = strlen(end);

  return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

static bool contains(const char *text, const char *part)
{
  return text != NULL && strstr(text, part) != NULL;
}

/** Reads a decimal number of at most 4 digits and what must follow it; NULL where it does not. */
static const char *read_number(const char *text, char follows, unsigned *value)
{
  const char *at = text;

  for (*value = 0; *at >= '0' && *at <= '9' && at - text < 4; at++)
    *value = *value * 10 + (unsigned)(*at - '0');
  return at > text && *at == follows ? at + 1 : NULL;
}

/** "0.9.2 s140 6.1.1", "0.9.2-fork s132 6.1.1": the version of an Adafruit bootloader. */
static bool parse_adafruit_firmware(const char *firmware, unsigned *major, unsigned *minor)
{
  const char *rest = firmware != NULL ? read_number(firmware, '.', major) : NULL;

  return rest != NULL && read_number(rest, '.', minor) != NULL &&
         (contains(rest, " s1") || contains(rest, " S1"));
}

static bool is_infinitime(const DfuLinkFacts *facts)
{
  if (begins_with(facts->name, "InfiniTime") || contains(facts->model, "PineTime") ||
      contains(facts->model, "InfiniTime"))
    return true;
  return facts->has_revision && facts->revision == INFINITIME_REVISION &&
         facts->has_other_services;
}

static const char *name_of_adafruit(unsigned major, unsigned minor)
{
  if (major > 0 || minor >= 10)
    return "adafruit-0.10";
  return minor >= 8 ? "adafruit-0.9" : "adafruit-0.7";
}

/** By what Device Information says. */
static const char *by_firmware(const DfuLinkFacts *facts, const char **why)
{
  unsigned major;
  unsigned minor;

  *why = "firmware revision";
  if (contains(facts->firmware, "OTAFIX"))
    return "otafix";
  if (parse_adafruit_firmware(facts->firmware, &major, &minor))
    return name_of_adafruit(major, minor);
  return NULL;
}

static const char *by_name(const DfuLinkFacts *facts, const char **why)
{
  *why = "name";
  /* OTAFIX grants more than the smallest MTU; a bootloader of the SDK may be called so too. */
  if (ends_with(facts->name, "_DFU") && facts->mtu > SMALLEST_MTU)
    return "otafix";
  if (!begins_with(facts->name, "AdaDFU"))
    return NULL;
  if (facts->packet_has_write)
    return "adafruit-0.10";
  return facts->mtu > SMALLEST_MTU ? "adafruit-0.7" : "adafruit-0.9";
}

static bool has_text(const char *text)
{
  return text != NULL && text[0] != '\0';
}

static const char *by_profile(const DfuLinkFacts *facts, const char **why)
{
  bool tells_more = has_text(facts->firmware) || has_text(facts->model);

  if (facts->packet_has_write) {
    *why = "DFU Packet has the Write property";
    return "adafruit-0.10";
  }
  if (!facts->has_revision) {
    *why = "no DFU Revision";
    return "sdk6";
  }
  if (facts->revision >= FIRST_BOOTLOADER_REVISION &&
      facts->revision <= LAST_BOOTLOADER_REVISION && facts->mtu <= SMALLEST_MTU && !tells_more) {
    *why = "DFU Revision, MTU 23, no Device Information";
    return "sdk";
  }
  *why = "nothing known fits";
  return "unknown";
}

const DfuFamily *dfu_family_recognise(const DfuLinkFacts *facts, const char **why)
{
  const char *sign;
  const char *name = by_firmware(facts, &sign);

  if (name == NULL && is_infinitime(facts)) {
    sign = "a watch's services, name or model";
    name = "infinitime";
  }
  if (name == NULL)
    name = by_name(facts, &sign);
  if (name == NULL)
    name = by_profile(facts, &sign);
  if (why != NULL)
    *why = sign;
  return dfu_family_find(name);
}

bool dfu_family_is_certain(const DfuLinkFacts *facts)
{
  const char *why;

  return facts->packet_has_write || by_firmware(facts, &why) != NULL;
}

/* Adafruit 0.10 comes back from a reset, which it remembers, but not from a loss of power. */
bool dfu_family_bears_power_loss(const DfuFamily *family)
{
  return family != NULL && family->reset_to != DFU_RESET_TO_CABLE &&
         family->reset_to != DFU_RESET_TO_UNKNOWN && !family->system_to_cable;
}

const char *dfu_reset_to_name(DfuResetTo reset_to)
{
  switch (reset_to) {
  case DFU_RESET_TO_UNKNOWN: return "unknown";
  case DFU_RESET_TO_APPLICATION: return "application";
  case DFU_RESET_TO_BOOTLOADER: return "bootloader";
  case DFU_RESET_TO_EITHER: return "either";
  case DFU_RESET_TO_CABLE: return "cable";
  case DFU_RESET_IGNORED: return "ignored";
  }
  return "unknown";
}
