/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/target_driver.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

size_t driver_hex(const char *hex, uint8_t *out, size_t room)
{
  size_t n = 0;
  unsigned byte;
  int used;

  for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used) {
    assert(n < room);
    out[n++] = (uint8_t)byte;
  }
  return n;
}

static void note_update(TargetDriver *driver, const DfuTargetUpdate *update)
{
  size_t len = strlen(driver->said);

  for (size_t i = 0; i < update->n_notifications; i++) {
    if (len > 0)
      len += (size_t)snprintf(driver->said + len, sizeof driver->said - len, " | ");
    for (size_t b = 0; b < update->notifications[i].len; b++)
      len += (size_t)snprintf(driver->said + len, sizeof driver->said - len, "%s%02x",
                              b > 0 ? " " : "", update->notifications[i].bytes[b]);
    assert(len < sizeof driver->said - 100);
  }
  if (update->boot != DFU_TARGET_STAYS)
    driver->boot = update->boot;
  driver->activated |= update->activated;
  driver->wake_us = update->wake_us;
}

static void step(TargetDriver *driver, DfuTargetEvent event)
{
  DfuTargetUpdate update;

  event.now_us = driver->now_us;
  dfu_target_step(&driver->target, &event, &update);
  note_update(driver, &update);
  if (event.type == DFU_TARGET_EVENT_CONTROL)
    driver->att_error = update.att_error;
}

void driver_restart(TargetDriver *driver)
{
  dfu_target_init(&driver->target, &driver->config);
  driver->said[0] = '\0';
  driver->boot = DFU_TARGET_STAYS;
  driver->activated = false;
  driver->wake_us = INT64_MAX;
}

void driver_init(TargetDriver *driver, const char *personality)
{
  *driver = (TargetDriver){ .now_us = 1000000000 };
  driver->config = (DfuTargetConfig){
    .personality = dfu_personality_find(personality),
    .flash = driver->flash,
    .flash_bytes = DRIVER_FLASH_BYTES,
    .bootloader_bytes = DRIVER_BOOTLOADER_BYTES,
    .has_application = true,
    .device_type = 0xffff,
    .device_revision = 0xffff,
    .softdevice_id = 0x0080,
    .erase_page_us = DRIVER_ERASE_PAGE_US,
    .write_packet_us = DRIVER_WRITE_PACKET_US,
  };
  driver_restart(driver);
}

void driver_connect_with_mtu(TargetDriver *driver, uint16_t mtu)
{
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_CONNECTED, .mtu = mtu });
}

void driver_connect(TargetDriver *driver)
{
  driver_connect_with_mtu(driver, 23);
}

void driver_subscribe(TargetDriver *driver, bool on)
{
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_SUBSCRIBED, .notify = on });
}

void driver_disconnect(TargetDriver *driver)
{
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_DISCONNECTED });
}

void driver_cut_power(TargetDriver *driver)
{
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_POWER_LOST });
}

void driver_fail_flash(TargetDriver *driver)
{
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_FLASH_ERROR });
}

void driver_reconnect(TargetDriver *driver)
{
  driver_disconnect(driver);
  driver_connect(driver);
  driver_subscribe(driver, true);
}

static void write_hex(TargetDriver *driver, DfuTargetEventType type, const char *hex)
{
  uint8_t bytes[256];
  size_t len = driver_hex(hex, bytes, sizeof bytes);

  step(driver, (DfuTargetEvent){ .type = type, .bytes = bytes, .len = len });
}

void driver_control(TargetDriver *driver, const char *hex)
{
  write_hex(driver, DFU_TARGET_EVENT_CONTROL, hex);
}

void driver_packet(TargetDriver *driver, const char *hex)
{
  write_hex(driver, DFU_TARGET_EVENT_PACKET, hex);
}

void driver_packet_bytes(TargetDriver *driver, const uint8_t *bytes, size_t len)
{
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_PACKET, .bytes = bytes, .len = len });
}

void driver_packet_of(TargetDriver *driver, size_t len)
{
  uint8_t bytes[256];

  assert(len <= sizeof bytes);
  memset(bytes, 0xee, sizeof bytes);
  driver_packet_bytes(driver, bytes, len);
}

void driver_wait(TargetDriver *driver, int64_t us)
{
  driver->now_us += us;
  step(driver, (DfuTargetEvent){ .type = DFU_TARGET_EVENT_TICK });
}

static int64_t flash_due_us(const TargetDriver *driver)
{
  const DfuTarget *target = &driver->target;

  return target->erase_done_us < target->write_done_us ? target->erase_done_us
                                                       : target->write_done_us;
}

void driver_settle(TargetDriver *driver)
{
  while (flash_due_us(driver) != INT64_MAX)
    driver_wait(driver, flash_due_us(driver) - driver->now_us);
}

void driver_send_init(TargetDriver *driver, const char *init)
{
  driver_control(driver, "02 00");
  driver_packet(driver, init);
  driver_control(driver, "02 01");
}

/* The CRC is always at the end; another is wrong. */
static const char *init_of(const TargetDriver *driver, bool right)
{
  switch (driver->config.personality->init_rule) {
  case DFU_INIT_ADAFRUIT:
    return right ? DRIVER_INIT_ADAFRUIT : "5200 ffff ffffffff 0100 feff 0000";
  case DFU_INIT_CRC_ONLY:
    return right ? DRIVER_INIT_CRC : "0000";
  case DFU_INIT_EXTENDED:
    return right ? DRIVER_INIT : "ffff ffff ffffffff 0100 feff 0000";
  }
  return NULL;
}

void driver_bring_to(TargetDriver *driver, DriverStage stage)
{
  driver_connect(driver);
  driver_subscribe(driver, true);
  if (stage >= DRIVER_PREPARING) {
    driver_control(driver, "01 04");
    driver_packet(driver, DRIVER_SIZES);
  }
  if (stage >= DRIVER_READY)
    driver_settle(driver);
  if (stage == DRIVER_INIT_STAGE) {
    driver_control(driver, "02 00");
    driver_packet(driver, init_of(driver, true));
  }
  if (stage >= DRIVER_DATA) {
    driver_send_init(driver, init_of(driver, stage != DRIVER_CRC_FAILED));
    driver_control(driver, "03");
    driver_packet(driver, DRIVER_PACKET_1);
  }
  if (stage >= DRIVER_DATA_FULL)
    driver_packet(driver, DRIVER_PACKET_2);
  if (stage != DRIVER_PREPARING)
    driver_settle(driver);
  if (stage == DRIVER_CRC_FAILED || stage == DRIVER_VALIDATED)
    driver_control(driver, "04");
  if (stage == DRIVER_SURPLUS)
    driver_packet_of(driver, 20);
  driver->said[0] = '\0';
}

const char *driver_said(TargetDriver *driver)
{
  static char said[sizeof driver->said];

  memcpy(said, driver->said, sizeof said);
  driver->said[0] = '\0';
  return said;
}
