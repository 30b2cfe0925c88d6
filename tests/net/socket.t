#!/bin/bash
# socket.t: the transfer example on the host's sockets: what direct.t asks of our own
# stack, as far as it is the image's own matter here, and hosts that give it little.
#
#	socket.t [IMAGE]	IMAGE, or "kernel": bench/peer in its place, to test the test

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
need_root
need ip perl prlimit sha256sum relay peer idle load slow
image_choose socket "${1:-}"

link_tap
case_transfer veth 100000000
link_end transfer

# --- many
link_tap
case_idle 10000
case_active 1000 20000
case_short 5000
link_end many

# --- clients that are slow, or vanish
link_tap
case_slow 100
case_resets 300
case_serves 100 "the service goes on"
case_transfer "after all that" 1000000
link_end slow

# --- a bad link
link_relay --loss 1% --delay 20ms --reorder 5% --dup 1% --seed 7
case_transfer "bad link" 3000000
link_end "bad link" relay

# --- few descriptors: 100 clients, of whom about half find a place
ticks() { awk '{ print $14 + $15 }' "/proc/$image_pid/stat"; }
if [ "$image" != kernel ]; then
	image_under=(prlimit --nofile=64:64)
	link_tap
	start crowd ip netns exec "$a" "$net_bin/idle" --to 10.77.0.2 --port 80 --connections 100 \
		--hold 3 --timeout 20 --path '/down?bytes=10'
	crowd=$pid
	sleep 1
	before=$(ticks)
	sleep 1
	between "it waits without turning in circles" $(($(ticks) - before)) 0 30
	wait "$crowd"
	between "those who had a place were answered" \
		"$(field "$(cat "$net_tmp/crowd.out")" answered)" 20 100
	case_serves 100 "then there is place for others"
	is "it says what it lacks, once" \
		"$(image_said | grep -c 'all descriptors are in use')" 1
	link_end "few descriptors"
fi
done_testing
