/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a fresh connection is taken for: the device's family, and whether its
 * application runs. A session and an inquiry judge alike.
 */
#ifndef DFU_SESSION_RECOGNITION_H
#define DFU_SESSION_RECOGNITION_H

#include <glib.h>

#include "dfu/family.h"
#include "link/link.h"

/** Texts are those of the DfuLinkUp that it was made of. */
typedef struct {
  DfuLinkFacts facts;
  const DfuFamily *family; /* says nothing of an application */
  const char *why;         /* by what sign; lives for ever */
  gboolean is_application; /* it has to be sent into its bootloader */
} DfuRecognition;

/** @told: (nullable): the family that the user named, which counts more than any sign. */
DfuRecognition dfu_recognition_of(const DfuLinkUp *up, const DfuFamily *told);

#endif
