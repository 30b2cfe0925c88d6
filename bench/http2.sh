#!/bin/bash
# http2.sh: HTTP/2 and HTTPS requests and handshakes a second, and CPU, against nginx.

. "$(dirname "$0")/lib.sh"

streams=32 connections=8
bench_option() {
	case $1 in
	streams) streams=$2 ;;
	connections) connections=$2 ;;
	*) return 1 ;;
	esac
}
bench_options "usage: http2.sh site socket|direct|spt|hvt [option ...]
Builds a site with HTTPS and measures it (or, with nginx in its place, nginx against
itself) and nginx alternately, with h2load and openssl s_time, from another network
namespace; both have the same certificate (P-256) and choose TLS_AES_128_GCM_SHA256;
each server has one core, the load another.
  --streams N        at once on a connection of HTTP/2 (32)
  --connections N    (8)
  --rounds N         (7)
  --seconds N        of each measurement (1)
  --json FILE        append a line for each row" "$@"
need_root
need ip h2load nginx openssl taskset awk
two_namespaces
site=$net_tmp/site
mirage=$(realpath "$bench_dir/..")/build/mirage
mkdir -p "$site/pages" "$site/tls/a"
head -c 1024 /dev/urandom >"$site/pages/1k.bin"
head -c 102400 /dev/urandom >"$site/pages/100k.bin"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$site/tls/a/privkey.pem" \
	-out "$site/tls/a/fullchain.pem" -days 2 -subj /CN=bench.test -addext subjectAltName=DNS:bench.test 2>/dev/null

# nginx_tls NAME ADDRESS: one worker in $b; $pid.
nginx_tls() {
	local t=$net_tmp/$1
	mkdir -p "$t/tmp"
	cat >"$t/nginx.conf" <<-CONF
		user root; pid $t/pid; error_log $t/errors; daemon off; master_process off;
		worker_rlimit_nofile 65536;
		events { worker_connections 16384; }
		http {
			access_log off; sendfile off; output_buffers 2 256k; tcp_nodelay on;
			keepalive_requests 1000000000; keepalive_timeout 60s; open_file_cache max=100;
			http2_max_concurrent_streams 128;
			client_body_temp_path $t/tmp; proxy_temp_path $t/tmp; fastcgi_temp_path $t/tmp;
			uwsgi_temp_path $t/tmp; scgi_temp_path $t/tmp;
			ssl_certificate $site/tls/a/fullchain.pem; ssl_certificate_key $site/tls/a/privkey.pem;
			ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on;
			ssl_session_cache shared:s:1m;
			server { listen $2:4433 ssl http2 backlog=4096; root $site/pages; }
		}
	CONF
	start "$1" ip netns exec "$b" "${bench_serve[@]}" nginx -e "$t/errors" -c "$t/nginx.conf"
	wait_port "$a" "$2" 4433 || die "nginx does not listen: $(cat "$t/errors" "$net_tmp/$1.log")"
}

# image_tls: builds the site and starts it; $image_pid, $image_addr.
image_tls() {
	local option where=() tender=() own=()
	case $bench_mode in
	socket) option=--socket ;;
	direct) option=--unix ;;
	*) option="-t $bench_mode" ;;
	esac
	cat >"$site/site.conf" <<-CONF
		main-http:       pages.main
		fs-site:         pages
		fs-certificates: tls
		tls-store:       certificates
		https-port:      4433
	CONF
	cat >"$site/pages.c" <<-'CODE'
		#include "mirage/app.h"

		int pages_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
		{
			return mir_http_serve(app->fs_site, "", req, res);
		}
	CODE
	(cd "$site" && "$mirage" configure $option && "$mirage" depend $option && "$mirage" build $option) \
		>"$net_tmp/build.log" 2>&1 || die "the site does not build: $(tail -n 5 "$net_tmp/build.log")"
	case $bench_mode in
	socket)
		image_addr=10.77.0.3
		ip -n "$b" address add $image_addr/24 dev net0
		start image ip netns exec "$b" "${bench_serve[@]}" "$site/dist/site" --http-address=$image_addr --logs=error
		;;
	*)
		image_addr=10.77.1.2
		tap_new "$a" service 10.77.1.1/24 || die "cannot make a tap"
		where=("$site/dist/site") own=(--net:service=service)
		case $bench_mode in
		spt | hvt)
			own=() where=("$site/dist/site.$bench_mode")
			tender=("${mirage%/*}/mirage-$bench_mode" --mem=256 --net:service=service --)
			;;
		esac
		start image ip netns exec "$a" "${bench_serve[@]}" "${tender[@]}" "${where[@]}" \
			${own[@]+"${own[@]}"} --ipv4=$image_addr/24 --logs=error
		;;
	esac
	image_pid=$pid
	wait_port "$a" $image_addr 4433 10 || die "the image does not listen: $(tail -n 5 "$net_tmp/image.log")"
}

