/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dfu/session.h"

#include "session/guard.h"

const DfuSessionOptions dfu_session_options_default = {
  .retries = 10,
  .timeout_s = 30,
  .deadline_s = 0,
  .wait_back_s = 15,
};

static gboolean check_range(const char *what, guint value, guint min, guint max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE, "%s is %u; it must be %u to %u", what, value, min,
              max);
  return FALSE;
}

gboolean dfu_session_options_check(const DfuSessionOptions *options, GError **error)
{
  guint least_window = MAX(options->receipt_packets, 1);

  if (!check_range("the number of packets to a receipt", options->receipt_packets, 0, 65535, error) ||
      !check_range("the packet length", options->packet_bytes, 0, 244, error))
    return FALSE;
  if (options->packet_bytes % 4 != 0) {
    g_set_error(error, DFU_ERROR, DFU_ERROR_USAGE,
                "the packet length is %u; it must be a multiple of 4", options->packet_bytes);
    return FALSE;
  }
  if (options->family != NULL &&
      !dfu_guard_check_pace(options, options->family, "the device", error))
    return FALSE;
  return options->window_packets == 0 ||
         check_range("the window", options->window_packets, least_window, 65535, error);
}
