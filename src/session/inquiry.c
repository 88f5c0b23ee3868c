/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An inquiry as a row of steps over the link. Notifications come first here
 * too: a target of the SDK that cannot send an answer restarts itself (nRF5
 * SDK 11, dfu_transport_ble.c).
 */
#include "dfu/inquiry.h"

#include "base/deadline.h"
#include "dfu/controller.h"
#include "link/link.h"
#include "session/failure.h"
#include "session/recognition.h"
#include "wire/wire.h"

typedef enum {
  CONNECTING,
  SUBSCRIBING,
  WRITING,  /* neither acknowledgement nor answer */
  ANSWERED, /* the answer overtook the acknowledgement */
  LISTENING,
  LEAVING,
  ENDED,
} Step;

struct DfuInquiry {
  DfuLink *link;
  const DfuFamily *told_family; /* (nullable) */
  DfuInquiryFunc func;
  gpointer user_data;
  Step step;
  GSource *deadline;
  DfuInquiryResult result;
  GError *error;
  char *why_other;
  char *address;
  char *name;
  char *manufacturer;
  char *model;
  char *firmware;
};

/* The last thing done, as the function may free the inquiry. */
static void end(DfuInquiry *inquiry)
{
  inquiry->step = ENDED;
  dfu_deadline_set(inquiry->deadline, G_MAXINT64);
  dfu_link_set_handler(inquiry->link, NULL, NULL);
  inquiry->result.error = inquiry->error;
  inquiry->result.why_other = inquiry->why_other;
  inquiry->result.address = inquiry->address;
  inquiry->result.name = inquiry->name;
  inquiry->result.manufacturer = inquiry->manufacturer;
  inquiry->result.model = inquiry->model;
  inquiry->result.firmware = inquiry->firmware;
  inquiry->func(&inquiry->result, inquiry->user_data);
}

static void enter(DfuInquiry *inquiry, Step step, gint64 patience_us)
{
  inquiry->step = step;
  dfu_deadline_set(inquiry->deadline, g_get_monotonic_time() + patience_us);
}

static void leave(DfuInquiry *inquiry)
{
  inquiry->step = LEAVING;
  dfu_deadline_set(inquiry->deadline, G_MAXINT64);
  dfu_link_disconnect(inquiry->link);
}

/** (transfer full): @error; the first one counts. */
static void fail(DfuInquiry *inquiry, GError *error)
{
  if (inquiry->error == NULL)
    inquiry->error = error;
  else
    g_error_free(error);
  leave(inquiry);
}

static void on_overdue(gpointer user_data)
{
  DfuInquiry *inquiry = user_data;

  if (inquiry->step == LISTENING)
    leave(inquiry); /* some targets know no such request */
  else
    fail(inquiry, g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                              "%s is connected, but does not answer. Try again; if it stays "
                              "silent, %s",
                              inquiry->address, dfu_failure_help_silent(inquiry->result.family)));
}

/** The texts of @up are the link's, and gone when the result is told. */
static void keep_texts(DfuInquiry *inquiry, const DfuLinkUp *up)
{
  inquiry->address = g_strdup(up->address);
  inquiry->name = g_strdup(up->name != NULL ? up->name : "");
  inquiry->manufacturer = g_strdup(up->manufacturer != NULL ? up->manufacturer : "");
  inquiry->model = g_strdup(up->model != NULL ? up->model : "");
  inquiry->firmware = g_strdup(up->firmware != NULL ? up->firmware : "");
}

static void take_mode(DfuInquiry *inquiry, DfuDeviceMode mode, const DfuRecognition *device)
{
  inquiry->result.mode = mode;
  inquiry->result.family = mode == DFU_DEVICE_MODE_DFU ? device->family : NULL;
  inquiry->result.family_why = mode == DFU_DEVICE_MODE_DFU ? device->why : NULL;
}

static void take_up(DfuInquiry *inquiry, const DfuLinkUp *up)
{
  const DfuRecognition device = dfu_recognition_of(up, inquiry->told_family);
  DfuInquiryResult *result = &inquiry->result;

  keep_texts(inquiry, up);
  result->rssi = up->rssi;
  result->mtu = up->mtu;
  result->revision = up->has_revision ? up->revision : -1;
  take_mode(inquiry, device.is_application ? DFU_DEVICE_MODE_APPLICATION : DFU_DEVICE_MODE_DFU,
            &device);
  if (device.is_application || !device.family->reports_size) {
    leave(inquiry);
    return;
  }
  enter(inquiry, SUBSCRIBING, dfu_limits_default.write_us);
  dfu_link_subscribe(inquiry->link);
}

/** Connected, and none of ours: that is an answer. Anything else is an error. */
static void take_failed(DfuInquiry *inquiry, const DfuLinkEvent *event)
{
  if (event->trouble == DFU_LINK_TROUBLE_LASTING &&
      g_error_matches(event->error, DFU_ERROR, DFU_ERROR_REFUSED)) {
    inquiry->result.mode = DFU_DEVICE_MODE_OTHER;
    inquiry->why_other = g_strdup(event->error->message);
  } else if (inquiry->error == NULL) {
    inquiry->error = g_error_copy(event->error);
  }
  end(inquiry);
}

