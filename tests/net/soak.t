#!/bin/bash
# soak.t: connections opened and closed one after the other, SOAK_CONNECTIONS of them (20000) and for
# SOAK_MINUTES (0) at least, with resets, slow clients and bulk in between: what connections hold is what it was
# at the start, and so is the memory of the process.
#
#	soak.t [direct|spt|hvt ...]

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
. "$(dirname "$0")/../guest.sh"
PATH=$PATH:/usr/sbin
need_root
need ip perl load slow peer sha256sum

targets=${*:-direct spt}
count=${SOAK_CONNECTIONS:-20000} seconds=$((${SOAK_MINUTES:-0} * 60 / $(wc -w <<<"$targets")))
part=10000 slack=6144 # connections of a round; kB that a process may grow by: what is free goes back in large pieces

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$image_pid/status"; }
shorts() { # COUNT: how many requests were answered, and how many went wrong
	local out
	out=$(tool load --connections 50 --requests "$1" --seconds 120 --path '/down?bytes=1000' --close)
	asked=$((asked + $(field "$out" requests))) wrong=$((wrong + $(field "$out" errors)))
}
# What leaves things behind: half of the answers unread, clients that vanish.
trouble() {
	case_resets 200
	start slow ip netns exec "$a" "$net_bin/slow" --to 10.77.0.2 --port 80 --connections 50 --seconds 3 \
		--mode read --path '/down?bytes=10000000'
	shorts 1000
	stop "$pid"
	case_transfer "round $round" 10000000
}

for target in $targets; do
	if [ "$target" != direct ] && why=$(guest_why_not "$target"); then
		skip "$target" "$why"
		continue
	fi
	image=
	image_choose "$target"
	asked=0 wrong=0 round=0
	link_tap
	# Pools fill, and TIME-WAIT, which keeps each connection for 10 s, up to an eighth of the budget.
	shorts $((count / 4))
	trouble
	before=$(resident) begin=$SECONDS
	asked=0
	while [ $asked -lt "$count" ] || [ $((SECONDS - begin)) -lt $seconds ]; do
		round=$((round + 1))
		shorts $part
		[ $((round % 20)) != 0 ] || trouble
		[ $wrong = 0 ] && alive "$image_pid" || break
		[ $((round % 10)) != 0 ] || diag "$target: $asked connections, $((SECONDS - begin)) s, $(resident) kB"
	done
	after=$(resident)
	is "$target: $asked connections, errors" "$wrong" 0
	between "$target: $before kB before, $after kB after $asked connections" "$after" 0 $((before + slack))
	link_end "$target: soak"
done
done_testing
