/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads and writes of a board's attributes: which program gets them, and what
 * comes of it.
 */
#include <string.h>

#include "emulator/board/board_private.h"
#include "wire/uuids.h"

enum { ATT_HEADER_BYTES = 3 };

/** ATT errors; Bluetooth Core, Vol 3, Part F, 3.4.1.1. */
enum {
  ATT_INVALID_HANDLE = 0x01,
  ATT_READ_NOT_PERMITTED = 0x02,
  ATT_WRITE_NOT_PERMITTED = 0x03,
  ATT_INVALID_LENGTH = 0x0d,
  ATT_LONG_WRITE_REFUSED = 0x82, /* of nRF5 SDK 11, which lends no memory for prepared writes */
};

static void carry_out(DfuBoard *board, const DfuButtonlessUpdate *update)
{
  if (update->len > 0) {
    dfu_board_notify(board, update->notification, update->len, TRUE);
  }
  if (update->next == DFU_BUTTONLESS_STAYS) {
    return;
  }
  if (update->next == DFU_BUTTONLESS_JUMPS) {
    dfu_board_log_line(board->log, "enters the bootloader");
    dfu_board_air_jump(board->air);
  } else {
    dfu_board_log_line(board->log, "the application crashes: a packet with its CCCD off");
    dfu_board_air_restart_application(board->air);
  }
  dfu_board_drop_connection(board);
}

static void write_buttonless(DfuBoard *board, const guint8 *bytes, gsize len)
{
  DfuButtonlessUpdate update = {
    .att_error = dfu_faults_att_error(&board->config.faults, bytes, len),
  };
  gboolean heard = TRUE;

  if (update.att_error == 0) {
    dfu_buttonless_control(&board->buttonless, board->mtu, bytes, len, &update);
  }
  if (update.next == DFU_BUTTONLESS_JUMPS) {
    heard = !dfu_faults_happens(&board->config.faults, DFU_FAULT_JUMP_UNHEARD);
  }
  dfu_board_log_request(board->log, bytes, len,
                        heard ? update.att_error : DFU_BOARD_LOG_UNANSWERED);
  if (heard) {
    dfu_board_answer(board, update.att_error);
  }
  carry_out(board, &update);
}

/* Tells a central that has just asked for it that all services have changed, if that is wanted. */
static void indicate_service_change(DfuBoard *board, guint16 handle)
{
  static const guint8 all_handles[] = {0x01, 0x00, 0xff, 0xff};

  if (dfu_faults_happens(&board->config.faults, DFU_FAULT_SERVICE_CHANGED)) {
    dfu_board_log_line(board->log, "indicates that its services have changed");
    board->listener->notified(handle, all_handles, sizeof all_handles, board->listener_data);
  }
}

static void subscribe(DfuBoard *board, gboolean on)
{
  dfu_board_log_line(board->log, "notifications %s", on ? "on" : "off");
  if (dfu_board_runs_target(board)) {
    dfu_board_target_step(board->target,
                          (DfuTargetEvent){.type = DFU_TARGET_EVENT_SUBSCRIBED, .notify = on});
  } else {
    board->buttonless.notify = on;
  }
}

static void write_cccd(DfuBoard *board, const DfuGattRow *cccd, const guint8 *bytes, gsize len)
{
  const DfuGattRow *owner = dfu_gatt_table_owner(dfu_board_get_table(board), cccd);

  gboolean is_control = strcmp(owner->uuid, DFU_UUID_CONTROL_POINT) == 0;

  if (len != 2) {
    dfu_board_answer(board, ATT_INVALID_LENGTH);
    return;
  }
  if (is_control && (bytes[0] & 1) != 0
      && dfu_faults_happens(&board->config.faults, DFU_FAULT_DROP_SUBSCRIPTION)) {
    dfu_board_lose_link(board, G_USEC_PER_SEC);
    return;
  }
  dfu_board_answer(board, 0);
  if (is_control) {
    subscribe(board, (bytes[0] & 1) != 0);
  } else if (strcmp(owner->uuid, DFU_GATT_SERVICE_CHANGED) == 0 && (bytes[0] & 2) != 0) {
    indicate_service_change(board, owner->handle + 1);
  }
}

static void write_control(DfuBoard *board, const guint8 *bytes, gsize len)
{
  const DfuTargetEvent event = {.type = DFU_TARGET_EVENT_CONTROL, .bytes = bytes, .len = len};

  if (dfu_board_runs_target(board)) {
    dfu_board_target_step(board->target, event);
  } else {
    write_buttonless(board, bytes, len);
  }
}

static void write_packet(DfuBoard *board, const guint8 *bytes, gsize len)
{
  const DfuTargetEvent event = {.type = DFU_TARGET_EVENT_PACKET, .bytes = bytes, .len = len};

  if (dfu_board_runs_target(board)) {
    dfu_board_target_step(board->target, event);
  } else {
    DfuButtonlessUpdate update;

    dfu_buttonless_packet(&board->buttonless, &update);
    carry_out(board, &update);
  }
}

/* A Write Request, unlike a command, tells what the stack does not take. */
static void request_packet(DfuBoard *board, const guint8 *bytes, gsize len)
{
  if (len > (gsize)board->mtu - ATT_HEADER_BYTES) {
    dfu_board_answer(board, ATT_LONG_WRITE_REFUSED);
  } else if (len > board->config.personality->packet_max_bytes) {
    dfu_board_answer(board, ATT_INVALID_LENGTH);
  } else {
    write_packet(board, bytes, len);
  }
}

void dfu_board_write(DfuBoard *board, guint16 attribute, const guint8 *bytes, gsize len)
{
  const DfuGattRow *row = dfu_gatt_table_find(dfu_board_get_table(board), attribute);

  if (!board->connected || dfu_board_is_stalled(board)) {
    return;
  }
  board->requested = TRUE;
  if (row == NULL) {
    dfu_board_answer(board, ATT_INVALID_HANDLE);
  } else if (row->kind == DFU_GATT_DESCRIPTOR) {
    write_cccd(board, row, bytes, len);
  } else if ((row->properties & DFU_GATT_WRITE) == 0) {
    dfu_board_answer(board, ATT_WRITE_NOT_PERMITTED);
  } else if (strcmp(row->uuid, DFU_UUID_PACKET) == 0) {
    request_packet(board, bytes, len);
  } else {
    write_control(board, bytes, len);
  }
}

void dfu_board_command(DfuBoard *board, guint16 attribute, const guint8 *bytes, gsize len)
{
  const DfuGattRow *row = dfu_gatt_table_find(dfu_board_get_table(board), attribute);

  if (board->connected && !dfu_board_is_stalled(board) && row != NULL
      && (row->properties & DFU_GATT_WRITE_WITHOUT_RESPONSE) != 0) {
    write_packet(board, bytes, len);
  }
}

guint8 dfu_board_read(const DfuBoard *board, guint16 attribute, guint8 *out, gsize *len)
{
  const DfuGattTable *table = dfu_board_get_table(board);
  const DfuGattRow *row = dfu_gatt_table_find(table, attribute);
  const DfuPersonality *personality = board->config.personality;
  gboolean target = dfu_board_runs_target(board);
  DfuGattState state = {
    .device_name = dfu_board_air_get_name(board->air),
    .personality = personality,
    .revision = target ? personality->revision : DFU_BUTTONLESS_REVISION,
    .notify = target ? dfu_board_target_notifies(board->target) : board->buttonless.notify,
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
