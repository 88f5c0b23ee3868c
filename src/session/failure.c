/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The controller says why it failed in numbers; this file says it in words,
 * with what the person at the keyboard can do next.
 *
 * Source of the causes: nRF5 SDK 8 to 11, dfu_dual_bank.c, dfu_single_bank.c,
 * dfu_init_template.c, and Adafruit_nRF52_Bootloader 0.9.2.
 */
#include "session/failure.h"

#include "wire/wire.h"

static const char *start_hint(guint8 status, gboolean bears_power_loss)
{
  switch (status) {
  case DFU_STATUS_INVALID_STATE:
    return "It is in the middle of another transfer";
  case DFU_STATUS_NOT_SUPPORTED:
    return "It does not take an image of this kind; SDK 4 to 6.0, for one, takes applications only";
  case DFU_STATUS_SIZE_LIMIT: return "The image is larger than it has room for";
  default:
    return bears_power_loss
             ? "Its flash could not be prepared; switch the device off and on, then try again"
             : "Its flash could not be prepared; keep it powered, and try again";
  }
}

static const char *init_hint(guint8 status)
{
  if (status == DFU_STATUS_FAILED)
    return "The package is not made for this device: compare device type, device revision and "
           "SoftDevice ids, as `dfu-ble info` shows them, with what the bootloader wants. It waits "
           "for a package that is right, with an image of the same size";
  return "The init packet came at a moment when it takes none";
}

static const char *receive_hint(guint8 status)
{
  switch (status) {
  case DFU_STATUS_FAILED:
    return "Packets came faster than it writes flash: a smaller --prn and --window, down to 1, "
           "keep within what it bears";
  case DFU_STATUS_SIZE_LIMIT: return "It got more bytes than were announced";
  case DFU_STATUS_NOT_SUPPORTED:
    return "It takes no packet of this length: send them with --packet-size 20";
  default: return "It is not ready for image packets";
  }
}

static const char *hint_for(const DfuFailure *failure, gboolean bears_power_loss)
{
  switch (failure->opcode) {
  case DFU_OP_START: return start_hint(failure->status, bears_power_loss);
  case DFU_OP_INIT: return init_hint(failure->status);
  case DFU_OP_RECEIVE: return receive_hint(failure->status);
  case DFU_OP_VALIDATE: return "It holds no complete image";
  default: return "This is not how a legacy DFU target behaves; run again with --verbose --verbose";
  }
}

/** What the device shows of itself counts more than the family that was told. */
static const DfuFamily *get_family(const DfuFailure *failure, const DfuFailureContext *context)
{
  return failure->risks_cable ? NULL : context->family;
}

/** How to be rid of what the target holds; "" where that is not in the way. */
static const char *way_out(const DfuFailure *failure, const DfuFailureContext *context)
{
  switch (dfu_failure_to_next(failure, context)) {
  case DFU_NEXT_RESTART: return ". Start over with --restart";
  case DFU_NEXT_CABLE:
    return ". What it holds is of no use now, and over the air nothing removes it: a reset may "
           "leave it to a cable";
  case DFU_NEXT_NONE:
  case DFU_NEXT_AGAIN:
  case DFU_NEXT_RESUME: break;
  }
  return "";
}

static GError *status_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  gboolean bears_power_loss = dfu_family_bears_power_loss(get_family(failure, context));

  return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED, "%s answered %s with status %u (%s). %s%s",
                     context->device, dfu_wire_opcode_name(failure->opcode), failure->status,
                     dfu_wire_status_name(failure->status),
                     hint_for(failure, bears_power_loss), way_out(failure, context));
}

static GError *validation_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  return g_error_new(DFU_ERROR, DFU_ERROR_VALIDATION,
                     "%s found the image damaged: Validate answered status %u (%s). What it holds "
                     "is not what was sent%s",
                     context->device, failure->status, dfu_wire_status_name(failure->status),
                     way_out(failure, context));
}

const char *dfu_failure_help_silent(const DfuFamily *family)
{
  return dfu_family_bears_power_loss(family)
           ? "switch the device off and on"
           : "switch the adapter off and on (`bluetoothctl power off`, then `on`); keep the device "
             "powered";
}

