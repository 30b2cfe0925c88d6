#!/usr/bin/env bash
# cache.t: objects that applications share: what is taken, what is not, and that nothing of it is an
# error.
. "$(dirname "$0")/../../tests/lib.sh"
need_tool
export XDG_CACHE_HOME=$tmp/cache NO_COLOR=1
unset MIRAGE_CACHE
export MIRAGE_CFLAGS=-O0 # compiles faster
store=$tmp/cache/mirage/obj

# A copy of the tree, to change what is in it.
mkdir -p "$tmp/tree/build"
cp -r "$root"/{types,abi,run,lib,targets,libc} "$tmp/tree/"
cp "$build/mirage" "$tmp/tree/build/"
mirage=$tmp/tree/build/mirage

application() { # NAME: a small one, in a folder of its own
	mkdir -p "$tmp/$1" && cd "$tmp/$1" || exit 1
	printf 'main-noip: %s.main\n' "$1" >"$1.conf"
	printf 'int %s_main(const struct app *app)\n{\n\treturn app == 0;\n}\n' "$1" >"$1.c"
}

# build [VARIABLE=VALUE ...] [OPTION ...]: from nothing; "hits misses offs".
built() {
	rm -rf mirage dist Makefile
	env "$@" "$mirage" configure >/dev/null 2>&1
	again "$@"
}
again() {
	local v=() o=() w
	for w; do case $w in -*) o+=("$w") ;; *) v+=("$w") ;; esac; done
	env "${v[@]+"${v[@]}"}" "$mirage" build -v "${o[@]+"${o[@]}"}" >"$tmp/log" 2>&1 || { echo "failed: $(tail -n 5 "$tmp/log")"; return; }
	echo "$(grep -hc '^cache: hit' "$tmp/log") $(grep -hc '^cache: miss' "$tmp/log") $(grep -hc '^cache: off' "$tmp/log")"
}

application first
read -r hits all offs <<<"$(built)"
is "nothing is there at first" "$hits $offs" "0 0"
check "all libraries are compiled" test "$all" -gt 20 || { diag "$(cat "$tmp/log")"; done_testing; }
cp dist/first "$tmp/image"
is "the same again: all from the cache" "$(built)" "$all 0 0"
check "the same bytes" cmp dist/first "$tmp/image"
is "nothing to do" "$(again)" "0 0 0"
is "the dependencies of a hit are whole" "$(touch "$tmp/tree/run/mir/loop.h"; again | awk '{ print ($1 > 0), $2 }')" "1 0"
is "--no-cache" "$(rm -rf mirage dist; again --no-cache)" "0 0 $all"
check "the same bytes without" cmp dist/first "$tmp/image"
is "MIRAGE_CACHE=off" "$(built MIRAGE_CACHE=off)" "0 0 $all"
check "the same bytes then, too" cmp dist/first "$tmp/image"

application second
is "another application" "$(built)" "$all 0 0"
mkdir -p "$tmp/tree/inside" && cd "$tmp/tree/inside" && cp "$tmp"/first/first.c "$tmp"/first/first.conf .
is "one inside the tree" "$(built)" "$all 0 0"
check "has the same bytes" cmp dist/first "$tmp/image"
cp -r "$tmp/tree" "$tmp/tree2"
cd "$tmp/first" || exit 1
is "another copy of the tree" "$(mirage=$tmp/tree2/build/mirage built)" "$all 0 0"
check "gives the same bytes" cmp dist/first "$tmp/image"

# --- what makes other objects -------------------------------------------------------

built >/dev/null
echo '/* more */' >>"$tmp/tree/run/mir/fiber.h"
read -r hits misses offs <<<"$(again)"
check "a header changed: what includes it is compiled" test "$misses" -gt 0 -a "$misses" -lt "$all"
is "and the rest is not" "$offs" 0
is "it is kept" "$(built)" "$all 0 0"
sed -i '$d' "$tmp/tree/run/mir/fiber.h"
is "the header as it was" "$(built | cut -d' ' -f2-)" "0 0"
check "has the image as it was" cmp dist/first "$tmp/image"
echo '/* more */' >>"$tmp/tree/run/fiber.c"
is "a source changed" "$(built)" "$((all - 1)) 1 0"
is "flags changed" "$(built MIRAGE_CFLAGS='-O0 -DMIR_X=1')" "0 $all 0"
is "and back" "$(built)" "$all 0 0"
is "a flag that writes or reads other files: not kept" "$(built MIRAGE_CFLAGS='-O0 -fstack-usage')" "0 0 $all"
printf '#!/bin/sh\nexec gcc "$@"\n' >"$tmp/mycc" && chmod +x "$tmp/mycc"
echo "compiler: $tmp/mycc" >>first.conf
is "another compiler" "$(built)" "0 $all 0"
is "the same again" "$(built)" "$all 0 0"
printf '#!/bin/sh\nexec gcc -DMIR_X=2 "$@"\n' >"$tmp/mycc"
is "a compiler that changed" "$(built)" "0 $all 0"
sed -i '$d' first.conf
printf 'struct x { int a; };\n#warning here\n' >>"$tmp/tree/run/err.c"
is "what warns warns again" "$(built >/dev/null; built; grep -c 'warning: #warning here' "$tmp/log")" "$((all - 1)) 1 0"$'\n1'
sed -i '$d' "$tmp/tree/run/err.c"

