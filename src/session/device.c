/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The device at the other end of a session, as a fresh connection shows it: its
 * family, and whether it is one that the image may go to.
 */
#include "session/guard.h"
#include "session/session_private.h"

static DfuLinkFacts facts_of(const DfuLinkUp *up)
{
  return (DfuLinkFacts){
    .mtu = up->mtu,
    .has_revision = up->has_revision,
    .revision = up->revision,
    .has_packet = up->has_packet,
    .packet_has_write = up->packet_has_write,
    .has_other_services = up->has_other_services,
    .name = up->name,
    .manufacturer = up->manufacturer,
    .model = up->model,
    .firmware = up->firmware,
  };
}

/** What is known of the device against what is to be sent; an application tells only its model. */
static void judge_device(DfuSession *session, const DfuLinkFacts *facts, const DfuFamily *family,
                         gboolean is_application)
{
  const DfuPart *part = session_get_part(session);
  gboolean is_silent = facts->model == NULL || facts->model[0] == '\0';
  const char *warning = dfu_guard_get_warning(facts);

  g_clear_error(&session->refusal);
  if (!session->is_model_right && !(is_application && is_silent))
    session->is_model_right = dfu_guard_check_model(facts, session->options.expect_model,
                                                    session->device, &session->refusal);
  if (is_application || session->refusal != NULL)
    return;
  session->family = family;
  if (warning != NULL && !session->is_reached)
    session_report_text(session, DFU_REPORT_WARNING, warning);
  session->is_reached = TRUE;
  if (part != NULL &&
      dfu_guard_check_image(part, family, session->device, &session->refusal) &&
      !session->options.allow_cable)
    dfu_guard_check_radio(part, family, session->device, &session->refusal);
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
  const DfuLinkFacts facts = facts_of(up);
  const char *why = "as told";
  const DfuFamily *family = session->options.family != NULL
                              ? session->options.family
                              : dfu_family_recognise(&facts, &why);
  gboolean is_application = dfu_controller_is_application(&facts) && !family->is_application;

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
                    .is_application = is_application,
                    .family = family,
                    .family_why = why,
                  });
  session_recall_late(session, up->address);
  judge_device(session, &facts, family, is_application);
  return (DfuEvent){
    .type = DFU_EVENT_LINK_UP,
    .up = facts,
    .family = family,
    .is_refused = session->refusal != NULL,
  };
}
