#!/usr/bin/env bash
# debug.t: `mirage run --gdb` and --dumpcore with images as users build them, and what
# scripts/gdb/mirage.py shows of their fibers: unix, spt, and hvt where /dev/kvm is usable.
. "$(dirname "$0")/lib.sh"
need_tool
command -v gdb >/dev/null || skip_all "needs gdb"
gdb -nx -batch -ex 'python print(7 * 6)' 2>/dev/null | grep -q 42 || skip_all "needs a gdb with Python"
export NO_COLOR=1
unset MIRAGE_GDB

mkdir "$tmp/app" "$tmp/cores" && cd "$tmp/app" || exit 1
cat >app.conf <<'E'
main-noip: app.main
needs:     console
key-how:   string "well" "how it ends: fault, panic, smash"
E
cat >app.c <<'E'
#include <mir/fiber.h>
#include <mir/panic.h>
#include <string.h>

#include "mirage/app.h"

static struct mir_waitq gate;
static int woken;

static void sleeper(void *arg)
{
	(void)arg;
	mir_sleep(MIR_SECOND(3600));
	woken++;
}

static void waiter(void *arg)
{
	int mine = *(int *)arg;

	mir_wait(&gate);
	woken += mine;
}

MIR_NOINLINE static int fail(const char *how)
{
	int *volatile nowhere = NULL;
	char small[16];

	if (how[0] == 'f')
		return *nowhere;
	if (how[0] == 'p')
		mir_panic("asked to %s", how);
	if (how[0] == 's')
		memset(small, 0, (size_t)(how[0] - 's' + 40)); /* the canary is not 0 */
	__asm__ volatile("" : : "r"(small) : "memory");
	return how[0] == 'x';
}

int app_main(const struct app *app)
{
	int seven = 7, rc;

	mir_spawn("sleeper", sleeper, NULL);
	mir_spawn("waiter", waiter, &seven);
	mir_yield();
	rc = fail(app->keys.how);
	mir_console_printf(app->console, "ends %s\n", app->keys.how);
	return rc;
}
E

# under_gdb COMMAND ... -- RUN OPTION ...: its output in $out, its status in $status.
under_gdb() {
	local lines=()
	while [ "$1" != -- ]; do lines+=("$1"); shift; done
	shift
	out=$(printf '%s\n' "${lines[@]}" | timeout -k 5 60 mirage run "$@" 2>&1)
	status=$?
}

# fibers NAME: what `mirage fibers`, `fiber`, `bt-all` and `timers` have said in $out.
fibers() {
	has "$1: fibers: what runs" "$out" '\* +1  main +running, in fail at ./app.c:[0-9]+'
	has "$1: fibers: a sleeping one" "$out" ' 2  sleeper +sleeping for 3[56][0-9][0-9]\.[0-9]+ s, in sleeper'
	has "$1: fibers: a waiting one, for what, and where" "$out" ' 3  waiter +waiting on gate, in waiter at ./app.c:[0-9]+'
	has "$1: fibers: the event loop" "$out" ' 0  \(event loop\) +waiting, in mir_fibers_run at .*run/fiber.c'
	has "$1: fiber: variables of another one" "$out" 'waiter \(arg=.*= 7'
	has "$1: fiber: its backtrace" "$out" 'mir_wait \(q=[^)]*<gate>\) at .*run/fiber.c'
	has "$1: timers" "$out" '3[56][0-9][0-9]\.[0-9]+ s  fiber sleeper'
}
look=('mirage fibers' 'mirage fiber waiter' 'p mine' bt 'mirage fiber' 'mirage timers' 'mirage bt-all')

if ! out=$(mirage configure -t spt 2>&1 && mirage depend -t spt 2>&1); then
	skip "spt, hvt" "the C library cannot be built here: $(echo "$out" | tail -n 1)"
	targets=unix
