# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scenarios over the real stack, in the virtual machine of tests/vm/run: bluetoothd has
# hci0, dfu-ble-target is a device on the air, on hci1. btvirt reports an advertiser once
# each time that it begins to advertise, hence --readvertise.

logs=/run/log
policy=/etc/dbus-1/system.d/dfu-ble-scenario.conf
slow_target=
radio_target=
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

let_bluetoothd_rest() {
  kill -STOP "$target"
  sleep 3
  kill -CONT "$target"
}

restart_bluetoothd_when_it_ends() {
  while sleep 0.5; do
    in_guest bluetoothd_is_up || start_bluetoothd
  done
}

keep_bluetoothd_running() {
  in_background restart_bluetoothd_when_it_ends
}

reload_policies() {
  dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.ReloadConfig
}

# deny_call METHOD: to whoever calls bluetoothd, until the scenario ends.
deny_call() {
  cat >"$policy" <<END
<busconfig>
  <policy context="mandatory">
    <deny send_destination="org.bluez" send_member="$1"/>
  </policy>
</busconfig>
END
  reload_policies
}

# A kernel that found an error of its own may have left part of its Bluetooth locked.
count_kernel_errors() {
  dmesg | grep -c 'kernel BUG\|Oops: '
}

# bluetoothd says all, or little, from this signal on: what it logs of a packet costs more than
# the packet.
toggle_logs() {
  kill -USR2 "$(cat /run/bluetoothd.pid)"
}

without_logs() {
  kill "$btmon"
  toggle_logs
  is_quiet=1
  "$@"
}

# Off and on, so that nothing of an earlier scenario is left in the kernel.
backend_begin() {
  in_guest power_adapter false
  in_guest power_adapter true
  kernel_errors=$(count_kernel_errors || true)
  mark=$(wc -l <"$logs/bluetoothd.log")
  btmon -w "$dir/btmon.snoop" >/dev/null 2>&1 &
  btmon=$!
}

# The next scenario finds a daemon and a powered adapter, whatever this one did.
backend_end() {
  if [ -e "$policy" ]; then
    rm "$policy"
    reload_policies
  fi
  [ -z "${is_quiet-}" ] || toggle_logs
  in_guest bluetoothd_is_up || start_bluetoothd
  in_guest power_adapter true
  kill "$btmon" 2>/dev/null
  if [ "$(count_kernel_errors)" -gt "$kernel_errors" ]; then
    dmesg >"$dir/dmesg.log"
    echo "an error in the guest's kernel, see dmesg.log:" \
      "$(grep 'kernel BUG\|Oops: ' "$dir/dmesg.log" | tail -n 1)" >>"$dir/figures"
  fi
  tail -n "+$((mark + 1))" "$logs/bluetoothd.log" >"$dir/bluetoothd.log"
}

start_target() {
  in_background "$DFU_BLE_TARGET" --hci hci1 --readvertise 400 --addr "$address" --out "$dir/out" \
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
