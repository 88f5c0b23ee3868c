/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/main_conf.h"

#include <string.h>

#include "lib/cmocka_all.h"

#define UNSET DFU_CONF_UNSET

static void main_conf_parse_reads_the_parameters_of_a_connection(void **state)
{
  static const struct {
    const char *text;
    int wanted[DFU_N_PARAMS]; /* least and greatest interval, latency, timeout */
  } rows[] = {
    { "", { UNSET, UNSET, UNSET, UNSET } },
    { "[LE]\n#MinConnectionInterval=6\n", { UNSET, UNSET, UNSET, UNSET } },
    { "[LE]\nMinConnectionInterval=6\nMaxConnectionInterval=12\nConnectionLatency=0\n"
      "ConnectionSupervisionTimeout=400\n", { 6, 12, 0, 400 } },
    { "[LE]\nMinConnectionInterval=0x18\n", { 24, UNSET, UNSET, UNSET } },
    { "[LE]\nMaxConnectionInterval=3200\nConnectionLatency=499\n", { UNSET, 3200, 499, UNSET } },
    { "[General]\nMinConnectionInterval=6\n", { UNSET, UNSET, UNSET, UNSET } },
    { "[LE]\nMinConnectionInterval=5\nMaxConnectionInterval=3201\nConnectionLatency=-1\n"
      "ConnectionSupervisionTimeout=9\n", { UNSET, UNSET, UNSET, UNSET } },
    { "[LE]\nMinConnectionInterval=6 ms\nMaxConnectionInterval=\nConnectionLatency=\n",
      { UNSET, UNSET, UNSET, UNSET } },
    { "[LE]\nConnectionSupervisionTimeout=99999999999999999999\n",
      { UNSET, UNSET, UNSET, UNSET } },
    { "[General]\nControllerMode=bredr\n[LE]\nMinConnectionInterval=6\n",
      { UNSET, UNSET, UNSET, UNSET } },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    DfuMainConf conf;

    dfu_main_conf_parse(&conf, rows[i].text, strlen(rows[i].text));
    assert_int_equal(conf.state, DFU_CONF_READ);
    for (guint param = 0; param < DFU_N_PARAMS; param++)
      assert_int_equal(conf.params[param], rows[i].wanted[param]);
  }
}

static void main_conf_parse_reads_the_controller_mode(void **state)
{
  static const struct {
    const char *text;
    DfuControllerMode wanted;
  } rows[] = {
    { "[General]\n", DFU_CONTROLLER_DUAL },
    { "[General]\nControllerMode = dual\n", DFU_CONTROLLER_DUAL },
    { "[General]\nControllerMode = le\n", DFU_CONTROLLER_LE },
    { "[General]\nControllerMode = bredr\n", DFU_CONTROLLER_BREDR },
    { "[General]\nControllerMode = LE\n", DFU_CONTROLLER_DUAL },
    { "[LE]\nControllerMode = le\n", DFU_CONTROLLER_DUAL },
  };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    DfuMainConf conf;

    dfu_main_conf_parse(&conf, rows[i].text, strlen(rows[i].text));
    assert_int_equal(conf.mode, rows[i].wanted);
  }
}

static void main_conf_parse_takes_nothing_of_a_broken_file(void **state)
{
  static const char *const texts[] = { "MinConnectionInterval=6\n", "[LE\n",
                                       "[LE]\nMinConnectionInterval=6\nnonsense\n" };

  (void)state;
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    DfuMainConf conf;

    dfu_main_conf_parse(&conf, texts[i], strlen(texts[i]));
    assert_int_equal(conf.state, DFU_CONF_BROKEN);
    assert_int_equal(conf.mode, DFU_CONTROLLER_DUAL);
    assert_int_equal(conf.params[DFU_PARAM_MIN_INTERVAL], UNSET);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(main_conf_parse_reads_the_parameters_of_a_connection),
    cmocka_unit_test(main_conf_parse_reads_the_controller_mode),
    cmocka_unit_test(main_conf_parse_takes_nothing_of_a_broken_file),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
