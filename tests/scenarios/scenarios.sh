# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scenarios: each function is one, and its name says what it shows. They are
# the same for both backends; steps.sh says what a scenario can do.

# Does not wait for what a scenario is not about.
BRIEF="--wait-back 0"

# --- a plain update of everything that there is ---

update_of_an_application() {
  make_package --type application
  start_target
  update_ends_with 0 --require-back
  image_is_installed application
  result_is seen '"application"'
  host_is_at_rest
}

update_of_a_bootloader() {
  make_package --type bootloader
  start_target
  update_ends_with 0 $BRIEF
  image_is_installed bootloader
}

update_of_a_softdevice() {
  make_package --type softdevice
  start_target
  update_ends_with 0 $BRIEF
  image_is_installed softdevice
}

update_of_softdevice_and_bootloader() {
  make_package --type softdevice_bootloader
  start_target
  update_ends_with 0 $BRIEF
  image_is_installed softdevice_bootloader
}

update_of_a_package_with_two_parts_takes_two_runs() {
  make_package --type both
  start_target --jump same --after-activate dfu
  update_ends_with 0 --only system $BRIEF
  image_is_installed softdevice_bootloader
  address=${address%80}81 # a bootloader that nobody told to start has the next address
  update_ends_with 0 --only app $BRIEF
  test -s "$dir/out/application.bin"
}

update_of_a_device_with_the_smallest_mtu() {
  make_package
  start_target --mtu 23
  update_ends_with 0 $BRIEF
  update_has '"mtu":23,'
  image_is_installed
}

update_of_a_device_with_a_large_mtu() {
  make_package
  start_target --mtu 247
  update_ends_with 0 $BRIEF
  update_has '"mtu":247,'
  image_is_installed
}

# --- a device that is not there, or not any more, or there again ---

absent_device_is_not_found() {
  make_package
  start_target --absent
  update_ends_with 5 --timeout 4 --retries 1
  host_is_at_rest
}

device_that_stays_away_in_mid_transfer_is_given_up() {
  make_package
  start_target --fault lose=4000:forever
  update_ends_with 6 --timeout 4 --retries 2
  result_is link_losses 1
  host_is_at_rest
}

device_that_goes_away_for_one_second_is_resumed() {
  make_package
  start_target --fault lose=4000:1
  update_ends_with 0 $BRIEF
  result_is resumes 1
  image_is_installed
}

device_that_goes_away_for_5_seconds_is_resumed() {
  make_package
  start_target --fault lose=4000:5
  update_ends_with 0 $BRIEF
  result_is resumes 1
  image_is_installed
}

device_that_goes_away_for_20_seconds_is_resumed() {
  make_package
  start_target --fault lose=4000:20
  update_ends_with 0 $BRIEF
  result_is resumes 1
  image_is_installed
}

device_that_loses_the_link_again_and_again_is_resumed_each_time() {
  make_package
  start_target --fault lose=1000:0 --fault lose=3000:0 --fault lose=5000:0 --fault lose=8192:0
  update_ends_with 0 $BRIEF
  result_is link_losses 4
  image_is_installed
}

device_without_a_receipt_on_its_last_packets_is_validated() {
  make_package
  start_target --fault lose=8192
  update_ends_with 0 $BRIEF
  image_is_installed
}

# --- the link, lost at each stage, by disconnect and by silence until the supervision timeout ---

link_lost_at_one_percent_is_resumed() {
  lost_link_is_resumed lose=80 $BRIEF
}

link_lost_at_half_is_resumed() {
  lost_link_is_resumed lose=4096 $BRIEF
}

link_lost_at_99_percent_is_resumed() {
  lost_link_is_resumed lose=8100 $BRIEF
}

link_lost_at_the_last_packet_is_resumed() {
  lost_link_is_resumed lose=8192 $BRIEF
}

link_lost_before_validate_is_resumed() {
  lost_link_is_resumed lose-before=validate $BRIEF
}

link_lost_at_validate_is_resumed() {
  lost_link_is_resumed lose-at=validate $BRIEF
}

silence_at_one_percent_is_resumed() {
  lost_link_is_resumed silence=80 $BRIEF
}

silence_at_half_is_resumed() {
  lost_link_is_resumed silence=4096 $BRIEF
}

silence_at_99_percent_is_resumed() {
  lost_link_is_resumed silence=8100 $BRIEF
}

silence_at_the_last_packet_is_resumed() {
  lost_link_is_resumed silence=8192 $BRIEF
}

