#!/usr/bin/env bash
# programs.t: programs that others wrote, built from Debian's sources by the toolchain, as images under the
# tenders: the interpreter of Lua.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/guest.sh"
. "$root/tests/program.sh"
need_tool
[ "$(uname -m)" = x86_64 ] || skip_all "the images of this test are for x86_64"
if ! said=$("$root/libc/build.sh" x86_64 2>&1); then
	case $said in
	*"cannot be reached"*) skip_all "no network for the source of musl, and none in the cache" ;;
	esac
	fail "libc/build.sh x86_64" "$said"
	done_testing
fi
eval "$(mirage toolchain --env)"

# --- a program of one's own ------------------------------------------------------

mkdir -p "$tmp/own/program" && cd "$tmp/own" || exit 1
cat >program/main.c <<'E2'
#include <stdio.h>
const char *text(void);
int main(int argc, char **argv) { return printf("%s %s\n", text(), argc > 1 ? argv[1] : "-") < 0; }
E2
echo 'const char *text(void) { return "first"; }' >program/text.c
echo 'main-posix: program/prog' >own.conf
compile() { (cd program && $CC -c main.c && $CC -c text.c && $AR rcs libtext.a text.o && $CC -o prog main.o -L. -ltext); }
said=$(mirage configure -t spt 2>&1)
is "a program that is not there" $? 1
has "says where" "$said" "own.conf:1:.*there is no file 'program/prog'"
cp /bin/true program/prog
has "one of the host" "$(mirage configure -t spt 2>&1)" "was not linked by x86_64-mirage-cc"
check "a program is built" compile
check "configure" mirage configure -t spt
check "build" mirage build
is "runs" "$(mirage run -- one 2>&1)" "first one"
has "nothing is linked again" "$(mirage build 2>&1)" "^dist/own.spt [^"$'\n'"]*\$"
echo 'const char *text(void) { return "second"; }' >program/text.c
sleep 0.01
compile
is "until the program is built again" "$(mirage build >/dev/null 2>&1 && mirage run -- two 2>&1)" "second two"
rm program/main.o
has "of what is gone" "$(mirage build 2>&1)" "what 'program/prog' was linked of is gone: .*main.o"

# --- lua -------------------------------------------------------------------------

program lua || done_testing
mkdir -p "$tmp/lua" && cd "$tmp/lua" || exit 1
echo "main-posix: $program_folder/src/lua" >lua.conf
for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target: lua" "$why"
		continue
	fi
	check "$target: lua: configure" mirage configure -t $target
	check "$target: build" mirage build
	is "$target: runs" "$(mirage run -- -e 'print(_VERSION, math.sin(1))' 2>&1)" $'Lua 5.4\t0.8414709848079'
done
done_testing
