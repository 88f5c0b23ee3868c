/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Faults as text: the reading half of faults.h.
 */
#include <stdio.h>
#include <string.h>

#include "target/faults.h"

enum {
  MAX_PARTS = 3,
  PART_BYTES = 48,
  US_PER_SECOND = 1000000,
  DEFAULT_AWAY_US = US_PER_SECOND,
  DEFAULT_SUPERVISION_US = 4 * US_PER_SECOND, /* SDK bootloaders, dfu_transport_ble.c */
};

/* "OP:STATUS:PACKET", cut at its colons. */
typedef struct {
  char parts[MAX_PARTS][PART_BYTES];
  size_t n;
} Arguments;

/* A fault is called what stands before the '=' of its form. */
typedef struct {
  const char *form;
  DfuFaultType type;
  size_t min_parts;
  size_t max_parts;
  DfuBreakdownType breakdown;
} Form;

static const Form forms[] = {
  { "answer=OP:STATUS[:PACKET]", DFU_FAULT_ANSWER, 2, 3, DFU_BREAKDOWN_NONE },
  { "notify=OP:HEX", DFU_FAULT_NOTIFY, 2, 2, DFU_BREAKDOWN_NONE },
  { "mute=OP", DFU_FAULT_MUTE, 1, 1, DFU_BREAKDOWN_NONE },
  { "repeat=OP", DFU_FAULT_REPEAT, 1, 1, DFU_BREAKDOWN_NONE },
  { "att=OP:ERROR[:TIMES]", DFU_FAULT_ATT, 2, 3, DFU_BREAKDOWN_NONE },
  { "drop-packet=N", DFU_FAULT_DROP_PACKET, 1, 1, DFU_BREAKDOWN_NONE },
  { "drop-receipt=N", DFU_FAULT_DROP_RECEIPT, 1, 1, DFU_BREAKDOWN_NONE },
  { "repeat-receipt=N", DFU_FAULT_REPEAT_RECEIPT, 1, 1, DFU_BREAKDOWN_NONE },
  { "lose=BYTE[:SECONDS]", DFU_FAULT_BREAK_AT_BYTE, 1, 2, DFU_BREAKDOWN_LOSS },
  { "lose-at=OP[:SECONDS]", DFU_FAULT_BREAK_AT, 1, 2, DFU_BREAKDOWN_LOSS },
  { "lose-before=OP[:SECONDS]", DFU_FAULT_BREAK_BEFORE, 1, 2, DFU_BREAKDOWN_LOSS },
  { "silence=BYTE[:SECONDS]", DFU_FAULT_BREAK_AT_BYTE, 1, 2, DFU_BREAKDOWN_SILENCE },
  { "silence-at=OP[:SECONDS]", DFU_FAULT_BREAK_AT, 1, 2, DFU_BREAKDOWN_SILENCE },
  { "silence-before=OP[:SECONDS]", DFU_FAULT_BREAK_BEFORE, 1, 2, DFU_BREAKDOWN_SILENCE },
  { "restart=BYTE", DFU_FAULT_BREAK_AT_BYTE, 1, 1, DFU_BREAKDOWN_RESTART },
  { "restart-at=OP", DFU_FAULT_BREAK_AT, 1, 1, DFU_BREAKDOWN_RESTART },
  { "restart-before=OP", DFU_FAULT_BREAK_BEFORE, 1, 1, DFU_BREAKDOWN_RESTART },
  { "stall=BYTE", DFU_FAULT_BREAK_AT_BYTE, 1, 1, DFU_BREAKDOWN_STALL },
  { "stall-at=OP", DFU_FAULT_BREAK_AT, 1, 1, DFU_BREAKDOWN_STALL },
  { "stall-before=OP", DFU_FAULT_BREAK_BEFORE, 1, 1, DFU_BREAKDOWN_STALL },
  { "flash-error=BYTE", DFU_FAULT_BREAK_AT_BYTE, 1, 1, DFU_BREAKDOWN_FLASH },
  { "flash-error-at=OP", DFU_FAULT_BREAK_AT, 1, 1, DFU_BREAKDOWN_FLASH },
  { "drop-connection=N", DFU_FAULT_DROP_CONNECTION, 1, 1, DFU_BREAKDOWN_NONE },
  { "mute-connection=N", DFU_FAULT_MUTE_CONNECTION, 1, 1, DFU_BREAKDOWN_NONE },
  { "service-changed=N", DFU_FAULT_SERVICE_CHANGED, 1, 1, DFU_BREAKDOWN_NONE },
  { "drop-subscription=N", DFU_FAULT_DROP_SUBSCRIPTION, 1, 1, DFU_BREAKDOWN_NONE },
  { "jump-unheard=N", DFU_FAULT_JUMP_UNHEARD, 1, 1, DFU_BREAKDOWN_NONE },
};

