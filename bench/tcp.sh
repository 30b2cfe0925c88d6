#!/bin/bash
# tcp.sh: bytes a second both ways: the image's against the kernel's TCP, over a veth
# and over taps, and lwIP's over a tap.

. "$(dirname "$0")/lib.sh"

bytes=
bench_option() { [ "$1" = bytes ] && bytes=$2; }
bench_options "usage: tcp.sh IMAGE socket|direct|spt|hvt [option ...]
Measures IMAGE (the transfer example, or peer, against itself) and a kernel server
that does the same, alternately: GET /down?bytes=N and POST /up?digest=none.
The kernel's server is reached over a veth, and over two taps with all offloads and
a cable between them.  lwIP (bench/lwip.c) has a tap as the image has.
  --bytes N          of each transfer (as many as take about --seconds)
  --rounds N         (7)
  --seconds N        of each measurement (1)
  --json FILE        append a line for each row" "$@"
need_root
need ip taskset awk peer cable
two_namespaces

# kernel_tap: 10.77.2.2 of $b, over two taps and the cable.
kernel_tap() {
	tap_new "$a" cable0 10.77.2.1/24 && tap_new "$b" cable0 10.77.2.2/24 || die "cannot make taps"
	start cable "${bench_serve[@]}" "$net_bin/cable" "cable0@$a" "cable0@$b"
	cable_pid=$pid
	wait_for 5 grep -q ready "$net_tmp/cable.log" || die "$(cat "$net_tmp/cable.log")"
}

start peer ip netns exec "$b" "${bench_serve[@]}" "$net_bin/peer" serve 0.0.0.0 80
peer_pid=$pid
kernel_tap
wait_port "$a" 10.77.0.2 80 && wait_port "$a" 10.77.2.2 80 || die "the peer does not listen"

if [ "$bench_image" = peer ]; then
	image_addr=10.77.0.2 image_port=80 image_pid=$peer_pid
	[ "$bench_mode" = socket ] || image_addr=10.77.2.2
else
	image_start
fi

# An image that always takes the digest is compared with a server that does.
digest=nodigest
answer=$(in_ns "$a" "$net_bin/peer" up "$image_addr" "$image_port" 1000 nodigest) ||
	die "POST /up?digest=none fails: $answer"
case ${answer##* } in ????????????????????????????????*) digest= ;; esac

transfer() { in_ns "$a" timeout 60 "${bench_load[@]}" "$net_bin/peer" "$@"; }
rate() { awk '{ print $2 / $4 / 1e6 }'; }

# How many bytes take about so long over this path; the rate of a small transfer, once.
declare -A sizes
size_for() { # SIDE WAY ADDRESS PORT DIGEST; sets $size
	size=${bytes:-${sizes[$1 $2]-}}
	[ -z "$size" ] || return
	size=$(transfer "$2" "$3" "$4" 100000000 $5 | rate |
		awk -v s="$bench_seconds" '{ printf "%.0f\n", $1 * 1e6 * s }')
	sizes[$1 $2]=$size
}

# measure SIDE PIDS WAY ADDRESS PORT: the CPU is that of all the processes.
measure() {
	local side=$1 way=$3 before=0 after=0 p out name d=nodigest
	name="TCP $way"
	[ "$way" = down ] || { d=$digest; [ -n "$d" ] || name="$name with SHA-256"; }
	size_for "$side" "$way" "$4" "$5" "$d"
	for p in $2; do before=$((before + $(cpu_ticks "$p"))); done
	out=$(transfer "$way" "$4" "$5" "$size" $d) || die "$side, $way: $out"
	for p in $2; do after=$((after + $(cpu_ticks "$p"))); done
	result "$name" MB/s "$side" "$(rate <<<"$out")"
	result "$name, by CPU" MB/CPU-s "$side" "$(awk -v n="$size" -v t=$((after - before)) \
		-v hz="$(getconf CLK_TCK)" 'BEGIN { print t ? n * hz / t / 1e6 : 0 }')"
}

peers="veth tap"
lwip_start && peers+=" lwip"
for ((round = 0; round < bench_rounds; round++)); do
	for way in down up; do
		for side in $(in_turn $round $peers image); do
			case $side in
			veth) measure veth "$peer_pid" $way 10.77.0.2 80 ;;
			tap) measure tap "$peer_pid $cable_pid" $way 10.77.2.2 80 ;;
			lwip) measure lwip "$lwip_pid" $way 10.77.3.2 80 ;;
			image) measure image "$image_pid" $way "$image_addr" "$image_port" ;;
			esac
		done
	done
done
alive "$image_pid" || die "the image has died: $(tail -n 5 "$net_tmp/image.log")"
report $peers
