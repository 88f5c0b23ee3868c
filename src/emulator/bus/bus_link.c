/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator/bus/bus_link.h"

#include "base/deadline.h"

enum {
  HOST_MTU = 517,             /* [GATT] ExchangeMTU of main.conf */
  ATT_HEADER_BYTES = 3,
  ATT_TIMEOUT_S = 30,         /* Bluetooth Core, Vol 3, Part F, 3.3.3 */
  ATT_UNLIKELY_ERROR = 0x0e,  /* what bluetoothd reports for a request that got no answer */
  MAX_CATCH_UP_US = 5000,     /* a timer that fires late does not slow the air down */
};

typedef struct {
  guint16 handle;
  GBytes *bytes;
  DfuBusLinkFunc func; /* NULL: a command */
  gpointer user_data;
} Item;

struct DfuBusLink {
  DfuBoard *board;
  gint64 air_us;
  void (*on_timeout)(gpointer user_data);
  gpointer user_data;
  gboolean open;
  guint16 mtu;
  GQueue items;  /* Item, waiting for the air */
  Item *on_air;  /* a request that waits for its answer */
  guint timeout_id;
  gint64 air_free_us;
  GSource *air_free;
  gboolean sending;
};

static void free_item(Item *item)
{
  g_bytes_unref(item->bytes);
  g_free(item);
}

static void finish(Item *request, guint result)
{
  request->func(result, request->user_data);
  free_item(request);
}

void dfu_bus_link_close(DfuBusLink *link)
{
  Item *item;

  link->open = FALSE;
  g_clear_handle_id(&link->timeout_id, g_source_remove);
  dfu_deadline_set(link->air_free, G_MAXINT64);
  if (link->on_air != NULL) {
    finish(g_steal_pointer(&link->on_air), ATT_UNLIKELY_ERROR);
  }
  while ((item = g_queue_pop_head(&link->items)) != NULL) {
    if (item->func != NULL) {
      finish(item, DFU_BUS_LINK_NOT_SENT);
    } else {
      free_item(item);
    }
  }
}

static gboolean on_att_timeout(gpointer user_data)
{
  DfuBusLink *link = user_data;

  link->timeout_id = 0;
  dfu_bus_link_close(link);
  link->on_timeout(link->user_data);
  return G_SOURCE_REMOVE;
}

static void send_item(DfuBusLink *link, Item *item)
{
  g_autoptr(GBytes) bytes = g_bytes_ref(item->bytes);
  gconstpointer data = g_bytes_get_data(bytes, NULL);
  guint16 handle = item->handle;

  if (item->func == NULL) {
    free_item(item);
    dfu_board_command(link->board, handle, data, g_bytes_get_size(bytes));
    return;
  }
  link->on_air = item;
  link->timeout_id = g_timeout_add_seconds(ATT_TIMEOUT_S, on_att_timeout, link);
  dfu_board_write(link->board, handle, data, g_bytes_get_size(bytes));
}

/* Takes the air for one item. Returns: FALSE while it is still taken by the one before. */
static gboolean take_air(DfuBusLink *link)
{
  gint64 now_us;

  if (link->air_us == 0) {
    return TRUE;
  }
  now_us = g_get_monotonic_time();
  if (now_us < link->air_free_us) {
    dfu_deadline_set(link->air_free, link->air_free_us);
    return FALSE;
  }
  link->air_free_us = MAX(link->air_free_us, now_us - MAX_CATCH_UP_US) + link->air_us;
  return TRUE;
}

/* The board may answer from inside send_item(), so this is a loop, not a recursion. */
static void send_items(DfuBusLink *link)
{
  if (link->sending) {
    return;
  }
  link->sending = TRUE;
  while (link->open && link->on_air == NULL && !g_queue_is_empty(&link->items) && take_air(link)) {
    send_item(link, g_queue_pop_head(&link->items));
  }
  link->sending = FALSE;
}

static void on_air_free(gpointer user_data)
{
  send_items(user_data);
}

static void enqueue(DfuBusLink *link, guint16 handle, const guint8 *bytes, gsize len,
                    DfuBusLinkFunc func, gpointer user_data)
{
  Item *item = g_new(Item, 1);

  *item = (Item){handle, g_bytes_new(bytes, len), func, user_data};
  if (g_queue_is_empty(&link->items)) { /* an idle air saves nothing up */
    link->air_free_us = MAX(link->air_free_us, g_get_monotonic_time());
  }
  g_queue_push_tail(&link->items, item);
  send_items(link);
}

DfuBusLink *dfu_bus_link_new(DfuBoard *board, gint64 air_us, void (*on_timeout)(gpointer),
                             gpointer user_data)
{
  DfuBusLink *link = g_new0(DfuBusLink, 1);

  link->board = board;
  link->air_us = air_us;
  link->on_timeout = on_timeout;
  link->user_data = user_data;
  g_queue_init(&link->items);
  link->air_free = dfu_deadline_new(on_air_free, link);
  return link;
}

void dfu_bus_link_free(DfuBusLink *link)
{
  dfu_bus_link_close(link);
  dfu_deadline_free(link->air_free);
  g_free(link);
}

gboolean dfu_bus_link_open(DfuBusLink *link)
{
  guint16 mtu = dfu_board_connect(link->board, HOST_MTU);

  if (mtu == 0) {
    return FALSE;
  }
  link->mtu = mtu;
  link->open = TRUE;
  return TRUE;
}

gboolean dfu_bus_link_is_open(const DfuBusLink *link)
{
  return link->open;
}

gboolean dfu_bus_link_is_idle(const DfuBusLink *link)
{
  return link->on_air == NULL && link->items.length == 0;
}

guint16 dfu_bus_link_get_mtu(const DfuBusLink *link)
{
  return link->mtu;
}

void dfu_bus_link_write(DfuBusLink *link, guint16 handle, const guint8 *bytes, gsize len,
                        DfuBusLinkFunc func, gpointer user_data)
{
  enqueue(link, handle, bytes, len, func, user_data);
}

void dfu_bus_link_answered(DfuBusLink *link, guint8 att_error)
{
  g_clear_handle_id(&link->timeout_id, g_source_remove);
  finish(g_steal_pointer(&link->on_air), att_error);
  send_items(link);
}

gboolean dfu_bus_link_command(DfuBusLink *link, guint16 handle, const guint8 *bytes, gsize len)
{
  if (len > (gsize)link->mtu - ATT_HEADER_BYTES) {
    return FALSE;
  }
  if (link->air_us == 0 && g_queue_is_empty(&link->items)) { /* no copy: this is the fast way */
    dfu_board_command(link->board, handle, bytes, len);
  } else {
    enqueue(link, handle, bytes, len, NULL, NULL);
  }
  return TRUE;
}

guint8 dfu_bus_link_read(DfuBusLink *link, guint16 handle, guint8 *out, gsize *len)
{
  return dfu_board_read(link->board, handle, out, len);
}
