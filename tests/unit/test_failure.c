/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Failures in words: what no message may say to whom.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include "session/failure.h"
#include "wire/wire.h"

static const guint8 opcodes[] = { DFU_OP_START, DFU_OP_INIT, DFU_OP_RECEIVE, DFU_OP_VALIDATE,
                                  DFU_OP_ACTIVATE, DFU_OP_RESET, DFU_OP_REPORT_SIZE };

/* Every failure that the controller has, of every request with every status. */
static void for_each_failure(const DfuFamily *family, void (*check)(const DfuFamily *family,
                                                                    const char *message))
{
  g_autoptr(GError) refusal = g_error_new_literal(DFU_ERROR, DFU_ERROR_PACKAGE, "refused");
  const DfuFailureContext context = {
    .options = &dfu_session_options_default,
    .device = "C4:12:AB:00:11:22",
    .refusal = refusal,
    .has_begun = TRUE,
    .family = family,
  };

  for (int reason = 0; reason <= DFU_FAIL_CANCELLED; reason++)
    for (gsize i = 0; i < G_N_ELEMENTS(opcodes); i++)
      for (guint8 status = 1; status <= 6; status++) {
        const DfuFailure failure = { .reason = (DfuFailReason)reason,
                                     .opcode = opcodes[i],
                                     .status = status,
                                     .link_was_up = family != NULL };
        g_autoptr(GError) error = NULL;

        if (reason == DFU_FAIL_NO_RESET && (family == NULL || family->reset_to != DFU_RESET_IGNORED))
          continue;
        error = dfu_failure_to_error(&failure, &context);
        check(family, error->message);
      }
}

static void assert_keeps_powered(const DfuFamily *family, const char *message)
{
  if (strstr(message, "device off and on") != NULL || strstr(message, "estart the device") != NULL)
    fail_msg("%s: %s", family != NULL ? family->name : "no family", message);
}

/* Adafruit_nRF52_Bootloader 0.3 to 0.10, main.c: without an application it starts without radio. */
static void device_that_power_loss_takes_off_the_air_is_kept_powered(void **state G_GNUC_UNUSED)
{
  static const char *const names[] = { "adafruit-0.7", "adafruit-0.9", "adafruit-0.10", "unknown" };

  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    const DfuFamily *family = dfu_family_find(names[i]);

    for_each_failure(family, assert_keeps_powered);
    assert_keeps_powered(family, dfu_failure_help_silent(family));
  }
  for_each_failure(NULL, assert_keeps_powered);
  assert_keeps_powered(NULL, dfu_failure_help_silent(NULL));
}

/* What was told is not what the device shows of itself. */
static void sign_of_a_cable_counts_more_than_the_family(void **state G_GNUC_UNUSED)
{
  const DfuFailureContext context = {
    .options = &dfu_session_options_default,
    .device = "C4:12:AB:00:11:22",
    .family = dfu_family_find("sdk"),
  };
  const DfuFailure failure = { .reason = DFU_FAIL_NO_ANSWER, .opcode = DFU_OP_VALIDATE,
                               .link_was_up = true, .risks_cable = true };
  g_autoptr(GError) error = dfu_failure_to_error(&failure, &context);

  assert_keeps_powered(context.family, error->message);
}

static void device_that_comes_back_may_be_switched_off_and_on(void **state G_GNUC_UNUSED)
{
  const DfuFailureContext context = {
    .options = &dfu_session_options_default,
    .device = "C4:12:AB:00:11:22",
    .family = dfu_family_find("otafix"),
  };
  const DfuFailure failure = { .reason = DFU_FAIL_NO_ANSWER, .opcode = DFU_OP_VALIDATE,
                               .link_was_up = true };
  g_autoptr(GError) error = dfu_failure_to_error(&failure, &context);

  assert_string_equal(error->message,
                      "C4:12:AB:00:11:22 did not answer Validate in time. Try again; if it stays "
                      "silent, switch the device off and on");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(device_that_power_loss_takes_off_the_air_is_kept_powered),
    cmocka_unit_test(sign_of_a_cable_counts_more_than_the_family),
    cmocka_unit_test(device_that_comes_back_may_be_switched_off_and_on),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
