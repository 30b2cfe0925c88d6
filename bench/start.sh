#!/bin/bash
# start.sh [--rounds N] [--json FILE]: how long mirage-hvt and mirage-spt take to the first output of
# the shortest image and to the end, beside the least that a tender of each kind could do (floor) and
# a static program that does nothing (empty).

here=$(cd "$(dirname "$0")/.." && pwd)
rounds=300 json=
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2; shift ;;
	--json) json=$2; shift ;;
	--seconds) shift ;;
	--help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "start.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift
done
make -s -C "$here" tenders build/bench/start build/bench/floor-hvt build/bench/floor-spt || exit 1
build=$here/build
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
general=
[ "$(uname -m)" != x86_64 ] || general=-mgeneral-regs-only
# shellcheck disable=SC2086
{
	"$here/tender/tests/guests/build.sh" "$tmp/hvt" 1 hello.c $general &&
		"$here/tender/tests/guests/build.sh" "$tmp/ext" 1 hello.c -DEXT=15 -DFAULT=0 $general &&
		"$here/tender/tests/guests/build.sh" "$tmp/spt" 2 hello.c -Wno-unused-function
} || exit 1

programs=("$build/bench/floor-spt" "$build/mirage-spt --mem=2 $tmp/spt" "$build/mirage-spt --mem=512 $tmp/spt")
rows=("empty" "spt, 2 MiB" "spt, 512 MiB")
if { : <>/dev/kvm; } 2>/dev/null; then
	for mib in 2 512 4096; do
		programs+=("$build/bench/floor-hvt $mib" "$build/mirage-hvt --mem=$mib $tmp/hvt"
			"$build/mirage-hvt --mem=$mib $tmp/ext")
		rows+=("floor" "hvt, $mib MiB" "hvt with extensions, $mib MiB")
	done
else
	echo "start.sh: hvt skipped: no usable /dev/kvm" >&2
fi
printf '%-44s %-8s %10s %10s %10s %12s %12s\n' "start" unit empty floor tender tender/floor tender/empty
"$build/bench/start" "$rounds" "${programs[@]}" | paste -d '\t' <(printf '%s\n' "${rows[@]}") - |
	awk -F '\t' -v json="$json" '
	function row(what, value, floor) {
		printf "%-44s %-8s %10.0f %10.0f %10.0f %12.2f %12.2f\n", what, "us", empty, floor, value, value / floor, value / empty
		if (json)
			printf "{\"image\":\"start\",\"mode\":\"tender\",\"row\":\"%s\",\"unit\":\"us\",\"value\":%s,\"floor\":%s,\"ratio_floor\":%.6f,\"empty\":%s,\"ratio_empty\":%.6f}\n",
				what, value, floor, value / floor, empty, value / empty >>json
	}
	{ split($2, t, " ") }
	$1 == "empty" { empty = t[2]; output = end = t[2]; next }
	$1 == "floor" { output = t[1]; end = t[2]; next }
	{ row($1 ": first output", t[1], output); row($1 ": end", t[2], end) }'
exit "${PIPESTATUS[0]}"
