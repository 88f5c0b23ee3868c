# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scenarios of devices that are not like the bootloader of SDK 11 in DFU mode, for both
# backends: other families, two parts in one run, and the way in from the application.

bootloader_at_the_same_address_is_entered_and_updated() {
  make_package
  start_target --app-mode --jump same
  update_ends_with 0 --require-back
  update_has '"mode":"application"'
  result_is address "\"$address\""
  result_is seen '"application"'
  image_is_installed
  host_is_at_rest
}

bootloader_at_the_next_address_is_entered_and_updated() {
  make_package
  start_target --app-mode --jump next
  update_ends_with 0 --require-back
  update_has '"mode":"application"'
  result_is address "\"${address%80}81\""
  result_is seen '"application"'
  image_is_installed
  host_is_at_rest
}

package_with_two_parts_is_sent_in_one_run() {
  make_package --type both
  "$MAKE_PACKAGE" "$dir/application.zip" --image "$dir/application.bin" --seed 2
  start_target --jump same
  update_ends_with 0 --require-back
  result_is seen '"application"'
  result_is image_bytes 16384
  image_is_installed softdevice_bootloader
  cmp "$dir/application.bin" "$dir/out/application.bin"
  host_is_at_rest
}

adafruit_0_10_is_sent_packets_of_244_bytes() {
  make_package --device-type 82
  start_target --personality adafruit-0.10
  update_ends_with 0 $BRIEF
  update_has '"family":"adafruit-0.10"'
  grep -q '> 4 packets, 976 bytes' "$dir/target.log" || fail "the packets are not that long"
  image_is_installed
}

packets_are_as_long_after_a_loss_as_before() {
  make_package --device-type 82
  start_target --personality adafruit-0.10 --fault lose=4000
  update_ends_with 0 $BRIEF
  result_is link_losses 1
  [ "$(grep -c '"state":"connected".*"mtu":247,' "$dir/update.json")" -eq 2 ] ||
    fail "the MTU is not that of the first connection"
  sed '1,/loses the link/d' "$dir/target.log" | grep -q '> 4 packets, 976 bytes' ||
    fail "the packets are not that long any more"
  image_is_installed
}

target_of_sdk_5_is_updated_by_the_older_protocol() {
  make_package --crc-only
  start_target --personality sdk5
  update_ends_with 0 $BRIEF
  update_says 'the protocol of SDK 4.3 to 6.0'
  image_is_installed
}

otafix_that_lost_the_link_at_half_is_resumed() {
  make_package --device-type 82
  start_target --personality otafix-2.1 --fault lose=4096
  update_ends_with 0 $BRIEF
  update_has '"family":"otafix"'
  result_is link_losses 1
  result_is resumes 1
  show_offsets
  image_is_installed
}

infinitime_is_updated_while_it_runs() {
  make_package --mcuboot-image
  start_target --personality infinitime
  update_ends_with 0 --require-back
  update_has '"family":"infinitime"'
  result_is seen '"application"'
  image_is_installed
}
