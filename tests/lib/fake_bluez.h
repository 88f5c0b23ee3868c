/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An org.bluez in the test's own process, on a private bus, that does what it is
 * told: for the errors and accidents of bluetoothd. One adapter hci0, and one
 * device with the DFU service, at C4:12:AB:00:11:22 where nothing else is said.
 * Texts of errors and the order of signals are those of bluetoothd 5.66.
 */
#ifndef DFU_TESTS_LIB_FAKE_BLUEZ_H
#define DFU_TESTS_LIB_FAKE_BLUEZ_H

#include <gio/gio.h>

#define FAKE_ADDRESS "C4:12:AB:00:11:22"

typedef struct {
  GTestDBus *bus;
  char *service_folder; /* of what the bus can start; NULL for nothing */
  GDBusConnection *connection;
  guint filter_id;
  GHashTable *failures; /* method -> GQueue of Failure */
  GHashTable *mute;     /* methods that are never answered */
  GString *calls;       /* each method called, and what WriteValue wrote: "Connect;Write 07;…" */

  const char *address;
  const char *address_type;
  const char *left_behind; /* an address with an object and no device, which no Connect reaches */
  gboolean is_discovering;
  gboolean is_off;      /* the device is not on the air: no discovery finds it */
  gboolean is_known;    /* its object is there */
  gboolean is_paired;
  gboolean has_cache;   /* the services of an earlier connection are there */
  gboolean is_connected;
  gboolean is_silent;   /* Connected becomes true, and no signal says so */
  gboolean is_powered;
  const char *service;  /* UUID of its service; NULL for no object at all */
  const char *path;     /* last part of the service's object path */
  const char *info[3];  /* Device Information: manufacturer, model, firmware; NULL for none of it */
  guint n_reads;        /* of all ReadValue calls, only so many are answered; 0 for no limit */
  const char *packet_flags; /* properties of DFU Packet */
  int notify_fd;        /* the daemon's ends; -1 for none */
  int write_fd;
} FakeBluez;

/** Starts a bus and the daemon on it, and makes it the system bus. */
FakeBluez *fake_bluez_new(void);

/** The same where the daemon can be started: whoever asks for that waits for fake_bluez_start(). */
FakeBluez *fake_bluez_new_activatable(void);

void fake_bluez_free(FakeBluez *fake);

/** The next @times calls of @method fail. */
void fake_bluez_fail(FakeBluez *fake, const char *method, guint times, const char *name,
                     const char *message);

/** Calls of @method are never answered. */
void fake_bluez_mute(FakeBluez *fake, const char *method);

/** The daemon ends, or is there again, with nothing but the adapter. */
void fake_bluez_stop(FakeBluez *fake);
void fake_bluez_start(FakeBluez *fake);

void fake_bluez_set_powered(FakeBluez *fake, gboolean powered);

/** The device's object goes, on somebody else's wish. */
void fake_bluez_remove_device(FakeBluez *fake);

/** A discovery hears the device. */
void fake_bluez_advertise(FakeBluez *fake);

/** The link is lost: both descriptors end, and one signal says so. */
void fake_bluez_drop_link(FakeBluez *fake);

/** All objects of the connected device are taken away and added again at @path. */
void fake_bluez_replace_services(FakeBluez *fake, const char *path);

/** A notification of the control point, by descriptor or by signal. */
void fake_bluez_notify(FakeBluez *fake, const guint8 *bytes, gsize len);

/** How often @call stands in the calls. */
guint fake_bluez_count(FakeBluez *fake, const char *call);

#endif
