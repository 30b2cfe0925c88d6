#!/usr/bin/env bash
# posix.t: C programs that know nothing of Mirage, as images.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/guest.sh"
need_tool
[ "$(uname -m)" = x86_64 ] || skip_all "the images of this test are for x86_64"

mkdir "$tmp/hello" && cd "$tmp/hello" || exit 1
cat >hello.conf <<'E2'
main-posix:  main
arguments:   --first "two words"
environment: HOME=/here, TZ=UTC
kv-data:     mem
E2
cat >hello.c <<'E2'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = dup(1);

	for (int i = 0; i < argc; i++)
		printf("%d %s\n", i, argv[i]);
	printf("HOME %s\n", getenv("HOME"));
	fflush(stdout);
	dprintf(fd, "dup %d\n", fd);
	close(fd);
	if (argc > 4)
		exit(3);
}
E2
for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target" "$why"
		continue
	fi
	check "$target: configure" mirage configure -t $target
	check "$target: build" mirage build
	out=$(mirage run 2>&1)
	is "$target: ends when main returns" $? 0
	is "$target: arguments, environment, descriptors" "$out" \
		$'0 hello\n1 --first\n2 two words\nHOME /here\ndup 3'
	out=$(mirage run -- --data-size 1M more --logs=info -- --logs=x 2>&1)
	is "$target: exit" $? 3
	is "$target: what is no boot argument is the program's" "$(head -n 5 <<<"$out")" \
		$'0 hello\n1 --first\n2 two words\n3 more\n4 --logs=x'
done
# The same program on Linux and in an image, the lines compared: what differs is a mistake.
same() { # NAME CONF-LINES ARGUMENT HERE: tests/posix/NAME.c, ARGUMENT where it works, on Linux HERE
	mkdir -p "$tmp/$1/here" && cd "$tmp/$1" || return
	cp "$root/tests/posix/$1.c" .
	printf 'main-posix: main\n%b' "$2" >"$1.conf"
	gcc -O1 -o on-linux "$1.c" 2>errors || { fail "$1 on Linux" "$(cat errors)"; return; }
	timeout 60 ./on-linux "$tmp/$1/$4" >linux.txt 2>&1
	is "$1 on Linux: exit status" $? 0
	for target in spt hvt; do
		if why=$(guest_why_not $target); then
			skip "$1, $target" "$why"
			continue
		fi
		mirage configure -t $target >errors 2>&1 && mirage build >errors 2>&1 ||
			{ fail "$1, $target: builds" "$(tail -n 5 errors)"; continue; }
		timeout 60 mirage run -- "$3" >image.txt 2>errors
		is "$1, $target: exit status" $? 0
		is "$1, $target: as on Linux" "$(diff linux.txt image.txt)" ""
	done
}
same files 'kv-data: mem\n' /data here
same pipes '' none none
mkdir "$tmp/big" && truncate -s 1G "$tmp/big/file"
same big 'block-big: disk.img\nbig-size: 1G\n' /dev/big file

cd "$tmp/hello" || exit 1
has "on unix it is refused" "$(mirage configure -t unix 2>&1)" "has the C library of the host"

done_testing
