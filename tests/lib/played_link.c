/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/played_link.h"

static GString *calls_of(DfuLink *link)
{
  return ((PlayedLink *)link)->calls; /* its first member */
}

static void on_connect(DfuLink *link, DfuLinkFind find, guint timeout_ms)
{
  ((PlayedLink *)link)->find = find;
  g_string_append_printf(calls_of(link), "connect %u;", timeout_ms);
}

static void on_subscribe(DfuLink *link)
{
  g_string_append(calls_of(link), "subscribe;");
}

static void on_write_control(DfuLink *link, const guint8 *bytes, gsize len)
{
  g_string_append(calls_of(link), "write");
  for (gsize i = 0; i < len; i++)
    g_string_append_printf(calls_of(link), " %02x", bytes[i]);
  g_string_append_c(calls_of(link), ';');
}

static void on_write_packets(DfuLink *link, const guint8 *bytes G_GNUC_UNUSED, gsize len,
                             guint packet_bytes, DfuLinkOrder order G_GNUC_UNUSED)
{
  g_string_append_printf(calls_of(link), "packets %" G_GSIZE_FORMAT "/%u;", len, packet_bytes);
}

static void on_disconnect(DfuLink *link)
{
  g_string_append(calls_of(link), "disconnect;");
}

static void on_watch(DfuLink *link, guint timeout_ms)
{
  g_string_append_printf(calls_of(link), "watch %u;", timeout_ms);
}

static const DfuLinkOps ops = {
  .connect = on_connect,
  .subscribe = on_subscribe,
  .write_control = on_write_control,
  .write_packets = on_write_packets,
  .disconnect = on_disconnect,
  .watch = on_watch,
};

void played_link_init(PlayedLink *link)
{
  *link = (PlayedLink){.base.ops = &ops, .calls = g_string_new(NULL)};
}

void played_link_clear(PlayedLink *link)
{
  g_string_free(link->calls, TRUE);
}

void played_link_emit(PlayedLink *link, DfuLinkEventType type)
{
  dfu_link_emit(&link->base, &(DfuLinkEvent){.type = type});
}

static const char *or_else(const char *text, const char *otherwise)
{
  return text != NULL ? text : otherwise;
}

void played_link_emit_device(PlayedLink *link, DfuLinkUp up)
{
  up.address = or_else(up.address, PLAYED_ADDRESS);
  up.name = or_else(up.name, "DfuTarg");
  up.manufacturer = or_else(up.manufacturer, "");
  up.model = or_else(up.model, "");
  up.firmware = or_else(up.firmware, "");
  dfu_link_emit(&link->base, &(DfuLinkEvent){.type = DFU_LINK_UP, .up = up});
}

void played_link_emit_up(PlayedLink *link, guint16 revision)
{
  played_link_emit_device(
    link, (DfuLinkUp){.mtu = 23, .has_revision = TRUE, .revision = revision, .has_packet = TRUE});
}

void played_link_emit_notified(PlayedLink *link, const void *bytes, gsize len)
{
  dfu_link_emit(&link->base,
                &(DfuLinkEvent){.type = DFU_LINK_NOTIFIED, .bytes = bytes, .len = len});
}

void played_link_emit_error(PlayedLink *link, DfuLinkEventType type, DfuLinkTrouble trouble,
                            DfuError code)
{
  g_autoptr(GError) error = g_error_new(DFU_ERROR, code, "played");

  dfu_link_emit(&link->base, &(DfuLinkEvent){.type = type, .trouble = trouble, .error = error});
}
