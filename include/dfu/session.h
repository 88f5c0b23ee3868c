/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A session: one run of the controller over a link for each part of a package,
 * with a clock. It lives on the thread's default main context and reports from
 * there.
 */
#ifndef DFU_SESSION_H
#define DFU_SESSION_H

#include <dfu/controller.h>
#include <dfu/journal.h>
#include <dfu/link.h>
#include <dfu/package.h>

G_BEGIN_DECLS

/** How to run. dfu_session_options_default holds what suits every known target. */
typedef struct {
  DfuGoal goal;
  const DfuFamily *family; /* (nullable): whose rules to go by; NULL: of the one that is recognised */
  const char *device;      /* (nullable): what messages call it until it is reached; copied */
  const char *expect_model; /* (nullable): refuse a device with another model number; the caller's */
  guint receipt_packets;  /* a receipt every so many packets: 1 to 65535; 0: as the family bears */
  guint window_packets;   /* packets in flight without one: receipt_packets to 65535; 0: likewise */
  guint packet_bytes;     /* a multiple of 4, 4 to 244; 0: likewise, proved before it is relied on */
  guint retries;          /* tries to connect without more confirmed bytes between them */
  guint timeout_s;        /* to find the device and connect, per try */
  guint deadline_s;       /* after this do not reconnect any more; 0 for never */
  guint wait_back_s;      /* how long to look for the device after Activate; 0: not at all */
  gboolean require_back;  /* not seen at all is an error */
  gboolean restart;       /* consent to System Reset where a transfer is in the way */
  gboolean allow_cable;   /* consent to what may leave the device to a cable */
} DfuSessionOptions;

extern const DfuSessionOptions dfu_session_options_default;

/** What the next run has to be, so that the device gets its image after all. */
typedef enum {
  DFU_NEXT_NONE,    /* nothing: it is done, or would end the same way again */
  DFU_NEXT_AGAIN,   /* the same; the target holds nothing of this one */
  DFU_NEXT_RESUME,  /* the same; it goes on where this one stopped, by the journal */
  DFU_NEXT_RESTART, /* one with `restart`: what the target holds is in the way */
  DFU_NEXT_CABLE,   /* one with `restart` and `allow_cable`: to remove that may take a cable */
} DfuNext;

/** "none", "again", "resume", "restart", "cable": stable words, used in JSON. */
const char *dfu_next_name(DfuNext next);

typedef enum {
  DFU_REPORT_RECALLED,  /* the journal tells of an earlier run with this image: `earlier` */
  DFU_REPORT_PART,      /* another part of the package begins: `part` */
  DFU_REPORT_PHASE,     /* the phase is another: `progress->phase` */
  DFU_REPORT_CONNECTED, /* the device was reached: `address` to `is_application` */
  DFU_REPORT_PROGRESS,  /* the target confirmed more, or time went by */
  DFU_REPORT_LINK_LOST, /* unasked; `text` says why where that is known; `retry`, `offset_bytes` */
  DFU_REPORT_RETRY,     /* no connection came about, `text` says why; `retry` and what follows */
  DFU_REPORT_RESUMED,   /* the image goes on at `offset_bytes` */
  DFU_REPORT_WARNING,   /* `text` */
  DFU_REPORT_BYTES,     /* control point: `outgoing`, `bytes`, `len` */
  DFU_REPORT_FINISHED,  /* last report of a session: `result` */
} DfuReportType;

/** How a session ended. */
typedef struct {
  const GError *error; /* (nullable): NULL for success; domain DFU_ERROR */
  DfuSeen seen;        /* what came back on the air after Activate */
  const char *seen_address; /* (nullable) */
  gint64 duration_us;
  guint32 image_bytes;
  guint64 sent_bytes;  /* of the image, with what was sent more than once */
  guint32 confirmed_bytes; /* of the image, on the target as far as is known */
  guint link_losses;
  guint resumes;
  DfuNext next;
  gboolean is_in_doubt; /* done, as far as can be told: an answer that would prove it was lost */
  gint64 forgets_in_us; /* as in DfuReport */
  const char *address;  /* (nullable): where the device was last reached */
  const DfuFamily *family; /* (nullable): of the device */
} DfuSessionResult;

