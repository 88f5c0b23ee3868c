/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the addresses and of directed advertising: nRF5 SDK 11.0.0,
 * dfu_transport_ble.c, advertising_start().
 */
#include "emulator/board/board_air.h"

#include "base/deadline.h"
#include "wire/uuids.h"

enum {
  ADDRESS_CHARACTERS = sizeof "AA:BB:CC:DD:EE:FF",
  DIRECTED_S = 64, /* 50 rounds of 1.28 s */
};

struct DfuBoardAir {
  const DfuBoardConfig *config;
  DfuBoardLog *log;
  const DfuBoardAirFuncs *funcs;
  gpointer user_data;
  DfuProgram program;
  DfuProgram next; /* what runs when @back is reached */
  gboolean jumped; /* into the bootloader that runs, or will */
  gboolean connected;
  gboolean away;
  gint64 back_us;  /* while away: until when */
  GSource *back;
  GSource *directed_end;
  char own_address[ADDRESS_CHARACTERS];  /* of the chip */
  char next_address[ADDRESS_CHARACTERS]; /* of a bootloader to which no peer was handed over */
  DfuAdvertisement advertisement;
};

static const char *const no_uuids[] = {NULL};
static const char *const target_uuids[] = {DFU_UUID_SERVICE, NULL};
static const char *const application_uuids[] = {DFU_GATT_HEART_RATE_SERVICE, NULL};

/* Only the last byte counts, without a carry: so the bootloader does it. */
static void write_address(char out[ADDRESS_CHARACTERS], const char *address, int offset)
{
  guint last = (guint)g_ascii_strtoull(address + 15, NULL, 16);

  g_snprintf(out, ADDRESS_CHARACTERS, "%.15s%02X", address, (last + (guint)offset) & 0xff);
}

static const char *target_name(const DfuBoardAir *air)
{
  return air->config->name != NULL ? air->config->name : air->config->personality->device_name;
}

static const char *target_address(const DfuBoardAir *air)
{
  gboolean own = air->config->personality->is_application
                 || (air->jumped && air->config->same_address);

  return own ? air->own_address : air->next_address;
}

static void set_program(DfuBoardAir *air, DfuProgram program)
{
  air->program = program;
  if (program != DFU_PROGRAM_TARGET) {
    air->advertisement = (DfuAdvertisement){
      .address = air->own_address,
      .name = "Application",
      .uuids = application_uuids,
    };
  } else if (air->jumped && air->config->directed) {
    air->advertisement = (DfuAdvertisement){
      .address = target_address(air),
      .name = "",
      .uuids = no_uuids,
      .directed = TRUE,
    };
  } else {
    air->advertisement = (DfuAdvertisement){
      .address = target_address(air),
      .name = target_name(air),
      .uuids = target_uuids,
    };
  }
}

static void log_advertisement(DfuBoardAir *air)
{
  gboolean bootloader =
    air->program == DFU_PROGRAM_TARGET && !air->config->personality->is_application;
  const char *program = bootloader ? "bootloader" : "application";

  if (dfu_board_air_get_advertisement(air) == NULL) {
    dfu_board_log_line(air->log, "is not on the air");
  } else if (air->advertisement.directed) {
    dfu_board_log_line(air->log, "%s on the air: directed, %s", program,
                       air->advertisement.address);
  } else {
    dfu_board_log_line(air->log, "%s on the air: \"%s\", %s", program, air->advertisement.name,
                       air->advertisement.address);
  }
}

/* The time in which the one that it advertises to has to come. */
static void limit_directed(DfuBoardAir *air)
{
  gboolean waits = air->advertisement.directed && !air->away && !air->connected;
  gint64 end_us = g_get_monotonic_time() + DIRECTED_S * G_USEC_PER_SEC;

  dfu_deadline_set(air->directed_end, waits ? end_us : G_MAXINT64);
}

static void on_back(gpointer user_data)
{
  DfuBoardAir *air = user_data;

  air->away = FALSE;
  set_program(air, air->next);
  log_advertisement(air);
  limit_directed(air);
  air->funcs->changed(air->user_data);
}

static void on_directed_end(gpointer user_data)
{
  DfuBoardAir *air = user_data;

  dfu_board_log_line(air->log, "advertised to one central for %d seconds, and it did not come",
                     DIRECTED_S);
  air->funcs->timed_out(air->user_data);
}

