/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The wire format, byte by byte. Controller and target share the codec, so only
 * literal bytes can pin it: nRF5 SDK 11.0.0, ble_dfu.c, and a transfer that was
 * executed against it.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "wire/uuids.h"
#include "wire/wire.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define assert_message(len, bytes, ...) \
  do { \
    static const uint8_t wanted[] = { __VA_ARGS__ }; \
    assert_int_equal(len, sizeof wanted); \
    assert_memory_equal(bytes, wanted, sizeof wanted); \
  } while (0)

static void put_request_is_the_opcode(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_request(out, DFU_OP_RECEIVE), out, 0x03);
  assert_message(dfu_wire_put_request(out, DFU_OP_VALIDATE), out, 0x04);
  assert_message(dfu_wire_put_request(out, DFU_OP_ACTIVATE), out, 0x05);
  assert_message(dfu_wire_put_request(out, DFU_OP_RESET), out, 0x06);
  assert_message(dfu_wire_put_request(out, DFU_OP_REPORT_SIZE), out, 0x07);
}

static void put_start_carries_the_mode(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_start(out, DFU_MODE_SOFTDEVICE), out, 0x01, 0x01);
  assert_message(dfu_wire_put_start(out, DFU_MODE_BOOTLOADER), out, 0x01, 0x02);
  assert_message(dfu_wire_put_start(out, DFU_MODE_APPLICATION), out, 0x01, 0x04);
}

static void put_sizes_is_softdevice_bootloader_application(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];
  DfuImageSizes sizes = { 0x0001a6b4, 0x00003a34, 0xf1020304 };

  (void)state;
  assert_message(dfu_wire_put_sizes(out, &sizes), out, 0xb4, 0xa6, 0x01, 0x00, 0x34, 0x3a, 0x00,
                 0x00, 0x04, 0x03, 0x02, 0xf1);
}

/* SDK 4.3 to 6.0: Start is followed by one size alone (nRF51 SDK 5.2, dfu_transport_ble.c). */
static void put_size_is_one_word(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_size(out, 0x0001a6b4), out, 0xb4, 0xa6, 0x01, 0x00);
  assert_message(dfu_wire_put_size(out, 0xf1020304), out, 0x04, 0x03, 0x02, 0xf1);
}

static void put_init_carries_the_step(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_init(out, DFU_INIT_BEGIN), out, 0x02, 0x00);
  assert_message(dfu_wire_put_init(out, DFU_INIT_COMPLETE), out, 0x02, 0x01);
}

static void put_receipt_request_is_little_endian(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_receipt_request(out, 8), out, 0x08, 0x08, 0x00);
  assert_message(dfu_wire_put_receipt_request(out, 0x1234), out, 0x08, 0x34, 0x12);
  assert_message(dfu_wire_put_receipt_request(out, 0), out, 0x08, 0x00, 0x00);
}

static void put_response_names_request_and_status(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_response(out, 0x01, 1), out, 0x10, 0x01, 0x01);
  assert_message(dfu_wire_put_response(out, 0xff, 6), out, 0x10, 0xff, 0x06);
}

static void put_size_report_is_seven_bytes(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_size_report(out, 0x87654321), out, 0x10, 0x07, 0x01, 0x21, 0x43, 0x65,
                 0x87);
}

static void put_receipt_is_five_bytes(void **state)
{
  uint8_t out[DFU_WIRE_MAX_BYTES];

  (void)state;
  assert_message(dfu_wire_put_receipt(out, 160), out, 0x11, 0xa0, 0x00, 0x00, 0x00);
  assert_message(dfu_wire_put_receipt(out, 0x87654321), out, 0x11, 0x21, 0x43, 0x65, 0x87);
}

/* All control point writes of an update with 256 bytes, as they were seen. */
static void put_control_writes_of_a_whole_update(void **state)
{
  static const uint8_t wanted[] = {
    0x01, 0x04,                                                                         /* Start */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,             /* sizes */
    0x02, 0x00, 0x02, 0x01, 0x08, 0x08, 0x00, 0x03, 0x04, 0x05,
  };
  uint8_t out[sizeof wanted + DFU_WIRE_MAX_BYTES];
  size_t len = 0;

  (void)state;
  len += dfu_wire_put_start(out + len, DFU_MODE_APPLICATION);
  len += dfu_wire_put_sizes(out + len, &(DfuImageSizes){ .application_bytes = 256 });
  len += dfu_wire_put_init(out + len, DFU_INIT_BEGIN);
  len += dfu_wire_put_init(out + len, DFU_INIT_COMPLETE);
  len += dfu_wire_put_receipt_request(out + len, 8);
  len += dfu_wire_put_request(out + len, DFU_OP_RECEIVE);
  len += dfu_wire_put_request(out + len, DFU_OP_VALIDATE);
  len += dfu_wire_put_request(out + len, DFU_OP_ACTIVATE);
  assert_int_equal(len, sizeof wanted);
  assert_memory_equal(out, wanted, sizeof wanted);
}

