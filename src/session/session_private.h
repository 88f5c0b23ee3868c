/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of a session share: session.c, the pump between controller and
 * link; reports.c, what it tells; passes.c, which part of the package is under
 * way, and what the journal knows of it; device.c, what a connection shows.
 */
#ifndef DFU_SESSION_SESSION_PRIVATE_H
#define DFU_SESSION_SESSION_PRIVATE_H

#include "dfu/session.h"
#include "link/link.h"
#include "session/keeper.h"

struct DfuSession {
  const DfuPart *const *parts;
  guint n_parts;
  guint index;      /* of the part under way */
  DfuProgress past; /* what the parts before it came to */
  DfuLink *link;
  DfuSessionOptions options;
  DfuSessionFunc func;
  gpointer user_data;

  DfuController controller;
  DfuProgress progress; /* of all parts together */
  GSource *deadline;
  gint64 started_us;
  gboolean begin_due;
  gboolean cancel_due;
  gboolean is_stopped; /* by the user */
  gboolean finished;

  DfuControllerConfig config;
  DfuKeeper *keeper;     /* (nullable): the journal */
  char *address;         /* (nullable): of the device, where it is known beforehand */
  const DfuJournalRecord *earlier; /* (nullable): what an earlier run did */
  char *journal_warning;
  GError *journal_error; /* (nullable): why it could not be read */
  DfuTransfer transfer;  /* as the controller last wanted it kept */
  gint64 accepted_us;    /* when the target last confirmed more of the image; 0: not yet */

  guint8 sizes[20]; /* of Start, while the link writes them */
  char *device;     /* what messages call it */
  char *reached_at; /* (nullable): the address of the last connection */
  const DfuFamily *family; /* (nullable): of the device, once it was seen in DFU mode */
  gboolean is_reached;     /* since the part began */
  gboolean is_in_doubt;    /* an answer was lost that nothing makes up for */
  gboolean is_model_right; /* the device was seen to be what the user expects */
  GError *refusal;         /* why the image must not go to this device */
  char *seen_address;
  DfuSeen seen_before; /* what came back after the part before */
  GError *link_error;
};

/* Reports (reports.c) */

/** The part under way; NULL where nothing is sent. */
const DfuPart *session_get_part(const DfuSession *session);
void session_report(DfuSession *session, DfuReport what);
void session_report_text(DfuSession *session, DfuReportType type, const char *text);
void session_report_bytes(DfuSession *session, gboolean outgoing, const guint8 *bytes, gsize len);
/** What a step of the controller came to. */
void session_report_update(DfuSession *session, const DfuUpdate *update, const DfuEvent *event);
/** The last report. */
void session_finish(DfuSession *session, const GError *error, DfuSeen seen, DfuNext next);
void session_finish_failed(DfuSession *session, const DfuFailure *failure);

/* Parts and journal (passes.c) */

/** Makes everything ready for a part; nothing is sent yet. */
void session_begin_part(DfuSession *session, guint index);
/** Looks for what an earlier run did to the device at @address, and begins with the part it says. */
void session_recall(DfuSession *session, const char *address);
void session_report_recalled(DfuSession *session);
/** The same for a device that was found by another sign, now that it has an address. */
void session_recall_late(DfuSession *session, const char *address);
/** The application was not left after all. */
void session_forget_entry(DfuSession *session);
/** Writes into the journal what the controller wants kept. */
void session_keep(DfuSession *session, const DfuUpdate *update);

/* The device (device.c) */

/** Reports a connection, and finds what is against the device: the event for the controller. */
DfuEvent session_take_up(DfuSession *session, const DfuLinkUp *up);

#endif