static const struct {
  const char *name;
  uint8_t opcode;
} operations[] = {
  { "start", DFU_OP_START },       { "init", DFU_OP_INIT },
  { "receive", DFU_OP_RECEIVE },   { "validate", DFU_OP_VALIDATE },
  { "activate", DFU_OP_ACTIVATE }, { "reset", DFU_OP_RESET },
  { "report-size", DFU_OP_REPORT_SIZE },
  { "receipts", DFU_OP_REQUEST_RECEIPTS },
};

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static int digit_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
  bool hex = strncmp(text, "0x", 2) == 0;
  int base = hex ? 16 : 10;
  uint64_t value = 0;

  text += hex ? 2 : 0;
  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++) {
    if (digit_value(*text) >= base)
      return false;
    value = value * (unsigned)base + (unsigned)digit_value(*text);
    if (value > max)
      return false;
  }
  *out = (uint32_t)value;
  return value >= min;
}

static bool parse_byte(const char *text, uint8_t *out)
{
  uint32_t value;

  if (!parse_number(text, 0, UINT8_MAX, &value))
    return false;
  *out = (uint8_t)value;
  return true;
}

static bool parse_operation(const char *text, uint8_t *out)
{
  for (size_t i = 0; i < N_ELEMENTS(operations); i++)
    if (strcmp(text, operations[i].name) == 0) {
      *out = operations[i].opcode;
      return true;
    }
  return parse_byte(text, out);
}

