/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Signatures, against the published ones of RFC 6979, A.2.5 (P-256, SHA-256).
 * Skipped where the build cannot sign.
 */
#include "lib/cmocka_all.h"

#include <string.h>

#include <dfu/package.h>

#include "lib/expect_error.h"
#include "package/signing.h"

/* The RFC's key x = C9AFA9D8…, as "EC PRIVATE KEY" (RFC 5915) and as "PRIVATE KEY" (PKCS #8). */
#define RFC_KEY \
  "-----BEGIN EC PRIVATE KEY-----\n" \
  "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n" \
  "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n" \
  "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n" \
  "-----END EC PRIVATE KEY-----\n"
#define RFC_KEY_PKCS8 \
  "-----BEGIN PRIVATE KEY-----\n" \
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX\n" \
  "Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth\n" \
  "+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ\n" \
  "-----END PRIVATE KEY-----\n"

/* Made for this test by `openssl ecparam -name secp384r1 -genkey -noout`. */
#define KEY_OF_P384 \
  "-----BEGIN EC PRIVATE KEY-----\n" \
  "MIGkAgEBBDAoaMFunLiZagLx0DZ07jxPithjYTdFaGSg2YTbJKjwEu6KtCiqRpp3\n" \
  "Sg3bswkCSFOgBwYFK4EEACKhZANiAAShdTXVZn99LkZggmjncwnNg8VXRaKDKxrb\n" \
  "BX0gDL6ELLEw15t0S1bNVb3rlf+eXCv70Yi2eKqErWsLR4QptgEz3JEbCZ03pXfy\n" \
  "Sfh3nxfNipI+GdtdUOwxB4zm81Mbl/E=\n" \
  "-----END EC PRIVATE KEY-----\n"

/* Made for this test by `openssl pkcs8 -topk8` from the RFC's key, with the password "secret". */
#define ENCRYPTED_KEY \
  "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
  "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjtSvWtEt5rDwICCAAw\n" \
  "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEInatOwR8dSDH4JaW8GSXbEEgZBu\n" \
  "FIE4LLgP6YDlDlnVZfXYu0VBNQDBP0Ho+sn5dq5L8I7AlehtGNmt3f97kwl1tOpH\n" \
  "TThj6/BJvVcKTxin+b/EgfYKNX661vVYfP7dgntcBEOGqA3C8qVL4fT+gy0Maw5H\n" \
  "cy5tLjcdQe3GEv+iRGPdUkceBQ69NNkfviSzjUGP27jjzQxim5W6nxiqam75A6U=\n" \
  "-----END ENCRYPTED PRIVATE KEY-----\n"

static char *sign(const char *pem, const char *text)
{
  g_autoptr(GBytes) key = g_bytes_new(pem, strlen(pem));
  g_autoptr(GBytes) data = g_bytes_new(text, strlen(text));
  guint8 signature[DFU_SIGNATURE_BYTES];
  GString *hex = g_string_new(NULL);

  assert_true(dfu_signing_sign(key, data, signature, NULL));
  for (gsize i = 0; i < sizeof signature; i++)
    g_string_append_printf(hex, "%02X", signature[i]);
  return g_string_free(hex, FALSE);
}

static void sign_gives_the_signatures_of_rfc_6979(void **state)
{
  g_autofree char *sample = sign(RFC_KEY, "sample");
  g_autofree char *test = sign(RFC_KEY, "test");

  (void)state;
  assert_string_equal(sample, "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                              "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
  assert_string_equal(test, "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
                            "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083");
}

static void sign_takes_the_key_in_either_envelope(void **state)
{
  g_autofree char *one = sign(RFC_KEY, "sample");
  g_autofree char *other = sign(RFC_KEY_PKCS8, "sample");

  (void)state;
  assert_string_equal(one, other);
}

static void sign_with_another_key_is_refused(void **state)
{
  static const struct {
    const char *pem;
    const char *message;
  } cases[] = {
    {"", "no private key of the curve P-256"},
    {"hello\n", "no private key of the curve P-256"},
    {"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
     "no private key of the curve P-256"},
    {KEY_OF_P384, "SECP384R1, but it must be of the curve P-256"},
    {ENCRYPTED_KEY, "the private key is encrypted"},
  };
  g_autoptr(GBytes) data = g_bytes_new_static("sample", 6);

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GBytes) key = g_bytes_new(cases[i].pem, strlen(cases[i].pem));
    guint8 signature[DFU_SIGNATURE_BYTES];
    GError *error = NULL;

    assert_false(dfu_signing_sign(key, data, signature, &error));
    dfu_expect_error(&error, DFU_ERROR_PACKAGE, cases[i].message);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sign_gives_the_signatures_of_rfc_6979),
    cmocka_unit_test(sign_takes_the_key_in_either_envelope),
    cmocka_unit_test(sign_with_another_key_is_refused),
  };

  if (!dfu_signing_is_built_in()) {
    print_message("this build cannot sign\n");
    return 77;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
