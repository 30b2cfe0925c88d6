#!/bin/bash
# direct.t: our own TCP/IP stack, in the transfer example, against the kernel's: over a
# tap, over a bad link, over a path of 600 bytes, and against those who mean it no good.
#
#	direct.t [IMAGE]	IMAGE, or "kernel": the kernel in its place, to test the test

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
need_root
need ip ping sha256sum relay peer idle load slow synflood badpackets conform
image=${1:-}
[ -n "$image" ] || [ -x "$image_out/mirage" ] || skip_all "needs build/mirage"
if [ -z "$image" ]; then
	image=$(image_build transfer direct 2>"$net_tmp/build") ||
		{ fail "transfer builds" "$(cat "$net_tmp/build")"; done_testing; }
fi

# image_run NAMESPACE: on tap "service" there, as 10.77.0.2; $image_pid.
image_run() {
	if [ "$image" = kernel ]; then
		start image ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80
	else
		start image ip netns exec "$1" "$image" --net:service=service \
			--ipv4=10.77.0.2/24 --http-port=80 --logs=info,run:debug
	fi
	image_pid=$pid
	wait_port "$a" 10.77.0.2 80 || fail "the image listens" "$(tail -n 20 "$net_tmp/image.log" "$net_tmp/image.out")"
	[ "$image" = kernel ] && return
	sleep 0.5
	image_alive=$(account)
}

# account: what is alive in the image: packets, memories, fibers.
account() {
	kill -USR1 "$image_pid"
	sleep 0.1
	sed -n 's/.*SIGUSR1: alive: \(.* fibers\),.*/\1/p' "$net_tmp/image.log" "$net_tmp/image.out" | tail -n 1
}

# image_end WHAT: it has lived, and ends in order.
image_end() {
	local status i
	if [ "$image" != kernel ]; then
		# All that a connection held comes back while the image runs on; fragments that
		# never get whole are kept for 30 s (RFC 1122 section 3.3.2).
		for ((i = 0; i < 160; i++)); do
			[ "$(account)" = "$image_alive" ] && break
			sleep 0.25
		done
		is "$1: packets, memory and fibers have come back" "$(account)" "$image_alive"
	fi
	alive "$image_pid" && pass "$1: the image lives" ||
		fail "$1: the image lives" "$(tail -n 20 "$net_tmp/image.log" "$net_tmp/image.out")"
	stop "$image_pid"
	status=$?
	[ "$image" != kernel ] || status=0
	is "$1: it ends with status 0" "$status" 0
	[ "$image" = kernel ] || is "$1: and has given everything back" \
		"$(sed -n 's/.*the end: alive: //p' "$net_tmp/image.log" "$net_tmp/image.out")" \
		"0 packets, 0 memories, 0 fibers, 0 timers"
	[ "$status" = 0 ] || diag "$(tail -n 20 "$net_tmp/image.log" "$net_tmp/image.out")"
}

# tap_link: the image right on a tap of $a, without relay.
tap_link() {
	netns_new a
	netns_new b
	if [ "$image" = kernel ]; then
		veth_new "$a" service 10.77.0.1/24 "$b" net0 10.77.0.2/24
	else
		tap_new "$a" service 10.77.0.1/24
	fi || fail "a link"
	image_run "$a"
}

# relay_link OPTION ...: the relay between $a and the image in $b.
relay_link() {
	netns_new a
	netns_new b
	image_link "$a" "$b" "$@" || fail "image_link $*"
	[ "$image" != kernel ] || ip -n "$b" addr add 10.77.0.2/24 dev br0
	image_run "$b"
}

