/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/sim.h"

#include "lib/cmocka_all.h"

#include <string.h>

#define START_US (G_GINT64_CONSTANT(1000) * G_USEC_PER_SEC)
#define ON_AIR_US (G_USEC_PER_SEC / 2)

static void trace(Sim *sim, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void trace(Sim *sim, const char *format, ...)
{
  va_list args;

  if (sim->trace == NULL)
    return;
  g_string_append_printf(sim->trace, "%7.3f ", (double)(sim->now_us - START_US) / G_USEC_PER_SEC);
  va_start(args, format);
  g_string_append_vprintf(sim->trace, format, args);
  va_end(args);
  g_string_append_c(sim->trace, '\n');
}

static void trace_bytes(Sim *sim, const char *what, const guint8 *bytes, gsize len)
{
  g_autoptr(GString) hex = g_string_new(NULL);

  if (sim->trace == NULL)
    return;
  for (gsize i = 0; i < len; i++)
    g_string_append_printf(hex, " %02x", bytes[i]);
  trace(sim, "%s%s", what, hex->str);
}

/* --- the air ----------------------------------------------------------------- */

/** In order with what goes the same way; what the host itself says waits for nothing. */
static gint64 arrival_us(Sim *sim, SimMessageKind kind, gint64 delay_us)
{
  gint64 *latest_us = &sim->latest_us[kind == SIM_TO_CONTROLLER ? 0 : 1];
  gint64 at_us = sim->now_us + delay_us;

  if (delay_us != sim->latency_us)
    return at_us;
  *latest_us = MAX(*latest_us, at_us);
  return *latest_us;
}

static SimMessage *put(Sim *sim, SimMessageKind kind, gint64 delay_us)
{
  SimMessage *message = &sim->messages[sim->n_messages];

  g_assert(sim->n_messages < SIM_MAX_MESSAGES);
  sim->n_messages++;
  *message = (SimMessage){
    .kind = kind,
    .at_us = arrival_us(sim, kind, delay_us),
    .order = sim->next_order++,
    .over_link = TRUE,
  };
  return message;
}

static void put_bytes(Sim *sim, SimMessageKind kind, const guint8 *bytes, gsize len)
{
  SimMessage *message = put(sim, kind, sim->latency_us);

  memcpy(message->bytes, bytes, len);
  message->len = len;
}

static SimMessage *put_event(Sim *sim, DfuEventType type, gint64 delay_us)
{
  SimMessage *message = put(sim, SIM_TO_CONTROLLER, delay_us);

  message->event.type = type;
  return message;
}

static void remove_message(Sim *sim, guint index)
{
  sim->messages[index] = sim->messages[--sim->n_messages];
}

static gint earliest(const Sim *sim)
{
  gint found = -1;

  for (guint i = 0; i < sim->n_messages; i++) {
    const SimMessage *a = &sim->messages[i];
    const SimMessage *b = found < 0 ? NULL : &sim->messages[found];

    if (b == NULL || a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order))
      found = (gint)i;
  }
  return found;
}

/* --- the target's side --------------------------------------------------------- */

static void drop_messages(Sim *sim)
{
  for (guint i = 0; i < sim->n_messages;)
    if (sim->messages[i].over_link)
      remove_message(sim, i);
    else
      i++;
}

static void lose_link(Sim *sim)
{
  if (!sim->connected)
    return;
  sim->connected = FALSE;
  sim->control_pending = FALSE;
  drop_messages(sim);
  trace(sim, "-- link lost");
  put_event(sim, DFU_EVENT_LINK_LOST, sim->latency_us)->over_link = FALSE;
}

static void send_notification(Sim *sim, const guint8 *bytes, gsize len)
{
  guint8 copy[sizeof(((SimMessage *)NULL)->bytes)];

  memcpy(copy, bytes, len);
  if (sim->on_notification != NULL && !sim->on_notification(sim, copy, &len))
    return;
  SimMessage *message = put_event(sim, DFU_EVENT_NOTIFIED, sim->latency_us);

  memcpy(message->bytes, copy, len);
  message->len = len;
}

