/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The board on a controller that is the other end of a socket: commands, events
 * and data, packet by packet, as Bluetooth Core, Vol 4, Part E has them.
 */
#include "emulator/air/hci_target.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dfu/error.h"
#include "lib/cmocka_all.h"
#include "lib/hex.h"
#include "lib/target_driver.h"

#define SET_ADDRESS "01 05 20 06 22 11 00 ab 12 c4"
#define SET_PARAMETERS "01 06 20 0f 28 00 28 00 00 01 00 00 00 00 00 00 00 07 00"
#define SET_DATA "01 08 20 20 1e 02 01 06 11 06 23 d1 bc ea 5f 78 23 15 de ef 12 12 30 15 00 00" \
  " 08 09 44 66 75 54 61 72 67 00"
#define SET_RESPONSE "01 09 20 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" \
  " 00 00 00 00 00 00 00 00 00 00 00"
#define ENABLE "01 0a 20 01 01"
#define DISABLE "01 0a 20 01 00"
#define CONNECTED "04 3e 13 01 00 40 00 01 00 66 55 44 33 22 11 18 00 00 00 2a 00 00"
#define DISCONNECTED "04 05 04 00 40 00 13"
#define DISCONNECT "01 06 04 03 40 00 13"
#define ONE_COMPLETED "04 13 05 01 40 00 01 00"

enum { PATIENCE_MS = 2000 };

typedef struct {
  DfuHciController controller; /* the target's end */
  int fd;                      /* ours */
  DfuBoardLog *log;
  DfuBoard *board;
  DfuHciTarget *target;
  char *failure;
} Fixture;

static void on_failed(const GError *error, gpointer user_data)
{
  Fixture *f = user_data;

  assert_null(f->failure);
  assert_int_equal(error->code, DFU_ERROR_BLUETOOTH);
  f->failure = g_strdup(error->message);
}

static void start_board(Fixture *f, const DfuBoardConfig *board, const DfuHciConfig *config)
{
  f->log = dfu_board_log_new(NULL, NULL);
  f->board = dfu_board_new(board, f->log);
  f->target = dfu_hci_target_new(&f->controller, f->board, f->log, config, on_failed, f);
}

static void start_target(Fixture *f, const char *fault, const DfuHciConfig *config)
{
  DfuBoardConfig board = {
    .personality = dfu_personality_find("sdk11-dual"),
    .address = "C4:12:AB:00:11:22",
    .has_application = TRUE,
    .device_type = 0xffff,
    .device_revision = 0xffff,
    .softdevice_id = 0x0080,
  };
  char message[DFU_FAULTS_MESSAGE_BYTES];

  if (fault != NULL) {
    assert_true(dfu_faults_parse(&board.faults, fault, message));
  }
  start_board(f, &board, config);
}

static int set_up(void **state)
{
  Fixture *f = g_new0(Fixture, 1);
  int fds[2];

  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
  f->controller = (DfuHciController){.fd = fds[0], .name = "hci1", .buffers = {27, 2}};
  f->fd = fds[1];
  *state = f;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *f = *state;

  if (f->fd >= 0) {
    close(f->fd);
  }
  g_clear_pointer(&f->target, dfu_hci_target_free);
  g_clear_pointer(&f->board, dfu_board_free);
  g_clear_pointer(&f->log, dfu_board_log_free);
  close(f->controller.fd);
  g_free(f->failure);
  g_free(f);
  return 0;
}

static void tell(Fixture *f, const char *hex)
{
  guint8 packet[300];
  gsize len = driver_hex(hex, packet, sizeof packet);

  assert_int_equal(send(f->fd, packet, len, 0), len);
}