static GError *silence_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                     "%s did not answer %s in time. Try again; if it stays silent, %s",
                     context->device, dfu_wire_opcode_name(failure->opcode),
                     dfu_failure_help_silent(get_family(failure, context)));
}

static GError *malformed_error(const DfuFailure *failure, const char *device)
{
  g_autoptr(GString) hex = g_string_new(NULL);

  for (guint i = 0; i < failure->n_bytes; i++)
    g_string_append_printf(hex, "%s%02x", i > 0 ? " " : "", failure->bytes[i]);
  return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                     "%s sent \"%s\" while %s, which is no message of the DFU profile. Is it a "
                     "legacy DFU target?",
                     device, hex->str, dfu_phase_name(failure->phase));
}

static GError *att_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  const char *operation =
    failure->opcode != 0 ? dfu_wire_opcode_name(failure->opcode) : "turning notifications on";

  if (context->link_error != NULL)
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED, "%s refused %s: %s", context->device,
                       operation, context->link_error->message);
  return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED, "%s refused %s with ATT error 0x%02x",
                     context->device, operation, failure->att_error);
}

/** Who has tries left was stopped by the clock. */
static char *describe_limit(const DfuFailureContext *context)
{
  if (context->options->deadline_s == 0 || context->tries > context->options->retries)
    return g_strdup("");
  return g_strdup_printf(", and --deadline %u is over", context->options->deadline_s);
}

/** Nothing is known of what a device holds that was not reached. */
static GError *cancelled_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  if (!failure->link_was_up || context->options->goal != DFU_GOAL_UPDATE)
    return g_error_new_literal(DFU_ERROR, DFU_ERROR_INTERRUPTED, "interrupted");
  return g_error_new(DFU_ERROR, DFU_ERROR_INTERRUPTED, "interrupted; %s holds %u of %u bytes",
                     context->device, failure->value_bytes, failure->expected_bytes);
}

static GError *link_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  const char *reason = context->link_error != NULL ? context->link_error->message : "";
  const char *separator = context->link_error != NULL ? ". The last try: " : "";
  g_autofree char *limit = describe_limit(context);

  if (!failure->link_was_up)
    return g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                       "%s could not be connected to in %u %s%s%s%s", context->device,
                       context->tries, context->tries == 1 ? "try" : "tries", limit, separator,
                       reason);
  return g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                     "the link to %s was lost and could not be had back%s%s%s", context->device,
                     limit, separator, reason);
}

/** Trouble that the link has put into words already. */
static GError *worded_by_link(const DfuFailureContext *context, DfuError code, const char *otherwise)
{
  if (context->link_error != NULL)
    return g_error_copy(context->link_error);
  return g_error_new(DFU_ERROR, code, "%s: %s", context->device, otherwise);
}

static char *whose_transfer(const DfuFailureContext *context)
{
  if (context->other_transfer == NULL)
    return g_strdup("that no journal here tells of. ");
  return g_strdup_printf("of %s; ", context->other_transfer);
}

static GError *foreign_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  g_autofree char *held = failure->value_bytes > 0
                            ? g_strdup_printf("holds %u bytes of a", failure->value_bytes)
                            : g_strdup("is in the middle of a");
  g_autofree char *whose = whose_transfer(context);

  if (context->looks_away)
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s %s transfer that the journal here tells of. Leave out --no-resume, and "
                       "it goes on where it stopped",
                       context->device, held);
  if (failure->risks_cable)
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s %s transfer %s--restart alone does not touch it: a reset may leave it to "
                       "a cable, and over the air nothing else removes it",
                       context->device, held, whose);
  return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                     "%s %s transfer %s--restart resets it and starts over; read in the manual "
                     "what a reset does to your kind of device first",
                     context->device, held, whose);
}

