#!/usr/bin/env bash
# examples.t: each example, copied to another folder, is configured, built and run there: on the
# sockets of the host and, where root may, on the project's own stack over a tap.
. "$(dirname "$0")/lib.sh"
need_tool

. "$root/tests/examples.sh"

# --- without a network ------------------------------------------------------------

inside= where="run"
if built hello; then
	is "hello: greets" "$(mirage run 2>/dev/null)" "Hello from a unikernel!"
	is "hello: by itself" "$(dist/hello)" "Hello from a unikernel!"
	check "hello: has nothing of the network" bash -c "! nm dist/hello | grep -q 'mir_tcp\|mir_http\|mir_ipv4'"
	check "hello: help" dist/hello --help
	dist/hello --no-such-key >/dev/null 2>&1
	is "hello: a bad boot argument" $? 64
	check "hello: cleans" mirage clean
	is "hello: and nothing is left" "$(ls)" $'README.md\nhello.c\nhello.conf'
fi

if built clock; then
	out=$(mirage run -- --count=2 2>/dev/null)
	has "clock: two lines" "$out" ^wall\ 20[0-9-]+\ [0-9:.]+\ UTC,\ monotonic\ \\+0\\.[0-9]{6}\ s$'\n'wall\ .*\\+1\\.[0-9]{6}\ s$
	start clock mirage run -- --count=0
	wait_for 10 grep -q wall "$tmp/clock.log"
	ends clock
	start clock dist/clock --count=0
	wait_for 10 grep -q wall "$tmp/clock.log"
	stop "$pid" INT
	is "clock: ends with status 0 at SIGINT" $? 0
fi

if built app-keys; then
	is "app-keys: defaults" "$(mirage run 2>/dev/null)" "greeting: hello, world
loud:     no
retries:  3
cache:    65536 bytes
listen:   7000
server:   192.0.2.1
subnet:   192.0.2.0/24
patience: 1500 ms
mood:     calm"
	is "app-keys: as told" "$(mirage run -- --greeting='good evening' --loud --cache=2M \
		--subnet=198.51.100.0/24 --retries 5 --patience=2s --mood=wild --server=192.0.2.9 --listen=1 2>/dev/null)" \
		"greeting: GOOD EVENING
loud:     yes
retries:  5
cache:    2097152 bytes
listen:   1
server:   192.0.2.9
subnet:   198.51.100.0/24
patience: 2000 ms
mood:     wild"
	for bad in --retries=many --cache=1X --listen=70000 --server=nowhere --subnet=1.2.3.4/33 --patience=1y --mood=odd --loud=maybe --greating=hi; do
		dist/app-keys $bad >out 2>&1
		is "app-keys: $bad" $? 64
	done
	has "app-keys: did you mean" "$(cat out)" "greeting"
	has "app-keys: help lists the keys" "$(dist/app-keys --help)" "--greeting.*what to say"
	rm -f out
	check "app-keys: another default" mirage configure --greeting=hi
	check "app-keys: builds again" mirage build
	has "app-keys: that counts" "$(dist/app-keys)" "greeting: hi"
fi

# --- on the sockets of the host ---------------------------------------------------

where=socket
if built ping; then
	if out=$(mirage run -- --peer=127.0.0.1 --count=3 --interval=50ms --size=100 2>&1); then
		has "ping: three replies" "$out" "3 packets transmitted, 3 received, 0% packet loss"
		has "ping: the bytes of one" "$out" "108 bytes from 127.0.0.1: icmp_seq=1 .*time="
		has "ping: statistics" "$out" "rtt min/avg/max/mdev = [0-9.]+/[0-9.]+/[0-9.]+/[0-9.]+ ms"
		start ping dist/ping --peer=127.0.0.1 --count=0 --interval=20ms
		wait_for 10 grep -q icmp_seq=3 "$tmp/ping.log"
		stop "$pid" INT
		is "ping: ctrl-C ends with the status of what was seen" $? 0
		has "ping: and with statistics" "$(cat "$tmp/ping.log")" "packets transmitted"
	elif [[ $out =~ "permission denied" ]]; then
		skip "ping: three replies" "the host permits no echo requests"
	else
		fail "ping: three replies" "$out"
	fi
	dist/ping --peer=127.0.0.1 --size=70000 >/dev/null 2>&1
	is "ping: a size that is too large" $? 2
fi

if built echo; then
	port=$(free_port)
	serving echo 127.0.0.1 "$port" mirage run -- --port="$port"
	test_echo 127.0.0.1 "$port"
	ends echo
fi

if built www; then
	port=$(free_port)
	serving www 127.0.0.1 "$port" mirage run -- --http-port="$port" --http-address=127.0.0.1
	test_www "http://127.0.0.1:$port"
	ends www
