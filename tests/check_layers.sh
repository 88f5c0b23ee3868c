#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves that the house stands as src/README.md says: which folder may include
# which, and that the pure folders use nothing of the world.
#
#   tests/check_layers.sh BUILD_DIR
set -u

build=$1
status=0

complain() {
  echo "$*"
  status=1
}

# folder: the folders and public headers that its files may include
allowed() {
  case $1 in
    wire) echo "wire" ;;
    controller) echo "controller wire dfu/controller dfu/family" ;;
    target) echo "target wire" ;;
    base) echo "base dfu/error" ;;
    package) echo "package base dfu/package dfu/pack dfu/error" ;;
    link) echo "link dfu/link dfu/error" ;;
    bluez) echo "bluez link base wire/uuids dfu/bluez dfu/link dfu/error" ;;
    session)
      echo "session link base wire dfu/session dfu/journal dfu/inquiry dfu/controller dfu/family" \
        "dfu/link dfu/package dfu/error"
      ;;
    emulator) echo "emulator target wire base dfu/error" ;;
    emulator/board) echo "emulator/board target wire base dfu/error" ;;
    emulator/bus) echo "emulator/bus emulator/board wire base dfu/error" ;;
    emulator/air) echo "emulator/air emulator/board wire base dfu/error" ;;
    cli) echo "cli base wire dfu/" ;;
    *) echo "" ;;
  esac
}

for folder in src/*/ src/*/*/; do
  name=${folder#src/}
  name=${name%/}
  permitted=$(allowed "$name")
  [ -n "$permitted" ] || complain "src/$name is not in tests/check_layers.sh: where does it belong?"
  for include in $(grep -ohE '#include ["<][a-z]+/[a-z_0-9/]+\.h[">]' "$folder"*.[ch] |
    sed -E 's/.*["<](.*)\.h[">]/\1/' | sort -u); do
    case $include in sys/* | bluetooth/* | cjson/* | gnutls/* | glib/* | gio/*) continue ;; esac
    found=no
    for prefix in $permitted; do
      case $include in "$prefix"*) found=yes ;; esac
    done
    [ "$found" = yes ] || complain "src/$name includes $include.h, which is not below it"
  done
done

# The pure folders: no GLib, no clock, no allocation, no I/O.
for folder in wire controller target; do
  for object in "$build"/obj/src/$folder/*.o; do
    for symbol in $(nm -u "$object" | awk '{ print $2 }' | sed 's/@.*//'); do
      case $symbol in
        dfu_* | ctl_* | target_* | flash_* | mem* | str* | snprintf | __snprintf_chk | \
          __mem*_chk | __str*_chk | __stack_chk_fail | __assert_fail | _GLOBAL_OFFSET_TABLE_ | \
          __asan_* | __ubsan_* | __gcov_* | __sanitizer_* | __isoc23_strto* | strto*) ;;
        *) complain "src/$folder/$(basename "$object" .o).c uses $symbol, and should be pure" ;;
      esac
    done
  done
done

[ "$status" -eq 0 ] && echo "the layers hold"
exit "$status"
