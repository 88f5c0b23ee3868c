/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The device at the other end of a session, as a fresh connection shows it: what
 * it is, and whether it is one that the image may go to.
 */
#include "session/guard.h"
#include "session/recognition.h"
#include "session/session_private.h"

/** What is known of the device against what is to be sent; an application tells only its model. */
static void judge_device(DfuSession *session, const DfuRecognition *device)
{
  const DfuLinkFacts *facts = &device->facts;
  const DfuPart *part = session_get_part(session);
  gboolean is_silent = facts->model == NULL || facts->model[0] == '\0';
  const char *warning = dfu_guard_get_warning(facts);

  g_clear_error(&session->refusal);
  if (session->journal_error != NULL) {
    session->refusal = g_error_copy(session->journal_error);
    return;
  }
  if (!session->is_model_right && !(device->is_application && is_silent))
    session->is_model_right = dfu_guard_check_model(facts, session->options.expect_model,
                                                    session->device, &session->refusal);
  if (device->is_application || session->refusal != NULL)
    return;
  session->family = device->family;
  if (warning != NULL && !session->is_reached)
    session_report_text(session, DFU_REPORT_WARNING, warning);
  session->is_reached = TRUE;
  if (part != NULL &&
      dfu_guard_check_image(part, device->family, session->device, &session->refusal) &&
      dfu_guard_check_pace(&session->options, device->family, session->device,
                           &session->refusal) &&
      !session->options.allow_cable)
    dfu_guard_check_radio(part, device->family, session->device, &session->refusal);
}

static void take_address(DfuSession *session, const DfuLinkUp *up)
{
  g_free(session->device);
  g_free(session->reached_at);
  session->reached_at = g_strdup(up->address);
  session->device = up->name != NULL && up->name[0] != '\0'
                      ? g_strdup_printf("%s (%s)", up->address, up->name)
                      : g_strdup(up->address);
}

DfuEvent session_take_up(DfuSession *session, const DfuLinkUp *up)
{
  const DfuRecognition device = dfu_recognition_of(up, session->options.family);

  take_address(session, up);
  session_report(session, (DfuReport){
                    .type = DFU_REPORT_CONNECTED,
                    .address = up->address,
                    .name = up->name,
                    .manufacturer = up->manufacturer,
                    .model = up->model,
                    .firmware = up->firmware,
                    .rssi = up->rssi,
                    .mtu = up->mtu,
                    .revision = up->has_revision ? up->revision : -1,
                    .is_application = device.is_application,
                    .family = device.family,
                    .family_why = device.why,
                  });
  session_recall_late(session, up->address);
  judge_device(session, &device);
  return (DfuEvent){
    .type = DFU_EVENT_LINK_UP,
    .up = device.facts,
    .family = device.family,
    .is_refused = session->refusal != NULL,
  };
}
