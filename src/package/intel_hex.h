/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Intel HEX text to the image that DFU sends: the bytes from the lowest to the
 * highest address, gaps filled with 0xFF. Knows where an nRF5 chip keeps what
 * DFU does not replace (MBR, UICR), and nothing else of packages.
 *
 * Source: Intel, Hexadecimal Object File Format Specification, revision A,
 * 1988; pc-nrfutil 0.5.1, nordicsemi/dfu/nrfhex.py (what is left out).
 */
#ifndef DFU_PACKAGE_INTEL_HEX_H
#define DFU_PACKAGE_INTEL_HEX_H

#include <dfu/error.h>
#include <glib.h>

/**
 * dfu_intel_hex_decode:
 * @text: the contents of a .hex file
 * @max_bytes: the most that the image may hold
 * @error: return location for a #GError
 *
 * Left out: addresses below 0x1000 (MBR), or below 0x3000 in early builds of
 * S132, which are known by the mark of a SoftDevice standing at 0x4004, 0x5004,
 * 0x6004 or 0x7004 and not at 0x3004; and from 0x10000000 up (UICR). The end
 * is padded to a word with 0xFF. The same byte may stand twice at an address.
 *
 * Errors: %DFU_ERROR_PACKAGE, with the number of the line: a malformed record
 * or checksum; two different bytes for one address; text after the end record,
 * or no end record; no data to send; addresses more than @max_bytes apart.
 * Returns: (transfer full) (nullable): the image
 */
GBytes *dfu_intel_hex_decode(GBytes *text, gsize max_bytes, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
