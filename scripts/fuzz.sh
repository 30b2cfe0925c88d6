#!/bin/bash
# fuzz.sh SECONDS FUZZER...: runs each libFuzzer program for so long on its corpus, two at a time.
# New inputs stay in build/fuzz/corpus; what is worth keeping goes to the corpus beside the source.
set -u
seconds=$1
shift
cd "$(dirname "$0")/.."
list=$(git ls-files '*/fuzz/*.c' 2>/dev/null || find . -path '*/fuzz/*.c')

corpus_of() { # lib-tcp-segment -> lib/tcp/fuzz/corpus-segment
	local name c
	name=$(basename "$1")
	for c in $list; do
		c=${c#./}
		[ "$(echo "${c%.c}" | sed 's,fuzz/,,; s,/,-,g')" = "$name" ] && echo "$(dirname "$c")/corpus-$(basename "${c%.c}")"
	done
}

one() {
	local fuzzer=$1 name log kept
	name=$(basename "$fuzzer")
	log=build/fuzz/$name.log
	kept=$(corpus_of "$fuzzer")
	mkdir -p "build/fuzz/corpus/$name"
	# shellcheck disable=SC2086
	if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/$name-" -print_final_stats=1 \
		"build/fuzz/corpus/$name" ${kept:+$( [ -d "$kept" ] && echo "$kept")} >"$log" 2>&1; then
		echo "ok - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
	else
		echo "not ok - $name: see $log"
		return 1
	fi
}

failed=0
passed=0
running=()
reap() { # waits for the oldest
	if wait "${running[0]}"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
	running=("${running[@]:1}")
}
for fuzzer in "$@"; do
	[ ${#running[@]} -lt 2 ] || reap
	one "$fuzzer" &
	running+=($!)
done
while [ ${#running[@]} -gt 0 ]; do reap; done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
