#!/bin/bash
# yield.sh: what it costs an image to let others run, and to wait for nothing, beside one call of
# the host: a system call under spt, an exit of the guest under hvt.

. "$(dirname "$0")/lib.sh"

bench_options "usage: yield.sh IMAGE spt|hvt [option ...]
Measures IMAGE (bench/yield), each act with a process of its own, alternately.
  --rounds N         (7)
  --seconds N        not used
  --json FILE        append a line for each row" "$@"
need taskset awk
tender=${net_bin%/tests/net}/mirage-$bench_mode

# ns ACT COUNT: of one.
ns() {
	local out
	out=$("${bench_serve[@]}" "$tender" --mem=16 -- "$bench_image" --act="$1" --count="$2") || die "$1: $out"
	awk '/^ns/ { printf "%.3f\n", $2 / $4 }' <<<"$out"
}

count=300000 few=100000
[ "$bench_mode" = spt ] || few=3000
for ((round = 0; round < bench_rounds; round++)); do
	for act in $(in_turn $round yield past poll call); do
		case $act in
		yield) result "yield" ns image "$(ns yield $count)" ;;
		past) result "sleep until a past time" ns image "$(ns past $count)" ;;
		poll) result "look at the devices" ns image "$(ns poll $few)" ;;
		call)
			t=$(ns call $few)
			for row in "yield" "sleep until a past time" "look at the devices"; do
				result "$row" ns call "$t"
			done
			;;
		esac
	done
done
report call
