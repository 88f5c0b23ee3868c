/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/services.h"

#include "bluez/bluez_error.h"

/* Discovering a bootloader's services takes well under 5 s at a connection interval of 50 ms. */
#define RESOLVE_TIMEOUT_MS 15000

/* BlueZ was seen to add objects again 45 ms after it took them away. */
#define LOOK_TIMEOUT_MS 1000

#define LOOK_AGAIN_MS 100

#define READ_TIMEOUT_MS 5000

typedef enum {
  RESOLVING,
  ASKING,  /* for all objects afresh */
  LOOKING, /* what is there has no DFU service: what changes may */
  READING,
  DONE,
} Step;

struct DfuBluezServices {
  DfuBluezBus *bus;
  char *device;
  char *label;
  DfuBluezServicesFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  Step step;
  guint timer_id;
  guint again_id;
  gint64 look_until_us; /* 0: the objects were there whenever they were looked for */
  DfuBluezGatt gatt;
  gboolean has_revision;
  guint16 revision;
  DfuBluezDeviceInfo *info;
};

static void ask(DfuBluezServices *services);

/* @error is taken. The last thing done: @func may free the services. */
static void end(DfuBluezServices *services, DfuBluezServicesResult result, GError *error)
{
  g_autoptr(GError) owned = error;

  services->step = DONE;
  g_clear_handle_id(&services->timer_id, g_source_remove);
  g_clear_handle_id(&services->again_id, g_source_remove);
  services->func(result, owned, services->user_data);
}

static gboolean on_time_over(gpointer user_data)
{
  DfuBluezServices *services = user_data;
  const DfuBluezGatt *gatt = &services->gatt;

  services->timer_id = 0;
  if (services->step == RESOLVING || !gatt->has_services)
    end(services, DFU_BLUEZ_SERVICES_LOST,
        g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                    "%s was connected, but does not tell its services; try again, or switch "
                    "the adapter off and on; or the device, but not in mid-update",
                    services->label));
  else if (gatt->has_secure_dfu)
    end(services, DFU_BLUEZ_SERVICES_ABSENT,
        g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                    "%s is a Secure DFU device (service FE59, nRF5 SDK 12 and later); this program "
                    "speaks legacy DFU only: use nrfutil or nRF Connect", services->label));
  else
    end(services, DFU_BLUEZ_SERVICES_ABSENT,
        g_error_new(DFU_ERROR, DFU_ERROR_REFUSED,
                    "%s has no legacy DFU service (1530); put it into DFU mode, or see with "
                    "`dfu-ble scan` which device is", services->label));
  return G_SOURCE_REMOVE;
}

static gboolean get_device_flag(DfuBluezServices *services, const char *property)
{
  return dfu_bluez_objects_get_flag(dfu_bluez_bus_objects(services->bus), services->device,
                                    DFU_BLUEZ_DEVICE, property);
}

static void end_lost(DfuBluezServices *services)
{
  end(services, DFU_BLUEZ_SERVICES_LOST,
      g_error_new(DFU_ERROR, DFU_ERROR_LINK_LOST,
                  "the link to %s broke while its services were read; move closer",
                  services->label));
}

static gboolean on_look_again(gpointer user_data)
{
  DfuBluezServices *services = user_data;

  services->again_id = 0;
  ask(services);
  return G_SOURCE_REMOVE;
}

static void look_again_soon(DfuBluezServices *services)
{
  if (services->again_id == 0)
    services->again_id = g_timeout_add(LOOK_AGAIN_MS, on_look_again, services);
}

/* What BlueZ replaces is back after a moment, or never. */
static gint64 get_patience_ms(DfuBluezServices *services)
{
  gint64 now_us = g_get_monotonic_time();

  if (services->look_until_us == 0)
    services->look_until_us = now_us + LOOK_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
  return MAX(services->look_until_us - now_us, 0) / G_TIME_SPAN_MILLISECOND;
}

static void await_objects(DfuBluezServices *services)
{
  services->step = LOOKING;
  services->timer_id = g_timeout_add((guint)get_patience_ms(services), on_time_over, services);
}

/* The object went away between finding and reading it: BlueZ replaces them all just now. */
static void look_again(DfuBluezServices *services)
{
  if (get_patience_ms(services) == 0) {
    end_lost(services);
    return;
  }
  services->step = LOOKING;
  look_again_soon(services);
}

/* DFU Revision: two bytes, minor and major. */
static void take_revision(DfuBluezServices *services, GVariant *answer)
{
  g_autoptr(GVariant) value = NULL;
  const guint8 *bytes;
  gsize len;

  if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(ay)")))
    return;
  value = g_variant_get_child_value(answer, 0);
  bytes = g_variant_get_fixed_array(value, &len, 1);
  if (len != 2)
    return;
  services->has_revision = TRUE;
  services->revision = (guint16)(bytes[0] | bytes[1] << 8);
}

