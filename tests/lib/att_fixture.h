/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A board with an Attribute Protocol server and nothing between them and a test.
 */
#ifndef TESTS_LIB_ATT_FIXTURE_H
#define TESTS_LIB_ATT_FIXTURE_H

#include "emulator/air/att_server.h"

typedef struct {
  DfuBoardLog *log;
  DfuBoard *board;
  DfuAttServer *server;
  GString *sent; /* "PDU | PDU"; "end" when the board dropped the connection */
} AttFixture;

/** sdk11-dual at C4:12:AB:00:11:22, with an application, for any device. */
DfuBoardConfig att_config(void);

/* For cmocka: *state is an AttFixture, its board connected with an MTU of 23. */
int att_set_up(void **state);
int att_tear_down(void **state);

/** The same with another board. @fault: (nullable) */
void att_restart(AttFixture *f, const DfuBoardConfig *config, const char *fault);

/** Sends the PDU @sent, in a memory of its own length; expects @received, PDUs in their order. */
void att_exchange(AttFixture *f, const char *sent, const char *received);

#endif
