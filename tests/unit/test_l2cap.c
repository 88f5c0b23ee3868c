/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * L2CAP frames out of fragments. Source of the form: Bluetooth Core, Vol 3, Part A, 3.1.
 */
#include "emulator/air/l2cap.h"

#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/hex.h"
#include "lib/target_driver.h"

enum { FIRST = 1, NEXT = 0 };

/* Receives @hex; returns "CHANNEL: PAYLOAD", or "" if no frame is complete. */
static const char *receive(DfuL2capReceiver *receiver, gboolean first, const char *hex)
{
  static char text[200];
  guint8 bytes[64];
  gsize len = driver_hex(hex, bytes, sizeof bytes);
  g_autofree guint8 *fragment = g_memdup2(bytes, len);
  g_autoptr(GString) payload = g_string_new(NULL);
  DfuL2capFrame frame;

  text[0] = '\0';
  if (dfu_l2cap_receive(receiver, first, fragment, len, &frame)) {
    hex_append(payload, frame.payload, frame.len);
    g_snprintf(text, sizeof text, "%u: %s", frame.channel, payload->str);
  }
  return text;
}

static void frame_in_one_fragment_is_received(void **state)
{
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  assert_string_equal(receive(&receiver, FIRST, "03 00 04 00 0a 03 00"), "4: 0a 03 00");
  assert_string_equal(receive(&receiver, FIRST, "00 00 06 00"), "6: ");
}

static void frame_in_fragments_of_any_length_is_received(void **state)
{
  static const char *const fragments[] = {"", "03", "00 04", "", "00 0a", "03"};
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(fragments); i++) {
    assert_string_equal(receive(&receiver, i == 0, fragments[i]), "");
  }
  assert_string_equal(receive(&receiver, NEXT, "00"), "4: 0a 03 00");
}

static void frames_of_several_channels_are_received_in_turn(void **state)
{
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  assert_string_equal(receive(&receiver, FIRST, "02 00 04 00 0a"), "");
  assert_string_equal(receive(&receiver, NEXT, "03"), "4: 0a 03");
  assert_string_equal(receive(&receiver, FIRST, "01 00 06 00 0b"), "6: 0b");
  assert_string_equal(receive(&receiver, FIRST, "01 00 05 00"), "");
  assert_string_equal(receive(&receiver, NEXT, "12"), "5: 12");
}

static void new_frame_drops_an_incomplete_one(void **state)
{
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  assert_string_equal(receive(&receiver, FIRST, "05 00 04 00 01 02"), "");
  assert_string_equal(receive(&receiver, FIRST, "01 00 05 00 aa"), "5: aa");
  assert_string_equal(receive(&receiver, NEXT, "03 04 05"), "");
}

static void continuation_of_nothing_is_dropped(void **state)
{
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  assert_string_equal(receive(&receiver, NEXT, "01 00 04 00 aa"), "");
  assert_string_equal(receive(&receiver, FIRST, "01 00 04 00 aa"), "4: aa");
  assert_string_equal(receive(&receiver, NEXT, "bb"), "");
}

static void surplus_bytes_drop_the_frame(void **state)
{
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  assert_string_equal(receive(&receiver, FIRST, "01 00 04 00 aa bb"), "");
  assert_string_equal(receive(&receiver, FIRST, "02 00 04 00 aa"), "");
  assert_string_equal(receive(&receiver, NEXT, "bb cc"), "");
  assert_string_equal(receive(&receiver, NEXT, "bb"), "");
  assert_string_equal(receive(&receiver, FIRST, "01 00 04 00 aa"), "4: aa");
}

static void frame_longer_than_bearable_is_dropped_whole(void **state)
{
  DfuL2capReceiver receiver = {.len = 0};

  (void)state;
  assert_string_equal(receive(&receiver, FIRST, "ff ff 04 00 01 02 03"), "");
  assert_string_equal(receive(&receiver, NEXT, "04 05"), "");
  assert_string_equal(receive(&receiver, FIRST, "01 04 04 00"), ""); /* 1025 */
  assert_string_equal(receive(&receiver, NEXT, "01"), "");
  assert_string_equal(receive(&receiver, FIRST, "01 00 04 00 aa"), "4: aa");
}

static void longest_frame_is_received(void **state)
{
  guint8 header[] = {0x00, 0x04, 0x04, 0x00};
  guint8 part[DFU_L2CAP_MAX_PAYLOAD_BYTES / 2];
  DfuL2capReceiver receiver = {.len = 0};
  DfuL2capFrame frame;

  (void)state;
  memset(part, 0x5a, sizeof part);
  assert_false(dfu_l2cap_receive(&receiver, TRUE, header, sizeof header, &frame));
  assert_false(dfu_l2cap_receive(&receiver, FALSE, part, sizeof part, &frame));
  assert_true(dfu_l2cap_receive(&receiver, FALSE, part, sizeof part, &frame));
  assert_int_equal(frame.len, DFU_L2CAP_MAX_PAYLOAD_BYTES);
}

static void header_holds_length_and_channel(void **state)
{
  guint8 header[DFU_L2CAP_HEADER_BYTES];

  (void)state;
  dfu_l2cap_put_header(header, DFU_L2CAP_ATT, 0x0123);
  assert_memory_equal(header, "\x23\x01\x04\x00", sizeof header);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(frame_in_one_fragment_is_received),
    cmocka_unit_test(frame_in_fragments_of_any_length_is_received),
    cmocka_unit_test(frames_of_several_channels_are_received_in_turn),
    cmocka_unit_test(new_frame_drops_an_incomplete_one),
    cmocka_unit_test(continuation_of_nothing_is_dropped),
    cmocka_unit_test(surplus_bytes_drop_the_frame),
    cmocka_unit_test(frame_longer_than_bearable_is_dropped_whole),
    cmocka_unit_test(longest_frame_is_received),
    cmocka_unit_test(header_holds_length_and_channel),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
