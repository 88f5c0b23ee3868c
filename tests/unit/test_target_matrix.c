/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each operation in each stage, as nRF5 SDK 11.0.0 and the Adafruit bootloaders 0.9.2 and
 * 0.10.0 answer it: executed on a host for every cell, dual and single bank, on the same
 * link and after a reconnect. Their older relatives have the same text in these paths.
 */
#include <stdio.h>
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

/* Short for what many cells hold; "=" is no reply and no change of stage. */
#define SAME "="
#define START_BUSY "10 01 02"
#define START_BAD "10 01 03"
#define INIT_BUSY "10 02 02"
#define DATA_ODD "10 03 03"
#define DATA_BUSY "10 03 02"
#define VALIDATE_BUSY "10 04 02"
#define ALL_STAGES(reply) \
  { reply, reply, reply, reply, reply, reply, reply, reply, reply }

typedef struct {
  const char *name;
  const char *control; /* NULL: none */
  const char *packet;  /* NULL: none */
  const char *cells[DRIVER_N_STAGES]; /* reply, then "> stage" where it changes */
} Operation;

static const char *const stage_names[DRIVER_N_STAGES] = {
  "idle", "preparing", "ready", "init", "data", "data", "CRC failed", "validated", "surplus",
};

/* clang-format off */
static const Operation operations[] = {
  { "Start and sizes", "01 04", DRIVER_SIZES,
    { "> preparing", START_BUSY, START_BUSY, START_BUSY, START_BUSY, START_BUSY, START_BUSY,
      START_BUSY, START_BUSY } },
  { "Start and 11 bytes", "01 04", "00000000 00000000 280000", ALL_STAGES(START_BAD) },
  { "Start and 13 bytes", "01 04", "00000000 00000000 28000000 00", ALL_STAGES(START_BAD) },
  { "Start and 4 bytes", "01 04", "28000000", ALL_STAGES(START_BAD) },
  { "Start of one byte", "01", NULL, ALL_STAGES("10 01 06") },
  { "Init of one byte", "02", NULL, ALL_STAGES("10 02 06") },
  { "Init and a piece", "02 00", DRIVER_INIT,
    { INIT_BUSY, INIT_BUSY, "> init", SAME, INIT_BUSY, INIT_BUSY, INIT_BUSY, INIT_BUSY,
      INIT_BUSY } },
  { "Init complete", "02 01", NULL,
    { INIT_BUSY, INIT_BUSY, INIT_BUSY, "10 02 01 > data", INIT_BUSY, INIT_BUSY, INIT_BUSY,
      INIT_BUSY, INIT_BUSY } },
  { "Receive", "03", NULL, ALL_STAGES(SAME) },
  { "image packet of 18 bytes", "03", "00010203 04050607 08090a0b 0c0d0e0f 1011",
    ALL_STAGES(DATA_ODD) },
  { "image packet of 1 byte", "03", "00", ALL_STAGES(DATA_ODD) },
  { "image packet of 20 bytes", "03", DRIVER_PACKET_2,
    { DATA_BUSY, DATA_BUSY, DATA_BUSY, DATA_BUSY, SAME, "10 03 04 > surplus", DATA_BUSY, DATA_BUSY,
      "10 03 06" } },
  { "Validate", "04", NULL,
    { VALIDATE_BUSY, VALIDATE_BUSY, VALIDATE_BUSY, VALIDATE_BUSY, VALIDATE_BUSY,
      "10 04 01 > validated", VALIDATE_BUSY, VALIDATE_BUSY, VALIDATE_BUSY } },
  { "Activate", "05", NULL,
    { "reset", "reset", "reset", "reset", "reset", "reset", "reset", "activate", "reset" } },
  { "System Reset", "06", NULL, ALL_STAGES("reset") },
  { "Report Received Image Size", "07", NULL,
    { "10 07 01 00 00 00 00", "10 07 01 00 00 00 00", "10 07 01 00 00 00 00",
      "10 07 01 00 00 00 00", "10 07 01 14 00 00 00", "10 07 01 28 00 00 00",
      "10 07 01 28 00 00 00", "10 07 01 28 00 00 00", "10 07 01 28 00 00 00" } },
  { "Packet Receipt Notification Request", "08 08 00", NULL, ALL_STAGES(SAME) },
  { "Packet Receipt Notification Request, 2 bytes", "08 08", NULL, ALL_STAGES("10 08 03") },
  { "Packet Receipt Notification Request, 5 bytes", "08 08 00 00 00", NULL, ALL_STAGES(SAME) },
  { "unknown operation 00", "00", NULL, ALL_STAGES("10 00 03") },
  { "unknown operation 09", "09", NULL, ALL_STAGES("10 09 03") },
  { "unknown operation 10", "10 01 01", NULL, ALL_STAGES("10 10 03") },
  { "unknown operation 11", "11", NULL, ALL_STAGES("10 11 03") },
  { "unknown operation ff", "ff", NULL, ALL_STAGES("10 ff 03") },
};
/* clang-format on */

