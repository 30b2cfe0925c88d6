#!/usr/bin/env bash
# ported.t: the examples that third-party libraries come with, as processes and as sealed images: Lua scripts, and an
# SQLite database whose disk outlives them all.
. "$(dirname "$0")/../lib.sh"
need_tool
[ "$(uname -m)" = x86_64 ] || skip_all "ports are tested on x86_64"
. "$root/tests/examples.sh"

targets="unix spt"
if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then targets+=" hvt"; fi
case $targets in *hvt) ;; *) skip "hvt" "no /dev/kvm" ;; esac

# here_for NAME TARGET: the example's own folder, configured for another target.
here_for() {
	cd "$tmp/$1" && check "$1: $2: configures" mirage configure -t "$2" &&
		check "$1: $2: what it needs is built" mirage depend -t "$2" && check "$1: $2: builds" mirage build -t "$2"
}

cp -r "$root/examples/lua" "$root/examples/sqlite" "$tmp"
for t in $targets; do
	here_for lua "$t" || continue
	is "lua: $t: a script, and one that it requires" "$(mirage run -t "$t" 2>/dev/null)" \
		$'primes below 50:\t2 3 5 7 11 13 17 19 23 29 31 37 41 43 47\n78498 of them are below a million'
	out=$(mirage run -t "$t" -- --script=fails 2>/dev/null)
	is "lua: $t: an error is the exit status" $? 1
	is "lua: $t: and it is told" "$out" $'so far\nerror: fails.lua:2: this is why'
	has "lua: $t: no such script" "$(mirage run -t "$t" -- --script=none 2>/dev/null)" "error: /none.lua: no such key"
done

n=0
for t in $targets; do
	here_for sqlite "$t" || continue
	n=$((n + 1))
	has "sqlite: $t: a note" "$(mirage run -t "$t" -- --add="a violin on $t" 2>/dev/null)" "$n  20.*  a violin on $t"
	has "sqlite: $t: is there after the image" "$(mirage run -t "$t" 2>/dev/null)" "$n  20.*  a violin on $t"
	is "sqlite: $t: with those of others" "$(mirage run -t "$t" -- --find=violin 2>/dev/null | wc -l)" $n
	is "sqlite: $t: by a word" "$(mirage run -t "$t" -- --find="$t" 2>/dev/null | wc -l)" 1
done
is "sqlite: the disk holds a database" "$(dd if=notes.img bs=64k skip=1 2>/dev/null | head -c 15)" "SQLite format 3"
if command -v sqlite3 >/dev/null; then
	dd if=notes.img of=notes.db bs=64k skip=1 2>/dev/null
	is "sqlite: that sqlite3 reads" "$(sqlite3 notes.db 'PRAGMA integrity_check; SELECT count(*) FROM note')" $'ok\n'$n
else
	skip "sqlite: that sqlite3 reads" "no sqlite3"
fi

# Killed in the middle of writing, again and again: what it had told is there.
t=unix
mirage configure -t unix >/dev/null 2>&1 && mirage build -t unix >/dev/null 2>&1
for i in 1 2 3 4 5; do
	mirage run -t unix -- --add="kill $i" >/dev/null 2>&1 &
	pid=$!
	sleep 0.0$i
	kill -9 "$(pgrep -P "$pid" sqlite | head -n 1)" 2>/dev/null
	wait "$pid" 2>/dev/null
done
mirage run -t unix >out 2>/dev/null
is "sqlite: killed at any time, it opens" $? 0
has "sqlite: with all notes" "$(cat out)" "$n  20.*  a violin"
printf 'somebody else' | dd of=notes.img conv=notrunc bs=1k seek=2 2>/dev/null
printf 'and here' | dd of=notes.img conv=notrunc 2>/dev/null
printf 'and here' | dd of=notes.img conv=notrunc bs=32k seek=1 2>/dev/null
out=$(mirage run -t unix 2>&1)
is "sqlite: a disk of somebody else" $? 1
has "sqlite: is left alone" "$out" "neither blank nor holds a database"
done_testing
