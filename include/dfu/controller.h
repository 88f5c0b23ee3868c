/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The DFU controller role as a state machine without I/O: events in, actions
 * out, time as an argument. It owns no memory, no timer and no clock, sees no
 * address and no descriptor, and is a plain value that can be copied.
 *
 * Source of the protocol facts: nRF5 SDK 11.0.0, components/libraries/
 * bootloader_dfu and components/ble/ble_services/ble_dfu, executed on a host.
 */
#ifndef DFU_CONTROLLER_H
#define DFU_CONTROLLER_H

#include <dfu/family.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an update is doing, in the order of a run without faults. */
typedef enum {
  DFU_PHASE_CONNECTING, /* finding the device, connecting, turning notifications on */
  DFU_PHASE_ENTERING,   /* sending an application into its bootloader */
  DFU_PHASE_ASKING,     /* what does the target hold already? */
  DFU_PHASE_STARTING,   /* Start: the target erases its flash; silent for up to 90 s */
  DFU_PHASE_INIT,       /* init packet */
  DFU_PHASE_IMAGE,      /* image packets */
  DFU_PHASE_VALIDATING,
  DFU_PHASE_ACTIVATING,
  DFU_PHASE_WATCHING,  /* for what comes back on the air */
  DFU_PHASE_RESTING,   /* a target that needs quiet before it can begin anew */
  DFU_PHASE_RESETTING, /* System Reset: on request, with consent, or where it is known to be safe */
  DFU_PHASE_LEAVING,   /* bringing the target to rest, then disconnecting */
  DFU_PHASE_ENDED,
} DfuPhase;

/** "connecting", "asking", …: stable words, used in JSON. */
const char *dfu_phase_name(DfuPhase phase);

/** What was seen on the air after Activate. */
typedef enum { DFU_SEEN_NOTHING, DFU_SEEN_APPLICATION, DFU_SEEN_DFU } DfuSeen;

/** "nothing", "application", "dfu": stable words, used in JSON. */
const char *dfu_seen_name(DfuSeen seen);

/** Why a connection could not be made. */
typedef enum {
  DFU_TROUBLE_PASSING,   /* worth another try */
  DFU_TROUBLE_NOT_FOUND, /* nothing was heard of the device */
  DFU_TROUBLE_NO_DFU,    /* it is there, and has nothing of DFU: an application */
  DFU_TROUBLE_LASTING,   /* trying again changes nothing */
} DfuTrouble;

typedef enum {
  DFU_EVENT_BEGIN,           /* first event of every run */
  DFU_EVENT_LINK_UP,         /* connected; services resolved: `up` */
  DFU_EVENT_LINK_FAILED,     /* no connection came about: `trouble` */
  DFU_EVENT_SUBSCRIBED,      /* answer to SUBSCRIBE: `write_failed`, `att_error` */
  DFU_EVENT_CONTROL_WRITTEN, /* answer to WRITE_CONTROL: `write_failed`, `att_error` */
  DFU_EVENT_PACKETS_WRITTEN, /* answer to WRITE_PACKETS: the host took them */
  DFU_EVENT_NOTIFIED,        /* notification of the control point: `bytes` */
  DFU_EVENT_LINK_LOST,       /* the connection is gone, whoever ended it */
  DFU_EVENT_SEEN,            /* the device advertises: `seen` */
  DFU_EVENT_TICK,            /* time has passed */
  DFU_EVENT_CANCEL,          /* the user wants to stop */
} DfuEventType;

/** What a run is for. */
typedef enum {
  DFU_GOAL_UPDATE, /* the image on the device, validated and activated */
  DFU_GOAL_ENTER,  /* the device in DFU mode, and nothing done to it there */
  DFU_GOAL_RESET,  /* System Reset of the bootloader */
} DfuGoal;

/** Where CONNECT looks for the device; as DfuLinkFind of the link. */
typedef enum {
  DFU_FIND_DEVICE, /* at its address */
  DFU_FIND_TARGET, /* or, advertising the DFU service, at that plus 1 */
  DFU_FIND_ANY,    /* or at that minus 1, whatever it advertises */
} DfuFind;