static void restart(Sim *sim, const DfuTargetUpdate *update)
{
  trace(sim, "-- target starts its %s%s",
        update->boot == DFU_TARGET_BOOTS_APPLICATION ? "application" : "bootloader",
        update->activated ? ", image installed" : "");
  /* The bootloader answers the write before it disconnects. */
  for (guint i = 0; i < sim->n_messages; i++)
    if (sim->messages[i].event.type == DFU_EVENT_CONTROL_WRITTEN)
      sim->messages[i].over_link = FALSE;
  if (!update->activated)
    sim->n_restarts++;
  sim->is_stranded = update->boot == DFU_TARGET_BOOTS_CABLE;
  sim->in_application = update->boot == DFU_TARGET_BOOTS_APPLICATION &&
                        !sim->target_config.personality->is_application;
  sim->application_is_new = update->activated && sim_flash_is_image(sim);
  sim_rules_on_restart(&sim->rules);
  lose_link(sim);
}

void sim_step_target(Sim *sim, DfuTargetEvent event)
{
  DfuTargetUpdate update;
  DfuTargetStage before = sim->target.stage;

  if (sim->in_application || sim->is_stranded)
    return;
  event.now_us = sim->now_us;
  dfu_target_step(&sim->target, &event, &update);
  if (before != DFU_TARGET_PREPARING && sim->target.stage == DFU_TARGET_PREPARING)
    sim_rules_on_erase(&sim->rules, sim->connected);
  sim->target_wake_us = update.wake_us;
  sim->most_init_bytes = MAX(sim->most_init_bytes, sim->target.init_bytes);
  if (event.type == DFU_TARGET_EVENT_CONTROL)
    put_event(sim, DFU_EVENT_CONTROL_WRITTEN, sim->latency_us)->event.att_error = update.att_error;
  for (gsize i = 0; i < update.n_notifications; i++)
    send_notification(sim, update.notifications[i].bytes, update.notifications[i].len);
  if (update.boot != DFU_TARGET_STAYS)
    restart(sim, &update);
}

/** The buttonless service of the application: any Start makes it restart. */
static void step_application(Sim *sim, const SimMessage *message)
{
  static const guint8 refusal[] = {DFU_OP_RESPONSE, DFU_OP_START, DFU_STATUS_NOT_SUPPORTED};

  if (message->kind != SIM_TO_TARGET_CONTROL)
    return;
  put_event(sim, DFU_EVENT_CONTROL_WRITTEN, sim->latency_us)->over_link = FALSE;
  if (message->bytes[0] != DFU_OP_START) {
    send_notification(sim, refusal, sizeof(refusal));
    return;
  }
  trace(sim, "-- the application starts the bootloader");
  sim->n_jumps++;
  sim->in_application = FALSE;
  sim->target_config.has_application = TRUE;
  dfu_target_init(&sim->target, &sim->target_config);
  lose_link(sim);
}

static gboolean refuses(Sim *sim, const SimMessage *message)
{
  if (sim->att_times == 0 || message->bytes[0] != sim->att_opcode)
    return FALSE;
  sim->att_times--;
  put_event(sim, DFU_EVENT_CONTROL_WRITTEN, sim->latency_us)->event.att_error = sim->att_error;
  return TRUE;
}

static void deliver_to_target(Sim *sim, const SimMessage *message)
{
  DfuTargetEvent event = {.bytes = message->bytes, .len = message->len};

  if (sim->is_stranded)
    return;
  switch (message->kind) {
  case SIM_TO_TARGET_CONTROL:
    if (refuses(sim, message))
      return;
    event.type = DFU_TARGET_EVENT_CONTROL;
    break;
  case SIM_TO_TARGET_PACKET: event.type = DFU_TARGET_EVENT_PACKET; break;
  default:
    event.type = DFU_TARGET_EVENT_SUBSCRIBED;
    event.notify = true;
    put_event(sim, DFU_EVENT_SUBSCRIBED, sim->latency_us);
    break;
  }
  if (sim->in_application) {
    step_application(sim, message);
  } else {
    if (event.type == DFU_TARGET_EVENT_CONTROL)
      sim_rules_on_control(&sim->rules, &sim->target, &sim->config, message->bytes);
    sim_step_target(sim, event);
  }
  if (event.type == DFU_TARGET_EVENT_CONTROL && message->bytes[0] == DFU_OP_RESET) {
    sim->n_system_resets++;
    sim->is_stranded_by_us |= sim->is_stranded;
  }
}

