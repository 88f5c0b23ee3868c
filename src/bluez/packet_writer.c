/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/packet_writer.h"

#include "bluez/acquired_fd.h"
#include "bluez/bluez_error.h"

/* An ATT write command has 3 bytes of its own. */
#define ATT_OVERHEAD_BYTES 3

#define CALL_TIMEOUT_MS 10000

/* A descriptor that was closed, by us or by a program that ended, is free after some 10 ms. */
#define RELEASE_TIMEOUT_US (1 * G_TIME_SPAN_SECOND)
#define RELEASE_PAUSE_MS 10

/* Calls under way where packets go as calls: what a stop-and-wait sender would have in flight. */
#define STREAM_CALLS 8

struct DfuBluezPacketWriter {
  DfuBluezBus *bus;
  char *path;
  gsize max_packet_bytes;
  const DfuBluezPacketWriterFuncs *funcs;
  gpointer user_data;
  GCancellable *cancellable;
  DfuAcquiredFd *acquired;
  gboolean is_refused; /* AcquireWrite: packets of this connection go as calls */

  DfuLinkOrder order;
  const guint8 *next; /* of the run under way */
  const guint8 *end;
  const guint8 *last; /* begin of the packet that was sent last */
  guint packet_bytes;
  gboolean has_empty_packet; /* one without bytes is still to be sent */
  guint n_calls;  /* WriteValue calls not yet answered */
  gint64 busy_until_us; /* how long "acquired" is put up with */
  guint timer_id; /* a pause, or the answer */
};

static void send_messages(DfuBluezPacketWriter *writer);
static void send_calls(DfuBluezPacketWriter *writer);
static void acquire(DfuBluezPacketWriter *writer);

static gsize next_packet_bytes(const DfuBluezPacketWriter *writer)
{
  return MIN((gsize)(writer->end - writer->next), writer->packet_bytes);
}

static gboolean on_all_written(gpointer user_data)
{
  DfuBluezPacketWriter *writer = user_data;

  writer->timer_id = 0;
  writer->funcs->written(writer->user_data);
  return G_SOURCE_REMOVE;
}

/* @error is as GDBus returned it. */
static void fail(DfuBluezPacketWriter *writer, const GError *dbus_error)
{
  g_autoptr(GError) error = dfu_bluez_error_new(dbus_error, NULL, "writing DFU packets");

  g_cancellable_cancel(writer->cancellable);
  writer->funcs->failed(error, writer->user_data);
}

static gboolean on_release_pause_over(gpointer user_data)
{
  DfuBluezPacketWriter *writer = user_data;

  writer->timer_id = 0;
  if (writer->order == DFU_LINK_STREAM && !writer->is_refused)
    acquire(writer);
  else
    send_calls(writer);
  return G_SOURCE_REMOVE;
}

/* Whether the descriptor that is in the way may be on its way out; then tries again shortly. */
static gboolean await_release(DfuBluezPacketWriter *writer, const GError *error)
{
  DfuBluezFault fault = dfu_bluez_error_classify(error);

  if (fault.code != DFU_ERROR_BUSY || g_get_monotonic_time() >= writer->busy_until_us)
    return FALSE;
  writer->timer_id = g_timeout_add(RELEASE_PAUSE_MS, on_release_pause_over, writer);
  return TRUE;
}

static void on_writable(gpointer user_data)
{
  send_messages(user_data);
}

static void on_hung_up(gpointer user_data)
{
  DfuBluezPacketWriter *writer = user_data;

  g_clear_pointer(&writer->acquired, dfu_acquired_fd_free);
  writer->funcs->hung_up(writer->user_data);
}

static const DfuAcquiredFdFuncs fd_funcs = { .writable = on_writable, .hung_up = on_hung_up };

static void send_messages(DfuBluezPacketWriter *writer)
{
  while (writer->next < writer->end) {
    gsize len = next_packet_bytes(writer);

    switch (dfu_acquired_fd_send(writer->acquired, writer->next, len)) {
    case DFU_ACQUIRED_FD_SENT:
      writer->next += len;
      break;
    case DFU_ACQUIRED_FD_FULL:
      dfu_acquired_fd_await_writable(writer->acquired);
      return;
    case DFU_ACQUIRED_FD_BROKEN:
      return; /* hung_up() follows */
    }
  }
  writer->timer_id = g_idle_add_full(G_PRIORITY_DEFAULT, on_all_written, writer, NULL);
}

static void take_fd(DfuBluezPacketWriter *writer, int fd, GVariant *answer)
{
  g_autoptr(GError) error = NULL;
  guint16 mtu;

  writer->acquired = dfu_acquired_fd_new(fd, &fd_funcs, writer);
  g_variant_get(answer, "(hq)", NULL, &mtu);
  if (writer->packet_bytes + ATT_OVERHEAD_BYTES <= mtu) {
    send_messages(writer);
    return;
  }
  error = g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                      "writing DFU packets: BlueZ takes %d bytes at most, not %u, on this "
                      "connection; use a smaller packet size",
                      mtu - ATT_OVERHEAD_BYTES, writer->packet_bytes);
  writer->funcs->failed(error, writer->user_data);
}

