#!/usr/bin/env bash
# posix-threads.t: threads and signals of C programs in images, beside the same on Linux; and programs of the
# Open POSIX Test Suite.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/guest.sh"
need_tool
[ "$(uname -m)" = x86_64 ] || skip_all "the images of this test are for x86_64"

mkdir "$tmp/threads" && cd "$tmp/threads" || exit 1
cp "$root/tests/posix/threads.c" .
printf 'main-posix: main\n' >threads.conf
gcc -O1 -w -pthread -o on-linux threads.c || { fail "compiles on Linux"; done_testing; }
timeout 30 ./on-linux >linux.txt 2>&1
is "on Linux: exit status" $? 0

for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target" "$why"
		continue
	fi
	mirage configure -t $target >errors 2>&1 && mirage build >errors 2>&1 ||
		{ fail "$target: builds" "$(tail -n 5 errors)"; continue; }
	timeout 30 mirage run >image.txt 2>&1
	is "$target: exit status" $? 0
	is "$target: as on Linux" "$(diff linux.txt image.txt)" ""
	for how in exit main-exits; do
		expected=$(timeout 10 ./on-linux $how 2>&1; echo "status $?")
		is "$target: $how" "$(timeout 10 mirage run -- $how 2>&1; echo "status $?")" "$expected"
	done
	out=$(timeout 10 mirage run -- abort 2>&1)
	is "$target: abort" $? 255
	has "$target: says so" "$out" "abort\\(\\) was called"
	out=$(timeout 10 mirage run -- overflow 2>&1)
	is "$target: stack overflow" $? 255
	has "$target: names the thread" "$out" "digger"
	timeout 10 mirage run -- signal >/dev/null 2>&1
	is "$target: a signal that ends it" $? 143
	start wait "$build/mirage-$target" "dist/threads.$target" wait
	wait_for 10 grep -q waits "$tmp/wait.log"
	stop "$pid"
	is "$target: SIGTERM from outside" $? 143
	start handle "$build/mirage-$target" "dist/threads.$target" handle
	wait_for 10 grep -q waits "$tmp/handle.log"
	stop "$pid"
	is "$target: which it handles" $? 0
	has "$target: in its handler" "$(cat "$tmp/handle.log")" "then 15"
done

# --- the suite: a few of each kind; make check-posix runs all ----------------------

guest_why_not spt >"$tmp/why" && { skip "Open POSIX Test Suite" "$(cat "$tmp/why")"; done_testing; }
some="pthread_create/1-1 pthread_join/1-1 pthread_mutex_lock/1-1 pthread_cond_wait/1-1 pthread_cancel/1-1
	pthread_rwlock_wrlock/1-1 pthread_barrier_wait/1-1 pthread_once/1-1 pthread_key_create/1-1
	pthread_spin_lock/1-1 sem_open/1-1 sem_wait/1-1 sigaction/1-1 sigwait/1-1 sigaltstack/1-1
	timer_create/1-1 nanosleep/1-1 clock_nanosleep/1-1 pthread_kill/1-1"
# shellcheck disable=SC2086
if out=$("$root/tests/posix/suite.sh" "$tmp/suite" $some 2>"$tmp/suite.log"); then
	is "Open POSIX Test Suite: $(wc -l <<<"$out") programs pass" "$(grep -v ' pass$' <<<"$out")" ""
elif grep -q 'cannot be reached' "$tmp/suite.log"; then
	skip "Open POSIX Test Suite" "no network for its source, and none in the cache"
else
	fail "Open POSIX Test Suite" "$(tail -n 5 "$tmp/suite.log")"
fi
done_testing
