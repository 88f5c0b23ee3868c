/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/board.h"

#include <string.h>

#include "base/deadline.h"
#include "emulator/board_air.h"
#include "emulator/image_files.h"
#include "target/target.h"

enum {
  /* An nRF52840 under SoftDevice S140: from the SoftDevice's end to the bootloader's start. */
  FREE_FLASH_BYTES = 0xce000,
  BOOTLOADER_BYTES = 0xa000,
  DEFAULT_ATT_MTU = 23,
};

/** ATT errors; Bluetooth Core, Vol 3, Part F, 3.4.1.1. */
enum {
  ATT_INVALID_HANDLE = 0x01,
  ATT_READ_NOT_PERMITTED = 0x02,
  ATT_WRITE_NOT_PERMITTED = 0x03,
  ATT_INVALID_LENGTH = 0x0d,
};

struct DfuBoard {
  DfuBoardConfig config;
  DfuBoardLog *log;
  const DfuBoardListener *listener;
  gpointer listener_data;
  DfuBoardAir *air;
  DfuTarget target;
  GSource *target_deadline;
  guint8 *flash;
  GByteArray *init_packet; /* as it came, before the target pads it */
  gboolean connected;
  gboolean stalled; /* until the central disconnects */
  gboolean silent;  /* until the supervision timeout: the link is up, and nothing gets through */
  GSource *silence_end;
};

static void on_nothing(gpointer user_data G_GNUC_UNUSED)
{
}

