/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every family of targets under the same stories, through the built programs:
 * how each ends, what went out twice, and whether the device still has or can
 * get firmware. The table is printed; what it has to be stands in rows[].
 *
 * What became of a device is taken from the log of the emulated one, and from
 * further updates of it: first a plain one, and where the target does not take
 * that and is on the air after a reset, one with --restart.
 */
#include "lib/cli_fixture.h"

#include <stdio.h>

#include "target/personality.h"

#define IMAGE_BYTES 8000

typedef enum {
  UPDATE,
  TWO_PARTS,
  SAME_ADDRESS, /* entered from the application */
  NEXT_ADDRESS, /* the same, and the bootloader is one above */
  LINK_LOSS,
  STATUS_6,
  STATUS_6_ENTERED,
  WRONG_DEVICE,
  WRONG_SOFTDEVICE,
  SECURE,
  N_STORIES
} Story;

typedef enum {
  NONE,    /* the device knows no such thing */
  NEW,     /* it runs the new application */
  OLD,     /* it runs the old one */
  AGAIN,   /* a plain update went through afterwards */
  RESTART, /* only one with --restart did */
  LEFT,    /* in DFU mode, and not reset, as that would end at the cable */
  CABLE,   /* that it did */
} Fate;

static const char *const fate_words[] = {
  [NEW] = "runs the new application",
  [OLD] = "runs the old application",
  [AGAIN] = "can be updated again",
  [RESTART] = "can be updated again with --restart",
  [LEFT] = "in DFU mode, spared a reset that ends at a cable",
  [CABLE] = "cable only",
};

/* A loss when staging buffers of InfiniTime are full: others make 1.14 crash. Status 6 is said
 * once, by a fault: flash that is slower than the radio stays so here, whatever the window. */
static const struct {
  const char *title;
  const char *target[5];
} stories[N_STORIES] = {
  [UPDATE] = { "update", { NULL } },
  [TWO_PARTS] = { "two-part package", { NULL } },
  [SAME_ADDRESS] = { "buttonless, same address", { "--app-mode", "--jump", "same" } },
  [NEXT_ADDRESS] = { "buttonless, address + 1", { "--app-mode", "--jump", "next" } },
  [LINK_LOSS] = { "link loss at 50 %", { "--fault", "lose=4000:0.1" } },
  [STATUS_6] = { "status 6 in the data", { "--fault", "answer=receive:6:20" } },
  [STATUS_6_ENTERED] = { "the same, buttonless",
                         { "--fault", "answer=receive:6:20", "--app-mode" } },
  [WRONG_DEVICE] = { "for another device", { NULL } },
  [WRONG_SOFTDEVICE] = { "for another SoftDevice", { NULL } },
  [SECURE] = { "Secure DFU package", { NULL } },
};

/* What targets take, and what of that a package for another device has instead. */
typedef struct {
  const char *target[3];
  const char *right[5];
  const char *wrong[5];
} Kind;

static const Kind sdk = { { "--device-type", "4660" },
                          { "--device-type", "4660" },
                          { "--device-type", "82" } };
static const Kind before_sdk_7 = { { NULL }, { "--crc-only" }, { NULL } };
static const Kind adafruit = { { NULL },
                               { "--device-type", "82", "--device-revision", "52840" },
                               { "--device-revision", "52840" } };
static const Kind watch = { { NULL }, { "--mcuboot-image" }, { NULL } };

/* --- what has to come ------------------------------------------------------------ */

typedef struct {
  int status;
  Fate fate;
} Ending;

typedef struct {
  const char *personality;
  const Kind *kind;
  guint most_lost_bytes; /* sent twice after a link loss: what was on the way */
  guint most_anew_bytes; /* and after status 6 at packet 20 */
  Ending endings[N_STORIES];
} Row;

/* What may be on the way: 8 packets of 20 or 244 bytes, 4 up to Adafruit 0.9. InfiniTime forgets
 * what was cut. */
enum {
  WINDOW = 8 * 20,
  SMALL_WINDOW = 4 * 20,
  LARGE_WINDOW = 8 * 244,
  BEGUN = 20 * 20,
  LARGE_BEGUN = 20 * 244,
  FORGOTTEN = IMAGE_BYTES / 2 + 200,
};

