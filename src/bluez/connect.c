/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/connect.h"

#include "base/printable.h"
#include "base/address.h"
#include "wire/uuids.h"

#define MAX_TRIES 5
#define HOST_PAUSE_MS 1000

/* After the first, second, … try that failed. */
static const guint pauses_ms[MAX_TRIES - 1] = { 500, 1000, 1500, 2000 };

struct DfuBluezConnect {
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  DfuBluezRemoval *removal;
  DfuBluezConnectOptions options;
  DfuBluezConnectFunc func;
  gpointer user_data;
  char *label; /* the device in error messages */

  DfuBluezAttempt *attempt; /* NULL during a pause, or while something is being removed */
  guint pause_id;
  guint deadline_id;
  gboolean is_late;       /* the deadline is over */
  guint n_tries;      /* attempts at a device that was there, as far as is known */
  gboolean was_heard; /* it showed itself at least once */
  gboolean was_unanswered;
  gboolean was_healed;
  DfuBluezAttemptVerdict verdict; /* of the last attempt, and why */
  GError *error;
};

/* A bootloader seldom has the bond of its application, and a link that BlueZ then tries to
 * encrypt ends at once. */
static void advise_on_bond(DfuBluezConnect *connect)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(connect->bus);
  const char *address = connect->options.wanted.address;
  g_autofree char *device = NULL;
  g_autofree char *message = NULL;

  if (address == NULL)
    return;
  device = dfu_bluez_objects_find_device(objects, NULL, address);
  if (device == NULL || !dfu_bluez_objects_get_flag(objects, device, DFU_BLUEZ_DEVICE, "Paired"))
    return;
  message = g_strdup_printf("%s. This host has a bond with it; if the device has lost its side of "
                            "that, remove it: `bluetoothctl remove %s`",
                            connect->error->message, address);
  g_free(connect->error->message);
  connect->error->message = g_steal_pointer(&message);
}

/* The last thing done, as @func may free the connecting. */
static void fail(DfuBluezConnect *connect, DfuLinkTrouble trouble)
{
  g_clear_handle_id(&connect->deadline_id, g_source_remove);
  if (trouble == DFU_LINK_TROUBLE_PASSING) {
    advise_on_bond(connect);
    if (connect->n_tries > 1)
      g_prefix_error(&connect->error, "after %u tries: ", connect->n_tries);
  }
  connect->func(connect->error, trouble, NULL, connect->user_data);
}

/* The DFU target that is there instead of the device asked for; (transfer full) (nullable). */
static char *find_target_above(DfuBluezConnect *connect)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(connect->bus);
  g_autofree char *address = NULL;
  g_autofree char *device = NULL;

  if (connect->options.wanted.address == NULL)
    return NULL;
  address = dfu_address_step(connect->options.wanted.address, 1);
  device = dfu_bluez_objects_find_device(objects, NULL, address);
  if (device == NULL ||
      !dfu_bluez_objects_device_has_uuid(objects, device, DFU_UUID_SERVICE))
    return NULL;
  return g_steal_pointer(&address);
}

static void fail_unheard(DfuBluezConnect *connect)
{
  guint seconds = (connect->options.timeout_ms + 999) / 1000;
  g_autofree char *above = find_target_above(connect);

  g_clear_error(&connect->error);
  if (above != NULL)
    connect->error = g_error_new(
        DFU_ERROR, DFU_ERROR_NOT_FOUND,
        "%s was not heard within %u s, but a DFU target at the address after it, where many "
        "bootloaders are: if it is the device, go on with `--addr %s`",
        connect->label, seconds, above);
  else
    connect->error = g_error_new(
        DFU_ERROR, DFU_ERROR_NOT_FOUND,
        "%s was not heard within %u s; is it in DFU mode, powered, near, and not connected to "
        "a phone? `dfu-ble scan` shows what is there",
        connect->label, seconds);
  fail(connect, DFU_LINK_TROUBLE_NOT_FOUND);
}

static void fail_late(DfuBluezConnect *connect)
{
  if (connect->verdict == DFU_BLUEZ_ATTEMPT_HOST)
    fail(connect, DFU_LINK_TROUBLE_LASTING);
  else if (!connect->was_heard)
    fail_unheard(connect);
  else
    fail(connect, DFU_LINK_TROUBLE_PASSING);
}

static void begin_attempt(gpointer user_data);

static gboolean on_pause_over(gpointer user_data)
{
  DfuBluezConnect *connect = user_data;

  connect->pause_id = 0;
  dfu_bluez_removal_await(connect->removal, begin_attempt, connect);
  return G_SOURCE_REMOVE;
}

static void pause_then_try(DfuBluezConnect *connect, guint pause_ms)
{
  connect->pause_id = g_timeout_add(pause_ms, on_pause_over, connect);
}

static void decide(DfuBluezConnect *connect)
{
  if (connect->verdict == DFU_BLUEZ_ATTEMPT_NO_DFU)
    fail(connect, DFU_LINK_TROUBLE_LASTING);
  else if (connect->is_late)
    fail_late(connect);
  else if (connect->verdict == DFU_BLUEZ_ATTEMPT_HOST && !connect->options.is_patient)
    fail(connect, DFU_LINK_TROUBLE_LASTING);
  else if (connect->verdict == DFU_BLUEZ_ATTEMPT_HOST)
    pause_then_try(connect, HOST_PAUSE_MS);
  else if (connect->n_tries >= MAX_TRIES)
    fail(connect, DFU_LINK_TROUBLE_PASSING);
  else
    pause_then_try(connect, pauses_ms[MAX(connect->n_tries, 1) - 1]);
}

