#!/usr/bin/env bash
# programs.t: programs that others wrote, built from Debian's sources by the toolchain, unpatched, as images under
# the tenders: the interpreter of Lua, the shell of SQLite, the server of Redis.
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

if program lua; then
mkdir -p "$tmp/lua/scripts" && cd "$tmp/lua" || exit 1
cat >lua.conf <<E2
main-posix: $program_folder/src/lua
fs-scripts: scripts
arguments:  /scripts/first.lua
E2
cp "$root/tests/programs/first.lua" scripts
for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target: lua" "$why"
		continue
	fi
	check "$target: lua: configure" mirage configure -t $target
	check "$target: build" mirage build
	out=$(mirage run --mem=64 -- one two 2>&1)
	is "$target: its exit status" $? 7
	is "$target: a script" "$(grep -v '^ok' <<<"$out")" ""
	between "$target: that comes to its end" "$(grep -c '^ok' <<<"$out")" 12 100
done
fi

# --- sqlite ----------------------------------------------------------------------

# In a store; on a disk, which the host's sqlite3 has made and reads afterwards.
if program sqlite; then
mkdir "$tmp/sqlite" && cd "$tmp/sqlite" || exit 1
cat >sqlite.conf <<E2
main-posix: $program_folder/sqlite3
kv-data:    mem
block-disk: disk.img
E2
query="create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
insert into t select i, 'row ' || i from n; create index x on t(b); select count(*), sum(a) from t;
select a from t where b = 'row 777'; update t set b = upper(b) where a = 1; select b from t limit 1; pragma integrity_check;"
for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target: sqlite" "$why"
		continue
	fi
	check "$target: sqlite: configure" mirage configure -t $target
	check "$target: build" mirage build
	rm -f disk.img
	if command -v sqlite3 >/dev/null; then
		sqlite3 disk.img "create table seen(what)"
	else
		skip "$target: a database on a disk" "sqlite3 is not installed"
	fi
	truncate -s 4M disk.img
	is "$target: a database in a store" "$(mirage run --mem=64 -- /data/a.db "$query" 2>&1)" \
		$'5000|12502500\n777\nROW 1\nok'
	if command -v sqlite3 >/dev/null; then
		is "$target: on a disk" "$(mirage run --mem=64 -- /dev/disk "pragma journal_mode = memory;
			insert into seen values('by an image'); select * from seen;" 2>&1)" $'memory\nby an image'
		is "$target: is there afterwards" "$(sqlite3 disk.img "select * from seen; pragma integrity_check")" $'by an image\nok'
	fi
done
fi

# --- redis -----------------------------------------------------------------------

if ! command -v redis-benchmark >/dev/null; then
	skip "redis" "redis-tools is not installed"
elif why=$(direct_impossible); then
	skip "redis" "$why"
elif program redis; then
mkdir "$tmp/redis" && cd "$tmp/redis" || exit 1
cat >redis.conf <<E2
main-posix: $program_folder/src/redis-server
needs:      stack
kv-data:    mem
arguments:  --dir /data --save "" --appendonly yes --protected-mode no
E2
space_new
cli() { $in_space redis-cli -h 10.0.0.2 "$@" 2>&1; }
for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target: redis" "$why"
		continue
	fi
	check "$target: redis: configure" mirage configure -t $target
	check "$target: build" mirage build
	start redis $in_space mirage run --mem=96
	check "$target: answers" wait_for 20 eval '[ "$(cli ping)" = PONG ]'
	is "$target: set" "$(cli set word value)" OK
	is "$target: get" "$(cli get word)" value
	is "$target: a script of Lua" "$(cli eval 'return redis.call("get", KEYS[1]) .. "!"' 1 word)" 'value!'
	out=$($in_space redis-benchmark -h 10.0.0.2 -q -n 5000 -c 20 -t set,get,lpush,zadd 2>&1 | tr '\r' '\n' | grep 'per second')
	diag "$out"
	is "$target: redis-benchmark" "$(wc -l <<<"$out")" 4
	between "$target: keeps a log of writes" "$(cli info persistence | tr -d '\r' | sed -n 's/^aof_current_size://p')" 100000 10000000
	cli shutdown nosave >/dev/null
	wait "$pid"
	is "$target: ends" $? 0
done
fi
done_testing
