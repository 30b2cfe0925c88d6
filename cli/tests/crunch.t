#!/usr/bin/env bash
# crunch.t: folders as objects: what is in them, what is refused, when make makes them anew.
. "$(dirname "$0")/../../tests/lib.sh"
need_tool
cd "$tmp" || exit 1

crunch() { mirage crunch "$@"; }

# A program that prints the store: kind, key, size, type, first bytes, start of the digest.
cat >list.c <<'C'
#include <stdio.h>
#include <mir/crunch.h>
extern const struct mir_crunch_index mir_crunch_web;
int main(void)
{
	for (uint64_t i = 0; i < mir_crunch_web.count; i++) {
		const struct mir_crunch_entry *e = &mir_crunch_web.entries[i];
		printf("%u %s %llu %s", e->kind, e->path, (unsigned long long)e->size, e->mime ? e->mime : "-");
		if (e->kind == MIR_CRUNCH_VALUE)
			printf(" %.*s %02x%02x %d", e->size < 3 ? (int)e->size : 3, (const char *)e->data,
			    e->digest[0], e->digest[1], (int)((uintptr_t)e->data % 64));
		printf("\n");
	}
	return 0;
}
C
list() { cc -I"$root/types" -I"$root/lib/crunch" list.c web.o -o list && ./list; }

mkdir -p web/a/x web/a-b web/empty 'web/with blank'
printf 'hello' >web/index.html
printf '{}' >web/a/x/y.JSON
printf 'z' >web/a-b/z
printf '' >web/nil
printf '$' >'web/with blank/#$x'\''".txt'
printf 'x' >web/.well-known
ln -s ../index.html web/a/link.html
ln -s x web/a/folder
touch web/note~ web/.note.swp
check "embeds a folder" crunch web web.o --name web
is "index: sorted, with sizes, types, bytes, digests; all aligned" "$(list)" "\
2 / 7 -
1 /.well-known 1 application/octet-stream x 2d71 0
2 /a 3 -
2 /a-b 1 -
1 /a-b/z 1 application/octet-stream z 594e 0
2 /a/folder 1 -
1 /a/folder/y.JSON 2 application/json {} 4413 0
1 /a/link.html 5 text/html; charset=utf-8 hel 2cf2 0
2 /a/x 1 -
1 /a/x/y.JSON 2 application/json {} 4413 0
2 /empty 0 -
1 /index.html 5 text/html; charset=utf-8 hel 2cf2 0
1 /nil 0 application/octet-stream  e3b0 0
2 /with blank 1 -
1 /with blank/#\$x'\".txt 1 text/plain; charset=utf-8 \$ 09fc 0"

cp web.o first.o
check "again" crunch web web.o --name web
check "same folder, same bytes" cmp first.o web.o
SOURCE_DATE_EPOCH=1000000000 crunch web early.o --name web
touch web/index.html
SOURCE_DATE_EPOCH=1000000000 crunch web late.o --name web
check "SOURCE_DATE_EPOCH bounds the times" cmp early.o late.o
check "another symbol" crunch web other.o --symbol my_store
has "is in the object" "$(nm other.o)" "D my_store"
check "for another machine" crunch web arm.o --name web --machine aarch64
has "is for that" "$(readelf -hr arm.o)" "AArch64.*R_AARCH64_ABS64"
hasnt "no executable stack, no warning" "$(ld -r web.o -o /dev/null 2>&1; readelf -SW web.o | grep GNU-stack)" "X|warning"

# --- refused ---------------------------------------------------------------------

refused() { # NAME PATTERN: what `web` is now, is refused with that message
	local out
	rm -f bad.o
	out=$(crunch web bad.o --name web 2>&1)
	is "$1: status" $? 1
	has "$1: says so" "$out" "$2"
	is "$1: leaves nothing behind" "$(ls bad.o* 2>/dev/null)" ""
}
ln -s /etc/passwd web/out; refused "link to outside" "web/out: the symbolic link leads out of the folder, to /etc/passwd"; rm web/out
ln -s ../web2 web/out; mkdir web2; refused "link to a folder beside" "leads out"; rm web/out
ln -s nowhere web/out; refused "dangling link" "leads to nothing"; rm web/out
ln -s out web/out; refused "link to itself" "in a circle"; rm web/out
ln -s .. web/a/x/up; refused "link to a folder above" "web/a/x/up: a symbolic link to a folder that it is in"; rm web/a/x/up
mkfifo web/fifo; refused "fifo" "web/fifo: neither a file nor a folder"; rm web/fifo
touch $'web/new\nline'; refused "line feed in a name" "control character"; rm $'web/new\nline'
truncate -s 3G web/huge; refused "huge file" "web/huge: 3221225472 bytes are more"; rm web/huge
if [ "$(id -u)" != 0 ]; then chmod 0 web/nil; refused "unreadable" "web/nil: cannot be read"; chmod 644 web/nil; fi
out=$(crunch nowhere bad.o --name x 2>&1); has "missing folder" "$out" "'nowhere' cannot be compiled in: No such file"
out=$(crunch list.c bad.o --name x 2>&1); has "a file" "$out" "is a file, not a folder"
out=$(crunch web bad.o 2>&1); is "no name: status" $? 2
out=$(SOURCE_DATE_EPOCH=never crunch web bad.o --name x 2>&1); has "no number" "$out" "SOURCE_DATE_EPOCH is 'never'"

# --- with make ---------------------------------------------------------------------

cat >Makefile <<M
all: out
out: web.o ; @echo link; touch out
web.o: ; @echo crunch; $build/mirage crunch web \$@ --name web
-include web.o.d
M
# Clocks of files tick every few milliseconds: what changes after a build must be younger.
remake() { sleep 0.02; make 2>&1 | tr '\n' ' '; sleep 0.02; }
remake >/dev/null
is "nothing has changed" "$(remake)" "make: Nothing to be done for 'all'. "
echo more >>web/index.html; is "a file has changed" "$(remake)" "crunch link "
echo more >>'web/with blank/#$x'\''".txt'; is "one with an odd name" "$(remake)" "crunch link "
touch web/a/new; is "one is new" "$(remake)" "crunch link "
rm web/a/new; is "one is gone" "$(remake)" "crunch link "
rm -r web/a-b; is "a folder is gone" "$(remake)" "crunch link "
is "nothing has changed since" "$(remake)" "make: Nothing to be done for 'all'. "
touch 'web/a:b=*%.txt'; is "a name that make cannot read" "$(remake)" "crunch link "
is "is looked at each time, and left if it is the same" "$(remake)" "crunch "
echo y >'web/a:b=*%.txt'; is "its change counts" "$(remake)" "crunch link "

# --- large -------------------------------------------------------------------------

mkdir large
for i in $(seq 1 20); do truncate -s 5M "large/$i.bin"; done
check "100 MB pass through 40 MB of address space" bash -c "ulimit -v 40000; exec '$build/mirage' crunch large large.o --name large"
is "all of it" $(($(stat -c %s large.o) > 100000000)) 1
mkdir nothing
check "an empty folder" crunch nothing nothing.o --name nothing
done_testing
