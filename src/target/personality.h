/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How the known targets differ from each other: one row a target. Where a family
 * works by other rules than the bootloaders of the nRF5 SDK do, its row names the
 * role that holds them.
 */
#ifndef DFU_TARGET_PERSONALITY_H
#define DFU_TARGET_PERSONALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What an init packet is, and what of it is checked before the image. */
typedef enum {
  DFU_INIT_EXTENDED, /* type, revision and SoftDevice of the device; the image's CRC-16 */
  DFU_INIT_ADAFRUIT, /* the same, by Adafruit's rules for type and revision */
  DFU_INIT_CRC_ONLY, /* the image's CRC-16, and nothing else */
} DfuInitRule;

/** Where a restart without a valid application ends. */
typedef enum {
  DFU_RESTARTS_TO_RADIO, /* in an empty DFU target */
  DFU_RESTARTS_TO_CABLE, /* where only a cable reaches it */
  DFU_RESTARTS_BY_CAUSE, /* in a DFU target after its own decision, otherwise as TO_CABLE */
} DfuRestartRule;

typedef struct {
  const char *name;          /* as --personality takes it */
  const char *summary;       /* one line for people */
  const struct DfuTargetRole *role;
  const char *device_name;   /* what it advertises */
  const char *manufacturer;  /* Device Information; NULL: it has none */
  const char *model;
  const char *firmware;
  bool is_application;       /* DFU runs in the application, among its other services */
  bool has_revision;         /* there is a DFU Revision */
  uint16_t revision;         /* its value */
  bool packet_has_write;     /* DFU Packet has the property Write, besides Write Without Response */
  uint16_t max_mtu;          /* largest ATT MTU it grants */
  bool rounds_mtu;           /* it answers an offer with the next 4k + 3 */
  uint16_t packet_max_bytes; /* longest DFU Packet write; longer ones vanish without a word */
  uint16_t receive_buffers;  /* unfinished packets it can hold; 0: none is ever unfinished */
  uint16_t init_max_bytes;   /* capacity for the init packet */
  DfuInitRule init_rule;
  uint16_t page_bytes;       /* flash page */
  uint32_t erase_page_us;    /* time that erasing one typically takes, radio included */
  uint32_t slot_bytes;       /* the place for an image is always so large; 0: the board's */
  bool dual_bank;            /* the application survives until Activate */
  bool lazy_erase;           /* a page is erased when the first packet reaches it */
  bool counts_16_bits;       /* of a count only the low 16 bits are told */
  bool waits_to_notify;      /* for a free buffer of the radio stack, instead of restarting */
  bool keeps_counters;       /* how much of an image arrived outlives a session that failed */
  int64_t timer_us;          /* inactivity timer; 0: none */
  DfuRestartRule restart_rule;
} DfuPersonality;

/** All rows; the first is the default. @n: (out): how many. */
const DfuPersonality *dfu_personalities(size_t *n);

/** The row called @name, NULL if there is none. */
const DfuPersonality *dfu_personality_find(const char *name);

#endif
