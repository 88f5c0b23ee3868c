/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dfu/error.h"

G_DEFINE_QUARK(dfu-error-quark, dfu_error)
