#!/bin/bash
# cell.sh: one path through the relay, and what goes over it: one cell of the matrix that interop.t and
# bench/interop.sh walk through.  A process of its own, so that several run at once.
#
#	cell.sh STACK IMAGE CALLER BYTES ROUNDS SIDES MTU [RELAY OPTION ...]
#
# STACK: direct, spt or hvt; IMAGE, CALLER: examples/transfer and tests/net/caller, built for it.  SIDES:
# of "image" (ours as server and as client) and "linux" (the kernel in its place).  MTU is that of the
# devices.  CONGESTION: cubic (default), bbr, on both sides.  Prints lines "SIDE ROLE WAY SECONDS ok|BAD", WAY seen from the kernel at the other end: "down" is
# what the server sends to its client.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
PATH=$PATH:/usr/sbin
stack=$1 image=$2 caller=$3 bytes=$4 rounds=$5 sides=$6 mtu=$7
shift 7
export PEER_CONGESTION=${CONGESTION:-cubic} # like is compared with like
limit=40 # seconds for a transfer

want=$("$net_bin/peer" pattern "$bytes" | sha256sum | cut -d' ' -f1)

# tell SIDE ROLE WAY "bytes N seconds S digest D"
tell() {
	local digest=${4##*digest }
	[ "$digest" = "$want" ] && digest=ok || { digest=BAD; echo "$1 $2 $3: $4" >&2; }
	set -- "$1" "$2" "$3" "$(sed -n 's/.*seconds \([0-9.]*\).*/\1/p' <<<"$4")" $digest
	echo "$1 $2 $3 ${4:--} $5"
}

# world SEED RELAY OPTION ...
world() {
	local seed=$1 dev
	shift
	netns_new a
	netns_new b
	image_link "$a" "$b" --seed "$seed" "$@" || exit 1
	for dev in bad0 service br0; do ip -n "$b" link set "$dev" mtu "$mtu"; done
	ip -n "$a" link set bad0 mtu "$mtu"
	# Black holes are the kernel's matter, too, if it is told so.
	for dev in "$a" "$b"; do in_ns "$dev" sh -c 'echo 1 >/proc/sys/net/ipv4/tcp_mtu_probing'; done
}

world_end() {
	relay_stop
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
}

# run_image PATH ARGUMENT ...: an image, in $b.
run_image() {
	local path=$1
	shift
	case $stack in
	direct) set -- "$path" --net:service=service "$@" ;;
	*) set -- "$image_out/mirage-$stack" --mem=64 --net:service=service -- "$path" "$@" ;;
	esac
	exec ip netns exec "$b" "$@" --ipv4=10.77.0.2/24 --tcp-congestion="$PEER_CONGESTION" --logs=warning
}

serve() { # SIDE
	local way pid out try
	if [ "$1" = linux ]; then
		ip -n "$b" addr add 10.77.0.2/24 dev br0
		start server ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80
	else
		start server run_image "$image" --http-port=80
	fi
	wait_port "$a" 10.77.0.2 80 30 || cat "$net_tmp/server.log" >&2
	for way in down up; do
		for try in 1 2 3; do # three lost ARP requests are no matter of TCP's
			out=$(in_ns "$a" timeout $limit "$net_bin/peer" $way 10.77.0.2 80 "$bytes" 2>&1)
			[[ $out = *"No route to host"* ]] || break
		done
		tell "$1" server $way "$out"
	done
	stop "$pid"
}

call() {
	local way server out
	start peer ip netns exec "$a" "$net_bin/peer" serve 10.77.0.1 80
	server=$pid
	wait_port "$a" 10.77.0.1 80
	start caller run_image "$caller" --bytes="$bytes" --peer=10.77.0.1
	wait_for $((2 * limit)) eval '! kill -0 '"$pid"
	out=$(cat "$net_tmp/caller.out" "$net_tmp/caller.log")
	for way in down up; do
		tell image client $way "$(grep "^$way bytes" <<<"$out" || echo "$out")"
	done
	stop "$pid"
	stop "$server"
}

for ((round = 1; round <= rounds; round++)); do
	for side in $sides; do
		world $round "$@"
		serve "$side"
		world_end
		[ "$side" = image ] || continue
		world $((round + 100)) "$@"
		call
		world_end
	done
done
