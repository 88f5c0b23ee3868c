/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A link over BlueZ to the device of fake_bluez.h, and what it tells.
 */
#ifndef DFU_TESTS_LIB_FAKE_FIXTURE_H
#define DFU_TESTS_LIB_FAKE_FIXTURE_H

#include <dfu/bluez.h>

#include "lib/fake_bluez.h"
#include "lib/link_recorder.h"
#include "link/link.h"

enum { FAKE_CONNECT_MS = 9000 };

typedef struct {
  FakeBluez *fake;
  DfuLink *link;
  LinkRecorder *events;
} FakeFixture;

/** For cmocka: a FakeFixture is the state. */
int fake_fixture_set_up(void **state);
int fake_fixture_tear_down(void **state);

/** Connects at the device's own address, and sees that it is up. */
void fake_fixture_connect(FakeFixture *f);

#endif
