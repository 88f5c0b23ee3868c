/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The inactivity timer, and what starts after a restart. Source: nRF5 SDK 11.0.0,
 * executed on a host.
 */
#include <string.h>

#include "lib/cmocka_all.h"
#include "lib/target_driver.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *const both[] = { "sdk11-dual", "sdk11-single" };

static DfuTargetBoot without_application(const char *personality)
{
  return strcmp(personality, "sdk11-dual") == 0 ? DFU_TARGET_BOOTS_APPLICATION
                                                : DFU_TARGET_BOOTS_BOOTLOADER;
}

static void begin(TargetDriver *driver, const char *personality, DriverStage stage)
{
  driver_init(driver, personality);
  driver_bring_to(driver, stage);
}

static void timer_restarts_the_target_after_120_seconds(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(both); i++) {
    TargetDriver driver;

    begin(&driver, both[i], DRIVER_PREPARING);

    int64_t fires_us = driver.now_us + DRIVER_TIMER_US;

    driver_settle(&driver); /* the end of the erase does not restart it */
    driver_wait(&driver, fires_us - 1 - driver.now_us);
    assert_int_equal(driver.boot, DFU_TARGET_STAYS);
    driver_wait(&driver, 1);
    assert_int_equal(driver.boot, without_application(both[i]));
  }
}

static void timer_of_a_target_without_one_never_fires(void **state)
{
  TargetDriver driver;
  DfuPersonality personality = *dfu_personality_find("sdk11-dual");

  (void)state;
  personality.timer_us = 0;
  driver_init(&driver, "sdk11-dual");
  driver.config.personality = &personality;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_DATA);
  assert_int_equal(driver.wake_us, INT64_MAX);
  driver_wait(&driver, INT64_C(1000) * DRIVER_TIMER_US);
  assert_int_equal(driver.target.stage, DFU_TARGET_DATA);
}

static void timer_runs_from_the_first_event(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_IDLE);
  assert_int_equal(driver.wake_us - driver.now_us, DRIVER_TIMER_US);
  driver_wait(&driver, DRIVER_TIMER_US);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void timer_without_application_leads_to_an_empty_bootloader(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver.config.has_application = false;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_DATA);
  driver_wait(&driver, DRIVER_TIMER_US);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
  assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
}

/* A second in each stage, then one event; what is left of the 120 s afterwards. */
static const struct {
  DriverStage stage;
  const char *control;
  const char *packet;
  int left_s;
} timed[] = {
  /* accepted: afresh */
  { DRIVER_IDLE, "01 04", DRIVER_SIZES, 120 },
  { DRIVER_READY, "02 00", DRIVER_INIT, 120 },
  { DRIVER_INIT_STAGE, "02 00", DRIVER_INIT, 120 },
  { DRIVER_DATA, "03", DRIVER_PACKET_2, 120 },
  { DRIVER_DATA_FULL, "04", NULL, 120 },
  /* requests that change nothing, or only the packet type */
  { DRIVER_IDLE, "01 04", NULL, 119 },
  { DRIVER_READY, "02 00", NULL, 119 },
  { DRIVER_INIT_STAGE, "02 01", NULL, 119 },
  { DRIVER_DATA, "03", NULL, 119 },
  { DRIVER_DATA, "07", NULL, 119 },
  { DRIVER_DATA, "08 01 00", NULL, 119 },
  /* refused */
  { DRIVER_IDLE, "01 04", "28000000", 119 },
  { DRIVER_IDLE, "01 05", DRIVER_SIZES, 119 },
  { DRIVER_DATA, "01 04", DRIVER_SIZES, 119 },
  { DRIVER_DATA, "02 00", DRIVER_INIT, 119 },
  { DRIVER_READY, "03", DRIVER_PACKET_1, 119 },
  { DRIVER_DATA, "03", "000102", 119 },
  { DRIVER_DATA_FULL, "03", DRIVER_PACKET_2, 119 },
  { DRIVER_SURPLUS, "03", DRIVER_PACKET_2, 119 },
  { DRIVER_DATA, "04", NULL, 119 },
  { DRIVER_VALIDATED, "04", NULL, 119 },
  { DRIVER_CRC_FAILED, "04", NULL, 119 },
  { DRIVER_DATA, "55", NULL, 119 },
};

