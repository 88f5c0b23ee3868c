/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/board/board_private.h"

#include "base/deadline.h"
#include "wire/uuids.h"

enum { DEFAULT_ATT_MTU = 23 };

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

gboolean dfu_board_runs_target(const DfuBoard *board)
{
  return dfu_board_air_get_program(board->air) == DFU_PROGRAM_TARGET;
}

static void set_connected(DfuBoard *board, gboolean connected)
{
  board->connected = connected;
  board->requested = FALSE;
  dfu_board_air_set_connected(board->air, connected);
}

void dfu_board_drop_connection(DfuBoard *board)
{
  if (board->connected && !board->silent) {
    set_connected(board, FALSE);
    board->stalled = FALSE;
    board->listener->disconnected(board->listener_data);
  }
}

void dfu_board_answer(DfuBoard *board, guint8 att_error)
{
  board->requested = FALSE;
  board->listener->answered(att_error, board->listener_data);
}

void dfu_board_notify(DfuBoard *board, const guint8 *bytes, gsize len, gboolean heard)
{
  guint16 handle = dfu_gatt_table_value_handle(dfu_board_get_table(board), DFU_UUID_CONTROL_POINT);

  dfu_board_log_notification(board->log, bytes, len, heard);
  if (heard) {
    board->listener->notified(handle, bytes, len, board->listener_data);
  }
}

static gboolean is_heard(const DfuBoard *board, const DfuBreakdown *breakdown)
{
  return board->connected && !board->silent && breakdown->type == DFU_BREAKDOWN_NONE;
}

static void on_target_answers(const DfuTargetEvent *event, guint8 att_error,
                              const DfuBreakdown *breakdown, gpointer user_data)
{
  DfuBoard *board = user_data;
  gboolean heard = is_heard(board, breakdown);

  if (event->type == DFU_TARGET_EVENT_CONTROL) {
    dfu_board_log_request(board->log, event->bytes, event->len,
                          heard ? att_error : DFU_BOARD_LOG_UNANSWERED);
  }
  if (board->requested && heard) {
    dfu_board_answer(board, att_error);
  }
}

/* The target has restarted; so does the board around it, which takes a while. */
static void restart(DfuBoard *board, const DfuTargetUpdate *update)
{
  dfu_board_log_line(board->log, "restarts");
  dfu_board_air_restart(board->air, update);
  dfu_board_drop_connection(board);
}

/* From now on nothing gets through to the central and from it, though both have a link. */
static void fall_silent(DfuBoard *board, gint64 supervision_us)
{
  dfu_board_log_line(board->log, "falls silent");
  board->silent = TRUE;
  dfu_deadline_set(board->silence_end, g_get_monotonic_time() + supervision_us);
}

/* Not for a target that has restarted: it has never been connected. */
static void step_connected(DfuBoard *board, DfuTargetEventType type)
{
  if (dfu_board_target_is_connected(board->target)) {
    dfu_board_target_step(board->target, (DfuTargetEvent){.type = type});
  }
}

void dfu_board_lose_link(DfuBoard *board, gint64 away_us)
{
  dfu_board_log_line(board->log, "loses the link");
  dfu_board_air_go_away(board->air, away_us);
  dfu_board_drop_connection(board);
  step_connected(board, DFU_TARGET_EVENT_DISCONNECTED);
}

static void on_silence_over(gpointer user_data)
{
  DfuBoard *board = user_data;

  board->silent = FALSE;
  dfu_board_lose_link(board, 0);
}

/* The processor stands still, unless it restarts just now. */
static void stall(DfuBoard *board)
{
  if (board->connected) {
    dfu_board_log_line(board->log, "stalls");
    board->stalled = TRUE;
    dfu_board_target_hold(board->target);
  }
}

static void break_down(DfuBoard *board, const DfuBreakdown *breakdown)
{
  switch (breakdown->type) {
  case DFU_BREAKDOWN_LOSS:
    dfu_board_lose_link(board, breakdown->time_us);
    break;
  case DFU_BREAKDOWN_RESTART:
    dfu_board_log_line(board->log, "loses power");
    step_connected(board, DFU_TARGET_EVENT_POWER_LOST);
    break;
  case DFU_BREAKDOWN_STALL:
    stall(board);
    break;
  case DFU_BREAKDOWN_SILENCE: /* it has begun before the target restarted */
  case DFU_BREAKDOWN_FLASH:
  case DFU_BREAKDOWN_NONE:
    break;
  }
}

static void on_target_stepped(const DfuTargetUpdate *update, const DfuBreakdown *breakdown,
                              gpointer user_data)
{
  DfuBoard *board = user_data;
  gboolean heard = is_heard(board, breakdown);

  if (breakdown->type == DFU_BREAKDOWN_SILENCE) {
    fall_silent(board, breakdown->time_us);
  }
  for (gsize i = 0; i < update->n_notifications; i++) {
    dfu_board_notify(board, update->notifications[i].bytes, update->notifications[i].len, heard);
  }
  if (update->boot != DFU_TARGET_STAYS) {
    restart(board, update);
  }
  break_down(board, breakdown);
}

