/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Attribute Protocol's server over a board: PDUs, byte by byte, as Bluetooth
 * Core, Vol 3, Part F, 3.4 has them. The handles are those of nRF5 SDK 11.
 */
#include <string.h>

#include "lib/att_fixture.h"
#include "lib/cmocka_all.h"

#define SERVICE_BYTES "23 d1 bc ea 5f 78 23 15 de ef 12 12 30 15 00 00"

static void restart_board(AttFixture *f, guint16 mtu, const char *fault)
{
  DfuBoardConfig config = att_config();

  config.mtu = mtu;
  att_restart(f, &config, fault);
}

static void subscribe(AttFixture *f)
{
  att_exchange(f, "12 11 00 01 00", "13");
}

static void mtu_is_what_the_board_offers(void **state)
{
  AttFixture *f = *state;

  att_exchange(f, "02 05 02", "03 17 00"); /* 517 against 23 */
  restart_board(f, 247, NULL);
  att_exchange(f, "02 05 02", "03 f7 00");
  att_exchange(f, "02 05 00", "03 f7 00"); /* less than 23 is none, but no reason to fail */
}

static void mtu_exchange_of_wrong_length_is_an_invalid_pdu(void **state)
{
  att_exchange(*state, "02", "01 02 00 00 04");
  att_exchange(*state, "02 17", "01 02 00 00 04");
  att_exchange(*state, "02 17 00 00", "01 02 00 00 04");
}

static void primary_services_are_listed_by_the_length_of_their_uuid(void **state)
{
  att_exchange(*state, "10 01 00 ff ff 00 28", "11 06 01 00 07 00 00 18 08 00 0b 00 01 18");
  att_exchange(*state, "10 0c 00 ff ff 00 28", "11 14 0c 00 13 00 " SERVICE_BYTES);
  att_exchange(*state, "10 0d 00 ff ff 00 28", "01 10 0d 00 0a");
}

static void primary_services_may_be_asked_for_by_the_long_form_of_the_type(void **state)
{
  att_exchange(*state, "10 08 00 09 00 fb 34 9b 5f 80 00 00 80 00 10 00 00 00 28 00 00",
           "11 06 08 00 0b 00 01 18");
}

static void group_type_other_than_service_is_unsupported(void **state)
{
  att_exchange(*state, "10 01 00 ff ff 03 28", "01 10 01 00 10");
  att_exchange(*state, "10 01 00 ff ff 01 28", "01 10 01 00 0a"); /* secondary: there are none */
}

static void service_is_found_by_its_uuid(void **state)
{
  att_exchange(*state, "06 01 00 ff ff 00 28 01 18", "07 08 00 0b 00");
  att_exchange(*state, "06 01 00 ff ff 00 28 0a 18", "01 06 01 00 0a");
  att_exchange(*state, "06 01 00 ff ff 00 28", "01 06 01 00 0a");
  att_exchange(*state, "06 01 00 ff ff 00 28 01 18 00", "01 06 01 00 0a");
}

static void service_is_found_by_its_long_uuid(void **state)
{
  AttFixture *f = *state;

  att_exchange(f, "06 01 00 ff ff 00 28 " SERVICE_BYTES, "07 0c 00 13 00");
  att_exchange(f, "06 01 00 ff ff 00 28 fb 34 9b 5f 80 00 00 80 00 10 00 00 01 18 00 00",
           "07 08 00 0b 00");
}

static void attribute_is_found_by_its_value(void **state)
{
  att_exchange(*state, "06 01 00 ff ff 00 2a 44 66 75 54 61 72 67", "07 03 00 03 00"); /* DfuTarg */
}

static void characteristics_are_listed_with_properties_and_handle(void **state)
{
  att_exchange(*state, "08 01 00 07 00 03 28",
           "09 07 02 00 02 03 00 00 2a 04 00 02 05 00 01 2a 06 00 02 07 00 04 2a");
  att_exchange(*state, "08 0c 00 13 00 03 28",
           "09 15 0d 00 04 0e 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 32 15 00 00");
  att_exchange(*state, "08 0e 00 13 00 03 28",
           "09 15 0f 00 18 10 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 31 15 00 00");
  att_exchange(*state, "08 10 00 13 00 03 28",
           "09 15 12 00 02 13 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 34 15 00 00");
  att_exchange(*state, "08 13 00 13 00 03 28", "01 08 13 00 0a");
}

