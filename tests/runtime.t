#!/usr/bin/env bash
# runtime.t: how an image of each target ends: by itself, by signals, by its own bugs; and that a
# simulated one does the same again.
. "$(dirname "$0")/lib.sh"
need_tool

mkdir "$tmp/end" && cd "$tmp/end" || exit 1
cat >end.conf <<'EOF'
main-noip: end.main
needs:     console, clock, random
key-how:   string "return" "how to end"
EOF
cat >end.c <<'EOF'
#include "mirage/app.h"
#include <mir/fiber.h>
#include <mir/loop.h>
#include <mir/panic.h>
#include <string.h>

static int deeper(volatile char *up)
{
	volatile char here[500];

	here[0] = up[0];
	return deeper(here) + here[0];
}

static void overflow(void *arg)
{
	(void)arg;
	deeper("x");
}

static void wild(void *arg)
{
	volatile uintptr_t address = 0x10;

	(void)arg;
	*(volatile int *)address = 1;
}

static void idle(void *arg)
{
	(void)arg;
	mir_sleep(MIR_SECOND(1000));
}

int end_main(const struct app *app)
{
	const char *how = app->keys.how;
	uint32_t number;

	mir_random_fill(app->random, &number, sizeof(number));
	mir_console_printf(app->console, "number %u\n", number);
	mir_spawn("idler", idle, NULL);
	if (!strcmp(how, "overflow"))
		mir_spawn("digger", overflow, NULL);
	if (!strcmp(how, "wild"))
		mir_spawn("stray", wild, NULL);
	if (!strcmp(how, "panic"))
		mir_panic("for a test");
	if (!strcmp(how, "return"))
		return 7;
	mir_console_printf(app->console, "waiting\n");
	if (mir_clock_sleep(app->clock, MIR_SECOND(600)) == 0)
		return 8;
	mir_shutdown_acknowledge();
	mir_clock_sleep(app->clock, !strcmp(how, "slow") ? MIR_SECOND(600) : MIR_MS(10));
	mir_console_printf(app->console, "cleaned up\n");
	return 9;
}
EOF

check "unix: builds" mirage configure -t unix --net=socket && check "unix: image" mirage build
out=$(dist/end) status=$?
is "unix: the status of main" $status 7
out=$(dist/end --how=overflow 2>&1) status=$?
is "unix: stack overflow: status" $status 255
has "unix: stack overflow: the fiber" "$out" 'stack overflow of fiber digger'
has "unix: stack overflow: the function" "$out" '#[0-9]+ +0x[0-9a-f]+ deeper'
out=$(dist/end --how=wild 2>&1) status=$?
is "unix: a wild pointer: status" $status 255
has "unix: a wild pointer: where" "$out" 'SIGSEGV at address 0x10 in fiber stray'
has "unix: a wild pointer: registers" "$out" '(rip|pc) +[0-9a-f]{16}'
out=$(dist/end --how=panic 2>&1) status=$?
is "unix: panic: status" $status 255
has "unix: panic: text" "$out" 'panic in fiber main: for a test'
has "unix: panic: backtrace" "$out" 'end_main'
has "unix: panic: the others" "$out" 'fiber idler: '

ready() { grep -q waiting "$tmp/$1.log"; }
for signal in TERM INT; do
	# A shell starts what runs in the background with SIGINT ignored; perl makes it matter again.
	start "$signal" perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' dist/end --how=wait
	wait_for 10 ready "$signal"
	stop "$pid" "$signal"
	is "unix: SIG$signal: main ends itself" $? 9
	has "unix: SIG$signal: cleanly" "$(cat "$tmp/$signal.log")" "SIG$signal: ending.*cleaned up"
done
start twice dist/end --how=slow
wait_for 10 ready twice
kill -TERM "$pid"
wait_for 10 grep -q ending "$tmp/twice.log"
stop "$pid" TERM
is "unix: the second SIGTERM ends at once" $? 143
check "unix: a closed output is no reason to end" bash -c 'dist/end --how=return | true; [ ${PIPESTATUS[0]} = 7 ]'

check "sim: builds" mirage configure -t sim && check "sim: image" mirage build
out=$(timeout 20 dist/end --how=wait --seed=5 2>&1) status=$?
is "sim: ten minutes pass at once" $status 8
is "sim: the same seed, the same run" "$(dist/end --how=wait --seed=5)" "$out"
isnt() { if [ "$2" != "$3" ]; then pass "$1"; else fail "$1" "both: $2"; fi; }
isnt "sim: another seed, another run" "$(dist/end --how=wait --seed 6)" "$out"
out=$(dist/end --seed=x) status=$?
is "sim: a bad seed" $status 64
done_testing
