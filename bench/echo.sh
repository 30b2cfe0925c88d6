#!/bin/bash
# echo.sh: how many datagrams an image sends back a second (UDP echo over its tap), one and 64 under
# way, beside a program of the host that does the same with the kernel's UDP: over a veth, and over
# two taps with a cable between.

. "$(dirname "$0")/lib.sh"

bench_options "usage: echo.sh IMAGE direct|spt|hvt [option ...]
Measures IMAGE (bench/udpecho) and a host program alternately.
  --rounds N         (7)
  --seconds N        of each measurement (1)
  --json FILE        append a line for each row" "$@"
[ "$bench_mode" != socket ] || die "bench/udpecho needs the stack of an image"
need_root
need ip taskset awk gcc cable
gcc -O2 -Wall -o "$net_tmp/udp" "$bench_dir/udp.c" || die "bench/udp.c does not compile"
two_namespaces
tap_new "$a" cable0 10.77.2.1/24 && tap_new "$b" cable0 10.77.2.2/24 || die "cannot make taps"
start cable "${bench_serve[@]}" "$net_bin/cable" "cable0@$a" "cable0@$b"
wait_for 5 grep -q ready "$net_tmp/cable.log" || die "$(cat "$net_tmp/cable.log")"
start host ip netns exec "$b" "${bench_serve[@]}" "$net_tmp/udp" serve 7

tap_new "$a" service 10.77.1.1/24 || die "cannot make a tap"
tender=("${net_bin%/tests/net}/mirage-$bench_mode" --mem=64 --net:service=service --) own=()
[ "$bench_mode" != direct ] || tender=() own=(--net:service=service)
start image ip netns exec "$a" "${bench_serve[@]}" "${tender[@]}" "$bench_image" "${own[@]}" \
	--ipv4=10.77.1.2/24 --logs=error
image_pid=$pid

ask() { # ADDRESS UNDER-WAY BYTES SECONDS
	in_ns "$a" "${bench_load[@]}" "$net_tmp/udp" ask "$1" 7 "$2" "$3" "$4"
}
for address in 10.77.0.2 10.77.2.2 10.77.1.2; do
	wait_for 10 ask $address 1 64 0.1 >/dev/null || die "$address does not answer: $(tail -n 5 "$net_tmp/image.log")"
done
for ((round = 0; round < bench_rounds; round++)); do
	for kind in "1 64" "64 64" "64 1400"; do
		read -r n bytes <<<"$kind"
		for side in $(in_turn $round veth tap image); do
			case $side in
			veth) to=10.77.0.2 ;;
			tap) to=10.77.2.2 ;;
			image) to=10.77.1.2 ;;
			esac
			result "UDP echo, $bytes bytes, $n under way" "packets/s" $side "$(ask $to "$n" "$bytes" "$bench_seconds")"
		done
	done
done
alive "$image_pid" || die "the image has died: $(tail -n 5 "$net_tmp/image.log")"
report veth tap
