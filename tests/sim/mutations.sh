#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plants one fault at a time in the controller or the target and proves that
# the simulation notices: a fault that survives shows a promise that nothing
# checks. `make check-mutations` runs it.
#
# A mutation is: name | file | extended regular expression | replacement. The
# expression must match, or the list is out of date.
set -u

root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
survived=0
n=0

flags="-std=gnu11 -O1 $(pkg-config --cflags gio-2.0 cmocka)"
libs=$(pkg-config --libs gio-2.0 cmocka)
tests="update family loss unheard death random"

# from, to: compiles a file of the project.
compile() {
  # shellcheck disable=SC2086
  ${CC:-cc} $flags -Iinclude -Isrc -Itests -c -o "$2" "$1" 2>"$work/errors"
}

# Everything once; a planted fault needs one file anew.
compile_all() {
  mkdir -p "$work/sound/controller" "$work/sound/target" "$work/sound/wire" "$work/tests" "$work/lib"
  for file in src/controller/*.c src/target/*.c src/wire/*.c; do
    compile "$file" "$work/sound/${file#src/}.o" || return 1
  done
  for file in sim sim_rules; do
    compile "tests/lib/$file.c" "$work/lib/$file.o" || return 1
  done
  for test in $tests; do
    compile "tests/sim/sim_$test.c" "$work/tests/$test.o" || return 1
  done
}

# Each test with the objects of a folder; 1 where one fails, $test is then which.
run_with() {
  for test in $tests; do
    # shellcheck disable=SC2086
    ${CC:-cc} -o "$work/sim" "$work/tests/$test.o" "$work"/lib/*.o "$1"/*/*.o $libs \
      2>"$work/errors" || return 2
    SIM_RUNS=20000 timeout 120 "$work/sim" >"$work/output" 2>&1 || return 1
  done
  return 0
}

mutate() {
  n=$((n + 1))
  rm -rf "$work/faulty"
  cp -r "$work/sound" "$work/faulty"
  sed -E "s~$3~$4~" "src/$2" >"$work/mutant.c"
  if cmp -s "src/$2" "$work/mutant.c"; then
    echo "not ok $n - $1: the expression matches nothing in src/$2"
    survived=$((survived + 1))
    return
  fi
  result=2
  if compile "$work/mutant.c" "$work/faulty/$2.o"; then
    run_with "$work/faulty"
    result=$?
  fi
  case $result in
    1) echo "ok $n - $1: caught by sim_$test" ;;
    2)
      echo "not ok $n - $1: does not compile"
      sed 's/^/# /' "$work/errors"
      survived=$((survived + 1))
      ;;
    *)
      echo "not ok $n - $1: survives"
      survived=$((survived + 1))
      ;;
  esac
}

cd "$root" || exit 1

# Without a fault everything passes; else it would not be the faults that are caught.
if ! compile_all || ! run_with "$work/sound"; then
  cat "$work/errors" "$work/output" 2>/dev/null | sed 's/^/# /'
  echo "not ok - without a planted fault: fails${test:+ in sim_$test}"
  exit 1
fi

mutate "notifications are not turned on first" controller/phase_connect.c \
  'ctl_act\(step, DFU_ACTION_SUBSCRIBE\);' 'ctl_ask_begin(step);'
mutate "the count is not asked for before Start" controller/phase_connect.c \
  'ctl_ask_begin\(step\);' 'ctl_start_begin(step);'
mutate "any count is believed" controller/resume.c \
  'count_bytes >= transfer->confirmed_bytes \&\& count_bytes <= transfer->sent_bytes' 'true'
mutate "a transfer of somebody else is resumed" controller/resume.c \
  '\} else if \(!c->transfer.start_sent\) \{' '} else if (false) {'
mutate "the image is resumed at the last receipt" controller/resume.c \
  'uint32_t count_bytes = c->resume_bytes;' 'uint32_t count_bytes = c->transfer.confirmed_bytes;'
mutate "receipts are not asked for again after a reconnect" controller/pace.c \
  'c->purpose = \(int\)purpose;' \
  'c->purpose = (int)purpose; if (c->receipt_base_bytes > 0) { ctl_pace_on_receipts_set(step); return; }'
mutate "Start is not repeated before the image goes on" controller/resume.c \
  'c->resume_bytes = count_bytes;' 'c->resume_bytes = count_bytes; resume(step); return;'
mutate "a second init packet goes on top of the first" controller/resume.c \
  'ctl_request\(step, STATE_INIT_PROBE, bytes, dfu_wire_put_init\(bytes, DFU_INIT_COMPLETE\)\);' \
  'ctl_init_begin(step);'
mutate "a System Reset is sent without consent" controller/anew.c \
  'return c->config.restart \&\& ' 'return '
mutate "the link is left during the erase" controller/leave.c \
  'is_erasing\(\&c->transfer\) \&\& !c->wants_to_stop\)' 'false)'
