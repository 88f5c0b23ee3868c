/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/notes.h"

#include "dfu/controller.h"

static const struct {
  guint note;
  const char *text;
} warnings[] = {
  {DFU_NOTE_STARTS_OVER,
   "the target has forgotten the transfer; it is sent again from its beginning"},
  {DFU_NOTE_NO_SIZE_REPORT,
   "the target does not tell how much it has received; after a loss of the link this transfer "
   "cannot go on where it stopped"},
  {DFU_NOTE_VALIDATED_UNHEARD,
   "the target's answer to Validate was lost with the link; it is activated all the same. Make "
   "sure that the device runs what you sent"},
  {DFU_NOTE_ACTIVATE_UNHEARD,
   "the link was lost before the target acknowledged Activate; make sure that the device runs what "
   "you sent"},
  {DFU_NOTE_RECEIPT_MISSED,
   "a packet receipt notification did not arrive; the count of bytes agrees all the same"},
  {DFU_NOTE_V1,
   "the target speaks the protocol of SDK 4.3 to 6.0: applications only, and slower"},
  {DFU_NOTE_PACKETS_SHORTENED,
   "a longer packet did not arrive; going on with packets of 20 bytes"},
  {DFU_NOTE_WINDOW_HALVED,
   "packets came faster than the target writes flash; from here on less is in flight"},
  {DFU_NOTE_BEGINS_ANEW,
   "what the target holds cannot be used; it is made to forget it, and the image is sent again from "
   "its beginning"},
  {DFU_NOTE_RESET_UNHEARD,
   "the link was lost before the target acknowledged the reset, and it is not on the air any more; "
   "make sure that it has restarted"},
  {DFU_NOTE_UNASKED,
   "ignored a notification that answers nothing that was asked; is another program using this "
   "device?"},
};

void dfu_notes_to_warnings(guint notes, void (*func)(const char *text, gpointer user_data),
                           gpointer user_data)
{
  for (gsize i = 0; i < G_N_ELEMENTS(warnings); i++)
    if (notes & warnings[i].note)
      func(warnings[i].text, user_data);
}
