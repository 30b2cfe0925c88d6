#!/bin/bash
# xen.t: images as PVH guests of a real Xen with a Debian dom0: console, clock, requests to end,
# network over netback and a bridge, disk over blkback, save and restore, crashes, attempts to get out.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/lib.sh"
need_tool
xen_need

mkdir "$tmp/guests" "$tmp/images"

# image NAME SOURCE: built from the folder, for dom0.
image() {
	cp -r "$2" "$tmp/images/$1" && cd "$tmp/images/$1" || exit 1
	check "$1: configures" mirage configure -t xen && check "$1: C library" mirage depend -t xen &&
		check "$1: builds" mirage build -t xen
	cp dist/*.xen "$tmp/guests/$1.xen"
	cd "$tmp" || exit 1
}

image hello "$root/examples/hello"
image echo "$root/examples/echo"
image www "$root/examples/www"
image ping "$root/examples/ping"
image disk "$root/tests/block/app"
image attempt "$root/tests/isolation/app"

xen_run "${XEN_SECONDS:-300}" "$tmp/guests" <"$xen_here/cases.sh" >"$tmp/out"
xen_report $?
done_testing
