/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An inquiry over a link that the test plays: what is written, and what is made
 * of each answer.
 */
#include "lib/cmocka_all.h"

#include <dfu/inquiry.h>

#include "lib/played_link.h"

typedef struct {
  PlayedLink link;
  DfuInquiry *inquiry;
  guint n_results;
  DfuDeviceMode mode;
  gint64 received_bytes;
  gint revision;
  const DfuFamily *family;
  char *device; /* "family_why|manufacturer|model|firmware", where there is a family */
  gint error_code; /* 0 for none */
} Fixture;

static void on_result(const DfuInquiryResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_results++;
  fixture->mode = result->mode;
  fixture->received_bytes = result->received_bytes;
  fixture->revision = result->revision;
  fixture->family = result->family;
  if (result->family != NULL)
    fixture->device = g_strdup_printf("%s|%s|%s|%s", result->family_why, result->manufacturer,
                                      result->model, result->firmware);
  fixture->error_code = result->error != NULL ? result->error->code : 0;
}

static void begin(Fixture *fixture, const DfuFamily *family)
{
  dfu_inquiry_free(fixture->inquiry);
  g_string_truncate(fixture->link.calls, 0);
  fixture->inquiry = dfu_inquiry_new(&fixture->link.base, family, 30, on_result, fixture);
}

static int set_up(void **state)
{
  Fixture *fixture = g_new0(Fixture, 1);

  played_link_init(&fixture->link);
  begin(fixture, NULL);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *fixture = *state;

  dfu_inquiry_free(fixture->inquiry);
  played_link_clear(&fixture->link);
  g_free(fixture->device);
  g_free(fixture);
  return 0;
}

static void ask(Fixture *fixture)
{
  played_link_emit_up(&fixture->link, 0x0008);
  played_link_emit(&fixture->link, DFU_LINK_SUBSCRIBED);
}

static void assert_ended(const Fixture *fixture, gint error_code, const char *calls)
{
  assert_int_equal(fixture->n_results, 1);
  assert_int_equal(fixture->error_code, error_code);
  assert_string_equal(fixture->link.calls->str, calls);
}

#define ASKED "connect 30000;subscribe;write 07;"

static void target_is_asked_for_its_count_and_left(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x10\x07\x01\x30\x2a\x00\x00", 7);
  assert_int_equal(fixture->n_results, 0); /* not before the link is down */
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, ASKED "disconnect;");
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_DFU);
  assert_int_equal(fixture->received_bytes, 10800);
  assert_int_equal(fixture->revision, 8);
}

static void answer_may_overtake_the_acknowledgement(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit_notified(&fixture->link, "\x10\x07\x01\x04\x00\x00\x00", 7);
  assert_string_equal(fixture->link.calls->str, ASKED);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, ASKED "disconnect;");
  assert_int_equal(fixture->received_bytes, 4);
}

static void application_is_not_written_to(void **state)
{
  Fixture *fixture = *state;

  /* nRF5 SDK 7 to 11: the buttonless service of an application has revision 0.1. */
  played_link_emit_up(&fixture->link, 0x0001);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, "connect 30000;disconnect;");
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_APPLICATION);
  assert_int_equal(fixture->received_bytes, -1);
}

static void buttonless_handler_gives_the_application_away(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x10\x01\x03", 3);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, ASKED "disconnect;");
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_APPLICATION);
}

static void family_is_told_with_its_sign_and_the_device_information(void **state)
{
  Fixture *fixture = *state;

  played_link_emit_device(&fixture->link, (DfuLinkUp){.mtu = 23,
                                                      .has_revision = TRUE,
                                                      .revision = 0x0008,
                                                      .has_packet = TRUE,
                                                      .name = "AdaDFU",
                                                      .manufacturer = "RAKwireless",
                                                      .model = "WisBlock RAK4631 Board",
                                                      .firmware = "0.4.3 s140 6.1.1"});
  played_link_emit(&fixture->link, DFU_LINK_SUBSCRIBED);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x10\x07\x01\x00\x00\x00\x00", 7);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, ASKED "disconnect;");
  assert_string_equal(fixture->family->name, "adafruit-0.7");
  assert_string_equal(fixture->device, "firmware revision|RAKwireless|WisBlock RAK4631 Board|"
                                       "0.4.3 s140 6.1.1");
}

static void family_that_is_named_counts_more_than_any_sign(void **state)
{
  Fixture *fixture = *state;

  begin(fixture, dfu_family_find("sdk-single"));
  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x10\x07\x01\x00\x00\x00\x00", 7);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_string_equal(fixture->family->name, "sdk-single");
  assert_string_equal(fixture->device, "as told|||");
}