static void timer_starts_afresh_with_what_is_accepted_only(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(timed); i++) {
    TargetDriver driver;

    begin(&driver, "sdk11-dual", timed[i].stage);

    int64_t fires_us = driver.target.timer_us;

    driver_wait(&driver, 1000000);
    driver_control(&driver, timed[i].control);
    if (timed[i].packet != NULL)
      driver_packet(&driver, timed[i].packet);

    int64_t wanted_us = timed[i].left_s == 120 ? driver.now_us + DRIVER_TIMER_US : fires_us;

    if (driver.target.timer_us != wanted_us)
      fail_msg("row %zu: the timer fires in %lld us, not %lld", i,
               (long long)(driver.target.timer_us - driver.now_us),
               (long long)(wanted_us - driver.now_us));
  }
}

static void timer_starts_afresh_with_a_validate_that_fails(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_packet_of(&driver, 20);
  driver_settle(&driver);
  driver_wait(&driver, 1000000);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 03 01 | 10 04 05");
  assert_int_equal(driver.target.timer_us - driver.now_us, DRIVER_TIMER_US);
}

static void timer_runs_on_while_disconnected_and_over_connections(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);

  int64_t fires_us = driver.target.timer_us;

  driver_wait(&driver, 60000000);
  driver_disconnect(&driver);
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_disconnect(&driver);
  assert_int_equal(driver.wake_us, fires_us);
  driver_wait(&driver, fires_us - driver.now_us);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void timer_drops_a_validated_image_that_is_not_activated(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_VALIDATED);
  driver_wait(&driver, DRIVER_TIMER_US);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
  assert_false(driver.activated);
}

static void late_event_finds_the_target_as_the_timer_left_it(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_VALIDATED);
  driver.now_us += DRIVER_TIMER_US + 1;
  driver_control(&driver, "05");
  assert_false(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void single_bank_keeps_the_application_until_its_first_page_is_erased(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_PREPARING);
  driver_wait(&driver, DRIVER_ERASE_PAGE_US - 1);
  driver_control(&driver, "06");
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);

  driver_init(&driver, "sdk11-single");
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_control(&driver, "01 04");
  driver_packet(&driver, "00000000 00000000 00200000"); /* two pages */
  driver_wait(&driver, DRIVER_ERASE_PAGE_US);
  driver_control(&driver, "06");
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
  assert_false(driver.target.config.has_application);
}

static void dual_bank_loses_the_application_to_a_softdevice_only(void **state)
{
  static const struct {
    const char *request;
    const char *sizes;
    DfuTargetBoot boot;
  } rows[] = {
    { "01 04", "00000000 00000000 28000000", DFU_TARGET_BOOTS_APPLICATION },
    { "01 02", "00000000 28000000 00000000", DFU_TARGET_BOOTS_APPLICATION },
    { "01 01", "28000000 00000000 00000000", DFU_TARGET_BOOTS_BOOTLOADER },
    { "01 03", "14000000 14000000 00000000", DFU_TARGET_BOOTS_BOOTLOADER },
  };

  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
    TargetDriver driver;

    begin(&driver, "sdk11-dual", DRIVER_IDLE);
    driver_control(&driver, rows[i].request);
    driver_packet(&driver, rows[i].sizes);
    driver_settle(&driver);
    driver_control(&driver, "06");
    assert_int_equal(driver.boot, rows[i].boot);
  }
}

static const struct {
  const char *request;
  const char *sizes;
  uint8_t mode;
  DfuTargetBoot dual;
  DfuTargetBoot single;
} activated[] = {
  { "01 04", "00000000 00000000 28000000", 4, DFU_TARGET_BOOTS_APPLICATION,
    DFU_TARGET_BOOTS_APPLICATION },
  { "01 00", "00000000 00000000 28000000", 0, DFU_TARGET_BOOTS_APPLICATION,
    DFU_TARGET_BOOTS_APPLICATION },
  { "01 01", "28000000 00000000 00000000", 1, DFU_TARGET_BOOTS_BOOTLOADER,
    DFU_TARGET_BOOTS_BOOTLOADER },
  { "01 02", "00000000 28000000 00000000", 2, DFU_TARGET_BOOTS_APPLICATION,
    DFU_TARGET_BOOTS_BOOTLOADER },
  { "01 03", "14000000 14000000 00000000", 3, DFU_TARGET_BOOTS_BOOTLOADER,
    DFU_TARGET_BOOTS_BOOTLOADER },
};

