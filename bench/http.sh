#!/bin/bash
# http.sh: requests and connections a second, latency and CPU against nginx.

. "$(dirname "$0")/lib.sh"

small=/1k.bin large=/100k.bin connections=32
bench_option() {
	case $1 in
	small) small=$2 ;;
	large) large=$2 ;;
	connections) connections=$2 ;;
	*) return 1 ;;
	esac
}
bench_options "usage: http.sh IMAGE socket|direct|spt|hvt [option ...]
Measures IMAGE (or nginx, against itself) and nginx alternately, with wrk, from
another network namespace; each server has one core, the load another.
  --small PATH       a file of about 1 kB that the image serves (/1k.bin)
  --large PATH       and one of about 100 kB (/100k.bin)
  --connections N    at once (32)
  --rounds N         (7)
  --seconds N        of each measurement (1)
  --json FILE        append a line for each row" "$@"
need_root
need ip wrk nginx curl taskset awk
two_namespaces
root=$net_tmp/root
mkdir "$root"

if [ "$bench_image" = nginx ]; then
	head -c 1024 /dev/urandom >"$root/1k.bin"
	head -c 102400 /dev/urandom >"$root/100k.bin"
	image_addr=10.77.0.2 image_port=8080
	nginx_start image $image_addr $image_port "$root"
	image_pid=$pid
else
	image_start
	# nginx serves the very bytes that the image does.
	for f in small:1k.bin large:100k.bin; do
		path=${f%%:*}
		in_ns "$a" curl -fsS -o "$root/${f#*:}" "http://$image_addr:$image_port${!path}" ||
			die "$bench_image does not serve ${!path}"
	done
fi
nginx_start nginx 10.77.0.2 80 "$root"
nginx_pid=$pid

# measure SIDE PID URL NAME RATE_UNIT [HEADER]
measure() {
	local side=$1 server=$2 url=$3 name=$4 unit=$5 out before after count seconds bad
	shift 5
	before=$(cpu_ticks "$server")
	out=$(in_ns "$a" "${bench_load[@]}" wrk -t 1 -c "$connections" -d "${bench_seconds}s" \
		--timeout 5s --latency "$@" "$url") || die "wrk $url: $out"
	after=$(cpu_ticks "$server")
	count=$(awk '/requests in/ { print $1 }' <<<"$out")
	bad=$(awk '/Socket errors/ { gsub(",", ""); n += $4 + $6 + $8 + $10 } /Non-2xx/ { n += $NF } END { print n + 0 }' <<<"$out")
	result "$name" "$unit/s" "$side" "$(awk '/^Requests\/sec/ { print $2 }' <<<"$out")"
	result "$name, p99" ms "$side" "$(awk '$1 == "99%" { v = $2 + 0
		print $2 ~ /us$/ ? v / 1000 : $2 ~ /ms$/ ? v : v * 1000 }' <<<"$out")"
	result "$name, by CPU" "$unit/CPU-s" "$side" \
		"$(awk -v n="$count" -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { print t ? n * hz / t : 0 }')"
	[ "$bad" = 0 ] || echo "# $side, $name: $bad errors" >&2
	awk -v size="$(stat -c %s "$root/${name%% *}k.bin")" '/requests in/ {
		v = $5 + 0; u = $5; sub(/[0-9.]*/, "", u)
		v *= u == "GB" ? 1073741824 : u == "MB" ? 1048576 : u == "KB" ? 1024 : 1
		exit v < $1 * size * 0.98 }' <<<"$out" || echo "# $side, $name: bodies are too short" >&2
}

both() {
	local path
	for side in $(in_turn $round nginx image); do
		if [ $side = nginx ]; then
			path=$1 # where nginx has the image's files
			measure nginx "$nginx_pid" "http://10.77.0.2:80/$path" "${@:3}"
		else
			path=$2
			[ "$bench_image" != nginx ] || path=/$1
			measure image "$image_pid" "http://$image_addr:$image_port$path" "${@:3}"
		fi
	done
}

for ((round = 0; round < bench_rounds; round++)); do
	both 1k.bin "$small" "1 kB, keep-alive" req
	both 100k.bin "$large" "100 kB, keep-alive" req
	both 1k.bin "$small" "1 kB, new connections" conn -H "Connection: close"
done
alive "$image_pid" || die "the image has died: $(tail -n 5 "$net_tmp/image.log")"
report nginx
