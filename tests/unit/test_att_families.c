/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The attributes of other targets than that of nRF5 SDK 11, and of an application,
 * byte by byte: Bluetooth Core, Vol 3, Part F, 3.4, and Part G, 3 and 7.1.
 */
#include "lib/att_fixture.h"
#include "lib/cmocka_all.h"

#define PACKET_BYTES "23 d1 bc ea 5f 78 23 15 de ef 12 12 32 15 00 00"

static void restart_as(AttFixture *f, const char *personality, const char *fault)
{
  DfuBoardConfig config = att_config();

  config.personality = dfu_personality_find(personality);
  att_restart(f, &config, fault);
}

static void restart_application(AttFixture *f, gboolean has_revision, const char *fault)
{
  DfuBoardConfig config = att_config();

  config.app_mode = TRUE;
  config.app_has_revision = has_revision;
  att_restart(f, &config, fault);
}

static void target_without_revision_ends_at_its_control_point(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "sdk6.1", NULL);
  att_exchange(f, "10 0c 00 ff ff 00 28",
               "11 14 0c 00 11 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 30 15 00 00");
  att_exchange(f, "0a 13 00", "01 0a 13 00 01");
}

static void packet_with_write_says_so(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "adafruit-0.10", NULL);
  att_exchange(f, "08 0d 00 0d 00 03 28", "09 15 0d 00 0c 0e 00 " PACKET_BYTES);
  restart_as(f, "adafruit-0.9", NULL);
  att_exchange(f, "08 0d 00 0d 00 03 28", "09 15 0d 00 04 0e 00 " PACKET_BYTES);
}

static void packet_with_write_is_a_packet_and_answered(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "adafruit-0.10", NULL);
  att_exchange(f, "12 11 00 01 00", "13");
  att_exchange(f, "12 10 00 01 04", "13");
  att_exchange(f, "12 0e 00 00 00 00 00", "13 | 1b 10 00 10 01 03"); /* no sizes */
}

static void packet_with_write_has_a_longest(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "adafruit-0.10", NULL);
  att_exchange(f, "12 0e 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13", "13");
  att_exchange(f, "16 0e 00 00 00 00", "01 16 0e 00 82");
}

static void packet_without_write_takes_no_request(void **state)
{
  att_exchange(*state, "12 0e 00 00 00 00 00", "01 12 0e 00 03");
}

static void mtu_is_rounded_where_the_target_does_so(void **state)
{
  static const struct {
    const char *offer, *answer;
  } expected[] = {
    {"02 05 02", "03 f7 00"}, /* 517: 247 */
    {"02 b9 00", "03 bb 00"}, /* 185: 187 */
    {"02 64 00", "03 67 00"}, /* 100: 103 */
    {"02 67 00", "03 67 00"},
    {"02 17 00", "03 17 00"},
    {"02 05 00", "03 17 00"}, /* less than 23 */
  };
  AttFixture *f = *state;

  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
    restart_as(f, "adafruit-0.10", NULL);
    att_exchange(f, expected[i].offer, expected[i].answer);
  }
  restart_as(f, "otafix-2.1", NULL);
  att_exchange(f, "02 b9 00", "03 f7 00");
}

/* What the answer says beyond the offer does not count. */
static void rounded_mtu_is_not_more_than_the_offer(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "adafruit-0.10", NULL);
  att_exchange(f, "02 19 00", "03 1b 00"); /* 25: 27 */
  att_exchange(f, "12 11 00 01 00", "13");
  att_exchange(f, "12 10 00 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
               "13 | 1b 10 00 10 07 01 00 00 00 00"); /* 22 bytes */
}

static void device_information_is_read(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "adafruit-0.9", NULL);
  att_exchange(f, "06 01 00 ff ff 00 28 0a 18", "07 14 00 1a 00");
  att_exchange(f, "08 14 00 1a 00 03 28",
               "09 07 15 00 02 16 00 29 2a 17 00 02 18 00 24 2a 19 00 02 1a 00 26 2a");
  /* "0.9.2 s140 6.1.1" */
  att_exchange(f, "0a 1a 00", "0b 30 2e 39 2e 32 20 73 31 34 30 20 36 2e 31 2e 31");
}

static void application_has_its_dfu_service_behind_others(void **state)
{
  AttFixture *f = *state;

  restart_application(f, TRUE, NULL);
  att_exchange(f, "06 01 00 ff ff 00 28 0d 18", "07 0c 00 11 00");
  att_exchange(f, "10 16 00 ff ff 00 28",
               "11 14 16 00 1d 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 30 15 00 00");
  att_exchange(f, "0a 1d 00", "0b 01 00");
  restart_application(f, FALSE, NULL);
  att_exchange(f, "0a 1d 00", "01 0a 1d 00 01");
}

static void application_jumps_once_its_cccd_is_on(void **state)
{
  AttFixture *f = *state;

  restart_application(f, TRUE, NULL);
  att_exchange(f, "12 1a 00 01 04", "01 12 1a 00 fd");
  att_exchange(f, "12 1b 00 01 00", "13");
  att_exchange(f, "0a 1b 00", "0b 01 00");
  att_exchange(f, "12 1a 00 07", "13 | 1b 1a 00 10 01 03");
  att_exchange(f, "52 18 00 00 00 00 00", "1b 1a 00 10 01 03");
  att_exchange(f, "12 1a 00 01 04", "13 | end");
}

static void jump_that_is_not_heard_has_no_response(void **state)
{
  AttFixture *f = *state;

  restart_application(f, TRUE, "jump-unheard=1");
  att_exchange(f, "12 1b 00 01 00", "13");
  att_exchange(f, "12 1a 00 01 04", "end");
}

static void service_changed_is_indicated_to_who_asks_for_it(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "sdk11-dual", "service-changed=1");
  att_exchange(f, "12 0b 00 01 00", "13"); /* notifications: not these */
  att_exchange(f, "12 0b 00 02 00", "13 | 1d 0a 00 01 00 ff ff");
  att_exchange(f, "1e", "");
  att_exchange(f, "12 0b 00 02 00", "13"); /* once */
}

static void mute_connection_answers_nothing(void **state)
{
  AttFixture *f = *state;

  restart_as(f, "sdk11-dual", "mute-connection=1");
  att_exchange(f, "02 05 02", "");
  att_exchange(f, "0a 13 00", "");
  dfu_board_disconnect(f->board);
  assert_int_equal(dfu_board_connect(f->board, 23), 23);
  att_exchange(f, "0a 13 00", "0b 08 00");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, att_set_up, att_tear_down)
  const struct CMUnitTest tests[] = {
    TEST(target_without_revision_ends_at_its_control_point),
    TEST(packet_with_write_says_so),
    TEST(packet_with_write_is_a_packet_and_answered),
    TEST(packet_with_write_has_a_longest),
    TEST(packet_without_write_takes_no_request),
    TEST(mtu_is_rounded_where_the_target_does_so),
    TEST(rounded_mtu_is_not_more_than_the_offer),
    TEST(device_information_is_read),
    TEST(application_has_its_dfu_service_behind_others),
    TEST(application_jumps_once_its_cccd_is_on),
    TEST(jump_that_is_not_heard_has_no_response),
    TEST(service_changed_is_indicated_to_who_asks_for_it),
    TEST(mute_connection_answers_nothing),
  };
#undef TEST

  return cmocka_run_group_tests(tests, NULL, NULL);
}
