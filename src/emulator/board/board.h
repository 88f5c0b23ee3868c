/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An emulated board: a program with the target role, or an application that can
 * enter it; whether it is on the air, under which name and address, and the
 * attributes that it offers. It knows no transport: a backend (the bus, an HCI
 * channel) connects to it, writes and reads attributes, and listens.
 *
 * Everything happens in the default main context. Listener functions may be
 * called from inside dfu_board_write(), _command(), _connect() and _disconnect();
 * they must not call these.
 */
#ifndef DFU_EMULATOR_BOARD_BOARD_H
#define DFU_EMULATOR_BOARD_BOARD_H

#include <glib.h>

#include "emulator/board/board_log.h"
#include "emulator/board/gatt_values.h"
#include "target/faults.h"

typedef struct DfuBoard DfuBoard;

/** What is on the air after Activate. */
typedef enum {
  DFU_BOARD_AFTER_BOOT,        /* what the target role boots */
  DFU_BOARD_AFTER_APPLICATION,
  DFU_BOARD_AFTER_DFU,         /* the bootloader again, without a valid application */
  DFU_BOARD_AFTER_NOTHING,
} DfuBoardAfter;

/** Strings and the personality outlive the board. */
typedef struct {
  const DfuPersonality *personality;
  const char *address;       /* where it is found at first, "AA:BB:CC:DD:EE:FF" */
  gboolean app_mode;         /* it runs its application at first, which has a DFU service */
  gboolean app_has_revision; /* with a DFU Revision */
  gboolean same_address;     /* entered from it, the bootloader has its address; else the next */
  gboolean directed;         /* and advertises to whoever was connected to it, alone */
  const char *name;          /* (nullable): of the target, instead of the personality's */
  guint16 mtu;               /* instead of the personality's; 0: not */
  gboolean has_application;
  guint16 device_type;
  guint16 device_revision;
  guint16 softdevice_id;
  gint64 erase_us;           /* time to erase all of the flash that an image may take, */
  gdouble erase_scale;       /* or, if not 0, the time of an erase in that of a real target */
  gint64 write_us;           /* time to write one packet */
  guint16 notification_buffers; /* of the radio stack; 0: enough */
  gint64 notify_us;          /* time that a notification occupies one */
  gint64 boot_us;            /* time off the air at a restart */
  gboolean absent;           /* never on the air */
  DfuBoardAfter after_activate;
  DfuFaults faults;
  const char *out_directory; /* (nullable): where installed images are written */
} DfuBoardConfig;

/** What it sends while nobody is connected; strings are the board's, until the next change. */
typedef struct {
  const char *address;
  const char *name;         /* "": not told */
  const char *const *uuids; /* NULL-terminated */
  gboolean directed;        /* to one central alone, and with nothing else */
} DfuAdvertisement;

typedef struct {
  /** The advertisement started, ended or became another one. */
  void (*advertising_changed)(gpointer user_data);
  /** The answer to dfu_board_write(): 0 for a Write Response, or an ATT error. */
  void (*answered)(guint8 att_error, gpointer user_data);
  /** A notification, or indication, of the characteristic whose value is at @handle. */
  void (*notified)(guint16 handle, const guint8 *bytes, gsize len, gpointer user_data);
  /** The board ended the connection; what was unanswered stays so. */
  void (*disconnected)(gpointer user_data);
} DfuBoardListener;

/**
 * dfu_board_new:
 * @config: copied
 * @log: outlives the board
 *
 * Returns: (transfer full): the board, on the air unless it is absent
 */
DfuBoard *dfu_board_new(const DfuBoardConfig *config, DfuBoardLog *log);
void dfu_board_free(DfuBoard *board);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBoard, dfu_board_free)

void dfu_board_set_listener(DfuBoard *board, const DfuBoardListener *listener, gpointer user_data);

/** What it advertises now; NULL while it is off the air or connected. */
const DfuAdvertisement *dfu_board_get_advertisement(const DfuBoard *board);

/** The attributes of the program that runs now. */
const DfuGattTable *dfu_board_get_table(const DfuBoard *board);

/**
 * dfu_board_connect:
 * @mtu: what the central offers in its MTU exchange
 *
 * A central connects. Returns: the ATT MTU of the connection, 0 if the board
 * does not advertise. It may have dropped the connection before this returns.
 */
guint16 dfu_board_connect(DfuBoard *board, guint16 mtu);

gboolean dfu_board_is_connected(const DfuBoard *board);

/**
 * dfu_board_exchange_mtu:
 * @mtu: what the central offers
 *
 * For a transport that connects before the MTU is settled, with 23 for
 * dfu_board_connect(). Returns: what the board offers; the smaller one counts.
 */
guint16 dfu_board_exchange_mtu(DfuBoard *board, guint16 mtu);

/** TRUE while nothing gets through to it or from it, though the link is up; maybe from the start. */
gboolean dfu_board_is_stalled(const DfuBoard *board);

/** The central ends the connection; no disconnected() follows. Nothing if there is none. */
void dfu_board_disconnect(DfuBoard *board);

/**
 * Write Request, or a long write where @len is more than the MTU allows.
 * answered() follows before this returns, or never; one may be under way.
 */
void dfu_board_write(DfuBoard *board, guint16 handle, const guint8 *bytes, gsize len);

/** Write Command. */
void dfu_board_command(DfuBoard *board, guint16 handle, const guint8 *bytes, gsize len);

/**
 * dfu_board_read:
 * @out: room for DFU_GATT_MAX_VALUE_BYTES
 * @len: (out): bytes in @out
 *
 * Read Request. Returns: 0, or an ATT error.
 */
guint8 dfu_board_read(const DfuBoard *board, guint16 handle, guint8 *out, gsize *len);

#endif