static GError *not_back_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  if (failure->seen == DFU_SEEN_DFU)
    return g_error_new(DFU_ERROR, DFU_ERROR_NOT_BACK,
                       "the image was sent and activated, but %s came back in DFU mode: it did not "
                       "start. Is the image made for this board and its SoftDevice?",
                       context->device);
  if (failure->is_unwatched)
    return g_error_new(DFU_ERROR, DFU_ERROR_NOT_BACK,
                       "the image was sent and activated, but the run was stopped before %s was "
                       "seen again. Look for it with `dfu-ble scan --all`",
                       context->device);
  return g_error_new(DFU_ERROR, DFU_ERROR_NOT_BACK,
                     "the image was sent, but %s was not seen again within %u s after Activate. Look "
                     "for it with `dfu-ble scan --all`",
                     context->device, context->options->wait_back_s);
}

static GError *not_entered_error(const DfuFailure *failure, const char *device)
{
  if (failure->status != 0)
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s runs its application, which refused to start the bootloader with status "
                       "%u (%s). Put it into DFU mode by its button, then try again",
                       device, failure->status, dfu_wire_status_name(failure->status));
  return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                     "%s was sent into its bootloader, but came back as its application each time. "
                     "Put it into DFU mode by its button, then try again",
                     device);
}

/** The part before was activated, and nothing was seen of what it should have started. */
static GError *not_started_error(const DfuFailureContext *context)
{
  if (context->seen_before == DFU_SEEN_APPLICATION)
    return g_error_new(DFU_ERROR, DFU_ERROR_NOT_BACK,
                       "the bootloader was sent and activated, but %s runs its old application "
                       "again, which could not be sent into it. Put it into DFU mode by its button; "
                       "the application of the package is what is left to send",
                       context->device);
  return g_error_new(DFU_ERROR, DFU_ERROR_NOT_BACK,
                     "SoftDevice or bootloader were sent and activated, but %s was not seen in DFU "
                     "mode afterwards, and has no application yet%s%s. Look for it with `dfu-ble "
                     "scan`",
                     context->device, context->link_error != NULL ? ". The last try: " : "",
                     context->link_error != NULL ? context->link_error->message : "");
}

static gboolean is_unreached(DfuFailReason reason)
{
  return reason == DFU_FAIL_NOT_FOUND || reason == DFU_FAIL_LINK || reason == DFU_FAIL_UNUSABLE;
}

GError *dfu_failure_to_error(const DfuFailure *failure, const DfuFailureContext *context)
{
  const char *device = context->device;

  if (context->is_next_part && is_unreached(failure->reason))
    return not_started_error(context);
  switch (failure->reason) {
  case DFU_FAIL_NOT_FOUND: return worded_by_link(context, DFU_ERROR_NOT_FOUND, "was not found");
  case DFU_FAIL_UNUSABLE: return worded_by_link(context, DFU_ERROR_BLUETOOTH, "cannot be reached");
  case DFU_FAIL_WRITE: return worded_by_link(context, DFU_ERROR_BLUETOOTH, "a write failed");
  case DFU_FAIL_LINK: return link_error(failure, context);
  case DFU_FAIL_ATT: return att_error(failure, context);
  case DFU_FAIL_STATUS: return status_error(failure, context);
  case DFU_FAIL_NO_ANSWER: return silence_error(failure, context);
  case DFU_FAIL_MALFORMED: return malformed_error(failure, device);
  case DFU_FAIL_VALIDATION: return validation_error(failure, context);
  case DFU_FAIL_FOREIGN: return foreign_error(failure, context);
  case DFU_FAIL_NOT_BACK: return not_back_error(failure, context);
  case DFU_FAIL_RECEIPT:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s confirms %u bytes, which is no place where a receipt can fall; %u were "
                       "sent. Packets were lost on the way%s",
                       device, failure->value_bytes, failure->expected_bytes,
                       way_out(failure, context));
  case DFU_FAIL_PACKETS_LOST:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s received %u of the %u bytes sent: packets were lost on the way. With "
                       "--packet-size above 20, leave that out%s",
                       device, failure->value_bytes, failure->expected_bytes,
                       way_out(failure, context));
  case DFU_FAIL_EARLY_END:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s reports the image complete after %u of %u bytes%s", device,
                       failure->value_bytes, failure->expected_bytes, way_out(failure, context));
  case DFU_FAIL_APPLICATION:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s runs its application, not its bootloader: there is nothing to reset",
                       device);
  case DFU_FAIL_NOT_ENTERED: return not_entered_error(failure, device);
  case DFU_FAIL_WRONG_DEVICE: return g_error_copy(context->refusal);
  case DFU_FAIL_NO_RESET:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s knows no System Reset; a transfer that was cut is forgotten by itself, "
                       "or when the device is switched off and on",
                       device);
  case DFU_FAIL_RISKY_RESET:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "a reset may leave %s to a cable, and was not done; --allow-cable does it all "
                       "the same",
                       device);
  case DFU_FAIL_OFFSET:
    return g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                       "%s reports %u bytes received, but %u were sent: what it holds cannot be "
                       "trusted%s",
                       device, failure->value_bytes, failure->expected_bytes,
                       way_out(failure, context));
  case DFU_FAIL_CANCELLED: return cancelled_error(failure, context);
  }
  return g_error_new(DFU_ERROR, DFU_ERROR_INTERNAL, "unknown failure %d", (int)failure->reason);
}

