/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the addresses: nRF5 SDK 11.0.0, dfu_transport_ble.c, advertising_start().
 */
#include "emulator/board_air.h"

#include "base/deadline.h"
#include "wire/uuids.h"

enum { ADDRESS_CHARACTERS = sizeof "AA:BB:CC:DD:EE:FF" };

struct DfuBoardAir {
  const DfuBoardConfig *config;
  DfuBoardLog *log;
  void (*changed)(gpointer user_data);
  gpointer user_data;
  DfuProgram program;
  DfuProgram next;  /* what runs when @back is reached */
  gboolean away;
  gint64 back_us;   /* while away: until when */
  GSource *back;
  char bootloader_address[ADDRESS_CHARACTERS];
  char application_address[ADDRESS_CHARACTERS];
  DfuAdvertisement advertisement;
};

static const char *const bootloader_uuids[] = {DFU_UUID_SERVICE, NULL};
static const char *const application_uuids[] = {"0000180d-0000-1000-8000-00805f9b34fb", NULL};

/* Only the last byte counts, without a carry: so the bootloader does it. */
static void write_address(char out[ADDRESS_CHARACTERS], const char *address, int offset)
{
  guint last = (guint)g_ascii_strtoull(address + 15, NULL, 16);

  g_snprintf(out, ADDRESS_CHARACTERS, "%.15s%02X", address, (last + (guint)offset) & 0xff);
}

static void set_program(DfuBoardAir *air, DfuProgram program)
{
  const char *own_name = air->config->personality->device_name;

  air->program = program;
  if (program == DFU_PROGRAM_BOOTLOADER) {
    air->advertisement.address = air->bootloader_address;
    air->advertisement.name = air->config->name != NULL ? air->config->name : own_name;
    air->advertisement.uuids = bootloader_uuids;
  } else {
    air->advertisement.address = air->application_address;
    air->advertisement.name = "Application";
    air->advertisement.uuids = application_uuids;
  }
}

static void log_advertisement(DfuBoardAir *air)
{
  if (dfu_board_air_get_advertisement(air) == NULL) {
    dfu_board_log_line(air->log, "is not on the air");
  } else {
    dfu_board_log_line(air->log, "%s on the air: \"%s\", %s",
                       air->program == DFU_PROGRAM_BOOTLOADER ? "bootloader" : "application",
                       air->advertisement.name, air->advertisement.address);
  }
}

static void on_back(gpointer user_data)
{
  DfuBoardAir *air = user_data;

  air->away = FALSE;
  set_program(air, air->next);
  log_advertisement(air);
  air->changed(air->user_data);
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
  air->changed(air->user_data);
}

void dfu_board_air_go_away(DfuBoardAir *air, gint64 away_us)
{
  leave(air, away_us, air->away ? air->next : air->program);
}

static DfuProgram program_after(const DfuBoardAir *air, const DfuTargetUpdate *update)
{
  DfuBoardAfter after = update->activated ? air->config->after_activate : DFU_BOARD_AFTER_BOOT;

  switch (after) {
  case DFU_BOARD_AFTER_APPLICATION:
    return DFU_PROGRAM_APPLICATION;
  case DFU_BOARD_AFTER_DFU:
    return DFU_PROGRAM_BOOTLOADER;
  case DFU_BOARD_AFTER_NOTHING:
    return DFU_PROGRAM_NONE;
  case DFU_BOARD_AFTER_BOOT:
  default:
    return update->boot == DFU_TARGET_BOOTS_APPLICATION ? DFU_PROGRAM_APPLICATION
                                                        : DFU_PROGRAM_BOOTLOADER;
  }
}

void dfu_board_air_restart(DfuBoardAir *air, const DfuTargetUpdate *update)
{
  DfuProgram program = program_after(air, update);

  /* It restarts with nobody's address handed over to it: then it takes its own plus one. */
  if (program == DFU_PROGRAM_BOOTLOADER && air->config->same_address) {
    write_address(air->bootloader_address, air->config->address, 1);
  }
  leave(air, air->config->boot_us, program);
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
  return air->advertisement.name;
}

DfuBoardAir *dfu_board_air_new(const DfuBoardConfig *config, DfuBoardLog *log,
                               void (*changed)(gpointer user_data), gpointer user_data)
{
  DfuBoardAir *air = g_new0(DfuBoardAir, 1);

  air->config = config;
  air->log = log;
  air->changed = changed;
  air->user_data = user_data;
  air->back = dfu_deadline_new(on_back, air);
  write_address(air->bootloader_address, config->address, 0);
  write_address(air->application_address, config->address, config->same_address ? 0 : -1);
  set_program(air, DFU_PROGRAM_BOOTLOADER);
  log_advertisement(air);
  return air;
}

void dfu_board_air_free(DfuBoardAir *air)
{
  dfu_deadline_free(air->back);
  g_free(air);
}
