#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole way without hardware: makes a package, starts an emulated DfuTarg
# as org.bluez on a private D-Bus bus, updates it, and compares what arrived
# with what was packed. `make demo` runs it.
set -eu

dfu_ble=${DFU_BLE:-dfu-ble}
dfu_ble_target=${DFU_BLE_TARGET:-dfu-ble-target}
make_package=${MAKE_PACKAGE:-build/release/tests/make_package}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work/state"

"$make_package" "$work/app.zip" --bytes 20480 --image "$work/app.bin" >/dev/null
cd "$work"

echo '$ dfu-ble info app.zip'
"$dfu_ble" info app.zip
echo
echo '$ dfu-ble-target --out received --run dfu-ble update app.zip --addr C4:12:AB:00:11:22'
"$dfu_ble_target" --out received --run "$dfu_ble" update app.zip --addr C4:12:AB:00:11:22
echo
echo '$ sha256sum app.bin received/application.bin'
sha256sum app.bin received/application.bin
cmp app.bin received/application.bin
echo
echo 'The image on the emulated target is byte for byte the one in the package.'
