/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link/link.h"

void dfu_link_set_handler(DfuLink *link, DfuLinkHandler handler, gpointer user_data)
{
  link->handler = handler;
  link->user_data = user_data;
}

void dfu_link_emit(DfuLink *link, const DfuLinkEvent *event)
{
  if (link->handler != NULL)
    link->handler(event, link->user_data);
}

void dfu_link_connect(DfuLink *link, DfuLinkFind find, guint timeout_ms)
{
  link->ops->connect(link, find, timeout_ms);
}

void dfu_link_subscribe(DfuLink *link)
{
  link->ops->subscribe(link);
}

void dfu_link_write_control(DfuLink *link, const guint8 *bytes, gsize len)
{
  g_assert(len > 0 && len <= 20);
  link->ops->write_control(link, bytes, len);
}

void dfu_link_write_packets(DfuLink *link, const guint8 *bytes, gsize len, guint packet_bytes,
                            DfuLinkOrder order)
{
  g_assert((len > 0 || order == DFU_LINK_ORDERED) && packet_bytes > 0);
  link->ops->write_packets(link, bytes, len, packet_bytes, order);
}

void dfu_link_disconnect(DfuLink *link)
{
  link->ops->disconnect(link);
}

void dfu_link_forget(DfuLink *link)
{
  link->ops->forget(link);
}

void dfu_link_watch(DfuLink *link, guint timeout_ms)
{
  link->ops->watch(link, timeout_ms);
}

void dfu_link_free(DfuLink *link)
{
  if (link == NULL)
    return;
  link->handler = NULL;
  link->ops->free(link);
}
