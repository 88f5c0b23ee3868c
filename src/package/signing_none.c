/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The build without signatures.
 */
#include "package/signing.h"

gboolean dfu_signing_is_built_in(void)
{
  return FALSE;
}

gboolean dfu_signing_sign(GBytes *pem, GBytes *data, guint8 *signature, GError **error)
{
  (void)pem;
  (void)data;
  (void)signature;
  g_set_error_literal(error, DFU_ERROR, DFU_ERROR_USAGE,
                      "this build of the program cannot sign; build it where GnuTLS's development "
                      "files are installed");
  return FALSE;
}
