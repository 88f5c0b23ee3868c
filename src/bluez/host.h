/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What can be seen of this host's Bluetooth: bluetoothd and its adapters over
 * D-Bus, the kernel's side in files. Facts only; what they mean is for
 * host_findings.c and link_findings.c.
 *
 * Sources: BlueZ, doc/org.bluez.Adapter1.rst and src/main.c, init_defaults();
 * Linux, net/bluetooth/hci_core.c, hci_alloc_dev_priv(), and hci_debugfs.c.
 */
#ifndef DFU_BLUEZ_HOST_H
#define DFU_BLUEZ_HOST_H

#include "bluez/adapter.h"
#include "bluez/main_conf.h"

/** How far the way to bluetoothd leads. */
typedef enum {
  DFU_HOST_NO_BUS,      /* the system bus cannot be reached */
  DFU_HOST_NOT_RUNNING, /* nobody is org.bluez, and nobody can be started */
  DFU_HOST_DENIED,      /* the bus's policy keeps this user away */
  DFU_HOST_NO_ANSWER,   /* it is there, but does not answer */
  DFU_HOST_REACHED,
} DfuHostReach;

typedef struct {
  char *name; /* "hci0" */
  char *address;
  gboolean is_powered;
  gboolean is_discovering;
  gboolean has_roles; /* bluetoothd tells of roles */
  gboolean is_central;
} DfuHostAdapter;

/** bluetoothd's version; 0.0 where it is not known. */
typedef struct {
  guint major;
  guint minor;
} DfuBluezVersion;

/** Where the value of a connection parameter is from; the first is the surest. */
typedef enum {
  DFU_FROM_KERNEL,    /* debugfs: in force */
  DFU_FROM_MAIN_CONF, /* what bluetoothd set when it was started, if the file was the same */
  DFU_FROM_DEFAULTS,  /* of Linux, where neither could be read or says anything */
} DfuParamOrigin;

typedef struct {
  guint value;
  DfuParamOrigin origin;
} DfuHostParam;

typedef struct {
  DfuHostReach reach;
  char *reason;         /* (nullable): printable: what was answered, short of DFU_HOST_REACHED */
  gboolean was_started; /* bluetoothd did not run, and was started by the question */
  DfuBluezVersion version;
  DfuHostAdapter *adapters; /* those of bluetoothd, by name */
  guint n_adapters;

  char **kernel_adapters; /* names of those of the kernel */
  gboolean has_rfkill;    /* switches of the kernel can be seen */
  DfuRfkill rfkill;
  DfuMainConf main_conf;
  char *chosen; /* (nullable): the adapter that is asked for, or the one that a link would use */
  DfuHostParam params[DFU_N_PARAMS]; /* of that adapter */
} DfuBluezHost;

DfuBluezHost *dfu_bluez_host_new(void);
void dfu_bluez_host_free(DfuBluezHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezHost, dfu_bluez_host_free)

/** Asks bluetoothd; starts it where the bus can, as a link does. Blocks, for up to a minute. */
void dfu_bluez_host_ask(DfuBluezHost *host);

/** Takes the adapters and the version from the answer of GetManagedObjects. */
void dfu_bluez_host_take_objects(DfuBluezHost *host, DfuBluezObjects *objects);

/**
 * dfu_bluez_host_read_files:
 * @host: asked before
 * @root: "/", or a folder in its place
 * @wanted: (nullable): the adapter that is asked for
 *
 * Reads the kernel's and bluetoothd's files, and settles which adapter it is about.
 */
void dfu_bluez_host_read_files(DfuBluezHost *host, const char *root, const char *wanted);

/** The adapter of that name among bluetoothd's; NULL if there is none. */
const DfuHostAdapter *dfu_bluez_host_find(const DfuBluezHost *host, const char *name);

#endif