static void on_nothing_answered(guint8 att_error G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void on_nothing_notified(guint16 handle G_GNUC_UNUSED, const guint8 *bytes G_GNUC_UNUSED,
                                gsize len G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static const DfuBoardListener no_listener = {on_nothing, on_nothing_answered, on_nothing_notified,
                                             on_nothing};

static gboolean runs_bootloader(const DfuBoard *board)
{
  return dfu_board_air_get_program(board->air) == DFU_PROGRAM_BOOTLOADER;
}

static void write_installed_image(DfuBoard *board)
{
  guint8 mode;
  guint32 bytes = dfu_target_image(&board->target, &mode);
  g_autoptr(GError) error = NULL;

  dfu_board_log_line(board->log, "installs %s, %u bytes", dfu_image_files_name(mode), bytes);
  if (board->config.out_directory != NULL
      && !dfu_image_files_write(board->config.out_directory, mode, board->flash, bytes,
                                board->init_packet->data, board->init_packet->len, &error)) {
    dfu_board_log_line(board->log, "%s", error->message);
    g_printerr("dfu-ble-target: %s\n", error->message);
  }
}

/* The connection is over for the board, without the central's doing. */
static void drop_connection(DfuBoard *board)
{
  if (board->connected && !board->silent) {
    board->connected = FALSE;
    board->listener->disconnected(board->listener_data);
  }
}

static void answer(DfuBoard *board, const DfuTargetEvent *event, guint8 att_error, gboolean heard)
{
  dfu_board_log_request(board->log, event->bytes, event->len,
                        heard ? att_error : DFU_BOARD_LOG_UNANSWERED);
  if (heard) {
    board->listener->answered(att_error, board->listener_data);
  }
}

static void notify(DfuBoard *board, const DfuTargetUpdate *update, gboolean heard)
{
  for (gsize i = 0; i < update->n_notifications; i++) {
    const guint8 *bytes = update->notifications[i].bytes;
    gsize len = update->notifications[i].len;

    dfu_board_log_notification(board->log, bytes, len, heard);
    if (heard) {
      board->listener->notified(DFU_HANDLE_CONTROL_POINT, bytes, len, board->listener_data);
    }
  }
}

/* The target has restarted; so does the board around it, which takes a while. */
static void restart(DfuBoard *board, const DfuTargetUpdate *update)
{
  if (update->activated) {
    write_installed_image(board);
  }
  dfu_board_log_line(board->log, "restarts");
  dfu_board_air_restart(board->air, update);
  drop_connection(board);
}

/* From now on nothing gets through to the central and from it, though both have a link. */
static void fall_silent(DfuBoard *board, gint64 supervision_us)
{
  dfu_board_log_line(board->log, "falls silent");
  board->silent = TRUE;
  dfu_deadline_set(board->silence_end, g_get_monotonic_time() + supervision_us);
}

static void log_stage(DfuBoard *board, DfuTargetStage before)
{
  if (board->target.stage != before) {
    dfu_board_log_line(board->log, "stage %s -> %s", dfu_target_stage_name(before),
                       dfu_target_stage_name(board->target.stage));
  }
}

/* The one way into the target role. */
static void step(DfuBoard *board, DfuTargetEvent *event, DfuBreakdown *breakdown)
{
  DfuTargetStage before = board->target.stage;
  DfuTargetUpdate update;
  gboolean heard;

  event->now_us = g_get_monotonic_time();
  dfu_faults_step(&board->config.faults, &board->target, event, &update, breakdown);
  heard = board->connected && !board->silent && breakdown->type == DFU_BREAKDOWN_NONE;
  if (event->type == DFU_TARGET_EVENT_CONTROL) {
    answer(board, event, update.att_error, heard);
  }
  if (event->type == DFU_TARGET_EVENT_PACKET) {
    dfu_board_log_packet(board->log, event->len, board->target.received_bytes);
  }
  if (breakdown->type == DFU_BREAKDOWN_SILENCE) {
    fall_silent(board, breakdown->time_us);
  }
  log_stage(board, before);
  notify(board, &update, heard);
  dfu_deadline_set(board->target_deadline, update.wake_us);
  if (update.boot != DFU_TARGET_STAYS) {
    restart(board, &update);
  }
}

/* Not for a target that has restarted: it has never been connected. */
static void step_connected(DfuBoard *board, DfuTargetEventType type)
{
  DfuTargetEvent event = {.type = type};
  DfuBreakdown none;

  if (board->target.connected) {
    step(board, &event, &none);
  }
}

/* The link breaks, and the board is out of reach for a while; the target goes on running. */
static void lose_link(DfuBoard *board, gint64 away_us)
{
  dfu_board_log_line(board->log, "loses the link");
  dfu_board_air_go_away(board->air, away_us);
  drop_connection(board);
  step_connected(board, DFU_TARGET_EVENT_DISCONNECTED);
}

static void on_silence_over(gpointer user_data)
{
  DfuBoard *board = user_data;

  board->silent = FALSE;
  lose_link(board, 0);
}

/* The processor stands still, unless it restarts just now. */
static void stall(DfuBoard *board)
{
  if (board->connected) {
    dfu_board_log_line(board->log, "stalls");
    board->stalled = TRUE;
    dfu_deadline_set(board->target_deadline, G_MAXINT64);
  }
}

static void handle(DfuBoard *board, DfuTargetEvent *event)
{
  DfuBreakdown breakdown;

  step(board, event, &breakdown);
  switch (breakdown.type) {
  case DFU_BREAKDOWN_LOSS:
    lose_link(board, breakdown.time_us);
    break;
  case DFU_BREAKDOWN_RESTART:
    dfu_board_log_line(board->log, "loses power");
    step_connected(board, DFU_TARGET_EVENT_POWER_LOST);
    break;
  case DFU_BREAKDOWN_STALL:
    stall(board);
    break;
  case DFU_BREAKDOWN_SILENCE: /* it has begun with the step */
  case DFU_BREAKDOWN_NONE:
    break;
  }
}

static void on_target_due(gpointer user_data)
{
  DfuTargetEvent event = {.type = DFU_TARGET_EVENT_TICK};

  handle(user_data, &event);
}

/* The target pads each piece to a word; the file shall hold what was sent. */
static void keep_init_packet(DfuBoard *board, guint32 bytes_before, const guint8 *bytes, gsize len)
{
  if (board->target.init_bytes > bytes_before) {
    g_byte_array_set_size(board->init_packet, bytes_before == 0 ? 0 : board->init_packet->len);
    g_byte_array_append(board->init_packet, bytes, (guint)len);
  }
}

static void receive_packet(DfuBoard *board, const guint8 *bytes, gsize len)
{
  guint32 init_bytes = board->target.init_bytes;
  DfuTargetEvent event = {.type = DFU_TARGET_EVENT_PACKET, .bytes = bytes, .len = len};

  handle(board, &event);
  keep_init_packet(board, init_bytes, bytes, len);
}

const DfuAdvertisement *dfu_board_get_advertisement(const DfuBoard *board)
{
  gboolean taken = board->connected || board->silent;

  return taken ? NULL : dfu_board_air_get_advertisement(board->air);
}

const DfuGattTable *dfu_board_get_table(const DfuBoard *board)
{
  return runs_bootloader(board) ? dfu_gatt_table_bootloader() : dfu_gatt_table_application();
}

static guint16 largest_mtu(const DfuBoard *board)
{
  return board->config.mtu != 0 ? board->config.mtu : board->config.personality->max_mtu;
}

/* Tells the target role, to which a connection with another MTU is the same connection. */
static void connect_target(DfuBoard *board, guint16 mtu)
{
  if (runs_bootloader(board)) {
    DfuTargetEvent event = {.type = DFU_TARGET_EVENT_CONNECTED, .mtu = mtu};

    handle(board, &event);
  }
}

guint16 dfu_board_connect(DfuBoard *board, guint16 mtu)
{
  guint16 granted = MAX(MIN(mtu, largest_mtu(board)), DEFAULT_ATT_MTU);

  if (dfu_board_get_advertisement(board) == NULL) {
    return 0;
  }
  board->connected = TRUE;
  dfu_board_log_line(board->log, "connected, MTU %u", granted);
  connect_target(board, granted);
  return granted;
}

guint16 dfu_board_exchange_mtu(DfuBoard *board, guint16 mtu)
{
  guint16 own = largest_mtu(board);
  guint16 granted = MAX(MIN(mtu, own), DEFAULT_ATT_MTU);

  dfu_board_log_line(board->log, "MTU %u, of %u that were offered", granted, mtu);
  connect_target(board, granted);
  return own;
}

gboolean dfu_board_is_stalled(const DfuBoard *board)
{
  return board->stalled || board->silent;
}

void dfu_board_disconnect(DfuBoard *board)
{
  if (!board->connected) {
    return;
  }
  board->connected = FALSE;
  board->stalled = FALSE;
  if (board->silent) {
    dfu_board_log_line(board->log, "disconnected, and does not hear of it");
    return;
  }
  dfu_board_log_line(board->log, "disconnected");
  step_connected(board, DFU_TARGET_EVENT_DISCONNECTED);
  board->listener->advertising_changed(board->listener_data);
}

static void write_cccd(DfuBoard *board, guint16 handle_of_cccd, const guint8 *bytes, gsize len)
{
  if (len != 2) {
    board->listener->answered(ATT_INVALID_LENGTH, board->listener_data);
    return;
  }
  board->listener->answered(0, board->listener_data);
  if (runs_bootloader(board) && handle_of_cccd == DFU_HANDLE_CONTROL_POINT_CCCD) {
    DfuTargetEvent event = {.type = DFU_TARGET_EVENT_SUBSCRIBED, .notify = (bytes[0] & 1) != 0};

    dfu_board_log_line(board->log, "notifications %s", event.notify ? "on" : "off");
    handle(board, &event);
  }
}

void dfu_board_write(DfuBoard *board, guint16 attribute, const guint8 *bytes, gsize len)
{
  const DfuGattRow *row = dfu_gatt_table_find(dfu_board_get_table(board), attribute);
  DfuTargetEvent event = {.type = DFU_TARGET_EVENT_CONTROL, .bytes = bytes, .len = len};

  if (!board->connected || dfu_board_is_stalled(board)) {
    return;
  }
  if (row == NULL) {
    board->listener->answered(ATT_INVALID_HANDLE, board->listener_data);
  } else if (row->kind == DFU_GATT_DESCRIPTOR) {
    write_cccd(board, attribute, bytes, len);
  } else if ((row->properties & DFU_GATT_WRITE) == 0) {
    board->listener->answered(ATT_WRITE_NOT_PERMITTED, board->listener_data);
  } else {
    handle(board, &event);
  }
}

void dfu_board_command(DfuBoard *board, guint16 attribute, const guint8 *bytes, gsize len)
{
  const DfuGattRow *row = dfu_gatt_table_find(dfu_board_get_table(board), attribute);

  if (board->connected && !dfu_board_is_stalled(board) && row != NULL
      && (row->properties & DFU_GATT_WRITE_WITHOUT_RESPONSE) != 0) {
    receive_packet(board, bytes, len);
  }
}

guint8 dfu_board_read(const DfuBoard *board, guint16 attribute, guint8 *out, gsize *len)
{
  const DfuGattTable *table = dfu_board_get_table(board);
  const DfuGattRow *row = dfu_gatt_table_find(table, attribute);
  DfuGattState state = {
    .device_name = dfu_board_air_get_name(board->air),
    .revision = board->config.personality->revision,
    .notify = board->target.notify,
  };

  if (row == NULL) {
    return ATT_INVALID_HANDLE;
  }
  if (row->kind == DFU_GATT_CHARACTERISTIC && (row->properties & DFU_GATT_READ) == 0) {
    return ATT_READ_NOT_PERMITTED;
  }
  *len = dfu_gatt_read(table, row, &state, out);
  return 0;
}

static void on_air_changed(gpointer user_data)
{
  DfuBoard *board = user_data;

  board->listener->advertising_changed(board->listener_data);
}

static void set_up_target(DfuBoard *board)
{
  const DfuPersonality *personality = board->config.personality;
  guint32 room = personality->dual_bank ? FREE_FLASH_BYTES / 2 : FREE_FLASH_BYTES;
  DfuTargetConfig config = {
    .personality = personality,
    .flash_bytes = room,
    .bootloader_bytes = BOOTLOADER_BYTES,
    .has_application = board->config.has_application,
    .device_type = board->config.device_type,
    .device_revision = board->config.device_revision,
    .softdevice_id = board->config.softdevice_id,
    .erase_page_us = board->config.erase_us / (room / personality->page_bytes),
    .write_packet_us = board->config.write_us,
  };

  board->flash = g_malloc(room);
  memset(board->flash, 0xff, room);
  config.flash = board->flash;
  dfu_target_init(&board->target, &config);
}

DfuBoard *dfu_board_new(const DfuBoardConfig *config, DfuBoardLog *log)
{
  DfuBoard *board = g_new0(DfuBoard, 1);

  board->config = *config;
  board->log = log;
  board->listener = &no_listener;
  board->init_packet = g_byte_array_new();
  board->target_deadline = dfu_deadline_new(on_target_due, board);
  board->silence_end = dfu_deadline_new(on_silence_over, board);
  board->air = dfu_board_air_new(&board->config, log, on_air_changed, board);
  set_up_target(board);
  return board;
}

void dfu_board_free(DfuBoard *board)
{
  dfu_board_air_free(board->air);
  dfu_deadline_free(board->target_deadline);
  dfu_deadline_free(board->silence_end);
  g_byte_array_unref(board->init_packet);
  g_free(board->flash);
  g_free(board);
}

void dfu_board_set_listener(DfuBoard *board, const DfuBoardListener *listener, gpointer user_data)
{
  board->listener = listener != NULL ? listener : &no_listener;
  board->listener_data = user_data;
}
