/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The process of the controller dies at every message of a run, and another
 * goes on with the journal as it was on disk.
 */
#include "lib/cmocka_all.h"
#include "lib/sim.h"

#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define IMAGE_BYTES 512
#define LAST_MESSAGE 90 /* beyond the end of an undisturbed run */

static const char *const personalities[] = {"sdk11-dual", "sdk11-single"};

static guint deaths[2];

/** Dies instead of taking the message, or right after it was sent on its way. */
static gboolean die_when_due(Sim *sim, const SimMessage *message)
{
  for (guint i = 0; i < G_N_ELEMENTS(deaths); i++)
    if (message->over_link && sim->n_messages_delivered == deaths[i]) {
      deaths[i] = 0;
      sim_die(sim);
      return FALSE;
    }
  return TRUE;
}

static void assert_done(const Sim *sim)
{
  assert_true(sim->ended);
  assert_int_equal(sim->n_terminal, 1);
  assert_int_equal(sim->n_system_resets, 0);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_true(sim->application_is_new);
}

static void run_with_deaths(const char *personality, guint first, guint second, guint32 step_bytes)
{
  g_autoptr(Sim) sim = sim_new(personality, IMAGE_BYTES);

  deaths[0] = first;
  deaths[1] = second;
  sim->on_message = die_when_due;
  sim->config.save_step_bytes = step_bytes;
  sim_run(sim, HOUR_US);
  assert_done(sim);
}

static void every_death_is_survived(void **state G_GNUC_UNUSED)
{
  static const guint32 steps[] = {0, 100, 16384};

  for (gsize p = 0; p < G_N_ELEMENTS(personalities); p++)
    for (gsize s = 0; s < G_N_ELEMENTS(steps); s++)
      for (guint message = 1; message <= LAST_MESSAGE; message++)
        run_with_deaths(personalities[p], message, 0, steps[s]);
}

static void every_pair_of_deaths_is_survived(void **state G_GNUC_UNUSED)
{
  for (gsize p = 0; p < G_N_ELEMENTS(personalities); p++)
    for (guint a = 1; a <= LAST_MESSAGE; a++)
      for (guint b = a + 1; b <= LAST_MESSAGE + 30; b++)
        run_with_deaths(personalities[p], a, b, 100);
}

static void death_in_mid_image_goes_on_at_the_count(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-single", IMAGE_BYTES);

  deaths[0] = 40;
  deaths[1] = 0;
  sim->on_message = die_when_due;
  sim->config.save_step_bytes = 16384;
  sim_run(sim, HOUR_US);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_int_equal(sim->controller.resumes, 1);
  assert_true(sim->controller.total_sent_bytes < IMAGE_BYTES);
}

static void journal_of_a_done_update_is_empty(void **state G_GNUC_UNUSED)
{
  g_autoptr(Sim) sim = sim_new("sdk11-single", IMAGE_BYTES);

  sim_run(sim, HOUR_US);
  assert_int_equal(sim->terminal.type, DFU_ACTION_DONE);
  assert_false(sim->disk.start_sent);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_death_is_survived),
    cmocka_unit_test(every_pair_of_deaths_is_survived),
    cmocka_unit_test(death_in_mid_image_goes_on_at_the_count),
    cmocka_unit_test(journal_of_a_done_update_is_empty),
  };

  return cmocka_run_group_tests_name("death", tests, NULL, NULL);
}