static void values_are_read_by_type(void **state)
{
  att_exchange(*state, "08 01 00 ff ff 00 2a", "09 09 03 00 44 66 75 54 61 72 67");
  att_exchange(*state, "08 01 00 ff ff 23 d1 bc ea 5f 78 23 15 de ef 12 12 34 15 00 00",
           "09 04 13 00 08 00");
}

static void value_that_cannot_be_read_by_type_names_its_handle(void **state)
{
  att_exchange(*state, "08 01 00 ff ff 23 d1 bc ea 5f 78 23 15 de ef 12 12 32 15 00 00",
           "01 08 0e 00 02");
}

static void descriptors_are_found_by_their_handles(void **state)
{
  att_exchange(*state, "04 08 00 0b 00", "05 01 08 00 00 28 09 00 03 28 0a 00 05 2a 0b 00 02 29");
  att_exchange(*state, "04 0e 00 13 00",
           "05 02 0e 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 32 15 00 00");
  att_exchange(*state, "04 11 00 11 00", "05 01 11 00 02 29");
  att_exchange(*state, "04 14 00 ff ff", "01 04 14 00 0a");
}

static void list_ends_where_the_mtu_does(void **state)
{
  /* five pairs of four bytes and two of the head are 22 of 23 */
  att_exchange(*state, "04 01 00 ff ff",
           "05 01 01 00 00 28 02 00 03 28 03 00 00 2a 04 00 03 28 05 00 01 2a");
}

static void long_list_takes_as_much_as_a_larger_mtu_allows(void **state)
{
  AttFixture *f = *state;

  restart_board(f, 64, NULL);
  att_exchange(f, "02 40 00", "03 40 00");
  att_exchange(f, "08 0c 00 13 00 03 28",
           "09 15 0d 00 04 0e 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 32 15 00 00"
           " 0f 00 18 10 00 23 d1 bc ea 5f 78 23 15 de ef 12 12 31 15 00 00");
}

static void range_that_is_none_is_an_invalid_handle(void **state)
{
  static const char *const opcodes[] = {"04", "08", "10"};

  for (gsize i = 0; i < G_N_ELEMENTS(opcodes); i++) {
    const char *type = i == 0 ? "" : " 00 28";
    g_autofree char *zero = g_strdup_printf("%s 00 00 ff ff%s", opcodes[i], type);
    g_autofree char *backwards = g_strdup_printf("%s 09 00 08 00%s", opcodes[i], type);
    g_autofree char *no_zero = g_strdup_printf("01 %s 00 00 01", opcodes[i]);
    g_autofree char *no_backwards = g_strdup_printf("01 %s 09 00 01", opcodes[i]);

    att_exchange(*state, zero, no_zero);
    att_exchange(*state, backwards, no_backwards);
  }
  att_exchange(*state, "06 00 00 ff ff 00 28 01 18", "01 06 00 00 01");
}

