#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A flashing rig: updates each board of a list, tries a board again where that
# can help, and ends with the number of boards that were not updated.
#
#   flash-rig.sh PACKAGE ADDRESS...
#
# JSON logs are kept beside it, one file a board.
set -u

dfu_ble=${DFU_BLE:-dfu-ble}
package=$1
shift
failed=0

"$dfu_ble" info "$package" >/dev/null || exit 1

for address in "$@"; do
  log=$(echo "$address" | tr -d :).json
  for try in 1 2 3; do
    "$dfu_ble" update "$package" --addr "$address" --require-back --json >"$log"
    status=$?
    case $status in
      5 | 6) echo "$address: not reached, try $try" ;; # worth another try
      *) break ;;
    esac
  done
  if [ "$status" -eq 0 ]; then
    echo "$address: updated"
  else
    echo "$address: failed with exit code $status, see $log"
    failed=$((failed + 1))
  fi
done

exit "$failed"
