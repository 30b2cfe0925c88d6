#!/bin/bash
# clients.t: what people use gets the site of examples/www from both stacks, and from images of spt
# and hvt, whole: curl, wget, ab, wrk, and requests written by hand.  (The browser is in ../browser.t.)

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
. "$(dirname "$0")/../guest.sh"
need_root
need ip sha256sum curl wget ab wrk

url=http://10.77.0.2
here() { in_ns "$a" "$@"; }
sum() { sha256sum | cut -d' ' -f1; }
file_sum() { sum <"$site/$1"; }

# raw_http: sends standard input as it is, the answer until the end of the connection.
raw_http() { here timeout 10 bash -c 'exec 3<>/dev/tcp/10.77.0.2/80; cat >&3; cat <&3' | tr -d '\r'; }
lines() { printf '%s\r\n' "$@"; }
# count PATTERN TEXT: how often; bodies may end without a line's end.
count() { grep -o -- "$1" <<<"$2" | wc -l; }

test_curl() {
	local etag date
	is "$stack: curl: a page" "$(here curl -fsS --max-time 20 $url/ | sum)" "$(file_sum index.html)"
	is "$stack: curl: 100 kB" "$(here curl -fsS --max-time 20 $url/100k.bin | sum)" "$(file_sum 100k.bin)"
	is "$stack: curl: HTTP/1.0" "$(here curl -fsS0 --max-time 20 $url/100k.bin | sum)" "$(file_sum 100k.bin)"
	is "$stack: curl: HEAD" "$(here curl -fsSI --max-time 20 $url/100k.bin | tr -d '\r' |
		sed -n 's/^content-length: //Ip')" 102400
	is "$stack: curl: HEAD has no body" "$(here curl -fsS -X HEAD --max-time 20 -o /dev/null \
		-w '%{size_download}' --ignore-content-length $url/100k.bin --http1.0)" 0
	etag=$(here curl -fsSI --max-time 20 $url/1k.bin | tr -d '\r' | sed -n 's/^etag: //Ip')
	date=$(here curl -fsSI --max-time 20 $url/1k.bin | tr -d '\r' | sed -n 's/^last-modified: //Ip')
	status() { here curl -sS --max-time 20 -o /dev/null -w '%{http_code} %{size_download}' "$@" $url/1k.bin; }
	is "$stack: curl: If-None-Match" "$(status -H "If-None-Match: $etag")" "304 0"
	is "$stack: curl: If-Modified-Since" "$(status -H "If-Modified-Since: $date")" "304 0"
	is "$stack: curl: If-Match with another" "$(status -H 'If-Match: "other"' | cut -d' ' -f1)" 412
	is "$stack: curl: a range" "$(status -r 100-199)" "206 100"
	is "$stack: curl: a range that is not there" "$(status -r 5000-6000 | cut -d' ' -f1)" 416
	head -c 40000 "$site/100k.bin" >"$net_tmp/part"
	here curl -fsS --max-time 20 -C - -o "$net_tmp/part" $url/100k.bin
	is "$stack: curl -C -: resumes" "$? $(sum <"$net_tmp/part")" "0 $(file_sum 100k.bin)"
	is "$stack: curl: two files over one connection" \
		"$(here curl -sS --max-time 20 -o /dev/null -o /dev/null -w '%{num_connects}' $url/1k.bin $url/)" 10
	is "$stack: curl -Z: 50 at once" \
		"$(here curl -sSZ --max-time 30 --parallel-max 50 -w '%{http_code} %{size_download}\n' \
			"$url/100k.bin?[1-50]" -o /dev/null 2>/dev/null | grep -c '^200 102400')" 50
}

