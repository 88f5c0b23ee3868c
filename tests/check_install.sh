#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs under a DESTDIR, uses what is there, uninstalls, and proves that
# nothing remains.
set -eu

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

${MAKE:-make} -s install DESTDIR="$root" prefix=/usr "$@"
for file in usr/bin/dfu-ble usr/bin/dfu-ble-target usr/share/man/man1/dfu-ble.1 \
  usr/share/man/man1/dfu-ble-target.1 usr/lib/libdfu.a usr/include/dfu/session.h \
  usr/lib/pkgconfig/libdfu.pc; do
  [ -f "$root/$file" ] || { echo "$file was not installed"; exit 1; }
done
"$root/usr/bin/dfu-ble" --version
"$root/usr/bin/dfu-ble-target" --version

# A program of somebody else's against the installed library.
cat >"$root/user.c" <<'C'
#include <dfu/package.h>
int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DfuPackage) package = dfu_package_read_file(argv[argc - 1], &error);

  return package == NULL && error != NULL && error->domain == DFU_ERROR ? 0 : 1;
}
C
sed "s|^prefix=.*|prefix=$root/usr|" "$root/usr/lib/pkgconfig/libdfu.pc" >"$root/libdfu.pc"
flags=$(PKG_CONFIG_PATH="$root" pkg-config --cflags --libs libdfu)
# shellcheck disable=SC2086
${CC:-cc} ${CFLAGS-} -o "$root/user" "$root/user.c" $flags ${LDFLAGS-}
"$root/user" /nonexistent.zip
rm "$root/user" "$root/user.c" "$root/libdfu.pc"

${MAKE:-make} -s uninstall DESTDIR="$root" prefix=/usr "$@"
left=$(find "$root" -type f)
[ -z "$left" ] || { echo "uninstall left behind: $left"; exit 1; }
echo "install and uninstall are clean"
