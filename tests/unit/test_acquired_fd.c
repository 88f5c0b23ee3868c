/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The other end of the descriptor, bluetoothd's, is the test's.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bluez/acquired_fd.h"
#include "lib/cmocka_all.h"

typedef struct {
  int peer;
  DfuAcquiredFd *acquired;
  GString *seen; /* "message 1 2;", "writable;", "hung up;" */
  gboolean frees; /* the next thing heard of frees the descriptor */
} Fixture;

static void note(Fixture *f, const char *what)
{
  g_string_append(f->seen, what);
  if (f->frees)
    g_clear_pointer(&f->acquired, dfu_acquired_fd_free);
}

static void on_message(const guint8 *bytes, gsize len, gpointer user_data)
{
  Fixture *f = user_data;

  g_string_append(f->seen, "message");
  for (gsize i = 0; i < len; i++)
    g_string_append_printf(f->seen, " %u", bytes[i]);
  note(f, ";");
}

static void on_writable(gpointer user_data)
{
  note(user_data, "writable;");
}

static void on_hung_up(gpointer user_data)
{
  note(user_data, "hung up;");
}

static const DfuAcquiredFdFuncs funcs = { on_message, on_writable, on_hung_up };

static int set_up(void **state)
{
  Fixture *f = g_new0(Fixture, 1);
  int ends[2];

  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
  f->peer = ends[0];
  f->seen = g_string_new(NULL);
  f->acquired = dfu_acquired_fd_new(ends[1], &funcs, f);
  *state = f;
  return 0;
}

static int tear_down(void **state)
{
  Fixture *f = *state;

  dfu_acquired_fd_free(f->acquired);
  if (f->peer >= 0)
    close(f->peer);
  g_string_free(f->seen, TRUE);
  g_free(f);
  return 0;
}

static void run(void)
{
  while (g_main_context_iteration(NULL, FALSE))
    continue;
}

static void tell(Fixture *f, guint8 byte)
{
  assert_int_equal(send(f->peer, &byte, 1, 0), 1);
}

static void hang_up(Fixture *f)
{
  close(f->peer);
  f->peer = -1;
}

static void acquired_fd_hands_over_one_message_at_a_time(void **state)
{
  Fixture *f = *state;

  assert_int_equal(send(f->peer, "\x01\x02", 2, 0), 2);
  tell(f, 3);
  run();
  assert_string_equal(f->seen->str, "message 1 2;message 3;");
}

static void acquired_fd_tells_an_empty_message_from_the_end(void **state)
{
  Fixture *f = *state;

  assert_int_equal(send(f->peer, "", 0, 0), 0);
  tell(f, 3);
  run();
  assert_string_equal(f->seen->str, "message;message 3;");
}

static void acquired_fd_reads_all_before_it_tells_the_end(void **state)
{
  Fixture *f = *state;

  tell(f, 1);
  assert_int_equal(send(f->peer, "", 0, 0), 0);
  tell(f, 2);
  hang_up(f);
  run();
  assert_string_equal(f->seen->str, "message 1;message;message 2;hung up;");
}

static void acquired_fd_tells_the_end_once(void **state)
{
  Fixture *f = *state;

  hang_up(f);
  run();
  run();
  assert_string_equal(f->seen->str, "hung up;");
}

static void acquired_fd_drain_reads_without_the_main_loop(void **state)
{
  Fixture *f = *state;

  tell(f, 1);
  tell(f, 2);
  hang_up(f);
  dfu_acquired_fd_drain(f->acquired);
  assert_string_equal(f->seen->str, "message 1;message 2;");
}

static void acquired_fd_may_be_freed_by_whoever_hears_of_it(void **state)
{
  Fixture *f = *state;

  f->frees = TRUE;
  tell(f, 1);
  tell(f, 2);
  run();
  assert_string_equal(f->seen->str, "message 1;");
  assert_int_equal(send(f->peer, "x", 1, MSG_NOSIGNAL), -1); /* closed */
}

static void acquired_fd_sends_until_full_and_tells_when_it_is_writable(void **state)
{
  Fixture *f = *state;
  guint8 packet[20] = { 0 };
  guint n_sent = 0;
  guint n_received = 0;

  while (dfu_acquired_fd_send(f->acquired, packet, sizeof packet) == DFU_ACQUIRED_FD_SENT)
    n_sent++;
  assert_int_equal(dfu_acquired_fd_send(f->acquired, packet, sizeof packet), DFU_ACQUIRED_FD_FULL);
  dfu_acquired_fd_await_writable(f->acquired);
  run();
  assert_string_equal(f->seen->str, "");
  while (recv(f->peer, packet, sizeof packet, 0) == sizeof packet)
    n_received++;
  run();
  assert_string_equal(f->seen->str, "writable;");
  assert_int_equal(n_received, n_sent);
  assert_int_equal(dfu_acquired_fd_send(f->acquired, packet, sizeof packet), DFU_ACQUIRED_FD_SENT);
}

/* Without MSG_NOSIGNAL this ends the process. */
static void acquired_fd_send_to_a_closed_end_is_broken(void **state)
{
  Fixture *f = *state;

  hang_up(f);
  assert_int_equal(dfu_acquired_fd_send(f->acquired, (const guint8 *)"x", 1),
                   DFU_ACQUIRED_FD_BROKEN);
}

static void acquired_fd_is_not_inherited_and_does_not_block(void **state)
{
  int ends[2];
  DfuAcquiredFd *acquired;

  (void)state;
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  acquired = dfu_acquired_fd_new(ends[1], &funcs, NULL);
  assert_true(fcntl(ends[1], F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
  dfu_acquired_fd_free(acquired);
  assert_int_equal(fcntl(ends[1], F_GETFD), -1);
  close(ends[0]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    TEST(acquired_fd_hands_over_one_message_at_a_time),
    TEST(acquired_fd_tells_an_empty_message_from_the_end),
    TEST(acquired_fd_reads_all_before_it_tells_the_end),
    TEST(acquired_fd_tells_the_end_once),
    TEST(acquired_fd_drain_reads_without_the_main_loop),
    TEST(acquired_fd_may_be_freed_by_whoever_hears_of_it),
    TEST(acquired_fd_sends_until_full_and_tells_when_it_is_writable),
    TEST(acquired_fd_send_to_a_closed_end_is_broken),
    cmocka_unit_test(acquired_fd_is_not_inherited_and_does_not_block),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