/* What the attempt's verdict means here: stale services are forgotten, but only once. */
static DfuBluezAttemptVerdict judge(DfuBluezConnect *connect, const DfuBluezAttemptResult *result)
{
  if (result->verdict != DFU_BLUEZ_ATTEMPT_STALE)
    return result->verdict;
  if (connect->was_healed)
    return DFU_BLUEZ_ATTEMPT_NO_DFU;
  connect->was_healed = TRUE;
  dfu_bluez_removal_begin(connect->removal, result->device);
  return DFU_BLUEZ_ATTEMPT_FAULT;
}

/* A fault that was there before tells more than that the time is over. */
static void keep_verdict(DfuBluezConnect *connect, const DfuBluezAttemptResult *result)
{
  gboolean had_fault =
      connect->error != NULL && connect->verdict != DFU_BLUEZ_ATTEMPT_HOST;

  if (result->verdict == DFU_BLUEZ_ATTEMPT_STOPPED && had_fault)
    return;
  g_clear_error(&connect->error);
  connect->error = g_error_copy(result->error);
  connect->verdict = judge(connect, result);
}

static void on_attempt_ended(const DfuBluezAttemptResult *result, gpointer user_data)
{
  DfuBluezConnect *connect = user_data;

  if (result->verdict == DFU_BLUEZ_ATTEMPT_CONNECTED) {
    g_clear_handle_id(&connect->deadline_id, g_source_remove);
    connect->func(NULL, DFU_LINK_TROUBLE_PASSING, result, connect->user_data);
    return;
  }
  keep_verdict(connect, result);
  connect->was_heard |= result->was_heard;
  connect->was_unanswered |= result->was_unanswered;
  connect->options.wanted.must_be_heard |= result->was_unanswered;
  connect->options.is_patient |= result->was_host_ready;
  if (result->verdict != DFU_BLUEZ_ATTEMPT_HOST &&
      (result->was_heard || !result->was_unanswered))
    connect->n_tries++;
  g_clear_pointer(&connect->attempt, dfu_bluez_attempt_free);
  decide(connect);
}

static void begin_attempt(gpointer user_data)
{
  DfuBluezConnect *connect = user_data;
  DfuBluezAttemptOptions options = {
    .adapter = connect->options.adapter,
    .wanted = connect->options.wanted,
  };

  connect->attempt = dfu_bluez_attempt_new(connect->bus, connect->discovery, &options,
                                           on_attempt_ended, connect);
}

static gboolean on_deadline(gpointer user_data)
{
  DfuBluezConnect *connect = user_data;

  connect->deadline_id = 0;
  connect->is_late = TRUE;
  if (connect->attempt != NULL) {
    dfu_bluez_attempt_stop(connect->attempt);
    return G_SOURCE_REMOVE;
  }
  g_clear_handle_id(&connect->pause_id, g_source_remove);
  dfu_bluez_removal_await(connect->removal, NULL, NULL);
  fail_late(connect);
  return G_SOURCE_REMOVE;
}

DfuBluezConnect *dfu_bluez_connect_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                       DfuBluezRemoval *removal,
                                       const DfuBluezConnectOptions *options,
                                       DfuBluezConnectFunc func, gpointer user_data)
{
  DfuBluezConnect *connect = g_new0(DfuBluezConnect, 1);

  connect->bus = bus;
  connect->discovery = discovery;
  connect->removal = removal;
  connect->options = *options;
  connect->func = func;
  connect->user_data = user_data;
  connect->label = options->wanted.address != NULL ? g_strdup(options->wanted.address)
                                                   : dfu_printable(options->wanted.name, -1);
  connect->deadline_id = g_timeout_add(options->timeout_ms, on_deadline, connect);
  dfu_bluez_removal_await(removal, begin_attempt, connect);
  return connect;
}

void dfu_bluez_connect_on_change(DfuBluezConnect *connect, const DfuBluezChange *change)
{
  if (connect->attempt != NULL)
    dfu_bluez_attempt_on_change(connect->attempt, change);
}

const char *dfu_bluez_connect_engaged_device(const DfuBluezConnect *connect)
{
  return connect->attempt != NULL ? dfu_bluez_attempt_engaged_device(connect->attempt) : NULL;
}

gboolean dfu_bluez_connect_was_unanswered(const DfuBluezConnect *connect)
{
  return connect->was_unanswered;
}

void dfu_bluez_connect_free(DfuBluezConnect *connect)
{
  if (connect == NULL)
    return;
  g_clear_pointer(&connect->attempt, dfu_bluez_attempt_free);
  dfu_bluez_removal_await(connect->removal, NULL, NULL);
  g_clear_handle_id(&connect->pause_id, g_source_remove);
  g_clear_handle_id(&connect->deadline_id, g_source_remove);
  g_clear_error(&connect->error);
  g_free(connect->label);
  g_free(connect);
}