/* --- the controller's side ----------------------------------------------------- */

static DfuLinkFacts facts_of(const Sim *sim)
{
  const DfuPersonality *personality = sim->target_config.personality;
  gboolean tells = !sim->hides_information;

  if (sim->in_application)
    return (DfuLinkFacts){
      .mtu = 23, .has_revision = true, .revision = 0x0001, .has_packet = true, .name = "App"};
  return (DfuLinkFacts){
    .mtu = sim->mtu != 0 ? sim->mtu : personality->max_mtu,
    .has_revision = personality->has_revision,
    .revision = personality->revision,
    .has_packet = true,
    .packet_has_write = personality->packet_has_write,
    .has_other_services = personality->is_application,
    .name = personality->device_name,
    .manufacturer = tells ? personality->manufacturer : NULL,
    .model = tells ? personality->model : NULL,
    .firmware = tells ? personality->firmware : NULL,
  };
}

static void fail_to_connect(Sim *sim, gint64 delay_us, DfuTrouble trouble)
{
  SimMessage *message = put_event(sim, DFU_EVENT_LINK_FAILED, delay_us);

  message->over_link = FALSE;
  message->event.trouble = trouble;
}

static void connect_controller(Sim *sim)
{
  SimMessage *message;

  g_assert_false(sim->connected);
  if (sim->absent || sim->is_stranded) {
    fail_to_connect(sim, sim->config.limits.connect_us, DFU_TROUBLE_NOT_FOUND);
    return;
  }
  if (sim->in_application && sim->is_plain) {
    fail_to_connect(sim, sim->latency_us, DFU_TROUBLE_NO_DFU);
    return;
  }
  sim->connected = TRUE;
  message = put_event(sim, DFU_EVENT_LINK_UP, sim->latency_us);
  message->event.up = facts_of(sim);
  message->event.family = sim->family != NULL ? sim->family
                                              : dfu_family_recognise(&message->event.up, NULL);
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_CONNECTED,
                                        .mtu = message->event.up.mtu});
}

/** Takes what is on its way to the target, in order. */
static guint take_late(Sim *sim, SimMessage *late)
{
  guint n = 0;

  for (gint next = earliest(sim); next >= 0; next = earliest(sim)) {
    const SimMessage *message = &sim->messages[next];

    if (message->kind == SIM_TO_TARGET_PACKET || message->kind == SIM_TO_TARGET_CONTROL)
      late[n++] = *message;
    remove_message(sim, (guint)next);
  }
  return n;
}

/** What the target's radio has taken is handled after a disconnect that did not wait for it. */
static void disconnect_controller(Sim *sim)
{
  SimMessage late[SIM_MAX_MESSAGES];
  guint n_restarts = sim->n_restarts;
  guint n;

  if (!sim->connected) {
    put_event(sim, DFU_EVENT_LINK_LOST, sim->latency_us)->over_link = FALSE;
    return;
  }
  n = take_late(sim, late);
  lose_link(sim);
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_DISCONNECTED});
  for (guint i = 0; i < n; i++)
    deliver_to_target(sim, &late[i]);
  /* A watch needs nobody to hear its notifications: it restarts for reasons of its own. */
  if (sim->n_restarts > n_restarts && sim->target_config.personality->slot_bytes == 0)
    sim_rules_on_restart_by_leaving(&sim->rules);
  drop_messages(sim); /* nobody is there to hear the answers */
}

