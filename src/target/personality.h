/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How the known targets differ from each other: one row a target.
 */
#ifndef DFU_TARGET_PERSONALITY_H
#define DFU_TARGET_PERSONALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char *name;          /* as --personality takes it */
  const char *summary;       /* one line for people */
  const char *device_name;   /* what it advertises */
  const char *manufacturer;  /* Device Information; NULL: it has none */
  const char *model;
  const char *firmware;
  bool is_application;       /* DFU runs in the application, among its other services */
  bool has_revision;         /* there is a DFU Revision */
  uint16_t revision;         /* its value */
  bool packet_has_write;     /* DFU Packet has the property Write, besides Write Without Response */
  uint16_t max_mtu;          /* largest ATT MTU it grants */
  uint16_t packet_max_bytes; /* longest DFU Packet write; longer ones vanish without a word */
  uint16_t receive_buffers;  /* unfinished packets it can hold */
  uint16_t init_max_bytes;   /* capacity for the init packet */
  uint16_t page_bytes;       /* flash page */
  bool dual_bank;            /* the application survives until Activate */
  int64_t timer_us;          /* inactivity timer; 0: none */
} DfuPersonality;

/** All rows; the first is the default. @n: (out): how many. */
const DfuPersonality *dfu_personalities(size_t *n);

/** The row called @name, NULL if there is none. */
const DfuPersonality *dfu_personality_find(const char *name);

#endif