static void check_activation(const char *personality, size_t row, DfuTargetBoot boot)
{
  TargetDriver driver;
  uint8_t mode;

  begin(&driver, personality, DRIVER_IDLE);
  driver_control(&driver, activated[row].request);
  driver_packet(&driver, activated[row].sizes);
  driver_settle(&driver);
  driver_control(&driver, "02 00");
  driver_packet(&driver, DRIVER_INIT);
  driver_control(&driver, "02 01");
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  driver_settle(&driver);
  driver_control(&driver, "04");
  assert_string_equal(driver_said(&driver), "10 01 01 | 10 02 01 | 10 03 01 | 10 04 01");
  driver_control(&driver, "05");
  assert_int_equal(driver.att_error, 0);
  assert_true(driver.activated);
  assert_int_equal(driver.boot, boot);
  assert_int_equal(driver.target.config.has_application, boot == DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
  assert_int_equal(mode, activated[row].mode);
}

static void activation_boots_what_the_image_leaves(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(activated); i++) {
    check_activation("sdk11-dual", i, activated[i].dual);
    check_activation("sdk11-single", i, activated[i].single);
  }
}

/* The erase and the mark in the settings go by different Starts: either costs the application. */
static void dual_bank_loses_the_application_to_a_refused_start_during_the_erase(void **state)
{
  static const char *const softdevice[] = { "01 01", "28000000 00000000 00000000" };
  static const char *const application[] = { "01 04", "00000000 00000000 28000000" };

  (void)state;
  for (int i = 0; i < 2; i++) {
    const char *const *first = i == 0 ? softdevice : application;
    const char *const *second = i == 0 ? application : softdevice;
    TargetDriver driver;

    begin(&driver, "sdk11-dual", DRIVER_IDLE);
    driver_control(&driver, first[0]);
    driver_packet(&driver, first[1]);
    driver_control(&driver, second[0]);
    driver_packet(&driver, second[1]);
    driver_settle(&driver);
    assert_string_equal(driver_said(&driver), "10 01 02 | 10 01 01");
    driver_control(&driver, "06");
    assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
  }
}

static void application_image_turned_into_a_softdevice_costs_the_application(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_VALIDATED);
  driver_control(&driver, "01 01");
  driver_packet(&driver, "28000000 00000000 00000000");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void bootloader_image_on_a_device_without_application_boots_the_bootloader(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-dual");
  driver.config.has_application = false;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_VALIDATED);
  driver_control(&driver, "01 02"); /* refused, and the image becomes a bootloader */
  driver_packet(&driver, "00000000 28000000 00000000");
  driver_control(&driver, "05");
  assert_true(driver.activated);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void restart_forgets_the_transfer(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_DATA);
  driver_control(&driver, "06");
  assert_int_equal(driver.wake_us, INT64_MAX);
  driver_connect(&driver);
  driver_subscribe(&driver, true);
  driver_packet(&driver, DRIVER_PACKET_2); /* belongs to nothing any more */
  driver_control(&driver, "07");
  driver_control(&driver, "01 04");
  driver_packet(&driver, DRIVER_SIZES);
  driver_settle(&driver);
  assert_string_equal(driver_said(&driver), "10 07 01 00 00 00 00 | 10 01 01");
}

static void stage_has_a_name_for_logs(void **state)
{
  (void)state;
  assert_string_equal(dfu_target_stage_name(DFU_TARGET_IDLE), "idle");
  assert_string_equal(dfu_target_stage_name(DFU_TARGET_SURPLUS), "surplus");
}

/* What starts again does so by the validity of the application alone. */
static void power_lost_leaves_what_the_flash_holds(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_ELEMENTS(both); i++)
    for (int stage = DRIVER_IDLE; stage < DRIVER_N_STAGES; stage++) {
      TargetDriver driver;
      bool erased = stage > DRIVER_PREPARING;

      begin(&driver, both[i], (DriverStage)stage);
      driver_cut_power(&driver);
      assert_int_equal(driver.boot, erased ? without_application(both[i])
                                           : DFU_TARGET_BOOTS_APPLICATION);
      assert_false(driver.activated);
      assert_int_equal(driver.target.stage, DFU_TARGET_IDLE);
      assert_false(driver.target.connected);
      assert_int_equal(driver.wake_us, INT64_MAX); /* no timer before it is used again */
    }
}

static void power_lost_in_the_erase_finds_the_first_page_gone(void **state)
{
  TargetDriver driver;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_IDLE);
  driver_control(&driver, "01 04");
  driver_packet(&driver, "00000000 00000000 00200000");
  driver_wait(&driver, DRIVER_ERASE_PAGE_US);
  assert_int_equal(driver.target.stage, DFU_TARGET_PREPARING);
  driver_cut_power(&driver);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void power_lost_keeps_what_was_installed(void **state)
{
  TargetDriver driver;
  uint8_t mode = 0;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_VALIDATED);
  driver_control(&driver, "05");
  driver_connect(&driver);
  driver_cut_power(&driver);
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
  assert_int_equal(dfu_target_image(&driver.target, &mode), 40);
  assert_int_equal(mode, DFU_MODE_APPLICATION);
}

