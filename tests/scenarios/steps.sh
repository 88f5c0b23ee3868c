# SPDX-License-Identifier: GPL-2.0-or-later
#
# What scenarios are made of, and the same on both backends. A backend adds:
#
#   backend_begin, backend_end   before and after the scenario
#   start_target OPTION...       puts an emulated target at $address on the air, with the options
#                                of dfu-ble-target; sets $target
#   restart_target OPTION...     the same device after a loss of power
#   slow_target, slow_update     options with which a transfer takes two seconds and more
#   radio_target                 options with which an exchange takes as long as on a radio
#   stop_bluetoothd [SIGNAL]     ends the daemon: org.bluez is gone from the bus
#   start_bluetoothd             and back, adapter powered
#   without_logs COMMAND...      carried out without a log of each packet, where that costs time
#   let_bluetoothd_rest          the target is silent for three seconds, so that a busy daemon comes
#                                to what it does by a timer
#   keep_bluetoothd_running      from now on it is started again whenever it ends, as systemd does
#   DBUS_SYSTEM_BUS_ADDRESS      where org.bluez is; the usual place if not set
#
# A step that cannot be done, or does not see what it should, ends the scenario.

export XDG_STATE_HOME="$dir/state" LC_ALL=C.UTF-8
background=

# Each scenario has a device of its own, as bluetoothd remembers those of the last 30 seconds.
octets=$(printf '%s' "$scenario" | cksum | awk '{ printf "%02X:%02X", $1 % 256, $1 / 256 % 256 }')
address=C4:12:AB:$octets:80
device=/org/bluez/hci0/dev_$(echo "$address" | tr : _)

fail() {
  set +x
  echo "FAILED: $*"
  exit 1
}

skip() {
  set +x
  echo "$*"
  exit 77
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
  { set +x; } 2>/dev/null
  tenths=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || fail "never: $*"
    sleep 0.1
  done
  set -x
}

# Without the trace of it, as its standard error may be a file.
in_background() {
  { set +x; } 2>/dev/null
  "$@" &
  started=$!
  set -x
  background="$background $started"
}

kill_background() {
  for process in $background; do
    kill "$process" 2>/dev/null
    wait "$process" 2>/dev/null
  done
}

# make_package [OPTION...]: $dir/package.zip; its (first) image is $dir/image.bin.
make_package() {
  "$MAKE_PACKAGE" "$dir/package.zip" --image "$dir/image.bin" "$@"
}

# start_update [OPTION...]: sets $update.
start_update() {
  in_background "$DFU_BLE" update "$dir/package.zip" --addr "$address" --json -v -v \
    "$@" >"$dir/update.json" 2>"$dir/update.err"
  update=$started
}

# await_update STATUS: and sees that nothing of it is left on the host.
await_update() {
  status=0
  wait "$update" || status=$?
  [ "$status" -eq "$1" ] || fail "dfu-ble ended with $status, not $1"
  tail -n 1 "$dir/update.json" | grep -q "\"event\":\"result\".*\"exit_code\":$1[,}]" ||
    fail "the last line of the JSON output is not its result"
}

# update_ends_with STATUS [OPTION...]
update_ends_with() {
  expected=$1
  shift
  start_update "$@"
  await_update "$expected"
}

# Adapter and device are as if dfu-ble had not been there.
host_is_at_rest() {
  wait_for 5 property_is /org/bluez/hci0 Adapter1 Discovering false
  wait_for 5 device_is_not_connected
}

device_is_not_connected() {
  ! property_is "$device" Device1 Connected true
}

# image_is_installed [NAME]: byte for byte, under the name that the target gives it.
image_is_installed() {
  cmp "$dir/image.bin" "$dir/out/${1:-application}.bin"
}

confirmed_bytes() {
  sed -n 's/.*"confirmed_bytes":\([0-9]*\).*/\1/p' "$dir/update.json" | tail -n 1
}

has_confirmed() {
  [ "$(confirmed_bytes)" -ge "$1" ] 2>/dev/null
}

# until_confirmed BYTES: the transfer is under way.
until_confirmed() {
  wait_for 60 has_confirmed "$1"
}

# update_says TEXT: in the log for people; update_has TEXT: in the JSON output.
update_says() {
  grep -qF -e "$1" "$dir/update.err" || fail "dfu-ble does not say: $1"
}

update_has() {
  grep -qF -e "$1" "$dir/update.json" || fail "the JSON output does not have: $1"
}