/* What happened, in the words of a cell. */
static const char *describe(TargetDriver *driver, const char *stage_before)
{
  static char text[128];
  const char *said = driver_said(driver);
  const char *stage = dfu_target_stage_name(driver->target.stage);

  if (driver->boot != DFU_TARGET_STAYS)
    return driver->activated ? "activate" : "reset";
  if (strcmp(stage, stage_before) == 0)
    return said[0] != '\0' ? said : SAME;
  snprintf(text, sizeof text, "%s%s> %s", said, said[0] != '\0' ? " " : "", stage);
  return text;
}

/* Where a reset ends while the first page of a single bank is whole, and afterwards. */
static DfuTargetBoot expected_reset(const DfuPersonality *personality, DriverStage stage)
{
  bool mid_transfer = stage == DRIVER_DATA || stage == DRIVER_SURPLUS;

  if (personality->restart_rule == DFU_RESTARTS_BY_CAUSE && mid_transfer)
    return DFU_TARGET_BOOTS_BOOTLOADER;
  if (personality->dual_bank || stage < DRIVER_READY)
    return DFU_TARGET_BOOTS_APPLICATION;
  return personality->restart_rule == DFU_RESTARTS_TO_CABLE ? DFU_TARGET_BOOTS_CABLE
                                                            : DFU_TARGET_BOOTS_BOOTLOADER;
}

static DfuTargetBoot expected_boot(const TargetDriver *driver, DriverStage stage, const char *cell)
{
  if (strcmp(cell, "activate") == 0)
    return DFU_TARGET_BOOTS_APPLICATION;
  if (strcmp(cell, "reset") != 0)
    return DFU_TARGET_STAYS;
  return expected_reset(driver->config.personality, stage);
}

static void check_cell(const char *personality, bool reconnect, DriverStage stage,
                       const Operation *operation)
{
  TargetDriver driver;

  driver_init(&driver, personality);
  driver_bring_to(&driver, stage);
  assert_string_equal(dfu_target_stage_name(driver.target.stage), stage_names[stage]);
  if (reconnect)
    driver_reconnect(&driver);
  if (operation->control != NULL)
    driver_control(&driver, operation->control);
  if (operation->packet != NULL)
    driver_packet(&driver, operation->packet);

  const char *seen = describe(&driver, stage_names[stage]);

  if (strcmp(seen, operation->cells[stage]) != 0)
    fail_msg("%s, %s, %s in column %d: %s, not %s", personality,
             reconnect ? "new link" : "same link", operation->name, (int)stage, seen,
             operation->cells[stage]);
  assert_int_equal(driver.att_error, 0);
  assert_int_equal(driver.boot, expected_boot(&driver, stage, operation->cells[stage]));
}

static void check_matrix(const char *personality, bool reconnect)
{
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
    for (DriverStage stage = 0; stage < DRIVER_N_STAGES; stage++)
      check_cell(personality, reconnect, stage, &operations[i]);
}

static void each_cell_dual_bank(void **state)
{
  (void)state;
  check_matrix("sdk11-dual", false);
}

static void each_cell_single_bank(void **state)
{
  (void)state;
  check_matrix("sdk11-single", false);
}

static void each_cell_dual_bank_after_reconnect(void **state)
{
  (void)state;
  check_matrix("sdk11-dual", true);
}

static void each_cell_single_bank_after_reconnect(void **state)
{
  (void)state;
  check_matrix("sdk11-single", true);
}

static void each_cell_of_older_sdks(void **state)
{
  (void)state;
  check_matrix("sdk6.1", false);
  check_matrix("sdk7", false);
  check_matrix("sdk8", false);
}

static void each_cell_of_adafruit(void **state)
{
  static const char *const names[] = { "adafruit-0.7", "adafruit-0.9", "adafruit-0.10" };

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    check_matrix(names[i], false);
    check_matrix(names[i], true);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_cell_dual_bank),
    cmocka_unit_test(each_cell_single_bank),
    cmocka_unit_test(each_cell_dual_bank_after_reconnect),
    cmocka_unit_test(each_cell_single_bank_after_reconnect),
    cmocka_unit_test(each_cell_of_older_sdks),
    cmocka_unit_test(each_cell_of_adafruit),
  };

  return cmocka_run_group_tests_name("target_matrix", tests, NULL, NULL);
}
