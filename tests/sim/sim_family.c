/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every family of targets under the same stories: how each ends, what was sent
 * twice, and whether the device still has or can get firmware. The table is
 * printed, and no cell of it may leave a device to a cable that there was a
 * way for.
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_BYTES 4000
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

/** The values that the family bears, not those of sim_new(). */
static Sim *make(const DfuPersonality *personality)
{
  Sim *sim = sim_new(personality->name, IMAGE_BYTES);

  sim->config.packet_bytes = 0;
  sim->config.receipt_packets = 0;
  sim->config.window_packets = 0;
  return sim;
}

static void run(Sim *sim)
{
  if (getenv("SIM_TRACE") != NULL)
    sim->trace = g_string_new(NULL);
  sim_run(sim, HOUR_US);
  if (sim->trace != NULL)
    printf("%s", sim->trace->str);
}

static gboolean is_installed(const Sim *sim)
{
  return sim->ended && sim->terminal.type == DFU_ACTION_DONE && sim->application_is_new;
}

static void each_family_is_updated(void **state G_GNUC_UNUSED)
{
  gsize n;
  const DfuPersonality *rows = dfu_personalities(&n);

  for (gsize i = 0; i < n; i++) {
    g_autoptr(Sim) sim = make(&rows[i]);

    printf("# %s\n", rows[i].name);
    run(sim);
    assert_true(is_installed(sim));
    assert_int_equal(sim->n_system_resets, 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_family_is_updated),
  };

  return cmocka_run_group_tests_name("family", tests, NULL, NULL);
}
