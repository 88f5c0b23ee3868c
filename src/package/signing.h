/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ECDSA on the curve P-256 over SHA-256, as init packets of version 0.8 are
 * signed. Knows nothing of init packets.
 *
 * signing_gnutls.c does it; signing_none.c stands in where the program is
 * built without a library for it.
 *
 * Source: pc-nrfutil 0.5.1, nordicsemi/dfu/signing.py; RFC 6979 (the nonce is
 * derived from key and data: the same input gives the same signature).
 */
#ifndef DFU_PACKAGE_SIGNING_H
#define DFU_PACKAGE_SIGNING_H

#include <dfu/error.h>
#include <glib.h>

#define DFU_SIGNING_MAX_KEY_BYTES (64u * 1024)

/** Whether this build can sign at all. */
gboolean dfu_signing_is_built_in(void);

/**
 * dfu_signing_sign:
 * @pem: the private key in PEM, "EC PRIVATE KEY" or "PRIVATE KEY"
 * @data: what is to be signed
 * @signature: (out): r and s, big-endian; DFU_SIGNATURE_BYTES
 * @error: return location for a #GError
 *
 * Errors: %DFU_ERROR_PACKAGE: no such key, an encrypted one, or one of another
 * curve; %DFU_ERROR_USAGE: this build cannot sign; %DFU_ERROR_INTERNAL: the
 * library failed.
 * Returns: whether @signature was filled
 */
gboolean dfu_signing_sign(GBytes *pem, GBytes *data, guint8 *signature, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

#endif