static void write_packets(Sim *sim, const DfuAction *action)
{
  const guint8 *source = action->source == DFU_SOURCE_SIZES  ? action->bytes
                         : action->source == DFU_SOURCE_INIT ? g_bytes_get_data(sim->init_packet, NULL)
                                                             : g_bytes_get_data(sim->image, NULL);

  if (action->source == DFU_SOURCE_NOTHING)
    put_bytes(sim, SIM_TO_TARGET_PACKET, source, 0);

  trace(sim, "> packets [%u, %u)", action->from, action->to);
  if (action->source == DFU_SOURCE_IMAGE && action->from < sim->reported_bytes)
    sim->resent_bytes += sim->reported_bytes - action->from;
  for (guint32 at = action->from; at < action->to; at += action->packet_bytes)
    put_bytes(sim, SIM_TO_TARGET_PACKET, source + at, MIN(action->packet_bytes, action->to - at));
  put_event(sim, DFU_EVENT_PACKETS_WRITTEN, 0);
}

static void watch(Sim *sim)
{
  SimMessage *message;

  if (sim->absent || sim->is_stranded)
    return;
  message = put_event(sim, DFU_EVENT_SEEN, ON_AIR_US);
  message->over_link = FALSE;
  message->event.seen = sim->in_application ? DFU_SEEN_APPLICATION : DFU_SEEN_DFU;
}

static void end(Sim *sim, const DfuAction *action)
{
  sim->ended = TRUE;
  sim->n_terminal++;
  sim->terminal = *action;
  if (action->type == DFU_ACTION_DONE)
    trace(sim, "done, seen %s", dfu_seen_name(action->seen));
  else
    trace(sim, "failed, reason %d", (int)action->failure.reason);
}

static void perform(Sim *sim, const DfuAction *action)
{
  /* What is done while the loss of the link is not told yet reaches nobody. */
  if (sim->connected || action->type == DFU_ACTION_CONNECT)
    sim_rules_on_action(&sim->rules, action, sim->in_application ? NULL : &sim->target);
  switch (action->type) {
  case DFU_ACTION_CONNECT:
    trace(sim, "> connect");
    connect_controller(sim);
    break;
  case DFU_ACTION_FORGET: trace(sim, "> forget"); break;
  case DFU_ACTION_SUBSCRIBE:
    trace(sim, "> subscribe");
    put(sim, SIM_TO_TARGET_CCCD, sim->latency_us);
    break;
  case DFU_ACTION_WRITE_CONTROL:
    g_assert_false(sim->control_pending); /* ATT has one request at a time */
    sim->control_pending = TRUE;
    trace_bytes(sim, ">", action->bytes, action->len);
    put_bytes(sim, SIM_TO_TARGET_CONTROL, action->bytes, action->len);
    break;
  case DFU_ACTION_WRITE_PACKETS: write_packets(sim, action); break;
  case DFU_ACTION_DISCONNECT:
    trace(sim, "> disconnect");
    disconnect_controller(sim);
    break;
  case DFU_ACTION_WATCH:
    trace(sim, "> watch");
    watch(sim);
    break;
  case DFU_ACTION_DONE:
  case DFU_ACTION_FAILED: end(sim, action); break;
  }
}

/** Remembers what the target said that it has; a Start that is accepted empties it. */
static void note_report(Sim *sim, const guint8 *bytes, gsize len)
{
  DfuNotification notification;

  if (dfu_wire_parse_notification(bytes, len, &notification) != DFU_WIRE_OK ||
      notification.kind != DFU_NOTIFICATION_RESPONSE)
    return;
  if (notification.opcode == DFU_OP_REPORT_SIZE)
    sim->reported_bytes = notification.received_bytes;
  else if (notification.opcode == DFU_OP_START && notification.status == DFU_STATUS_SUCCESS)
    sim->reported_bytes = 0;
}

