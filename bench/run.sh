#!/bin/bash
# run.sh: every benchmark, on images of the examples made for it.
#
#	bench/run.sh [--quick] [--json FILE]

here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
case $build in /*) ;; *) build=$here/$build ;; esac
tool=$build/mirage
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
[ -x "$tool" ] || { echo "run.sh: $tool is not there; make builds it" >&2; exit 1; }

# image NAME MODE: builds a copy of the example for it; prints the image's path.
image() {
	local name=$1 mode=$2 work=$build/bench/$1-$2 net=--socket
	[ "$mode" = socket ] || net=--unix
	rm -rf "$work"
	mkdir -p "$work"
	(cd "$here/examples/$name" && tar cf - --exclude=./dist --exclude=./mirage --exclude=./Makefile .) |
		tar xf - -C "$work"
	if [ "$name" = www ]; then
		head -c 1024 /dev/zero | tr '\0' m >"$work/site/1k.bin"
		head -c 102400 /dev/zero | tr '\0' m >"$work/site/100k.bin"
	fi
	(cd "$work" && "$tool" configure $net && "$tool" build $net) >"$work/log" 2>&1 ||
		{ tail -n 20 "$work/log" >&2; return 1; }
	echo "$work/dist/$name"
}

status=0
for mode in socket direct; do
	for pair in http:www tcp:transfer; do
		echo
		if path=$(image "${pair#*:}" $mode); then
			"$here/bench/${pair%%:*}.sh" "$path" $mode "${options[@]}" "${json[@]}" || status=1
		else
			echo "run.sh: ${pair#*:} does not build for $mode" >&2
			status=1
		fi
	done
done
exit $status