static const struct {
  uint8_t bytes[20];
  size_t len;
  DfuNotification wanted;
} notifications[] = {
  /* the trace of that update */
  { { 0x10, 0x01, 0x01 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x01, 1, 0 } },
  { { 0x10, 0x02, 0x01 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x02, 1, 0 } },
  { { 0x11, 0xa0, 0x00, 0x00, 0x00 }, 5, { DFU_NOTIFICATION_RECEIPT, 0, 0, 160 } },
  { { 0x10, 0x03, 0x01 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x03, 1, 0 } },
  { { 0x10, 0x04, 0x01 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x04, 1, 0 } },
  /* others */
  { { 0x10, 0x04, 0x05 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x04, 5, 0 } },
  { { 0x10, 0x07, 0x01, 0x28, 0x00, 0x00, 0x00 }, 7, { DFU_NOTIFICATION_RESPONSE, 0x07, 1, 40 } },
  { { 0x10, 0x07, 0x01, 0x21, 0x43, 0x65, 0x87 }, 7,
    { DFU_NOTIFICATION_RESPONSE, 0x07, 1, 0x87654321 } },
  { { 0x10, 0x07, 0x02 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x07, 2, 0 } },
  { { 0x10, 0x01, 0x00 }, 3, { DFU_NOTIFICATION_RESPONSE, 0x01, 0, 0 } },
  { { 0x10, 0xff, 0xfe }, 3, { DFU_NOTIFICATION_RESPONSE, 0xff, 0xfe, 0 } },
  { { 0x11, 0xff, 0xff, 0xff, 0xff }, 5, { DFU_NOTIFICATION_RECEIPT, 0, 0, 0xffffffff } },
};

static void parse_notification_reads_responses_and_receipts(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(notifications); i++) {
    DfuNotification seen;

    memset(&seen, 0xaa, sizeof seen);
    assert_int_equal(
      dfu_wire_parse_notification(notifications[i].bytes, notifications[i].len, &seen),
      DFU_WIRE_OK);
    assert_int_equal(seen.kind, notifications[i].wanted.kind);
    assert_int_equal(seen.opcode, notifications[i].wanted.opcode);
    assert_int_equal(seen.status, notifications[i].wanted.status);
    assert_int_equal(seen.received_bytes, notifications[i].wanted.received_bytes);
  }
}

static const struct {
  uint8_t bytes[20];
  size_t len;
  DfuWireResult wanted;
} malformed[] = {
  { { 0 }, 0, DFU_WIRE_SHORT },
  { { 0x10 }, 1, DFU_WIRE_SHORT },
  { { 0x10, 0x01 }, 2, DFU_WIRE_SHORT },
  { { 0x10, 0x01, 0x01, 0x00 }, 4, DFU_WIRE_TRAILING },
  { { 0x10, 0x03, 0x06, 0x00, 0x00, 0x00, 0x00 }, 7, DFU_WIRE_TRAILING },
  { { 0x10, 0x07, 0x01 }, 3, DFU_WIRE_SHORT },
  { { 0x10, 0x07, 0x01, 0x28, 0x00, 0x00 }, 6, DFU_WIRE_SHORT },
  { { 0x10, 0x07, 0x01, 0x28, 0x00, 0x00, 0x00, 0x00 }, 8, DFU_WIRE_TRAILING },
  { { 0x10, 0x07, 0x02, 0x28, 0x00, 0x00, 0x00 }, 7, DFU_WIRE_TRAILING },
  { { 0x11 }, 1, DFU_WIRE_SHORT },
  { { 0x11, 0xa0, 0x00, 0x00 }, 4, DFU_WIRE_SHORT },
  { { 0x11, 0xa0, 0x00, 0x00, 0x00, 0x00 }, 6, DFU_WIRE_TRAILING },
  { { 0x00, 0x01, 0x01 }, 3, DFU_WIRE_UNKNOWN },
  { { 0x01, 0x01, 0x01 }, 3, DFU_WIRE_UNKNOWN },
  { { 0x12, 0xa0, 0x00, 0x00, 0x00 }, 5, DFU_WIRE_UNKNOWN },
  { { 0x60, 0x01, 0x01 }, 3, DFU_WIRE_UNKNOWN }, /* Secure DFU answers like this */
  { { 0xff }, 1, DFU_WIRE_UNKNOWN },
};

static void parse_notification_malformed_is_rejected_and_leaves_the_result(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(malformed); i++) {
    DfuNotification seen, before;

    memset(&seen, 0xaa, sizeof seen);
    before = seen;
    assert_int_equal(dfu_wire_parse_notification(malformed[i].bytes, malformed[i].len, &seen),
                     malformed[i].wanted);
    assert_memory_equal(&seen, &before, sizeof seen);
  }
}

static void parse_notification_need_not_be_aligned(void **state)
{
  static const uint8_t bytes[] = { 0xee, 0x11, 0x21, 0x43, 0x65, 0x87 };
  DfuNotification seen;

  (void)state;
  assert_int_equal(dfu_wire_parse_notification(bytes + 1, 5, &seen), DFU_WIRE_OK);
  assert_int_equal(seen.received_bytes, 0x87654321);
}

