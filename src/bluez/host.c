/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bluez/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SYS_BLUETOOTH "sys/class/bluetooth"
#define SYS_RFKILL "sys/class/rfkill"
#define DEBUGFS_BLUETOOTH "sys/kernel/debug/bluetooth"
#define MAIN_CONF "etc/bluetooth/main.conf"

enum { MAX_NUMBER_BYTES = 32, MAX_CONF_BYTES = 256 * 1024, MAX_KERNEL_ADAPTERS = 64 };

static const struct {
  const char *file;
  guint default_value;
} params[DFU_N_PARAMS] = {
  [DFU_PARAM_MIN_INTERVAL] = { "conn_min_interval", 24 },
  [DFU_PARAM_MAX_INTERVAL] = { "conn_max_interval", 40 },
  [DFU_PARAM_LATENCY] = { "conn_latency", 0 },
  [DFU_PARAM_TIMEOUT] = { "supervision_timeout", 42 },
};

DfuBluezHost *dfu_bluez_host_new(void)
{
  return g_new0(DfuBluezHost, 1);
}

void dfu_bluez_host_free(DfuBluezHost *host)
{
  if (host == NULL)
    return;
  for (guint i = 0; i < host->n_adapters; i++) {
    g_free(host->adapters[i].name);
    g_free(host->adapters[i].address);
  }
  g_free(host->adapters);
  g_free(host->reason);
  g_strfreev(host->kernel_adapters);
  g_free(host->chosen);
  g_free(host);
}

/* Reads until the end, or until one byte more than @max_bytes; -1 with errno where it cannot. */
static gssize read_bytes(int fd, char *buffer, gsize max_bytes)
{
  gsize len = 0;
  ssize_t n = 1;

  while (n > 0 && len <= max_bytes) {
    n = read(fd, buffer + len, max_bytes + 1 - len);
    len += n > 0 ? (gsize)n : 0;
  }
  return n < 0 ? -1 : (gssize)len;
}

/* NULL with an @error_number; EFBIG where it is longer than anything that belongs there. */
static char *read_text(const char *path, gsize max_bytes, gsize *len, int *error_number)
{
  g_autofree char *text = g_malloc(max_bytes + 2);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  gssize n = fd >= 0 ? read_bytes(fd, text, max_bytes) : -1;

  *error_number = n < 0 ? errno : EFBIG;
  if (fd >= 0)
    close(fd);
  if (n < 0 || (gsize)n > max_bytes)
    return NULL;
  *len = (gsize)n;
  text[n] = '\0';
  return g_steal_pointer(&text);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Connections have entries in the same place: "hci0:64". */
static char **list_kernel_adapters(const char *root)
{
  g_autofree char *path = g_build_filename(root, SYS_BLUETOOTH, NULL);
  g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
  GPtrArray *names = g_ptr_array_new();
  const char *name;

  while (directory != NULL && names->len < MAX_KERNEL_ADAPTERS &&
         (name = g_dir_read_name(directory)) != NULL) {
    if (dfu_bluez_adapter_is_name(name))
      g_ptr_array_add(names, g_strdup(name));
  }
  g_ptr_array_sort(names, compare_names);
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(names, FALSE);
}

static void read_rfkill(DfuBluezHost *host, const char *root)
{
  g_autofree char *path = g_build_filename(root, SYS_RFKILL, NULL);

  host->has_rfkill = g_file_test(path, G_FILE_TEST_IS_DIR);
  host->rfkill = dfu_bluez_adapter_rfkill(path);
}

static void read_main_conf(DfuMainConf *conf, const char *root)
{
  g_autofree char *path = g_build_filename(root, MAIN_CONF, NULL);
  gsize len;
  int error_number;
  g_autofree char *text = read_text(path, MAX_CONF_BYTES, &len, &error_number);

  if (text != NULL)
    dfu_main_conf_parse(conf, text, len);
  else
    dfu_main_conf_init(conf, error_number == ENOENT ? DFU_CONF_ABSENT : DFU_CONF_UNREADABLE);
}

static gboolean read_kernel_param(const char *root, const char *adapter, DfuConnParam param,
                                  guint *value)
{
  g_autofree char *path =
      g_build_filename(root, DEBUGFS_BLUETOOTH, adapter, params[param].file, NULL);
  gsize len;
  int error_number;
  g_autofree char *text = read_text(path, MAX_NUMBER_BYTES, &len, &error_number);
  guint64 number;

  if (text == NULL || !g_ascii_string_to_unsigned(g_strchomp(text), 10, 0, G_MAXUINT16, &number,
                                                  NULL))
    return FALSE;
  *value = (guint)number;
  return TRUE;
}

static DfuHostParam read_param(const DfuBluezHost *host, const char *root, DfuConnParam param)
{
  DfuHostParam read = { params[param].default_value, DFU_FROM_DEFAULTS };

  if (host->chosen != NULL && read_kernel_param(root, host->chosen, param, &read.value)) {
    read.origin = DFU_FROM_KERNEL;
  } else if (host->main_conf.params[param] != DFU_CONF_UNSET) {
    read.value = (guint)host->main_conf.params[param];
    read.origin = DFU_FROM_MAIN_CONF;
  }
  return read;
}

const DfuHostAdapter *dfu_bluez_host_find(const DfuBluezHost *host, const char *name)
{
  for (guint i = 0; i < host->n_adapters; i++) {
    if (strcmp(host->adapters[i].name, name) == 0)
      return &host->adapters[i];
  }
  return NULL;
}

/* The order of dfu_bluez_adapter_choose(); where bluetoothd shows none, the kernel's first. */
static const char *choose(const DfuBluezHost *host, const char *wanted)
{
  if (wanted != NULL)
    return wanted;
  for (guint i = 0; i < host->n_adapters; i++) {
    if (host->adapters[i].is_powered)
      return host->adapters[i].name;
  }
  return host->n_adapters > 0 ? host->adapters[0].name : host->kernel_adapters[0];
}

void dfu_bluez_host_read_files(DfuBluezHost *host, const char *root, const char *wanted)
{
  host->kernel_adapters = list_kernel_adapters(root);
  host->chosen = g_strdup(choose(host, wanted));
  read_rfkill(host, root);
  read_main_conf(&host->main_conf, root);
  for (guint i = 0; i < DFU_N_PARAMS; i++)
    host->params[i] = read_param(host, root, i);
}
