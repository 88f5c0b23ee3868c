/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "package/intel_hex.h"

#include <string.h>

#define MBR_END 0x1000u
#define EARLY_S132_MBR_END 0x3000u
#define UICR_START 0x10000000u
#define SOFTDEVICE_MARK 0x51b1e5dbu
#define WORD_BYTES 4u

/** Data bytes, and around them: length, address (2), type and checksum. */
enum {
  MAX_DATA_BYTES = 255,
  OVERHEAD_BYTES = 5,
  MAX_RECORD_BYTES = MAX_DATA_BYTES + OVERHEAD_BYTES,
};

enum {
  RECORD_DATA = 0,
  RECORD_END = 1,
  RECORD_SEGMENT_BASE = 2,
  RECORD_SEGMENT_START = 3,
  RECORD_LINEAR_BASE = 4,
  RECORD_LINEAR_START = 5,
};

/** Where the reading of the text has got to. */
typedef struct {
  const char *at;
  const char *end;
  guint line;
  guint32 base;
  gboolean segmented; /* @base is a segment's: addresses may not leave its 64 kB */
  gboolean ended;
} Reader;

typedef struct {
  guint8 bytes[MAX_RECORD_BYTES];
  guint8 n_data;
  guint8 type;
  guint16 offset;
  const guint8 *data;
} Record;

/** Data of the text that DFU sends: addresses [start, end), later their bytes. */
typedef struct {
  guint32 start;
  guint32 end;
  guint8 *bytes;
  guint8 *is_set; /* one for each of @bytes */
} Image;

typedef gboolean (*DataFunc)(Image *image, guint32 address, guint8 byte);

static gboolean fail(const Reader *reader, GError **error, const char *message)
{
  g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE, "line %u: %s", reader->line, message);
  return FALSE;
}

/** The next line that is not blank, without its end; NULL after the last. */
static const char *next_line(Reader *reader, gsize *len)
{
  while (reader->at < reader->end) {
    const char *line = reader->at;
    const char *newline = memchr(line, '\n', (gsize)(reader->end - line));

    reader->at = newline != NULL ? newline + 1 : reader->end;
    reader->line++;
    *len = (gsize)((newline != NULL ? newline : reader->end) - line);
    while (*len > 0 && g_ascii_isspace(line[*len - 1]))
      (*len)--;
    if (*len > 0)
      return line;
  }
  return NULL;
}