# result_is KEY VALUE: of the JSON result.
result_is() {
  tail -n 1 "$dir/update.json" | grep -q "\"$1\":$2[,}]" || fail "the result's $1 is not $2"
}

# target_was_connected TIMES
target_was_connected() {
  [ "$(grep -c ' connected, MTU ' "$dir/target.log")" -eq "$1" ] ||
    fail "the target was not connected $1 times"
}

# target_refused ERROR TIMES: so many control point writes got this ATT error.
target_refused() {
  [ "$(grep -c " -> ATT error $1\$" "$dir/target.log")" -eq "$2" ] ||
    fail "the target has not refused $2 writes with $1"
}

# bluez PATH INTERFACE METHOD [ARGUMENT...]: a call from another client.
bluez() {
  path=$1
  method=$2.$3
  shift 3
  dbus-send --system --print-reply --reply-timeout=50000 --dest=org.bluez "$path" "$method" "$@"
}

property_is() {
  bluez "$1" org.freedesktop.DBus.Properties Get "string:org.bluez.$2" "string:$3" |
    grep -q " $4\$"
}

# power_adapter true|false
power_adapter() {
  bluez /org/bluez/hci0 org.freedesktop.DBus.Properties Set string:org.bluez.Adapter1 \
    string:Powered "variant:boolean:$1"
}

# A discovery of somebody else's that goes on until the scenario ends; sets $scan.
start_foreign_discovery() {
  in_background "$DFU_BLE" scan --all --timeout 100 >"$dir/foreign-scan.out" 2>&1
  scan=$started
  wait_for 10 property_is /org/bluez/hci0 Adapter1 Discovering true
}

# The device object exists from now on, for 30 seconds.
discover_device() {
  start_foreign_discovery
  wait_for 20 grep -qF "$address" "$dir/foreign-scan.out"
  kill "$scan"
  wait_for 10 property_is /org/bluez/hci0 Adapter1 Discovering false
}

connect_as_another_client() {
  bluez "$device" org.bluez.Device1 Connect
  wait_for 20 property_is "$device" Device1 ServicesResolved true
}

# lost_link_is_resumed FAULT [OPTION...]
lost_link_is_resumed() {
  fault=$1
  shift
  make_package
  start_target --fault "$fault"
  update_ends_with 0 "$@"
  result_is link_losses 1
  result_is resumes 1
  show_offsets
  image_is_installed
}

# Where the run went on, with the scenario's result.
show_offsets() {
  sed -n 's/.*"event":"resumed".*"offset_bytes":\([0-9]*\).*/resumed at byte \1/p' \
    "$dir/update.json" >>"$dir/figures"
}

# measure NAME: 200 kB in packets of 20 bytes; the figures are shown with the result.
measure() {
  make_package --bytes 204800
  start_target
  TIMEFORMAT='%U %S' bash -c 'time "$@"' - "$DFU_BLE" update "$dir/package.zip" \
    --addr "$address" --json --wait-back 0 >"$dir/update.json" 2>"$dir/update.err"
  image_is_installed
  awk -v name="$1" -v cpu="$(tail -n 1 "$dir/update.err")" '
    match($0, /"elapsed_s":[0-9.]+/) { at = substr($0, RSTART + 12, RLENGTH - 12) }
    /"state":"image"/ && !began { began = at }
    /"state":"validating"/ && !ended { ended = at }
    END {
      split(cpu, parts, " ")
      printf "%s: %d packets/s; CPU time of dfu-ble %.2f s user, %.2f s system\n", name,
        10240 / (ended - began), parts[1], parts[2]
    }' "$dir/update.json" >>"$dir/figures"
}

# send_real_package FILE PERSONALITY: as its maker published it, both parts, byte for byte.
send_real_package() {
  packages=${DFU_TEST_PACKAGES:-$here/../../../shared/packages}
  [ -r "$packages/$1" ] || skip "there is no $packages/$1"
  cp "$packages/$1" "$dir/package.zip"
  /usr/bin/python3 -c '
import json, sys, zipfile
package = zipfile.ZipFile(sys.argv[1])
manifest = json.loads(package.read("manifest.json"))["manifest"]
for part in "softdevice_bootloader", "application":
    open(f"{sys.argv[2]}/{part}.bin", "wb").write(package.read(manifest[part]["bin_file"]))
' "$dir/package.zip" "$dir"
  start_target --personality "$2" --jump same
  without_logs update_ends_with 0 --require-back
  cmp "$dir/softdevice_bootloader.bin" "$dir/out/softdevice_bootloader.bin"
  cmp "$dir/application.bin" "$dir/out/application.bin"
}
