/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One command at a time: each answer leads to the next step from what is to what
 * shall be, so that a change in between needs no care of its own.
 *
 * Source: Bluetooth Core, Vol 4, Part E, 7.8.4 to 7.8.9; for the interval,
 * nRF5 SDK 11.0.0, dfu_transport_ble.c.
 */
#include "emulator/air/hci_air.h"

#include <bluetooth/bluetooth.h>
#include <string.h>

#include "emulator/air/advertising_data.h"

enum {
  ADVERTISING_INTERVAL = 40, /* 25 ms, in units of 0.625 ms */
  RANDOM_ADDRESS = 0x01,
  DIRECTED_HIGH_DUTY = 0x01,
  ALL_CHANNELS = 0x07,
};

struct DfuHciAir {
  DfuBoard *board;
  DfuHciChannel *channel;
  void (*refused)(const char *what, gpointer user_data);
  gpointer user_data;
  gboolean connected;
  gboolean enabled;      /* the controller advertises */
  gboolean changed;      /* what it was told is not what the board wants now */
  gboolean renewal_due;
  DfuHciPeer peer;       /* who was connected last */
  gsize n_told;          /* steps of `telling` done */
  gboolean busy;         /* a command is unanswered: */
  guint16 opcode;
  guint renewal_id;
};

static void advance(DfuHciAir *air);

static void refuse(DfuHciAir *air, guint8 status)
{
  g_autofree char *text =
    g_strdup_printf("it refuses command 0x%04x with status 0x%02x", air->opcode, status);

  air->refused(text, air->user_data);
}

static void on_told(guint8 status, gpointer user_data)
{
  DfuHciAir *air = user_data;

  air->busy = FALSE;
  if (status != 0) {
    refuse(air, status);
    return;
  }
  air->n_told++;
  advance(air);
}

static void on_enabled(guint8 status, gpointer user_data)
{
  DfuHciAir *air = user_data;

  air->busy = FALSE;
  if (status != 0 && !air->connected) {
    refuse(air, status);
    return;
  }
  air->enabled = !air->connected;
  advance(air);
}

/* A refusal means that it had ended already, by a connection. */
static void on_disabled(guint8 status G_GNUC_UNUSED, gpointer user_data)
{
  DfuHciAir *air = user_data;

  air->busy = FALSE;
  air->enabled = FALSE;
  advance(air);
}

static void command(DfuHciAir *air, guint16 opcode, const guint8 *parameters, gsize len,
                    DfuHciCommandFunc func)
{
  air->busy = TRUE;
  air->opcode = opcode;
  dfu_hci_channel_command(air->channel, opcode, parameters, len, func, air);
}

static void tell_address(DfuHciAir *air, const DfuAdvertisement *advertisement)
{
  guint8 address[6];

  for (gsize i = 0; i < sizeof address; i++) { /* the last in the text is the first here */
    address[5 - i] = (guint8)g_ascii_strtoull(advertisement->address + 3 * i, NULL, 16);
  }
  command(air, DFU_HCI_LE_SET_RANDOM_ADDRESS, address, sizeof address, on_told);
}

static void tell_parameters(DfuHciAir *air, const DfuAdvertisement *advertisement)
{
  guint8 parameters[15] = {0}; /* connectable, scannable, undirected; anybody may */

  bt_put_le16(ADVERTISING_INTERVAL, parameters);
  bt_put_le16(ADVERTISING_INTERVAL, parameters + 2);
  parameters[5] = RANDOM_ADDRESS;
  if (advertisement->directed) {
    parameters[4] = DIRECTED_HIGH_DUTY;
    parameters[6] = air->peer.address_type;
    memcpy(parameters + 7, air->peer.address, sizeof air->peer.address);
  }
  parameters[13] = ALL_CHANNELS;
  command(air, DFU_HCI_LE_SET_ADVERTISING_PARAMETERS, parameters, sizeof parameters, on_told);
}

static void tell_bytes(DfuHciAir *air, guint16 opcode, const DfuAdvertisingData *data)
{
  guint8 parameters[1 + DFU_ADVERTISING_DATA_BYTES] = {0};

  parameters[0] = (guint8)data->len;
  memcpy(parameters + 1, data->bytes, data->len);
  command(air, opcode, parameters, sizeof parameters, on_told);
}

static void tell_data(DfuHciAir *air, const DfuAdvertisement *advertisement)
{
  DfuAdvertisingData data, response;

  dfu_advertising_data_make(advertisement, &data, &response);
  tell_bytes(air, DFU_HCI_LE_SET_ADVERTISING_DATA, &data);
}

static void tell_response(DfuHciAir *air, const DfuAdvertisement *advertisement)
{
  DfuAdvertisingData data, response;

  dfu_advertising_data_make(advertisement, &data, &response);
  tell_bytes(air, DFU_HCI_LE_SET_SCAN_RESPONSE_DATA, &response);
}

/** What the controller must be told before it can advertise, in this order. */
static void (*const telling[])(DfuHciAir *air, const DfuAdvertisement *advertisement) = {
  tell_address,
  tell_parameters,
  tell_data,
  tell_response,
};

static void enable(DfuHciAir *air, guint8 on, DfuHciCommandFunc func)
{
  command(air, DFU_HCI_LE_SET_ADVERTISE_ENABLE, &on, 1, func);
}

static void advance(DfuHciAir *air)
{
  const DfuAdvertisement *wanted =
    air->connected ? NULL : dfu_board_get_advertisement(air->board);

  if (air->busy) {
    return;
  }
  if (air->enabled && (wanted == NULL || air->changed || air->renewal_due)) {
    air->renewal_due = FALSE;
    enable(air, 0, on_disabled);
    return;
  }
  if (air->changed) {
    air->changed = FALSE;
    air->n_told = 0;
  }
  if (wanted == NULL || air->enabled) {
    return;
  }
  if (air->n_told < G_N_ELEMENTS(telling)) {
    telling[air->n_told](air, wanted);
  } else {
    enable(air, 1, on_enabled);
  }
}

static gboolean on_renewal_due(gpointer user_data)
{
  DfuHciAir *air = user_data;

  air->renewal_due = air->enabled;
  advance(air);
  return G_SOURCE_CONTINUE;
}

void dfu_hci_air_update(DfuHciAir *air)
{
  air->changed = TRUE;
  advance(air);
}

void dfu_hci_air_connected(DfuHciAir *air, const DfuHciPeer *peer)
{
  air->peer = *peer;
  air->connected = TRUE;
  air->enabled = FALSE;
  advance(air);
}

void dfu_hci_air_disconnected(DfuHciAir *air)
{
  air->connected = FALSE;
  advance(air);
}

void dfu_hci_air_timed_out(DfuHciAir *air)
{
  air->enabled = FALSE;
  advance(air);
}

DfuHciAir *dfu_hci_air_new(DfuBoard *board, DfuHciChannel *channel, guint renew_ms,
                           void (*refused)(const char *what, gpointer user_data),
                           gpointer user_data)
{
  DfuHciAir *air = g_new0(DfuHciAir, 1);

  air->board = board;
  air->channel = channel;
  air->refused = refused;
  air->user_data = user_data;
  if (renew_ms > 0) {
    air->renewal_id = g_timeout_add(renew_ms, on_renewal_due, air);
  }
  return air;
}

void dfu_hci_air_free(DfuHciAir *air)
{
  g_clear_handle_id(&air->renewal_id, g_source_remove);
  g_free(air);
}
