#!/bin/bash
# relay.t: the impairment relay between two kernels, each in its own namespace.

. "$(dirname "$0")/lib.sh"
need_root
need ip ping relay peer sha256sum
netns_new a
netns_new b

# datagrams N: from a to a closed port of b; nothing else is on the way from a to b.
datagrams() {
	neighbours "$a" bad0 10.77.0.1 "$b" bad0 10.77.0.2
	in_ns "$a" bash -c "exec 3>/dev/udp/10.77.0.2/9
		for ((i = 0; i < $1; i++)); do until echo \$i >&3; do :; done; done" 2>/dev/null
}

link() { bad_link "$a" "$b" "$@" || { fail "bad_link $*"; done_testing; }; }
drained() { relay_stats && [ "$(relay_count ab in_flight)$(relay_count ba in_flight)" = 00 ]; }
unlink_quiet() { wait_for 5 drained; bad_link_down "$a" "$b"; }
peer_serve() {
	start peer ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80
	server=$pid
	wait_port "$b" 10.77.0.2 80 || fail "the server listens"
}
# digest down|up BYTES
digest() { in_ns "$a" timeout 60 "$net_bin/peer" "$1" 10.77.0.2 80 "$2" | sed 's/.*digest //'; }
pattern() { "$net_bin/peer" pattern "$1" | sha256sum | sed 's/ .*//'; }

# --- delay
link --delay 30ms
# The first echo of a ping waits for ARP as well: two round trips.
rtt=$(in_ns "$a" ping -c 4 -i 0.2 10.77.0.2 | sed -n 's/^rtt [^=]*= \([0-9]*\).*/\1/p')
between "the least round trip is twice the delay" "${rtt:-0}" 60 1000
unlink_quiet
is "nothing is lost on a clean link" "$(relay_count ab out)" "$(relay_count ab in)"

# --- the same seed, the same decisions
impaired="--loss 10% --dup 5% --reorder 5% --corrupt 3% --jitter 1ms"
for seed in 7 7 8; do
	link $impaired --seed $seed
	datagrams 500
	wait_for 5 drained
	runs+=("$(relay_count ab in) $(relay_count ab lost) $(relay_count ab decisions)")
	unlink_quiet
done
is "500 datagrams pass the relay, whatever the seed" "${runs[0]%% *} ${runs[2]%% *}" "500 500"
is "the same seed decides the same" "${runs[1]}" "${runs[0]}"
[ "${runs[2]}" != "${runs[0]}" ] && pass "another seed does not" || fail "another seed does not"
lost=$("$net_bin/relay" --decide 500 $impaired --seed 7 | grep -c '^ab.* lost')
is "and it is what --decide foretells" "$(echo "${runs[0]}" | cut -d' ' -f2)" "$lost"

# --- each direction by itself
link --ba:loss 100%
neighbours "$a" bad0 10.77.0.1 "$b" bad0 10.77.0.2
in_ns "$a" ping -q -c 5 -i 0.1 -W 1 10.77.0.2 >/dev/null
wait_for 5 drained
is "ab: is whole" "$(relay_count ab in) $(relay_count ab out)" "5 5"
is "ba: loses all" "$(relay_count ba in) $(relay_count ba lost) $(relay_count ba out)" "5 5 0"
unlink_quiet

# --- TCP over a bad link
link --delay 5ms --jitter 1ms --loss 1% --dup 1% --reorder 5% --corrupt 0.5% --seed 3
peer_serve
is "1 MB comes down whole" "$(digest down 1000000)" "$(pattern 1000000)"
is "1 MB goes up whole" "$(digest up 1000000)" "$(pattern 1000000)"
unlink_quiet
for kind in lost duplicated reordered corrupted; do
	between "frames were $kind" $(($(relay_count ab $kind) + $(relay_count ba $kind))) 1 500
done
for dir in ab ba; do
	is "$dir: every frame is accounted for" \
		$(($(relay_count $dir out) + $(relay_count $dir lost) - $(relay_count $dir duplicated))) \
		"$(relay_count $dir in)"
done
stop "$server"

# --- MTU
link --mtu 600 --icmp
peer_serve
is "300 kB come down whole through a path of 600" "$(digest down 300000)" "$(pattern 300000)"
is "300 kB go up whole" "$(digest up 300000)" "$(pattern 300000)"
route=$(in_ns "$b" ip route get 10.77.0.1)
case $route in
*"mtu 600"*) pass "the server's kernel has learnt the path's MTU" ;;
*) fail "the server's kernel has learnt the path's MTU" "$route" ;;
esac
unlink_quiet
between "it was told by ICMP" "$(relay_count ba icmp)" 1 100
stop "$server"

link --mtu 600 --fragment
check "a ping of 1400 bytes without DF passes in fragments" \
	in_ns "$a" ping -M dont -s 1400 -c 1 -W 5 10.77.0.2
unlink_quiet
is "echo and reply were fragmented" "$(relay_count ab fragmented) $(relay_count ba fragmented)" "1 1"

# --- rate and a bounded queue: 2000 frames of 1042 bytes at once into 1 Mbit/s
link --ab:rate 1M --ab:queue 20k
neighbours "$a" bad0 10.77.0.1 "$b" bad0 10.77.0.2
in_ns "$a" ping -q -c 200 -l 200 -s 1000 -W 1 10.77.0.2 >/dev/null
unlink_quiet
between "the queue held about 20 kB, the rest was dropped" \
	$(($(relay_count ab in) - $(relay_count ab queue_drops))) 15 60

# --- cuts
link --down 0-1h
in_ns "$a" ping -q -c 2 -i 0.2 -W 1 10.77.0.2 >/dev/null && fail "a cut link is cut" || pass "a cut link is cut"
unlink_quiet
link
kill -USR2 "$relay_pid"
in_ns "$a" ping -q -c 1 -W 1 10.77.0.2 >/dev/null && fail "SIGUSR2 cuts" || pass "SIGUSR2 cuts"
kill -USR2 "$relay_pid"
check "and mends" in_ns "$a" ping -q -c 1 -W 5 10.77.0.2
unlink_quiet

# --- segmentation offload does not reach the relay
image_link "$a" "$b" || fail "image_link"
ip -n "$b" link del service
ip -n "$b" addr add 10.77.0.2/24 dev br0
peer_serve
is "10 MB cross a bridge with offloads" "$(digest down 10000000)" "$(pattern 10000000)"
drained
between "in frames of at most 1514 bytes" $(($(relay_count ba out_bytes) / $(relay_count ba out))) 60 1514
is "without errors" "$(relay_count ab write_errors) $(relay_count ba write_errors)" "0 0"
relay_stop
stop "$server"

# --- ends
ip -n "$a" link del bad0 2>/dev/null
"$net_bin/relay" --bogus 2>/dev/null
is "a bad option is status 64" $? 64
"$net_bin/relay" --a tap:x --b fd:9999 2>/dev/null
is "a port that does not open is status 1" $? 1
done_testing
