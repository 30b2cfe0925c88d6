# lib.sh: what benchmarks share; bash, to be sourced.  Everything is measured side by
# side in one run, alternately, in several rounds; what counts is the ratio of medians.
# Namespaces and processes are those of tests/net/lib.sh.

bench_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$bench_dir/../tests/net/lib.sh"

# A benchmark that cannot run says why, and is no failure.
skip_all() { echo "${0##*/}: skipped: $*" >&2; exit 0; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

bench_rounds=7 bench_seconds=1 bench_json= bench_image= bench_mode=
bench_results=$net_tmp/results
: >"$bench_results"

# bench_options WHAT "$@": IMAGE MODE [--rounds N] [--seconds N] [--json FILE]; what is
# not known goes to bench_option NAME VALUE, if the script defines it.
bench_options() {
	local what=$1
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--help) echo "$what"; exit 0 ;;
		--rounds) bench_rounds=$2; shift ;;
		--seconds) bench_seconds=$2; shift ;;
		--json) bench_json=$2; shift ;;
		--*) bench_option "${1#--}" "${2-}" || die "unknown option $1; see --help"; shift ;;
		*)
			if [ -z "$bench_image" ]; then bench_image=$1; else bench_mode=$1; fi ;;
		esac
		shift || die "the last option needs a value"
	done
	case $bench_mode in
	socket | direct | spt | hvt) ;;
	*) echo "$what" >&2; exit 64 ;;
	esac
	[[ $bench_image == */* && -x $bench_image ]] || [[ $bench_image != */* ]] ||
		die "$bench_image: not an executable"
}
bench_option() { return 1; }

# in_turn ROUND SIDE ...: the sides in this order, in every other round backwards, so that
# none has the better half of a machine that slows down.
in_turn() {
	local round=$1 side order=
	shift
	for side; do
		if [ $((round % 2)) = 0 ]; then order+=" $side"; else order="$side $order"; fi
	done
	echo $order
}

# Where to run: the load on one core, what is measured on the other.
bench_load=(taskset -c 0)
bench_serve=(taskset -c "$(($(nproc) > 1 ? 1 : 0))")

# cpu_ticks PID: user and system time of a process, in clock ticks (100 a second).
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

# resident PID: kilobytes.
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# result ROW UNIT SIDE VALUE: SIDE is the peer's name or "image".  Units that end in
# "ms" or "s" are better when small.
result() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$bench_results"; }

