/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Controller against target over a virtual link with a virtual clock: a run of
 * minutes takes microseconds, and goes the same way each time.
 *
 * Every message between the two takes SIM_LATENCY_US, or what is set. The link can be lost at
 * any one of them, before or after it is delivered.
 */
#ifndef TESTS_LIB_SIM_H
#define TESTS_LIB_SIM_H

#include "dfu/controller.h"
#include "lib/sim_rules.h"
#include "target/target.h"

#include <glib.h>

#define SIM_LATENCY_US 10000
#define SIM_FLASH_BYTES (64 * 1024) /* or as much as the image has */
#define SIM_MAX_MESSAGES 256

/** Messages on the virtual air, and what they bring. */
typedef enum {
  SIM_TO_TARGET_CONTROL,
  SIM_TO_TARGET_PACKET,
  SIM_TO_TARGET_CCCD,
  SIM_TO_CONTROLLER, /* `event` */
} SimMessageKind;

typedef struct {
  SimMessageKind kind;
  gint64 at_us;
  guint64 order;
  gboolean over_link; /* gone when the link is lost */
  DfuEvent event;
  guint8 bytes[244];
  gsize len;
} SimMessage;

/** A loss of the link at a message, counted from 1 over the whole run. */
typedef struct {
  guint message;
  gboolean delivered; /* the message arrives first */
} SimLoss;

typedef struct Sim Sim;

struct Sim {
  DfuControllerConfig config;
  DfuController controller;
  DfuTarget target;
  DfuTargetConfig target_config;
  guint8 *flash;
  GBytes *image;
  GBytes *init_packet;
  const DfuFamily *family; /* that the controller is told; NULL: the one that is recognised */
  guint16 mtu;             /* of connections; 0: the largest that the target grants */

  gint64 began_us;
  gint64 now_us;
  gint64 latency_us;         /* of messages sent from now on; they never overtake each other */
  gint64 latest_us[2];       /* arrival of the last message to the controller, to the target */
  gboolean connected;
  gboolean control_pending; /* a control point write is not acknowledged yet */
  gboolean in_application; /* what is on the air is the application */
  gboolean is_plain;       /* it has no buttonless service */
  guint n_jumps;           /* from it into the bootloader */
  gboolean is_stranded;    /* nothing is on the air for good: a cable is needed */
  gboolean is_stranded_by_us; /* through a System Reset */
  gboolean application_is_new; /* and it is the image of this run */
  gboolean absent; /* nothing is on the air */
  gboolean hides_information; /* Device Information could not be read */
  guint n_messages_delivered;
  DfuTransfer disk; /* what a journal would hold */
  gint64 controller_wake_us;
  gint64 target_wake_us;
  SimMessage messages[SIM_MAX_MESSAGES];
  guint n_messages;
  guint64 next_order;

  /* faults, set before sim_run() */
  SimLoss losses[4];
  guint n_losses;
  gboolean (*on_notification)(Sim *sim, guint8 *bytes, gsize *len); /* FALSE drops it */
  gboolean (*on_message)(Sim *sim, const SimMessage *message); /* before delivery; FALSE drops it */
  guint8 att_error; /* instead of carrying out the control point writes of ... */
  guint8 att_opcode;
  guint att_times;
  gboolean is_lenient; /* a broken rule is left to the test */

  /* outcome */
  SimRules rules;
  GString *trace; /* one line a message or decision, with milliseconds */
  gboolean ended;
  guint n_terminal;
  DfuAction terminal;
  guint notes; /* all of the run */
  guint32 reported_bytes; /* the count in the target's last size report on this connection */
  guint32 resent_bytes;   /* image bytes below it that were sent all the same */
  guint32 most_init_bytes; /* that the target had collected at any time: one init packet, padded */
  guint n_system_resets;
  guint n_restarts; /* of the target, for any reason but Activate */
};

/**
 * A target of the personality @name, an image of @image_bytes, and a controller with the defaults
 * for both.
 */
Sim *sim_new(const char *name, guint32 image_bytes);
void sim_free(Sim *sim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sim, sim_free)

/**
 * Runs until the terminal action, or until @limit_us of virtual time are over. Fails the test
 * where a rule was broken by then.
 */
void sim_run(Sim *sim, gint64 limit_us);

/** Leaves the target to itself for a time, after a run. */
void sim_rest(Sim *sim, gint64 time_us);

/** The link is lost now; both sides learn of it. */
void sim_lose_link(Sim *sim);

/** The target loses power and starts again. */
void sim_cut_power(Sim *sim);

/** The target's flash work under way fails. */
void sim_fail_flash(Sim *sim);

/** Hands the target an event at the present time: another central's doing. */
void sim_step_target(Sim *sim, DfuTargetEvent event);

/** The controller's process dies, and another begins with what is on disk. */
void sim_die(Sim *sim);

/** Hands the controller an event from outside (CANCEL) at the present time. */
void sim_feed(Sim *sim, DfuEventType type);

/** Whether what the target holds at the start of its flash is the image. */
gboolean sim_flash_is_image(const Sim *sim);

#endif
