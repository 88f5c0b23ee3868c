/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Signatures by GnuTLS.
 */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "package/signing.h"

#define COORDINATE_BYTES 32u

typedef struct gnutls_privkey_st PrivateKey;
typedef struct gnutls_pubkey_st PublicKey;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrivateKey, gnutls_privkey_deinit)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PublicKey, gnutls_pubkey_deinit)

gboolean dfu_signing_is_built_in(void)
{
  return TRUE;
}

static gnutls_datum_t datum_of(GBytes *bytes)
{
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);

  return (gnutls_datum_t){.data = (unsigned char *)data, .size = (unsigned int)len};
}

static gboolean check(int status, const char *what, GError **error)
{
  if (status >= 0)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_INTERNAL, "%s: %s", what, gnutls_strerror(status));
  return FALSE;
}

static gboolean import_key(gnutls_privkey_t key, GBytes *pem, GError **error)
{
  const gnutls_datum_t text = datum_of(pem);
  int status = gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);

  if (status == GNUTLS_E_SUCCESS)
    return TRUE;
  if (status == GNUTLS_E_DECRYPTION_FAILED)
    g_set_error_literal(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                        "the private key is encrypted; write it without a password, for instance "
                        "with openssl pkey");
  else
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "this is no private key of the curve P-256 in PEM (%s); make one with: openssl "
                "ecparam -name prime256v1 -genkey -noout -out key.pem", gnutls_strerror(status));
  return FALSE;
}

static gboolean check_curve(gnutls_privkey_t key, GError **error)
{
  g_autoptr(PublicKey) public_key = NULL;
  gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
  gnutls_datum_t x = {NULL, 0}, y = {NULL, 0};

  if (!check(gnutls_pubkey_init(&public_key), "the public key", error) ||
      !check(gnutls_pubkey_import_privkey(public_key, key, 0, 0), "the public key", error))
    return FALSE;
  if (gnutls_pubkey_get_pk_algorithm(public_key, NULL) == GNUTLS_PK_ECDSA &&
      gnutls_pubkey_export_ecc_raw(public_key, &curve, &x, &y) < 0)
    curve = GNUTLS_ECC_CURVE_INVALID;
  gnutls_free(x.data);
  gnutls_free(y.data);
  if (curve == GNUTLS_ECC_CURVE_SECP256R1)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
              "the private key is of the kind %s, but it must be of the curve P-256 (prime256v1)",
              curve != GNUTLS_ECC_CURVE_INVALID
                ? gnutls_ecc_curve_get_name(curve)
                : gnutls_pk_get_name(gnutls_privkey_get_pk_algorithm(key, NULL)));
  return FALSE;
}

/** A number of at most 32 bytes after its leading zeros, to exactly 32. */
static void put_coordinate(const gnutls_datum_t *number, guint8 *out)
{
  const guint8 *data = number->data;
  gsize len = number->size;

  for (; len > COORDINATE_BYTES; len--)
    data++;
  memset(out, 0, COORDINATE_BYTES - len);
  memcpy(out + COORDINATE_BYTES - len, data, len);
}

/** GnuTLS gives r and s in an envelope of ASN.1; targets want them bare. */
static gboolean unwrap(const gnutls_datum_t *envelope, guint8 *signature, GError **error)
{
  gnutls_datum_t r = {NULL, 0}, s = {NULL, 0};

  if (!check(gnutls_decode_rs_value(envelope, &r, &s), "the signature", error))
    return FALSE;
  put_coordinate(&r, signature);
  put_coordinate(&s, signature + COORDINATE_BYTES);
  gnutls_free(r.data);
  gnutls_free(s.data);
  return TRUE;
}

gboolean dfu_signing_sign(GBytes *pem, GBytes *data, guint8 *signature, GError **error)
{
  g_autoptr(PrivateKey) key = NULL;
  const gnutls_datum_t text = datum_of(data);
  gnutls_datum_t envelope = {NULL, 0};
  gboolean ok;

  if (!check(gnutls_privkey_init(&key), "the private key", error) ||
      !import_key(key, pem, error) || !check_curve(key, error))
    return FALSE;
  if (!check(gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA256,
                                       GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE, &text, &envelope),
             "the signature", error))
    return FALSE;
  ok = unwrap(&envelope, signature, error);
  gnutls_free(envelope.data);
  return ok;
}