/* Five stories a line, in the order of their enumeration. */
static const Row rows[] = {
  { "sdk11-dual", &sdk, WINDOW, BEGUN + WINDOW,
    { { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, OLD }, { 0, NEW }, { 7, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "sdk11-single", &sdk, WINDOW, BEGUN + WINDOW,
    { { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, RESTART }, { 0, NEW }, { 7, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "sdk8", &sdk, WINDOW, BEGUN + WINDOW,
    { { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, OLD }, { 0, NEW }, { 7, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "sdk7", &sdk, WINDOW, BEGUN + WINDOW,
    { { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, OLD }, { 0, NEW }, { 7, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "sdk6.1", &before_sdk_7, WINDOW, BEGUN + WINDOW,
    { { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, OLD }, { 0, NEW }, { 0, NONE }, { 0, NONE }, { 3, AGAIN } } },
  { "sdk5", &before_sdk_7, WINDOW, BEGUN + WINDOW,
    { { 0, NEW }, { 7, AGAIN }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, OLD }, { 0, NEW }, { 0, NONE }, { 0, NONE }, { 3, AGAIN } } },
  { "adafruit-0.7", &adafruit, SMALL_WINDOW, 0,
    { { 0, NEW }, { 2, AGAIN }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, LEFT }, { 7, LEFT }, { 3, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "adafruit-0.9", &adafruit, SMALL_WINDOW, 0,
    { { 0, NEW }, { 2, AGAIN }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 7, LEFT }, { 7, LEFT }, { 3, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "adafruit-0.10", &adafruit, LARGE_WINDOW, LARGE_BEGUN + LARGE_WINDOW,
    { { 0, NEW }, { 2, AGAIN }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 0, NEW }, { 0, NEW }, { 3, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "otafix-2.1", &adafruit, LARGE_WINDOW, LARGE_BEGUN + LARGE_WINDOW,
    { { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW }, { 0, NEW },
      { 0, NEW }, { 0, NEW }, { 3, AGAIN }, { 7, AGAIN }, { 3, AGAIN } } },
  { "infinitime", &watch, FORGOTTEN, BEGUN + WINDOW + 40,
    { { 0, NEW }, { 3, AGAIN }, { 0, NONE }, { 0, NONE }, { 0, NEW },
      { 0, NEW }, { 0, NONE }, { 3, AGAIN }, { 0, NONE }, { 3, AGAIN } } },
  { "infinitime-1.14", &watch, 0, 0, /* it never says status 6, and would crash here */
    { { 0, NEW }, { 3, AGAIN }, { 0, NONE }, { 0, NONE }, { 7, OLD },
      { 0, NONE }, { 0, NONE }, { 3, AGAIN }, { 0, NONE }, { 3, AGAIN } } },
};

/* --- a cell ---------------------------------------------------------------------- */

typedef struct {
  const Row *row;
  Story story;
  Cli *cli;
  const char *right; /* a package that the device takes */
  const char *both;  /* (nullable): one of two parts */
  const char *first; /* the one of the story */
  DfuTestRun *run;   /* of dfu-ble, while it is under way */
  int status;        /* of the first run, */
  int twice_bytes;   /* and what it sent beyond the images; -1: not all of them */
  char *address;     /* where it left the device */
  Fate fate;         /* NONE: not known yet */
} Cell;

static void append_all(GPtrArray *argv, const char *const *arguments)
{
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add(argv, (gpointer)*arguments);
}

static const char *const *arguments_of(GPtrArray *argv)
{
  g_ptr_array_add(argv, NULL);
  return (const char *const *)argv->pdata;
}

static const char *make_package(Cell *cell, const char *name, const char *const *kind,
                                const char *const *more)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new();

  append_all(argv, CLI_ARGS("--bytes", G_STRINGIFY(IMAGE_BYTES)));
  append_all(argv, kind);
  append_all(argv, more);
  return cli_make_package(cell->cli, name, arguments_of(argv));
}

static void make_packages(Cell *cell)
{
  const Kind *kind = cell->row->kind;

  cell->right = make_package(cell, "right.zip", kind->right, CLI_NO_ARGS);
  switch (cell->story) {
  case TWO_PARTS:
    cell->both = make_package(cell, "both.zip", kind->right, CLI_ARGS("--type", "both"));
    cell->first = cell->both;
    break;
  case WRONG_DEVICE:
    cell->first = make_package(cell, "wrong.zip", kind->wrong, CLI_NO_ARGS);
    break;
  case WRONG_SOFTDEVICE:
    cell->first = make_package(cell, "wrong.zip", kind->right, CLI_ARGS("--softdevice", "182"));
    break;
  case SECURE:
    cell->first = make_package(cell, "secure.zip", kind->right, CLI_ARGS("--break", "secure"));
    break;
  default: cell->first = cell->right;
  }
}

static void start_target(Cell *cell)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new();

  append_all(argv, CLI_ARGS("--personality", cell->row->personality, "--log",
                            cli_path(cell->cli, "log")));
  append_all(argv, cell->row->kind->target);
  append_all(argv, stories[cell->story].target);
  cli_start_target(cell->cli, arguments_of(argv));
}

/* @option is another one, or NULL. */
static void start_update(Cell *cell, const char *package, const char *option)
{
  const char *address = cell->address != NULL ? cell->address : CLI_ADDRESS;

  cell->run = cli_start(cell->cli, CLI_ARGS("update", package, "--addr", address, "--json",
                                            "--timeout", "6", "--retries", "1", "--wait-back",
                                            "8", option));
}

static void begin(Cell *cell)
{
  void *state;

  cli_setup(&state);
  cell->cli = state;
  make_packages(cell);
  start_target(cell);
  start_update(cell, cell->first, NULL);
}

/* --- what became of it ----------------------------------------------------------- */

static char *read_log(Cli *cli)
{
  char *log = NULL;

  assert_true(g_file_get_contents(cli_path(cli, "log"), &log, NULL, NULL));
  return log;
}

/* Whether the last that the log says of what is on the air is @program. */
static gboolean is_on_the_air(const char *log, const char *program)
{
  const char *any = g_strrstr(log, " on the air: ");
  const char *own = g_strrstr(log, program);

  return own != NULL && own + strlen(program) == any;
}

static gboolean runs_dfu_itself(const Cell *cell)
{
  return dfu_personality_find(cell->row->personality)->is_application;
}

/* NONE where only another update can tell. */
static Fate judge_by_log(const Cell *cell, const char *package)
{
  g_autofree char *log = read_log(cell->cli);

  if (strstr(log, "reachable by cable only") != NULL)
    return CABLE;
  if (!is_on_the_air(log, "application"))
    return NONE;
  if (cli_has_installed(cell->cli, package, package == cell->both ? 1 : 0))
    return NEW;
  return runs_dfu_itself(cell) ? NONE : OLD;
}

static void take_result(Cell *cell, const DfuTestResult *result)
{
  cJSON *events = cli_parse_events(result->out);
  const cJSON *last = cli_find_event(events, "result");

  cell->status = result->status;
  cell->twice_bytes =
    result->status == 0 ? (int)(cli_number(last, "sent_bytes") - cli_number(last, "image_bytes"))
                        : -1;
  cell->address = g_strdup(cJSON_GetStringValue(cJSON_GetObjectItem(last, "address")));
  cJSON_Delete(events);
}

static void finish_first(Cell *cell)
{
  const Ending *expected = &cell->row->endings[cell->story];
  g_auto(DfuTestResult) result = dfu_test_finish(g_steal_pointer(&cell->run));

  take_result(cell, &result);
  cell->fate = cell->story == SECURE ? NONE : judge_by_log(cell, cell->first);
  if (cell->status != expected->status)
    g_printerr("%s, %s:\n%s\n", cell->row->personality, stories[cell->story].title, result.err);
}

static void finish_second(Cell *cell)
{
  g_auto(DfuTestResult) result = dfu_test_finish(g_steal_pointer(&cell->run));

  if (result.status == 0 && judge_by_log(cell, cell->right) == NEW)
    cell->fate = AGAIN;
  else if (cell->row->endings[cell->story].fate == AGAIN)
    g_printerr("%s, %s, again:\n%s\n", cell->row->personality, stories[cell->story].title,
               result.err);
}

/* Not where it is known to strand the device, as nobody who read the advice would do that. */
static gboolean may_be_reset(Cell *cell)
{
  const DfuPersonality *personality = dfu_personality_find(cell->row->personality);

  if (personality->is_application)
    cell->fate = OLD;
  else if (personality->restart_rule == DFU_RESTARTS_TO_CABLE)
    cell->fate = LEFT;
  return cell->fate == NONE;
}

static void finish_third(Cell *cell)
{
  g_auto(DfuTestResult) result = dfu_test_finish(g_steal_pointer(&cell->run));
  Fate fate = judge_by_log(cell, cell->right);

  cell->fate = fate == NEW ? RESTART : fate;
}

/* --- the table ------------------------------------------------------------------- */

static const char *word_of(int status)
{
  switch (status) {
  case 0: return "done";
  case 2: return "wants consent";
  case 3: return "wrong package";
  case 7: return "refused";
  default: return "?";
  }
}

static void print_cell(const Cell *cell)
{
  g_autofree char *twice = cell->twice_bytes < 0 ? g_strdup("-")
                                                 : g_strdup_printf("%d", cell->twice_bytes);

  printf("# %-16s %-24s %2d %-14s %6s  %s\n", cell->row->personality, stories[cell->story].title,
         cell->status, word_of(cell->status), twice,
         cell->fate != NONE ? fate_words[cell->fate] : "?");
}

static guint most_twice_bytes(const Cell *cell)
{
  switch (cell->story) {
  case LINK_LOSS: return cell->row->most_lost_bytes;
  case STATUS_6:
  case STATUS_6_ENTERED: return cell->row->most_anew_bytes;
  default: return 0;
  }
}

static gboolean is_as_expected(const Cell *cell)
{
  const Ending *expected = &cell->row->endings[cell->story];

  return cell->status == expected->status && cell->fate == expected->fate &&
         (cell->status != 0 || (guint)cell->twice_bytes <= most_twice_bytes(cell));
}

/* --- the stories ----------------------------------------------------------------- */

/* Some rows, all cells of which run side by side: most of a run is waiting. */
typedef struct {
  Cell cells[4 * N_STORIES];
  guint n;
} Batch;

static int set_up(void **state)
{
  *state = g_new0(Batch, 1);
  return 0;
}

static int tear_down(void **state)
{
  Batch *batch = *state;

  for (guint i = 0; i < batch->n; i++) {
    void *cli = batch->cells[i].cli;

    cli_teardown(&cli);
    g_free(batch->cells[i].address);
  }
  g_free(batch);
  return 0;
}

static void add_rows(Batch *batch, const Row *first, guint n)
{
  for (const Row *row = first; row < first + n; row++)
    for (guint story = 0; story < N_STORIES; story++)
      if (row->endings[story].fate != NONE)
        batch->cells[batch->n++] = (Cell){ .row = row, .story = (Story)story };
}

/* Another update of those of which nothing is known yet. */
static void update_more(Batch *batch, gboolean (*is_wanted)(Cell *), const char *option,
                        void (*finish)(Cell *))
{
  for (guint i = 0; i < batch->n; i++) {
    Cell *cell = &batch->cells[i];

    if (cell->fate == NONE && is_wanted(cell))
      start_update(cell, cell->right, option);
  }
  for (guint i = 0; i < batch->n; i++)
    if (batch->cells[i].run != NULL)
      finish(&batch->cells[i]);
}

static gboolean is_any(Cell *cell G_GNUC_UNUSED)
{
  return TRUE;
}

static void run_rows(void **state, const Row *first, guint n)
{
  Batch *batch = *state;
  guint n_wrong = 0;

  add_rows(batch, first, n);
  for (guint i = 0; i < batch->n; i++)
    begin(&batch->cells[i]);
  for (guint i = 0; i < batch->n; i++)
    finish_first(&batch->cells[i]);
  update_more(batch, is_any, NULL, finish_second);
  update_more(batch, may_be_reset, "--restart", finish_third);
  for (guint i = 0; i < batch->n; i++) {
    print_cell(&batch->cells[i]);
    n_wrong += !is_as_expected(&batch->cells[i]);
  }
  for (guint i = 0; i < batch->n; i++)
    if (!is_as_expected(&batch->cells[i]))
      g_printerr("not as expected: %s, %s\n", batch->cells[i].row->personality,
                 stories[batch->cells[i].story].title);
  assert_int_equal(n_wrong, 0);
}

static void each_story_of_sdk_7_to_11(void **state)
{
  run_rows(state, &rows[0], 4);
}

static void each_story_of_older_sdks_and_adafruit_to_0_9(void **state)
{
  run_rows(state, &rows[4], 4);
}

static void each_story_of_adafruit_0_10_otafix_and_infinitime(void **state)
{
  run_rows(state, &rows[8], 4);
}

/* --- status 6 that nobody made up ------------------------------------------------- */

static const char *make_adafruit_package(Cli *cli)
{
  return cli_make_package(cli, "app.zip", CLI_ARGS("--device-type", "82", "--device-revision",
                                                   "52840"));
}

/* Flash eight times slower than the radio, and a user who fills all buffers four times over. */
static void target_to_cable_is_left_as_status_6_found_it(void **state)
{
  static const char *const personalities[] = { "adafruit-0.7", "adafruit-0.9" };
  Cli *cli = *state;
  const char *package = make_adafruit_package(cli);

  for (guint i = 0; i < G_N_ELEMENTS(personalities); i++) {
    g_auto(DfuTestResult) result = { 0 };
    g_autofree char *log = NULL;

    cli_start_target(cli, CLI_ARGS("--personality", personalities[i], "--write-us", "4000",
                                   "--air-us", "500", "--log", cli_path(cli, "log")));
    result = cli_run(cli, CLI_ARGS("update", package, "--addr", CLI_ADDRESS, "--prn", "16",
                                   "--window", "32"));
    cli_assert_status(&result, 7);
    cli_assert_says(result.err, "answered Receive with status 6");
    log = read_log(cli);
    assert_null(strstr(log, "System Reset"));
    assert_null(strstr(log, "restarts"));
    cli_stop_target(cli);
  }
}

/*
 * A page takes it 85 ms, in which more long packets arrive than the 10 that it has room for; here
 * twice as long, so that they do on a busy machine as well. Of short ones it has room for 110.
 */
static void otafix_that_erases_is_sent_short_packets(void **state)
{
  Cli *cli = *state;
  const char *package = make_adafruit_package(cli);
  g_auto(DfuTestResult) result = { 0 };

  cli_start_target(cli, CLI_ARGS("--personality", "otafix-2.1", "--erase", "2", "--air-us",
                                 "2500"));
  result = cli_run(cli, CLI_ARGS("update", package, "--addr", CLI_ADDRESS));
  cli_assert_status(&result, 0);
  cli_assert_says(result.err, "packets came faster than the target writes flash");
  cli_assert_installed(cli, package, 0);
}

/* Rows and personalities are the same ones. */
static void each_personality_has_its_row(void **state G_GNUC_UNUSED)
{
  gsize n;
  const DfuPersonality *personalities = dfu_personalities(&n);

  assert_int_equal(n, G_N_ELEMENTS(rows));
  for (gsize i = 0; i < n; i++) {
    gboolean found = FALSE;

    for (gsize row = 0; row < G_N_ELEMENTS(rows); row++)
      found |= g_str_equal(rows[row].personality, personalities[i].name);
    assert_true(found);
  }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_personality_has_its_row),
    TEST(each_story_of_sdk_7_to_11),
    TEST(each_story_of_older_sdks_and_adafruit_to_0_9),
    TEST(each_story_of_adafruit_0_10_otafix_and_infinitime),
    CLI_TEST(target_to_cable_is_left_as_status_6_found_it),
    CLI_TEST(otafix_that_erases_is_sent_short_packets),
  };
#undef TEST

  return cmocka_run_group_tests_name("families", tests, NULL, NULL);
}