silence_at_validate_is_resumed() {
  lost_link_is_resumed silence-at=validate $BRIEF
}

# Not activated: it comes back in DFU mode with all it had, and is activated then.
link_lost_before_activate_is_resumed() {
  make_package
  start_target --fault lose-before=activate
  update_ends_with 0
  result_is resumes 1
  result_is seen '"application"'
  image_is_installed
}

# Activated, unheard: the application comes back, and a warning says what is not known.
link_lost_at_activate_ends_well_with_a_warning() {
  make_package
  start_target --fault lose-at=activate
  update_ends_with 0
  update_says 'acknowledged Activate'
  image_is_installed
}

silence_at_activate_ends_well_with_a_warning() {
  make_package
  start_target --fault silence-at=activate
  update_ends_with 0
  update_says 'acknowledged Activate'
  image_is_installed
}

process_killed_at_half_goes_on_in_the_next_run() {
  make_package --bytes 20480
  start_target $slow_target
  start_update $slow_update $BRIEF
  until_confirmed 10240
  kill -KILL "$update"
  wait "$update" || true
  update_ends_with 0 $BRIEF
  result_is resumes 1
  show_offsets
  image_is_installed
}

device_known_from_before_is_updated() {
  make_package
  start_target
  discover_device
  update_ends_with 0 $BRIEF
  image_is_installed
}

device_that_is_known_but_gone_is_not_found() {
  make_package
  start_target --after-activate nothing
  update_ends_with 0 $BRIEF
  update_ends_with 5 --timeout 4 --retries 1
  host_is_at_rest
}

device_connected_by_another_client_is_updated() {
  make_package
  start_target
  discover_device
  connect_as_another_client
  update_ends_with 0 $BRIEF
  image_is_installed
}

device_that_is_connected_and_mute_is_connected_again() {
  make_package
  start_target --fault mute-connection=1
  update_ends_with 0 $BRIEF
  image_is_installed
}

# --- other clients of the same bluetoothd ---

discovery_of_another_client_is_no_hindrance_and_goes_on() {
  make_package
  start_target
  start_foreign_discovery
  update_ends_with 0 $BRIEF
  image_is_installed
  target_was_connected 1
  property_is /org/bluez/hci0 Adapter1 Discovering true
  kill -0 "$scan"
}

search_of_ours_leaves_that_of_another_client_alone() {
  start_target
  start_foreign_discovery
  "$DFU_BLE" scan --timeout 2
  sleep 1 # it would take bluetoothd less
  property_is /org/bluez/hci0 Adapter1 Discovering true
}

connect_of_another_client_at_the_same_time_is_no_hindrance() {
  make_package
  start_target
  discover_device
  in_background bluez "$device" org.bluez.Device1 Connect
  update_ends_with 0 $BRIEF
  image_is_installed
}

disconnect_by_another_client_in_mid_transfer_is_resumed() {
  make_package --bytes 40960 # bluetoothd takes two seconds to disconnect
  start_target $slow_target
  start_update $slow_update $BRIEF
  until_confirmed 2000
  in_background bluez "$device" org.bluez.Device1 Disconnect
  let_bluetoothd_rest
  await_update 0
  result_is link_losses 1
  image_is_installed
}

device_object_removed_by_another_client_in_mid_transfer_is_resumed() {
  make_package --bytes 40960 # bluetoothd takes two seconds to disconnect
  start_target $slow_target
  start_update $slow_update $BRIEF
  until_confirmed 2000
  in_background bluez /org/bluez/hci0 org.bluez.Adapter1 RemoveDevice "objpath:$device"
  let_bluetoothd_rest
  await_update 0
  result_is link_losses 1
  image_is_installed
}

# --- adapter and daemon ---

adapter_without_power_ends_with_4() {
  make_package
  start_target
  power_adapter false
  update_ends_with 4
  update_says 'powered off'
}

adapter_that_does_not_exist_ends_with_4() {
  make_package
  start_target
  update_ends_with 4 --adapter hci9
}

adapter_switched_off_and_on_in_mid_transfer_is_resumed() {
  make_package --bytes 20480
  start_target $slow_target
  start_update $slow_update $BRIEF
  until_confirmed 2000
  power_adapter false
  sleep 3
  power_adapter true
  await_update 0
  result_is link_losses 1
  image_is_installed
}