/** A report; everything in it belongs to the session and lives for the call. */
typedef struct {
  DfuReportType type;
  const DfuProgress *progress; /* with every report; bytes are those of all parts together */
  gint64 elapsed_us;           /* since dfu_session_start() */
  const DfuPart *part;         /* (nullable): under way; NULL where nothing is sent */
  guint part_index;            /* of it, counted from 0 */
  const char *text;
  const DfuJournalRecord *earlier;
  guint retry;          /* number of the try to connect that comes next; 0: none yet */
  gint64 pause_us;      /* before it */
  guint32 offset_bytes; /* in the image of `part` */
  gint64 forgets_in_us; /* until the target forgets the transfer; -1: not known, or never */
  const char *address;
  const char *name; /* this and the next three: printable; may be empty */
  const char *manufacturer;
  const char *model;
  const char *firmware;
  gint16 rssi;      /* dBm; 0 where unknown */
  guint16 mtu;
  gint revision;    /* -1 where the device has none */
  gboolean is_application;  /* it runs its application, and has to be sent into its bootloader */
  const DfuFamily *family;  /* whose rules are gone by; says nothing of an application */
  const char *family_why;   /* by what sign */
  gboolean outgoing;
  const guint8 *bytes;
  gsize len;
  const DfuSessionResult *result;
} DfuReport;

typedef void (*DfuSessionFunc)(const DfuReport *report, gpointer user_data);

typedef struct DfuSession DfuSession;

/**
 * dfu_session_new:
 * @parts: what to send, in this order, each on what the one before it started;
 *   they must outlive the session. None where the goal is no update
 * @n_parts: how many
 * @link: where to; must outlive the session, and serves one session at a time
 * @options: copied
 * @func: hears every report, never from inside a call to the session
 *
 * Returns: (transfer full): a session that has not started
 */
DfuSession *dfu_session_new(const DfuPart *const *parts, guint n_parts, DfuLink *link,
                            const DfuSessionOptions *options, DfuSessionFunc func,
                            gpointer user_data);

/**
 * dfu_session_use_journal:
 * @folder: where journals are kept; nobody else may work on this device meanwhile
 * @address: (nullable): of the device; NULL where the link finds it by another sign
 * @package: (nullable): the package that the session's parts belong to; NULL where it has none
 * @package_name: what messages call it; "" for none
 * @resume: whether to go on with what the journal tells; where not, that is only kept in mind
 *
 * Keeps a journal, so that a later run can go on where this one stopped; before
 * dfu_session_start(). It is removed when the update is done, or when nothing
 * of the transfer can be used any more. Without a package it tells, and is told, only whether the
 * device was sent into its bootloader. Trouble with the file is a warning.
 */
void dfu_session_use_journal(DfuSession *session, const char *folder, const char *address,
                             const DfuPackage *package, const char *package_name, gboolean resume);

/** Begins. DFU_REPORT_FINISHED comes exactly once, whatever happens. */
void dfu_session_start(DfuSession *session);

/**
 * dfu_session_cancel:
 *
 * Stops as early as the target bears it: an erase, a flash write or an answer
 * under way is waited for, then the link is given up. The session finishes
 * with %DFU_ERROR_INTERRUPTED, or once the image is activated as one that is
 * not watched any longer. May be called more than once.
 */
void dfu_session_cancel(DfuSession *session);

/** Frees @session; one that has not finished lets go of the link without care for the target. */
void dfu_session_free(DfuSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuSession, dfu_session_free)

/**
 * dfu_session_options_check:
 *
 * Errors: %DFU_ERROR_USAGE: a value out of its range, with the range.
 */
gboolean dfu_session_options_check(const DfuSessionOptions *options, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * dfu_session_check_part:
 *
 * What a session checks once it knows the family of its device, and before Start.
 *
 * Errors: %DFU_ERROR_PACKAGE: a target of @family cannot take @part.
 */
gboolean dfu_session_check_part(const DfuPart *part, const DfuFamily *family, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS

#endif
