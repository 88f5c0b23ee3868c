/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a board installed, as files: NAME.bin, and NAME.dat with the init packet
 * that came with it.
 */
#ifndef DFU_EMULATOR_BOARD_IMAGE_FILES_H
#define DFU_EMULATOR_BOARD_IMAGE_FILES_H

#include <glib.h>

/** NAME for a mode of Start: "application", "bootloader", "softdevice", "softdevice_bootloader". */
const char *dfu_image_files_name(guint8 mode);

/**
 * dfu_image_files_write:
 * @directory: where; made if it does not exist
 * @mode: the mode byte of Start, which gives NAME
 *
 * Replaces both files, the image last; a reader sees the old one or the new one.
 *
 * Errors: %DFU_ERROR_INTERNAL
 */
gboolean dfu_image_files_write(const char *directory, guint8 mode, const guint8 *image,
                               gsize image_bytes, const guint8 *init, gsize init_bytes,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
