/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One run at a time for each device: a lock on a small file in the user's
 * state directory. The kernel lets go of it when the process ends, however it
 * ends, so a file that stays behind means nothing.
 */
#ifndef DFU_CLI_LOCK_H
#define DFU_CLI_LOCK_H

#include <dfu/error.h>
#include <glib.h>

typedef struct DfuLock DfuLock;

/** Whether others may hold the lock as well, shared like this one. */
typedef enum { DFU_LOCK_EXCLUSIVE, DFU_LOCK_SHARED } DfuLockKind;

/**
 * dfu_lock_acquire:
 * @key: the device: its address in either case, or the name it goes by
 * @warning: (out) (transfer full) (nullable): why there is no lock although the result is %TRUE:
 *   the state directory cannot be used, so nothing tells other runs of this one
 * @lock: (out) (transfer full) (nullable): to be freed at the end of the run
 *
 * Errors: %DFU_ERROR_BUSY: another run holds the lock; the message names its process.
 */
gboolean dfu_lock_acquire(const char *key, DfuLockKind kind, DfuLock **lock, char **warning,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

void dfu_lock_free(DfuLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuLock, dfu_lock_free)

#endif
