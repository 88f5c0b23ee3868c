/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guard against the wrong board: what is known of a device, and of its
 * family, against what is to be sent, before Start. On many targets a refusal
 * comes only after Start has erased the application.
 */
#ifndef DFU_SESSION_GUARD_H
#define DFU_SESSION_GUARD_H

#include "dfu/session.h"

/**
 * dfu_guard_check_image:
 * @part: what is to be sent
 * @family: of the device
 * @device: what to call it
 *
 * Errors: %DFU_ERROR_PACKAGE: a target of this family cannot take the image, or
 * would refuse it when it is too late.
 */
gboolean dfu_guard_check_image(const DfuPart *part, const DfuFamily *family, const char *device,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_guard_check_radio:
 *
 * Errors: %DFU_ERROR_USAGE: afterwards the device can be reached by cable only,
 * which nobody has consented to. @error is set then.
 */
void dfu_guard_check_radio(const DfuPart *part, const DfuFamily *family, const char *device,
                           GError **error);

/**
 * dfu_guard_check_pace:
 * @options: how the user wants packets to go out
 *
 * Errors: %DFU_ERROR_USAGE: targets of this family bear one length alone, and it is another, or
 * not so many packets to a receipt.
 */
gboolean dfu_guard_check_pace(const DfuSessionOptions *options, const DfuFamily *family,
                              const char *device, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_guard_check_model:
 * @expected: (nullable): the model number that the user wants
 *
 * Errors: %DFU_ERROR_NOT_FOUND: the device is another one.
 */
gboolean dfu_guard_check_model(const DfuLinkFacts *facts, const char *expected, const char *device,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** (nullable): what is known against a device that was recognised: a sentence. */
const char *dfu_guard_get_warning(const DfuLinkFacts *facts);

#endif
