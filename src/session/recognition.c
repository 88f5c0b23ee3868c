/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/recognition.h"

#include "dfu/controller.h"

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

DfuRecognition dfu_recognition_of(const DfuLinkUp *up, const DfuFamily *told)
{
  DfuRecognition device = {.facts = facts_of(up), .family = told, .why = "as told"};

  if (told == NULL)
    device.family = dfu_family_recognise(&device.facts, &device.why);
  device.is_application =
    dfu_controller_is_application(&device.facts) && !device.family->is_application;
  return device;
}