/** One event. `now_us` never goes backwards; `bytes` are the caller's and live for the step. */
typedef struct {
  DfuEventType type;
  int64_t now_us;
  DfuLinkFacts up;
  const DfuFamily *family; /* LINK_UP: whose rules to go by */
  bool is_refused;    /* LINK_UP: the caller does not want the image to go to this device */
  DfuTrouble trouble;
  bool write_failed;  /* not written, for another reason than an ATT error of the target */
  uint8_t att_error;  /* the target's ATT error, 0 for none */
  const uint8_t *bytes;
  size_t len;
  DfuSeen seen;
} DfuEvent;

typedef enum {
  DFU_ACTION_CONNECT,       /* find and connect: answered by LINK_UP or LINK_FAILED */
  DFU_ACTION_FORGET,        /* what the host remembers of the device's services; no answer */
  DFU_ACTION_SUBSCRIBE,     /* answered by SUBSCRIBED */
  DFU_ACTION_WRITE_CONTROL, /* write `bytes` with response: answered by CONTROL_WRITTEN */
  DFU_ACTION_WRITE_PACKETS, /* write a range as commands: answered by PACKETS_WRITTEN */
  DFU_ACTION_DISCONNECT,    /* answered by LINK_LOST */
  DFU_ACTION_WATCH,         /* report what advertises: SEEN, until the next CONNECT or DISCONNECT */
  DFU_ACTION_DONE,          /* the end: `seen` says what came back */
  DFU_ACTION_FAILED,        /* the end: `failure` */
} DfuActionType;

/** Where the bytes of WRITE_PACKETS come from. */
typedef enum {
  DFU_SOURCE_SIZES, /* `bytes` of the action: the sizes after Start */
  DFU_SOURCE_INIT,  /* the init packet; must reach the target before the next control write */
  DFU_SOURCE_IMAGE, /* the image */
  DFU_SOURCE_NOTHING, /* one packet without bytes, in order like the init packet */
} DfuSource;

/** Why an update failed; `phase`, `opcode` and the rest tell where. */
typedef enum {
  DFU_FAIL_NOT_FOUND,      /* never heard */
  DFU_FAIL_LINK,           /* the link could not be had, or not be had back */
  DFU_FAIL_UNUSABLE,       /* lasting trouble with the link, on the host or the device */
  DFU_FAIL_WRITE,          /* the host could not write */
  DFU_FAIL_ATT,            /* the target refused a write: `att_error` */
  DFU_FAIL_STATUS,         /* the target answered `opcode` with `status` */
  DFU_FAIL_NO_ANSWER,      /* the target did not answer `opcode` in time */
  DFU_FAIL_MALFORMED,      /* a notification that is no message of the profile: `bytes` */
  DFU_FAIL_RECEIPT,        /* a receipt says `value_bytes`, which cannot be */
  DFU_FAIL_PACKETS_LOST,   /* `value_bytes` arrived of `expected_bytes` sent */
  DFU_FAIL_EARLY_END,      /* the target reports the image complete before it was sent */
  DFU_FAIL_APPLICATION,    /* the device runs its application, not the bootloader */
  DFU_FAIL_NOT_ENTERED,    /* its application does not go into the bootloader */
  DFU_FAIL_WRONG_DEVICE,   /* the caller refused it */
  DFU_FAIL_NO_RESET,       /* the family knows no System Reset */
  DFU_FAIL_RISKY_RESET,    /* a System Reset may take the device off the air, and has no consent */
  DFU_FAIL_FOREIGN,        /* the target holds `value_bytes` of a transfer that is not ours */
  DFU_FAIL_OFFSET,         /* after a link loss the target reports a count that cannot be ours */
  DFU_FAIL_VALIDATION,     /* what the target holds is not what was sent */
  DFU_FAIL_NOT_BACK,       /* activated, but `seen` came back */
  DFU_FAIL_CANCELLED,      /* as the user asked; `value_bytes` are on the target */
} DfuFailReason;

