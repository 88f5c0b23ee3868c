/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/attempt.h"

#include "base/printable.h"
#include "bluez/adapter.h"
#include "bluez/bluez_error.h"
#include "bluez/leaving.h"
#include "bluez/services.h"

#include <dfu/bluez.h>

/* bluetoothd itself gives up after 42 s; a device that is there is connected within 1 or 2. */
#define CONNECT_TIMEOUT_S 15

/* For one that nobody heard: it may be elsewhere, and nothing else is listened to meanwhile. */
#define UNHEARD_TIMEOUT_S 5

/* Longer than bluetoothd's own limit, so that it is the one to answer. */
#define CALL_TIMEOUT_MS 60000

typedef enum {
  STEP_OPEN,     /* bluetoothd, its objects, an adapter */
  STEP_FIND,     /* its object; where it is not known, a discovery listens for it */
  STEP_CONNECT,  /* Connect is under way */
  STEP_SERVICES, /* connected: services, Revision */
  STEP_LEAVE,    /* it failed: the device is being disconnected */
} Step;

struct DfuBluezAttempt {
  DfuBluezBus *bus;
  DfuBluezDiscovery *discovery;
  DfuBluezAttemptOptions options;
  DfuBluezAttemptFunc func;
  gpointer user_data;

  Step step;
  guint connect_id; /* time limit of Connect */
  GCancellable *cancellable;
  DfuBluezFind *find;
  DfuBluezServices *services;
  DfuBluezLeaving *leaving;
  char *adapter;
  char *device;
  char *label; /* the device in error messages */

  gboolean is_engaged;    /* a Connect of ours is under way or succeeded */
  gboolean was_connected; /* somebody had it connected already */
  gboolean had_services;  /* BlueZ remembered services of it before this connection */
  DfuBluezAttemptResult result;
  GError *error;
};

static gboolean get_device_flag(DfuBluezAttempt *attempt, const char *property)
{
  return dfu_bluez_objects_get_flag(dfu_bluez_bus_objects(attempt->bus), attempt->device,
                                    DFU_BLUEZ_DEVICE, property);
}

static void end_steps(DfuBluezAttempt *attempt)
{
  g_clear_handle_id(&attempt->connect_id, g_source_remove);
  g_cancellable_cancel(attempt->cancellable);
  dfu_bluez_bus_cancel_open(attempt->bus);
  g_clear_pointer(&attempt->find, dfu_bluez_find_free);
  g_clear_pointer(&attempt->services, dfu_bluez_services_free);
  g_clear_pointer(&attempt->leaving, dfu_bluez_leaving_free);
}

/* The last thing done, as @func may free the attempt. */
static void answer(DfuBluezAttempt *attempt)
{
  attempt->result.error = attempt->error;
  attempt->result.device = attempt->device;
  attempt->func(&attempt->result, attempt->user_data);
}

static void on_left(gpointer user_data)
{
  DfuBluezAttempt *attempt = user_data;

  g_clear_pointer(&attempt->leaving, dfu_bluez_leaving_free);
  attempt->is_engaged = FALSE;
  answer(attempt);
}

/* @error is taken. */
static void fail(DfuBluezAttempt *attempt, DfuBluezAttemptVerdict verdict, GError *error)
{
  end_steps(attempt);
  attempt->result.verdict = verdict;
  attempt->error = error;
  /* A connection that was somebody else's before, and is of no use to us, is left to them. */
  if (attempt->is_engaged && !(verdict == DFU_BLUEZ_ATTEMPT_NO_DFU && attempt->was_connected)) {
    attempt->step = STEP_LEAVE;
    attempt->leaving = dfu_bluez_leaving_new(attempt->bus, attempt->device, on_left, attempt);
    return;
  }
  attempt->is_engaged = FALSE;
  answer(attempt);
}

static void fail_call(DfuBluezAttempt *attempt, const GError *dbus_error, const char *operation)
{
  DfuBluezFault fault = dfu_bluez_error_classify(dbus_error);

  fail(attempt,
       fault.code == DFU_ERROR_BLUETOOTH ? DFU_BLUEZ_ATTEMPT_HOST : DFU_BLUEZ_ATTEMPT_FAULT,
       dfu_bluez_error_new(dbus_error, NULL, "%s %s", operation, attempt->label));
}

static void succeed(DfuBluezAttempt *attempt)
{
  DfuBluezAttemptResult *result = &attempt->result;

  result->verdict = DFU_BLUEZ_ATTEMPT_CONNECTED;
  result->gatt = dfu_bluez_services_gatt(attempt->services);
  result->info = dfu_bluez_services_info(attempt->services);
  result->has_revision = dfu_bluez_services_revision(attempt->services, &result->revision);
  answer(attempt);
}

/* Forgetting a bonded device would destroy the bond: that is for its user to decide. */
static gboolean may_be_stale(DfuBluezAttempt *attempt)
{
  return attempt->had_services && !attempt->was_connected && !get_device_flag(attempt, "Paired");
}

