/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The DFU target role: what a bootloader of the nRF5 SDK, or a relative of it,
 * does with what it receives, as a state machine without I/O. It owns no timer and
 * reads no clock; the flash that it writes belongs to the caller. Here is what all
 * relatives share; what they do with a request is in role.h and the files that it
 * names, and which numbers are whose in personality.c.
 * Pure: libc headers and wire/ only.
 */
#ifndef DFU_TARGET_TARGET_H
#define DFU_TARGET_TARGET_H

#include "target/personality.h"
#include "wire/wire.h"

/** The stages of a transfer. All but IDLE are kept over a disconnect. */
typedef enum {
  DFU_TARGET_IDLE,       /* nothing received since the restart */
  DFU_TARGET_STARTED,    /* Start requested, its sizes still to come (InfiniTime) */
  DFU_TARGET_PREPARING,  /* Start accepted, flash being erased */
  DFU_TARGET_READY,      /* erased; an init packet may begin */
  DFU_TARGET_INIT,       /* init packet being collected */
  DFU_TARGET_DATA,       /* init packet accepted; image being received, or complete */
  DFU_TARGET_RECEIVED,   /* image complete; takes no more of it (InfiniTime) */
  DFU_TARGET_CRC_FAILED, /* Validate found something else than the init packet announced */
  DFU_TARGET_VALIDATED,  /* Validate succeeded; Activate installs */
  DFU_TARGET_SURPLUS,    /* more bytes came than were announced: terminal */
} DfuTargetStage;

typedef enum {
  DFU_TARGET_EVENT_CONNECTED,    /* a central connected; `mtu` holds the ATT MTU */
  DFU_TARGET_EVENT_DISCONNECTED, /* the connection ended */
  DFU_TARGET_EVENT_SUBSCRIBED,   /* the control point's CCCD was written: `notify` */
  DFU_TARGET_EVENT_CONTROL,      /* Write Request on the control point: `bytes` */
  DFU_TARGET_EVENT_PACKET,       /* Write Command on DFU Packet: `bytes` */
  DFU_TARGET_EVENT_TICK,         /* time has passed; nothing else */
  DFU_TARGET_EVENT_POWER_LOST,   /* power goes and comes back: only the flash keeps anything */
  DFU_TARGET_EVENT_FLASH_ERROR,  /* the erase, or the flash write under way, fails */
} DfuTargetEventType;

/**
 * One event. `now_us` must never go backwards; `bytes` are the caller's. Flash
 * work and the timer that are due by then come first, in their order, and the
 * event finds the target as they left it.
 *
 * Writes may be delivered after DISCONNECTED: the target's stack had taken them
 * and handles them late. A control point write then, or a packet that calls for
 * a reply, makes the target restart.
 */
typedef struct {
  DfuTargetEventType type;
  int64_t now_us;
  uint16_t mtu;
  bool notify;
  const uint8_t *bytes;
  size_t len;
} DfuTargetEvent;

/** What starts after a restart. */
typedef enum {
  DFU_TARGET_STAYS,            /* no restart */
  DFU_TARGET_BOOTS_APPLICATION,
  DFU_TARGET_BOOTS_BOOTLOADER, /* an empty DFU target, advertising openly at address + 1 */
  DFU_TARGET_BOOTS_CABLE,      /* a bootloader that only a cable reaches; its radio is off */
} DfuTargetBoot;

enum {
  DFU_TARGET_MAX_NOTIFICATIONS = 4,
  DFU_TARGET_NOTIFICATION_BYTES = 20, /* what an ATT MTU of 23 leaves; faults may fill it */
};

/** What the caller has to carry out after a step, in this order. */
typedef struct {
  uint8_t att_error; /* CONTROL: the ATT error of the response, 0 for Write Response */
  size_t n_notifications;
  struct {
    uint8_t bytes[DFU_TARGET_NOTIFICATION_BYTES];
    size_t len;
  } notifications[DFU_TARGET_MAX_NOTIFICATIONS];
  bool activated;     /* the image was installed, see dfu_target_image() */
  DfuTargetBoot boot; /* other than STAYS: the connection drops and the target restarts */
  int64_t wake_us;    /* step again with TICK at this time; INT64_MAX for never */
} DfuTargetUpdate;

/** The device around the DFU target. Sizes in bytes. */
typedef struct {
  const DfuPersonality *personality;
  uint8_t *flash;              /* the caller's: where the image is received; outlives the target */
  uint32_t flash_bytes;        /* room in @flash: the limit for an image, and the second bank */
  uint32_t bootloader_bytes;   /* limit of a bootloader image */
  bool has_application;        /* a valid application is installed */
  uint16_t device_type;        /* what the init packet is compared with; 0xffff: the family's own */
  uint16_t device_revision;
  uint16_t softdevice_id;
  int64_t erase_page_us;       /* time to erase one flash page; 0: done by the next step */
  int64_t write_packet_us;     /* time to write one packet to flash; 0: likewise */
  uint16_t notification_buffers; /* of the radio stack; 0: enough for everything */
  int64_t notify_us;           /* time a notification occupies one */
} DfuTargetConfig;