static gboolean is_written(DfuInquiry *inquiry, const DfuLinkEvent *event)
{
  if (event->error == NULL)
    return TRUE;
  fail(inquiry, g_error_copy(event->error));
  return FALSE;
}

static void ask(DfuInquiry *inquiry)
{
  guint8 bytes[DFU_WIRE_MAX_BYTES];
  gsize len = dfu_wire_put_request(bytes, DFU_OP_REPORT_SIZE);

  enter(inquiry, WRITING, dfu_limits_default.write_us);
  dfu_link_write_control(inquiry->link, bytes, len);
}

static void take_notification(DfuInquiry *inquiry, const guint8 *bytes, gsize len)
{
  DfuNotification news;

  if ((inquiry->step != WRITING && inquiry->step != LISTENING) ||
      dfu_wire_parse_notification(bytes, len, &news) != DFU_WIRE_OK ||
      news.kind != DFU_NOTIFICATION_RESPONSE)
    return;
  if (news.opcode == DFU_OP_REPORT_SIZE && news.status == DFU_STATUS_SUCCESS)
    inquiry->result.received_bytes = news.received_bytes;
  else if (news.opcode == DFU_OP_START)
    /* An application's buttonless handler answers whatever it is asked with 10 01 03. */
    take_mode(inquiry, DFU_DEVICE_MODE_APPLICATION, NULL);
  else if (news.opcode != DFU_OP_REPORT_SIZE)
    return; /* of a transfer that somebody else began */
  if (inquiry->step == LISTENING)
    leave(inquiry);
  else
    inquiry->step = ANSWERED;
}

static void take_lost(DfuInquiry *inquiry, const DfuLinkEvent *event)
{
  if (inquiry->step != LEAVING && inquiry->error == NULL)
    inquiry->error = event->error != NULL
                       ? g_error_copy(event->error)
                       : g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST, "the link to %s was lost",
                                     inquiry->address);
  end(inquiry);
}

static void take_event(DfuInquiry *inquiry, const DfuLinkEvent *event)
{
  switch (event->type) {
  case DFU_LINK_UP: take_up(inquiry, &event->up); break;
  case DFU_LINK_SUBSCRIBED:
    if (is_written(inquiry, event))
      ask(inquiry);
    break;
  case DFU_LINK_CONTROL_WRITTEN:
    if (!is_written(inquiry, event))
      break;
    if (inquiry->step == ANSWERED)
      leave(inquiry);
    else
      enter(inquiry, LISTENING, dfu_limits_default.size_report_us);
    break;
  case DFU_LINK_NOTIFIED: take_notification(inquiry, event->bytes, event->len); break;
  default: break;
  }
}

static void on_link_event(const DfuLinkEvent *event, gpointer user_data)
{
  DfuInquiry *inquiry = user_data;

  if (event->type == DFU_LINK_LOST)
    take_lost(inquiry, event);
  else if (event->type == DFU_LINK_FAILED)
    take_failed(inquiry, event);
  else if (inquiry->step != LEAVING)
    take_event(inquiry, event);
}

DfuInquiry *dfu_inquiry_new(DfuLink *link, const DfuFamily *family, guint timeout_s,
                            DfuInquiryFunc func, gpointer user_data)
{
  DfuInquiry *inquiry = g_new0(DfuInquiry, 1);

  inquiry->link = link;
  inquiry->told_family = family;
  inquiry->func = func;
  inquiry->user_data = user_data;
  inquiry->step = CONNECTING;
  inquiry->result.revision = -1;
  inquiry->result.received_bytes = -1;
  inquiry->deadline = dfu_deadline_new(on_overdue, inquiry);
  dfu_link_set_handler(link, on_link_event, inquiry);
  dfu_link_connect(link, DFU_LINK_FIND_DEVICE, timeout_s * 1000);
  return inquiry;
}

void dfu_inquiry_cancel(DfuInquiry *inquiry)
{
  if (inquiry->step == ENDED)
    return;
  fail(inquiry, g_error_new(DFU_ERROR, DFU_ERROR_INTERRUPTED, "interrupted"));
}

void dfu_inquiry_free(DfuInquiry *inquiry)
{
  if (inquiry == NULL)
    return;
  if (inquiry->step != ENDED)
    dfu_link_set_handler(inquiry->link, NULL, NULL);
  dfu_deadline_free(inquiry->deadline);
  g_clear_error(&inquiry->error);
  g_free(inquiry->why_other);
  g_free(inquiry->address);
  g_free(inquiry->name);
  g_free(inquiry->manufacturer);
  g_free(inquiry->model);
  g_free(inquiry->firmware);
  g_free(inquiry);
}