static bool parse_hex(const char *text, DfuFault *fault)
{
  size_t digits = strlen(text);

  if (digits % 2 != 0 || digits / 2 > sizeof fault->bytes)
    return false;
  for (size_t i = 0; i < digits; i++)
    if (digit_value(text[i]) >= 16)
      return false;
  for (size_t i = 0; i < digits / 2; i++)
    fault->bytes[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
  fault->len = digits / 2;
  return true;
}

/* "25" behind the point of "1.25". */
static bool parse_decimals(const char *text, int64_t *out_us)
{
  int64_t unit_us = US_PER_SECOND / 10;

  *out_us = 0;
  for (size_t i = 0; i == 0 || text[i] != '\0'; i++, unit_us /= 10) {
    if (digit_value(text[i]) > 9 || unit_us == 0)
      return false;
    *out_us += digit_value(text[i]) * unit_us;
  }
  return true;
}

static bool parse_seconds(const char *text, DfuBreakdown *breakdown)
{
  size_t point = strcspn(text, ".");
  char whole[PART_BYTES] = "";
  int64_t decimals_us = 0;
  uint32_t seconds;

  if (breakdown->type == DFU_BREAKDOWN_LOSS && strcmp(text, "forever") == 0) {
    breakdown->time_us = INT64_MAX;
    return true;
  }
  memcpy(whole, text, point);
  if (!parse_number(whole, 0, UINT32_MAX, &seconds)
      || (text[point] == '.' && !parse_decimals(text + point + 1, &decimals_us)))
    return false;
  breakdown->time_us = (int64_t)seconds * US_PER_SECOND + decimals_us;
  return true;
}

static bool parse_answer(const Arguments *arguments, DfuFault *fault)
{
  if (!parse_operation(arguments->parts[0], &fault->opcode)
      || !parse_byte(arguments->parts[1], &fault->code))
    return false;
  fault->at = 1;
  return arguments->n < 3
         || (fault->opcode == DFU_OP_RECEIVE
             && parse_number(arguments->parts[2], 1, UINT32_MAX, &fault->at));
}

static bool parse_att(const Arguments *arguments, DfuFault *fault)
{
  fault->at_end = strcmp(arguments->parts[0], "init-end") == 0;
  fault->opcode = DFU_OP_INIT;
  return (fault->at_end || parse_operation(arguments->parts[0], &fault->opcode))
         && parse_byte(arguments->parts[1], &fault->code) && fault->code != 0
         && (arguments->n < 3 || parse_number(arguments->parts[2], 1, UINT32_MAX, &fault->times));
}

static bool parse_break(const Arguments *arguments, DfuFault *fault)
{
  const char *place = arguments->parts[0];

  if (fault->breakdown.type == DFU_BREAKDOWN_LOSS)
    fault->breakdown.time_us = DEFAULT_AWAY_US;
  if (fault->breakdown.type == DFU_BREAKDOWN_SILENCE)
    fault->breakdown.time_us = DEFAULT_SUPERVISION_US;
  return (fault->type == DFU_FAULT_BREAK_AT_BYTE ? parse_number(place, 1, UINT32_MAX, &fault->at)
                                                 : parse_operation(place, &fault->opcode))
         && (arguments->n < 2 || parse_seconds(arguments->parts[1], &fault->breakdown));
}

static bool parse_arguments(const Arguments *arguments, DfuFault *fault)
{
  switch (fault->type) {
  case DFU_FAULT_ANSWER:
    return parse_answer(arguments, fault);
  case DFU_FAULT_NOTIFY:
    return parse_operation(arguments->parts[0], &fault->opcode)
           && parse_hex(arguments->parts[1], fault);
  case DFU_FAULT_MUTE:
    fault->times = UINT32_MAX;
    return parse_operation(arguments->parts[0], &fault->opcode);
  case DFU_FAULT_REPEAT:
    return parse_operation(arguments->parts[0], &fault->opcode);
  case DFU_FAULT_ATT:
    return parse_att(arguments, fault);
  case DFU_FAULT_DROP_PACKET:
  case DFU_FAULT_DROP_RECEIPT:
  case DFU_FAULT_REPEAT_RECEIPT:
    return parse_number(arguments->parts[0], 1, UINT32_MAX, &fault->at);
  case DFU_FAULT_BREAK_AT_BYTE:
  case DFU_FAULT_BREAK_AT:
  case DFU_FAULT_BREAK_BEFORE:
    return parse_break(arguments, fault);
  case DFU_FAULT_DROP_CONNECTION:
  case DFU_FAULT_MUTE_CONNECTION:
  case DFU_FAULT_SERVICE_CHANGED:
  case DFU_FAULT_DROP_SUBSCRIPTION:
  case DFU_FAULT_JUMP_UNHEARD:
    return parse_number(arguments->parts[0], 1, UINT32_MAX, &fault->times);
  }
  return false;
}

static bool split(const char *text, Arguments *out)
{
  *out = (Arguments){ 0 };
  for (;;) {
    size_t len = strcspn(text, ":");

    if (out->n == MAX_PARTS || len >= PART_BYTES)
      return false;
    memcpy(out->parts[out->n++], text, len);
    if (text[len] == '\0')
      return true;
    text += len + 1;
  }
}

static const Form *find_form(const char *text, size_t len)
{
  for (size_t i = 0; i < N_ELEMENTS(forms); i++)
    if (strcspn(forms[i].form, "=") == len && strncmp(text, forms[i].form, len) == 0)
      return &forms[i];
  return NULL;
}

static void write_unknown(char *message, const char *text)
{
  int len = snprintf(message, DFU_FAULTS_MESSAGE_BYTES, "there is no fault \"%.40s\": known are",
                     text);

  for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
    const char *joint = i == 0 ? "" : i + 1 < N_ELEMENTS(forms) ? "," : " and";

    len += snprintf(message + len, DFU_FAULTS_MESSAGE_BYTES - (size_t)len, "%s %.*s", joint,
                    (int)strcspn(forms[i].form, "="), forms[i].form);
  }
}

bool dfu_faults_parse(DfuFaults *faults, const char *text, char *message)
{
  size_t name_len = strcspn(text, "=");
  const Form *form = find_form(text, name_len);
  Arguments arguments;

  if (form == NULL) {
    write_unknown(message, text);
    return false;
  }

  DfuFault fault = { .type = form->type, .times = 1, .breakdown.type = form->breakdown };

  if (text[name_len] != '=' || !split(text + name_len + 1, &arguments)
      || arguments.n < form->min_parts || arguments.n > form->max_parts
      || !parse_arguments(&arguments, &fault)) {
    snprintf(message, DFU_FAULTS_MESSAGE_BYTES, "the fault \"%.60s\" is not of the form %s", text,
             form->form);
    return false;
  }
  if (faults->n == DFU_FAULTS_MAX) {
    snprintf(message, DFU_FAULTS_MESSAGE_BYTES, "too many faults: at most %d", DFU_FAULTS_MAX);
    return false;
  }
  faults->faults[faults->n++] = fault;
  return true;
}