# --- what goes wrong is no error ------------------------------------------------------

built >/dev/null
for f in "$store"/*.o; do printf x | dd of="$f" bs=1 seek=500 conv=notrunc 2>/dev/null; done
is "broken objects are compiled" "$(built)" "0 $all 0"
is "and made good" "$(built)" "$all 0 0"
for f in "$store"/*; do : >"$f"; done
is "empty entries" "$(built)" "0 $all 0"
is "are made good" "$(built)" "$all 0 0"
is "no home" "$(built XDG_CACHE_HOME= HOME=)" "0 0 $all"
is "a folder that cannot be made" "$(built XDG_CACHE_HOME=/proc/none)" "0 0 $all"
chmod o+w "$store"
is "one that others may write to" "$(built)" "0 0 $all"
chmod o-w "$store"
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	is "read-only" "$(unshare -m bash -c "mount --bind '$store' '$store' && mount -o remount,bind,ro '$store' &&
		rm -rf mirage dist Makefile && '$mirage' build -v >'$tmp/log' 2>&1; echo \$?; grep -c '^cache: hit' '$tmp/log'")" "0"$'\n'"$all"
	is "a full disk" "$(unshare -m bash -c "mount -t tmpfs -o size=64k none '$store' && chmod 700 '$store' &&
		rm -rf mirage dist Makefile && '$mirage' build >'$tmp/log' 2>&1; echo \$?; find '$store' -name '*.tmp' | wc -l")" "0"$'\n'0
else
	skip "read-only, a full disk" "needs root and mount namespaces"
fi

# --- several at once, killed ones, the limit ------------------------------------------

rm -rf "$store"
application third
(built >"$tmp/one") &
one=$!
cd "$tmp/first" || exit 1
built >"$tmp/two"
wait "$one"
hasnt "two at once" "$(cat "$tmp/one" "$tmp/two")" failed
check "give the image as ever" cmp dist/first <(built >/dev/null; cat dist/first)
is "and fill the cache" "$(built)" "$all 0 0"

rm -rf "$store" mirage dist
start build "$mirage" build -j2
wait_for 10 bash -c "ls '$store' | grep -q '\.o'"
stop "$pid" KILL
hasnt "after kill -9" "$(again)" failed
is "the next is whole" "$(built)" "$all 0 0"

key=$(printf '%064d' 7)
touch -d '2 hours ago' "$store/$key.o.abcdef.tmp"
touch "$store/$key.d.abcdef.tmp" "$store/note"
size() { cat "$store"/*.[od] | wc -c; }
full=$(size)
again >/dev/null
is "temporary files go when they are old" "$(cd "$store" && ls ./*.tmp)" "./$key.d.abcdef.tmp"
is "within the limit all stays" "$(size)" "$full"
find "$store" -name '*.o' -exec touch -d '3 days ago' {} +
newest=$(find "$store" -name '*.o' | head -n 1)
touch "$newest"
again MIRAGE_CACHE=200K >/dev/null
check "what is oldest goes" test "$(size)" -le 204800
check "what was used last stays" test -e "$newest"
is "a limit that is none" "$(MIRAGE_CACHE=much "$mirage" build 2>&1 | grep -c "MIRAGE_CACHE is neither 'off' nor a size: 'much'")" 1

out=$("$mirage" clean --cache --dry-run)
has "clean --cache --dry-run says" "$out" "remove [0-9]+ files of $store"
check "and removes nothing" test -e "$newest"
check "clean --cache" "$mirage" clean --cache
is "leaves what is not its own" "$(ls "$store")" note
check "nor the application" test -x dist/first
is "then all is compiled" "$(built)" "0 $all 0"
done_testing