static void on_services(DfuBluezServicesResult result, const GError *error, gpointer user_data)
{
  DfuBluezAttempt *attempt = user_data;

  switch (result) {
  case DFU_BLUEZ_SERVICES_FOUND:
    succeed(attempt);
    break;
  case DFU_BLUEZ_SERVICES_LOST:
    fail(attempt, DFU_BLUEZ_ATTEMPT_FAULT, g_error_copy(error));
    break;
  case DFU_BLUEZ_SERVICES_ABSENT:
    fail(attempt, may_be_stale(attempt) ? DFU_BLUEZ_ATTEMPT_STALE : DFU_BLUEZ_ATTEMPT_NO_DFU,
         g_error_copy(error));
    break;
  }
}

static void await_services(DfuBluezAttempt *attempt)
{
  attempt->step = STEP_SERVICES;
  attempt->result.was_heard = TRUE;
  g_clear_handle_id(&attempt->connect_id, g_source_remove);
  attempt->services = dfu_bluez_services_new(attempt->bus, attempt->device, attempt->label,
                                             on_services, attempt);
  dfu_bluez_services_start(attempt->services);
}

static void on_asked_again(const GError *error, gpointer user_data)
{
  DfuBluezAttempt *attempt = user_data;

  if (error != NULL)
    fail(attempt, DFU_BLUEZ_ATTEMPT_HOST, g_error_copy(error));
  else
    await_services(attempt);
}

static void on_connect_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezAttempt *attempt = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (error == NULL && get_device_flag(attempt, "Connected")) {
    await_services(attempt);
    return;
  }
  /* bluetoothd 5.66 sends no signal where its ATT socket is connected before it has read of the
   * connection from the kernel, as while a discovery gives it much to read (src/device.c,
   * att_connect_cb). The property is right. */
  if (error == NULL) {
    dfu_bluez_bus_open(attempt->bus, on_asked_again, attempt);
    return;
  }
  /* What is in progress then is another program's, and not ours to break off. */
  attempt->is_engaged =
      !dfu_bluez_error_classify(error).in_progress && get_device_flag(attempt, "Connected");
  fail_call(attempt, error, "connecting to");
}

static guint get_connect_timeout_s(const DfuBluezAttempt *attempt)
{
  return attempt->result.was_heard ? CONNECT_TIMEOUT_S : UNHEARD_TIMEOUT_S;
}

static gboolean on_connect_time_over(gpointer user_data)
{
  DfuBluezAttempt *attempt = user_data;

  attempt->connect_id = 0;
  attempt->result.was_unanswered = TRUE;
  fail(attempt, DFU_BLUEZ_ATTEMPT_FAULT,
       g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                   "no connection to %s came about within %u s; move closer, or switch the adapter "
                   "off and on: `bluetoothctl power off`, then `on`; or the device, but not in "
                   "mid-update",
                   attempt->label, get_connect_timeout_s(attempt)));
  return G_SOURCE_REMOVE;
}

static void connect_device(DfuBluezAttempt *attempt)
{
  g_autoptr(GPtrArray) services = dfu_bluez_objects_list(dfu_bluez_bus_objects(attempt->bus),
                                                         DFU_BLUEZ_SERVICE, attempt->device);

  attempt->step = STEP_CONNECT;
  attempt->was_connected = get_device_flag(attempt, "Connected");
  attempt->had_services = services->len > 0;
  attempt->is_engaged = TRUE;
  attempt->connect_id = g_timeout_add_seconds(get_connect_timeout_s(attempt),
                                              on_connect_time_over, attempt);
  dfu_bluez_bus_call(attempt->bus, attempt->device, DFU_BLUEZ_DEVICE, "Connect", NULL,
                     CALL_TIMEOUT_MS, attempt->cancellable, on_connect_answered, attempt);
}

/* It may be at another address than the one that was asked for. */
static void relabel(DfuBluezAttempt *attempt)
{
  const char *address = dfu_bluez_objects_get_text(dfu_bluez_bus_objects(attempt->bus),
                                                   attempt->device, DFU_BLUEZ_DEVICE, "Address");

  if (attempt->options.wanted.address == NULL || !dfu_bluez_is_address(address))
    return;
  g_free(attempt->label);
  attempt->label = g_strdup(address);
}

static void on_found(const DfuBluezFound *found, const GError *error, gpointer user_data)
{
  DfuBluezAttempt *attempt = user_data;

  if (error != NULL) {
    fail_call(attempt, error, "listening for");
    return;
  }
  attempt->device = g_strdup(found->device);
  attempt->result.rssi = found->rssi;
  attempt->result.was_heard = found->was_heard;
  g_clear_pointer(&attempt->find, dfu_bluez_find_free);
  relabel(attempt);
  connect_device(attempt);
}

