/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/att_fixture.h"

#include "lib/cmocka_all.h"
#include "lib/hex.h"
#include "lib/target_driver.h"

static void on_sent(const guint8 *pdu, gsize len, gpointer user_data)
{
  AttFixture *f = user_data;

  hex_append(f->sent, pdu, len);
}

static void on_advertising_changed(gpointer user_data)
{
  (void)user_data;
}

static void on_answered(guint8 att_error, gpointer user_data)
{
  AttFixture *f = user_data;

  dfu_att_server_answered(f->server, att_error);
}

static void on_notified(guint16 handle, const guint8 *bytes, gsize len, gpointer user_data)
{
  AttFixture *f = user_data;

  dfu_att_server_notified(f->server, handle, bytes, len);
}

static void on_disconnected(gpointer user_data)
{
  AttFixture *f = user_data;

  g_string_append(f->sent, f->sent->len > 0 ? " | end" : "end");
}

static const DfuBoardListener listener = {on_advertising_changed, on_answered, on_notified,
                                          on_disconnected};

DfuBoardConfig att_config(void)
{
  return (DfuBoardConfig){
    .personality = dfu_personality_find("sdk11-dual"),
    .address = "C4:12:AB:00:11:22",
    .has_application = TRUE,
    .device_type = 0xffff,
    .device_revision = 0xffff,
    .softdevice_id = 0x0080,
  };
}

static void start_board(AttFixture *f, const DfuBoardConfig *config, const char *fault)
{
  DfuBoardConfig with_fault = *config;
  char message[DFU_FAULTS_MESSAGE_BYTES];

  if (fault != NULL) {
    assert_true(dfu_faults_parse(&with_fault.faults, fault, message));
  }
  f->log = dfu_board_log_new(NULL, NULL);
  f->board = dfu_board_new(&with_fault, f->log);
  dfu_board_set_listener(f->board, &listener, f);
  f->server = dfu_att_server_new(f->board, on_sent, f);
  f->sent = g_string_new(NULL);
  assert_int_equal(dfu_board_connect(f->board, 23), 23);
}

static void end_board(AttFixture *f)
{
  dfu_att_server_free(f->server);
  dfu_board_free(f->board);
  dfu_board_log_free(f->log);
  g_string_free(f->sent, TRUE);
}

int att_set_up(void **state)
{
  AttFixture *f = g_new0(AttFixture, 1);
  DfuBoardConfig config = att_config();

  start_board(f, &config, NULL);
  *state = f;
  return 0;
}

int att_tear_down(void **state)
{
  end_board(*state);
  g_free(*state);
  return 0;
}

void att_restart(AttFixture *f, const DfuBoardConfig *config, const char *fault)
{
  end_board(f);
  start_board(f, config, fault);
}

void att_exchange(AttFixture *f, const char *sent, const char *received)
{
  guint8 bytes[600];
  gsize len = driver_hex(sent, bytes, sizeof bytes);
  g_autofree guint8 *pdu = g_memdup2(bytes, len);

  g_string_truncate(f->sent, 0);
  dfu_att_server_receive(f->server, pdu, len);
  assert_string_equal(f->sent->str, received);
}