/** What a target that may hold a part of the image needs. */
static DfuNext next_of(const DfuFailureContext *context, DfuNext otherwise)
{
  if (!context->has_begun && !context->is_next_part)
    return otherwise;
  return context->is_kept ? DFU_NEXT_RESUME : DFU_NEXT_RESTART;
}

/**
 * A refused Start leaves the target as it was, unless a transfer was in the way; a refused init
 * packet leaves it waiting for another.
 */
static DfuNext next_after_status(const DfuFailure *failure)
{
  if (failure->opcode == DFU_OP_START && failure->status != DFU_STATUS_INVALID_STATE)
    return DFU_NEXT_NONE;
  if (failure->opcode == DFU_OP_INIT && failure->status == DFU_STATUS_FAILED)
    return DFU_NEXT_NONE;
  return DFU_NEXT_RESTART;
}

static DfuNext next_after(const DfuFailure *failure, const DfuFailureContext *context)
{
  switch (failure->reason) {
  case DFU_FAIL_NOT_BACK:
  case DFU_FAIL_APPLICATION:
  case DFU_FAIL_WRONG_DEVICE:
  case DFU_FAIL_NO_RESET:
  case DFU_FAIL_RISKY_RESET: return DFU_NEXT_NONE;
  case DFU_FAIL_NOT_ENTERED: return DFU_NEXT_AGAIN;
  case DFU_FAIL_STATUS: return next_after_status(failure);
  case DFU_FAIL_ATT:
  case DFU_FAIL_MALFORMED: return next_of(context, DFU_NEXT_NONE);
  case DFU_FAIL_NOT_FOUND:
  case DFU_FAIL_LINK:
  case DFU_FAIL_UNUSABLE:
  case DFU_FAIL_WRITE:
  case DFU_FAIL_NO_ANSWER:
  case DFU_FAIL_CANCELLED: return next_of(context, DFU_NEXT_AGAIN);
  case DFU_FAIL_FOREIGN: return context->looks_away ? DFU_NEXT_RESUME : DFU_NEXT_RESTART;
  case DFU_FAIL_OFFSET:
  case DFU_FAIL_RECEIPT:
  case DFU_FAIL_PACKETS_LOST:
  case DFU_FAIL_EARLY_END:
  case DFU_FAIL_VALIDATION: break;
  }
  return DFU_NEXT_RESTART;
}

DfuNext dfu_failure_to_next(const DfuFailure *failure, const DfuFailureContext *context)
{
  DfuNext next = next_after(failure, context);

  return next == DFU_NEXT_RESTART && failure->risks_cable ? DFU_NEXT_CABLE : next;
}

const char *dfu_next_name(DfuNext next)
{
  switch (next) {
  case DFU_NEXT_NONE: return "none";
  case DFU_NEXT_AGAIN: return "again";
  case DFU_NEXT_RESUME: return "resume";
  case DFU_NEXT_RESTART: return "restart";
  case DFU_NEXT_CABLE: return "cable";
  }
  return "unknown";
}
