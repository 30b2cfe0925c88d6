#!/bin/bash
# rates.sh: requests a second with few and many connections, connections a second, and many bulk transfers at
# once: the image's TCP against the kernel's, over a veth and over taps, and lwIP's over a tap.

. "$(dirname "$0")/lib.sh"

bench_rounds=5
bench_options "usage: rates.sh IMAGE socket|direct|spt|hvt [option ...]
Measures IMAGE (the transfer example) and a kernel server that does the same, alternately, as tcp.sh does.
  --rounds N         (5)
  --seconds N        of each measurement (1)
  --json FILE        append a line for each row" "$@"
need_root
need ip taskset awk peer cable load
two_namespaces

tap_new "$a" cable0 10.77.2.1/24 && tap_new "$b" cable0 10.77.2.2/24 || die "cannot make taps"
start cable "${bench_serve[@]}" "$net_bin/cable" "cable0@$a" "cable0@$b"
cable_pid=$pid
wait_for 5 grep -q ready "$net_tmp/cable.log" || die "$(cat "$net_tmp/cable.log")"
start peer ip netns exec "$b" "${bench_serve[@]}" "$net_bin/peer" serve 0.0.0.0 80
peer_pid=$pid
wait_port "$a" 10.77.0.2 80 && wait_port "$a" 10.77.2.2 80 || die "the peer does not listen"
image_start

field() { sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" <<<"$1"; }

# measure ROW UNIT FACTOR SIDE PIDS ADDRESS PORT OPTION ...: FACTOR of requests, by second and by second of CPU.
measure() {
	local row=$1 unit=$2 factor=$3 side=$4 pids=$5 addr=$6 port=$7 before=0 after=0 p out
	shift 7
	for p in $pids; do before=$((before + $(cpu_ticks "$p"))); done
	out=$(in_ns "$a" "${bench_load[@]}" "$net_bin/load" --to "$addr" --port "$port" \
		--seconds "$bench_seconds" "$@" 2>&1) ||
		[ "$side" = lwip ] || die "$side, $row: $out" # lwIP has seconds in which it accepts nobody
	for p in $pids; do after=$((after + $(cpu_ticks "$p"))); done
	result "$row" "$unit/s" "$side" "$(awk -v n="$(field "$out" requests)" -v s="$(field "$out" seconds)" \
		-v f="$factor" 'BEGIN { print s ? n * f / s : 0 }')"
	result "$row, by CPU" "$unit/CPU-s" "$side" "$(awk -v n="$(field "$out" requests)" -v t=$((after - before)) \
		-v hz="$(getconf CLK_TCK)" -v f="$factor" 'BEGIN { print t ? n * f * hz / t : 0 }')"
}

peers="veth tap"
lwip_start && peers+=" lwip"
for ((round = 0; round < bench_rounds; round++)); do
	for side in $(in_turn $round $peers image); do
		case $side in
		veth) at=("$peer_pid" 10.77.0.2 80) ;;
		tap) at=("$peer_pid $cable_pid" 10.77.2.2 80) ;;
		lwip) at=("$lwip_pid" 10.77.3.2 80) ;;
		image) at=("$image_pid" "$image_addr" "$image_port") ;;
		esac
		for n in 1 32 1024; do
			measure "1 kB, $n connections" req 1 $side "${at[@]}" --connections $n --path '/down?bytes=1000'
		done
		measure "new connections" conn 1 $side "${at[@]}" --connections 50 --path '/down?bytes=1000' --close
		measure "TCP down, 64 connections" MB 0.25 $side "${at[@]}" --connections 64 --path '/down?bytes=250000'
	done
done
alive "$image_pid" || die "the image has died: $(tail -n 5 "$net_tmp/image.log")"
report $peers
