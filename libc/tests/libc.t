#!/bin/bash
# libc.t: builds the C library, compiles plain C programs with x86_64-mirage-cc, runs them under the
# tenders.
. "$(dirname "$0")/../../tests/lib.sh"
. "$root/tests/guest.sh"

recipe=$root/libc/build.sh
arch=$(uname -m)
cc=$build/$arch-mirage-cc
[ -x "$cc" ] || { fail "$cc is there" "make builds it"; done_testing; }

# --- the library -----------------------------------------------------------------

if ! said=$("$recipe" "$arch" 2>&1); then
	case $said in
	*"cannot be reached"*) skip_all "no network for the source of musl, and none in the cache" ;;
	esac
	fail "libc/build.sh $arch" "$said"
	done_testing
fi
pass "libc/build.sh $arch"
folder=$("$recipe" --find "$arch")
check "what is built is found" test -s "$folder/lib/libc.a"
is "and is not built again" "$("$recipe" "$arch" "$tmp/link" 2>&1)" ""
is "the folder is linked to" "$(readlink -f "$tmp/link")" "$(readlink -f "$folder")"
is "no system call is left" "$(objdump -d "$folder/lib/libc.a" | grep -cE '\s(syscall|sysenter|svc)\s')" 0

# What it says when it cannot, with programs in place of apt's and the compiler's.
fake=$tmp/fake
mkdir "$fake"
fake() { # NAME LINE ...
	{ echo '#!/bin/sh'; printf '%s\n' "${@:2}"; } >"$fake/$1"
	chmod +x "$fake/$1"
}
empty() { XDG_CACHE_HOME=$tmp/empty PATH=$fake:$PATH "$recipe" "$@" 2>&1; }
fake apt-get 'echo "Err:1 http://a.example stable InRelease  Could not resolve '\''a.example'\''"'
fake apt-cache 'exit 100'
has "without a network" "$(empty "$arch")" "the package server cannot be reached"
fake apt-get 'echo "W: GPG error: http://a.example stable InRelease: NO_PUBKEY 123"'
has "with a key that apt does not trust" "$(empty "$arch")" "not signed by a key that apt trusts"
fake apt-get 'exit 0'
has "with nothing on offer" "$(empty "$arch")" "apt offers no source of musl"
fake df 'echo head; echo "x 1 1 1000 1% /"'
has "without space" "$(empty "$arch")" "no space: 200 MB are needed"
has "without a compiler" "$(CC=no-such-cc empty "$arch")" "no-such-cc is not installed"
is "an interrupted build leaves nothing" "$(ls -d "$tmp"/empty/mirage/libc/work.* 2>/dev/null)" ""
has "an unknown processor" "$("$recipe" vax 2>&1)" "x86_64\|aarch64"

# apt's sources, in both ways to write them, as the recipe reads them.
mkdir -p "$tmp/etc/parts"
printf '# no\ndeb [arch=amd64] http://a.example/debian stable main # yes\ndeb-src http://a.example/debian stable main\n' \
	>"$tmp/etc/list"
printf 'Types: deb\nURIs: http://b.example\nSuites: s\nComponents: main\n\nEnabled: no\nTypes: deb\nURIs: http://c.example\n' \
	>"$tmp/etc/parts/x.sources"
printf 'deb cdrom:[x]/ stable main\n' >"$tmp/etc/parts/y.list"
fake apt-config "echo \"list='$tmp/etc/list'; parts='$tmp/etc/parts/'\""
fake apt-get "cat \"\$(dirname \"\$APT_CONFIG\")\"/parts/* >$tmp/seen"
rm "$fake/df"
empty "$arch" >/dev/null
is "entries of lists" "$(grep -c '^deb-src .*a.example' "$tmp/seen")" 2
is "of deb822 files" "$(grep -A 1 '^Types: deb-src' "$tmp/seen" | grep -o '[abc].example')" b.example
hasnt "not of disks, nor what is off" "$(cat "$tmp/seen")" 'cdrom|c\.example|^deb '

# --- the compiler ----------------------------------------------------------------

cd "$tmp" || exit 1
printf '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n' >hello.c
has "-E" "$("$cc" -E hello.c)" "puts"
check "-c" "$cc" -c hello.c -o hello.o
check "-S" "$cc" -S hello.c
hasnt "-M names no header of the host" "$("$cc" -M hello.c | tr ' ' '\n')" '/usr/include'
echo '-c hello.c -o answered.o' >answer
check "a file of arguments" "$cc" @answer
check "its object" test -s answered.o
has "from standard input" "$(echo 'x y __mirage__' | "$cc" -E -)" "x y 1"
check "--version" "$cc" --version
has "no shared libraries" "$("$cc" -shared hello.c 2>&1)" "no shared libraries"
has "no libraries of the host" "$("$cc" hello.c -lz 2>&1)" "cannot find libz.a"
has "before the library is built" "$(XDG_CACHE_HOME=$tmp/empty "$cc" hello.c 2>&1)" \
	"'mirage depend -t spt' does that"
has "no such target" "$("$cc" --mirage-target=unix hello.c 2>&1)" "no target 'unix' with a C library"
has "a mistake in the program" "$(echo 'int main(void) { return x; }' | "$cc" -x c - 2>&1)" "'x' undeclared"

# --- programs under the tenders --------------------------------------------------

for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target" "$why"
		continue
	fi
	check "$target: links" "$cc" --mirage-target=$target -O2 -Wall -Wno-infinite-recursion -o "all.$target" \
		"$root/libc/tests/plain/all.c" -lm
	out=$("$build/mirage-$target" --mem=8 "all.$target" one "and two" 2>&1)
	is "$target: exit status" $? 0
	has "$target: ran to its end" "$out" $'\n# atexit$'
	is "$target: all of all.c" "$(grep -v '^ok ' <<<"$out" | grep -v '^#')" "1..$(grep -c '^ok ' <<<"$out")"
	check "$target: links an object" "$cc" --mirage-target=$target -o "hello.$target" hello.o
	is "$target: hello" "$("$build/mirage-$target" "hello.$target")" hello
	printf '#include <stdlib.h>\nint main(void) { abort(); }\n' >abort.c
	"$cc" --mirage-target=$target -o "abort.$target" abort.c
	out=$("$build/mirage-$target" "abort.$target" 2>&1)
	is "$target: abort" $? 255
	has "$target: says so" "$out" "abort\\(\\) was called"
done

mkdir "with space" && cp hello.c "with space/" && cd "with space" || exit 1
check "a folder with a space" "$cc" -o hello hello.c
done_testing
