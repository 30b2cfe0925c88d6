#!/bin/bash
# size.sh: bytes of images and times of builds, beside the least that C can do here, a
# hello of gcc -O2, stripped, linked dynamically and statically, and beside the program
# of nginx, without the libraries that it needs.
#
#	bench/size.sh [--json FILE]

. "$(dirname "$0")/lib.sh"
. "$bench_dir/../tests/net/image.sh"
bench_mode=unix bench_image=examples
[ "${1-}" != --json ] || bench_json=$2
need gcc strip awk nginx
export MIRAGE_CACHE=off # from nothing: without what other builds have left

seconds() { # COMMAND ...: how long it takes
	local begin=$EPOCHREALTIME
	"$@" >/dev/null 2>"$net_tmp/errors" || { tail -n 5 "$net_tmp/errors" >&2; return 1; }
	awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}
bytes() { # FILE: stripped
	strip -o "$net_tmp/stripped" "$1" && stat -c %s "$net_tmp/stripped"
}

printf '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n' >"$net_tmp/hello.c"
floor_build() { gcc -O2 "$@" -o "$net_tmp/hello" "$net_tmp/hello.c"; }
nginx=$(bytes "$(command -v nginx)")
dynamic_s=$(seconds floor_build) && dynamic=$(bytes "$net_tmp/hello")
static_s=$(seconds floor_build -static) && static=$(bytes "$net_tmp/hello")

sealed='' cc=$bench_dir/../libc/$(uname -m)-mirage-cc
if "$bench_dir/../libc/build.sh" "$(uname -m)" >/dev/null; then sealed="hello:spt hello:hvt www:spt www:hvt"; fi

for pair in hello:socket www:socket www:direct $sealed; do
	name=${pair%:*} mode=${pair#*:} suffix=
	case $mode in spt | hvt) suffix=.$mode ;; esac
	rm -rf "$image_out/images/$name-$mode"
	cold=$(seconds image_build "$name" "$mode") || { echo "size.sh: $name does not build for $mode" >&2; continue; }
	image=$image_out/images/$name-$mode/dist/$name$suffix
	result "$name, $mode: image" bytes image "$(stat -c %s "$image")"
	result "$name, $mode: stripped" bytes image "$(bytes "$image")"
	result "$name, $mode: stripped" bytes nginx "$nginx"
	[ "$name" != www ] || result "www, $mode: stripped, without its files" bytes image \
		$(($(bytes "$image") - $(find "$image_out/images/$name-$mode/site" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')))
	result "$name, $mode: built from nothing" s image "$cold"
	result "$name, $mode: built again" s image "$(seconds image_build "$name" "$mode")"
	for side in dynamic static; do
		size=$side time=${side}_s
		result "$name, $mode: stripped" bytes "$side" "${!size}"
		result "$name, $mode: built from nothing" s "$side" "${!time}"
	done
done
# The least that prints, as a C program alone.
for target in ${sealed:+spt hvt}; do
	"$cc" --mirage-target=$target -Os -o "$net_tmp/min" "$bench_dir/hello-min.c" &&
		result "hello-min, $target: stripped" bytes image "$(bytes "$net_tmp/min")"
done
report dynamic static nginx
