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
    "repeat=init", "drop-packet=1", "drop-receipt=7", "repeat-receipt=0x10",
    "lose=1", "lose=4294967295:forever", "lose=20:4294967295",
    "lose-at=start", "lose-at=4:0", "lose-before=activate:forever",
    "silence=1", "silence=20:6", "silence-at=receive:1", "silence-before=report-size",
    "restart=1", "restart-at=0x05", "restart-before=receipts",
    "stall=40", "stall-at=validate", "stall-before=reset",
    "flash-error=40", "flash-error-at=start", "att=init-end:0xfd", "att=init-end:0xfe:3",
    "drop-connection=1", "mute-connection=4294967295", "service-changed=2", "jump-unheard=1",
    "drop-subscription=1",
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
    { "repeat=", "repeat=OP" },
    { "repeat=start:2", "repeat=OP" },
    { "drop-packet=0", "drop-packet=N" },
    { "drop-packet=1a", "drop-packet=N" },
    { "drop-receipt=", "drop-receipt=N" },
    { "repeat-receipt=0", "repeat-receipt=N" },
    { "repeat-receipt=1:2", "repeat-receipt=N" },
    { "lose=validate", "lose=BYTE[:SECONDS]" }, /* an operation is for lose-at */
    { "lose=5:1:1", "lose=BYTE[:SECONDS]" },
    { "lose-at=never", "lose-at=OP[:SECONDS]" },
    { "lose-at=4:x", "lose-at=OP[:SECONDS]" },
    { "lose-before=300", "lose-before=OP[:SECONDS]" },
    { "silence=0", "silence=BYTE[:SECONDS]" },
    { "silence=5:forever", "silence=BYTE[:SECONDS]" }, /* a link always has a supervision timeout */
    { "silence=5:.5", "silence=BYTE[:SECONDS]" },
    { "silence=5:1.", "silence=BYTE[:SECONDS]" },
    { "silence=5:1.-1", "silence=BYTE[:SECONDS]" },
    { "silence=5:1.0x1", "silence=BYTE[:SECONDS]" },
    { "silence=5:1.2.3", "silence=BYTE[:SECONDS]" },
    { "silence=5:1.0000001", "silence=BYTE[:SECONDS]" },
    { "silence-at=:4", "silence-at=OP[:SECONDS]" },
    { "silence-before=init:", "silence-before=OP[:SECONDS]" },
    { "restart=0", "restart=BYTE" },
    { "restart=5:1", "restart=BYTE" },
    { "restart-at=start:1", "restart-at=OP" },
    { "restart-before=", "restart-before=OP" },
    { "stall=0", "stall=BYTE" },
    { "stall=5:1", "stall=BYTE" },
    { "stall-at=init:forever", "stall-at=OP" },
    { "stall-before=256", "stall-before=OP" },
    { "flash-error=0", "flash-error=BYTE" },
    { "flash-error-at=start:1", "flash-error-at=OP" },
    { "mute=init-end", "mute=OP" }, /* where init means its end already */
    { "drop-connection", "drop-connection=N" },
    { "drop-connection=0", "drop-connection=N" },
    { "mute-connection=", "mute-connection=N" },
    { "service-changed=1:2", "service-changed=N" },
    { "jump-unheard=once", "jump-unheard=N" },
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

static DfuFault parse_one(const char *text)
{
  DfuFaults faults = { .n = 0 };
  char message[DFU_FAULTS_MESSAGE_BYTES];

  if (!dfu_faults_parse(&faults, text, message))
    fail_msg("%s", message);
  return faults.faults[0];
}

