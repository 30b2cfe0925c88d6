#!/bin/bash
# endure.t: what an image meets in a long life: many connections one after the other, lost
# neighbours, another address from DHCP, a device that goes away, an output that is full.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
PATH=$PATH:/usr/sbin
need_root
need ip ping perl load conform dnsmasq

rounds() {
	local i
	for i in 1 2 3 4 5; do case_short 10000; done
}
ticks() { awk '{ print $14 + $15 }' "/proc/$image_pid/stat"; }
# calm NAME: it does not turn in circles: of a second at most a third.
calm() {
	local before
	before=$(ticks)
	sleep 1
	between "$1" $(($(ticks) - before)) 0 33
}

# --- 5 rounds of 10000 connections; those of the first are still in TIME_WAIT in the last
image_choose socket
link_tap
rounds
link_end "rounds, socket"
image_choose direct
link_tap
rounds
link_end "rounds, direct"

# --- neighbours that come and go under load
link_tap
start load ip netns exec "$a" "$net_bin/load" --to 10.77.0.2 --port 80 --connections 20 --seconds 5 \
	--path '/down?bytes=20000' --bytes 20000
load_pid=$pid
sleep 0.5
for i in 1 2 3 4 5 6 7 8; do
	ip -n "$a" neigh flush dev service
	sleep 0.1
done
is "under load, pings are answered, and who asks for the address" \
	"$(for i in 1 2 3 4 5; do ip -n "$a" neigh flush dev service
		in_ns "$a" ping -c 1 -W 2 10.77.0.2 | grep -c 'bytes from'; done | xargs)" "1 1 1 1 1"
ip -n "$a" link set service down
sleep 0.5
ip -n "$a" link set service up
wait "$load_pid"
is "the device is down for half a second: the load goes on" \
	"$(field "$(cat "$net_tmp/load.out")" errors)" 0
link_end neighbours

# --- another address while there is load
dhcp_start() { # FIRST LAST
	rm -f "$net_tmp/leases"
	start dnsmasq ip netns exec "$a" dnsmasq --no-daemon --conf-file=/dev/null --port=0 --user=root \
		--interface=service --bind-interfaces --dhcp-authoritative --no-ping \
		--dhcp-range="$1,$2,255.255.255.0,2m" --dhcp-option=58,2 --dhcp-option=59,4 \
		--dhcp-leasefile="$net_tmp/leases"
	dhcp_pid=$pid
}
netns_new a
netns_new b
tap_new "$a" service 10.77.0.1/24
dhcp_start 10.77.0.50 10.77.0.50
start image ip netns exec "$a" "$image" --net:service=service --dhcp=true --http-port=80 "${image_log[@]}"
image_pid=$pid
check "it listens on the address that DHCP gives" wait_port "$a" 10.77.0.50 80 20
sleep 0.5
image_alive=$(account)
start load ip netns exec "$a" "$net_bin/load" --to 10.77.0.50 --port 80 --connections 20 --seconds 12 \
	--path '/down?bytes=20000'
load_pid=$pid
sleep 1
stop "$dhcp_pid"
dhcp_start 10.77.0.60 10.77.0.60
check "under load, the server gives another: it moves" wait_port "$a" 10.77.0.60 80 20
out=$(in_ns "$a" "$net_bin/load" --to 10.77.0.60 --port 80 --connections 10 --requests 200 --seconds 20 \
	--path '/down?bytes=20000' --bytes 20000)
is "and serves there" "$(field "$out" requests) $(field "$out" errors)" "200 0"
in_ns "$a" ping -c 1 -W 1 10.77.0.50 >/dev/null && fail "the old address is gone" || pass "the old address is gone"
stop "$load_pid"
image_end "DHCP"
stop "$dhcp_pid"
ip netns del "$a"
ip netns del "$b"
net_spaces=()

# --- the device goes away
link_tap
start load ip netns exec "$a" "$net_bin/load" --to 10.77.0.2 --port 80 --connections 20 --seconds 3 \
	--path '/down?bytes=20000'
load_pid=$pid
sleep 0.5
ip -n "$a" link del service
sleep 0.5
is "a device that is removed: it says so, once" "$(image_said | grep -c 'the host has removed the device')" 1
alive "$image_pid" && pass "and lives" || fail "and lives" "$(image_said 25)"
calm "and waits calmly"
stop "$load_pid"
stop "$image_pid"
is "and ends with status 0" $? 0
ip netns del "$a"
ip netns del "$b"
net_spaces=()

# --- outputs that take nothing
for output in full closed broken asleep; do
	netns_new a
	tap_new "$a" service 10.77.0.1/24
	start image ip netns exec "$a" bash -c '
		case $1 in
		full) exec >/dev/full 2>&1 ;;
		closed) exec >&- 2>&- ;;
		broken) exec > >(exec true) 2>&1 ;;
		asleep) exec > >(exec sleep 20) 2>&1 ;;
		esac
		shift
		exec "$@"' "$net_tmp/image" $output \
		"$image" --net:service=service --ipv4=10.77.0.2/24 --http-port=80 --http-access-log --logs=debug
	image_pid=$pid
	check "output $output: it listens" wait_port "$a" 10.77.0.2 80
	case_serves 3000 "output $output: it serves"
	stop "$image_pid"
	is "output $output: it ends with status 0" $? 0
	ip netns del "$a"
	net_spaces=()
done
done_testing
