# SPDX-License-Identifier: GPL-2.0-or-later
#
# The services of the guest, for tests/vm/guest and for scenarios that stop and
# start them. hci0 is the host's own controller and managed by bluetoothd; hci1
# is left alone for an emulated target.

VM_LOGS=/run/log
BLUETOOTHD=/usr/libexec/bluetooth/bluetoothd
[ -x "$BLUETOOTHD" ] || BLUETOOTHD=/usr/lib/bluetooth/bluetoothd

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
  tenths=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || return 1
    sleep 0.1
  done
}

start_dbus() {
  mkdir -p /run/dbus
  dbus-daemon --system --nopidfile --nosyslog >"$VM_LOGS/dbus.log" 2>&1
  wait_for 20 test -S /run/dbus/system_bus_socket
}

# The kernel makes this file when it has done with a controller's initialisation.
controllers_are_ready() {
  [ -e /sys/kernel/debug/bluetooth/hci0/features ] &&
    [ -e /sys/kernel/debug/bluetooth/hci1/features ]
}

# btvirt opens /dev/vhci, and may lose the very first HCI Reset that the kernel
# sends at once: that controller stays dead. It happens less while btvirt has
# the processor for itself, and is noticed by the time that it takes.
start_controllers() {
  modprobe hci_vhci
  modprobe -a algif_hash algif_skcipher ecb cmac
  for try in 1 2 3 4 5; do
    chrt -f 10 btvirt -L -l2 >>"$VM_LOGS/btvirt.log" 2>&1 &
    btvirt=$!
    if wait_for 3 controllers_are_ready; then
      chrt -o -p 0 "$btvirt"
      return 0
    fi
    echo "vm: btvirt lost the first HCI Reset, try $try" | tee -a "$VM_LOGS/btvirt.log" >/dev/ttyS0
    kill "$btvirt"
    wait "$btvirt" 2>/dev/null
  done
  return 1
}

start_bluetoothd() {
  printf '[Policy]\nAutoEnable=false\n' >/run/bluetooth-main.conf
  "$BLUETOOTHD" -n -d -f /run/bluetooth-main.conf >>"$VM_LOGS/bluetoothd.log" 2>&1 &
  echo $! >/run/bluetoothd.pid
  wait_for 20 adapter_property Powered
}

bluetoothd_is_up() {
  kill -0 "$(cat /run/bluetoothd.pid)" 2>/dev/null
}

bluetoothd_is_gone() {
  ! bluetoothd_is_up
}

# stop_bluetoothd [SIGNAL]: and waits until it is gone.
stop_bluetoothd() {
  kill "-${1:-TERM}" "$(cat /run/bluetoothd.pid)"
  wait_for 20 bluetoothd_is_gone
}

adapter_property() {
  dbus-send --system --print-reply --dest=org.bluez /org/bluez/hci0 \
    org.freedesktop.DBus.Properties.Get string:org.bluez.Adapter1 "string:$1"
}

set_power() {
  dbus-send --system --print-reply --dest=org.bluez /org/bluez/hci0 \
    org.freedesktop.DBus.Properties.Set string:org.bluez.Adapter1 string:Powered \
    "variant:boolean:$1"
}

# power_adapter true|false
power_adapter() {
  wait_for 20 set_power "$1"
}