# report PEER ...: one line for each row: median of each peer, of the image, ratio.
report() {
	awk -F '\t' -v peers="$*" -v json="$bench_json" -v image="${bench_image##*/}" -v mode="$bench_mode" '
	function median(list,   v, n, i, j, t) {
		n = split(list, v, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
		return n ? (n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2) : "-"
	}
	function show(v) { return v == "-" ? v : v >= 100 ? sprintf("%.0f", v) : sprintf("%.3g", v) }
	!($1 in unit) { rows[++count] = $1; unit[$1] = $2 }
	{ values[$1, $3] = values[$1, $3] " " $4 }
	END {
		n = split(peers, peer, " ")
		printf "%-34s %-12s", "image " image ", " mode, "unit"
		for (i = 1; i <= n; i++) printf " %12s", peer[i]
		printf " %12s", "image"
		for (i = 1; i <= n; i++) printf " %14s", "image/" peer[i]
		printf "\n"
		for (r = 1; r <= count; r++) {
			row = rows[r]
			mine = median(values[row, "image"])
			printf "%-34s %-12s", row, unit[row]
			line = sprintf("{\"image\":\"%s\",\"mode\":\"%s\",\"row\":\"%s\",\"unit\":\"%s\",\"value\":%s", image, mode, row, unit[row], mine == "-" ? "null" : mine)
			ratios = ""
			for (i = 1; i <= n; i++) {
				theirs = median(values[row, peer[i]])
				ratio = mine == "-" || theirs == "-" || theirs == 0 ? "-" : mine / theirs
				printf " %12s", show(theirs)
				ratios = ratios sprintf(" %14s", ratio == "-" ? ratio : sprintf("%.2f", ratio))
				line = line sprintf(",\"%s\":%s,\"ratio_%s\":%s", peer[i], theirs == "-" ? "null" : theirs, peer[i], ratio == "-" ? "null" : ratio)
			}
			printf " %12s%s\n", show(mine), ratios
			if (json) print line "}" >>json
		}
	}' "$bench_results"
}

# two_namespaces: $a (the client's, 10.77.0.1) and $b (the servers', 10.77.0.2), joined
# by a veth.
two_namespaces() {
	netns_new a
	netns_new b
	veth_new "$a" net0 10.77.0.1/24 "$b" net0 10.77.0.2/24 || die "cannot make a veth"
	in_ns "$a" sh -c 'echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range' 2>/dev/null
	in_ns "$b" sh -c 'echo 4096 >/proc/sys/net/core/somaxconn' 2>/dev/null
}

# image_start: the image, on host sockets in $b, or on a tap of its own in $a, by itself or under
# its tender; sets
# $image_pid, $image_addr and $image_port.
image_start() {
	if [ "$bench_mode" = socket ]; then
		image_addr=10.77.0.2 image_port=8080
		start image ip netns exec "$b" "${bench_serve[@]}" "$bench_image" \
			--http-address=$image_addr --http-port=$image_port --logs=error
	else
		image_addr=10.77.1.2 image_port=80
		tap_new "$a" service 10.77.1.1/24 || die "cannot make a tap"
		local tender=() own=(--net:service=service)
		case $bench_mode in
		spt | hvt) own=() tender=("${net_bin%/tests/net}/mirage-$bench_mode" --mem=256 --net:service=service --) ;;
		esac
		start image ip netns exec "$a" "${bench_serve[@]}" "${tender[@]}" "$bench_image" \
			${own[@]+"${own[@]}"} --ipv4=$image_addr/24 --http-port=$image_port --logs=error
	fi
	image_pid=$pid
	wait_port "$a" $image_addr $image_port 10 ||
		die "$bench_image does not listen: $(tail -n 5 "$net_tmp/image.log" "$net_tmp/image.out")"
}

# lwip_start: bench/lwip.c on a tap of its own in $a, at 10.77.3.2; sets $lwip_pid.  Fails where it is not built.
lwip_start() {
	lwip_pid=
	[ -x "$net_bin/lwip" ] || { echo "${0##*/}: without lwIP: make bench builds it" >&2; return 1; }
	tap_new "$a" lwip0 10.77.3.1/24 || die "cannot make a tap"
	start lwip ip netns exec "$a" "${bench_serve[@]}" "$net_bin/lwip" lwip0 10.77.3.2 80
	lwip_pid=$pid
	wait_port "$a" 10.77.3.2 80 || die "lwip does not listen: $(cat "$net_tmp/lwip.log")"
}

# nginx_start NAME ADDRESS PORT ROOT [CERTIFICATES]: one worker in $b that is its own master; $pid.  At
# its best: with sendfile, 100 kB files came three times slower over a veth here.  With a folder of fullchain.pem
# and privkey.pem it speaks TLS.
nginx_start() {
	local t=$net_tmp/$1 tls=
	mkdir -p "$t/tmp"
	[ -z "${5-}" ] || tls="ssl_certificate $5/fullchain.pem; ssl_certificate_key $5/privkey.pem; ssl_protocols TLSv1.2 TLSv1.3;"
	cat >"$t/nginx.conf" <<-E
		user root; pid $t/pid; error_log $t/errors; daemon off; master_process off;
		worker_rlimit_nofile 65536;
		events { worker_connections 16384; }
		http {
			access_log off; sendfile off; output_buffers 2 256k; tcp_nodelay on;
			keepalive_requests 1000000000; keepalive_timeout 60s; open_file_cache max=100;
			client_body_temp_path $t/tmp; proxy_temp_path $t/tmp; fastcgi_temp_path $t/tmp;
			uwsgi_temp_path $t/tmp; scgi_temp_path $t/tmp;
			server { listen $2:$3 ${5:+ssl http2} backlog=4096; root $4; $tls }
		}
	E
	start "$1" ip netns exec "$b" "${bench_serve[@]}" nginx -e "$t/errors" -c "$t/nginx.conf"
	wait_port "$a" "$2" "$3" || die "nginx does not listen: $(cat "$t/errors" "$net_tmp/$1.log")"
}
