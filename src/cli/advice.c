/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sources of what a reset does: nRF5 SDK 8 to 11 (dfu_dual_bank.c,
 * dfu_single_bank.c), Adafruit_nRF52_Bootloader 0.9.2 and 0.10.0, OTAFIX 2.1 and
 * InfiniTime 1.14, executed.
 */
#include "cli/advice.h"

#include <unistd.h>

#include "cli/command_line.h"

const char *dfu_advice_reset_effect(const DfuFamily *family)
{
  switch (family->reset_to) {
  case DFU_RESET_TO_APPLICATION: return "A reset starts the old application.";
  case DFU_RESET_TO_BOOTLOADER: return "A reset leaves it in DFU mode, empty.";
  case DFU_RESET_TO_EITHER:
    return "A reset starts the old application where the bootloader has two banks; with one bank "
           "it stays in DFU mode.";
  case DFU_RESET_TO_CABLE:
    return "After a reset in mid-transfer it can be reached by cable only.";
  case DFU_RESET_IGNORED: return "It knows no reset, and needs none.";
  case DFU_RESET_TO_UNKNOWN: break;
  }
  return "What a reset does to it is not known: Adafruit bootloaders up to 0.9.2 can be reached by "
         "cable only after one.";
}

/** Without a command: whoever copies the last line is not to lose the device by that. */
static char *describe_cable(const DfuFamily *family)
{
  const DfuFamily *row = family != NULL ? family : dfu_family_find("unknown");

  return g_strdup_printf("What the target may hold is in the way of this package. %s\n"
                         "Keep it powered. With a cable at hand, --restart --allow-cable resets it "
                         "all the same.",
                         dfu_advice_reset_effect(row));
}

static char *describe_restart(const DfuFamily *family)
{
  const DfuFamily *row = family != NULL ? family : dfu_family_find("unknown");

  return g_strdup_printf("What the target may hold is in the way of this package, and --restart "
                         "resets it first.\n%s To begin anew:",
                         dfu_advice_reset_effect(row));
}

char *dfu_advice_keeping(const DfuFamily *family)
{
  if (!family->reports_size)
    return g_strdup("A transfer that was cut is sent again from its beginning.");
  if (family->forgets_us < 0)
    return g_strdup("How long it keeps a cut transfer is not known.");
  if (family->forgets_us == 0)
    return g_strdup("It keeps a cut transfer as long as it has power.");
  return g_strdup_printf("It keeps a cut transfer for %d s.",
                         (int)(family->forgets_us / G_USEC_PER_SEC));
}

static char *describe_resume(const DfuSessionResult *result)
{
  const DfuFamily *family = result->family;

  if (family != NULL && family->forgets_us == 0)
    return g_strdup("The target keeps the transfer as long as it has power. To go on:");
  if (result->forgets_in_us > 0)
    return g_strdup_printf("The target keeps the transfer for %d s from now. To go on:",
                           (int)(result->forgets_in_us / G_USEC_PER_SEC));
  if (result->forgets_in_us == 0)
    return g_strdup("The target has forgotten the transfer by now; it is sent from its beginning. "
                    "To go on:");
  return g_strdup("To go on:");
}

/** The journal is that of who ran the program: without sudo the next run would not find it. */
static const char *get_prefix(void)
{
  const char *uid = g_getenv("SUDO_UID");

  return geteuid() == 0 && uid != NULL && !g_str_equal(uid, "0") ? "sudo " : "";
}

void dfu_advise(const DfuSessionResult *result, char **argv, DfuOutput *output)
{
  static const char *const obstacles[] = { "--restart", "--no-resume", NULL };
  /* In its bootloader it is called otherwise, and its address is known by now. */
  g_auto(GStrv) named = result->address != NULL ? dfu_command_line_by_address(argv, result->address)
                                                : g_strdupv(argv);
  g_auto(GStrv) words = result->next == DFU_NEXT_RESUME
                          ? dfu_command_line_without(named, obstacles)
                          : g_strdupv(named);
  g_autofree char *command =
    dfu_command_line_with(words, result->next == DFU_NEXT_RESTART ? "--restart" : NULL, NULL);
  g_autofree char *reason = NULL;
  g_autofree char *advice = NULL;

  switch (result->next) {
  case DFU_NEXT_NONE: return; /* only the message knows what helps */
  case DFU_NEXT_AGAIN: reason = g_strdup("To try again:"); break;
  case DFU_NEXT_RESUME: reason = describe_resume(result); break;
  case DFU_NEXT_RESTART: reason = describe_restart(result->family); break;
  case DFU_NEXT_CABLE:
    advice = describe_cable(result->family);
    dfu_output_set_advice(output, advice);
    return;
  }
  advice = g_strdup_printf("%s\n  %s%s", reason, get_prefix(), command);
  dfu_output_set_advice(output, advice);
}
