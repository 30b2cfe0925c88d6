# lib.sh: what network tests share; bash, to be sourced.  TAP with the plan at the
# end, network namespaces that are gone afterwards whatever happens, processes by
# pid, waiting without fixed sleeps, and the impairment relay.
#
#	. "$(dirname "$0")/lib.sh"
#	need_root; need curl
#	netns_new a; netns_new b
#	bad_link $a $b --loss 1% --delay 20ms
#	check "gets the page" in_ns $a curl -fsS http://10.77.0.2/
#	done_testing

set -u
net_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
net_bin=${BUILD:-$net_root/build}
case $net_bin in /*) ;; *) net_bin=$net_root/$net_bin ;; esac
net_bin=$net_bin/tests/net
. "$net_root/tests/tap.sh"
net_tmp=$(mktemp -d)
net_spaces=() net_pids=()

# --- what is needed --------------------------------------------------------------

need_root() {
	[ "$(id -u)" = 0 ] || skip_all "needs root for network namespaces"
	[ -c /dev/net/tun ] || skip_all "needs /dev/net/tun"
	unshare -n true 2>/dev/null || skip_all "needs network namespaces"
}

# need PROGRAM ...: on the PATH, or of this folder's own.
need() {
	local p
	for p; do
		command -v "$p" >/dev/null || [ -x "$net_bin/$p" ] || skip_all "needs $p"
	done
}

# --- namespaces, taps, veths -----------------------------------------------------

# in_ns NAMESPACE COMMAND ...
in_ns() { ip netns exec "$@"; }

# netns_new VARIABLE: a new namespace, quiet (no IPv6) and with lo up; its name goes
# into the variable.
netns_new() {
	local net_name=mir$$-$1
	ip netns add "$net_name" || { fail "netns $net_name"; done_testing; }
	net_spaces+=("$net_name")
	in_ns "$net_name" sh -c 'for f in all default; do
		echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done 2>/dev/null; ip link set lo up'
	printf -v "$1" %s "$net_name"
}

# tap_new NAMESPACE NAME [CIDR]: a tap that waits for someone to open it.
tap_new() {
	ip -n "$1" tuntap add dev "$2" mode tap && ip -n "$1" link set "$2" up || return
	[ $# -lt 3 ] || ip -n "$1" addr add "$3" dev "$2"
}

# veth_new NAMESPACE NAME CIDR NAMESPACE NAME CIDR: a pair, both up; "-" = no address.
veth_new() {
	ip -n "$1" link add "$2" type veth peer name "$5" netns "$4" || return
	[ "$3" = - ] || ip -n "$1" addr add "$3" dev "$2"
	[ "$6" = - ] || ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up && ip -n "$4" link set "$5" up
}

# mac_of NAMESPACE DEVICE
mac_of() { ip -n "$1" link show "$2" | sed -n 's/.*link\/ether \([^ ]*\).*/\1/p'; }

# neighbours NS DEV ADDR NS DEV ADDR: each learns the other for good, without ARP.
neighbours() {
	ip -n "$1" neigh replace "$6" lladdr "$(mac_of "$4" "$5")" dev "$2" nud permanent
	ip -n "$4" neigh replace "$3" lladdr "$(mac_of "$1" "$2")" dev "$5" nud permanent
}

# --- processes -------------------------------------------------------------------

# start NAME COMMAND ...: in the background; its pid in $pid, its output (both) in
# $net_tmp/NAME.log, its standard output in $net_tmp/NAME.out.
start() {
	local name=$1
	shift
	rm -f "$net_tmp/$name.out" "$net_tmp/$name.log"
	"$@" >"$net_tmp/$name.out" 2>"$net_tmp/$name.log" </dev/null &
	pid=$!
	net_pids+=("$pid")
}