static gboolean on_patience_ended(gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* The next packet of the target is @hex. */
static void hear(Fixture *f, const char *hex)
{
  guint8 packet[300];
  g_autoptr(GString) text = g_string_new(NULL);
  gboolean ended = FALSE;
  guint patience_id = g_timeout_add(PATIENCE_MS, on_patience_ended, &ended);
  ssize_t n = recv(f->fd, packet, sizeof packet, MSG_DONTWAIT);

  while (n < 0 && !ended) {
    g_main_context_iteration(NULL, FALSE);
    n = recv(f->fd, packet, sizeof packet, MSG_DONTWAIT);
  }
  g_source_remove(patience_id);
  hex_append(text, packet, n > 0 ? (gsize)n : 0);
  assert_string_equal(text->str, hex);
}

/* The target takes what came, and says nothing. */
static void hear_nothing(Fixture *f)
{
  guint8 packet[300];

  for (int i = 0; i < 20; i++) {
    g_main_context_iteration(NULL, FALSE);
  }
  assert_true(recv(f->fd, packet, sizeof packet, MSG_DONTWAIT) < 0);
}

/* A command comes, and succeeds. */
static void hear_command(Fixture *f, const char *hex)
{
  g_autofree char *answer = g_strdup_printf("04 0e 04 01 %.2s %.2s 00", hex + 3, hex + 6);

  hear(f, hex);
  tell(f, answer);
}

static void hear_advertising(Fixture *f)
{
  hear_command(f, SET_ADDRESS);
  hear_command(f, SET_PARAMETERS);
  hear_command(f, SET_DATA);
  hear_command(f, SET_RESPONSE);
  hear_command(f, ENABLE);
}

static void connect_to(Fixture *f, const char *fault)
{
  start_target(f, fault, &(DfuHciConfig){.asks_for_update = FALSE});
  hear_advertising(f);
  tell(f, CONNECTED);
}

static void target_advertises_what_the_board_does(void **state)
{
  Fixture *f = *state;

  start_target(f, NULL, &(DfuHciConfig){.asks_for_update = FALSE});
  hear_advertising(f);
  hear_nothing(f);
}

static void advertising_is_renewed_where_that_is_wanted(void **state)
{
  Fixture *f = *state;

  start_target(f, NULL, &(DfuHciConfig){.renew_ms = 20});
  hear_advertising(f);
  hear_command(f, DISABLE);
  hear_command(f, ENABLE);
  hear_command(f, DISABLE);
}

static void commands_wait_until_the_controller_takes_them(void **state)
{
  Fixture *f = *state;

  start_target(f, NULL, &(DfuHciConfig){.asks_for_update = FALSE});
  hear(f, SET_ADDRESS);
  tell(f, "04 0e 04 00 05 20 00"); /* done, but not another one now */
  hear_nothing(f);
  tell(f, "04 0e 03 01 00 00");
  hear(f, SET_PARAMETERS);
}

static void refused_command_is_a_failure(void **state)
{
  Fixture *f = *state;

  start_target(f, NULL, &(DfuHciConfig){.asks_for_update = FALSE});
  hear(f, SET_ADDRESS);
  tell(f, "04 0e 04 01 05 20 12");
  hear_nothing(f);
  assert_string_equal(f->failure,
                      "hci1 does no more: it refuses command 0x2005 with status 0x12.");
}

static void controller_that_is_gone_is_a_failure(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  hear_nothing(f);
  close(f->fd);
  f->fd = -1;
  for (int i = 0; i < 20; i++) {
    g_main_context_iteration(NULL, FALSE);
  }
  assert_non_null(f->failure);
}

static void request_is_answered_on_its_connection(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  tell(f, "02 40 20 07 00 03 00 04 00 0a 13 00");
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
  tell(f, "02 41 20 07 00 03 00 04 00 0a 13 00"); /* somebody else's */
  hear_nothing(f);
}

static void request_in_fragments_is_answered(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  tell(f, "02 40 20 05 00 03 00 04 00 0a");
  hear_nothing(f);
  tell(f, "02 40 10 02 00 13 00");
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
}

static void answers_wait_for_free_buffers(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  for (int i = 0; i < 3; i++) {
    tell(f, "02 40 20 07 00 03 00 04 00 0a 13 00");
  }
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
  hear_nothing(f);
  tell(f, ONE_COMPLETED);
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
}

static void update_of_the_connection_is_asked_for(void **state)
{
  Fixture *f = *state;

  start_target(f, NULL, &(DfuHciConfig){.asks_for_update = TRUE});
  hear_advertising(f);
  tell(f, CONNECTED);
  hear(f, "02 40 00 10 00 0c 00 05 00 12 01 08 00 0c 00 18 00 00 00 90 01");
}

static void pairing_and_unknown_signalling_are_refused(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  tell(f, "02 40 20 0b 00 07 00 06 00 01 04 00 01 10 07 07");
  hear(f, "02 40 00 06 00 02 00 06 00 05 05");
  tell(f, "02 40 20 08 00 04 00 05 00 0a 03 00 00");
  hear(f, "02 40 00 0a 00 06 00 05 00 01 03 02 00 00 00");
  tell(f, "04 3e 0d 05 40 00 00 00 00 00 00 00 00 00 00 00"); /* a key that nobody has */
  hear(f, "01 1b 20 02 40 00");
}

static void target_advertises_again_after_a_disconnection(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  hear_nothing(f);
  tell(f, DISCONNECTED);
  hear_advertising(f);
}

static void second_connection_is_none_of_the_targets(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  tell(f, "04 3e 13 01 00 41 00 01 00 66 55 44 33 22 11 18 00 00 00 2a 00 00");
  tell(f, "04 05 04 00 41 00 13");
  tell(f, "02 40 20 07 00 03 00 04 00 0a 13 00");
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
}

static void board_that_restarts_disconnects_when_all_is_sent(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  tell(f, "02 40 20 09 00 05 00 04 00 12 11 00 01 00");
  hear(f, "02 40 00 05 00 01 00 04 00 13");
  tell(f, "02 40 20 08 00 04 00 04 00 12 10 00 06"); /* System Reset */
  hear(f, "02 40 00 05 00 01 00 04 00 13");
  hear_nothing(f);
  tell(f, ONE_COMPLETED);
  hear_nothing(f);
  tell(f, ONE_COMPLETED);
  hear(f, DISCONNECT);
}

static void nothing_counts_after_the_board_has_disconnected(void **state)
{
  Fixture *f = *state;

  connect_to(f, "lose-at=report-size");
  tell(f, "02 40 20 09 00 05 00 04 00 12 11 00 01 00");
  hear(f, "02 40 00 05 00 01 00 04 00 13");
  tell(f, ONE_COMPLETED);
  tell(f, "02 40 20 08 00 04 00 04 00 12 10 00 07");
  hear(f, DISCONNECT);
  tell(f, "02 40 20 07 00 03 00 04 00 0a 13 00");
  tell(f, "04 0f 04 00 01 06 04");
  hear_nothing(f);
}

static void target_that_ends_disconnects(void **state)
{
  Fixture *f = *state;

  connect_to(f, NULL);
  hear_nothing(f);
  tell(f, DISCONNECTED);
  g_clear_pointer(&f->target, dfu_hci_target_free);
  hear(f, DISCONNECT);
}

static void controller_with_a_short_answer_is_refused(void **state)
{
  Fixture *f = *state;
  g_autoptr(GError) error = NULL;

  tell(f, "04 0e 04 01 03 0c 00");
  tell(f, "04 0e 04 01 01 0c 00");
  tell(f, "04 0e 04 01 01 20 00");
  tell(f, "04 0e 05 01 02 20 00 fb");
  assert_false(dfu_hci_controller_set_up(&f->controller, &error));
  assert_string_equal(error->message, "hci1 answers command 0x2002 with 2 bytes, not 4.");
}

static void malformed_packets_are_ignored(void **state)
{
  static const char *const packets[] = {
    "04", "04 3e", "04 3e 00", "04 3e 01 01", "04 3e 05 01", "04 05 01 00", "04 13 01 ff",
    "04 13 00", "04 13 03 01 40 00", "04 0e 01 01", "04 0f 02 00 01", "02", "02 40 20 07",
    "02 40 20 07 00 03", "02 40 20 00 00", "02 40 20 04 00 03 00 04 00",
    "02 40 20 08 00 03 00 04 00 0a 13 00 00",
    "09 00", "04 0e 03 01 05 20",
  };
  Fixture *f = *state;

  connect_to(f, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(packets); i++) {
    tell(f, packets[i]);
    hear_nothing(f);
  }
  assert_null(f->failure);
  tell(f, "02 40 20 07 00 03 00 04 00 0a 13 00");
  hear(f, "02 40 00 07 00 03 00 04 00 0b 08 00");
}

static void set_up_resets_and_asks_for_the_buffers(void **state)
{
  Fixture *f = *state;
  GError *error = NULL;

  tell(f, "04 0e 04 01 03 0c 00");
  tell(f, "04 ff 01 00"); /* what a vendor has to say */
  tell(f, "04 0e 04 01 01 0c 00");
  tell(f, "04 0e 04 01 01 20 00");
  tell(f, "04 0e 07 01 02 20 00 fb 00 08");
  assert_true(dfu_hci_controller_set_up(&f->controller, &error));
  assert_int_equal(f->controller.buffers.bytes, 251);
  assert_int_equal(f->controller.buffers.buffers, 8);
  hear(f, "01 03 0c 00");
  hear(f, "01 01 0c 08 10 80 00 00 00 00 00 20");
  hear(f, "01 01 20 08 15 00 00 00 00 00 00 00");
  hear(f, "01 02 20 00");
}

static void controller_without_le_buffers_shares_those_of_br_edr(void **state)
{
  Fixture *f = *state;
  GError *error = NULL;

  tell(f, "04 0e 04 01 03 0c 00");
  tell(f, "04 0e 04 01 01 0c 00");
  tell(f, "04 0e 04 01 01 20 00");
  tell(f, "04 0e 07 01 02 20 00 00 00 00");
  tell(f, "04 0e 0b 01 05 10 00 fd 03 40 0a 00 08 00");
  assert_true(dfu_hci_controller_set_up(&f->controller, &error));
  assert_int_equal(f->controller.buffers.bytes, 1021);
  assert_int_equal(f->controller.buffers.buffers, 10);
}

static void controller_without_le_is_refused(void **state)
{
  Fixture *f = *state;
  g_autoptr(GError) error = NULL;

  tell(f, "04 0e 04 01 03 0c 00");
  tell(f, "04 0e 04 01 01 0c 00");
  tell(f, "04 0f 04 01 01 01 20");
  assert_false(dfu_hci_controller_set_up(&f->controller, &error));
  assert_int_equal(error->code, DFU_ERROR_BLUETOOTH);
  assert_string_equal(error->message, "hci1 refuses command 0x2001 with status 0x01. "
                      "It does not do for an LE peripheral.");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void connection_is_dropped_at_once(void **state)
{
  Fixture *f = *state;

  connect_to(f, "drop-connection=1");
  hear_command(f, DISCONNECT);
  tell(f, DISCONNECTED);
  hear_command(f, ENABLE);
}

/* To 11:22:33:44:55:66, a public address; again when the controller's 1.28 s are over. */
static void jump_leads_to_directed_advertising(void **state)
{
  Fixture *f = *state;
  const DfuBoardConfig board = {
    .personality = dfu_personality_find("sdk11-dual"),
    .address = "C4:12:AB:00:11:22",
    .app_mode = TRUE,
    .same_address = TRUE,
    .directed = TRUE,
    .has_application = TRUE,
  };

  start_board(f, &board, &(DfuHciConfig){.asks_for_update = FALSE});
  hear_command(f, SET_ADDRESS);
  hear_command(f, SET_PARAMETERS);
  hear_command(f, "01 08 20 20 14 02 01 06 03 02 0d 18 0c 09 41 70 70 6c 69 63 61 74 69 6f 6e"
                  " 00 00 00 00 00 00 00 00 00 00 00");
  hear_command(f, SET_RESPONSE);
  hear_command(f, ENABLE);
  tell(f, CONNECTED);
  tell(f, "02 40 20 09 00 05 00 04 00 12 1b 00 01 00");
  hear(f, "02 40 00 05 00 01 00 04 00 13");
  tell(f, ONE_COMPLETED);
  tell(f, "02 40 20 09 00 05 00 04 00 12 1a 00 01 04"); /* the jump */
  hear(f, "02 40 00 05 00 01 00 04 00 13");
  tell(f, ONE_COMPLETED);
  hear_command(f, DISCONNECT);
  tell(f, DISCONNECTED);
  hear_command(f, SET_ADDRESS);
  hear_command(f, "01 06 20 0f 28 00 28 00 01 01 00 66 55 44 33 22 11 07 00");
  hear_command(f, "01 08 20 20 03 02 01 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
                  " 00 00 00 00 00 00 00 00 00 00 00");
  hear_command(f, SET_RESPONSE);
  hear_command(f, ENABLE);
  tell(f, "04 3e 13 01 3c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
  hear_command(f, ENABLE);
  hear_nothing(f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    TEST(connection_is_dropped_at_once),
    TEST(jump_leads_to_directed_advertising),
    TEST(target_advertises_what_the_board_does),
    TEST(advertising_is_renewed_where_that_is_wanted),
    TEST(commands_wait_until_the_controller_takes_them),
    TEST(refused_command_is_a_failure),
    TEST(controller_that_is_gone_is_a_failure),
    TEST(request_is_answered_on_its_connection),
    TEST(request_in_fragments_is_answered),
    TEST(answers_wait_for_free_buffers),
    TEST(update_of_the_connection_is_asked_for),
    TEST(pairing_and_unknown_signalling_are_refused),
    TEST(target_advertises_again_after_a_disconnection),
    TEST(second_connection_is_none_of_the_targets),
    TEST(board_that_restarts_disconnects_when_all_is_sent),
    TEST(nothing_counts_after_the_board_has_disconnected),
    TEST(target_that_ends_disconnects),
    TEST(malformed_packets_are_ignored),
    TEST(set_up_resets_and_asks_for_the_buffers),
    TEST(controller_without_le_buffers_shares_those_of_br_edr),
    TEST(controller_without_le_is_refused),
    TEST(controller_with_a_short_answer_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