nginx_tls nginx 10.77.0.2
nginx_pid=$pid
if [ "$bench_image" = nginx ]; then
	image_addr=10.77.0.3
	ip -n "$b" address add $image_addr/24 dev net0
	nginx_tls image $image_addr
	image_pid=$pid
else
	image_tls
fi

# load SIDE PID ADDRESS NAME PATH [OPTION ...]: h2load.
load() {
	local side=$1 server=$2 address=$3 name=$4 path=$5 out before after
	shift 5
	before=$(cpu_ticks "$server")
	out=$(in_ns "$a" "${bench_load[@]}" h2load -t 1 -D "$bench_seconds" --tls13-ciphers=TLS_AES_128_GCM_SHA256 \
		"$@" "https://$address:4433/$path" 2>&1) || die "h2load: $out"
	after=$(cpu_ticks "$server")
	result "$name" req/s "$side" "$(sed -n 's/^finished in .*, \([0-9.]*\) req\/s.*/\1/p' <<<"$out")"
	result "$name, by CPU" req/CPU-s "$side" "$(sed -n 's/^requests:.* \([0-9]*\) succeeded.*/\1/p' <<<"$out" |
		awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" '{ print t ? $1 * hz / t : 0 }')"
	grep -q ' 0 failed, 0 errored' <<<"$out" || echo "# $side, $name: $(grep ^requests: <<<"$out")" >&2
}

# shake SIDE PID ADDRESS NAME OPTION: handshakes.
shake() {
	local side=$1 server=$2 name=$4 out before after count
	before=$(cpu_ticks "$server")
	out=$(in_ns "$a" "${bench_load[@]}" openssl s_time -connect "$3:4433" "$5" -time "$((bench_seconds + 1))" -tls1_2 2>&1)
	after=$(cpu_ticks "$server")
	count=$(sed -n 's/^\([0-9]*\) connections in .* real seconds.*/\1/p' <<<"$out")
	result "$name" "1/s" "$side" "$(awk -v n="${count:-0}" -v t=$((bench_seconds + 1)) 'BEGIN { print n / t }')"
	result "$name, by CPU" "1/CPU-s" "$side" "$(awk -v n="${count:-0}" -v t=$((after - before)) \
		-v hz="$(getconf CLK_TCK)" 'BEGIN { print t ? n * hz / t : 0 }')"
}

for ((round = 0; round < bench_rounds; round++)); do
	for side in $(in_turn $round nginx image); do
		if [ $side = nginx ]; then at="$nginx_pid 10.77.0.2"; else at="$image_pid $image_addr"; fi
		load $side $at "1 kB, HTTP/2" 1k.bin -c "$connections" -m "$streams"
		load $side $at "100 kB, HTTP/2" 100k.bin -c "$connections" -m "$streams"
		load $side $at "1 kB, HTTPS" 1k.bin -c 32 --h1
		load $side $at "100 kB, HTTPS" 100k.bin -c 32 --h1
		shake $side $at "full handshakes" -new
		shake $side $at "resumed handshakes" -reuse
	done
done
alive "$image_pid" || die "the image has died: $(tail -n 5 "$net_tmp/image.log")"
report nginx