static void on_opened(const GError *open_error, gpointer user_data)
{
  DfuBluezAttempt *attempt = user_data;
  GError *error = open_error != NULL ? g_error_copy(open_error) : NULL;

  if (error == NULL)
    attempt->adapter = dfu_bluez_adapter_choose(dfu_bluez_bus_objects(attempt->bus),
                                                attempt->options.adapter, &error);
  if (error != NULL) {
    fail(attempt, DFU_BLUEZ_ATTEMPT_HOST, error);
    return;
  }
  attempt->result.was_host_ready = TRUE;
  attempt->step = STEP_FIND;
  attempt->find = dfu_bluez_find_new(attempt->bus, attempt->discovery, attempt->adapter,
                                     &attempt->options.wanted, on_found, attempt);
}

static void fail_without_device(DfuBluezAttempt *attempt)
{
  attempt->is_engaged = FALSE; /* the Connect went with the object, and is never answered */
  fail(attempt, DFU_BLUEZ_ATTEMPT_FAULT,
       g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                   "%s was removed from BlueZ while it was being connected", attempt->label));
}

static void fail_with_host(DfuBluezAttempt *attempt, const char *message)
{
  attempt->is_engaged = FALSE; /* it ended what was under way */
  fail(attempt, DFU_BLUEZ_ATTEMPT_HOST,
       g_error_new_literal(DFU_ERROR, DFU_ERROR_BLUETOOTH, message));
}

void dfu_bluez_attempt_on_change(DfuBluezAttempt *attempt, const DfuBluezChange *change)
{
  DfuBluezObjects *objects = dfu_bluez_bus_objects(attempt->bus);

  if (attempt->step == STEP_OPEN)
    return;
  if (attempt->step == STEP_LEAVE) {
    dfu_bluez_leaving_on_change(attempt->leaving);
    return;
  }
  attempt->result.was_heard |= get_device_flag(attempt, "Connected");
  if (change->type == DFU_BLUEZ_GONE)
    fail_with_host(attempt, "bluetoothd went away; see `systemctl status bluetooth`");
  else if (dfu_bluez_adapter_went_off(objects, attempt->adapter, change))
    fail_with_host(attempt, "the Bluetooth adapter was switched off or taken away; see "
                            "`bluetoothctl list` and `bluetoothctl show`");
  else if (attempt->step == STEP_CONNECT && change->type == DFU_BLUEZ_REMOVED &&
           !dfu_bluez_objects_has(objects, attempt->device, DFU_BLUEZ_DEVICE))
    fail_without_device(attempt);
  else if (attempt->step == STEP_FIND)
    dfu_bluez_find_on_change(attempt->find, change);
  else if (attempt->step == STEP_SERVICES)
    dfu_bluez_services_on_change(attempt->services);
}

DfuBluezAttempt *dfu_bluez_attempt_new(DfuBluezBus *bus, DfuBluezDiscovery *discovery,
                                       const DfuBluezAttemptOptions *options,
                                       DfuBluezAttemptFunc func, gpointer user_data)
{
  DfuBluezAttempt *attempt = g_new0(DfuBluezAttempt, 1);

  attempt->bus = bus;
  attempt->discovery = discovery;
  attempt->options = *options;
  attempt->func = func;
  attempt->user_data = user_data;
  attempt->cancellable = g_cancellable_new();
  attempt->label = options->wanted.address != NULL ? g_strdup(options->wanted.address)
                                                   : dfu_printable(options->wanted.name, -1);
  dfu_bluez_bus_open(bus, on_opened, attempt);
  return attempt;
}

void dfu_bluez_attempt_stop(DfuBluezAttempt *attempt)
{
  if (attempt->step == STEP_LEAVE)
    return;
  attempt->result.was_unanswered = attempt->step == STEP_CONNECT;
  if (attempt->step == STEP_OPEN)
    fail(attempt, DFU_BLUEZ_ATTEMPT_HOST,
         g_error_new(DFU_ERROR, DFU_ERROR_BLUETOOTH,
                     "bluetoothd did not answer in time; restart it with "
                     "`systemctl restart bluetooth`"));
  else
    fail(attempt, DFU_BLUEZ_ATTEMPT_STOPPED,
         g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                     "%s was heard, but could not be connected in time; move closer, or switch "
                     "it off and on, but not in mid-update", attempt->label));
}

const char *dfu_bluez_attempt_engaged_device(const DfuBluezAttempt *attempt)
{
  return attempt->is_engaged ? attempt->device : NULL;
}

void dfu_bluez_attempt_free(DfuBluezAttempt *attempt)
{
  if (attempt == NULL)
    return;
  end_steps(attempt);
  g_object_unref(attempt->cancellable);
  g_clear_error(&attempt->error);
  g_free(attempt->adapter);
  g_free(attempt->device);
  g_free(attempt->label);
  g_free(attempt);
}
