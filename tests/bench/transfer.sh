#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long dfu-ble takes for 200 kB in packets of 20 bytes when neither radio
# nor flash costs anything: the emulated target on a private bus. `make bench`.
set -eu

runs=${RUNS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work/state" TIMEFORMAT='%R s wall, %U s user, %S s system'

"$MAKE_PACKAGE" "$work/app.zip" --bytes 204800 >/dev/null
echo "204800 bytes, 10240 packets of 20 bytes, a receipt every 4 packets, 8 in flight; $runs runs"
for _ in $(seq "$runs"); do
  # Timed inside the emulator's --run, so that only the controller's own CPU time counts.
  "$DFU_BLE_TARGET" --out "$work" --run bash -c \
    "time '$DFU_BLE' update --quiet '$work/app.zip' --addr C4:12:AB:00:11:22"
done
