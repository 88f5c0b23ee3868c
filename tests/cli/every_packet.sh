#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Loses the link at each packet of an image, one run for each, over the emulated
# bus. Each run has to end well, with the image on the target byte for byte, and
# must not send more than one window of bytes twice.
#
#   tests/cli/every_packet.sh [STEP]   every STEP-th packet, and the last one; 1 if left out
#
# JOBS runs (8) go side by side, for each of them mostly waits. The programs come
# from DFU_BLE, DFU_BLE_TARGET and MAKE_PACKAGE.
set -u

address=C4:12:AB:00:11:22
image_bytes=20576
packet_bytes=20
window_bytes=160 # 8 packets, the default
last_packet=$(((image_bytes + packet_bytes - 1) / packet_bytes))

# result_of FILE KEY: a number of the JSON result
result_of() {
  sed -n '$s/.*"'"$2"'":\([0-9]*\).*/\1/p' "$1"
}

# Says what is wrong with the run in $dir, if anything is.
find_fault() {
  [ "$status" -eq 0 ] || { echo "status $status: $(tail -n 1 "$dir/err")"; return; }
  cmp -s "$work/image.bin" "$dir/application.bin" || { echo "another image"; return; }
  [ "$(result_of "$dir/json" link_losses)" -eq 1 ] || { echo "no link loss"; return; }
  [ "$sent_twice" -le "$window_bytes" ] || echo "$sent_twice bytes sent twice"
}

# One run, which loses the link at packet $1.
run_one() {
  dir=$work/$1
  mkdir "$dir"
  at_byte=$(($1 * packet_bytes))
  [ "$at_byte" -le "$image_bytes" ] || at_byte=$image_bytes
  status=0
  XDG_STATE_HOME=$dir/state timeout -k 5 60 "$DFU_BLE_TARGET" --addr "$address" --out "$dir" \
    --disconnect-delay 50 --boot-ms 50 --fault "lose=$at_byte:0" \
    --run "$DFU_BLE" update "$work/app.zip" --addr "$address" --json --wait-back 0 \
    >"$dir/json" 2>"$dir/err" || status=$?
  sent_twice=$(($(result_of "$dir/json" sent_bytes) - image_bytes))
  fault=$(find_fault)
  if [ -z "$fault" ]; then
    echo "ok $sent_twice"
  else
    echo "packet $1: $fault" >&2
  fi
}

if [ "${1-}" = --one ]; then
  work=$2
  run_one "$3"
  exit 0
fi

step=${1:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$MAKE_PACKAGE" "$work/app.zip" --bytes "$image_bytes" --image "$work/image.bin" >/dev/null || exit 1
packets=$({ seq "$step" "$step" "$last_packet"; echo "$last_packet"; } | sort -nu)
echo "$packets" | xargs -P "${JOBS:-8}" -n 1 "$0" --one "$work" >"$work/results"
n=$(echo "$packets" | wc -l)
good=$(grep -c '^ok ' "$work/results")
most=$(sed -n 's/^ok //p' "$work/results" | sort -n | tail -n 1)
echo "$good of $n link losses ended well, byte-identical; at most ${most:-0} bytes sent twice"
[ "$good" -eq "$n" ]
