# guest.sh: what direct.t and clients.t ask of our own stack, of sealed images: in a guest's memory, under a
# tender, over a tap; and what is the tender's own matter: the tap's troubles, signals, neighbours.
# bash, to be sourced by spt.t and hvt.t.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"
. "$(dirname "${BASH_SOURCE[0]}")/cases.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../guest.sh"
PATH=$PATH:/usr/sbin
need_root
need ip ping perl sha256sum curl relay peer idle load slow synflood badpackets conform

# One in so many, where exits are dear (kvm_pvm: 70 us each; an emulated processor).
share=1
few() { echo $(($1 / share > 0 ? $1 / share : 1)); }

guest_plain() {
	link_tap
	check "it answers a ping" in_ns "$a" ping -c 1 -W 2 10.77.0.2
	check "and one of 10000 bytes, in fragments" in_ns "$a" ping -c 1 -W 2 -s 10000 10.77.0.2
	case_transfer tap $(few 100000000)
	is "a SYN to a closed port is reset" "$(raw conform --port 81 | cut -d' ' -f1)" RST,ACK
	is "a stray RST is not answered" "$(raw conform --flags RST --wait 200)" none
	link_end tap
}

guest_many() {
	link_tap
	case_idle $(few 4000)
	case_active $(few 500) $(few 10000)
	case_short $(few 3000)
	link_end many
}

guest_hostile() {
	link_tap
	case_badpackets 50
	case_synflood $(few 50000)
	case_serves 100 "the service goes on"
	case_slow $(few 100)
	case_resets $(few 300)
	case_transfer "after all that" $(few 1000000)
	link_end hostile
}

guest_bad_link() {
	link_relay --loss 1% --delay 10ms --reorder 5% --dup 1% --seed 7
	case_transfer "bad link" $(few 3000000)
	link_end "bad link" relay
	link_relay --mtu 600 --icmp
	case_transfer "path of 600 bytes" $(few 3000000)
	link_end mtu relay
}

# Without extensions: one frame a call, no offload, the console of old.
guest_base() {
	image_tender=(--plain)
	link_tap
	check "--plain: it answers a ping" in_ns "$a" ping -c 1 -W 2 10.77.0.2
	case_transfer "--plain" $(few 10000000)
	case_active $(few 200) $(few 2000)
	stop "$image_pid"
	is "--plain: SIGTERM ends it at once" "$(($? > 0))" 1
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=() image_tender=()
}

guest_tap_trouble() {
	link_tap
	start load ip netns exec "$a" "$net_bin/load" --to 10.77.0.2 --port 80 --connections 10 --seconds 3 \
		--path '/down?bytes=20000' --bytes 20000
	load_pid=$pid
	sleep 0.5
	ip -n "$a" link set service down
	sleep 0.5
	ip -n "$a" link set service up
	wait "$load_pid"
	is "the tap is down for half a second: the load goes on" "$(field "$(cat "$net_tmp/load.out")" errors)" 0
	case_serves $(few 200) "and after that"
	ip -n "$a" link set service mtu 1000
	case_serves $(few 50) "a tap whose MTU has shrunk"
	link_end "tap trouble"

	link_tap
	start load ip netns exec "$a" "$net_bin/load" --to 10.77.0.2 --port 80 --connections 10 --seconds 2 \
		--path '/down?bytes=20000'
	load_pid=$pid
	sleep 0.5
	ip -n "$a" link del service
	sleep 0.5
	alive "$image_pid" && pass "a tap that is removed: it lives" ||
		fail "a tap that is removed: it lives" "$(image_said 25)"
	is "and says so, once" "$(image_said | grep -c 'removed the device')" 1
	before=$(ticks)
	sleep 1
	between "and waits calmly" $(($(ticks) - before)) 0 33
	stop "$load_pid"
	stop "$image_pid"
	is "and ends with status 0" $? 0
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
}
ticks() { awk '{ print $14 + $15 }' "/proc/$image_pid/stat"; }

guest_ends() {
	link_tap
	kill -KILL "$image_pid"
	wait "$image_pid" 2>/dev/null
	image_start "$a"
	case_serves $(few 50) "killed by 9: the tap is free at once, for the next"
	link_end "after SIGKILL"

	# A guest that is busy is interrupted too.
	link_tap
	start load ip netns exec "$a" "$net_bin/load" --to 10.77.0.2 --port 80 --connections 5 --seconds 3 \
		--path '/down?bytes=100000000'
	load_pid=$pid
	sleep 0.5
	stop "$image_pid" INT
	is "SIGINT ends it in the middle of answers, in order" $? 0
	stop "$load_pid"
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
}

# Three at once, on taps of one bridge, in one namespace.
guest_several() {
	local i pids=() answers=
	netns_new a
	ip -n "$a" link add br0 type bridge && ip -n "$a" addr add 10.77.0.1/24 dev br0 && ip -n "$a" link set br0 up
	for i in 2 3 4; do
		tap_new "$a" "tap$i"
		ip -n "$a" link set "tap$i" master br0
		start "image$i" ip netns exec "$a" "$image_out/mirage-$stack" --mem=32 --net:service="tap$i" -- \
			"$image" --ipv4="10.77.0.$i/24" --http-port=80
		pids+=("$pid")
	done
	for i in 2 3 4; do
		wait_port "$a" "10.77.0.$i" 80
		answers+=" $(in_ns "$a" curl -s --max-time 10 "http://10.77.0.$i/down?bytes=100000" | wc -c)"
	done
	is "three at once answer" "$answers" " 100000 100000 100000"
	for i in "${pids[@]}"; do stop "$i"; done
	ip netns del "$a"
	net_spaces=()
}

# The smallest memory in which it serves: not a promise, but to be told when it grows.
guest_small() { # MIB
	image_mem=$1
	link_tap
	case_active 20 $(few 500)
	case_transfer "--mem=$1" $(few 1000000)
	link_end "--mem=$1"
	image_mem=64
}

guest_suite() {
	if why=$(guest_why_not "$1"); then skip_all "$1: $why"; fi
	image_choose "$1" "${2:-}"
	guest_plain
	guest_many
	guest_base
	guest_tap_trouble
	guest_ends
	[ -z "${NESTED-}" ] || return # the rest is the stack's matter, and takes long there
	guest_hostile
	guest_bad_link
	guest_several
	guest_small 16
}
