/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Families of DFU targets: how the bootloaders that speak this profile differ.
 * One row of constants a family, and one function that tells the family from
 * what a connection shows. Everything unknown gets the row that no target is
 * known to be harmed by. Pure: plain values and constant strings.
 */
#ifndef DFU_FAMILY_H
#define DFU_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What starts after a System Reset in the middle of a transfer. */
typedef enum {
  DFU_RESET_TO_UNKNOWN,     /* nobody knows: taken for the worst */
  DFU_RESET_TO_APPLICATION, /* the old application, which the transfer has not touched */
  DFU_RESET_TO_BOOTLOADER,  /* an empty bootloader, on the air */
  DFU_RESET_TO_EITHER,      /* one of these two; the air does not tell which */
  DFU_RESET_TO_CABLE,       /* nothing on the air: reachable by cable only */
  DFU_RESET_IGNORED,        /* the target knows no System Reset, and needs none to begin anew */
} DfuResetTo;

/** What begins to be true of the old application while an update runs. */
typedef enum {
  DFU_APPLICATION_LOST,  /* gone from Start on, until the update completes */
  DFU_APPLICATION_KEPT,  /* stays until Activate, unless a SoftDevice is sent */
  DFU_APPLICATION_MAYBE, /* one of these two */
} DfuApplicationFate;

/** One family. Lengths in bytes, times in microseconds; 0 where there is none. */
typedef struct {
  const char *name;  /* as --family takes it: a stable word, used in JSON */
  const char *title; /* for people */

  uint16_t receipt_packets; /* ask for a receipt every so many packets of 20 bytes */
  uint16_t most_receipt_packets; /* it bears no more to a receipt; 0: no such limit is known */
  uint16_t window_packets;  /* and have at most so many in flight without one */
  uint16_t large_packet_bytes; /* the longest packet that is worth a try; 20: no longer one */
  bool has_fixed_packets;      /* packets of another length than that overrun a buffer */
  uint16_t large_receipt_packets;
  uint16_t large_window_packets;

  bool has_v1_start;     /* Start is one byte and one size; the init packet one write */
  bool has_short_counts; /* of counts of received bytes only the low 16 bits are right */
  bool reports_size;     /* answers Report Received Image Size */
  bool hides_packets;    /* short packets are counted only once they were flushed */
  bool takes_init_whole; /* an init packet of more than one write would harm it */
  bool is_application;   /* runs beside the application: there is no bootloader to enter */
  int64_t data_pause_us; /* from Receive to the first packet */
  int64_t quiet_us;      /* after a cut transfer, no access for so long before the next Start */
  int64_t validate_us;   /* silence after Validate that means: damaged; 0: it always answers */
  int64_t forgets_us;    /* a cut transfer is forgotten after so long; 0: kept as long as power;
                            below 0: not known */

  DfuResetTo reset_to;
  DfuApplicationFate application;
  bool system_to_cable; /* a new SoftDevice or bootloader starts without radio, until there is an
                           application again */
  uint32_t max_image_bytes;
  bool wants_mcuboot;        /* the image must be one of MCUboot */
  bool checks_device;        /* device type 0x0052; for system images a known revision */
} DfuFamily;

/** What a fresh connection shows of the device; texts may be NULL for "not told". */
typedef struct {
  uint16_t mtu;      /* ATT MTU, bytes */
  bool has_revision; /* DFU Revision could be read */
  uint16_t revision; /* major in the high byte */
  bool has_packet;   /* DFU Packet is there */
  bool packet_has_write; /* and has the Write property too */
  bool has_other_services;
  const char *name;  /* as advertised */
  const char *manufacturer; /* of Device Information */
  const char *model;
  const char *firmware;
} DfuLinkFacts;

/** All rows; @n: (out): how many. */
const DfuFamily *dfu_families(size_t *n);

/** The row called @name; NULL if there is none. */
const DfuFamily *dfu_family_find(const char *name);

/** The row of the older protocol (SDK 4.3 to 6.0), to which a refused Start may lead. */
const DfuFamily *dfu_family_of_v1(void);

/**
 * The family of a device in DFU mode. @why: (out) (nullable): the sign that it
 * was taken for that, a few words in lower case that live for ever.
 */
const DfuFamily *dfu_family_recognise(const DfuLinkFacts *facts, const char **why);

/**
 * Whether that is as good as proved, by the firmware's own word or by a property that only one
 * kind has: a name, or what is missing, is enough to choose how packets go out, but not for a
 * reset that another kind does not come back from.
 */
bool dfu_family_is_certain(const DfuLinkFacts *facts);

/**
 * Whether a device whose power goes in the middle of a transfer is known to be on the air again
 * afterwards. @family: (nullable)
 */
bool dfu_family_bears_power_loss(const DfuFamily *family);

/** "application", "bootloader", …: stable words, used in JSON. */
const char *dfu_reset_to_name(DfuResetTo reset_to);

#ifdef __cplusplus
}
#endif

#endif