adapter_switched_off_for_good_in_mid_transfer_ends_the_run() {
  make_package --bytes 20480
  start_target $slow_target
  start_update $slow_update --timeout 4 --retries 2
  until_confirmed 2000
  power_adapter false
  await_update 6
  update_says 'powered off'
}

bluetoothd_that_is_not_running_ends_with_4() {
  make_package
  start_target
  stop_bluetoothd
  update_ends_with 4
}

bluetoothd_stopped_and_started_at_half_is_resumed() {
  make_package --bytes 20480
  start_target $slow_target
  start_update $slow_update $BRIEF
  until_confirmed 10240
  stop_bluetoothd TERM
  sleep 2
  start_bluetoothd
  await_update 0
  result_is link_losses 1
  show_offsets
  image_is_installed
}

bluetoothd_killed_and_started_at_half_is_resumed() {
  make_package --bytes 20480
  start_target $slow_target
  start_update $slow_update $BRIEF
  until_confirmed 10240
  stop_bluetoothd KILL
  sleep 2
  start_bluetoothd
  await_update 0
  result_is link_losses 1
  show_offsets
  image_is_installed
}

bluetoothd_gone_for_good_in_mid_transfer_ends_the_run() {
  make_package --bytes 20480
  start_target $slow_target
  start_update $slow_update --timeout 4 --retries 2
  until_confirmed 2000
  stop_bluetoothd KILL
  await_update 6
}

# --- the attribute protocol ---

notifications_found_off_at_each_request_are_enabled_again() {
  make_package
  start_target --fault att=receipts:0xfd --fault att=start:0xfd --fault att=init:0xfd \
    --fault att=init-end:0xfd --fault att=receive:0xfd --fault att=validate:0xfd \
    --fault att=activate:0xfd
  update_ends_with 0 $BRIEF
  target_refused 0xfd 7
  result_is link_losses 0
  image_is_installed
}

busy_target_is_asked_again_at_each_request() {
  make_package
  start_target --fault att=receipts:0xfe --fault att=start:0xfe --fault att=init:0xfe \
    --fault att=init-end:0xfe --fault att=receive:0xfe --fault att=validate:0xfe \
    --fault att=activate:0xfe
  update_ends_with 0 $BRIEF
  target_refused 0xfe 7
  result_is link_losses 0
  image_is_installed
}

busy_and_switched_off_target_that_was_lost_is_asked_again_how_much_it_has() {
  make_package
  start_target --fault lose=4000 --fault att=report-size:0xfe --fault att=report-size:0xfd
  update_ends_with 0 $BRIEF
  target_refused 0xfe 1
  target_refused 0xfd 1
  image_is_installed
}

target_that_stays_busy_is_given_up() {
  make_package
  start_target --fault att=start:0xfe:100000
  update_ends_with 7
  host_is_at_rest
}

# bluetoothd up to 5.83 dies of it sooner or later: with the object that it has spoilt.
link_lost_while_notifications_are_switched_on_is_made_again() {
  make_package
  start_target --fault drop-subscription=1
  keep_bluetoothd_running
  update_ends_with 0 $BRIEF
  result_is link_losses 1
  image_is_installed
}

# The indication comes when bluetoothd asks for it, which is after it has resolved the services.
services_that_change_once_they_are_resolved_are_found_again() {
  make_package --bytes 1024
  start_target $radio_target --fault service-changed=1
  update_ends_with 0 $BRIEF
  result_is link_losses 0
  image_is_installed
}

services_that_change_at_the_same_address_are_read_anew() {
  make_package
  start_target --jump same
  update_ends_with 0 --require-back
  connect_as_another_client # its services are now in the cache of bluetoothd
  bluez "$device" org.bluez.Device1 Disconnect
  restart_target
  update_ends_with 0 $BRIEF
  image_is_installed
}

# --- the end of a run ---

interrupted_run_leaves_nothing_behind() {
  make_package
  start_target $slow_target
  start_update $slow_update
  until_confirmed 2000
  kill -INT "$update"
  await_update 130
  host_is_at_rest
}

interrupted_search_leaves_nothing_behind() {
  make_package
  start_target --absent
  start_update
  wait_for 10 property_is /org/bluez/hci0 Adapter1 Discovering true
  kill -INT "$update"
  await_update 130
  host_is_at_rest
}

# --- the last one, as Linux 6.1 may be damaged by it: see tests/vm/README.md ---

link_dropped_before_it_is_up_is_made_again() {
  make_package
  start_target --fault drop-connection=1
  keep_bluetoothd_running
  update_ends_with 0 $BRIEF
  image_is_installed
}
