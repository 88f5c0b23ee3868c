/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/board/board_target.h"

#include <string.h>

#include "base/deadline.h"
#include "emulator/board/image_files.h"
#include "target/target.h"

enum {
  /* An nRF52840 under SoftDevice S140: from the SoftDevice's end to the bootloader's start. */
  FREE_FLASH_BYTES = 0xce000,
  BOOTLOADER_BYTES = 0xa000,
};

struct DfuBoardTarget {
  const DfuBoardConfig *config;
  DfuFaults *faults;
  DfuBoardLog *log;
  const DfuBoardTargetFuncs *funcs;
  gpointer user_data;
  DfuTarget role;
  GSource *deadline;
  guint8 *flash;
  GByteArray *init_packet; /* as it came, before the role pads it */
};

static void write_installed_image(DfuBoardTarget *target)
{
  const char *directory = target->config->out_directory;
  guint8 mode;
  guint32 bytes = dfu_target_image(&target->role, &mode);
  g_autoptr(GError) error = NULL;

  dfu_board_log_line(target->log, "installs %s, %u bytes", dfu_image_files_name(mode), bytes);
  if (directory != NULL
      && !dfu_image_files_write(directory, mode, target->flash, bytes, target->init_packet->data,
                                target->init_packet->len, &error)) {
    dfu_board_log_line(target->log, "%s", error->message);
    g_printerr("dfu-ble-target: %s\n", error->message);
  }
}

static void log_stage(DfuBoardTarget *target, DfuTargetStage before)
{
  if (target->role.stage != before) {
    dfu_board_log_line(target->log, "stage %s -> %s", dfu_target_stage_name(before),
                       dfu_target_stage_name(target->role.stage));
  }
}

/* The role pads each piece to a word; the file shall hold what was sent. */
static void keep_init_packet(DfuBoardTarget *target, guint32 bytes_before,
                             const DfuTargetEvent *event)
{
  if (event->type == DFU_TARGET_EVENT_PACKET && target->role.init_bytes > bytes_before) {
    g_byte_array_set_size(target->init_packet, bytes_before == 0 ? 0 : target->init_packet->len);
    g_byte_array_append(target->init_packet, event->bytes, (guint)event->len);
  }
}

static void report(DfuBoardTarget *target, const DfuTargetEvent *event,
                   const DfuTargetUpdate *update, const DfuBreakdown *breakdown,
                   DfuTargetStage before)
{
  gboolean is_packet = event->type == DFU_TARGET_EVENT_PACKET;

  if (is_packet || event->type == DFU_TARGET_EVENT_CONTROL) {
    target->funcs->answers(event, update->att_error, breakdown, target->user_data);
  }
  if (is_packet) {
    dfu_board_log_packet(target->log, event->len, target->role.received_bytes);
  }
  log_stage(target, before);
  if (update->activated) {
    write_installed_image(target);
  }
  target->funcs->stepped(update, breakdown, target->user_data);
}

/* The one way into the role. */
void dfu_board_target_step(DfuBoardTarget *target, DfuTargetEvent event)
{
  DfuTargetStage stage = target->role.stage;
  guint32 init_bytes = target->role.init_bytes;
  DfuTargetUpdate update;
  DfuBreakdown breakdown;

  event.now_us = g_get_monotonic_time();
  dfu_faults_step(target->faults, &target->role, &event, &update, &breakdown);
  keep_init_packet(target, init_bytes, &event);
  dfu_deadline_set(target->deadline, update.wake_us);
  report(target, &event, &update, &breakdown, stage);
}

static void on_due(gpointer user_data)
{
  dfu_board_target_step(user_data, (DfuTargetEvent){.type = DFU_TARGET_EVENT_TICK});
}

void dfu_board_target_hold(DfuBoardTarget *target)
{
  dfu_deadline_set(target->deadline, G_MAXINT64);
}

gboolean dfu_board_target_is_connected(const DfuBoardTarget *target)
{
  return target->role.connected;
}

gboolean dfu_board_target_notifies(const DfuBoardTarget *target)
{
  return target->role.notify;
}

/* What an image may take. */
static guint32 flash_room(const DfuPersonality *personality)
{
  if (personality->slot_bytes != 0) {
    return personality->slot_bytes;
  }
  return personality->dual_bank ? FREE_FLASH_BYTES / 2 : FREE_FLASH_BYTES;
}

static gint64 erase_page_us(const DfuBoardConfig *config, guint32 room)
{
  if (config->erase_scale > 0) {
    return (gint64)(config->erase_scale * config->personality->erase_page_us);
  }
  return config->erase_us / (room / config->personality->page_bytes);
}

DfuBoardTarget *dfu_board_target_new(const DfuBoardConfig *config, DfuFaults *faults,
                                     DfuBoardLog *log, const DfuBoardTargetFuncs *funcs,
                                     gpointer user_data)
{
  guint32 room = flash_room(config->personality);
  DfuTargetConfig role = {
    .personality = config->personality,
    .flash_bytes = room,
    .bootloader_bytes = BOOTLOADER_BYTES,
    .has_application = config->has_application,
    .device_type = config->device_type,
    .device_revision = config->device_revision,
    .softdevice_id = config->softdevice_id,
    .erase_page_us = erase_page_us(config, room),
    .write_packet_us = config->write_us,
    .notification_buffers = config->notification_buffers,
    .notify_us = config->notify_us,
  };
  DfuBoardTarget *target = g_new0(DfuBoardTarget, 1);

  target->config = config;
  target->faults = faults;
  target->log = log;
  target->funcs = funcs;
  target->user_data = user_data;
  target->deadline = dfu_deadline_new(on_due, target);
  target->init_packet = g_byte_array_new();
  target->flash = g_malloc(room);
  memset(target->flash, 0xff, room);
  role.flash = target->flash;
  dfu_target_init(&target->role, &role);
  return target;
}

void dfu_board_target_free(DfuBoardTarget *target)
{
  dfu_deadline_free(target->deadline);
  g_byte_array_unref(target->init_packet);
  g_free(target->flash);
  g_free(target);
}
