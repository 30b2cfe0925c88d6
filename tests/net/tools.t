#!/bin/bash
# tools.t: the tools of tests/net/tools against the kernel: what they say of a peer
# that is known to be right.

. "$(dirname "$0")/lib.sh"
need_root
need ip peer idle load slow synflood badpackets conform
netns_new a
netns_new b
veth_new "$a" net0 10.77.0.1/24 "$b" net0 10.77.0.2/24 || { fail "veth"; done_testing; }
in_ns "$b" sh -c 'echo 4096 >/proc/sys/net/core/somaxconn
	echo 8192 >/proc/sys/net/ipv4/tcp_max_syn_backlog
	echo 65535 >/proc/sys/net/core/netdev_max_backlog' 2>/dev/null
start peer ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80
wait_port "$b" 10.77.0.2 80 || fail "the server listens"

tool() { local name=$1; shift; in_ns "$a" "$net_bin/$name" --to 10.77.0.2 --port 80 "$@" 2>&1; }
raw() { local name=$1; shift; tool "$name" --dev net0 --from 10.77.0.200 "$@"; }
# field JSON NAME
field() { sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" <<<"$1"; }

# --- conform
reply() { raw conform "$@" | sed 's/ .*//'; }
is "a SYN to an open port" "$(reply --from-port 40001)" SYN,ACK
is "a SYN to a closed port" "$(reply --port 81)" RST,ACK
is "an ACK to a listener" "$(reply --flags ACK --ack 7)" RST
is "a RST" "$(reply --flags RST --wait 100)" none
closed=$(raw conform --port 81 --seq 4294967295 --payload 9)
is "the reset acknowledges SYN and data" "$(cut -d' ' -f2-5 <<<"$closed")" "seq 0 ack 9"

# --- idle
ip -n "$a" route add local 10.77.0.64/26 dev lo
out=$(tool idle --connections 2000 --hold 1 --path '/down?bytes=100')
is "2000 idle connections are held and answered" "$(field "$out" opened) $(field "$out" answered)" "2000 2000"
out=$(tool idle --connections 1000 --hold 0 --from 10.77.0.65 --sources 60 --path '/down?bytes=100')
is "from 60 addresses" "$(field "$out" answered)" 1000
out=$(tool idle --port 81 --connections 10 --hold 0)
is "a closed port is told" "$? $(field "${out##*$'\n'}" failed)" "1 10"

# --- load
out=$(tool load --connections 50 --requests 5000 --path '/down?bytes=1000' --bytes 1000)
is "5000 requests with keep-alive" "$? $(field "$out" requests) $(field "$out" errors) $(field "$out" connects)" "0 5000 0 50"
is "all bytes" "$(field "$out" bytes)" 5000000
out=$(tool load --connections 20 --requests 500 --path '/down?bytes=70000' --close)
is "a connection for each request" "$? $(field "$out" requests) $(field "$out" errors)" "0 500 0"
out=$(tool load --connections 2 --requests 10 --path /nothing)
is "a wrong status is an error" "$? $(field "$out" bad_status)" "1 10"

# --- slow: the peer is patient; one that is gone is noticed
out=$(tool slow --connections 50 --seconds 3)
is "slow headers" "$(field "$out" opened) $(field "$out" dropped)" "50 0"
out=$(tool slow --connections 20 --seconds 3 --mode read --path '/down?bytes=100000000')
is "slow readers" "$(field "$out" opened) $(field "$out" dropped)" "20 0"
out=$(tool slow --connections 20 --seconds 2 --mode body --path /up)
is "slow bodies" "$(field "$out" opened) $(field "$out" dropped)" "20 0"
if command -v nginx >/dev/null; then
	mkdir "$net_tmp/nginx"
	cat >"$net_tmp/nginx.conf" <<-E
		pid $net_tmp/nginx.pid; error_log /dev/null; daemon off; master_process off;
		events {}
		http { access_log off; client_header_timeout 1s; client_body_temp_path $net_tmp/nginx;
			proxy_temp_path $net_tmp/nginx; fastcgi_temp_path $net_tmp/nginx;
			uwsgi_temp_path $net_tmp/nginx; scgi_temp_path $net_tmp/nginx;
			server { listen 10.77.0.2:8080; } }
	E
	start nginx ip netns exec "$b" nginx -e /dev/null -c "$net_tmp/nginx.conf"
	wait_port "$b" 10.77.0.2 8080 || fail "nginx listens" "$(cat "$net_tmp/nginx.log")"
	out=$(tool slow --port 8080 --connections 50 --seconds 5)
	is "an impatient server drops slow headers" "$(field "$out" opened) $(field "$out" dropped)" "50 50"
else
	skip "an impatient server drops slow headers" "no nginx"
fi

# --- badpackets: the kernel survives all of it
raw badpackets --listen 30 >"$net_tmp/bad"
while read -r line; do
	case $line in
	ok\ *) pass "badpackets: ${line#ok * - }" ;;
	not\ ok\ *ip-source-subnet:*) skip "badpackets: ${line#not ok * - }" "Linux answers by broadcast" ;;
	not\ ok\ *) fail "badpackets: ${line#not ok * - }" ;;
	esac
done <"$net_tmp/bad"
out=$(tool load --connections 10 --requests 100 --path '/down?bytes=1000')
is "the server serves on" "$(field "$out" requests)" 100
# --- synflood
out=$(raw synflood --from 10.77.0.201 --sources 50 --count 20000)
is "20000 SYNs are sent, the target lives" "$? $(field "$out" sent)" "0 20000"
between "it answered many (SYN cookies)" "$(field "$out" synacks)" 5000 200000
is "and acknowledged what was sent" "$(field "$out" bad_acks)" 0
out=$(tool load --connections 10 --requests 100 --path '/down?bytes=1000')
is "and serves on" "$(field "$out" requests)" 100
done_testing
