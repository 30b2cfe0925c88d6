#!/bin/bash
# mem.sh: the least memory (--mem, MiB) with which each example starts and does its work, and the
# resident memory of its process, tender and image together, with 512 MiB: beside that of a program
# that only sleeps.

. "$(dirname "$0")/lib.sh"
. "$bench_dir/../tests/net/image.sh"

most=64
bench_option() { [ "$1" = most ] && most=$2; }
bench_options "usage: mem.sh examples spt|hvt [option ...]
Builds the examples and looks for the least --mem of each by halving.
  --most MIB         where to begin (64)
  --rounds N         not used
  --seconds N        not used
  --json FILE        append a line for each row" "$@"
need_root
need ip taskset awk
tender=${net_bin%/tests/net}/mirage-$bench_mode
step=1 # hvt: MiB come in twos
[ "$bench_mode" = spt ] || step=2
netns_new a
tap_new "$a" service 10.77.1.1/24 || die "cannot make a tap"

# begin PATH MIB ARGUMENT ...: in the background, as $pid
begin() {
	local path=$1 mib=$2 net=()
	shift 2
	[ -z "$port" ] || net=(--net:service=service)
	[ -z "$port" ] || set -- --ipv4=10.77.1.2/24 "$@"
	start image ip netns exec "$a" "$tender" --mem="$mib" "${net[@]}" -- "$path" "$@"
}
listens() { in_ns "$a" bash -c "exec 3<>/dev/tcp/10.77.1.2/$port" 2>/dev/null; }
# works PATH MIB: it listens, or ends with 0.
works() {
	local ok=1 i
	begin "$1" "$2" $arguments
	if [ -z "$port" ]; then
		wait "$pid"
		return
	fi
	for ((i = 0; i < 100; i++)); do
		listens && { ok=0; break; }
		alive "$pid" || break
		sleep 0.05
	done
	stop "$pid"
	return $ok
}
least() { # PATH: the least that works, in steps
	local low=0 high=$((most / step)) middle
	works "$1" "$most" || { echo -; return; }
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		if works "$1" $((middle * step)); then high=$middle; else low=$middle; fi
	done
	echo $((high * step))
}
rest() { # PATH: kB
	local kb
	if [ -n "$port" ]; then
		begin "$1" 512 $arguments
		wait_for 10 listens
	else
		begin "$1" 512 --delay=20s
		sleep 0.5
	fi
	kb=$(resident "$pid")
	stop "$pid" KILL
	echo "$kb"
}

sleep 1000 &
sleeper=$!
sleep 0.2
for example in hello: app-keys: clock:: echo:7007 kv:8081 transfer:8082 www:8080; do
	IFS=: read -r name port _ <<<"$example"
	arguments=
	[ "$name" != clock ] || arguments=--count=1
	path=$(image_build "$name" "$bench_mode") || die "$name does not build"
	mib=$(least "$path")
	[ "$mib" = - ] || result "$name, least memory" MiB image "$mib"
	result "$name, resident" kB image "$(rest "$path")"
	result "$name, resident" kB sleep "$(resident $sleeper)"
done
kill $sleeper
report sleep