typedef struct {
  DfuFailReason reason;
  DfuPhase phase;
  uint8_t opcode;
  uint8_t status;
  uint8_t att_error;
  uint32_t value_bytes;
  uint32_t expected_bytes;
  DfuSeen seen;
  uint8_t bytes[20]; /* MALFORMED: its first bytes */
  uint8_t n_bytes;
  bool link_was_up;   /* the device was reached at least once */
  bool is_unwatched;  /* NOT_BACK: the user stopped before it could be seen */
  bool risks_cable;   /* a System Reset may leave it to a cable */
} DfuFailure;

/** One thing for the caller to do. */
typedef struct {
  DfuActionType type;
  uint8_t bytes[20]; /* WRITE_CONTROL; WRITE_PACKETS from SIZES */
  uint8_t len;
  DfuSource source;  /* WRITE_PACKETS: bytes [from, to) of it */
  uint32_t from;
  uint32_t to;
  uint16_t packet_bytes; /* WRITE_PACKETS: cut into packets of this length, the last one shorter */
  int64_t timeout_us;    /* CONNECT, WATCH */
  DfuFind find;          /* CONNECT */
  DfuSeen seen;          /* DONE */
  DfuFailure failure;    /* FAILED */
} DfuAction;

enum { DFU_MAX_ACTIONS = 3 };

/** What happened that a user may want to hear of; a set of bits. */
enum {
  DFU_NOTE_LINK_LOST = 1 << 0, /* not asked for by the controller */
  DFU_NOTE_RESUMED = 1 << 1,   /* the image goes on at progress.confirmed_bytes */
  DFU_NOTE_UNASKED = 1 << 2,   /* a notification that answers nothing was ignored */
  DFU_NOTE_RECEIPT_MISSED = 1 << 3, /* a receipt did not arrive; the count agrees all the same */
  DFU_NOTE_NO_SIZE_REPORT = 1 << 4, /* Report Received Image Size is not answered */
  DFU_NOTE_STARTS_OVER = 1 << 5, /* the target forgot the transfer */
  DFU_NOTE_VALIDATED_UNHEARD = 1 << 6, /* the answer to Validate was lost; it is activated though */
  DFU_NOTE_ACTIVATE_UNHEARD = 1 << 7,  /* done, but Activate was not acknowledged */
  DFU_NOTE_V1 = 1 << 8,            /* the target speaks the protocol of SDK 4.3 to 6.0 */
  DFU_NOTE_PACKETS_SHORTENED = 1 << 9, /* a longer packet did not arrive: 20 bytes from here on */
  DFU_NOTE_WINDOW_HALVED = 1 << 10, /* packets came too fast: fewer or shorter ones from here on */
  DFU_NOTE_BEGINS_ANEW = 1 << 11,   /* what the target held was ruined; it starts over by itself */
  DFU_NOTE_RESET_UNHEARD = 1 << 12, /* it was not acknowledged, but the target is gone */
};

/**
 * What was done to the target since it last was empty: the ground on which its
 * count is believed after a link loss. A journal keeps it from run to run.
 */
typedef struct {
  bool start_sent;     /* with its sizes: the target may have begun to erase */
  bool start_accepted;
  bool init_sent;      /* to the end: the target may have accepted it */
  bool init_refused;   /* it has not, and waits for another: all it knows of the image is its size */
  bool init_accepted;
  bool validate_sent;
  bool activate_sent;
  bool activate_acknowledged;
  uint32_t packet_bytes;    /* length of the first image packets; 0: none were sent */
  uint32_t sent_bytes;      /* of the image: the target holds no more than that */
  uint32_t confirmed_bytes; /* of the image: and no less */
} DfuTransfer;

typedef struct {
  DfuPhase phase;
  uint32_t image_bytes;
  uint32_t sent_bytes;      /* of the image, handed to the host */
  uint32_t confirmed_bytes; /* of the image, received by the target, as it said */
  uint64_t total_sent_bytes; /* of the image, with what was sent more than once */
  uint32_t link_losses;
  uint32_t resumes;
  uint32_t failed_tries; /* to have a link, without more confirmed bytes between them */
  uint16_t packet_bytes; /* in use; 0 before the image is begun */
  uint16_t receipt_packets;
  uint16_t window_packets;
  uint16_t most_window_packets; /* what packets that came too fast left; 0: no limit */
} DfuProgress;

