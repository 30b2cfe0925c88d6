# cases.sh: what the tests of images with the transfer example share: links, the image's
# life on them, and what it must stand; bash, to be sourced after lib.sh and image.sh.
#
#	image_choose direct "$1"	builds it, or takes what is given: $image, $stack
#	link_tap; case_transfer tap 1000000; link_end tap
#
# The image is always 10.77.0.2, port 80, seen from namespace $a, where 10.77.0.1 is.

# image_under: what starts the image, a command with its arguments.
image= stack= image_under=() image_log=(--logs=info,run:debug)

# How much memory an image of hvt or spt gets (--mem), and more options of its tender.
image_mem=64 image_tender=()

# image_choose direct|socket|hvt|spt|virtio [IMAGE|kernel]: "kernel": bench/peer in its place, to test the
# test.  With SANITIZE set it is built under AddressSanitizer and UBSan.
image_choose() {
	stack=$1 image=${2:-}
	[ -z "$image" ] || return 0
	[ -x "$image_out/mirage" ] || skip_all "needs build/mirage"
	image=$(image_build transfer "$stack" 2>"$net_tmp/build") ||
		{ fail "transfer builds" "$(cat "$net_tmp/build")"; done_testing; }
}

# image_start NAMESPACE [BOOT ARGUMENT ...]: $image_pid; it listens.
image_start() {
	local space=$1
	shift
	case $image-$stack in
	kernel-*) start image ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80 ;;
	*-hvt | *-spt) start image ip netns exec "$space" "${image_under[@]}" "$image_out/mirage-$stack" \
		--mem="$image_mem" --net:service=service "${image_tender[@]}" -- "$image" --ipv4=10.77.0.2/24 \
		--http-port=80 "${image_log[@]}" "$@" ;;
	*-virtio) start image ip netns exec "$space" "${image_under[@]}" "${machine[@]}" -m "$image_mem" \
		-kernel "$image" -append "--ipv4=10.77.0.2/24 --http-port=80 ${image_log[*]} $*" \
		-netdev tap,id=service,ifname=service,script=no,downscript=no -device "$machine_net,netdev=service" ;;
	*-socket) start image ip netns exec "$space" "${image_under[@]}" "$image" --http-address=10.77.0.2 --http-port=80 \
		"${image_log[@]}" "$@" ;;
	*) start image ip netns exec "$space" "${image_under[@]}" "$image" --net:service=service --ipv4=10.77.0.2/24 \
		--http-port=80 "${image_log[@]}" "$@" ;;
	esac
	image_pid=$pid
	wait_port "$a" 10.77.0.2 80 || fail "the image listens" "$(image_said 25)"
	image_tells || return 0
	sleep 0.5
	image_alive=$(account)
}

# image_said [LINES]: the end of what it has said on both outputs, or all.
image_said() { tail -q -n "${1:-+1}" "$net_tmp/image.log" "$net_tmp/image.out"; }

# image_tells: can it be asked, while it runs, what it holds?  Signals do not reach into a tender.
image_tells() { [ "$image" != kernel ] && [ "$stack" != hvt ] && [ "$stack" != spt ] && [ "$stack" != virtio ]; }

# account: what is alive in the image: packets, memories, fibers.
account() {
	kill -USR1 "$image_pid"
	sleep 0.1
	image_said | sed -n 's/.*SIGUSR1: alive: \(.* fibers\),.*/\1/p' | tail -n 1
}

# image_back WHAT: all that connections held has come back while it runs on; fragments that
# never get whole are kept for 30 s (RFC 1122 section 3.3.2).
image_back() {
	local i
	image_tells || return
	for ((i = 0; i < 160; i++)); do
		[ "$(account)" = "$image_alive" ] && break
		sleep 0.25
	done
	is "$1: packets, memory and fibers have come back" "$(account)" "$image_alive"
}

# image_end WHAT: it has lived, and ends in order.
image_end() {
	local status bad
	image_back "$1"
	alive "$image_pid" && pass "$1: the image lives" || fail "$1: the image lives" "$(image_said 25)"
	stop "$image_pid"
	status=$?
	# The machine is turned off at once: nothing asks the image.
	[ "$image" != kernel ] && [ "$stack" != virtio ] || return
	is "$1: it ends with status 0" "$status" 0
	is "$1: and has given everything back" \
		"$(image_said | sed -n 's/.*the end: alive: //p')" \
		"0 packets, 0 memories, 0 fibers, 0 timers"
	bad=$(image_said | grep -E 'runtime error|Sanitizer|panic|crash:')
	is "$1: and has nothing to complain of" "$bad" ""
	[ "$status" = 0 ] && [ -z "$bad" ] || diag "$(image_said 40)"
}

# --- links -----------------------------------------------------------------------

# link_tap: our stack right on a tap of $a, or, on the host's sockets, at the other end of a
# veth.
link_tap() {
	netns_new a
	netns_new b
	if [ "$image" = kernel ] || [ "$stack" = socket ]; then
		veth_new "$a" service 10.77.0.1/24 "$b" net0 10.77.0.2/24 || fail "a link"
		in_ns "$b" sh -c 'echo 4096 >/proc/sys/net/core/somaxconn
			echo 65535 >/proc/sys/net/core/netdev_max_backlog' 2>/dev/null
		image_start "$b" "$@"
	else
		tap_new "$a" service 10.77.0.1/24 || fail "a link"
		image_start "$a" "$@"
	fi
}

