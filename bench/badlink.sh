#!/bin/bash
# badlink.sh: bytes a second through a bad link: our stack's TCP and the kernel's, with
# the congestion controls that it has.  The client is the kernel; down, the image's
# congestion control works, up, the client's and the image's acknowledgements.

. "$(dirname "$0")/lib.sh"

bench_rounds=5 bytes=5000000 delay=10ms loss=1% reorder=5% congestion=cubic
bench_option() {
	case $1 in
	bytes) bytes=$2 ;;
	delay) delay=$2 ;;
	loss) loss=$2 ;;
	reorder) reorder=$2 ;;
	congestion) congestion=$2 ;;
	*) return 1 ;;
	esac
}
bench_options "usage: badlink.sh IMAGE direct [option ...]
Measures IMAGE (the transfer example, or peer, against itself) and a kernel server,
with CUBIC and with BBR, alternately through the relay, with the same seed.
  --bytes N          of each transfer (5000000)
  --delay T          each way (10ms)
  --loss P           (1%)
  --reorder P        (5%)
  --congestion NAME  of the image: cubic, newreno, bbr (cubic)
  --rounds N         (5)
  --json FILE        append a line for each row" "$@"
need_root
need ip taskset awk peer relay

has() { grep -qw "$1" /proc/sys/net/ipv4/tcp_available_congestion_control; }
# The kernel in the place of the image (peer) uses BBR.
sides=()
own= # in the names of rows
[ "$congestion" = cubic ] || own=", $congestion"
for cc in cubic bbr; do has $cc && sides+=($cc); done
sides+=(image)

# measure SIDE SEED: namespaces of its own, so that nothing is remembered.
measure() {
	local out way
	netns_new a
	netns_new b
	image_link "$a" "$b" --delay "$delay" --loss "$loss" --reorder "$reorder" --dup 1% --seed "$2" ||
		die "no link"
	if [ "$1" != image ] || [ "$bench_image" = peer ]; then
		ip -n "$b" addr add 10.77.0.2/24 dev br0
		start server ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80 "${1/#image/bbr}"
	else
		start server ip netns exec "$b" "$bench_image" --net:service=service \
			--ipv4=10.77.0.2/24 --http-port=80 --logs=error --tcp-congestion="$congestion"
	fi
	server=$pid
	wait_port "$a" 10.77.0.2 80 || die "$1 does not listen: $(cat "$net_tmp/server.log")"
	for way in down up; do
		out=$(in_ns "$a" timeout 60 "$net_bin/peer" $way 10.77.0.2 80 "$bytes") || die "$1, $way: $out"
		result "bad link${own:+, $own}, TCP $way" MB/s "$1" "$(awk '{ print $2 / $4 / 1e6 }' <<<"$out")"
	done
	stop "$server"
	relay_stop
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
}

for ((round = 0; round < bench_rounds; round++)); do
	for side in $(in_turn $round "${sides[@]}"); do measure "$side" $((round + 1)); done
done
report "${sides[@]:0:${#sides[@]}-1}"
