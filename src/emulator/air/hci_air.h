/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Advertising: makes the controller advertise what the board wants to, with its
 * address, whenever nobody is connected; to the last one who was, if it is directed.
 */
#ifndef DFU_EMULATOR_AIR_HCI_AIR_H
#define DFU_EMULATOR_AIR_HCI_AIR_H

#include "emulator/board/board.h"
#include "emulator/air/hci_channel.h"

typedef struct DfuHciAir DfuHciAir;

/** A central, as the controller names it: least significant byte first. */
typedef struct {
  guint8 address_type;
  guint8 address[6];
} DfuHciPeer;

/**
 * dfu_hci_air_new:
 * @renew_ms: switch advertising off and on so often; 0 for never
 * @refused: the controller refuses to advertise; @what says it in words
 *
 * Starts nothing yet. What is passed outlives it.
 */
DfuHciAir *dfu_hci_air_new(DfuBoard *board, DfuHciChannel *channel, guint renew_ms,
                           void (*refused)(const char *what, gpointer user_data),
                           gpointer user_data);
void dfu_hci_air_free(DfuHciAir *air);

/** The board's advertisement may have changed. */
void dfu_hci_air_update(DfuHciAir *air);

/** A connection begins, and with it the advertising ends. */
void dfu_hci_air_connected(DfuHciAir *air, const DfuHciPeer *peer);

/** It is over. */
void dfu_hci_air_disconnected(DfuHciAir *air);

/** The controller has ended directed advertising, as it does after 1.28 seconds. */
void dfu_hci_air_timed_out(DfuHciAir *air);

#endif