/* It may be away already; what is longer counts. */
static void leave(DfuBoardAir *air, gint64 away_us, DfuProgram next)
{
  gint64 now_us = g_get_monotonic_time();
  gint64 back_us = away_us > G_MAXINT64 - now_us ? G_MAXINT64 : now_us + away_us;

  air->back_us = air->away ? MAX(air->back_us, back_us) : back_us;
  air->away = TRUE;
  air->next = next;
  dfu_deadline_set(air->back, air->back_us);
  limit_directed(air);
  air->funcs->changed(air->user_data);
}

void dfu_board_air_set_connected(DfuBoardAir *air, gboolean connected)
{
  air->connected = connected;
  limit_directed(air);
}

void dfu_board_air_go_away(DfuBoardAir *air, gint64 away_us)
{
  leave(air, away_us, air->away ? air->next : air->program);
}

static DfuProgram application(const DfuBoardAir *air)
{
  return air->config->personality->is_application ? DFU_PROGRAM_TARGET : DFU_PROGRAM_APPLICATION;
}

static DfuProgram boot_program(DfuBoardAir *air, DfuTargetBoot boot)
{
  switch (boot) {
  case DFU_TARGET_BOOTS_APPLICATION:
    return application(air);
  case DFU_TARGET_BOOTS_CABLE:
    dfu_board_log_line(air->log, "is in USB mode: reachable by cable only");
    return DFU_PROGRAM_NONE;
  case DFU_TARGET_BOOTS_BOOTLOADER:
  case DFU_TARGET_STAYS:
    break;
  }
  return DFU_PROGRAM_TARGET;
}

static DfuProgram program_after(DfuBoardAir *air, const DfuTargetUpdate *update)
{
  DfuBoardAfter after = update->activated ? air->config->after_activate : DFU_BOARD_AFTER_BOOT;

  switch (after) {
  case DFU_BOARD_AFTER_APPLICATION:
    return application(air);
  case DFU_BOARD_AFTER_DFU:
    return DFU_PROGRAM_TARGET;
  case DFU_BOARD_AFTER_NOTHING:
    return DFU_PROGRAM_NONE;
  case DFU_BOARD_AFTER_BOOT:
    break;
  }
  return boot_program(air, update->boot);
}

void dfu_board_air_restart(DfuBoardAir *air, const DfuTargetUpdate *update)
{
  air->jumped = FALSE; /* nobody's address is handed over then */
  leave(air, air->config->boot_us, program_after(air, update));
}

void dfu_board_air_jump(DfuBoardAir *air)
{
  air->jumped = TRUE;
  leave(air, air->config->boot_us, DFU_PROGRAM_TARGET);
}

void dfu_board_air_restart_application(DfuBoardAir *air)
{
  leave(air, air->config->boot_us, DFU_PROGRAM_APPLICATION);
}

DfuProgram dfu_board_air_get_program(const DfuBoardAir *air)
{
  return air->program;
}

const DfuAdvertisement *dfu_board_air_get_advertisement(const DfuBoardAir *air)
{
  gboolean silent = air->config->absent || air->away || air->program == DFU_PROGRAM_NONE;

  return silent ? NULL : &air->advertisement;
}

const char *dfu_board_air_get_name(const DfuBoardAir *air)
{
  return air->program == DFU_PROGRAM_TARGET ? target_name(air) : air->advertisement.name;
}

/* What the config has is where the device is found at first. A bootloader is taken for one
 * that was entered from its application. */
static void set_addresses(DfuBoardAir *air)
{
  const DfuBoardConfig *config = air->config;
  gboolean own = config->app_mode || config->same_address || config->personality->is_application;

  air->jumped = !config->app_mode;
  write_address(air->own_address, config->address, own ? 0 : -1);
  write_address(air->next_address, air->own_address, 1);
}

DfuBoardAir *dfu_board_air_new(const DfuBoardConfig *config, DfuBoardLog *log,
                               const DfuBoardAirFuncs *funcs, gpointer user_data)
{
  DfuBoardAir *air = g_new0(DfuBoardAir, 1);

  air->config = config;
  air->log = log;
  air->funcs = funcs;
  air->user_data = user_data;
  air->back = dfu_deadline_new(on_back, air);
  air->directed_end = dfu_deadline_new(on_directed_end, air);
  set_addresses(air);
  set_program(air, config->app_mode ? DFU_PROGRAM_APPLICATION : DFU_PROGRAM_TARGET);
  log_advertisement(air);
  return air;
}

void dfu_board_air_free(DfuBoardAir *air)
{
  dfu_deadline_free(air->back);
  dfu_deadline_free(air->directed_end);
  g_free(air);
}
