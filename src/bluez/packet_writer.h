/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Writing a run of bytes to one characteristic as commands, a packet each: as
 * messages of the descriptor of AcquireWrite, which is fast, or as WriteValue
 * calls, which keep their order among the other calls of this bus connection.
 *
 * bluetoothd queues without bound, and drops without a word what is longer than
 * MTU - 3: "written" means that the host took it, and the length is checked here.
 */
#ifndef DFU_BLUEZ_PACKET_WRITER_H
#define DFU_BLUEZ_PACKET_WRITER_H

#include "bluez/bus.h"
#include "link/link.h"

typedef struct DfuBluezPacketWriter DfuBluezPacketWriter;

/** Never called from within a call; each may free the writer. */
typedef struct {
  void (*written)(gpointer user_data);
  /** Some packets may have gone out, others not. @error: of DFU_ERROR. */
  void (*failed)(const GError *error, gpointer user_data);
  /** The descriptor ended: the link is lost, or the object was replaced. */
  void (*hung_up)(gpointer user_data);
} DfuBluezPacketWriterFuncs;

/** Writes to the characteristic @path of a connection with that ATT MTU. */
DfuBluezPacketWriter *dfu_bluez_packet_writer_new(DfuBluezBus *bus, const char *path, guint16 mtu,
                                                  const DfuBluezPacketWriterFuncs *funcs,
                                                  gpointer user_data);

/** See DfuLinkOps.write_packets. One run at a time. */
void dfu_bluez_packet_writer_write(DfuBluezPacketWriter *writer, const guint8 *bytes, gsize len,
                                   guint packet_bytes, DfuLinkOrder order);

void dfu_bluez_packet_writer_free(DfuBluezPacketWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuBluezPacketWriter, dfu_bluez_packet_writer_free)

#endif
