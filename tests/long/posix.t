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
has "on unix it is refused" "$(mirage configure -t unix 2>&1)" "has the C library of the host"

done_testing
