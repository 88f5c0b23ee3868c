/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Making DFU packages: from images to the zip file that the usual packers
 * would make of them, in members, manifest and init packets.
 *
 * Source: pc-nrfutil 0.5.1 and adafruit-nrfutil, nordicsemi/dfu/package.py.
 */
#ifndef DFU_PACK_H
#define DFU_PACK_H

#include <dfu/package.h>

G_BEGIN_DECLS

/**
 * DfuPackPart:
 * @init: @layout and the common fields of the init packet; the rest is computed
 * @init_packet: (nullable): an init packet that is taken as it is instead;
 *   @init then is what the manifest says of it, and its layout the packet's
 *
 * What a part's init packet is to be.
 */
typedef struct {
  DfuInitPacket init;
  GBytes *init_packet;
} DfuPackPart;

/**
 * DfuPackPlan:
 * @application: (nullable): path of a .bin or .hex file; likewise the next two
 * @application_part: for the application
 * @system_part: for SoftDevice, bootloader, or both
 * @key: (nullable): path of a P-256 private key in PEM, for %DFU_INIT_SIGNED
 */
typedef struct {
  const char *application;
  const char *bootloader;
  const char *softdevice;
  DfuPackPart application_part;
  DfuPackPart system_part;
  const char *key;
} DfuPackPlan;

/**
 * dfu_pack_make:
 * @plan: at least one image; a @key if an init packet is to be made with
 *   %DFU_INIT_SIGNED; no init packet to be made with %DFU_INIT_CUSTOM
 * @error: return location for a #GError
 *
 * Members have the base names of the images, .hex replaced by .bin, and .dat in
 * its place for the init packets. SoftDevice and bootloader become one image,
 * sd_bl.bin. Images are padded to words with 0xFF; HEX files are converted as
 * dfu_package_read_bytes() does. The manifest's `dfu_version` is the highest
 * that a layout takes. The same files and plan give the same bytes.
 *
 * Errors: %DFU_ERROR_PACKAGE: a file that cannot be read or is too large; a
 * name that does not end with .bin or .hex, or is no UTF-8; two members of one
 * name; a key that is none; a package that dfu_package_read_bytes() would
 * refuse. %DFU_ERROR_USAGE: this build cannot sign. %DFU_ERROR_INTERNAL: a
 * library failed.
 * Returns: (transfer full) (nullable): the zip file
 */
GBytes *dfu_pack_make(const DfuPackPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_pack_write:
 * @zip: of dfu_pack_make()
 * @path: where it goes
 * @replace: whether a regular file there is replaced
 * @error: return location for a #GError
 *
 * Writes the file whole or not at all.
 *
 * Errors: %DFU_ERROR_USAGE: there is a file already, or with @replace something
 * that is no regular file; %DFU_ERROR_INTERNAL: it cannot be written.
 */
gboolean dfu_pack_write(GBytes *zip, const char *path, gboolean replace, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/** Whether this build of the library can sign. */
gboolean dfu_pack_can_sign(void);

G_END_DECLS

#endif