# link_relay OPTION ...: the relay between $a and the image in $b.
link_relay() {
	netns_new a
	netns_new b
	image_link "$a" "$b" "$@" || fail "image_link $*"
	[ "$image" != kernel ] && [ "$stack" != socket ] || ip -n "$b" addr add 10.77.0.2/24 dev br0
	image_start "$b"
}

# link_end WHAT [relay]
link_end() {
	image_end "$1"
	[ $# = 1 ] || relay_stop
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
}

# --- tools -----------------------------------------------------------------------

tool() { local name=$1; shift; in_ns "$a" "$net_bin/$name" --to 10.77.0.2 --port 80 "$@" 2>&1; }
raw() { local name=$1; shift; tool "$name" --dev service --from 10.77.0.200 "$@"; }
# field JSON NAME
field() { sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" <<<"$1"; }

# --- cases -----------------------------------------------------------------------

# case_transfer WHAT BYTES: each way, with digest.
case_transfer() {
	local want way got
	want=$("$net_bin/peer" pattern "$2" | sha256sum | cut -d' ' -f1)
	for way in down up; do
		got=$(in_ns "$a" timeout "${3:-100}" "$net_bin/peer" $way 10.77.0.2 80 "$2" 2>&1)
		is "$1: $2 bytes $way" "${got##* }" "$want"
	done
}

# case_idle CONNECTIONS: held, then each is answered.
case_idle() {
	local out
	out=$(tool idle --connections "$1" --hold 2 --timeout 60 --path '/down?bytes=10')
	is "$1 idle connections" "$(field "$out" opened) $(field "$out" answered)" "$1 $1"
}

# case_active CONNECTIONS REQUESTS
case_active() {
	local out
	out=$(tool load --connections "$1" --requests "$2" --seconds 60 --path '/down?bytes=1000' --bytes 1000)
	is "$1 active connections" "$(field "$out" requests) $(field "$out" errors)" "$2 0"
}

# case_short REQUESTS: a connection for each.
case_short() {
	local out
	out=$(tool load --connections 50 --requests "$1" --seconds 60 --path '/down?bytes=1000' --close)
	is "$1 short connections" "$(field "$out" requests) $(field "$out" errors)" "$1 0"
}

# case_serves REQUESTS WHEN
case_serves() {
	local out
	out=$(tool load --connections 10 --requests "$1" --seconds 30 --path '/down?bytes=1000')
	is "$2" "$(field "$out" requests) $(field "$out" errors)" "$1 0"
}

# case_slow CONNECTIONS: they do not hold up the others.
case_slow() {
	local mode path slow_pid
	for mode in header body read; do
		path='/down?bytes=100000000'
		[ $mode != body ] || path=/up
		start slow ip netns exec "$a" "$net_bin/slow" --to 10.77.0.2 --port 80 --connections "$1" \
			--seconds 4 --mode $mode --path "$path"
		slow_pid=$pid
		case_serves 500 "slow clients ($mode) do not hold up the others"
		stop "$slow_pid"
	done
}

# case_resets COUNT: clients that go away in the middle of a body, each way, by RST.
case_resets() {
	local left
	left=$(in_ns "$a" timeout 60 perl -MSocket -e '
		my ($n) = @ARGV;
		for my $i (1 .. $n) {
			socket my $s, PF_INET, SOCK_STREAM, 0 or die $!;
			connect $s, sockaddr_in(80, inet_aton("10.77.0.2")) or die "$i: $!";
			setsockopt $s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0) or die $!;
			if ($i % 3 == 0) {
				syswrite $s, "PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" . "x" x 20000;
			} else {
				syswrite $s, "GET /down?bytes=99999999 HTTP/1.1\r\nHost: x\r\n\r\n";
				sysread $s, my $some, 3000 if $i % 3 == 1;
			}
			close $s;
		}
		print 0;' "$1" 2>&1)
	is "$1 clients vanish by RST" "$left" 0
}

# case_badpackets LISTEN_MS: everything of tools/badpackets.
case_badpackets() {
	local line
	raw badpackets --listen "$1" >"$net_tmp/bad"
	while read -r line; do
		case $line in
		ok\ *) pass "badpackets: ${line#ok * - }" ;;
		not\ ok\ *ip-source-subnet:*) [ "$image" = kernel ] &&
			skip "badpackets: ip-source-subnet" "Linux answers by broadcast" ||
			fail "badpackets: ${line#not ok * - }" ;;
		not\ ok\ *) fail "badpackets: ${line#not ok * - }" ;;
		esac
	done <"$net_tmp/bad"
}

# case_synflood COUNT
case_synflood() {
	local out
	out=$(raw synflood --from 10.77.0.201 --sources 50 --count "$1")
	is "$1 half-open connections" "$(field "$out" sent) $(field "$out" bad_acks)" "$1 0"
}