/* BlueZ may have replaced the objects meanwhile. */
static void on_info_read(gpointer user_data)
{
  DfuBluezServices *services = user_data;

  if (dfu_bluez_objects_has(dfu_bluez_bus_objects(services->bus), services->gatt.control,
                            DFU_BLUEZ_CHARACTERISTIC))
    end(services, DFU_BLUEZ_SERVICES_FOUND, NULL);
  else
    look_again(services);
}

/* After DFU Revision, which matters more: a device answers one request at a time. */
static void read_info(DfuBluezServices *services)
{
  services->step = READING;
  g_clear_pointer(&services->info, dfu_bluez_device_info_free);
  services->info =
      dfu_bluez_device_info_new(services->bus, &services->gatt, on_info_read, services);
}

static void on_revision_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = dfu_bluez_bus_finish(source, result, NULL, &error);
  DfuBluezServices *services = user_data;

  if (dfu_bluez_is_cancelled(error))
    return;
  if (answer != NULL)
    take_revision(services, answer);
  /* A read that is under way when the objects are replaced is never answered. */
  if (error != NULL && (dfu_bluez_error_classify(error).repeatable ||
                        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)))
    look_again(services);
  else if (error != NULL && dfu_bluez_error_classify(error).link_lost)
    end_lost(services);
  else
    read_info(services);
}

static void read_revision(DfuBluezServices *services)
{
  services->step = READING;
  dfu_bluez_bus_call(services->bus, services->gatt.revision, DFU_BLUEZ_CHARACTERISTIC, "ReadValue",
                     g_variant_new("(a{sv})", NULL), READ_TIMEOUT_MS, services->cancellable,
                     on_revision_read, services);
}

static void look(DfuBluezServices *services)
{
  dfu_bluez_gatt_clear(&services->gatt);
  if (!dfu_bluez_gatt_find(dfu_bluez_bus_objects(services->bus), services->device,
                           &services->gatt))
    await_objects(services);
  else if (services->gatt.revision != NULL)
    read_revision(services);
  else
    read_info(services);
}

static void on_asked(const GError *error, gpointer user_data)
{
  DfuBluezServices *services = user_data;

  if (error != NULL)
    end(services, DFU_BLUEZ_SERVICES_LOST, g_error_copy(error));
  else
    look(services);
}

/* All at once: signals tell of one object after the other, and of a connection's MTU not at all. */
static void ask(DfuBluezServices *services)
{
  services->step = ASKING;
  g_clear_handle_id(&services->timer_id, g_source_remove);
  dfu_bluez_bus_open(services->bus, on_asked, services);
}

DfuBluezServices *dfu_bluez_services_new(DfuBluezBus *bus, const char *device, const char *label,
                                         DfuBluezServicesFunc func, gpointer user_data)
{
  DfuBluezServices *services = g_new0(DfuBluezServices, 1);

  services->bus = bus;
  services->device = g_strdup(device);
  services->label = g_strdup(label);
  services->func = func;
  services->user_data = user_data;
  services->cancellable = g_cancellable_new();
  return services;
}

void dfu_bluez_services_start(DfuBluezServices *services)
{
  services->timer_id = g_timeout_add(RESOLVE_TIMEOUT_MS, on_time_over, services);
  dfu_bluez_services_on_change(services);
}

void dfu_bluez_services_on_change(DfuBluezServices *services)
{
  if (services->step == DONE)
    return;
  if (!get_device_flag(services, "Connected")) {
    end_lost(services);
    return;
  }
  if (services->step == RESOLVING && get_device_flag(services, "ServicesResolved"))
    ask(services);
  else if (services->step == LOOKING)
    look_again_soon(services);
}

const DfuBluezGatt *dfu_bluez_services_gatt(const DfuBluezServices *services)
{
  return &services->gatt;
}

gboolean dfu_bluez_services_revision(const DfuBluezServices *services, guint16 *revision)
{
  *revision = services->revision;
  return services->has_revision;
}

const DfuBluezDeviceInfo *dfu_bluez_services_info(const DfuBluezServices *services)
{
  return services->info;
}

void dfu_bluez_services_free(DfuBluezServices *services)
{
  if (services == NULL)
    return;
  g_cancellable_cancel(services->cancellable);
  g_object_unref(services->cancellable);
  g_clear_handle_id(&services->timer_id, g_source_remove);
  g_clear_handle_id(&services->again_id, g_source_remove);
  dfu_bluez_device_info_free(services->info);
  dfu_bluez_gatt_clear(&services->gatt);
  g_free(services->device);
  g_free(services->label);
  g_free(services);
}
