#!/bin/bash
# hostile.t: attackers beside an honest peer, on real images: floods, liars, and those who fill the memory.
# The honest peer's path has 10 Mbit/s, the attackers' has no limit; memory keeps to its budget, and the
# honest peer gets all of its bytes.  With "all", which needs an idle machine: more kinds, and the honest peer
# has at least half of the rate that it has alone.
#
#	hostile.t [quick|all] [direct|spt]

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
. "$(dirname "$0")/../guest.sh"
PATH=$PATH:/usr/sbin
need_root
need ip relay peer slow flood liar idle

budget=16 bytes=700000 c=
# Up to 900 requests at once, each with a fiber's stack, a piece of 64 kB, and what the budget does not count.
image_mem=256

# The honest peer in $a behind the relay, the attackers in $c on the image's bridge.
world() {
	netns_new a
	netns_new b
	netns_new c
	image_link "$a" "$b" --rate 10M --delay 5ms || fail "image_link"
	veth_new "$c" evil 10.77.0.3/24 "$b" evil - && ip -n "$b" link set evil master br0
	# What the image sends in large pieces comes in frames of a wire.
	ip -n "$b" link set evil gso_max_segs 1
	image_start "$b" --tcp-memory=${budget}M
}
evil() { in_ns "$c" "$net_bin/$1" --to 10.77.0.2 --port 80 "${@:2}"; }
raw_evil() { evil "$@" --dev evil --from 10.77.0.100; }

# honest: both ways at once; $took, the seconds of the slower.
honest() {
	local up_pid down_pid bad=0
	start down in_ns "$a" timeout 60 "$net_bin/peer" down 10.77.0.2 80 $bytes
	down_pid=$pid
	start up in_ns "$a" timeout 60 "$net_bin/peer" up 10.77.0.2 80 $bytes
	up_pid=$pid
	wait "$down_pid" || bad=1
	wait "$up_pid" || bad=1
	took=$(awk '{ if ($4 > t) t = $4 } END { print t + 0 }' "$net_tmp/down.out" "$net_tmp/up.out")
	[ $bad = 0 ] && [ "$(cut -d' ' -f6 "$net_tmp/down.out" "$net_tmp/up.out" | sort -u | wc -l)" = 1 ] ||
		took=1000
}

resident() { awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$image_pid/status"; }

# beside NAME COMMAND ...: the honest peer, while the command runs.
beside() {
	local name=$1 evil_pid
	shift
	start evil "$@"
	evil_pid=$pid
	sleep 1.5
	honest
	alive "$evil_pid" || diag "$name was over early: $(cat "$net_tmp/evil.log")"
	stop "$evil_pid" KILL 2>/dev/null
	[ "$(resident)" -le "$most" ] || most=$(resident)
	awk -v t="$took" -v alone="$alone" -v all="$all" \
		'BEGIN { exit !(t < 1000 && (all != "all" || t <= 2 * alone)) }' &&
		pass "$stack: $name: $took s, $alone s alone" ||
		fail "$stack: $name: $took s, $alone s alone" "$(cat "$net_tmp"/{up,down,evil}.log; image_said 5)"
}

suite() {
	local kind mode before
	image_choose "$1"
	world
	honest
	honest # the second: nothing has to be learnt any more
	alone=$took before=$(resident) most=0
	diag "$stack: alone $alone s"
	for kind in $floods; do
		beside "flood of $kind" raw_evil flood --kind $kind --rate 10000 --seconds 20
	done
	for mode in $liars; do
		beside "liars: $mode" raw_evil liar --mode $mode --connections 5 --seconds 20
	done
	beside "300 that never read" evil slow --mode read --connections 300 --seconds 20 --path '/down?bytes=100000000'
	has "$stack: memory ran short" "$(image_said)" 'memory runs short'
	if [ "$all" = all ]; then
		beside "300 that ask slowly" evil slow --mode header --connections 300 --seconds 20
		beside "300 that send slowly" evil slow --mode body --connections 300 --seconds 20 --path /up
	fi
	beside "300 that have holes" raw_evil liar --mode holes --connections 300 --seconds 20
	# Beside the budget of TCP, each of up to 900 requests has a fiber and a piece of 64 kB.
	[ "$stack" = spt ] || between "$stack: MB of memory more than before" $((most - before)) 0 $((budget + 900 * 80 / 1024))
	image_end "$stack: hostile"
	relay_stop
	ip netns del "$a"
	ip netns del "$b"
	ip netns del "$c"
	net_spaces=()
}

all=${1:-quick}
[ $# = 0 ] || shift
floods="syn ack arp" liars="optimistic blind"
[ "$all" = quick ] || floods="syn ack rst fin fragment arp" liars="optimistic divided sack blind holes"
for target in ${*:-direct spt}; do
	if [ "$target" = spt ] && why=$(guest_why_not spt); then
		skip "spt" "$why"
		continue
	fi
	suite "$target"
done
done_testing
