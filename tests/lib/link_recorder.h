/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hears the events of a link and keeps them as text, one a line:
 *   UP mtu=23 revision=0008 packet other ADDRESS NAME   absent parts left out
 *   FAILED passing|not-found|lasting CODE MESSAGE
 *   SUBSCRIBED, CONTROL, PACKETS, LOST
 *   SUBSCRIBED att=80 MESSAGE, CONTROL att=fd MESSAGE; att=00 where the device said nothing
 *   NOTIFIED 10 07 01
 *   SEEN application|dfu ADDRESS
 */
#ifndef DFU_TESTS_LIB_LINK_RECORDER_H
#define DFU_TESTS_LIB_LINK_RECORDER_H

#include "link/link.h"

typedef struct LinkRecorder LinkRecorder;

LinkRecorder *link_recorder_new(DfuLink *link);
void link_recorder_free(LinkRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LinkRecorder, link_recorder_free)

/**
 * Runs the main context until the next event. Returns: it, the recorder's until
 * the next call. Fails the test after ten seconds.
 */
const char *link_recorder_next(LinkRecorder *recorder);

/** The next event begins with @start, or the test fails. Returns: the whole of it. */
const char *link_recorder_expect(LinkRecorder *recorder, const char *start);

/** No event comes for @ms. */
void link_recorder_expect_silence(LinkRecorder *recorder, guint ms);

/** Runs the main context for @ms. */
void link_recorder_pass(guint ms);

#endif