static void parse_breakdown_keeps_place_and_time(void **state)
{
  static const struct {
    const char *text;
    DfuFaultType type;
    DfuBreakdownType breakdown;
    uint32_t place; /* byte or opcode */
    int64_t time_us;
  } rows[] = {
    { "lose=7", DFU_FAULT_BREAK_AT_BYTE, DFU_BREAKDOWN_LOSS, 7, 1000000 },
    { "lose=7:0", DFU_FAULT_BREAK_AT_BYTE, DFU_BREAKDOWN_LOSS, 7, 0 },
    { "lose-at=start:2", DFU_FAULT_BREAK_AT, DFU_BREAKDOWN_LOSS, 1, 2000000 },
    { "lose-at=start:2.05", DFU_FAULT_BREAK_AT, DFU_BREAKDOWN_LOSS, 1, 2050000 },
    { "lose-before=init:forever", DFU_FAULT_BREAK_BEFORE, DFU_BREAKDOWN_LOSS, 2, INT64_MAX },
    { "silence=7", DFU_FAULT_BREAK_AT_BYTE, DFU_BREAKDOWN_SILENCE, 7, 4000000 },
    { "silence=7:0.420001", DFU_FAULT_BREAK_AT_BYTE, DFU_BREAKDOWN_SILENCE, 7, 420001 },
    { "silence-at=receive:6", DFU_FAULT_BREAK_AT, DFU_BREAKDOWN_SILENCE, 3, 6000000 },
    { "silence-before=validate", DFU_FAULT_BREAK_BEFORE, DFU_BREAKDOWN_SILENCE, 4, 4000000 },
    { "restart=7", DFU_FAULT_BREAK_AT_BYTE, DFU_BREAKDOWN_RESTART, 7, 0 },
    { "restart-at=activate", DFU_FAULT_BREAK_AT, DFU_BREAKDOWN_RESTART, 5, 0 },
    { "restart-before=reset", DFU_FAULT_BREAK_BEFORE, DFU_BREAKDOWN_RESTART, 6, 0 },
    { "stall=7", DFU_FAULT_BREAK_AT_BYTE, DFU_BREAKDOWN_STALL, 7, 0 },
    { "stall-at=report-size", DFU_FAULT_BREAK_AT, DFU_BREAKDOWN_STALL, 7, 0 },
    { "stall-before=receipts", DFU_FAULT_BREAK_BEFORE, DFU_BREAKDOWN_STALL, 8, 0 },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    DfuFault fault = parse_one(rows[i].text);
    bool at_byte = fault.type == DFU_FAULT_BREAK_AT_BYTE;

    assert_int_equal(fault.type, rows[i].type);
    assert_int_equal(fault.breakdown.type, rows[i].breakdown);
    assert_int_equal(at_byte ? fault.at : fault.opcode, rows[i].place);
    assert_int_equal(fault.breakdown.time_us, rows[i].time_us);
    assert_int_equal(fault.times, 1);
  }
}

static void parse_att_keeps_which_write_of_init(void **state)
{
  DfuFault both = parse_one("att=init:0xfe");
  DfuFault end = parse_one("att=init-end:0xfd:3");

  (void)state;
  assert_int_equal(both.opcode, 2);
  assert_false(both.at_end);
  assert_int_equal(end.opcode, 2);
  assert_true(end.at_end);
  assert_int_equal(end.code, 0xfd);
  assert_int_equal(end.times, 3);
}

static void parse_connections_are_counted_down(void **state)
{
  DfuFaults faults = { .n = 0 };
  char message[DFU_FAULTS_MESSAGE_BYTES];

  (void)state;
  assert_true(dfu_faults_parse(&faults, "mute-connection=1", message));
  assert_true(dfu_faults_parse(&faults, "drop-connection=2", message));
  assert_true(dfu_faults_happens(&faults, DFU_FAULT_DROP_CONNECTION));
  assert_true(dfu_faults_happens(&faults, DFU_FAULT_DROP_CONNECTION));
  assert_false(dfu_faults_happens(&faults, DFU_FAULT_DROP_CONNECTION));
  assert_true(dfu_faults_happens(&faults, DFU_FAULT_MUTE_CONNECTION));
  assert_false(dfu_faults_happens(&faults, DFU_FAULT_MUTE_CONNECTION));
  assert_false(dfu_faults_happens(&faults, DFU_FAULT_SERVICE_CHANGED));
}

static void parse_unknown_name_lists_the_known(void **state)
{
  static const char *const unknown[] = {
    "", "=", "loose=5", "los=5", "answers=1:1", "lose-=5", "att-at=init:1", "forever",
  };
  DfuFaults faults = { .n = 0 };
  char message[DFU_FAULTS_MESSAGE_BYTES];

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(unknown); i++) {
    assert_false(dfu_faults_parse(&faults, unknown[i], message));
    assert_non_null(strstr(message, ": known are answer, notify, mute, repeat, att, drop-packet, "
                                    "drop-receipt, repeat-receipt, lose, lose-at, lose-before, "
                                    "silence, silence-at, silence-before, restart, restart-at, "
                                    "restart-before, stall, stall-at, stall-before, flash-error, "
                                    "flash-error-at, drop-connection, mute-connection, "
                                    "service-changed, drop-subscription and jump-unheard"));
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
    cmocka_unit_test(parse_breakdown_keeps_place_and_time),
    cmocka_unit_test(parse_att_keeps_which_write_of_init),
    cmocka_unit_test(parse_connections_are_counted_down),
    cmocka_unit_test(parse_unknown_name_lists_the_known),
    cmocka_unit_test(parse_message_fits_whatever_the_text),
    cmocka_unit_test(parse_too_many_is_refused),
  };

  return cmocka_run_group_tests_name("fault_spec", tests, NULL, NULL);
}