mutate "the link is left during the erase after a message of another protocol" controller/leave.c \
  'return c->failing \&\& is_erasing' 'return false \&\& is_erasing'
mutate "a count that is not told ends an erase" controller/leave.c \
  'step->now_us < c->erase_limit_us' 'step->now_us < c->limit_us'
mutate "a wish to stop waits for an erase that nobody has seen" controller/leave.c \
  'if \(c->was_up \&\& is_erasing' 'if (is_erasing'
mutate "a reset goes out while another request is on its way" controller/anew.c \
  ' \|\| c->control_busy' ''
mutate "a family by its name alone is reset" controller/anew.c 'return c->is_certain;' 'return true;'
mutate "a reset that was not acknowledged is taken for done" controller/controller.c \
  'if \(c->reset_unheard\) \{' 'if (c->reset_unheard \&\& c->config.goal != DFU_GOAL_RESET) {'
mutate "the link is left with packets in the air" controller/leave.c \
  'ctl_enter\(step, STATE_QUIET, step->now_us \+ QUIET_US\);' 'ctl_disconnect(step);'
mutate "the last flash write is not waited for" controller/leave.c \
  'count <= transfer->sent_bytes \&\& count < c->image_bytes' 'count <= transfer->sent_bytes'
mutate "Validate does not wait for the flash after a resume" controller/phase_finish.c \
  'step->now_us \+ SETTLE_US' 'step->now_us'
mutate "receipts are not compared with what was sent" controller/phase_image.c \
  'received_bytes > c->transfer.sent_bytes \|\|' ''
mutate "the window is one packet too wide" controller/phase_image.c \
  'c->window_packets \* c->packet_bytes' 'c->window_packets * c->packet_bytes + c->packet_bytes'
mutate "an image that is reported complete too early is validated" controller/phase_image.c \
  'c->transfer.sent_bytes < c->image_bytes' 'false'
mutate "lost packets are taken for a lost receipt" controller/phase_image.c \
  'count < c->transfer.sent_bytes\) \{' 'false) {'
mutate "a CRC error is activated" controller/phase_finish.c \
  'c->answer_status == DFU_STATUS_SUCCESS' \
  'c->answer_status == DFU_STATUS_SUCCESS || c->answer_status == DFU_STATUS_CRC_ERROR'
mutate "Activate is sent whatever Invalid State means" controller/phase_finish.c \
  ' \&\& c->validates_again' ''
mutate "the journal lags behind what is sent" controller/controller.c \
  'transfer->sent_bytes > c->saved.sent_bytes;' 'false;'
mutate "the journal forgets that the init packet was sent" controller/phase_init.c \
  'c->transfer.init_sent = true;' ';'
mutate "retries have no end" controller/phase_connect.c \
  'c->failed_tries >= c->config.retries \|\|' ''
mutate "the target forgets its count when the link is lost" target/target.c \
  'target->connected = false;' 'target->connected = false; target->received_bytes = 0;'
mutate "the target sends receipts for the last packet too late" target/transfer.c \
  'receipt_countdown = target->receipt_interval' 'receipt_countdown = (uint16_t)(target->receipt_interval + 1)'

mutate "a reset leaves a device to a cable" controller/anew.c \
  'if \(c->is_cable_bound\)' 'if (false)'
mutate "long packets are sent without a proof" controller/pace.c \
  'length <= c->proven_bytes' 'true'
mutate "a transfer goes on with longer packets than it began with" controller/pace.c \
  'c->transfer.packet_bytes > 0\)$' 'false)'
mutate "packets that are held back are not flushed" controller/pace.c \
  'return c->family->hides_packets \&\&' 'return false \&\&'
mutate "the window is not halved" controller/pace.c \
  'c->most_window_packets = c->window_packets / 2;' ';'
mutate "an old target is not given its second before the image" controller/pace.c \
  'c->family->data_pause_us > 0' 'false'
mutate "counts of 16 bits are taken as they are" controller/moves.c \
  '!family->has_short_counts' 'true'
mutate "a watch is not left in peace" controller/phase_connect.c \
  'c->needs_quiet \&\& c->family->quiet_us > 0' 'false'
mutate "the older protocol is not tried" controller/phase_start.c \
  'may_be_v1\(c\)\)' 'false)'
mutate "a bootloader is taken for an application by a late answer" controller/controller.c \
  'c->may_be_either \&\& response->opcode == DFU_OP_START' 'response->opcode == DFU_OP_START'
mutate "the silence of a watch is taken for success" controller/phase_finish.c \
  'fail_validation\(step, 0\);' 'begin_activate(step);'
mutate "what nobody saw come back is a success" controller/phase_finish.c \
  'if \(step->c->config.require_back\)' 'if (false)'

echo "$((n - survived)) of $n planted faults were caught"
[ "$survived" -eq 0 ]
