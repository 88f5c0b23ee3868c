# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scenarios that only the real stack can show: programs of others see the
# target as a normal device, and what the transfer costs.

CONTROL_POINT=00001531-1212-efde-1523-785feabcd123

bluetoothctl_shows_the_target_as_a_normal_device() {
  start_target --name Board
  discover_device
  connect_as_another_client
  bluetoothctl info "$address" | tee "$dir/info"
  grep -q 'Name: Board$' "$dir/info"
  grep -q 'UUID: .*(00001530-1212-efde-1523-785feabcd123)' "$dir/info"
  bluetoothctl gatt.list-attributes "$address" | tee "$dir/attributes"
  grep -q "$CONTROL_POINT" "$dir/attributes"
  bluez "$device" org.bluez.Device1 Disconnect
}

gatttool_reads_services_characteristics_and_revision() {
  start_target
  gatttool -i hci0 -t random -b "$address" --primary | tee "$dir/primary"
  grep -q 'uuid: 00001530-1212-efde-1523-785feabcd123' "$dir/primary"
  gatttool -i hci0 -t random -b "$address" --characteristics | tee "$dir/characteristics"
  grep -q "char properties = 0x18.*uuid = $CONTROL_POINT" "$dir/characteristics" # write, notify
  grep -q 'char properties = 0x04.*uuid = 00001532-' "$dir/characteristics"      # write command
  gatttool -i hci0 -t random -b "$address" --char-read \
    --uuid 00001534-1212-efde-1523-785feabcd123 | tee "$dir/revision"
  grep -q 'value: 08 00' "$dir/revision"
}

update_by_a_client_that_is_not_ours() {
  make_package
  start_target
  /usr/bin/python3 "$here/../vm/foreign_client.py" "$dir/package.zip" "$address"
  image_is_installed
}

figures_of_the_descriptor_of_acquirewrite() {
  without_logs measure 'AcquireWrite'
}

figures_of_a_call_of_writevalue_for_each_packet() {
  deny_call AcquireWrite
  without_logs measure 'WriteValue  '
}

package_of_sdk_11_with_two_parts_is_sent_in_one_run() {
  send_real_package sdk11_nrf51_sd_bl_then_app.zip sdk11-dual
}

package_of_sdk_6_with_two_parts_is_sent_in_one_run() {
  send_real_package sdk6.0_nrf51_sd_bl_then_app.zip sdk6.1
}