# stop PID [SIGNAL]: end it and wait; its status is the function's.
stop() {
	local i rest=()
	kill -"${2:-TERM}" "$1" 2>/dev/null
	for i in "${net_pids[@]}"; do [ "$i" = "$1" ] || rest+=("$i"); done
	net_pids=("${rest[@]+"${rest[@]}"}")
	wait "$1" 2>/dev/null
}

alive() { kill -0 "$1" 2>/dev/null; }

# wait_for SECONDS COMMAND ...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

net_connects() { in_ns "$1" timeout 1 bash -c ": </dev/tcp/$2/$3"; }

# wait_port NAMESPACE ADDRESS PORT [SECONDS]: until something listens there.
wait_port() { wait_for "${4:-10}" net_connects "$1" "$2" "$3"; }

# --- the relay -------------------------------------------------------------------

# relay_start OPTION ...: returns when frames pass; $relay_pid.
relay_start() {
	: >"$net_tmp/relay.json"
	start relay "$net_bin/relay" --stats "$net_tmp/relay.json" "$@"
	relay_pid=$pid
	wait_for 5 grep -q 'relay: ready' "$net_tmp/relay.log" ||
		{ diag "$(cat "$net_tmp/relay.log")"; return 1; }
}

# relay_stop: end it; relay_stats: write the counters of a running one.
relay_stop() { stop "$relay_pid"; }
net_longer() { [ "$(wc -l <"$net_tmp/relay.json")" -gt "$1" ]; }
relay_stats() {
	local lines
	lines=$(wc -l <"$net_tmp/relay.json")
	kill -USR1 "$relay_pid" && wait_for 5 net_longer "$lines"
}

# relay_count ab|ba FIELD: from the last line of counters.
relay_count() {
	tail -n 1 "$net_tmp/relay.json" |
		sed -n "s/.*\"$1\":{\([^}]*\)}.*/,\1,/p" | sed -n "s/.*,\"$2\":\"\{0,1\}\([^,\"]*\).*/\1/p"
}

# bad_link NAMESPACE NAMESPACE OPTION ...: two kernels, 10.77.0.1 on tap bad0 in the
# first and 10.77.0.2 on tap bad0 in the second, with the relay between them.
bad_link() {
	local a=$1 b=$2
	shift 2
	tap_new "$a" bad0 10.77.0.1/24 && tap_new "$b" bad0 10.77.0.2/24 &&
		relay_start --a "tap:bad0@$a" --b "tap:bad0@$b" "$@"
}

# bad_link_down NAMESPACE NAMESPACE
bad_link_down() {
	relay_stop
	ip -n "$1" link del bad0
	ip -n "$2" link del bad0
}

# image_link NAMESPACE NAMESPACE OPTION ...: the kernel of the first namespace has
# 10.77.0.1 on tap bad0; in the second, tap "service" waits for an image (its
# address: 10.77.0.2), bridged to the relay.  The bridge's kernel segments what the
# image sends with segmentation offload, so that the relay sees frames of a wire.
image_link() {
	local a=$1 b=$2
	shift 2
	tap_new "$a" bad0 10.77.0.1/24 && tap_new "$b" bad0 && tap_new "$b" service &&
		ip -n "$b" link add br0 type bridge && ip -n "$b" link set bad0 master br0 &&
		ip -n "$b" link set service master br0 && ip -n "$b" link set br0 up &&
		relay_start --a "tap:bad0@$a" --b "tap:bad0@$b" "$@"
}

# --- the end ---------------------------------------------------------------------

# A child that a signal meets before it has become its program runs the trap, too.
net_cleanup() {
	local p n
	[ "$BASHPID" = $$ ] || return
	trap - EXIT
	for p in "${net_pids[@]+"${net_pids[@]}"}"; do kill "$p" 2>/dev/null; done
	for p in "${net_pids[@]+"${net_pids[@]}"}"; do wait "$p" 2>/dev/null; done
	for n in "${net_spaces[@]+"${net_spaces[@]}"}"; do ip netns del "$n" 2>/dev/null; done
	rm -rf "$net_tmp"
}
trap net_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