static void requests_of_wrong_length_are_invalid_pdus(void **state)
{
  static const char *const bad[][2] = {
    {"04", "01 04 00 00 04"},
    {"04 01 00 ff", "01 04 00 00 04"},
    {"04 01 00 ff ff 00", "01 04 00 00 04"},
    {"06 01 00 ff ff 00", "01 06 00 00 04"},
    {"08 01 00 ff ff 00", "01 08 00 00 04"},
    {"08 01 00 ff ff 00 28 00", "01 08 00 00 04"},
    {"0a", "01 0a 00 00 04"},
    {"0a 03", "01 0a 00 00 04"},
    {"0a 03 00 00", "01 0a 00 00 04"},
    {"0c 03 00 00", "01 0c 00 00 04"},
    {"10 01 00 ff ff", "01 10 00 00 04"},
    {"12", "01 12 00 00 04"},
    {"12 10", "01 12 00 00 04"},
    {"16 10 00 00", "01 16 00 00 04"},
    {"18", "01 18 00 00 04"},
    {"18 02", "01 18 00 00 04"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    att_exchange(*state, bad[i][0], bad[i][1]);
  }
}

static void request_longer_than_the_mtu_is_an_invalid_pdu(void **state)
{
  att_exchange(*state, "12 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
           "01 12 00 00 04");
}

static void attributes_are_read(void **state)
{
  static const char *const reads[][2] = {
    {"0a 03 00", "0b 44 66 75 54 61 72 67"},
    {"0a 05 00", "0b 00 00"},
    {"0a 07 00", "0b 0c 00 18 00 00 00 90 01"},
    {"0a 08 00", "0b 01 18"},
    {"0a 0c 00", "0b " SERVICE_BYTES},
    {"0a 09 00", "0b 20 0a 00 05 2a"},
    {"0a 11 00", "0b 00 00"},
    {"0a 13 00", "0b 08 00"},
    {"0a 0e 00", "01 0a 0e 00 02"},
    {"0a 10 00", "01 0a 10 00 02"},
    {"0a 00 00", "01 0a 00 00 01"},
    {"0a 14 00", "01 0a 14 00 01"},
    {"0a ff ff", "01 0a ff ff 01"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS(reads); i++) {
    att_exchange(*state, reads[i][0], reads[i][1]);
  }
}

static void attribute_is_read_from_an_offset(void **state)
{
  att_exchange(*state, "0c 03 00 00 00", "0d 44 66 75 54 61 72 67");
  att_exchange(*state, "0c 03 00 04 00", "0d 61 72 67");
  att_exchange(*state, "0c 03 00 07 00", "0d");
  att_exchange(*state, "0c 03 00 08 00", "01 0c 03 00 07");
  att_exchange(*state, "0c 14 00 00 00", "01 0c 14 00 01");
  att_exchange(*state, "0c 0e 00 00 00", "01 0c 0e 00 02");
}

static void writes_that_are_not_allowed_are_refused(void **state)
{
  static const char *const writes[][2] = {
    {"12 00 00 01", "01 12 00 00 01"},
    {"12 14 00 01", "01 12 14 00 01"},
    {"12 0c 00 01", "01 12 0c 00 03"}, /* a service */
    {"12 0f 00 01", "01 12 0f 00 03"}, /* a declaration */
    {"12 0e 00 01", "01 12 0e 00 03"}, /* DFU Packet takes commands only */
    {"12 13 00 01", "01 12 13 00 03"},
    {"12 11 00", "01 12 11 00 0d"},
    {"12 11 00 01", "01 12 11 00 0d"},
    {"12 11 00 01 00 00", "01 12 11 00 0d"},
    {"12 10 00 01 04", "01 12 10 00 fd"}, /* notifications are off */
  };

  for (gsize i = 0; i < G_N_ELEMENTS(writes); i++) {
    att_exchange(*state, writes[i][0], writes[i][1]);
  }
}

static void cccd_is_kept_for_the_connection(void **state)
{
  subscribe(*state);
  att_exchange(*state, "0a 11 00", "0b 01 00");
  att_exchange(*state, "12 11 00 00 00", "13");
  att_exchange(*state, "0a 11 00", "0b 00 00");
  att_exchange(*state, "12 0b 00 02 00", "13"); /* Service Changed */
}

static void response_comes_before_the_notification(void **state)
{
  subscribe(*state);
  att_exchange(*state, "12 10 00 07", "13 | 1b 10 00 10 07 01 00 00 00 00");
  att_exchange(*state, "12 10 00 99", "13 | 1b 10 00 10 99 03");
}

static void error_of_a_fault_names_the_control_point(void **state)
{
  AttFixture *f = *state;

  restart_board(f, 0, "att=report-size:0xfe");
  subscribe(f);
  att_exchange(f, "12 10 00 07", "01 12 10 00 fe");
  att_exchange(f, "12 10 00 07", "13 | 1b 10 00 10 07 01 00 00 00 00");
}

static void response_comes_before_the_connection_ends(void **state)
{
  subscribe(*state);
  att_exchange(*state, "12 10 00 06", "13 | end"); /* System Reset */
}

static void commands_are_never_answered(void **state)
{
  static const char *const commands[] = {
    "52", "52 0e", "52 0e 00", "52 14 00 01", "52 10 00 01", "52 0c 00 01", "52 00 00",
    "d2 0e 00 01 00 00 00 00 00 00 00 00 00 00 00 00", /* signed */
    "52 0e 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", /* beyond the MTU */
  };

  for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
    att_exchange(*state, commands[i], "");
  }
}

static void packets_reach_the_board(void **state)
{
  subscribe(*state);
  att_exchange(*state, "12 10 00 01 04", "13");
  att_exchange(*state, "52 0e 00 00 00 00 00 00 00 00 00 fc ff ff 0f", /* an image far too large */
           "1b 10 00 10 01 04");
}

static void long_writes_are_refused(void **state)
{
  att_exchange(*state, "16 10 00 00 00 01 04", "01 16 10 00 82"); /* SDK 11 */
  att_exchange(*state, "16 11 00 00 00 01 00", "01 16 11 00 82");
  att_exchange(*state, "16 0e 00 00 00 01", "01 16 0e 00 03");
  att_exchange(*state, "16 0f 00 00 00 01", "01 16 0f 00 03");
  att_exchange(*state, "16 0c 00 00 00 01", "01 16 0c 00 03");
  att_exchange(*state, "16 14 00 00 00 01", "01 16 14 00 01");
  att_exchange(*state, "18 00", "19");
  att_exchange(*state, "18 01", "19");
}

static void unknown_requests_are_not_supported(void **state)
{
  att_exchange(*state, "0e 03 00 05 00", "01 0e 00 00 06"); /* Read Multiple */
  att_exchange(*state, "20 03 00 05 00", "01 20 00 00 06");
  att_exchange(*state, "3c", "01 3c 00 00 06");
  att_exchange(*state, "00", "01 00 00 00 06");
}

static void what_only_a_server_sends_is_ignored(void **state)
{
  static const char *const pdus[] = {
    "", "01 0a 00 00 01", "03 17 00", "09", "13", "1b 10 00 00", "1d 0a 00", "1e", "ff",
  };

  for (gsize i = 0; i < G_N_ELEMENTS(pdus); i++) {
    att_exchange(*state, pdus[i], "");
  }
}

static void stalled_board_answers_nothing(void **state)
{
  AttFixture *f = *state;

  restart_board(f, 0, "stall-at=report-size");
  subscribe(f);
  att_exchange(f, "12 10 00 07", "");
  att_exchange(f, "12 10 00 07", "");
  att_exchange(f, "0a 03 00", "");
  att_exchange(f, "52 0e 00 00", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, att_set_up, att_tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(mtu_is_what_the_board_offers),
    TEST(mtu_exchange_of_wrong_length_is_an_invalid_pdu),
    TEST(primary_services_are_listed_by_the_length_of_their_uuid),
    TEST(primary_services_may_be_asked_for_by_the_long_form_of_the_type),
    TEST(group_type_other_than_service_is_unsupported),
    TEST(service_is_found_by_its_uuid),
    TEST(service_is_found_by_its_long_uuid),
    TEST(attribute_is_found_by_its_value),
    TEST(characteristics_are_listed_with_properties_and_handle),
    TEST(values_are_read_by_type),
    TEST(value_that_cannot_be_read_by_type_names_its_handle),
    TEST(descriptors_are_found_by_their_handles),
    TEST(list_ends_where_the_mtu_does),
    TEST(long_list_takes_as_much_as_a_larger_mtu_allows),
    TEST(range_that_is_none_is_an_invalid_handle),
    TEST(requests_of_wrong_length_are_invalid_pdus),
    TEST(request_longer_than_the_mtu_is_an_invalid_pdu),
    TEST(attributes_are_read),
    TEST(attribute_is_read_from_an_offset),
    TEST(writes_that_are_not_allowed_are_refused),
    TEST(cccd_is_kept_for_the_connection),
    TEST(response_comes_before_the_notification),
    TEST(error_of_a_fault_names_the_control_point),
    TEST(response_comes_before_the_connection_ends),
    TEST(commands_are_never_answered),
    TEST(packets_reach_the_board),
    TEST(long_writes_are_refused),
    TEST(unknown_requests_are_not_supported),
    TEST(what_only_a_server_sends_is_ignored),
    TEST(stalled_board_answers_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