else
	targets="unix spt"
	if why=$( (exec 3<>/dev/kvm) 2>&1); then targets="$targets hvt"; else skip "hvt" "no /dev/kvm to use: ${why##*: }"; fi
fi

for t in $targets; do
	check "$t: builds" mirage build -t $t
	under_gdb bt 'break fail' c 'p how' "${look[@]}" next delete c -- -t $t --gdb
	is "$t: --gdb: status" "$status" 0
	has "$t: stops at the program's main, with its line" "$out" 'Temporary breakpoint 1, app_main \(app=.*at ./app.c:[0-9]+'
	has "$t: a backtrace through to the start" "$out" '#1 .* in mir_main .*#2 .* in run_main .*#3 .* in fiber_main'
	has "$t: finds the sources of the runtime" "$(gdb -nx -batch -x "$root/scripts/gdb/mirage.py" -ex 'list mir_yield' \
		"$(ls dist/app.$t.debug 2>/dev/null || echo dist/app.debug)" 2>&1)" 'int mir_yield\(void\)'
	has "$t: a breakpoint and arguments" "$out" 'Breakpoint 2(\.[0-9])?, fail .*"well"'
	fibers "$t"
	has "$t: bt-all: all of them" "$out" 'main 1: running.*#[0-9]+ .*app_main.*sleeper 2: sleeping.*waiter 3: waiting.*\(event loop\) 0: waiting.*mir_loop_run'
	has "$t: runs to its end" "$out" 'ends well.*exited normally'

	under_gdb c bt kill -- -t $t --gdb -- --how=fault
	has "$t: a fault stops it" "$out" 'SIGSEGV.*fail \(how=.*"fault"\) at ./app.c.*#1 .* in app_main'
done

for t in ${targets#unix}; do
	for how in fault panic smash; do
		rm -f "$tmp"/cores/*
		said=$(timeout -k 5 60 mirage run -t $t --dumpcore="$tmp/cores" -- --how=$how 2>&1)
		is "$t: $how: the status is as without a core file" $? 255
		command=$(echo "$said" | sed -n "s/^mirage-$t: to look at it: //p")
		has "$t: $how: tells how to open the core file" "$command" "^gdb -x .*mirage.py' dist/app.$t.debug $tmp/cores/core.mirage-$t"
		out=$(echo "$command -nx -batch -ex bt $(printf " -ex '%s'" "${look[@]}")" | timeout -k 5 60 bash 2>&1)
		case $how in
		fault) has "$t: $how: where, with lines" "$out" 'SIGSEGV.*#0 .*fail \(how=.*"fault"\) at ./app.c.*#1 .*in app_main .*at ./app.c.*#2 .*in mir_main' ;;
		panic) has "$t: $how: where, with lines" "$out" 'in mir_panic .*in fail .*at ./app.c.*in app_main .*at ./app.c' ;;
		smash) has "$t: $how: where, with lines" "$out" 'in mir_stack_smashed .*in fail .*at ./app.c' ;;
		esac
		has "$t: $how: fibers in it" "$out" ' 3  waiter +waiting on gate, in waiter at ./app.c'
	done
	rm -f "$tmp"/cores/*

	start wait timeout -k 5 60 mirage run -t $t --gdb-port=$((20000 + $$ % 20000))
	check "$t: --gdb-port: waits" wait_for 20 grep -q "waiting for gdb" "$tmp/wait.log"
	command=$(grep -o 'gdb -q -x .*' "$tmp/wait.log")
	has "$t: --gdb-port: says what to type" "$command" "target remote localhost:[0-9]+.* dist/app.$t.debug"
	out=$(echo "$command -nx -batch -ex c -ex bt -ex c" | timeout -k 5 60 bash 2>&1)
	has "$t: --gdb-port: and that works" "$out" 'app_main \(app=.*in mir_main .*exited normally'
	wait "$pid"
	is "$t: --gdb-port: the status is the image's" $? 0
done

done_testing
