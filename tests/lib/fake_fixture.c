/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/fake_fixture.h"

int fake_fixture_set_up(void **state)
{
  FakeFixture *f = g_new0(FakeFixture, 1);

  f->fake = fake_bluez_new();
  f->link = dfu_bluez_link_new(NULL, FAKE_ADDRESS, NULL, NULL);
  f->events = link_recorder_new(f->link);
  *state = f;
  return 0;
}

int fake_fixture_tear_down(void **state)
{
  FakeFixture *f = *state;

  dfu_link_free(f->link);
  link_recorder_free(f->events);
  link_recorder_pass(10);
  fake_bluez_free(f->fake);
  g_free(f);
  return 0;
}

void fake_fixture_connect(FakeFixture *f)
{
  dfu_link_connect(f->link, DFU_LINK_FIND_DEVICE, FAKE_CONNECT_MS);
  link_recorder_expect(f->events, "UP mtu=23 revision=0008 packet " FAKE_ADDRESS " DfuTarg");
}