/** What to do after a step; valid until the next one. */
typedef struct {
  DfuAction actions[DFU_MAX_ACTIONS]; /* in order; at most one terminal action in a run */
  size_t n_actions;
  int64_t wake_us; /* step again with TICK at this time; INT64_MAX for never */
  unsigned notes;  /* DFU_NOTE_* */
  DfuProgress progress;
  bool save;       /* `transfer` has to be on disk before the actions are carried out */
  DfuTransfer transfer; /* as a later run may find the target */
} DfuUpdate;

/** Time limits, in microseconds. */
typedef struct {
  int64_t connect_us;   /* to find the device and connect, per try */
  int64_t size_report_us;
  int64_t start_us;     /* answer to Start: the erase */
  int64_t init_us;
  int64_t receipt_us;   /* silence while a receipt is due */
  int64_t received_us;  /* last byte sent to "received" */
  int64_t validate_us;
  int64_t write_us;     /* a write's acknowledgement */
  int64_t activate_us;  /* Activate, System Reset or the jump to the loss of the link */
  int64_t prove_us;     /* the receipt for a longer packet */
} DfuLimits;

/** The limits that every known target keeps; sources at their definition. */
extern const DfuLimits dfu_limits_default;

/** What a run is about. Fixed for its length. */
typedef struct {
  DfuGoal goal;
  DfuFind find;               /* where to look for the device the first time */
  bool is_expected;           /* it was there a moment ago: not to find it is worth more tries */
  uint8_t mode;               /* mode byte of Start */
  uint32_t softdevice_bytes;  /* the sizes that Start announces; their sum is the image */
  uint32_t bootloader_bytes;
  uint32_t application_bytes;
  uint32_t init_bytes;        /* length of the init packet */
  uint16_t packet_bytes;      /* wanted packet length, a multiple of 4; 0: as the family bears */
  uint16_t receipt_packets;   /* ask for a receipt every so many packets; 0: likewise */
  uint16_t window_packets;    /* at most so many in flight without one; 0: likewise */
  uint16_t most_window_packets; /* what an earlier run had to be content with; 0: nothing known */
  unsigned retries;           /* tries to connect without more confirmed bytes between them */
  int64_t deadline_us;        /* after this, do not reconnect any more; INT64_MAX for never */
  int64_t watch_us;           /* how long to look for the device after Activate; 0: not at all */
  bool require_back;          /* not seen at all is a failure */
  bool restart;               /* consent to System Reset where a transfer is in the way */
  bool allow_cable;           /* DFU_GOAL_RESET: also where that may leave the device to a cable */
  DfuTransfer known;          /* what an earlier run did to the target; all zero for nothing */
  uint32_t save_step_bytes;   /* how far `transfer` may run ahead of what was sent; 0: exact */
  DfuLimits limits;
} DfuControllerConfig;

