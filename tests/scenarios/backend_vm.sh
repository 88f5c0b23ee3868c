# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scenarios over the real stack, in the virtual machine of tests/vm/run: bluetoothd has
# hci0, dfu-ble-target is a device on the air, on hci1. btvirt reports an advertiser once
# each time that it begins to advertise, hence --readvertise.

logs=/run/log
slow_target=
slow_update="--prn 1 --window 1" # bluetoothd is asked to and fro for each packet

# A function of the guest's own, without its names getting in the way of ours.
in_guest() {
  (. "$here/../vm/services.sh" && "$@")
}

start_bluetoothd() {
  in_guest start_bluetoothd
  in_guest power_adapter true
}

stop_bluetoothd() {
  in_guest stop_bluetoothd "$@"
}

backend_begin() {
  mark=$(wc -l <"$logs/bluetoothd.log")
  btmon -w "$dir/btmon.snoop" >/dev/null 2>&1 &
  btmon=$!
}

# The next scenario finds a daemon and a powered adapter, whatever this one did.
backend_end() {
  in_guest bluetoothd_is_up || start_bluetoothd
  in_guest power_adapter true
  kill "$btmon"
  tail -n "+$((mark + 1))" "$logs/bluetoothd.log" >"$dir/bluetoothd.log"
}

start_target() {
  in_background "$DFU_BLE_TARGET" --hci hci1 --readvertise 150 --addr "$address" --out "$dir/out" \
    --log "$dir/target.log" "$@"
  target=$started
  wait_for 10 test -s "$dir/target.log"
}

restart_target() {
  kill "$target"
  wait "$target" || true
  mv "$dir/target.log" "$dir/target-before.log"
  start_target "$@"
}