const DfuAdvertisement *dfu_board_get_advertisement(const DfuBoard *board)
{
  gboolean taken = board->connected || board->silent;

  return taken ? NULL : dfu_board_air_get_advertisement(board->air);
}

const DfuGattTable *dfu_board_get_table(const DfuBoard *board)
{
  return dfu_board_runs_target(board) ? &board->target_table : &board->application_table;
}

/* What the board answers to a central's offer. */
static guint16 own_mtu(const DfuBoard *board, guint16 offered)
{
  const DfuPersonality *personality = board->config.personality;

  if (board->config.mtu != 0) {
    return board->config.mtu;
  }
  if (personality->rounds_mtu && dfu_board_runs_target(board)) { /* up to the next 4k + 3 */
    return CLAMP(offered, DEFAULT_ATT_MTU, personality->max_mtu) / 4 * 4 + 3;
  }
  return personality->max_mtu;
}

static guint16 agree_on_mtu(const DfuBoard *board, guint16 offered)
{
  return MAX(MIN(offered, own_mtu(board, offered)), DEFAULT_ATT_MTU);
}

/* Tells the target role, to which a connection with another MTU is the same connection. */
static void connect_program(DfuBoard *board, guint16 mtu)
{
  board->mtu = mtu;
  if (dfu_board_runs_target(board)) {
    dfu_board_target_step(board->target,
                          (DfuTargetEvent){.type = DFU_TARGET_EVENT_CONNECTED, .mtu = mtu});
  }
}

guint16 dfu_board_connect(DfuBoard *board, guint16 mtu)
{
  guint16 granted = agree_on_mtu(board, mtu);

  if (dfu_board_get_advertisement(board) == NULL) {
    return 0;
  }
  if (dfu_faults_happens(&board->config.faults, DFU_FAULT_DROP_CONNECTION)) {
    dfu_board_log_line(board->log, "connected, and drops the connection");
    return granted;
  }
  board->buttonless = (DfuButtonless){.notify = FALSE};
  set_connected(board, TRUE);
  if (dfu_faults_happens(&board->config.faults, DFU_FAULT_MUTE_CONNECTION)) {
    dfu_board_log_line(board->log, "connected, and answers nothing");
    board->stalled = TRUE;
    return granted;
  }
  dfu_board_log_line(board->log, "connected, MTU %u", granted);
  connect_program(board, granted);
  return granted;
}

gboolean dfu_board_is_connected(const DfuBoard *board)
{
  return board->connected;
}

guint16 dfu_board_exchange_mtu(DfuBoard *board, guint16 mtu)
{
  dfu_board_log_line(board->log, "MTU %u, of %u that were offered", agree_on_mtu(board, mtu), mtu);
  connect_program(board, agree_on_mtu(board, mtu));
  return own_mtu(board, mtu);
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
  set_connected(board, FALSE);
  board->stalled = FALSE;
  if (board->silent) {
    dfu_board_log_line(board->log, "disconnected, and does not hear of it");
    return;
  }
  dfu_board_log_line(board->log, "disconnected");
  step_connected(board, DFU_TARGET_EVENT_DISCONNECTED);
  board->listener->advertising_changed(board->listener_data);
}

/* A bootloader's timer runs from when it starts, whether anybody comes or not. */
static void on_air_changed(gpointer user_data)
{
  DfuBoard *board = user_data;

  if (dfu_board_runs_target(board) && dfu_board_get_advertisement(board) != NULL) {
    dfu_board_target_step(board->target, (DfuTargetEvent){.type = DFU_TARGET_EVENT_TICK});
  }
  board->listener->advertising_changed(board->listener_data);
}

/* A bootloader that is left alone ends what it was at. */
static void on_air_timed_out(gpointer user_data)
{
  DfuBoard *board = user_data;

  dfu_board_target_step(board->target, (DfuTargetEvent){.type = DFU_TARGET_EVENT_POWER_LOST});
}

DfuBoard *dfu_board_new(const DfuBoardConfig *config, DfuBoardLog *log)
{
  static const DfuBoardAirFuncs air_funcs = {on_air_changed, on_air_timed_out};
  static const DfuBoardTargetFuncs target_funcs = {on_target_answers, on_target_stepped};
  DfuBoard *board = g_new0(DfuBoard, 1);

  board->config = *config;
  board->log = log;
  board->listener = &no_listener;
  board->mtu = DEFAULT_ATT_MTU;
  board->silence_end = dfu_deadline_new(on_silence_over, board);
  dfu_gatt_table_fill_target(&board->target_table, config->personality);
  dfu_gatt_table_fill_application(&board->application_table, config->app_mode,
                                  config->app_has_revision);
  board->air = dfu_board_air_new(&board->config, log, &air_funcs, board);
  board->target =
    dfu_board_target_new(&board->config, &board->config.faults, log, &target_funcs, board);
  return board;
}

void dfu_board_free(DfuBoard *board)
{
  dfu_board_air_free(board->air);
  dfu_board_target_free(board->target);
  dfu_deadline_free(board->silence_end);
  g_free(board);
}

void dfu_board_set_listener(DfuBoard *board, const DfuBoardListener *listener, gpointer user_data)
{
  board->listener = listener != NULL ? listener : &no_listener;
  board->listener_data = user_data;
}