fi

if built kv; then
	port=$(free_port)
	serving kv 127.0.0.1 "$port" mirage run -- --http-port="$port"
	test_kv "http://127.0.0.1:$port"
	ends kv
	serving kv 127.0.0.1 "$port" mirage run -- --http-port="$port" --store-size=100k
	head -c 70000 /dev/zero >value
	is "kv: a store that is full" \
		"$(status -T value "http://127.0.0.1:$port/1") $(status -T value "http://127.0.0.1:$port/2")" "201 507"
	ends kv
fi

if built transfer; then
	port=$(free_port)
	serving transfer 127.0.0.1 "$port" dist/transfer --http-port="$port"
	test_transfer "http://127.0.0.1:$port"
	body "http://127.0.0.1:$port/down?bytes=200000000" >/dev/null
	peak=$(memory_peak "$pid")
	if [ "$peak" -lt 40000 ]; then
		pass "transfer: 200 MB do not stay in memory"
	else
		fail "transfer: 200 MB do not stay in memory" "$peak kB at the peak"
	fi
	ends transfer
fi

if built chat; then
	port=$(free_port)
	serving chat 127.0.0.1 "$port" mirage run -- --http-port="$port"
	test_chat 127.0.0.1 "$port"
	ends chat
fi

if built dhcp-client; then
	out=$(mirage run 2>&1)
	is "dhcp-client: the host's sockets cannot" $? 1
	has "dhcp-client: and it says what can" "$out" "net=direct"
fi

# --- on a tap ---------------------------------------------------------------------

if why=$(direct_impossible); then
	skip "examples on a tap" "$why"
	done_testing
fi
space_new
where=direct inside=$in_space

if built ping --unix; then
	out=$($in_space mirage run --unix -- --count=3 --interval=100ms 2>&1)
	is "ping: direct: status" $? 0
	has "ping: direct: replies of the host" "$out" "3 packets transmitted, 3 received, 0% packet loss"
	out=$($in_space mirage run --unix -- --peer=10.0.0.77 --count=2 --interval=100ms 2>&1)
	is "ping: direct: nobody there" $? 1
	has "ping: direct: all lost" "$out" "2 packets transmitted, 0 received, 100% packet loss"
	is "ping: direct: the tap is gone" "$($in_space ip -o link | grep -vc ': lo')" 0
fi

if built echo --unix; then
	serving echo 10.0.0.2 7007 $in_space mirage run --unix
	test_echo 10.0.0.2 7007
	ends echo
fi

if built www --unix; then
	serving www 10.0.0.2 8080 $in_space mirage run --unix
	check "www: direct: answers ping" $in_space ping -c 1 -W 2 10.0.0.2
	test_www http://10.0.0.2:8080
	ends www
fi

if built kv --unix; then
	serving kv 10.0.0.2 8081 $in_space mirage run --unix
	test_kv http://10.0.0.2:8081
	ends kv
fi

if built transfer --unix; then
	serving transfer 10.0.0.2 8082 $in_space mirage run --unix
	test_transfer http://10.0.0.2:8082
	ends transfer
fi

if built chat --unix; then
	serving chat 10.0.0.2 8083 $in_space mirage run --unix
	test_chat 10.0.0.2 8083
	ends chat
fi

if built dhcp-client --unix; then
	if command -v dnsmasq >/dev/null || [ -x /usr/sbin/dnsmasq ]; then
		$in_space ip tuntap add dev tap9 mode tap
		$in_space ip addr add 192.0.2.1/24 dev tap9
		$in_space ip link set tap9 up
		start dnsmasq $in_space env PATH="$PATH:/usr/sbin" dnsmasq --no-daemon --conf-file=/dev/null --port=0 --user=root \
			--interface=tap9 --bind-interfaces --dhcp-range=192.0.2.10,192.0.2.20,2m --dhcp-leasefile="$tmp/leases"
		server=$pid
		start dhcp-client $in_space mirage run --unix --net:service=tap9
		wait_for 15 grep -q 'address 192\.0\.2\.' "$tmp/dhcp-client.log"
		has "dhcp-client: gets an address" "$(cat "$tmp/dhcp-client.log")" "address 192\.0\.2\.[12][0-9]?/24"
		has "dhcp-client: tells the lease" "$(cat "$tmp/dhcp-client.log")" "lease   from 192\.0\.2\.1, gateway 192\.0\.2\.1, for 1[0-9]* s, renewed in [0-9]* s"
		ends dhcp-client
		stop "$server"
	else
		skip "dhcp-client: gets an address" "needs dnsmasq"
	fi
fi

done_testing
