#!/bin/bash
# run.sh: every benchmark, on images of the examples made for it.
#
#	bench/run.sh [--quick] [--json FILE]

here=$(cd "$(dirname "$0")/.." && pwd)
options=() json=()
while [ $# -gt 0 ]; do
	case $1 in
	--quick) options=(--rounds 1 --seconds 1) ;;
	--json) json=(--json "$(realpath -m "$2")"); shift ;;
	--help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "run.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift
done
. "$here/tests/net/image.sh"

status=0
"$here/bench/fiber.sh" "${json[@]}" || status=1
for mode in socket direct; do
	for pair in http:www tcp:transfer; do
		echo
		if path=$(image_build "${pair#*:}" $mode); then
			"$here/bench/${pair%%:*}.sh" "$path" $mode "${options[@]}" "${json[@]}" || status=1
		else
			echo "run.sh: ${pair#*:} does not build for $mode" >&2
			status=1
		fi
	done
done
exit $status
