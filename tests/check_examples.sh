#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The examples do what they say, against an emulated target.
#
#   tests/check_examples.sh BUILD_DIR
set -eu

build=$(cd "$1" && pwd)
examples=$(cd examples && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work/state"

"$examples/demo.sh" >"$work/demo.txt"

"$MAKE_PACKAGE" "$work/app.zip" --image "$work/app.bin" >/dev/null
cd "$work"

"$DFU_BLE_TARGET" --out one --run "$build/examples/update" app.zip C4:12:AB:00:11:22
cmp app.bin one/application.bin

"$DFU_BLE_TARGET" --out two --run "$examples/flash-rig.sh" app.zip C4:12:AB:00:11:22
cmp app.bin two/application.bin
tail -n 1 C412AB001122.json | grep -q '"ok":true'
echo "the examples work"