/* InfiniTime 1.14: every access to the service restarts the timer of a session, and 07 has no answer. */
static void watch_is_not_written_to(void **state)
{
  Fixture *fixture = *state;

  played_link_emit_device(&fixture->link, (DfuLinkUp){.mtu = 256,
                                                      .has_revision = TRUE,
                                                      .revision = 0x0008,
                                                      .has_packet = TRUE,
                                                      .has_other_services = TRUE,
                                                      .name = "InfiniTime"});
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, "connect 30000;disconnect;");
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_DFU);
  assert_string_equal(fixture->family->name, "infinitime");
  assert_int_equal(fixture->received_bytes, -1);
}

static void application_has_no_family(void **state)
{
  Fixture *fixture = *state;

  played_link_emit_up(&fixture->link, 0x0001);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_null(fixture->family);
  /* Nor has one that only its answer gives away. */
  begin(fixture, NULL);
  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x10\x01\x03", 3);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_APPLICATION);
  assert_null(fixture->family);
}

static void other_notifications_are_no_answer(void **state)
{
  static const struct {
    const char *bytes;
    gsize len;
  } rows[] = {
    {"\x11\xa0\x00\x00\x00", 5},
    {"\x10\x03\x01", 3},
    {"\x10\x07\x01\x04", 4},
    {"\x10", 1},
    {"", 0},
  };
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
    played_link_emit_notified(&fixture->link, rows[i].bytes, rows[i].len);
  assert_string_equal(fixture->link.calls->str, ASKED);
}

static void target_that_refuses_the_request_tells_no_count(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_CONTROL_WRITTEN);
  played_link_emit_notified(&fixture->link, "\x10\x07\x03", 3);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, 0, ASKED "disconnect;");
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_DFU);
  assert_int_equal(fixture->received_bytes, -1);
}

static void failed_write_is_the_error(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit_error(&fixture->link, DFU_LINK_CONTROL_WRITTEN, DFU_LINK_TROUBLE_PASSING,
                         DFU_ERROR_REFUSED);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, DFU_ERROR_REFUSED, ASKED "disconnect;");
}

static void lost_link_is_the_error(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, DFU_ERROR_LINK_LOST, ASKED);
}

static void device_without_the_service_is_an_answer(void **state)
{
  Fixture *fixture = *state;

  played_link_emit_error(&fixture->link, DFU_LINK_FAILED, DFU_LINK_TROUBLE_LASTING,
                         DFU_ERROR_REFUSED);
  assert_ended(fixture, 0, "connect 30000;");
  assert_int_equal(fixture->mode, DFU_DEVICE_MODE_OTHER);
}

static void failed_connection_is_the_error(void **state)
{
  Fixture *fixture = *state;

  played_link_emit_error(&fixture->link, DFU_LINK_FAILED, DFU_LINK_TROUBLE_LASTING,
                         DFU_ERROR_BLUETOOTH);
  assert_ended(fixture, DFU_ERROR_BLUETOOTH, "connect 30000;");
}

static void cancelling_leaves_first(void **state)
{
  Fixture *fixture = *state;

  ask(fixture);
  dfu_inquiry_cancel(fixture->inquiry);
  assert_int_equal(fixture->n_results, 0);
  /* Too late to count: */
  played_link_emit_notified(&fixture->link, "\x10\x07\x01\x04\x00\x00\x00", 7);
  played_link_emit(&fixture->link, DFU_LINK_LOST);
  assert_ended(fixture, DFU_ERROR_INTERRUPTED, ASKED "disconnect;");
  dfu_inquiry_cancel(fixture->inquiry);
  assert_int_equal(fixture->n_results, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(target_is_asked_for_its_count_and_left),
    TEST(answer_may_overtake_the_acknowledgement),
    TEST(application_is_not_written_to),
    TEST(buttonless_handler_gives_the_application_away),
    TEST(family_is_told_with_its_sign_and_the_device_information),
    TEST(family_that_is_named_counts_more_than_any_sign),
    TEST(watch_is_not_written_to),
    TEST(application_has_no_family),
    TEST(other_notifications_are_no_answer),
    TEST(target_that_refuses_the_request_tells_no_count),
    TEST(failed_write_is_the_error),
    TEST(lost_link_is_the_error),
    TEST(device_without_the_service_is_an_answer),
    TEST(failed_connection_is_the_error),
    TEST(cancelling_leaves_first),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