enum {
  DFU_TARGET_MAX_INIT_BYTES = 128,
  DFU_TARGET_MAX_QUEUED = 32,
  DFU_TARGET_ACCUMULATOR_BYTES = 240,
  DFU_TARGET_STAGING_BYTES = 200,
};

/** Why a target restarts, which may decide what starts. */
typedef enum {
  DFU_RESTART_NONE,
  DFU_RESTART_POWER,     /* power was lost */
  DFU_RESTART_ASSERTED,  /* its own stack or flash refused something, which resets the chip */
  DFU_RESTART_TIMER,     /* nothing came for too long */
  DFU_RESTART_REQUESTED, /* System Reset, or Activate of what is not validated */
  DFU_RESTART_ACTIVATED, /* Activate installed the image */
} DfuRestartCause;

/** What OTAFIX collects of small packets before it writes them. */
typedef struct {
  enum { DFU_PACKETS_UNSEEN, DFU_PACKETS_SMALL, DFU_PACKETS_LARGE } kind; /* as the first was */
  uint8_t bytes[DFU_TARGET_ACCUMULATOR_BYTES];
  uint16_t n;
} DfuAccumulator;

/** The session of an InfiniTime watch, beside what all targets have. */
typedef struct {
  bool updating;            /* a session is open: accesses restart its timer */
  uint32_t n_packets;       /* image packets since Start */
  uint8_t receipt_interval; /* 0: off */
  uint8_t staging[DFU_TARGET_STAGING_BYTES];
  uint16_t n_staged;
  uint32_t flashed_bytes;   /* of the image, what left the staging buffer */
  int64_t reply_due_us;     /* of the one delayed reply; INT64_MAX: none */
  uint8_t reply_opcode;     /* what it answers */
} DfuWatchSession;

/** A plain value: copy it to branch into several futures. Fields are target.c's own. */
typedef struct {
  DfuTargetConfig config;
  DfuTargetStage stage;
  uint8_t packet_type;          /* which request a DFU Packet write belongs to; 0: none yet */
  uint8_t mode;                 /* of the last Start request; counts once its sizes arrive */
  DfuImageSizes sizes;          /* as the last Start left them, refused or not, */
  uint8_t sizes_mode;           /* and the mode that came with them */
  uint32_t total_bytes;
  uint8_t activation_mode;      /* whose activation routine Activate runs */
  uint8_t init[DFU_TARGET_MAX_INIT_BYTES];
  uint32_t init_bytes;
  uint16_t image_crc;           /* what the accepted init packet announced */
  uint32_t received_bytes;      /* accepted image bytes: what 07 and receipts say */
  uint32_t written_bytes;       /* of these, in flash */
  uint16_t receipt_interval;    /* 0: off */
  uint16_t receipt_countdown;
  uint16_t mtu;
  bool connected;
  bool was_connected;           /* since it started */
  bool notify;
  bool started;                 /* has seen an event: the inactivity timer runs */
  DfuRestartCause restarting;   /* the step that is under way ends with a restart */
  uint32_t erased_bytes;        /* while PREPARING: how much, until when, */
  int64_t erase_done_us;
  int64_t application_gone_us;  /* and when the application's first page goes; INT64_MAX: never */
  uint16_t queued_bytes[DFU_TARGET_MAX_QUEUED]; /* packets on their way to flash, oldest first */
  size_t n_queued;
  size_t final_queued;          /* which of these made the image complete, from 1; 0: none */
  size_t n_held;                /* buffers never given back */
  int64_t write_done_us;        /* when the oldest is in flash; INT64_MAX: none, or jammed */
  int64_t now_us;               /* of what is being handled */
  uint16_t n_unsent;            /* notifications that occupy a buffer */
  int64_t oldest_sent_us;       /* when the oldest of them gives it back */
  int64_t timer_us;             /* when the inactivity timer fires; INT64_MAX: not running */
  int64_t image_from_us;        /* image packets before are refused (SDK 4.3 to 6.0) */
  DfuAccumulator accumulator;
  DfuWatchSession watch;
  uint8_t installed_mode;       /* what was last activated; kept over restarts */
  uint32_t installed_bytes;
} DfuTarget;

/**
 * Sets @target to freshly started, in DFU mode; the first event starts its timer. One
 * that is an application itself has an application, whatever @config says.
 */
void dfu_target_init(DfuTarget *target, const DfuTargetConfig *config);

/**
 * dfu_target_step:
 * @event: what happened
 * @update: (out): what to do about it
 *
 * One step. After an @update with a boot other than DFU_TARGET_STAYS the target
 * has restarted already: its state is that of dfu_target_init(), with
 * config.has_application as the restart left it.
 */
void dfu_target_step(DfuTarget *target, const DfuTargetEvent *event, DfuTargetUpdate *update);

/**
 * The image that was last installed: after an update with `activated` its bytes
 * lie at the start of config.flash, until the next transfer. @mode: (out): what
 * it is. Returns its length, which is what the last Start said, be it refused.
 */
uint32_t dfu_target_image(const DfuTarget *target, uint8_t *mode);

/** "idle", "preparing", …: for logs. */
const char *dfu_target_stage_name(DfuTargetStage stage);

#endif
