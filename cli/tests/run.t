#!/usr/bin/env bash
# run.t: `mirage run`: the image's status and output, the networks that it gets, what is left.
. "$(dirname "$0")/../../tests/lib.sh"
need_tool
export NO_COLOR=1
mirage=$build/mirage
cd "$tmp" || exit 1

# --- without a network: output, statuses, signals ----------------------------------

mkdir plain && cd plain || exit 1
cat >plain.conf <<'C'
main-noip: plain.main
needs: console
key-act: string "say" "what to do"
key-status: int 0 "how to end"
C
cat >plain.c <<'C'
#include "mirage/app.h"
#include <mir/fiber.h>
#include <stdlib.h>
#include <string.h>

int plain_main(const struct app *app)
{
	struct mir_waitq forever = { 0 };

	mir_console_printf(app->console, "says %s\n", app->keys.act);
	if (strcmp(app->keys.act, "abort") == 0)
		abort();
	if (strcmp(app->keys.act, "wait") == 0)
		while (mir_wait(&forever) == 0)
			continue;
	return (int)app->keys.status;
}
C
check "builds when it must" mirage run
is "output is the image's alone" "$(mirage run 2>/dev/null -- --act 'a  "b"')" 'says a  "b"'
is "arguments before -- are boot arguments too" "$(mirage run --act=x 2>/dev/null)" "says x"
has "--boot-chart is one that needs no --" "$(mirage run --boot-chart 2>&1)" "length us +phase"
mirage run -- --status=7 >/dev/null 2>&1; is "the image's status" $? 7
mirage run -- --nonsense >/dev/null 2>&1; is "a bad boot argument: 64" $? 64
out=$(mirage run -- --help 2>/dev/null); is "--help: 0" $? 0
has "--help lists the keys" "$out" "--act"
mirage run -- --act=abort >/dev/null 2>&1; is "ends by a signal, 128 + n or the panic's status" $(($? >= 128)) 1
start wait "$mirage" run -- --act=wait
wait_for 5 grep -q says "$tmp/wait.log"
stop "$pid" INT; is "SIGINT ends it cleanly" $? 0
start wait "$mirage" run -- --act=wait
wait_for 5 grep -q says "$tmp/wait.log"
stop "$pid" HUP; has "SIGHUP ends it" $? "^(0|129)$"
mirage run --nonsense >/dev/null 2>&1; is "a bad option: 2" $? 2
cp plain.c good.keep; echo 'int x = ;' >>plain.c
out=$(mirage run 2>&1); is "what does not build is not run: 125" $? 125
mv good.keep plain.c
(cd "$tmp" && mkdir none && cd none && mirage run >/dev/null 2>&1); is "nothing to run: 125" $? 125
cd ..

# --- tap devices --------------------------------------------------------------------

if why=$(direct_impossible); then
	skip "networks" "$why"
	done_testing
fi
space_new
mkdir net && cd net || exit 1
cat >net.conf <<'C'
main-ip: net.main
C
cat >net.c <<'C'
#include "mirage/app.h"
#include <mir/fiber.h>
#include <mir/log.h>

MIR_LOG_SOURCE(net);

int net_main(const struct app *app)
{
	struct mir_waitq forever = { 0 };

	mir_app("ready: %s", app->stack->name);
	while (mir_wait(&forever) == 0)
		continue;
	return 3;
}
C
check "builds" mirage build --unix
ip() { command ip -n "$lib_space" "$@"; }
runs() { # NAME ARGUMENT ...: in the namespace until it is ready
	local name=$1
	shift
	start "$name" ip netns exec "$lib_space" "$mirage" run --unix "$@"
	lib_pids[-1]=$pid
	wait_for 20 grep -q ready "$tmp/$name.log" || diag "$(cat "$tmp/$name.log")"
}
start() { # as in lib.sh, but ip(1) itself and not the function
	local name=$1
	shift
	command "$@" >"$tmp/$name.log" 2>&1 </dev/null &
	pid=$!
	lib_pids+=("$pid")
}
answers() { $in_space ping -c 1 -W 2 "$1"; }
said() { grep '^mirage' "$tmp/$1.log"; }
gone() { ! ip link show "$1" >/dev/null 2>&1; }

