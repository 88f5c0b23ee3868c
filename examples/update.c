/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The smallest program that updates a device through libdfu:
 *
 *   cc update.c -o update $(pkg-config --cflags --libs libdfu)
 *   ./update app.zip C4:12:AB:00:11:22
 */
#include <dfu/bluez.h>
#include <dfu/package.h>
#include <dfu/session.h>

typedef struct {
  GMainLoop *loop;
  int status;
} Run;

static void on_report(const DfuReport *report, gpointer user_data)
{
  Run *run = user_data;

  switch (report->type) {
  case DFU_REPORT_PHASE: g_print("%s\n", dfu_phase_name(report->progress->phase)); break;
  case DFU_REPORT_RESUMED: g_print("goes on at %u\n", report->progress->confirmed_bytes); break;
  case DFU_REPORT_WARNING: g_printerr("warning: %s\n", report->text); break;
  case DFU_REPORT_FINISHED:
    if (report->result->error != NULL)
      g_printerr("%s\n", report->result->error->message);
    run->status = report->result->error != NULL ? report->result->error->code : 0;
    g_main_loop_quit(run->loop);
    break;
  default: break;
  }
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  Run run = {loop, 0};

  if (argc != 3) {
    g_printerr("Usage: update PACKAGE ADDRESS\n");
    return DFU_ERROR_USAGE;
  }

  g_autoptr(DfuPackage) package = dfu_package_read_file(argv[1], &error);
  g_autoptr(DfuLink) link =
    package != NULL ? dfu_bluez_link_new(NULL, argv[2], NULL, &error) : NULL;

  if (link == NULL) {
    g_printerr("%s\n", error->message);
    return error->code;
  }

  const DfuPart *parts[2]; /* SoftDevice and bootloader, then the application; or one of them */
  guint n_parts = dfu_package_get_n_parts(package);

  for (guint i = 0; i < n_parts; i++)
    parts[i] = dfu_package_get_part(package, i);

  g_autoptr(DfuSession) session =
    dfu_session_new(parts, n_parts, link, &dfu_session_options_default, on_report, &run);

  dfu_session_start(session);
  g_main_loop_run(loop);
  return run.status;
}
