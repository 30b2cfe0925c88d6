# lib.sh: what tests of the tool and of images share; bash, to be sourced.
#
#	. "$(dirname "$0")/lib.sh"
#	need_tool
#	check "builds" mirage build
#	done_testing
#
# TAP with the plan at the end; a temporary folder and, on demand, a network namespace, both gone
# afterwards whatever happens; processes by pid; waiting without fixed sleeps.

set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD:-$root/build}
case $build in /*) ;; *) build=$root/$build ;; esac
. "$root/tests/tap.sh"
tmp=$(mktemp -d)
lib_pids=() lib_space=

PATH=$build:$PATH

need_tool() { [ -x "$build/mirage" ] || { fail "$build/mirage is there" "make builds it"; done_testing; }; }

# --- processes -------------------------------------------------------------------

# start NAME COMMAND ...: in the background; its pid in $pid, both outputs in $tmp/NAME.log.
start() {
	local name=$1
	shift
	: >"$tmp/$name.log" # of an earlier one
	"$@" >>"$tmp/$name.log" 2>&1 </dev/null &
	pid=$!
	lib_pids+=("$pid")
}

# stop PID [SIGNAL]: ends it and waits; its exit status is the function's.
stop() {
	local p rest=()
	kill -"${2:-TERM}" "$1" 2>/dev/null
	for p in "${lib_pids[@]}"; do [ "$p" = "$1" ] || rest+=("$p"); done
	lib_pids=("${rest[@]+"${rest[@]}"}")
	wait "$1" 2>/dev/null
}

# wait_for SECONDS COMMAND ...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# --- networks --------------------------------------------------------------------

# Can there be a namespace with a tap here?  Says why not.
direct_impossible() {
	if [ "$(id -u)" != 0 ]; then
		echo "needs root"
	elif [ ! -c /dev/net/tun ]; then
		echo "needs /dev/net/tun"
	elif ! unshare -n true 2>/dev/null; then
		echo "needs network namespaces"
	elif ! command -v ip >/dev/null; then
		echo "needs ip (iproute2)"
	else
		return 1
	fi
}

# space_new: a network namespace with lo up for this test; "$in_space COMMAND ..." runs there.
in_space=
space_new() {
	lib_space=mirtest$$ in_space="ip netns exec mirtest$$"
	ip netns add $lib_space && ip -n $lib_space link set lo up
}

# A TCP port of this host that is free now.
free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
		LocalAddr => "127.0.0.1", ReuseAddr => 1)->sockport'
}

# --- the end ---------------------------------------------------------------------

lib_cleanup() {
	local p
	trap - EXIT
	for p in "${lib_pids[@]+"${lib_pids[@]}"}"; do kill "$p" 2>/dev/null; done
	for p in "${lib_pids[@]+"${lib_pids[@]}"}"; do wait "$p" 2>/dev/null; done
	[ -z "$lib_space" ] || ip netns del $lib_space 2>/dev/null
	rm -rf "$tmp"
}
trap lib_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
