/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/emulator_fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cmocka_all.h"

enum { MAX_OPTIONS = 40 };

const char *emulator_program(void)
{
  const char *path = g_getenv("DFU_BLE_TARGET");

  if (path == NULL) {
    fail_msg("set DFU_BLE_TARGET to the program dfu-ble-target");
  }
  return path;
}

int emulator_set_up(void **state)
{
  Emulator *f = g_new0(Emulator, 1);

  f->directory = g_dir_make_tmp("dfu-ble-test-XXXXXX", NULL);
  *state = f;
  return f->directory == NULL;
}

static void remove_files(const char *directory)
{
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_remove(path);
  }
  g_rmdir(directory);
}

/* Ends the program. Returns: its exit status. */
int emulator_end(Emulator *f)
{
  g_auto(DfuTestResult) result = {0};

  g_clear_pointer(&f->client, bus_client_free);
  g_clear_pointer(&f->address, g_free);
  if (f->run != NULL) {
    dfu_test_signal(f->run, SIGTERM);
    result = dfu_test_finish(g_steal_pointer(&f->run));
    if (result.status != 0) {
      g_printerr("%s", result.err);
    }
  }
  return result.status;
}

int emulator_tear_down(void **state)
{
  Emulator *f = *state;
  int status = emulator_end(f);

  remove_files(f->directory);
  g_free(f->directory);
  g_free(f);
  return status;
}

void emulator_start(Emulator *f, ...)
{
  const char *argv[MAX_OPTIONS] = {emulator_program(), "--disconnect-delay", "50", "--boot-ms",
                                   "20", "--out", f->directory};
  g_autofree char *tmpdir = g_strconcat("TMPDIR=", f->directory, NULL);
  const char *const environment[] = {tmpdir, NULL};
  DfuTestProgram program = {.argv = argv, .environment = environment};
  int n = 7;
  va_list args;

  va_start(args, f);
  for (const char *option; (option = va_arg(args, const char *)) != NULL;) {
    assert_true(n < MAX_OPTIONS - 1);
    argv[n++] = option;
  }
  va_end(args);
  f->run = dfu_test_start(&program);
  dfu_test_wait_for(f->run, TRUE, "\n");
  f->address = g_strchomp(dfu_test_peek_stdout(f->run));
  f->client = bus_client_new(f->address);
}

gsize emulator_parse_hex(const char *text, guint8 *out)
{
  gsize n = 0;

  for (; *text != '\0'; text++) {
    if (*text != ' ') {
      out[n++] = (guint8)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
      text++;
    }
  }
  return n;
}

void emulator_write_control(Emulator *f, const char *hex)
{
  guint8 bytes[32];
  gsize len = emulator_parse_hex(hex, bytes);

  assert_string_equal(bus_client_write(f->client, CONTROL, "request", bytes, len), "ok WriteValue");
}

void emulator_send(int fd, const guint8 *bytes, gsize len)
{
  assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

void emulator_send_hex(int fd, const char *hex)
{
  guint8 bytes[32];

  emulator_send(fd, bytes, emulator_parse_hex(hex, bytes));
}

void emulator_let_through(int fd)
{
  int unread = 1;

  for (int ms = 0; unread > 0; ms++) {
    assert_true(ms < 5000);
    assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
    g_usleep(1000);
  }
}

void emulator_expect_notification(int fd, const char *hex)
{
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  guint8 wanted[32];
  guint8 got[32];
  gsize len = emulator_parse_hex(hex, wanted);

  assert_int_equal(poll(&ready, 1, 5000), 1);
  assert_int_equal(recv(fd, got, sizeof got, 0), len);
  assert_memory_equal(got, wanted, len);
}

void emulator_expect_end(int notify_fd, int write_fd)
{
  struct pollfd ready[] = {{.fd = notify_fd, .events = POLLIN}, {.fd = write_fd, .events = POLLIN}};
  guint8 byte;

  assert_true(poll(&ready[0], 1, 5000) == 1 && poll(&ready[1], 1, 5000) == 1);
  assert_true((ready[0].revents & POLLHUP) != 0 && (ready[1].revents & POLLHUP) != 0);
  assert_int_equal(recv(notify_fd, &byte, 1, 0), 0);
  assert_int_equal(send(write_fd, "x", 1, MSG_NOSIGNAL), -1);
  assert_int_equal(errno, EPIPE);
}

int emulator_acquire(Emulator *f, const char *path, const char *method)
{
  guint16 mtu = 0;
  int fd = bus_client_acquire(f->client, path, method, &mtu);

  assert_true(fd >= 0);
  assert_int_equal(mtu, 23);
  return fd;
}

void emulator_fill_image(guint8 image[EMULATOR_IMAGE_BYTES])
{
  for (int i = 0; i < EMULATOR_IMAGE_BYTES; i++) {
    image[i] = (guint8)i;
  }
}

/* The trace of an SDK 11 target for the 256 bytes 00 01 … ff, up to the first image packet. */
void emulator_begin_transfer(Emulator *f, int notify_fd, int packet_fd)
{
  emulator_write_control(f, "01 04");
  emulator_send_hex(packet_fd, "00000000 00000000 00010000");
  emulator_expect_notification(notify_fd, "10 01 01");
  emulator_write_control(f, "02 00");
  emulator_send_hex(packet_fd, "ffffffffffffffff0100feffbd3f");
  emulator_let_through(packet_fd);
  emulator_write_control(f, "02 01");
  emulator_expect_notification(notify_fd, "10 02 01");
  emulator_write_control(f, "08 08 00");
  emulator_write_control(f, "03");
}
