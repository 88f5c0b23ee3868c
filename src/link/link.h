/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The port: what a session needs of any link to a target, and nothing of any
 * one link. An adapter (BlueZ, a test's virtual link) fills in DfuLinkOps and
 * reports events; it knows no opcode. All calls return at once, and all events
 * come from the main context, never from inside a call to the link.
 *
 * One operation of each kind may be under way. Every connect, subscribe,
 * write_control and write_packets is answered by exactly one event, unless the
 * link is lost or disconnected first: then DFU_LINK_LOST or DFU_LINK_FAILED is
 * the answer to everything that was pending, and nothing of the old connection
 * is reported after it.
 */
#ifndef DFU_LINK_LINK_H
#define DFU_LINK_LINK_H

#include <dfu/link.h>

typedef enum {
  DFU_LINK_UP,              /* connected, services resolved: `up` */
  DFU_LINK_FAILED,          /* connect came to nothing: `error`; see DfuLinkTrouble */
  DFU_LINK_SUBSCRIBED,      /* notifications are on, or `att_error`/`error` says why not */
  DFU_LINK_CONTROL_WRITTEN, /* the target acknowledged, or `att_error`/`error` says why not */
  DFU_LINK_PACKETS_WRITTEN, /* the host took all packets; says nothing of the target */
  DFU_LINK_NOTIFIED,        /* a notification of the control point: `bytes` */
  DFU_LINK_LOST,            /* the connection is gone, whoever ended it: `error`, where it is known */
  DFU_LINK_SEEN,            /* watch: the device advertises: `seen` */
} DfuLinkEventType;

/** Whether a failed connect is worth another try. */
typedef enum {
  DFU_LINK_TROUBLE_PASSING,   /* a fault of the moment: try again */
  DFU_LINK_TROUBLE_NOT_FOUND, /* nothing was heard of the device within the time limit */
  DFU_LINK_TROUBLE_LASTING,   /* trying again changes nothing: no adapter, no DFU service, … */
} DfuLinkTrouble;

/**
 * Where to look for the device. A bootloader that starts with no central handed
 * over to it adds 1 to the last byte of its own address, without a carry, and
 * advertises openly (nRF5 SDK 11, dfu_transport_ble.c). "Its address" is the one
 * that was asked for, or the first one that it was connected at.
 */
typedef enum {
  DFU_LINK_FIND_DEVICE, /* at its address */
  DFU_LINK_FIND_TARGET, /* or, advertising the DFU service, at that plus 1 */
  DFU_LINK_FIND_ANY,    /* or at that minus 1: a restart may have started the application there */
} DfuLinkFind;

/** What a fresh connection shows of the device. */
typedef struct {
  guint16 mtu;            /* ATT MTU, bytes */
  gboolean has_revision;  /* DFU Revision was there and could be read */
  guint16 revision;       /* major in the high byte */
  gboolean has_packet;    /* the DFU Packet characteristic is there */
  gboolean packet_has_write; /* and has the Write property besides Write Without Response */
  gboolean has_other_services; /* than Generic Access and Attribute, Device Information, DFU */
  const char *address;    /* where it was reached, "AA:BB:CC:DD:EE:FF" */
  const char *name;       /* printable; may be empty */
  const char *manufacturer; /* of Device Information: printable; empty where it is not told */
  const char *model;
  const char *firmware;
  gint16 rssi;            /* dBm; 0 where unknown */
} DfuLinkUp;

typedef enum { DFU_LINK_SEEN_APPLICATION, DFU_LINK_SEEN_DFU } DfuLinkSeen;

/** One event; pointers in it are the link's and live for the call of the handler. */
typedef struct {
  DfuLinkEventType type;
  DfuLinkTrouble trouble; /* FAILED */
  const GError *error;    /* FAILED, LOST; SUBSCRIBED and CONTROL_WRITTEN where they failed */
  guint8 att_error;       /* SUBSCRIBED, CONTROL_WRITTEN: the target's ATT error, 0 for none */
  DfuLinkUp up;
  const guint8 *bytes;
  gsize len;
  DfuLinkSeen seen;
  const char *seen_address;
} DfuLinkEvent;

typedef void (*DfuLinkHandler)(const DfuLinkEvent *event, gpointer user_data);

/** How packets go out: see write_packets. */
typedef enum {
  DFU_LINK_ORDERED, /* reach the target before any control write made after PACKETS_WRITTEN */
  DFU_LINK_STREAM,  /* fastest; no order against later control writes is promised */
} DfuLinkOrder;

typedef struct {
  /** Find the device and connect. Answer: UP or FAILED, within @timeout_ms. */
  void (*connect)(DfuLink *link, DfuLinkFind find, guint timeout_ms);
  /** Notifications of the control point on. Answer: SUBSCRIBED. */
  void (*subscribe)(DfuLink *link);
  /** Write with response, 1 to 20 bytes. Answer: CONTROL_WRITTEN. */
  void (*write_control)(DfuLink *link, const guint8 *bytes, gsize len);
  /**
   * Write @bytes as commands of @packet_bytes each, the last one shorter;
   * @bytes must stay valid until the answer. No bytes, which only
   * DFU_LINK_ORDERED takes, are one empty packet. Answer: PACKETS_WRITTEN.
   */
  void (*write_packets)(DfuLink *link, const guint8 *bytes, gsize len, guint packet_bytes,
                        DfuLinkOrder order);
  /** End the connection, or the connecting. Answer: LOST, also when there was none. */
  void (*disconnect)(DfuLink *link);
  /** Forget what the host remembers of the device's services; next connect starts clean. */
  void (*forget)(DfuLink *link);
  /**
   * Look for the device on the air, at the addresses it may have after
   * Activate, until @timeout_ms is over, disconnect or connect is called.
   * Each fresh advertisement gives SEEN; no event marks the end.
   */
  void (*watch)(DfuLink *link, guint timeout_ms);
  void (*free)(DfuLink *link);
} DfuLinkOps;

/** Base of every adapter: the first member of its struct. */
struct DfuLink {
  const DfuLinkOps *ops;
  DfuLinkHandler handler;
  gpointer user_data;
};

/** Sets who hears of events; before the first call of an operation. */
void dfu_link_set_handler(DfuLink *link, DfuLinkHandler handler, gpointer user_data);

/** For adapters: hands @event to the handler. */
void dfu_link_emit(DfuLink *link, const DfuLinkEvent *event);

void dfu_link_connect(DfuLink *link, DfuLinkFind find, guint timeout_ms);
void dfu_link_subscribe(DfuLink *link);
void dfu_link_write_control(DfuLink *link, const guint8 *bytes, gsize len);
void dfu_link_write_packets(DfuLink *link, const guint8 *bytes, gsize len, guint packet_bytes,
                            DfuLinkOrder order);
void dfu_link_disconnect(DfuLink *link);
void dfu_link_forget(DfuLink *link);
void dfu_link_watch(DfuLink *link, guint timeout_ms);

#endif
