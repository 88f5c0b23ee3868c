/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Faults as they are written on a command line.
 */
#include <stdio.h>
#include <string.h>

#include "lib/cmocka_all.h"
#include "target/faults.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void parse_takes_names_and_numbers(void **state)
{
  static const char *const good[] = {
    "answer=start:2", "answer=1:6", "answer=0x09:0xff", "answer=receive:6:100", "mute=reset",
    "mute=16", "att=receipts:253", "att=8:1:4294967295", "notify=init:", "notify=init:1001FFee",
    "lose=1", "lose=4294967295:forever", "lose=20:4294967295", "drop-packet=1", "drop-receipt=7",
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(good); i++) {
    DfuFaults faults = { .n = 0 };
    char message[DFU_FAULTS_MESSAGE_BYTES] = "";

    if (!dfu_faults_parse(&faults, good[i], message))
      fail_msg("%s: %s", good[i], message);
    assert_int_equal(faults.n, 1);
  }
}

static void parse_bad_form_names_the_right_one(void **state)
{
  static const struct {
    const char *text;
    const char *form;
  } bad[] = {
    { "answer", "answer=OP:STATUS[:PACKET]" },
    { "answer=", "answer=OP:STATUS[:PACKET]" },
    { "answer=start", "answer=OP:STATUS[:PACKET]" },
    { "answer=start:", "answer=OP:STATUS[:PACKET]" },
    { "answer=start:256", "answer=OP:STATUS[:PACKET]" },
    { "answer=start:-1", "answer=OP:STATUS[:PACKET]" },
    { "answer=start: 2", "answer=OP:STATUS[:PACKET]" },
    { "answer=start:2:3", "answer=OP:STATUS[:PACKET]" }, /* packets are receive's */
    { "answer=receive:2:0", "answer=OP:STATUS[:PACKET]" },
    { "answer=receive:2:3:4", "answer=OP:STATUS[:PACKET]" },
    { "answer=begin:2", "answer=OP:STATUS[:PACKET]" },
    { "notify=init", "notify=OP:HEX" },
    { "notify=init:1", "notify=OP:HEX" },
    { "notify=init:1g", "notify=OP:HEX" },
    { "notify=init:000102030405060708090a0b0c0d0e0f1011121314", "notify=OP:HEX" },
    { "mute=", "mute=OP" },
    { "mute=init:1", "mute=OP" },
    { "att=init", "att=OP:ERROR[:TIMES]" },
    { "att=init:0", "att=OP:ERROR[:TIMES]" },
    { "att=init:1:0", "att=OP:ERROR[:TIMES]" },
    { "att=init:1:4294967296", "att=OP:ERROR[:TIMES]" },
    { "lose=0", "lose=BYTE[:SECONDS]" },
    { "lose=0x", "lose=BYTE[:SECONDS]" },
    { "lose=5:never", "lose=BYTE[:SECONDS]" },
    { "lose=99999999999999999999999", "lose=BYTE[:SECONDS]" },
    { "drop-packet=0", "drop-packet=N" },
    { "drop-packet=1a", "drop-packet=N" },
    { "drop-receipt=", "drop-receipt=N" },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
    DfuFaults faults = { .n = 0 };
    char message[DFU_FAULTS_MESSAGE_BYTES];
    char wanted[DFU_FAULTS_MESSAGE_BYTES];

    assert_false(dfu_faults_parse(&faults, bad[i].text, message));
    snprintf(wanted, sizeof wanted, "the fault \"%s\" is not of the form %s", bad[i].text,
             bad[i].form);
    assert_string_equal(message, wanted);
    assert_int_equal(faults.n, 0);
  }
}

static void parse_unknown_name_lists_the_known(void **state)
{
  static const char *const unknown[] = { "", "=", "loose=5", "los=5", "answers=1:1" };
  DfuFaults faults = { .n = 0 };
  char message[DFU_FAULTS_MESSAGE_BYTES];

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(unknown); i++) {
    assert_false(dfu_faults_parse(&faults, unknown[i], message));
    assert_non_null(strstr(message, "known are answer, notify, mute, att, lose, drop-packet and "));
  }
}

static void parse_message_fits_whatever_the_text(void **state)
{
  DfuFaults faults = { .n = 0 };
  char message[DFU_FAULTS_MESSAGE_BYTES];
  char text[1000];

  (void)state;
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  assert_false(dfu_faults_parse(&faults, text, message));
  assert_true(strlen(message) < sizeof message - 1);
  memcpy(text, "answer=", 7);
  assert_false(dfu_faults_parse(&faults, text, message));
  assert_true(strlen(message) < sizeof message - 1);
}

static void parse_too_many_is_refused(void **state)
{
  DfuFaults faults = { .n = 0 };
  char message[DFU_FAULTS_MESSAGE_BYTES];

  (void)state;
  for (int i = 0; i < DFU_FAULTS_MAX; i++)
    assert_true(dfu_faults_parse(&faults, "lose=4", message));
  assert_false(dfu_faults_parse(&faults, "lose=4", message));
  assert_string_equal(message, "too many faults: at most 64");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_takes_names_and_numbers),
    cmocka_unit_test(parse_bad_form_names_the_right_one),
    cmocka_unit_test(parse_unknown_name_lists_the_known),
    cmocka_unit_test(parse_message_fits_whatever_the_text),
    cmocka_unit_test(parse_too_many_is_refused),
  };

  return cmocka_run_group_tests_name("fault_spec", tests, NULL, NULL);
}
