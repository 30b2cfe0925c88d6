#!/bin/bash
# idle.sh: memory at rest and for each idle connection, beside nginx.  The memory is the
# process's; what a kernel keeps for host sockets is not in it, what our own stack
# keeps is.

. "$(dirname "$0")/lib.sh"

connections=5000 path=/1k.bin bench_rounds=1
bench_option() {
	case $1 in
	connections) connections=$2 ;;
	path) path=$2 ;;
	*) return 1 ;;
	esac
}
bench_options "usage: idle.sh IMAGE socket|direct|spt|hvt [option ...]
Measures the memory of IMAGE (or nginx, against itself) and nginx, at rest and with
connections that are idle; afterwards each is asked for a page.
  --connections N    (5000)
  --path PATH        what is asked for (/1k.bin)
  --rounds N         with new processes each (1)
  --json FILE        append a line for each row" "$@"
need_root
need ip nginx taskset awk idle
root=$net_tmp/root
mkdir "$root"
head -c 1024 /dev/urandom >"$root/${path##*/}"

# measure SIDE PID ADDRESS PORT PATH
measure() {
	local rest held holder
	rest=$(resident "$2")
	result "memory at rest" kB "$1" "$rest"
	start idle ip netns exec "$a" "$net_bin/idle" --to "$3" --port "$4" --connections "$connections" \
		--hold 3 --path "$5" --timeout 30
	holder=$pid
	wait_for 30 grep -q "holding $connections" "$net_tmp/idle.log" ||
		die "$1 does not hold $connections connections: $(cat "$net_tmp/idle.log")"
	sleep 0.5
	held=$(resident "$2")
	result "memory, $connections idle connections" kB "$1" "$held"
	result "each" bytes "$1" "$(awk -v d=$((held - rest)) -v n="$connections" 'BEGIN { print d * 1024 / n }')"
	wait "$holder" || die "$1 does not answer all: $(cat "$net_tmp/idle.out")"
	result "memory afterwards" kB "$1" "$(resident "$2")"
}

for ((round = 0; round < bench_rounds; round++)); do
	two_namespaces
	nginx_start nginx 10.77.0.2 80 "$root"
	nginx_pid=$pid
	if [ "$bench_image" = nginx ]; then
		image_addr=10.77.0.2 image_port=8080
		nginx_start image $image_addr $image_port "$root"
		image_pid=$pid path=/${path##*/}
	else
		image_start
	fi
	measure nginx "$nginx_pid" 10.77.0.2 80 "/${path##*/}"
	measure image "$image_pid" "$image_addr" "$image_port" "$path"
	stop "$image_pid"
	stop "$nginx_pid"
	ip netns del "$a"
	ip netns del "$b"
	net_spaces=()
done
report nginx