static void step_controller(Sim *sim, DfuEvent event)
{
  DfuUpdate update;

  event.now_us = sim->now_us;
  sim_rules_on_event(&sim->rules, &event);
  if (event.type == DFU_EVENT_NOTIFIED) {
    trace_bytes(sim, "<", event.bytes, event.len);
    note_report(sim, event.bytes, event.len);
  }
  if (event.type == DFU_EVENT_CONTROL_WRITTEN)
    sim->control_pending = FALSE;
  dfu_controller_step(&sim->controller, &event, &update);
  sim->controller_wake_us = update.wake_us;
  sim->notes |= update.notes;
  if (update.save)
    sim->disk = update.transfer;
  for (gsize i = 0; i < update.n_actions; i++)
    perform(sim, &update.actions[i]);
}

/* --- running ------------------------------------------------------------------- */

static void deliver(Sim *sim, const SimMessage *message)
{
  if (sim->on_message != NULL && !sim->on_message(sim, message))
    return;
  if (message->kind == SIM_TO_CONTROLLER) {
    DfuEvent event = message->event;

    event.bytes = message->bytes;
    event.len = message->len;
    step_controller(sim, event);
  } else {
    deliver_to_target(sim, message);
  }
}

static const SimLoss *loss_due(const Sim *sim)
{
  for (guint i = 0; i < sim->n_losses; i++)
    if (sim->losses[i].message == sim->n_messages_delivered)
      return &sim->losses[i];
  return NULL;
}

void sim_lose_link(Sim *sim)
{
  if (!sim->connected)
    return;
  lose_link(sim);
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_DISCONNECTED});
}

void sim_fail_flash(Sim *sim)
{
  trace(sim, "-- flash error");
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_FLASH_ERROR});
}

void sim_cut_power(Sim *sim)
{
  trace(sim, "-- target loses power");
  lose_link(sim);
  sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_POWER_LOST});
}

static void deliver_next(Sim *sim, guint index)
{
  SimMessage message = sim->messages[index];
  const SimLoss *loss = NULL;

  remove_message(sim, index);
  if (message.over_link) {
    sim->n_messages_delivered++;
    loss = loss_due(sim);
  }
  if (loss != NULL && !loss->delivered) {
    sim_lose_link(sim);
    return;
  }
  deliver(sim, &message);
  if (loss != NULL)
    sim_lose_link(sim);
}

/** Does what is due next, unless that is after @end_us; the time is then @end_us. */
static void advance(Sim *sim, gint64 end_us)
{
  gint next = earliest(sim);
  gint64 message_us = next < 0 ? G_MAXINT64 : sim->messages[next].at_us;
  gint64 target_us = sim->in_application ? G_MAXINT64 : sim->target_wake_us;
  gint64 due_us = MIN(MIN(message_us, target_us), sim->controller_wake_us);

  sim->now_us = MAX(sim->now_us, MIN(due_us, end_us));
  if (due_us >= end_us)
    return;
  if (due_us == target_us)
    sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_TICK});
  else if (due_us == message_us)
    deliver_next(sim, (guint)next);
  else
    step_controller(sim, (DfuEvent){.type = DFU_EVENT_TICK});
}

void sim_feed(Sim *sim, DfuEventType type)
{
  step_controller(sim, (DfuEvent){.type = type});
}

void sim_die(Sim *sim)
{
  DfuControllerConfig config = sim->config;

  trace(sim, "-- the process dies, another begins");
  sim_lose_link(sim);
  sim->n_messages = 0;
  sim->control_pending = FALSE;
  config.known = sim->disk;
  dfu_controller_init(&sim->controller, &config);
  sim_feed(sim, DFU_EVENT_BEGIN);
}

void sim_run(Sim *sim, gint64 limit_us)
{
  gint64 end_us = sim->now_us + limit_us;

  if (sim->controller.state == 0) {
    dfu_controller_init(&sim->controller, &sim->config);
    dfu_target_init(&sim->target, &sim->target_config);
    sim_feed(sim, DFU_EVENT_BEGIN);
  }
  while (!sim->ended && sim->now_us < end_us)
    advance(sim, end_us);
  if (sim->rules.broken != NULL && !sim->is_lenient)
    fail_msg("%s: %s\n%s", sim->target_config.personality->name, sim->rules.broken,
             sim->trace != NULL ? sim->trace->str : "");
}