test_wget() {
	local mirror=$net_tmp/mirror-$stack f bad=
	mkdir "$mirror"
	(cd "$mirror" && here wget -q -r -l 5 -nH -T 10 -t 2 --exclude-directories=/about $url/ $url/1k.bin $url/100k.bin)
	for f in index.html start.html network.html style.css favicon.svg 1k.bin 100k.bin; do
		[ "$(sum <"$mirror/$f" 2>/dev/null)" = "$(file_sum $f)" ] || bad="$bad $f"
	done
	is "$stack: wget -r: the whole site" "$bad" ""
	f=$(stat -c %Y "$mirror/style.css")
	is "$stack: wget keeps the time of the file" "$f" "$(stat -c %Y "$site/style.css")"
	(cd "$mirror" && here wget -N -nv -T 10 -t 2 $url/style.css >"$net_tmp/again" 2>&1)
	is "$stack: wget -N: does not get it again" "$? $(grep -c -- '->' "$net_tmp/again")" "0 0"
	head -c 50000 "$site/100k.bin" >"$mirror/100k.bin"
	(cd "$mirror" && here wget -q -c -T 10 -t 2 $url/100k.bin)
	is "$stack: wget -c: resumes" "$(sum <"$mirror/100k.bin")" "$(file_sum 100k.bin)"
}

# ab_says NAME REQUESTS OPTION ...
ab_says() {
	local name=$1 n=$2 out
	shift 2
	out=$(here ab -q -s 20 -n "$n" "$@" 2>&1)
	is "$stack: ab $name: $n requests" "$(sed -n 's/^Complete requests: *//p; s/^Failed requests: *//p;
		s/^Non-2xx responses: */non-2xx /p' <<<"$out" | xargs)" "$n 0"
	is "$stack: ab $name: all bytes" "$(sed -n 's/^HTML transferred: *\([0-9]*\).*/\1/p' <<<"$out")" \
		"$((n * $(stat -c %s "$site/${*: -1:1}" 2>/dev/null || stat -c %s "$site/$(basename "${@: -1}")")))"
}

test_load() {
	local out
	ab_says "" 2000 -c 50 $url/1k.bin
	ab_says "-k" 5000 -k -c 50 $url/1k.bin
	ab_says "-k, 100 kB" 300 -k -c 20 $url/100k.bin
	out=$(here wrk -t 2 -c 100 -d 2s --timeout 10s $url/1k.bin 2>&1)
	between "$stack: wrk: requests" "$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' <<<"$out")" 500 100000000
	is "$stack: wrk: no errors" "$(grep -E 'Socket errors|Non-2xx' <<<"$out")" ""
}

test_by_hand() {
	local out i
	out=$( (for i in 1 2 3 4 5 6 7; do lines "GET /1k.bin HTTP/1.1" "Host: x" ""; done
		lines "GET / HTTP/1.1" "Host: x" "Connection: close" "") | raw_http)
	is "$stack: 8 requests in one piece: answers, in order" \
		"$(count 'HTTP/1.1 200' "$out") $(count 'm\{1024\}' "$out") $(count '</html>' "$out")" "8 7 1"
	out=$(lines "GET /1k.bin HTTP/1.0" "" | raw_http)
	is "$stack: HTTP/1.0: answers and ends" "$(count '200 OK' "$out") $(tail -n 1 <<<"$out" | tr -d '\n' | wc -c)" "1 1024"
	out=$(lines "GET /1k.bin HTTP/1.0" "Connection: keep-alive" "" "HEAD / HTTP/1.0" "" | raw_http)
	is "$stack: HTTP/1.0 keep-alive" "$(count ' 200 ' "$out")" 2
	out=$(lines "GET / HTTP/1.1" "" | raw_http)
	is "$stack: HTTP/1.1 without Host" "$(count 'HTTP/1.1 400' "$out")" 1
	out=$(printf '\026\003\001\002\000\001\000\001\374\003\003' | raw_http)
	is "$stack: a TLS client at the wrong door" "$(count 'HTTP/1.1 400' "$out")" 1
	out=$( (printf 'GET / HTT'; sleep 0.3; printf 'P/1.1\r\nHo'; sleep 0.3
		lines "st: x" "Connection: close" "") | raw_http)
	is "$stack: a request in pieces" "$(count 'HTTP/1.1 200' "$out")" 1
}

for which in socket direct spt hvt; do
	[ -x "$image_out/mirage" ] || skip_all "needs build/mirage"
	case $which in
	spt | hvt) ! why=$(guest_why_not $which) || { skip "$which" "$why"; continue; } ;;
	esac
	image=$(image_build www $which 2>"$net_tmp/build") ||
		{ fail "www builds for $which" "$(cat "$net_tmp/build")"; done_testing; }
	stack=$which
	site=$(dirname "$(dirname "$image")")/site
	link_tap
	test_curl
	test_wget
	test_load
	test_by_hand
	link_end "$which"
done
done_testing
