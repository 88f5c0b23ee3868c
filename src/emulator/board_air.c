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

static void leave_until(DfuBoardAir *air, gint64 away_us, DfuProgram next)
{
  air->away = TRUE;
  air->next = next;
  dfu_deadline_set(air->back, away_us == G_MAXINT64 ? G_MAXINT64
                                                    : g_get_monotonic_time() + away_us);
  air->changed(air->user_data);
}

void dfu_board_air_go_away(DfuBoardAir *air, gint64 away_us)
{
  leave_until(air, away_us, air->program);
}

void dfu_board_air_restart(DfuBoardAir *air, DfuProgram program)
{
  /* It restarts with nobody's address handed over to it: then it takes its own plus one. */
  if (program == DFU_PROGRAM_BOOTLOADER && air->config->same_address) {
    write_address(air->bootloader_address, air->config->address, 1);
  }
  leave_until(air, air->config->boot_us, program);
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