static gboolean decode_digits(const char *hex, gsize n_bytes, guint8 *out)
{
  for (gsize i = 0; i < n_bytes; i++) {
    int high = g_ascii_xdigit_value(hex[2 * i]);
    int low = g_ascii_xdigit_value(hex[2 * i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    out[i] = (guint8)(high << 4 | low);
  }
  return TRUE;
}

static gboolean parse_record(const Reader *reader, const char *line, gsize len, Record *record,
                             GError **error)
{
  gsize n_bytes = (len - 1) / 2;
  guint8 sum = 0;

  if (line[0] != ':')
    return fail(reader, error, "an Intel HEX record begins with a colon");
  if (len % 2 == 0 || n_bytes < OVERHEAD_BYTES || n_bytes > MAX_RECORD_BYTES ||
      !decode_digits(line + 1, n_bytes, record->bytes))
    return fail(reader, error, "this is not an Intel HEX record of hexadecimal digit pairs");
  record->n_data = record->bytes[0];
  if (n_bytes != (gsize)record->n_data + OVERHEAD_BYTES)
    return fail(reader, error, "the record is longer or shorter than it says");
  for (gsize i = 0; i < n_bytes; i++)
    sum = (guint8)(sum + record->bytes[i]);
  if (sum != 0)
    return fail(reader, error, "the checksum of the record is wrong; the file is damaged");
  record->offset = (guint16)(record->bytes[1] << 8 | record->bytes[2]);
  record->type = record->bytes[3];
  record->data = record->bytes + 4;
  return TRUE;
}

static gboolean read_base(Reader *reader, const Record *record, GError **error)
{
  if (record->n_data != 2)
    return fail(reader, error, "an address record holds two bytes");
  reader->segmented = record->type == RECORD_SEGMENT_BASE;
  reader->base = (guint32)(record->data[0] << 8 | record->data[1]);
  reader->base <<= reader->segmented ? 4 : 16;
  return TRUE;
}

static gboolean read_data(const Reader *reader, const Record *record, DataFunc func, Image *image,
                          GError **error)
{
  guint64 first = (guint64)reader->base + record->offset;

  if ((reader->segmented && record->offset + record->n_data > 0x10000) ||
      first + record->n_data > (guint64)G_MAXUINT32 + 1)
    return fail(reader, error, "the data runs past the end of its segment or of the addresses");
  for (guint i = 0; i < record->n_data; i++) {
    guint32 address = (guint32)(first + i);

    if (address >= MBR_END && address < UICR_START && !func(image, address, record->data[i]))
      return fail(reader, error, "the file holds two different bytes for one address");
  }
  return TRUE;
}

static gboolean read_record(Reader *reader, const Record *record, DataFunc func, Image *image,
                            GError **error)
{
  if (reader->ended)
    return fail(reader, error, "there is a record after the end record");
  switch (record->type) {
  case RECORD_DATA:
    return read_data(reader, record, func, image, error);
  case RECORD_SEGMENT_BASE:
  case RECORD_LINEAR_BASE:
    return read_base(reader, record, error);
  case RECORD_SEGMENT_START:
  case RECORD_LINEAR_START:
    return record->n_data == 4 || fail(reader, error, "a start record holds four bytes");
  case RECORD_END:
    reader->ended = TRUE;
    return record->n_data == 0 || fail(reader, error, "an end record holds no data");
  default:
    return fail(reader, error, "the type of the record is unknown");
  }
}

/** Goes through the text once and hands each byte that DFU sends to @func. */
static gboolean read_text(GBytes *text, DataFunc func, Image *image, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(text, &len);
  Reader reader = {.at = data, .end = data + len};
  const char *line;

  while ((line = next_line(&reader, &len)) != NULL) {
    Record record;

    if (!parse_record(&reader, line, len, &record, error) ||
        !read_record(&reader, &record, func, image, error))
      return FALSE;
  }
  if (!reader.ended)
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the file ends after line %u without an end record; it is cut short", reader.line);
  return reader.ended;
}

static gboolean widen(Image *image, guint32 address, guint8 byte G_GNUC_UNUSED)
{
  image->start = MIN(image->start, address);
  image->end = MAX(image->end, address + 1);
  return TRUE;
}

static gboolean place(Image *image, guint32 address, guint8 byte)
{
  gsize at = address - image->start;

  if (image->is_set[at] && image->bytes[at] != byte)
    return FALSE;
  image->bytes[at] = byte;
  image->is_set[at] = TRUE;
  return TRUE;
}

static gboolean has_mark(const Image *image, guint32 address)
{
  static const guint8 mark[WORD_BYTES] = {
    SOFTDEVICE_MARK & 0xff, SOFTDEVICE_MARK >> 8 & 0xff, SOFTDEVICE_MARK >> 16 & 0xff,
    SOFTDEVICE_MARK >> 24,
  };

  return address >= image->start && address + WORD_BYTES <= image->end &&
         memcmp(image->bytes + (address - image->start), mark, WORD_BYTES) == 0;
}

/** Where the part of @image that DFU sends begins: behind the MBR, on data. */
static guint32 find_start(const Image *image)
{
  guint32 start = image->start;

  if (has_mark(image, 0x3004) ||
      !(has_mark(image, 0x4004) || has_mark(image, 0x5004) || has_mark(image, 0x6004) ||
        has_mark(image, 0x7004)))
    return start;
  start = MAX(start, EARLY_S132_MBR_END);
  while (!image->is_set[start - image->start])
    start++;
  return start;
}

static GBytes *cut_image(const Image *image)
{
  guint32 start = find_start(image);
  gsize len = image->end - start;
  gsize padded = (len + WORD_BYTES - 1) / WORD_BYTES * WORD_BYTES;
  guint8 *bytes = g_malloc(padded);

  memcpy(bytes, image->bytes + (start - image->start), len);
  memset(bytes + len, 0xff, padded - len);
  return g_bytes_new_take(bytes, padded);
}

GBytes *dfu_intel_hex_decode(GBytes *text, gsize max_bytes, GError **error)
{
  Image image = {.start = G_MAXUINT32};

  if (!read_text(text, widen, &image, error))
    return NULL;
  if (image.end == 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the file holds no data between 0x%x and 0x%x, so there is nothing to send",
                MBR_END, UICR_START);
    return NULL;
  }

  gsize len = image.end - image.start;

  if (len > max_bytes) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_PACKAGE,
                "the data lies between 0x%x and 0x%x, which makes an image of %" G_GSIZE_FORMAT
                " bytes, but at most %" G_GSIZE_FORMAT " are allowed", image.start, image.end,
                len, max_bytes);
    return NULL;
  }

  g_autofree guint8 *bytes = g_malloc(len);
  g_autofree guint8 *is_set = g_malloc0(len);

  memset(bytes, 0xff, len);
  image.bytes = bytes;
  image.is_set = is_set;
  if (!read_text(text, place, &image, error))
    return NULL;
  return cut_image(&image);
}
