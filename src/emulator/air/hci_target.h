/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The board on the air: a peripheral on a controller of its own.
 */
#ifndef DFU_EMULATOR_AIR_HCI_TARGET_H
#define DFU_EMULATOR_AIR_HCI_TARGET_H

#include "emulator/board/board.h"
#include "emulator/air/hci_controller.h"

typedef struct DfuHciTarget DfuHciTarget;

typedef struct {
  guint renew_ms;           /* switch advertising off and on so often; 0: never */
  gboolean asks_for_update; /* of the connection's parameters, as a real target does */
} DfuHciConfig;

/** The controller does no more; @error says why: %DFU_ERROR_BLUETOOTH. */
typedef void (*DfuHciFailedFunc)(const GError *error, gpointer user_data);

/**
 * dfu_hci_target_new:
 * @controller: set up; it outlives the target, as do @board and @log
 * @failed: called once at most; the target may be freed after it, not by it
 *
 * Listens to @board and advertises it from now on.
 */
DfuHciTarget *dfu_hci_target_new(const DfuHciController *controller, DfuBoard *board,
                                 DfuBoardLog *log, const DfuHciConfig *config,
                                 DfuHciFailedFunc failed, gpointer user_data);

/** Disconnects whoever is connected; may take a second, during which the main context runs. */
void dfu_hci_target_free(DfuHciTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuHciTarget, dfu_hci_target_free)

#endif
