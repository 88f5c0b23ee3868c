# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scenarios without a radio: dfu-ble-target is device, air and bluetoothd at once, on a
# private bus. What it is told at its start holds for the host too, so start_target comes
# first in a scenario.

slow_target="--air-us 5000"
radio_target="--air-us 20000"
slow_update=

backend_begin() {
  export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent
}

backend_end() { :; }

start_target() {
  in_background "$DFU_BLE_TARGET" --addr "$address" --out "$dir/out" --log "$dir/target.log" \
    "$@" >"$dir/bus-address"
  target=$started
  wait_for 10 test -s "$dir/bus-address"
  DBUS_SYSTEM_BUS_ADDRESS=$(cat "$dir/bus-address")
}

restart_target() {
  skip "the emulated bluetoothd goes with the emulated device"
}

# The emulated daemon dies one way only: without a word.
stop_bluetoothd() {
  kill -USR1 "$target"
}

start_bluetoothd() {
  kill -USR2 "$target"
}

let_bluetoothd_rest() { :; }

keep_bluetoothd_running() { :; }

without_logs() { "$@"; }