void sim_rest(Sim *sim, gint64 time_us)
{
  gint64 end_us = sim->now_us + time_us;

  while (!sim->in_application && sim->target_wake_us <= end_us) {
    sim->now_us = MAX(sim->now_us, sim->target_wake_us);
    sim_step_target(sim, (DfuTargetEvent){.type = DFU_TARGET_EVENT_TICK});
  }
  sim->now_us = end_us;
}

gboolean sim_flash_is_image(const Sim *sim)
{
  gsize len;
  const guint8 *image = g_bytes_get_data(sim->image, &len);

  return memcmp(sim->flash, image, len) == 0;
}

/* --- making ------------------------------------------------------------------ */

static guint16 crc16(const guint8 *bytes, gsize len)
{
  guint16 crc = 0xffff;

  for (gsize i = 0; i < len; i++) {
    crc ^= (guint16)(bytes[i] << 8);
    for (guint bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? (guint16)(crc << 1 ^ 0x1021) : (guint16)(crc << 1);
  }
  return crc;
}

/** The bytes 00 01 … ff, again and again, each round shifted by one. */
static GBytes *make_image(guint32 len)
{
  guint8 *bytes = g_malloc(len);

  for (guint32 i = 0; i < len; i++)
    bytes[i] = (guint8)(i + i / 256);
  return g_bytes_new_take(bytes, len);
}

/** As each generation has it: SDK 6.1 and before, which have no Revision, a CRC-16 alone. */
static GBytes *make_init_packet(GBytes *image, const DfuPersonality *personality)
{
  guint8 packet[14] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0xfe, 0xff};
  gsize len;
  const guint8 *bytes = g_bytes_get_data(image, &len);
  guint16 crc = crc16(bytes, len);

  packet[12] = (guint8)crc;
  packet[13] = (guint8)(crc >> 8);
  if (!personality->has_revision)
    return g_bytes_new(packet + 12, 2);
  if (personality->init_rule == DFU_INIT_ADAFRUIT) {
    packet[0] = 0x52;
    packet[1] = 0x00;
  }
  return g_bytes_new(packet, sizeof(packet));
}

Sim *sim_new(const char *name, guint32 image_bytes)
{
  const DfuPersonality *personality = dfu_personality_find(name);
  guint32 flash_bytes =
    personality->slot_bytes > 0 ? personality->slot_bytes : MAX(SIM_FLASH_BYTES, image_bytes);
  Sim *sim = g_new0(Sim, 1);

  sim->began_us = START_US;
  sim->now_us = START_US;
  sim->latency_us = SIM_LATENCY_US;
  sim->controller_wake_us = G_MAXINT64;
  sim->target_wake_us = G_MAXINT64;
  sim->flash = g_malloc0(flash_bytes);
  sim->image = make_image(image_bytes);
  sim->init_packet = make_init_packet(sim->image, personality);
  sim->target_config = (DfuTargetConfig){
    .personality = personality,
    .flash = sim->flash,
    .flash_bytes = flash_bytes,
    .bootloader_bytes = 24 * 1024,
    .has_application = true,
    .device_type = 0xffff,
    .device_revision = 0xffff,
    .softdevice_id = 0x0064,
    .erase_page_us = 20000,
    .write_packet_us = 500,
  };
  sim->config = (DfuControllerConfig){
    .mode = DFU_MODE_APPLICATION,
    .application_bytes = image_bytes,
    .init_bytes = (guint32)g_bytes_get_size(sim->init_packet),
    .packet_bytes = 20,
    .receipt_packets = 4,
    .window_packets = 8,
    .retries = 10,
    .deadline_us = G_MAXINT64,
    .watch_us = 15 * G_USEC_PER_SEC,
    .limits = dfu_limits_default,
  };
  return sim;
}

void sim_free(Sim *sim)
{
  g_bytes_unref(sim->image);
  g_bytes_unref(sim->init_packet);
  if (sim->trace != NULL)
    g_string_free(sim->trace, TRUE);
  g_free(sim->flash);
  g_free(sim);
}
