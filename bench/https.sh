#!/bin/bash
# https.sh: requests, handshakes and bytes a second over TLS, and memory for each connection, against nginx
# with the same certificate.

. "$(dirname "$0")/lib.sh"

connections=32 held=1000
bench_option() {
	case $1 in
	connections) connections=$2 ;;
	held) held=$2 ;;
	*) return 1 ;;
	esac
}
bench_options "usage: https.sh IMAGE socket|direct|spt|hvt [option ...]
Measures IMAGE (www with TLS: tests/net/image.sh www-tls) and nginx alternately; each server has one core, the
load another. Both are built on OpenSSL; the image's of a port on spt and hvt.
  --connections N    at once (32)
  --held N           connections of which each is measured in memory (1000)
  --rounds N         (7)
  --seconds N        of each measurement (1)
  --json FILE        append a line for each row" "$@"
need_root
need ip wrk nginx curl taskset awk handshake
two_namespaces
root=$net_tmp/root certificates=$(dirname "$bench_image")/../tls/bench
mkdir "$root"
[ -s "$certificates/privkey.pem" ] || die "no certificate in $certificates"
certificates=$(cd "$certificates" && pwd)
for n in 1k:1024 100k:102400 8m:8388608; do
	head -c "${n#*:}" /dev/zero | tr '\0' m >"$root/${n%:*}.bin"
done
image_start
image_tls=8443
nginx_start nginx 10.77.0.2 443 "$root" "$certificates"
nginx_pid=$pid

# cpu ROW UNIT SIDE N TICKS: N by second of CPU.
cpu() {
	result "$1, by CPU" "$2/CPU-s" "$3" \
		"$(awk -v n="$4" -v t="$5" -v hz="$(getconf CLK_TCK)" 'BEGIN { print t ? n * hz / t : 0 }')"
}

# requests SIDE PID ADDRESS PORT FILE ROW UNIT FACTOR: FACTOR of each counts.
requests() {
	local before out count
	before=$(cpu_ticks "$2")
	out=$(in_ns "$a" "${bench_load[@]}" wrk -t 1 -c "$connections" -d "${bench_seconds}s" --timeout 5s \
		"https://$3:$4/$5") || die "wrk, $1, $5: $out"
	count=$(awk -v f="$8" '/requests in/ { print $1 * f }' <<<"$out")
	result "$6" "$7/s" "$1" "$(awk -v f="$8" '/^Requests\/sec/ { print $2 * f }' <<<"$out")"
	cpu "$6" "$7" "$1" "$count" $(($(cpu_ticks "$2") - before))
	! grep -qE 'Socket errors|Non-2xx' <<<"$out" || echo "# $1, $6: $(grep -E 'Socket errors|Non-2xx' <<<"$out")" >&2
}

field() { sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" <<<"$1"; }

# handshakes SIDE PID ADDRESS PORT ROW OPTION ...
handshakes() {
	local side=$1 server=$2 row=$5 before out at=("$3" "$4" /1k.bin)
	shift 5
	before=$(cpu_ticks "$server")
	out=$(in_ns "$a" "${bench_load[@]}" "$net_bin/handshake" --connections 16 --seconds "$bench_seconds" "$@" \
		"${at[@]}") || die "handshake, $side: $out"
	result "$row" conn/s "$side" "$(awk -v n="$(field "$out" connections)" -v s="$(field "$out" seconds)" 'BEGIN { print n / s }')"
	cpu "$row" conn "$side" "$(field "$out" connections)" $(($(cpu_ticks "$server") - before))
	[ "$(field "$out" failed)" = 0 ] || echo "# $side, $row: $out" >&2
}

# memory SIDE PID ADDRESS PORT: before anything else was asked of it.
memory() {
	local rest
	rest=$(resident "$2")
	start held ip netns exec "$a" "$net_bin/handshake" --connections "$held" --seconds 30 --hold 2 "$3" "$4" /1k.bin
	wait_for 30 grep -q "holding $held" "$net_tmp/held.out" || die "$1 does not hold $held: $(cat "$net_tmp/held.log")"
	result "memory of a connection" kB "$1" "$(awk -v d=$(($(resident "$2") - rest)) -v n="$held" 'BEGIN { print d / n }')"
	wait "$pid"
}

sides() { # FUNCTION ARGUMENT ...
	local side
	for side in $(in_turn $round nginx image); do
		if [ "$side" = nginx ]; then
			"$1" nginx "$nginx_pid" 10.77.0.2 443 "${@:2}"
		else
			"$1" image "$image_pid" "$image_addr" $image_tls "${@:2}"
		fi
	done
}

round=0
sides memory
for ((round = 0; round < bench_rounds; round++)); do
	sides requests 1k.bin "1 kB, keep-alive" req 1
	sides requests 100k.bin "100 kB, keep-alive" req 1
	sides requests 8m.bin "8 MB, keep-alive" MB 8.388608
	sides handshakes "TLS 1.3, full"
	sides handshakes "TLS 1.3, resumed" --resume
	sides handshakes "TLS 1.2, full" --tls12
	sides handshakes "TLS 1.2, resumed" --tls12 --resume
done
alive "$image_pid" || die "the image has died: $(tail -n 5 "$net_tmp/image.log")"
report nginx