runs one
one=$pid
has "says what it made" "$(said one)" "network 'service': mir0, host 10.0.0.1/24, image 10.0.0.2/24"
check "the image answers" answers 10.0.0.2
has "the device is up with the host's address" "$(ip -o -4 address show mir0)" "10.0.0.1/24"
runs two
two=$pid
has "a second instance has the next network" "$(said two)" "mir1, host 10.0.1.1/24, image 10.0.1.2/24"
check "and answers" answers 10.0.1.2
stop "$one" INT; is "the image's status at SIGINT" $? 3
check "its device is gone" wait_for 3 gone mir0
check "the other lives on" answers 10.0.1.2
stop "$two" KILL
check "killed: its device is gone" wait_for 3 gone mir1

runs named --tap web0 --host-ipv4=172.30.1.1/28
has "--tap and --host-ipv4" "$(said named)" "web0, host 172.30.1.1/28, image 172.30.1.2/28"
check "answers" answers 172.30.1.2
out=$($in_space "$mirage" run --unix --tap web0 2>&1); is "a name that is taken: 125" $? 125
has "says how to use it" "$out" "'web0' exists already; '--net:service=web0' uses it"
out=$($in_space "$mirage" run --unix -- --ipv4=172.30.1.9/24 2>&1); is "a clash: 125" $? 125
has "says with what" "$out" "172.30.1.1/24 is in use here: web0 has 172.30.1.1/28"
stop "$pid"

runs given -- --ipv4=192.168.9.7/24
has "an address as boot argument" "$(said given)" "host 192.168.9.1/24, image 192.168.9.7/24"
check "answers" answers 192.168.9.7
stop "$pid"
runs gateway -- --ipv4=192.168.9.7/24 --ipv4-gateway 192.168.9.254
has "the host is the image's gateway" "$(said gateway)" "host 192.168.9.254/24"
stop "$pid"

ip tuntap add dev ready0 mode tap && ip address add 10.7.7.1/24 dev ready0 && ip link set ready0 up
runs existing --net:service=ready0
check "a device that was there: the image gets an address that fits" answers 10.7.7.2
is "nothing is made" "$(said existing)" ""
stop "$pid"
check "it is left" ip link show ready0
out=$($in_space "$mirage" run --unix --tap lan=x0 2>&1); is "--tap of an unknown network: 125" $? 125
has "says which there are" "$out" "expected: one of service"
out=$($in_space "$mirage" run --unix --host-ipv4=10.0.0.1 2>&1); is "--host-ipv4 without length: 125" $? 125
out=$($in_space "$mirage" run --unix --tap an-all-too-long-name 2>&1); is "--tap too long: 125" $? 125
has "says so" "$out" "at most 15"
is "--help makes no device" "$($in_space "$mirage" run --unix -- --help 2>&1 >/dev/null | grep network)" ""

# Several interfaces.
cp -r "$tmp/net" "$tmp/several" && cd "$tmp/several" || exit 1
printf 'net-lan: 192.168.7.2/24\nnet-wan: dhcp\nnet-dmz: 10.9.0.2/16 gateway 10.9.0.9\n' >>net.conf
check "several interfaces build" mirage build --unix
runs several --tap lan=lan0 --tap first0
has "each has its device" "$(said several)" "'service': first0, host 10.0.0.1/24, image 10.0.0.2/24"
has "by name" "$(said several)" "'lan': lan0, host 192.168.7.1/24, image 192.168.7.2/24"
has "with its gateway" "$(said several)" "'dmz': mir[01], host 10.9.0.9/16, image 10.9.0.2/16"
has "or without an address" "$(said several)" "'wan': mir[01], without an address: the image asks by DHCP"
check "the first answers" answers 10.0.0.2
check "the second answers" answers 192.168.7.2
check "the last answers" answers 10.9.0.2
stop "$pid"
check "all are gone" wait_for 3 bash -c "! ip -n $lib_space link | grep -E 'first0|lan0|mir'"
cd "$tmp/net" || exit 1

# A user without rights: the folder is readable, what is built is up to date.
if command -v setpriv >/dev/null; then
	cp -r "$tmp/net" "$tmp/user" && chown -R 65534:65534 "$tmp/user" && chmod 755 "$tmp"
	as_user() { $in_space setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"; }
	if out=$(cd "$tmp/user" && as_user "$mirage" --version 2>&1); then
		out=$(cd "$tmp/user" && as_user "$mirage" run --unix 2>&1)
		is "no permission: 125" $? 125
		has "says which" "$out" "CAP_NET_ADMIN"
		has "and how to do without" "$out" "ip tuntap add tap0 mode tap user"
	else
		skip "no permission" "another user cannot read $build"
	fi
else
	skip "no permission" "needs setpriv"
fi
done_testing