static void parse_sizes_reads_three_words(void **state)
{
  static const uint8_t bytes[] = { 0xb4, 0xa6, 0x01, 0x00, 0x34, 0x3a,
                                   0x00, 0x00, 0x04, 0x03, 0x02, 0xf1 };
  DfuImageSizes sizes;

  (void)state;
  assert_int_equal(dfu_wire_parse_sizes(bytes, sizeof bytes, &sizes), DFU_WIRE_OK);
  assert_int_equal(sizes.softdevice_bytes, 0x0001a6b4);
  assert_int_equal(sizes.bootloader_bytes, 0x00003a34);
  assert_int_equal(sizes.application_bytes, 0xf1020304);
}

static void parse_sizes_of_another_length_is_rejected(void **state)
{
  static const uint8_t bytes[20] = { 0 };

  (void)state;
  for (size_t len = 0; len <= sizeof bytes; len++) {
    DfuImageSizes sizes = { 1, 2, 3 };
    DfuWireResult wanted = len < 12 ? DFU_WIRE_SHORT : len > 12 ? DFU_WIRE_TRAILING : DFU_WIRE_OK;

    assert_int_equal(dfu_wire_parse_sizes(bytes, len, &sizes), wanted);
    assert_int_equal(sizes.bootloader_bytes, wanted == DFU_WIRE_OK ? 0 : 2);
  }
}

static void receipt_request_packets_reads_bytes_1_and_2(void **state)
{
  static const uint8_t bytes[] = { 0x08, 0x34, 0x12, 0xff };

  (void)state;
  assert_int_equal(dfu_wire_receipt_request_packets(bytes, 3), 0x1234);
  assert_int_equal(dfu_wire_receipt_request_packets(bytes, 4), 0x1234);
}

static void names_are_those_of_the_profile(void **state)
{
  (void)state;
  assert_string_equal(dfu_wire_opcode_name(0x01), "Start");
  assert_string_equal(dfu_wire_opcode_name(0x02), "Init");
  assert_string_equal(dfu_wire_opcode_name(0x03), "Receive");
  assert_string_equal(dfu_wire_opcode_name(0x04), "Validate");
  assert_string_equal(dfu_wire_opcode_name(0x05), "Activate");
  assert_string_equal(dfu_wire_opcode_name(0x06), "System Reset");
  assert_string_equal(dfu_wire_opcode_name(0x07), "Report Received Image Size");
  assert_string_equal(dfu_wire_opcode_name(0x08), "Packet Receipt Notification Request");
  assert_string_equal(dfu_wire_opcode_name(0x10), "Response");
  assert_string_equal(dfu_wire_opcode_name(0x11), "Packet Receipt Notification");
  assert_string_equal(dfu_wire_opcode_name(0x09), "unknown operation");
  assert_string_equal(dfu_wire_status_name(1), "success");
  assert_string_equal(dfu_wire_status_name(2), "invalid state");
  assert_string_equal(dfu_wire_status_name(3), "not supported");
  assert_string_equal(dfu_wire_status_name(4), "data size exceeds limit");
  assert_string_equal(dfu_wire_status_name(5), "CRC error");
  assert_string_equal(dfu_wire_status_name(6), "operation failed");
  assert_string_equal(dfu_wire_status_name(0), "unknown status");
  assert_string_equal(dfu_wire_status_name(7), "unknown status");
}

static void uuids_are_those_of_the_profile(void **state)
{
  (void)state;
  assert_string_equal(DFU_UUID_SERVICE, "00001530-1212-efde-1523-785feabcd123");
  assert_string_equal(DFU_UUID_CONTROL_POINT, "00001531-1212-efde-1523-785feabcd123");
  assert_string_equal(DFU_UUID_PACKET, "00001532-1212-efde-1523-785feabcd123");
  assert_string_equal(DFU_UUID_REVISION, "00001534-1212-efde-1523-785feabcd123");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(put_request_is_the_opcode),
    cmocka_unit_test(put_start_carries_the_mode),
    cmocka_unit_test(put_sizes_is_softdevice_bootloader_application),
    cmocka_unit_test(put_size_is_one_word),
    cmocka_unit_test(put_init_carries_the_step),
    cmocka_unit_test(put_receipt_request_is_little_endian),
    cmocka_unit_test(put_response_names_request_and_status),
    cmocka_unit_test(put_size_report_is_seven_bytes),
    cmocka_unit_test(put_receipt_is_five_bytes),
    cmocka_unit_test(put_control_writes_of_a_whole_update),
    cmocka_unit_test(parse_notification_reads_responses_and_receipts),
    cmocka_unit_test(parse_notification_malformed_is_rejected_and_leaves_the_result),
    cmocka_unit_test(parse_notification_need_not_be_aligned),
    cmocka_unit_test(parse_sizes_reads_three_words),
    cmocka_unit_test(parse_sizes_of_another_length_is_rejected),
    cmocka_unit_test(receipt_request_packets_reads_bytes_1_and_2),
    cmocka_unit_test(names_are_those_of_the_profile),
    cmocka_unit_test(uuids_are_those_of_the_profile),
  };

  return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
