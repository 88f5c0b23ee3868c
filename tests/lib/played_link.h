/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A link that the test plays: it writes down what is asked of it and tells what
 * the test has it tell.
 */
#ifndef DFU_TESTS_LIB_PLAYED_LINK_H
#define DFU_TESTS_LIB_PLAYED_LINK_H

#include "link/link.h"

#define PLAYED_ADDRESS "C4:12:AB:00:11:22"

typedef struct {
  DfuLink base;
  DfuLinkFind find; /* of the last connect */
  GString *calls; /* "connect 30000;subscribe;write 07;", in the order of their coming */
} PlayedLink;

void played_link_init(PlayedLink *link);
void played_link_clear(PlayedLink *link);

/** An event that says no more than its type. */
void played_link_emit(PlayedLink *link, DfuLinkEventType type);

/** The device at PLAYED_ADDRESS, "DfuTarg", is connected; its MTU is 23. */
void played_link_emit_up(PlayedLink *link, guint16 revision);

/** The device that @up describes; texts and address that it leaves out are those of the above. */
void played_link_emit_device(PlayedLink *link, DfuLinkUp up);

void played_link_emit_notified(PlayedLink *link, const void *bytes, gsize len);

/** An event with an error; @trouble is for DFU_LINK_FAILED. */
void played_link_emit_error(PlayedLink *link, DfuLinkEventType type, DfuLinkTrouble trouble,
                            DfuError code);

#endif