static void fail_flash(TargetDriver *driver, DfuTargetUpdate *update)
{
  const DfuTargetEvent event = { .type = DFU_TARGET_EVENT_FLASH_ERROR, .now_us = driver->now_us };

  dfu_target_step(&driver->target, &event, update);
}

static void flash_error_in_the_erase_is_told_and_restarts(void **state)
{
  TargetDriver driver;
  DfuTargetUpdate update;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_PREPARING);
  fail_flash(&driver, &update);
  assert_int_equal(update.n_notifications, 1);
  assert_int_equal(update.notifications[0].len, 3);
  assert_memory_equal(update.notifications[0].bytes, "\x10\x01\x06", 3);
  assert_int_equal(update.boot, DFU_TARGET_BOOTS_APPLICATION);
}

static void flash_error_in_a_write_restarts_without_a_word(void **state)
{
  TargetDriver driver;
  DfuTargetUpdate update;

  (void)state;
  begin(&driver, "sdk11-single", DRIVER_DATA);
  driver_control(&driver, "03");
  driver_packet(&driver, DRIVER_PACKET_1);
  driver_packet(&driver, DRIVER_PACKET_2);
  fail_flash(&driver, &update);
  assert_int_equal(update.n_notifications, 0);
  assert_int_equal(update.boot, DFU_TARGET_BOOTS_BOOTLOADER);
}

static void flash_error_without_flash_work_is_none(void **state)
{
  TargetDriver driver;
  DfuTargetUpdate update;

  (void)state;
  begin(&driver, "sdk11-dual", DRIVER_READY);
  fail_flash(&driver, &update);
  assert_int_equal(update.boot, DFU_TARGET_STAYS);
}

/* Seven notifications fit into the stack of the S130; the eighth at the same time restarts. */
static void notifications_without_a_free_buffer_restart(void **state)
{
  TargetDriver driver;

  (void)state;
  driver_init(&driver, "sdk11-single");
  driver.config.notification_buffers = 7;
  driver.config.notify_us = 10000;
  driver_restart(&driver);
  driver_bring_to(&driver, DRIVER_IDLE);
  for (size_t i = 0; i < 7; i++)
    driver_control(&driver, "07");
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  driver_wait(&driver, 10000); /* one has gone out */
  driver_control(&driver, "07");
  assert_int_equal(driver.boot, DFU_TARGET_STAYS);
  driver_control(&driver, "07");
  assert_int_equal(driver.boot, DFU_TARGET_BOOTS_APPLICATION);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(timer_restarts_the_target_after_120_seconds),
    cmocka_unit_test(timer_of_a_target_without_one_never_fires),
    cmocka_unit_test(timer_runs_from_the_first_event),
    cmocka_unit_test(timer_without_application_leads_to_an_empty_bootloader),
    cmocka_unit_test(timer_starts_afresh_with_what_is_accepted_only),
    cmocka_unit_test(timer_starts_afresh_with_a_validate_that_fails),
    cmocka_unit_test(timer_runs_on_while_disconnected_and_over_connections),
    cmocka_unit_test(timer_drops_a_validated_image_that_is_not_activated),
    cmocka_unit_test(late_event_finds_the_target_as_the_timer_left_it),
    cmocka_unit_test(single_bank_keeps_the_application_until_its_first_page_is_erased),
    cmocka_unit_test(dual_bank_loses_the_application_to_a_softdevice_only),
    cmocka_unit_test(activation_boots_what_the_image_leaves),
    cmocka_unit_test(dual_bank_loses_the_application_to_a_refused_start_during_the_erase),
    cmocka_unit_test(application_image_turned_into_a_softdevice_costs_the_application),
    cmocka_unit_test(bootloader_image_on_a_device_without_application_boots_the_bootloader),
    cmocka_unit_test(restart_forgets_the_transfer),
    cmocka_unit_test(stage_has_a_name_for_logs),
    cmocka_unit_test(power_lost_leaves_what_the_flash_holds),
    cmocka_unit_test(power_lost_in_the_erase_finds_the_first_page_gone),
    cmocka_unit_test(power_lost_keeps_what_was_installed),
    cmocka_unit_test(flash_error_in_the_erase_is_told_and_restarts),
    cmocka_unit_test(flash_error_in_a_write_restarts_without_a_word),
    cmocka_unit_test(flash_error_without_flash_work_is_none),
    cmocka_unit_test(notifications_without_a_free_buffer_restart),
  };

  return cmocka_run_group_tests_name("target_restart", tests, NULL, NULL);
}