static void on_acquired(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  int fd = -1;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, &fd, &error);
  DfuBluezPacketWriter *writer = user_data;
  DfuBluezFault fault;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error == NULL) {
    take_fd(writer, fd, answer);
    return;
  }
  fault = dfu_bluez_error_classify(error);
  if (await_release(writer, error))
    return;
  /* A policy may well deny this call alone: whether all are denied, the next one shows. */
  if (fault.link_lost || fault.repeatable ||
      (fault.code == DFU_ERROR_BLUETOOTH && !fault.denied)) {
    fail(writer, error);
    return;
  }
  writer->is_refused = TRUE;
  send_calls(writer);
}

static void acquire(DfuBluezPacketWriter *writer)
{
  dfu_bluez_bus_call(writer->bus, writer->path, DFU_BLUEZ_CHARACTERISTIC, "AcquireWrite",
                     g_variant_new("(a{sv})", NULL), CALL_TIMEOUT_MS, writer->cancellable,
                     on_acquired, writer);
}

static void on_call_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezPacketWriter *writer = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  writer->n_calls--;
  if (error == NULL) {
    send_calls(writer);
    return;
  }
  /* One call at a time: the packet that was refused is the one before the next. */
  if (writer->order == DFU_LINK_ORDERED) {
    writer->has_empty_packet = writer->next == writer->last;
    writer->next = writer->last;
    if (await_release(writer, error))
      return;
  }
  fail(writer, error);
}

static void send_call(DfuBluezPacketWriter *writer, gsize len)
{
  GVariantBuilder options;
  GVariant *value = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, writer->next, len, 1);

  /* Without a type BlueZ writes with response where the characteristic has that property too. */
  g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&options, "{sv}", "type", g_variant_new_string("command"));
  dfu_bluez_bus_call(writer->bus, writer->path, DFU_BLUEZ_CHARACTERISTIC, "WriteValue",
                     g_variant_new("(@aya{sv})", value, &options), CALL_TIMEOUT_MS,
                     writer->cancellable, on_call_answered, writer);
}

static void send_calls(DfuBluezPacketWriter *writer)
{
  guint limit = writer->order == DFU_LINK_ORDERED ? 1 : STREAM_CALLS;

  while ((writer->next < writer->end || writer->has_empty_packet) && writer->n_calls < limit) {
    gsize len = next_packet_bytes(writer);

    send_call(writer, len);
    writer->last = writer->next;
    writer->next += len;
    writer->has_empty_packet = FALSE;
    writer->n_calls++;
  }
  if (writer->n_calls == 0)
    writer->funcs->written(writer->user_data);
}

DfuBluezPacketWriter *dfu_bluez_packet_writer_new(DfuBluezBus *bus, const char *path, guint16 mtu,
                                                  const DfuBluezPacketWriterFuncs *funcs,
                                                  gpointer user_data)
{
  DfuBluezPacketWriter *writer = g_new0(DfuBluezPacketWriter, 1);

  writer->bus = bus;
  writer->path = g_strdup(path);
  writer->max_packet_bytes = mtu - ATT_OVERHEAD_BYTES;
  writer->funcs = funcs;
  writer->user_data = user_data;
  writer->cancellable = g_cancellable_new();
  return writer;
}

void dfu_bluez_packet_writer_write(DfuBluezPacketWriter *writer, const guint8 *bytes, gsize len,
                                   guint packet_bytes, DfuLinkOrder order)
{
  g_assert(packet_bytes <= writer->max_packet_bytes);
  writer->order = order;
  writer->next = bytes;
  writer->end = len > 0 ? bytes + len : bytes;
  writer->packet_bytes = packet_bytes;
  writer->has_empty_packet = len == 0;
  writer->busy_until_us = g_get_monotonic_time() + RELEASE_TIMEOUT_US;
  if (order == DFU_LINK_ORDERED)
    g_clear_pointer(&writer->acquired, dfu_acquired_fd_free);
  if (writer->acquired != NULL)
    send_messages(writer);
  else if (order == DFU_LINK_STREAM && !writer->is_refused)
    acquire(writer);
  else
    send_calls(writer);
}

void dfu_bluez_packet_writer_free(DfuBluezPacketWriter *writer)
{
  if (writer == NULL)
    return;
  g_cancellable_cancel(writer->cancellable);
  g_object_unref(writer->cancellable);
  g_clear_handle_id(&writer->timer_id, g_source_remove);
  dfu_acquired_fd_free(writer->acquired);
  g_free(writer->path);
  g_free(writer);
}
