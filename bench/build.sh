#!/bin/bash
# build.sh: how long the tool takes from sources to an image: with all in its caches, with objects compiled anew, and
# with the C library and the ports built from their sources, which are fetched before.
#
#	bench/build.sh [EXAMPLE ...]       default: hello lua sqlite (static_website_tls builds OpenSSL: minutes)

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mirage=$root/build/mirage
kept=${XDG_CACHE_HOME:-$HOME/.cache}/mirage
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[ $# -gt 0 ] || set -- hello lua sqlite

seconds() { # COMMAND ...
	local begin=$EPOCHREALTIME
	"$@" >"$tmp/said" 2>&1 || { tail -n 5 "$tmp/said" >&2; return 1; }
	awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}
build() { "$mirage" configure -t spt && "$mirage" depend -t spt && "$mirage" build -t spt; }
afresh() { rm -rf mirage dist && build; }

printf '%-20s %10s %10s %14s\n' 'seconds, -t spt' cached 'objects' 'from nothing'
for name; do
	cp -r "$root/examples/$name" "$tmp/$name"
	cd "$tmp/$name"
	build >/dev/null 2>&1 # what it needs is fetched and built
	cached=$(seconds afresh)
	objects=$(MIRAGE_CACHE=off seconds afresh)
	# A cache with sources alone.
	rm -rf "$tmp/cache"
	mkdir -p "$tmp/cache/mirage/ports" "$tmp/cache/mirage/libc"
	ln -s "$kept/libc/src" "$tmp/cache/mirage/libc/src"
	[ ! -d "$kept/ports/src" ] || ln -s "$kept/ports/src" "$tmp/cache/mirage/ports/src"
	nothing=$(XDG_CACHE_HOME=$tmp/cache seconds afresh)
	printf '%-20s %10s %10s %14s\n' "$name" "$cached" "$objects" "$nothing"
done