/** The controller. Its fields are the controller's own. */
typedef struct {
  DfuControllerConfig config;
  const DfuFamily *family; /* of the device, since it was last reached in DFU mode */
  int state;
  uint32_t image_bytes;
  DfuTransfer transfer;
  DfuTransfer saved;     /* as an update last asked for */
  bool link_up;
  bool was_up;

  /* the request under way */
  uint8_t request[20];
  uint8_t request_len;
  bool control_busy;     /* written, not acknowledged */
  bool packets_busy;     /* handed over, not taken */
  bool has_init_in_the_air; /* the target may not have looked at its packets yet */
  bool has_answer;       /* the response that the state awaits is here */
  uint8_t answer_status;
  uint32_t answer_bytes;
  bool resubscribing;    /* the request is repeated once notifications are on */
  unsigned repeats;      /* of this request, after 0xfd or 0xfe */

  /* on this connection */
  bool is_subscribed;    /* to its notifications, as far as is known */
  bool runs_application; /* of the device: it is to be sent into its bootloader */
  bool may_be_either;    /* nothing but an answer tells application from bootloader */
  uint16_t mtu;
  int purpose;           /* why the next packets are sent */
  uint32_t receipt_base_bytes; /* where the receipts count from */
  bool validates_again;  /* Validate was sent on an earlier connection too */
  uint8_t image_status;  /* of the response to Receive; 0: none yet */
  uint8_t probe;         /* what a refused Start of ours has shown so far */
  unsigned probes;
  uint32_t resume_bytes; /* where the image goes on, once Start was repeated; 0: nowhere */

  /* over the run */
  uint16_t packet_bytes; /* in use */
  uint16_t receipt_packets;
  uint16_t window_packets;
  uint16_t most_window_packets; /* after packets came too fast; 0: no limit */
  uint16_t proven_bytes; /* packets of this length have arrived */
  bool is_shortened;     /* longer ones have not */
  bool has_flushed;      /* an empty packet chooses how a target that restarted takes all others */
  bool flushes_to_recount; /* the flush under way is for a receipt that is overdue */
  bool needs_quiet;      /* a transfer of ours may be open on a target that keeps none */
  bool was_entered;      /* its application was sent into its bootloader, which then can be again */
  bool uses_v1;          /* Start was refused as the older protocol's targets do */
  unsigned activations;  /* Activates sent */
  bool activating;       /* the loss of the link is what Activate should bring */
  bool has_reached_goal; /* the loss of the link is all that remains */
  DfuFind find;          /* where the device may be by now */
  unsigned entries;      /* of the bootloader, from the application, in vain so far */
  bool has_forgotten;    /* what the host remembered of its services */
  bool was_reset;        /* with the user's consent */
  bool reset_unheard;    /* one was sent; nothing says that it arrived */
  bool has_reset;        /* by us, for whatever reason, and acknowledged */
  bool is_certain;       /* the family was proved, or told by the user */
  bool is_cable_bound;   /* what it shows of itself is a family that a reset takes off the air */
  bool comes_back;       /* in DFU mode after that: it was seen to */
  unsigned new_beginnings; /* by ourselves */
  int64_t erase_limit_us; /* when an erase that was begun is over, whatever was heard of it */
  bool wants_to_stop;    /* once the target's erase has somebody to tell of its end */
  bool wants_no_watch;   /* what comes back after Activate is not worth waiting for any more */
  bool cancelled;
  bool failing;          /* `failure` holds the reason; the link is being left */
  bool no_size_report;
  unsigned failed_tries; /* to connect, without more confirmed bytes between them */
  uint32_t best_bytes;   /* the most that was ever confirmed */
  unsigned counts;       /* of the target's bytes while leaving */
  int64_t limit_us;      /* when the state's patience ends */
  int64_t repeat_us;     /* when the request is written again; INT64_MAX: not at all */
  int64_t received_limit_us; /* when "received" is overdue, counted from the last byte sent */
  DfuFailure failure;
  uint64_t total_sent_bytes;
  uint32_t link_losses;
  uint32_t resumes;
} DfuController;

/** Whether a fresh connection shows an application rather than a bootloader. */
bool dfu_controller_is_application(const DfuLinkFacts *up);

/** How many bytes a target means that tells @told_bytes: of some, only the low half is right. */
uint32_t dfu_controller_read_count(const DfuFamily *family, const DfuTransfer *transfer,
                                   uint32_t told_bytes);

/** Whether @count_bytes on the target can be what it took of the image that @transfer is about. */
bool dfu_controller_is_believable(const DfuTransfer *transfer, uint32_t count_bytes);

/** How packets go out. */
typedef struct {
  uint16_t packet_bytes;    /* the longest that is tried */
  uint16_t receipt_packets;
  uint16_t window_packets;
} DfuPace;

/** How a target of @family is sent its image over a connection that has room for any packet. */
DfuPace dfu_controller_foresee_pace(const DfuControllerConfig *config, const DfuFamily *family);

/** Sets @controller to the beginning of a run. */
void dfu_controller_init(DfuController *controller, const DfuControllerConfig *config);

/**
 * dfu_controller_step:
 * @event: what happened
 * @update: (out): what to do about it
 *
 * One step. Exactly one terminal action (DONE or FAILED) is emitted in a run,
 * when the link is down; after it every update is empty.
 */
void dfu_controller_step(DfuController *controller, const DfuEvent *event, DfuUpdate *update);

#ifdef __cplusplus
}
#endif

#endif