link_end() {
	image_end "$1"
	[ $# = 1 ] || relay_stop
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
}

tool() { local name=$1; shift; in_ns "$a" "$net_bin/$name" --to 10.77.0.2 --port 80 "$@" 2>&1; }
raw() { local name=$1; shift; tool "$name" --dev service --from 10.77.0.200 "$@"; }
field() { sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" <<<"$1"; }
transfer() { # NAME BYTES
	local want way got
	want=$("$net_bin/peer" pattern "$2" | sha256sum | cut -d' ' -f1)
	for way in down up; do
		got=$(in_ns "$a" timeout 100 "$net_bin/peer" $way 10.77.0.2 80 "$2" 2>&1)
		is "$1: $2 bytes $way" "${got##* }" "$want"
	done
}

# --- a clean tap
tap_link
check "it answers a ping" in_ns "$a" ping -c 1 -W 2 10.77.0.2
check "and one of 10000 bytes, in fragments" in_ns "$a" ping -c 1 -W 2 -s 10000 10.77.0.2
transfer tap 100000000
is "a SYN to a closed port is reset" "$(raw conform --port 81 | cut -d' ' -f1)" RST,ACK
is "a stray ACK is reset" "$(raw conform --flags ACK --ack 5 | cut -d' ' -f1)" RST
is "a stray RST is not answered" "$(raw conform --flags RST --wait 200)" none
link_end tap

# --- many
tap_link
out=$(tool idle --connections 10000 --hold 2 --timeout 60 --path '/down?bytes=10')
is "10000 idle connections" "$(field "$out" opened) $(field "$out" answered)" "10000 10000"
out=$(tool load --connections 1000 --requests 20000 --seconds 60 --path '/down?bytes=1000' --bytes 1000)
is "1000 active connections" "$(field "$out" requests) $(field "$out" errors)" "20000 0"
out=$(tool load --connections 50 --requests 5000 --seconds 60 --path '/down?bytes=1000' --close)
is "5000 short connections" "$(field "$out" requests) $(field "$out" errors)" "5000 0"
link_end many

# --- hostile
tap_link
raw badpackets --listen 50 >"$net_tmp/bad"
while read -r line; do
	case $line in
	ok\ *) pass "badpackets: ${line#ok * - }" ;;
	not\ ok\ *ip-source-subnet:*) [ "$image" = kernel ] &&
		skip "badpackets: ip-source-subnet" "Linux answers by broadcast" ||
		fail "badpackets: ${line#not ok * - }" ;;
	not\ ok\ *) fail "badpackets: ${line#not ok * - }" ;;
	esac
done <"$net_tmp/bad"
out=$(raw synflood --from 10.77.0.201 --sources 50 --count 100000)
is "100000 half-open connections" "$(field "$out" sent) $(field "$out" bad_acks)" "100000 0"
out=$(tool load --connections 10 --requests 100 --seconds 20 --path '/down?bytes=1000')
is "the service goes on" "$(field "$out" requests) $(field "$out" errors)" "100 0"
for mode in header body read; do
	start slow ip netns exec "$a" "$net_bin/slow" --to 10.77.0.2 --port 80 --connections 100 \
		--seconds 4 --mode $mode --path "$([ $mode = body ] && echo /up || echo '/down?bytes=100000000')"
	slow_pid=$pid
	out=$(tool load --connections 10 --requests 500 --seconds 20 --path '/down?bytes=1000')
	is "slow clients ($mode) do not hold up the others" "$(field "$out" requests) $(field "$out" errors)" "500 0"
	stop "$slow_pid"
done
if command -v nmap >/dev/null; then
	out=$(in_ns "$a" timeout 60 nmap -n -Pn -sS -T5 -p 1-2000 10.77.0.2 2>&1)
	case $out in
	*"80/tcp "*open*) pass "nmap finds port 80" ;;
	*) fail "nmap finds port 80" "${out//$'\n'/$'\n# '}" ;;
	esac
else
	skip "nmap finds port 80" "no nmap"
fi
transfer "after all that" 1000000
link_end hostile

# --- a bad link
relay_link --loss 1% --delay 20ms --reorder 5% --dup 1% --seed 7
transfer "bad link" 3000000
for kind in lost duplicated reordered; do
	relay_stats
	between "frames were $kind" $(($(relay_count ab $kind) + $(relay_count ba $kind))) 1 100000
done
link_end "bad link" relay
relay_link --delay 2ms --burst 0.5%,30% --corrupt 1% --seed 11
transfer "bursts and flipped bits" 3000000
link_end "bursts" relay

# --- path MTU
relay_link --mtu 600 --icmp
transfer "path of 600 bytes" 10000000
relay_stats
between "the image was told" "$(relay_count ba icmp)" 1 1000
link_end mtu relay
relay_link --mtu 600 --fragment
check "it puts fragments together" in_ns "$a" ping -c 1 -W 2 -M dont -s 4000 10.77.0.2
link_end fragments relay
done_testing
